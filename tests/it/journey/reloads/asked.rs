//! Loading that somebody asks for: who may, what is answered, and files that come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::*;

/// The server does not look by itself.
async fn unwatched(site: &mut Site) {
    site.stop().await;
    site.options = ["--watch-definitions", "0"].map(str::to_owned).to_vec();
    site.start().await;
}

async fn reload(site: &Site) -> Value {
    site.admin().post("/v1/definitions/reload", &json!({})).await.is(200)
}

pub(in super::super) async fn only_administrators_of_the_server_load(mut site: Site) {
    unwatched(&mut site).await;
    let source = read(&site, "pair.yaml");
    write(&site, "pair.yaml", &source.replace("version: 1", "version: 2"));
    let path = "/v1/definitions/reload";
    site.by("ann").post(path, &json!({})).await.refused(403, "not_allowed");
    site.by("stranger").post(path, &json!({})).await.refused(403, "not_allowed");
    site.anonymous().post(path, &json!({})).await.refused(401, "unauthenticated");
    site.admin().post(path, &json!({ "dry": true })).await.refused(422, "invalid_input");
    let request = site.admin().request(reqwest::Method::POST, path).json(&json!({}));
    site.admin().send(request).await.refused(400, "idempotency_key_required");
    let by_hand = "/v1/records/definition/pair/note_definition";
    site.admin().post(by_hand, &json!({})).await.refused(404, "not_found");
    assert_eq!(item(&site, "pair").await["version"], 1, "nobody was let");

    let would = site.admin().post(path, &json!({ "dry_run": true })).await.is(200);
    assert_eq!((&would["dry_run"], &would["changed"][0]["version"]), (&json!(true), &json!(2)), "{would}");
    assert_eq!(item(&site, "pair").await["version"], 1, "it was only asked");
    let done = site.admin().post_as("once", path, &json!({})).await.is(200);
    assert_eq!(done["changed"], would["changed"]);
    assert_eq!(item(&site, "pair").await["version"], 2);
    // Again under the same key it is the same, whatever the files say by now.
    write(&site, "pair.yaml", &source.replace("version: 1", "version: 3"));
    assert_eq!(site.admin().post_as("once", path, &json!({})).await.is(200), done);
    assert_eq!(item(&site, "pair").await["version"], 2);
    assert_eq!(reload(&site).await["changed"][0]["before"], done["changed"][0]["after"]);
    assert_eq!(reload(&site).await["changed"], json!([]));
    // What a restart puts in force is in the trail, where the trail has begun.
    let before = entries(&site).await;
    for _ in 0..2 {
        site.stop().await;
        write(&site, "pair.yaml", &source.replace("version: 1", "version: 4"));
        site.start().await;
        until("it is told once", async || entries(&site).await == before + 1).await;
    }
    site.end().await;
}

pub(in super::super) async fn files_come_and_go_and_so_does_their_folder(mut site: Site) {
    unwatched(&mut site).await;
    let id = text(&begin(&site).await.is(201)["id"]);
    let source = read(&site, "pair.yaml");
    std::fs::remove_file(file(&site, "pair.yaml")).unwrap();
    let told = reload(&site).await;
    assert_eq!(
        (&told["changed"][0]["workflow"], &told["changed"][0]["after"]),
        (&json!("pair"), &Value::Null),
        "{told}"
    );
    begin(&site).await.refused(404, "unknown_workflow");
    site.by("ann").get("/v1/definitions/pair").await.refused(404, "unknown_workflow");
    assert_eq!(site.by("ann").get("/v1/definitions").await.is(200)["gone"][0]["workflow"], "pair");
    assert_eq!(site.by("ann").signal(&id, "submit", &json!({})).await.is(200)["state"], "review");
    write(&site, "two.yaml", &source);
    assert_eq!(reload(&site).await["changed"][0]["file"], "two.yaml");
    begin(&site).await.is(201);

    // What is called stays as long as it is called.
    let before = item(&site, "bank_details_check").await["hash"].clone();
    let called = read(&site, "bank_details_check.yaml");
    std::fs::remove_file(file(&site, "bank_details_check.yaml")).unwrap();
    let told = reload(&site).await;
    assert!(
        text(&told["refused"][0]["why"][0]).contains("without it supplier_onboarding.yaml would be wrong"),
        "{told}"
    );
    assert_eq!(item(&site, "bank_details_check").await["hash"], before, "what is called stays");
    write(&site, "bank_details_check.yaml", &called);

    // Bytes that are no text, a calendar that is wrong, and a template: each is told by itself.
    std::fs::write(file(&site, "odd.yaml"), b"workflow: \xff").unwrap();
    let office = read(&site, "calendars/office.yaml");
    write(&site, "calendars/office.yaml", "calendar: [");
    std::fs::create_dir_all(file(&site, "templates")).unwrap();
    write(&site, "templates/approved.subject.hbs", "{{nobody.knows}}");
    let refused = reload(&site).await["refused"].clone();
    let files: Vec<String> = refused.as_array().unwrap().iter().map(|one| text(&one["file"])).collect();
    assert_eq!(files, ["odd.yaml", "calendars", "templates"], "{refused}");
    std::fs::remove_file(file(&site, "odd.yaml")).unwrap();
    write(&site, "calendars/office.yaml", &office.replace("17:00", "18:00"));
    std::fs::remove_file(file(&site, "templates/approved.subject.hbs")).unwrap();
    let told = reload(&site).await;
    assert_eq!((&told["calendars_changed"], &told["refused"]), (&json!(true), &json!([])), "{told}");

    // A folder that is away for a moment.
    let (there, away) = (site.folder().join("definitions"), site.folder().join("away"));
    for empty in [false, true] {
        std::fs::rename(&there, &away).unwrap();
        if empty {
            std::fs::create_dir(&there).unwrap();
        }
        let told = reload(&site).await;
        assert_eq!((&told["changed"], &told["refused"][0]["file"]), (&json!([]), &json!("folder")), "{told}");
        begin(&site).await.is(201);
        assert_eq!(ready(&site).await[0]["file"], "folder");
        if empty {
            std::fs::remove_dir(&there).unwrap();
        }
        std::fs::rename(&away, &there).unwrap();
        assert_eq!(reload(&site).await["refused"], json!([]));
    }
    site.end().await;
}

pub(in super::super) async fn the_command_line_loads(mut site: Site) {
    unwatched(&mut site).await;
    let source = read(&site, "pair.yaml");
    write(&site, "pair.yaml", &source.replace("version: 1", "version: 2"));
    let (key, url) = (site.keys["admin"].clone(), site.url.clone());
    let run = async |arguments: &[&str]| {
        let all = [&["definitions"], arguments, &["--server", &url]].concat();
        site.command_with(&all, Some(&key)).await
    };
    let would = run(&["reload", "--dry-run"]).await.done();
    assert!(would.contains("This would be in force:\npair (pair.yaml): "), "{would}");
    let done: Value = serde_json::from_str(&run(&["reload", "--json"]).await.done()).unwrap();
    assert_eq!(done["changed"][0]["version"], 2);
    assert_eq!(run(&["reload"]).await.done().trim(), "Nothing has changed.");
    let listed = run(&["list"]).await.done();
    assert!(listed.contains("pair") && listed.contains("pair.yaml"), "{listed}");
    write(&site, "pair.yaml", &source.replace("to: done", "to: dne"));
    let refused = run(&["reload"]).await;
    assert_eq!(refused.code(), 1, "{}", refused.all());
    assert!(refused.all().contains("pair.yaml is refused") && refused.all().contains("^^^"), "{}", refused.all());
    assert_eq!(run(&["list"]).await.code(), 1, "what is refused is found there, too");
    write(&site, "pair.yaml", &source);
    if site.place.is_sqlite() {
        let nobody = site.command(&["definitions", "reload"]).await;
        assert_eq!(nobody.code(), 2, "{}", nobody.all());
        site.command_with(&["definitions", "reload"], Some(&key)).await.done();
    }
    site.stop().await;
    let unserved = site.command(&["definitions", "reload"]).await;
    assert!(unserved.code() == 2 && unserved.all().contains("--server"), "{}", unserved.all());
    let listed: Value = serde_json::from_str(&site.command(&["definitions", "list", "--json"]).await.done()).unwrap();
    assert!(listed["items"].as_array().unwrap().iter().any(|item| item["name"] == "pair"), "{listed}");
    site.end().await;
}

/// Somebody writes a file without an end: the others are loaded meanwhile, and that one is named until it is left alone. One
/// that is too long is refused by its beginning.
pub(in super::super) async fn a_restless_file_holds_up_no_other(site: Site) {
    let source = read(&site, "pair.yaml");
    let (place, newer) = (file(&site, "pair.yaml"), source.replace("version: 1", "version: 2"));
    let ends = Arc::new(AtomicBool::new(false));
    let ended = ends.clone();
    let writer = std::thread::spawn(move || {
        for round in 0.. {
            std::fs::write(&place, format!("{newer}# {round}\n")).unwrap();
            if ended.load(Ordering::Relaxed) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    write(&site, "pear.yaml", &source.replace("workflow: pair", "workflow: pear"));
    until("the other is loaded", async || item(&site, "pear").await["version"] == 1).await;
    assert_eq!(item(&site, "pair").await["version"], 1);

    // Who asks is told at once which it is.
    write(&site, "pear.yaml", &source.replace("workflow: pair", "workflow: pear").replace("version: 1", "version: 3"));
    let told = reload(&site).await;
    assert_eq!((&told["refused"][0]["file"], told["refused"].as_array().unwrap().len()), (&json!("pair.yaml"), 1));
    assert!(text(&told["refused"][0]["why"][0]).contains("written again and again"), "{told}");
    assert_eq!(item(&site, "pear").await["version"], 3);
    until("it is named", async || ready(&site).await[0]["file"] == "pair.yaml").await;
    begin(&site).await.is(201);

    ends.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    until("it is loaded", async || item(&site, "pair").await["version"] == 2).await;
    until("it is named no more", async || ready(&site).await == json!([])).await;

    std::fs::File::create(file(&site, "huge.yaml")).unwrap().set_len(100 << 20).unwrap();
    let told = reload(&site).await;
    assert!(text(&told["refused"][0]["why"][0]).contains("huge.yaml:1:1: FLX0011"), "{told}");
    site.end().await;
}

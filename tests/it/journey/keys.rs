//! API keys: none, a broken one, a revoked one, another company's.

use fluxor_tests::server::Site;
use fluxor_tests::server::client::{Reply, fresh_key};
use fluxor_tests::server::visit::Visitor;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{Image, approve, in_review, order, path, text};

pub(super) async fn keys_open_only_their_own_door(site: Site) {
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let nobody = site.anonymous();
    for reply in [nobody.get(&path(&id)).await, nobody.decide(&task, &approve("manager")).await] {
        assert!(reply.header("www-authenticate").starts_with("Bearer"), "{:?}", reply.headers);
        reply.refused(401, "unauthenticated");
    }
    let good = &site.keys["bob"];
    let (front, _) = good.rsplit_once('_').unwrap();
    let forged = format!("{front}_{}", "A".repeat(43));
    for wrong in ["", "flx_", "bob", &forged, &good[..good.len() - 1], &format!("{good}x")] {
        nobody.with_key(wrong).decide(&task, &approve("manager")).await.refused(401, "unauthenticated");
    }
    let basic = nobody.request(Method::GET, "/v1/me").header("authorization", format!("Basic {good}"));
    nobody.send(basic).await.refused(401, "unauthenticated");
    let me = site.by("bob").get("/v1/me").await.is(200);
    assert_eq!((&me["person"], &me["tenant"], &me["administrator"]), (&json!("bob"), &json!(1), &json!(false)));

    for (here, nowhere) in strangers_view(&site, &id, &task).await {
        assert_eq!(here.status, 404, "{}", here.text);
        assert_eq!(without_ids(&here), without_ids(&nowhere), "what exists is told from what does not");
    }
    let stranger = site.by("stranger");
    assert_eq!(stranger.get("/v1/instances").await.is(200)["items"], json!([]));
    assert_eq!(stranger.get("/v1/tasks?person=bob").await.is(200)["items"], json!([]));
    assert_eq!(stranger.get("/v1/keys").await.is(200)["items"].as_array().unwrap().len(), 1);
    let organisation = stranger.get("/v1/organisation").await.is(200);
    assert!(!organisation.to_string().contains("ann"), "{organisation}");
    before.still(&Image::of(&site, &id).await, 0);
    // Somebody else's request ids and business keys are not in the way.
    let mut input = order("", "400.00 EUR");
    input.as_object_mut().unwrap().remove("requester");
    let body = json!({ "key": "SAME", "input": input });
    let start = "/v1/workflows/purchase_order/instances";
    let ours = site.by("ann").post_as("same", start, &body).await.is(201);
    let theirs = stranger.post_as("same", start, &body).await.is(201);
    assert_ne!(ours["id"], theirs["id"]);
    site.end().await;
}

/// What a stranger is told of something that exists, beside what he is told of something that does not.
async fn strangers_view(site: &Site, id: &str, task: &Value) -> Vec<(Reply, Reply)> {
    const NOWHERE: &str = "01a20e85-0000-7000-8000-000000000000";
    let stranger = site.by("stranger");
    let mut views = Vec::new();
    let task_id = text(&task["id"]);
    let reads = [path(id), format!("{}/history", path(id)), format!("/v1/tasks/{task_id}")];
    for read in reads {
        views.push((stranger.get(&read).await, stranger.get(&read.replace(id, NOWHERE)).await));
    }
    for event in ["recall", "cancel", "nonsense"] {
        let body = json!({ "reason": "mine" });
        views.push((stranger.signal(id, event, &body).await, stranger.signal(NOWHERE, event, &body).await));
    }
    let other = json!({ "id": task_id.replace(id, NOWHERE), "etag": task["etag"] });
    let vote = approve("manager");
    views.push((stranger.decide(task, &vote).await, stranger.decide(&other, &vote).await));
    views
}

/// A problem without what differs between any two.
fn without_ids(reply: &Reply) -> (u16, Value, usize) {
    let mut body = reply.body.clone();
    let detail = text(&body["detail"]);
    body.as_object_mut().unwrap().retain(|name, _| !matches!(name.as_str(), "instance" | "detail"));
    (reply.status, body, detail.len())
}

pub(super) async fn a_revoked_key_is_useless_at_once(site: Site) {
    let long = json!({ "person": "bob", "label": "x".repeat(501) });
    site.admin().post("/v1/keys", &long).await.refused(422, "invalid_input");
    let made = site.admin().post("/v1/keys", &json!({ "person": "bob", "label": "spare" })).await.is(201);
    let spare = site.anonymous().with_key(made["secret"].as_str().unwrap());
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    assert_eq!(spare.get("/v1/me").await.is(200)["label"], "spare");
    let admin = site.admin();
    let revoke = |key: String| {
        let request = admin.request(Method::DELETE, &format!("/v1/keys/{key}"));
        admin.send(request.header("idempotency-key", fresh_key()))
    };
    revoke(text(&made["id"])).await.is(200);
    let before = Image::of(&site, &id).await;
    spare.get("/v1/me").await.refused(401, "unauthenticated");
    spare.decide(&task, &approve("manager")).await.refused(401, "unauthenticated");
    before.still(&Image::of(&site, &id).await, 0);
    revoke("nobody".to_owned()).await.refused(404, "unknown_key");
    let known = admin.get("/v1/keys").await.is(200);
    let row = known["items"].as_array().unwrap().iter().find(|key| key["id"] == made["id"]).unwrap();
    assert!(row["revoked_at"].is_string() && row.get("secret").is_none(), "{row}");
    admin.post("/v1/keys", &json!({ "person": "nobody" })).await.refused(422, "unknown_person");
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    site.end().await;
}

/// A notebook is lost: an administrator sees where somebody is signed in, and signs him out. Nobody piles sessions up.
pub(super) async fn an_administrator_signs_somebody_out(site: Site) {
    let mut lost = Visitor::signed_in(&site, "bob").await;
    let of_bob = "/v1/sessions?person=bob";
    let seen = site.admin().get(of_bob).await.is(200);
    let session = &seen["items"][0];
    assert_eq!((seen["items"].as_array().unwrap().len(), &session["administrator"]), (1, &json!(false)), "{seen}");
    site.by("bob").get(of_bob).await.refused(403, "not_allowed");
    let leave = json!({ "person": "bob", "session": session["id"] });
    site.by("bob").post("/v1/sign_outs", &leave).await.refused(403, "not_allowed");
    assert_eq!(lost.get("/inbox").await.place, "/inbox");
    let ended = site.admin().post("/v1/sign_outs", &leave).await.is(200);
    assert_eq!(ended["ended"], json!([session["id"]]));
    assert!(lost.get("/inbox").await.place.starts_with("/sign-in?to="));
    assert_eq!(site.admin().post("/v1/sign_outs", &leave).await.is(200)["ended"], json!([]));

    let mut first = Visitor::signed_in(&site, "bob").await;
    let mut second = Visitor::signed_in(&site, "bob").await;
    for _ in 0..19 {
        Visitor::signed_in(&site, "bob").await;
    }
    assert!(first.get("/inbox").await.place.starts_with("/sign-in?to="), "it made room for the newest");
    assert_eq!(second.get("/inbox").await.place, "/inbox");
    let all = site.admin().post("/v1/sign_outs", &json!({ "person": "bob" })).await.is(200);
    assert_eq!(all["ended"].as_array().unwrap().len(), 20);
    assert!(second.get("/inbox").await.place.starts_with("/sign-in?to="));
    signed_out_at_the_console(&site).await;
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

async fn signed_out_at_the_console(site: &Site) {
    Visitor::signed_in(site, "bob").await;
    let key = site.keys["admin"].clone();
    let run = async |arguments: &[&str]| {
        let arguments = [&["sessions"], arguments, &["--person", "bob"]].concat();
        site.command_with(&arguments, Some(&key)).await
    };
    let listed = run(&["list"]).await.done();
    assert!(listed.starts_with("ID ") && listed.lines().count() == 2, "{listed}");
    let named = run(&["list", "--json", "--server", &site.url]).await.done();
    let id = serde_json::from_str::<Value>(&named).unwrap()["items"][0]["id"].as_str().unwrap().to_owned();
    assert!(listed.contains(&id), "{listed}");
    assert_eq!(run(&["end", "--session", "nope"]).await.code(), 1);
    assert!(run(&["end", "--session", &id]).await.done().contains("One session of bob has ended."));
    assert!(run(&["list"]).await.done().contains("bob is not signed in anywhere."));
    assert!(run(&["end"]).await.done().contains("bob is not signed in anywhere."));
}

/// A server that is named is asked, and no database instead of it.
pub(super) async fn the_server_that_is_named_is_asked(site: Site) {
    let key = site.keys["admin"].clone();
    let run = async |arguments: &[&str], server: &str| {
        site.command_with(&[arguments, &["--server", server]].concat(), Some(&key)).await
    };
    for (arguments, word) in [
        (&["sign-in", "--person", "bob"][..], "/sign-in/"),
        (&["keys", "list"], "administrator"),
        (&["keys", "create", "--person", "bob"], "flx_"),
        (&["absences", "list"], "ID"),
        (&["organisation", "show"], "\"id\": \"bob\""),
        (&["organisation", "show", "--revision", "1"], "Revision 1, since 20"),
    ] {
        let there = run(arguments, &site.url).await.done();
        assert!(there.contains(word), "{arguments:?}: {there}");
        let nowhere = run(arguments, "http://127.0.0.1:1").await;
        assert_eq!(nowhere.code(), 3, "{arguments:?}: {}", nowhere.all());
        assert!(nowhere.all().contains("cannot reach the server at http://127.0.0.1:1"), "{}", nowhere.all());
    }
    let (here, there) = (["organisation", "show", "--json"], ["keys", "list", "--json"]);
    for command in [here, there] {
        assert_eq!(site.command(&command).await.done(), run(&command, &site.url).await.done(), "{command:?}");
    }
    let never = run(&["organisation", "show", "--revision", "99"], &site.url).await;
    assert_eq!((never.code(), never.all().contains("has no revision 99")), (1, true), "{}", never.all());
    asks_no_server(&site).await;
    site.end().await;
}

/// What reads the database itself does not answer about another one.
async fn asks_no_server(site: &Site) {
    let id = "01970000-0000-7000-8000-000000000001";
    let task = format!("{id}.1");
    let file = site.folder().join("copy.sqlite").display().to_string();
    for (arguments, path) in [
        (&["organisation", "history"][..], "GET /v1/organisation/history"),
        (&["audit", "verify"], "GET /v1/audit/verify"),
        (&["instances", "list"], "GET /v1/instances"),
        (&["instances", "show", id], "GET /v1/instances/{id}"),
        (&["graph", "--instance", id], "GET /v1/instances/{id}/picture"),
        (&["tasks", "--person", "bob"], "GET /v1/tasks"),
        (&["tasks", "rounds", &task], "GET /v1/tasks/{id}/rounds"),
        (&["tasks", "deciders", &task], "GET /v1/tasks/{id}/deciders"),
        (&["notices", "show", "bob"], "GET /v1/people/{id}/notices"),
        (&["notices", "preview", "approved"], "POST /v1/notices/preview"),
        (&["reorder", "explain", "A-1"], "GET /v1/reorder/explain"),
    ] {
        let told = site.command(&[arguments, &["--server", &site.url]].concat()).await;
        assert_eq!((told.code(), told.0.stdout.len()), (2, 0), "{arguments:?}: {}", told.all());
        let words = told.all();
        assert!(words.contains("goes to the database itself") && words.contains("asks no server"), "{words}");
        assert!(words.contains(path), "{arguments:?}: {words}");
    }
    if site.place.is_sqlite() {
        let told = site.command(&["backup", &file, "--server", &site.url]).await;
        assert!(told.code() == 0 && told.all().contains("No server is asked"), "{}", told.all());
    }
}

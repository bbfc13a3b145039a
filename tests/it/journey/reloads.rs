//! Definitions that change while the server runs: whoever begins goes by the new one, whoever has begun by the old; what is
//! wrong is told until it is mended, and changes nothing.

mod asked;
mod started;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::client::Reply;
use fluxor_tests::server::visit::Visitor;
use serde_json::{Value, json};

use super::company::text;

pub(super) use asked::{
    a_restless_file_holds_up_no_other, files_come_and_go_and_so_does_their_folder,
    only_administrators_of_the_server_load, the_command_line_loads,
};
pub(super) use started::a_server_starts_with_what_was_in_force;

/// The file of `pair`.
fn file(site: &Site, name: &str) -> PathBuf {
    site.folder().join("definitions").join(name)
}

fn read(site: &Site, name: &str) -> String {
    std::fs::read_to_string(file(site, name)).unwrap()
}

fn write(site: &Site, name: &str, text: &str) {
    std::fs::write(file(site, name), text).unwrap();
}

/// Starts a paper of two buyers.
async fn begin(site: &Site) -> Reply {
    let input = json!({ "amount": "5.00 EUR", "unit": "it" });
    site.by("ann").post("/v1/workflows/pair/instances", &json!({ "input": input })).await
}

async fn item(site: &Site, name: &str) -> Value {
    let listed = site.admin().get("/v1/definitions").await.is(200);
    listed["items"].as_array().unwrap().iter().find(|item| item["name"] == name).cloned().unwrap_or_default()
}

async fn ready(site: &Site) -> Value {
    let ready = site.anonymous().get("/health/ready").await.is(200);
    assert_eq!(ready["ready"], true);
    ready["refused_definitions"].clone()
}

/// How much the trail tells.
async fn entries(site: &Site) -> u64 {
    let verified = site.admin().get("/v1/audit/verify").await.is(200);
    assert_eq!(verified["ok"], true, "{verified}");
    verified["entries"].as_u64().unwrap()
}

/// Waits until it holds.
async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// The server looks by itself, and takes a file that is being written only when it has come to rest.
pub(super) async fn what_is_changed_counts_for_those_who_begin(site: Site) {
    let (first, source) = (text(&begin(&site).await.is(201)["id"]), read(&site, "pair.yaml"));
    let (before, old) = (entries(&site).await, item(&site, "pair").await);
    let shown = site.by("ann").get("/v1/definitions/pair").await;
    assert_eq!(shown.header("etag"), format!("\"{}\"", text(&old["hash"])));
    assert_eq!(shown.is(200)["source"], source);

    let newer = source.replace("version: 1", "version: 2").replace("submit:", "send:");
    // Somebody's editor writes it bit by bit, and what is there meanwhile is wrong.
    let half = newer.find("review").unwrap();
    for end in (half..newer.len()).step_by(newer.len() / 8) {
        write(&site, "pair.yaml", &newer[..end]);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    write(&site, "pair.yaml", &newer);
    until("the new one is in force", async || item(&site, "pair").await["version"] == 2).await;
    assert!(!site.log().contains("pair.yaml"), "half a file was taken: {}", site.log());

    let second = text(&begin(&site).await.is(201)["id"]);
    let now = item(&site, "pair").await;
    assert_eq!(now["live"].as_array().unwrap().len(), 2, "{now}");
    for live in now["live"].as_array().unwrap() {
        let (hash, version) = if live["in_force"] == true { (&now, 2) } else { (&old, 1) };
        assert_eq!((&live["hash"], &live["version"], &live["count"]), (&hash["hash"], &json!(version), &json!(1)));
    }
    assert!(text(&now["since"]) > text(&old["since"]), "{now}");
    site.by("ann").signal(&second, "submit", &json!({})).await.refused(404, "unknown_event");
    assert_eq!(site.by("ann").signal(&second, "send", &json!({})).await.is(200)["state"], "review");
    assert_eq!(site.by("ann").signal(&first, "submit", &json!({})).await.is(200)["state"], "review");
    // A start, two signals, and which definition is in force.
    until("all of it is in the trail", async || entries(&site).await == before + 4).await;
    site.end().await;
}

/// A wrong file is told of wherever people look, once in the log, and until it is mended.
pub(super) async fn a_broken_file_is_told_of_until_it_is_mended(site: Site) {
    let source = read(&site, "pair.yaml");
    let mut page = Visitor::administrator(&site).await;
    assert!(!page.get("/operations").await.is(200).text.contains("refused"));
    write(&site, "pair.yaml", &source.replace("to: done", "to: dne"));
    site.hang_up();
    until("it is told", async || ready(&site).await != json!([])).await;
    let told = ready(&site).await;
    assert_eq!(told[0]["file"], "pair.yaml");
    assert!(text(&told[0]["error"]).contains("pair.yaml:") && text(&told[0]["error"]).contains("FLX0202"), "{told}");
    begin(&site).await.is(201);
    let now = item(&site, "pair").await;
    assert_eq!((&now["version"], &now["error"]), (&json!(1), &told[0]["error"]));
    // What stands in a file that is refused is for those who mend it.
    let theirs = site.by("ann").get("/v1/definitions").await.is(200);
    assert_eq!((&theirs["refused"], theirs["items"][0].get("error")), (&json!([]), None), "{theirs}");
    let shown = site.admin().get("/v1/definitions/pair").await.is(200);
    assert!(text(&shown["refused"]["rendered"]).contains('^') && shown["source"] == source, "{shown}");
    let figures = site.anonymous().get("/metrics").await.text;
    assert!(figures.contains("fluxor_definitions_refused 1"), "{figures}");
    assert!(figures.contains(r#"fluxor_definition_reloads_total{outcome="refused"}"#), "{figures}");
    let shown = page.get("/operations").await.is(200);
    for part in ["Definitions that are refused", "pair.yaml", "FLX0202", "explain-code", "^^^"] {
        assert!(shown.text.contains(part), "no `{part}` in {}", shown.text);
    }
    // Each look finds the same, and says it once.
    for _ in 0..3 {
        site.hang_up();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(site.log().matches("what was in force stays").count(), 1, "{}", site.log());

    write(&site, "pair.yaml", &source.replace("version: 1", "version: 3"));
    site.hang_up();
    until("it is mended", async || ready(&site).await == json!([])).await;
    assert_eq!(item(&site, "pair").await["version"], 3);
    assert!(!page.get("/operations").await.is(200).text.contains("refused"));
    let figures = site.anonymous().get("/metrics").await.text;
    assert!(figures.contains("fluxor_definitions_refused 0"), "{figures}");
    assert!(figures.contains(r#"fluxor_definition_in_force_since_seconds{workflow="pair"}"#), "{figures}");
    site.end().await;
}

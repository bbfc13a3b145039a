//! The server as an operator has it: restarts, health, figures, one owner.

use std::time::Duration;

use fluxor_engine::store::Store as _;
use fluxor_tests::server::Site;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{draft, history, in_review, order, text, until};

pub(super) async fn a_timer_fires_once_after_a_restart(mut site: Site) {
    let id = stopped_before_it_rings(&mut site).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    site.start().await;
    until(&site, &id, "rung").await;
    site.kill().await;
    site.start().await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    let entries = history(&site, &id).await;
    assert_eq!(entries.len(), 2, "it rings once: {entries:?}");
    let at = |entry: &Value| entry["header"]["at"].as_i64().unwrap();
    assert!(at(&entries[1]) - at(&entries[0]) >= 1_000_000, "never early");
    assert_eq!((&entries[1]["header"]["actor_kind"], &entries[1]["header"]["to"]), (&json!("timer"), &json!("rung")));
    site.by("ann").signal(&id, "stop", &json!({})).await.is(200);

    // While it runs, time does the same.
    let body = json!({ "input": { "requester": "ann" } });
    let other = site.by("ann").post("/v1/workflows/alarm/instances", &body).await.is(201);
    let rung = until(&site, &text(&other["id"]), "rung").await;
    assert_eq!(rung["seq"], 2);
    site.end().await;
}

/// Starts an alarm and stops the server before it rings; on a very slow machine only the fifth time.
async fn stopped_before_it_rings(site: &mut Site) -> String {
    for _ in 0..5 {
        let body = json!({ "input": { "requester": "ann" } });
        let started = site.by("ann").post("/v1/workflows/alarm/instances", &body).await.is(201);
        let id = text(&started["id"]);
        site.stop().await;
        let row = site.place.store().await.instance(fluxor_engine::ids::TenantId(1), id.parse().unwrap()).await;
        if &*row.unwrap().unwrap().state == "waiting" {
            return id;
        }
        site.start().await;
    }
    panic!("it rang before the server had stopped, five times");
}

pub(super) async fn health_and_figures(site: Site) {
    let nobody = site.anonymous();
    assert_eq!(nobody.get("/health/live").await.is(200)["live"], true);
    let ready = nobody.get("/health/ready").await.is(200);
    assert_eq!((&ready["ready"], &ready["reasons"]), (&json!(true), &json!([])));
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    site.by("ann").signal(&id, "nonsense", &json!({})).await.refused(404, "unknown_event");
    site.by("ann")
        .post_as("m", "/v1/workflows/purchase_order/instances", &json!({ "input": order("ann", "1.00 EUR") }))
        .await
        .is(201);
    site.by("ann")
        .post_as("m", "/v1/workflows/purchase_order/instances", &json!({ "input": order("ann", "1.00 EUR") }))
        .await
        .is(200);
    let named = nobody.request(Method::GET, "/health/live").header("x-request-id", "my-request-7");
    assert_eq!(nobody.send(named).await.header("x-request-id"), "my-request-7");
    let unfit = nobody.request(Method::GET, "/v1/me").header("x-request-id", "two words");
    assert_ne!(nobody.send(unfit).await.header("x-request-id"), "two words");
    let figures = nobody.get("/metrics").await;
    assert!(figures.header("content-type").starts_with("text/plain"), "{:?}", figures.headers);
    for line in [
        r#"fluxor_commands_total{verb="start",outcome="done"} 2"#,
        r#"fluxor_commands_total{verb="start",outcome="repeated"} 1"#,
        r#"fluxor_commands_total{verb="signal",outcome="done"} 1"#,
        r#"fluxor_commands_total{verb="signal",outcome="unknown_event"} 1"#,
        r#"fluxor_commands_total{verb="create_key",outcome="done"} 7"#,
        "# TYPE fluxor_batches_total counter",
        "# TYPE fluxor_queue_depth gauge",
        "# TYPE fluxor_http_request_duration_seconds histogram",
        r#"route="/v1/instances/{id}/signals/{event}",status="404"} 1"#,
    ] {
        assert!(figures.text.contains(line), "no `{line}` in\n{}", figures.text);
    }
    assert!(!figures.text.contains(&id), "no label is an id");
    site.end().await;
}

/// What a full disk answers every read with, and no command.
pub(super) async fn a_database_that_takes_no_writes_is_not_ready(mut site: Site) {
    let nobody = site.anonymous();
    assert!(nobody.get("/metrics").await.text.contains("fluxor_store_refuses_writes 0"));
    if !site.place.is_sqlite() {
        return site.end().await;
    }
    site.stop().await;
    site.start_bounded().await;
    let nobody = site.anonymous();
    let id = draft(&site, "ann", "400.00 EUR").await;
    let log = format!("{}-wal", site.place.address().trim_start_matches("sqlite:"));
    site.bound(Some(std::fs::metadata(log).unwrap().len()));
    let edit = json!({ "payload": { "note": "is there room?" } });
    for _ in 0..2 {
        let told = site.by("ann").signal(&id, "edit", &edit).await;
        assert!(told.status >= 500, "{told:?}");
        let ready = nobody.get("/health/ready").await.is(503);
        assert_eq!(ready["ready"], false);
        assert!(text(&ready["reasons"][0]).starts_with("nothing can be written for "), "{ready}");
        // It is tried out, and found to be so still.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        nobody.get("/health/ready").await.is(503);
    }
    assert!(nobody.get("/metrics").await.text.contains("fluxor_store_refuses_writes 1"));
    site.by("ann").get(&format!("/v1/instances/{id}")).await.is(200);
    site.bound(None);
    // Nobody sends it a command meanwhile.
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(nobody.get("/health/ready").await.is(200)["reasons"], json!([]));
    let figures = nobody.get("/metrics").await.text;
    assert!(
        figures.contains("fluxor_store_refuses_writes 0") && figures.contains("fluxor_store_write_failures_total 2")
    );
    site.by("ann").signal(&id, "edit", &edit).await.is(200);
    site.end().await;
}

pub(super) async fn one_owner_and_commands_while_it_serves(site: Site) {
    let create = ["keys", "create", "--person", "eve", "--json"];
    let made = if site.place.is_sqlite() {
        let second = site.command(&["serve", "--listen", "127.0.0.1:0"]).await;
        assert_eq!(second.code(), 3, "{}", second.all());
        assert!(second.all().contains(&site.url), "{}", second.all());
        let lost = site.command(&create).await;
        assert_eq!(lost.code(), 2, "{}", lost.all());
        assert!(lost.all().contains("FLUXOR_KEY") && lost.all().contains(&site.url), "{}", lost.all());
        let declined = site.command_with(&create, Some(&site.keys["ann"])).await;
        assert_eq!(declined.code(), 1, "{}", declined.all());
        assert!(declined.all().contains("not_allowed"), "{}", declined.all());
        site.command_with(&create, Some(&site.keys["admin"])).await.done()
    } else {
        site.command(&create).await.done()
    };
    let made: Value = serde_json::from_str(&made).unwrap();
    let eve = site.anonymous().with_key(made["secret"].as_str().unwrap());
    assert_eq!(eve.get("/v1/me").await.is(200)["person"], "eve");

    // Reading needs no owner.
    let id = draft(&site, "ann", "400.00 EUR").await;
    for reads in [vec!["instances", "list"], vec!["instances", "show", &id], vec!["tasks", "--person", "bob"]] {
        let told = site.command(&reads).await;
        assert_eq!(told.code(), 0, "{reads:?}: {}", told.all());
    }
    assert!(site.command(&["instances", "list"]).await.done().contains(&id));
    // What pages call it, and what there is none of.
    let shown = site.command(&["instances", "show", &id[28..].to_uppercase()]).await.done();
    assert!(shown.contains(&id), "{shown}");
    let other = if id.ends_with('0') { "00000001" } else { "00000000" };
    let told = site.command(&["instances", "show", other]).await;
    assert!(told.code() == 1 && told.all().contains("unknown_instance"), "{}", told.all());
    for (asked, words) in [
        (["instances", "list", "--workflow", "purchase_ordr"], "did you mean `purchase_order`?"),
        (["instances", "list", "--incident", "nope"], "incident of the code `nope`"),
        (["sessions", "list", "--person", "zed"], "nobody with the id `zed`"),
    ] {
        let told = site.command(&asked).await;
        assert!(told.code() == 0 && told.all().contains(words), "{asked:?}: {}", told.all());
        assert!(!told.output().contains(words), "beside the result: {}", told.all());
    }
    assert_eq!(site.command(&["audit", "verify"]).await.code(), 0);
    assert_eq!(site.command(&["keys", "create"]).await.code(), 2, "wrong usage");
    site.end().await;
}

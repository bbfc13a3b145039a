//! Names that are the engine's or a run's own: nobody takes them to keep others from their work, or to choose who is asked.

use fluxor_tests::server::Site;
use serde_json::json;

use super::company::{approve, draft, in_review, order, until};

const START: &str = "/v1/workflows/purchase_order/instances";

pub(super) async fn nobody_takes_the_names_of_others(site: Site) {
    // The same request id of two people is two requests; the engine's own ids are in nobody's reach.
    for id in ["o1", "schedule:reorder_run:nightly@2026-11-28T17:28:00Z"] {
        let ours = site.by("ann").post_as(id, START, &json!({ "input": order("ann", "5.00 EUR") })).await.is(201);
        let theirs = site.by("bob").post_as(id, START, &json!({ "input": order("bob", "6.00 EUR") })).await.is(201);
        assert_ne!(ours["id"], theirs["id"]);
        let again = site.by("ann").post_as(id, START, &json!({ "input": order("ann", "5.00 EUR") })).await;
        assert_eq!(again.body["id"], ours["id"], "{}", again.text);
        site.by("ann")
            .post_as(id, START, &json!({ "input": order("ann", "7.00 EUR") }))
            .await
            .refused(422, "request_reused");
    }
    // Nor does a key that somebody has used keep another from using it on the same thing.
    let (sent, task) = in_review(&site, "ann", "5.00 EUR").await;
    let watch = json!({ "act": "add_watcher", "person": "fay" });
    site.by("fay").decide_as("yes-1", &task, &watch).await.is(200);
    let task = site.by("bob").get(&format!("/v1/tasks/{}", task["id"].as_str().unwrap())).await.is(200);
    site.by("bob").decide_as("yes-1", &task, &approve("manager")).await.is(200);
    until(&site, &sent, "ordered").await;
    let before = site.place.count("SELECT COUNT(*) FROM audit_entry").await;
    let with = |field: &str, value: &str| {
        let mut input = order("ann", "5.00 EUR");
        input[field] = json!(value);
        json!({ "input": input })
    };
    let run = "reorder:01a20e85-0000-7000-8000-000000000000";
    let key = json!({ "key": format!("{run}:acme:main:EUR:1"), "input": order("ann", "5.00 EUR") });
    for asked in [key, with("source", run), with("category", "replenishment")] {
        let reply = site.by("ann").post(START, &asked).await;
        assert!([400, 409, 422].contains(&reply.status), "{}", reply.text);
    }
    assert_eq!(site.place.count("SELECT COUNT(*) FROM audit_entry").await, before);
    let id = draft(&site, "ann", "5.00 EUR").await;
    let edit = json!({ "payload": { "category": "replenishment" } });
    let reply = site.by("ann").signal(&id, "edit", &edit).await;
    assert!([400, 409, 422].contains(&reply.status), "{}", reply.text);
    site.end().await;
}

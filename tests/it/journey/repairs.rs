//! Operators repair instances, through the real program: deliveries, moves, documents, an end; over HTTP and on the command line.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use fluxor_tests::server::hook::Hook;
use serde_json::{Value, json};

use super::company::{Image, approve, draft, history, in_review, path, text, until};

const ORDER: &str = "order_to_supplier";

fn repairs(id: &str) -> String {
    format!("{}/repairs", path(id))
}

/// What a repair would do: asking leaves all as it was.
async fn preview(site: &Site, id: &str, asked: &Value) -> Value {
    let before = Image::of(site, id).await;
    let told = site.admin().post(&format!("{}/preview", repairs(id)), asked).await.is(200);
    before.still(&Image::of(site, id).await, 0);
    told
}

/// An approved order whose message is given up.
async fn undelivered(site: &Site, hook: &Hook) -> String {
    hook.next(ORDER, "422 Unprocessable Content");
    let (id, task) = in_review(site, "ann", "100.00 EUR").await;
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    let since = Instant::now();
    while site.admin().get(&path(&id)).await.is(200)["status"] != "incident" {
        assert!(since.elapsed() < Duration::from_secs(60), "{id} has no incident");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    id
}

pub(super) async fn a_delivery_that_was_given_up_is_retried_or_skipped(mut site: Site) {
    let hook = Hook::new().await;
    site.stop().await;
    site.options = ["--outbox-url".to_owned(), hook.url()].to_vec();
    site.start().await;
    let id = undelivered(&site, &hook).await;
    let admin = site.admin();
    let found = admin.get("/v1/instances?incident=delivery_failed").await.is(200);
    assert_eq!((found["items"][0]["id"].as_str(), found["items"].as_array().unwrap().len()), (Some(&*id), 1));
    assert_eq!(admin.get("/v1/instances?incident=no_row").await.is(200)["items"], json!([]));
    let counts = admin.get("/v1/instances/counts").await.is(200);
    let here = |item: &&Value| item["state"] == "open.ordering" && item["status"] == "incident";
    assert_eq!(counts["items"].as_array().unwrap().iter().find(here).unwrap()["count"], 1, "{counts}");

    let could = admin.get(&repairs(&id)).await.is(200);
    assert_eq!(
        (&could["incidents"][0]["retry"]["possible"], &could["incidents"][0]["skip"]["possible"]),
        (&json!(true), &json!(true))
    );
    let retry = json!({ "repair": "retry", "reason": "their server is back" });
    let told = preview(&site, &id, &retry).await;
    assert_eq!((&told["sent_again"][0]["destination"], &told["status"]), (&json!(ORDER), &json!("active")), "{told}");
    let done = admin.post_as("retry-1", &repairs(&id), &retry).await;
    assert_eq!(done.status, 200, "{}", done.text);
    until(&site, &id, "ordered").await;
    let came = hook.came(ORDER);
    assert_eq!((came.len(), &came[0].key), (2, &came[1].key), "the same message under the same key");
    let again = admin.post_as("retry-1", &repairs(&id), &retry).await;
    assert_eq!((again.status, &again.text), (200, &done.text), "a repeat answers the same");
    admin.post(&repairs(&id), &retry).await.refused(409, "not_repairable");
    let entries = history(&site, &id).await;
    let entry = entries.iter().find(|entry| entry["header"]["verb"] == "retry").expect("its entry");
    let body = &entry["body"];
    assert_eq!(
        (&body["reason"], &body["request"]["incidents"][0]["code"]),
        (&json!("their server is back"), &json!("delivery_failed"))
    );

    let other = undelivered(&site, &hook).await;
    let skip = json!({ "repair": "skip", "reason": "they have it by phone" });
    let told = preview(&site, &other, &skip).await;
    assert_eq!((&told["to"], &told["forgotten"][0]["destination"]), (&json!("ordered"), &json!(ORDER)), "{told}");
    assert_eq!(admin.post(&repairs(&other), &skip).await.is(200)["state"], "ordered");
    assert_eq!(hook.came(ORDER).len(), 3, "what was skipped is not sent");

    // And on the command line, beside the server.
    let third = undelivered(&site, &hook).await;
    super::site_words::an_order_that_was_not_sent(&site, &third).await;
    let told = site.command_with(&["instances", "repair", &third], Some(&site.keys["admin"])).await;
    assert!(told.done().contains("retry: yes"), "{}", told.all());
    let told =
        site.command_with(&["instances", "repair", &third, "retry", "--preview"], Some(&site.keys["admin"])).await;
    assert!(told.done().contains("sends again: order_to_supplier"), "{}", told.all());
    if site.place.is_sqlite() {
        let told = site.command(&["instances", "repair", &third, "retry", "--preview"]).await;
        assert!(told.code() == 2 && told.all().contains("is served by"), "the server is asked: {}", told.all());
    }
    assert_ne!(
        site.command_with(&["instances", "repair", &third, "retry"], Some(&site.keys["admin"])).await.code(),
        0,
        "it takes a reason"
    );
    site.command_with(&["instances", "repair", &third, "retry", "--reason", "again"], Some(&site.keys["admin"]))
        .await
        .done();
    until(&site, &third, "ordered").await;
    assert!(site.command_with(&["instances", "counts"], Some(&site.keys["admin"])).await.done().contains("ordered"));
    assert_eq!(admin.get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

pub(super) async fn moves_corrections_and_an_end(site: Site) {
    let admin = site.admin();
    let (id, task) = in_review(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let mut security = 0;
    let all = [
        json!({ "repair": "retry" }),
        json!({ "repair": "skip" }),
        json!({ "repair": "move", "to": "draft" }),
        json!({ "repair": "set_data", "set": { "note": "x" } }),
        json!({ "repair": "cancel" }),
    ];
    for repair in &all {
        let mut asked = repair.clone();
        admin.post(&repairs(&id), &asked).await.refused(422, "reason_required");
        asked["reason"] = json!("because");
        for person in ["ann", "bob", "eve"] {
            site.by(person).post(&repairs(&id), &asked).await.refused(403, "not_allowed");
            site.by(person).post(&format!("{}/preview", repairs(&id)), &asked).await.refused(403, "not_allowed");
            site.by(person).get(&repairs(&id)).await.refused(403, "not_allowed");
            security += 1;
        }
    }
    for state in ["open.ordering", "ordered", "received", "closed"] {
        let asked = json!({ "repair": "move", "to": state, "reason": "so" });
        let refused = admin.post(&repairs(&id), &asked).await.refused(403, "repair_never_approves");
        assert!(text(&refused["detail"]).contains("`open.review`"), "{refused}");
        security += 1;
    }
    let asked =
        json!({ "repair": "set_data", "reason": "so", "set": { "amount": "1.00 EUR", "requester": "bob", "nots": 1 } });
    let invalid = admin.post(&repairs(&id), &asked).await.refused(422, "invalid_input");
    let errors = invalid["errors"].as_array().unwrap();
    let at = |place: &str| {
        errors.iter().find(|error| error["pointer"] == place).map(|error| text(&error["detail"])).unwrap()
    };
    assert!(at("/set/amount").contains("`edit`") && at("/set/nots").contains("`note`"), "{invalid}");
    assert!(at("/set/requester").contains("who asked"), "{invalid}");
    before.still(&Image::of(&site, &id).await, security);

    let asked = json!({ "repair": "move", "to": "draft", "reason": "it was sent too early" });
    let told = preview(&site, &id, &asked).await;
    assert_eq!((&told["to"], &told["tasks_closed"][0]), (&json!("draft"), &task["id"]), "{told}");
    assert_eq!(admin.post(&repairs(&id), &asked).await.is(200)["state"], "draft");
    site.by("ann").signal(&id, "submit", &json!({})).await.is(200);

    // It ends where it stands: what it held of the budget is given back, and the books know that it is cancelled.
    let asked = json!({ "repair": "cancel", "reason": "nobody wants it", "state_revision": 1 });
    admin.post(&repairs(&id), &asked).await.refused(412, "stale_state");
    let asked = json!({ "repair": "cancel", "reason": "nobody wants it" });
    let told = preview(&site, &id, &asked).await;
    let undone: Vec<String> = told["undone"].as_array().unwrap().iter().map(|pair| text(&pair[0])).collect();
    assert_eq!(undone, ["reserve_budget", "reserve_budget", "record_order"], "the last first");
    let ended = admin.post(&repairs(&id), &asked).await.is(200);
    assert_eq!((&ended["status"], &ended["tasks"]), (&json!("final"), &json!([])));
    assert_eq!(admin.get(&path(&id)).await.is(200)["stopped"], "nobody wants it");
    assert_eq!(admin.get(&format!("/v1/orders/{id}")).await.is(200)["status"], "cancelled");
    admin.post(&repairs(&id), &asked).await.refused(409, "instance_ended");
    a_correction_in_review(&site).await;
    site.end().await;
}

/// Votes are about the document that was seen: a correction asks for them again, as an edit does.
async fn a_correction_in_review(site: &Site) {
    let input = json!({ "requester": "ann", "amount": "400.00 EUR", "unit": "it", "urgent": false, "what": "chairs" });
    let start = json!({ "input": input });
    let started = site.by("ann").post("/v1/workflows/requisition/instances", &start).await.is(201);
    let id = text(&started["id"]);
    let task = site.by("ann").signal(&id, "submit", &json!({})).await.is(200)["tasks"][0].clone();
    let asked = json!({ "repair": "set_data", "set": { "amount": "450.00 EUR" }, "reason": "the offer says so" });
    let told = preview(site, &id, &asked).await;
    assert_eq!(
        (&told["fields"][0]["after"], &told["tasks_opened"][0]["id"]),
        (&json!("450.00 EUR"), &task["id"]),
        "{told}"
    );
    let changed = site.admin().post(&repairs(&id), &asked).await.is(200);
    site.by("bob").decide(&task, &approve("manager")).await.refused(412, "stale_task");
    site.by("bob").decide(&changed["tasks"][0], &approve("manager")).await.is(200);
    until(site, &id, "granted").await;
    let asked = json!({ "repair": "set_data", "set": { "amount": "9450.00 EUR" }, "reason": "more" });
    site.admin().post(&repairs(&id), &asked).await.refused(403, "repair_never_approves");
    let untouched = draft(site, "ann", "10.00 EUR").await;
    site.admin()
        .post(&repairs(&untouched), &json!({ "repair": "retry", "reason": "so" }))
        .await
        .refused(409, "not_repairable");
}

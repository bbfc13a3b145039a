//! What somebody saw and what is there now.

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use fluxor_tests::server::visit::Visitor;
use reqwest::Method;
use serde_json::{Value, json};

use super::company::{Image, approve, history, in_review, path, text, until};
use super::site_forms::started;

pub(super) async fn a_decision_says_what_it_is_about(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let bob = site.by("bob");
    let before = Image::of(&site, &id).await;
    let decisions = format!("/v1/tasks/{}/decisions", text(&task["id"]));
    for act in [approve("manager"), json!({ "act": "reject", "step": "manager", "reason": "no" })] {
        let required = bob.post(&decisions, &act).await.refused(428, "etag_required");
        assert_eq!(required["etag"], task["etag"]);
    }
    before.still(&Image::of(&site, &id).await, 0);
    let line = json!({ "item": "desk", "quantity": "2", "unit": "pcs", "price": "9000.00 EUR" });
    let edit = json!({ "payload": { "lines": [line] } });
    let edited = site.by("ann").signal(&id, "edit", &edit).await.is(200);
    let now = edited["tasks"][0].clone();
    assert_ne!(now["etag"], task["etag"]);
    let before = Image::of(&site, &id).await;
    let stale = bob.decide(&task, &approve("manager")).await.refused(412, "stale_task");
    assert_eq!(stale["etag"], now["etag"]);
    before.still(&Image::of(&site, &id).await, 0);
    bob.decide(&now, &approve("manager")).await.is(200);

    // Unquoted is understood too.
    let request = site.by("eve").request(Method::POST, &decisions).header("if-match", text(&now["etag"]));
    let request = request.header("idempotency-key", fresh_key()).json(&approve("buyers"));
    site.by("eve").send(request).await.is(200);
    until(&site, &id, "ordered").await;
    site.by("fay").decide(&now, &approve("buyers")).await.refused(409, "review_ended");
    site.end().await;
}

/// Two are asked side by side about what may still be changed.
const OFFER: &str = "
workflow: offer
version: 1
subject: { name: o, fields: { requester: person, amount: money, sound: bool?, tax: text? } }
start: { to: checks, by: anyone }
events: { edit: { payload: { amount: money } } }
states:
  checks:
    parallel:
      goods:
        start: asked
        states:
          asked:
            task: { who: [{ manager: requester }], form: { sound: { type: bool, title: Is it sound? }, why: text? } }
            on: { done: { to: known, set: { sound: event.sound } } }
          known: { final: true }
      tax:
        start: asked
        states:
          asked:
            task: { who: [{ person: [hal] }], form: { tax: text } }
            on: { done: { to: known, set: { tax: event.tax } } }
          known: { final: true }
    on:
      edit: { by: o.requester, set: { amount: event.amount } }
      done: closed
  closed: { final: true }
";

/// A form is about the document that was on its page: what somebody sets makes it stale, what others give beside it does not, and
/// the trail says what was seen.
pub(super) async fn a_form_says_what_it_is_about(mut site: Site) {
    site.stop().await;
    std::fs::write(site.folder().join("definitions/offer.yaml"), OFFER).unwrap();
    site.start().await;
    let id = started(&site, "ann", "offer", json!({ "amount": "100.00 EUR" })).await;
    let tasks = site.admin().get(&path(&id)).await.is(200)["tasks"].as_array().unwrap().clone();
    let of = |state: &str| tasks.iter().find(|task| task["state"] == state).unwrap().clone();
    let (goods, tax) = (of("checks.goods.asked"), of("checks.tax.asked"));
    let place = format!("/tasks/{}", text(&goods["id"]));
    let mut bob = Visitor::signed_in(&site, "bob").await;
    let old = bob.get(&place).await.is(200).form(&place);

    let edit = json!({ "payload": { "amount": "90000.00 EUR" } });
    site.by("ann").signal(&id, "edit", &edit).await.is(200);
    let before = Image::of(&site, &id).await;
    let answer = [("data.sound", "true"), ("data.why", "I know them")];
    let stale = bob.press(&old, ("act", "complete"), &answer).await.is(412);
    let said = ["This changed while you were looking at it", "100.00 EUR</del>", "90,000.00 EUR</ins>", "I know them"];
    for word in said {
        assert!(stale.has(word), "{word}: {}", stale.text);
    }
    let given = json!({ "act": "complete", "data": { "sound": true } });
    let refused = site.by("bob").decide(&goods, &given).await.refused(412, "stale_task");
    site.by("hal")
        .decide(&tax, &json!({ "act": "complete", "data": { "tax": "DE1" } }))
        .await
        .refused(412, "stale_task");
    before.still(&Image::of(&site, &id).await, 0);

    // What another gives does not make it stale; that it was not on the page is told.
    let shown = site.admin().get(&path(&id)).await.is(200)["tasks"].clone();
    let etag =
        |task: &Value| shown.as_array().unwrap().iter().find(|one| one["id"] == task["id"]).unwrap()["etag"].clone();
    assert_eq!(refused["etag"], etag(&goods));
    let tax = json!({ "id": tax["id"], "etag": etag(&tax) });
    site.by("hal").decide(&tax, &json!({ "act": "complete", "data": { "tax": "DE1" } })).await.is(200);
    bob.press(&stale.form(&place), ("act", "complete"), &answer).await.is(200);
    let entries = history(&site, &id).await;
    let [.., edited, taxed, last] = &entries[..] else { panic!("{entries:?}") };
    let saw = &last["body"]["acted"][0]["saw"];
    assert_eq!(saw["document"], edited["header"]["document"], "{last}");
    assert_ne!(saw["document"], taxed["header"]["document"], "{last}");
    assert_eq!((&saw["version"], &saw["fields"]["amount"]), (&json!(2), &json!("90000.00 EUR")));
    assert_eq!(saw["fields"]["tax"], Value::Null);
    assert_eq!(site.admin().get(&path(&id)).await.is(200)["state"], "closed");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

pub(super) async fn two_voters_at_once_both_count(site: Site) {
    for round in 0..10 {
        let input = json!({ "requester": "ann", "amount": "100.00 EUR", "unit": "it" });
        let started = site.by("ann").post("/v1/workflows/pair/instances", &json!({ "input": input })).await.is(201);
        let id = text(&started["id"]);
        let task = site.by("ann").signal(&id, "submit", &json!({})).await.is(200)["tasks"][0].clone();
        let (eve, fay, vote) = (site.by("eve"), site.by("fay"), approve("buyers"));
        let (one, two) = tokio::join!(eve.decide(&task, &vote), fay.decide(&task, &vote));
        let (one, two) = (one.is(200), two.is(200));
        let states = [text(&one["state"]), text(&two["state"])];
        assert!(states.contains(&"review".to_owned()) && states.contains(&"done".to_owned()), "{round}: {states:?}");
        assert_eq!(site.by("ann").get(&path(&id)).await.is(200)["state"], "done");
    }
    site.end().await;
}

pub(super) async fn a_signal_may_bring_the_revision_it_saw(site: Site) {
    let (id, _) = in_review(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    for seen in [1, 3] {
        let body = json!({ "state_revision": seen });
        let stale = site.by("ann").signal(&id, "recall", &body).await.refused(412, "stale_state");
        assert_eq!(stale["state_revision"], 2);
    }
    before.still(&Image::of(&site, &id).await, 0);
    let recalled = site.by("ann").signal(&id, "recall", &json!({ "state_revision": 2 })).await.is(200);
    assert_eq!((&recalled["state"], &recalled["state_revision"]), (&json!("draft"), &json!(3)));
    site.end().await;
}

pub(super) async fn reading_changes_nothing(site: Site) {
    let (id, task) = in_review(&site, "ann", "4000.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let task = format!("/v1/tasks/{}", text(&task["id"]));
    let everything = [
        path(&id),
        format!("{}/history", path(&id)),
        task,
        "/v1/tasks".to_owned(),
        "/v1/tasks?person=eve".to_owned(),
        "/v1/instances?state=open.review&status=active".to_owned(),
        "/v1/workflows".to_owned(),
        "/v1/workflows/purchase_order".to_owned(),
        "/v1/organisation".to_owned(),
        "/v1/keys".to_owned(),
        "/v1/me".to_owned(),
        "/v1/audit/verify".to_owned(),
        "/problems".to_owned(),
        "/metrics".to_owned(),
        "/health/live".to_owned(),
        "/health/ready".to_owned(),
    ];
    for read in &everything {
        let first = site.admin().get(read).await;
        let head = site.admin().send(site.admin().request(Method::HEAD, read)).await;
        let second = site.admin().get(read).await;
        assert_eq!((first.status, head.status, second.status), (200, 200, 200), "{read}");
        assert_eq!(head.text, "");
        assert!(*read == "/metrics" || first.text == second.text, "{read}");
    }
    before.still(&Image::of(&site, &id).await, 0);
    site.end().await;
}

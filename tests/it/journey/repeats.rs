//! The same request id again, with the same and with other content; a business key that is taken.

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{Image, approve, draft, in_review, order, path, text};

const ORDERS: &str = "/v1/workflows/purchase_order/instances";

pub(super) async fn a_repeated_request_is_done_once(site: Site) {
    let ann = site.by("ann");
    let id = draft(&site, "ann", "400.00 EUR").await;
    let submit = format!("{}/signals/submit", path(&id));
    let first = ann.post_as("submit-1", &submit, &json!({})).await;
    let task = first.clone().is(200)["tasks"][0].clone();
    let voted = site.by("bob").decide_as("vote-1", &task, &approve("manager")).await;
    assert_eq!(voted.status, 200, "{}", voted.text);
    super::company::until(&site, &id, "ordered").await;

    // Repeats answer as the first time did, although the order has moved on.
    let before = Image::of(&site, &id).await;
    for _ in 0..2 {
        let again = ann.post_as("submit-1", &submit, &json!({})).await;
        assert_eq!((again.status, &again.text), (200, &first.text));
        let again = site.by("bob").decide_as("vote-1", &task, &approve("manager")).await;
        assert_eq!((again.status, &again.text), (200, &voted.text));
    }
    // Spelt otherwise it is the same request.
    let spelt = ann.request(reqwest::Method::POST, &submit).header("idempotency-key", "submit-1");
    let spelt = ann.send(spelt.header("content-type", "application/json; charset=utf-8").body(" { } ")).await;
    assert_eq!((spelt.status, &spelt.text), (200, &first.text));

    // Another content, another version under the same id is another request. A key is its owner's: under the same one
    // somebody else asks something of his own.
    let reasoned = json!({ "reason": "other" });
    ann.post_as("submit-1", &submit, &reasoned).await.refused(422, "request_reused");
    site.by("eve").post_as("submit-1", &submit, &json!({})).await.refused(409, "not_accepted");
    site.by("bob").decide_as("vote-1", &task, &approve("buyers")).await.refused(422, "request_reused");
    let stale = json!({ "id": task["id"], "etag": "0a-1" });
    site.by("bob").decide_as("vote-1", &stale, &approve("manager")).await.refused(422, "request_reused");
    before.still(&Image::of(&site, &id).await, 0);

    // A refusal is no answer that is kept: the same request may succeed later.
    let (other, task) = in_review(&site, "ann", "4000.00 EUR").await;
    site.by("eve").decide_as("early", &task, &approve("buyers")).await.refused(409, "step_waiting");
    site.by("bob").decide(&task, &approve("manager")).await.is(200);
    site.by("eve").decide_as("early", &task, &approve("buyers")).await.is(200);
    super::company::until(&site, &other, "ordered").await;
    many_at_once(&site).await;
    site.end().await;
}

/// The same start sixteen times at once: one 201, fifteen 200, one body.
async fn many_at_once(site: &Site) {
    let body = json!({ "input": order("ann", "10.00 EUR") });
    let calls: Vec<_> = (0..16)
        .map(|_| {
            let (ann, body) = (site.by("ann"), body.clone());
            tokio::spawn(async move { ann.post_as("at-once", ORDERS, &body).await })
        })
        .collect();
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.unwrap());
    }
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert!(replies.iter().all(|reply| reply.text == replies[0].text && reply.status < 300));
}

pub(super) async fn a_business_key_belongs_to_one_input(site: Site) {
    let ann = site.by("ann");
    let started = |key: &str, input: Value| json!({ "key": key, "input": input });
    let first = ann.post(ORDERS, &started("K", order("ann", "400.00 EUR"))).await;
    assert_eq!(first.status, 201, "{}", first.text);
    let id = text(&first.body["id"]);
    let again = ann.post(ORDERS, &started("K", order("ann", "400.00 EUR"))).await;
    assert_eq!((again.status, &again.text), (200, &first.text), "the same input under a new request id");
    let before = Image::of(&site, &id).await;
    let mut other = order("ann", "401.00 EUR");
    other["supplier"] = json!("Other");
    other["note"] = json!("new");
    let taken = ann.post(ORDERS, &started("K", other)).await.refused(409, "key_reused");
    assert_eq!((&taken["fields"], &taken["existing"]), (&json!(["lines", "note", "supplier"]), &json!(id)));
    assert!(text(&taken["detail"]).contains(&id), "{taken}");
    before.still(&Image::of(&site, &id).await, 0);
    let found = ann.get("/v1/instances?key=K&workflow=purchase_order").await.is(200);
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    site.end().await;
}

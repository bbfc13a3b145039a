//! Requests that cannot be read, lead nowhere or do not fit: each its documented answer, and nothing has changed.

use fluxor_tests::server::Site;
use fluxor_tests::server::client::fresh_key;
use reqwest::Method;
use serde_json::json;

use super::company::{Image, approve, draft, in_review, path, text};

const ORDERS: &str = "/v1/workflows/purchase_order/instances";
const JSON: &str = "application/json";

pub(super) async fn bodies_that_cannot_be_used(site: Site) {
    let id = draft(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let ann = site.by("ann");
    let send = |kind: &'static str, body: String| {
        let request = ann.request(Method::POST, ORDERS).header("idempotency-key", fresh_key());
        ann.send(request.header("content-type", kind).body(body))
    };
    let malformed = send(JSON, "{\n  \"input\": { ]\n}".to_owned()).await.refused(400, "malformed_json");
    assert_eq!((&malformed["line"], &malformed["column"]), (&json!(2), &json!(14)));
    send(JSON, "{\"input\": {}} trailing".to_owned()).await.refused(400, "malformed_json");
    send(JSON, "\u{feff}".to_owned()).await.refused(400, "malformed_json");
    send(JSON, "[".repeat(100_000)).await.refused(400, "malformed_json");
    send("text/plain", "{}".to_owned()).await.refused(415, "unsupported_media_type");
    let large = format!("{{\"input\":{{\"note\":\"{}\"}}}}", "x".repeat(1 << 20));
    send(JSON, large).await.refused(413, "payload_too_large");
    // However much more it is: whoever is still sending hears the answer.
    let huge = send(JSON, " ".repeat(30 << 20)).await;
    assert_eq!(huge.header("connection"), "close");
    huge.refused(413, "payload_too_large");

    let cases = [
        (json!([1]), ""),
        (json!({ "input": [] }), "/input"),
        (json!({ "inputt": {} }), "/inputt"),
        (json!({ "key": 7, "input": {} }), "/key"),
        (json!({ "input": { "requester": "ann", "supplier": 5, "lines": [] } }), "/input/supplier"),
        (json!({ "input": { "requester": "ann", "supplier": "Acme", "lines": [], "colour": "red" } }), "/input/colour"),
        (json!({ "input": { "requester": "ann", "lines": [] } }), "/input/supplier"),
    ];
    for (body, pointer) in cases {
        let refused = ann.post(ORDERS, &body).await.refused(422, "invalid_input");
        let errors = refused["errors"].as_array().unwrap();
        assert!(errors.iter().any(|error| error["pointer"] == pointer), "{body}: {refused}");
    }
    // What an action of the domain reads by itself has a code of the domain.
    let line = json!({ "item": "desk", "quantity": "2", "unit": "pcs", "price": "1.00 EUR" });
    let wrong = [
        ("quantity", json!("1.0000001")),
        ("quantity", json!(2)),
        ("quantity", json!("-1")),
        ("quantity", json!("0")),
        ("price", json!("1.00")),
        ("price", json!("1.00001 EUR")),
        ("colour", json!("red")),
    ];
    for (field, value) in wrong {
        let mut line = line.clone();
        line[field] = value;
        let body = json!({ "input": { "requester": "ann", "supplier": "Acme", "unit": "it", "lines": [line] } });
        let refused = ann.post(ORDERS, &body).await.refused(422, "invalid_order");
        let detail = text(&refused["detail"]);
        assert!(detail.contains("/lines/0") && detail.contains(field), "{body}: {refused}");
    }
    let body = json!({ "input": { "requester": "ann", "supplier": "Acme", "unit": "it", "lines": 1 } });
    ann.post(ORDERS, &body).await.refused(422, "invalid_order");
    before.still(&Image::of(&site, &id).await, 0);
    without_a_good_key(&site).await;
    site.end().await;
}

/// Idempotency-Key and If-Match in the wrong form; a decision with fields of another.
async fn without_a_good_key(site: &Site) {
    let ann = site.by("ann");
    let bare = ann.request(Method::POST, ORDERS).json(&json!({}));
    ann.send(bare).await.refused(400, "idempotency_key_required");
    let long = "k".repeat(129);
    for wrong in ["", "two words", long.as_str()] {
        ann.post_as(wrong, ORDERS, &json!({})).await.refused(400, "idempotency_key_invalid");
    }
    let (_, task) = in_review(site, "ann", "400.00 EUR").await;
    let decisions = format!("/v1/tasks/{}/decisions", text(&task["id"]));
    for wrong in ["*", "W/\"0a-1\"", "\"0a-1\", \"0b-1\""] {
        let request = site.by("bob").request(Method::POST, &decisions).header("if-match", wrong);
        let request = request.header("idempotency-key", fresh_key()).json(&approve("manager"));
        ann.send(request).await.refused(400, "invalid_if_match");
    }
    let wrong = [
        (json!({ "act": "applaud", "step": "manager" }), "/act"),
        (json!({ "act": "approve" }), "/step"),
        (json!({ "act": "approve", "step": "manager", "to": "eve" }), "/to"),
        (json!({ "act": "approve", "step": "manager", "stepp": 1 }), "/stepp"),
    ];
    for (body, pointer) in wrong {
        let refused = site.by("bob").decide(&task, &body).await.refused(422, "invalid_input");
        assert_eq!(refused["errors"][0]["pointer"], pointer, "{refused}");
    }
    site.by("bob").decide(&task, &approve("managr")).await.refused(404, "unknown_step");
    let cancelled = ann.signal(task["id"].as_str().unwrap().split('.').next().unwrap(), "recall", &json!({})).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text);
    site.by("bob").decide(&task, &approve("manager")).await.refused(409, "not_submitted");
}

pub(super) async fn addresses_that_lead_nowhere(site: Site) {
    let id = draft(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let ann = site.by("ann");
    let lost = ann.get("/v1/instancez").await.refused(404, "not_found");
    assert!(text(&lost["detail"]).contains("Did you mean `/v1/instances`?"), "{lost}");
    ann.get("/v2/instances").await.refused(404, "not_found");
    ann.get("/problems/nonsense").await.refused(404, "not_found");
    for (method, path, allow) in [
        (Method::PUT, "/v1/instances".to_owned(), "GET"),
        (Method::DELETE, path(&id), "GET"),
        (Method::GET, ORDERS.to_owned(), "POST"),
        (Method::POST, "/health/live".to_owned(), "GET"),
    ] {
        let reply = ann.send(ann.request(method, &path).header("idempotency-key", fresh_key())).await;
        assert!(reply.header("allow").split(',').any(|verb| verb.trim() == allow), "{path}: {:?}", reply.headers);
        reply.refused(405, "method_not_allowed");
    }
    for wrong in ["7", "not-an-id", "01a20e85-0e02-7a77-ba66-72063e5c92b", "%00", "%F0"] {
        ann.get(&format!("/v1/instances/{wrong}")).await.refused(400, "invalid_path");
        ann.signal(wrong, "submit", &json!({})).await.refused(400, "invalid_path");
        ann.get(&format!("/v1/tasks/{wrong}")).await.refused(400, "invalid_path");
    }
    for wrong in [format!("{id}."), format!("{id}.x"), format!("{id}.-1"), format!("{id}.99999999999"), id.clone()] {
        ann.get(&format!("/v1/tasks/{wrong}")).await.refused(400, "invalid_path");
    }
    ann.get(&format!("/v1/tasks/{id}.1")).await.refused(404, "unknown_task");
    let nowhere = "01a20e85-0000-7000-8000-000000000000";
    ann.get(&path(nowhere)).await.refused(404, "unknown_instance");
    ann.get(&format!("{}/history", path(nowhere))).await.refused(404, "unknown_instance");
    let near = ann.post("/v1/workflows/purchase_ordr/instances", &json!({})).await.refused(404, "unknown_workflow");
    assert!(text(&near["detail"]).contains("`purchase_order`"), "{near}");
    for query in ["limit=0", "limit=501", "limit=ten", "colour=red", "status=odd", "after=7", "limit=1&limit=2"] {
        ann.get(&format!("/v1/instances?{query}")).await.refused(400, "invalid_query");
    }
    // Routes without a query have none: what was meant by it would not be done.
    let task = format!("/v1/tasks/{id}.1");
    for path in ["/v1/organisation?foo=1", &format!("{task}?at=1"), "/v1/me?x", "/v1/workflows?name=a", "/v1/keys?a=b"]
    {
        let told = ann.get(path).await.refused(400, "invalid_query");
        assert!(text(&told["detail"]).contains("no such parameter"), "{told}");
    }
    let near = ann.get(&format!("{task}/deciders?att=2026-03-02T08:00:00Z")).await.refused(400, "invalid_query");
    assert!(text(&near["detail"]).contains("did you mean `at`?"), "{near}");
    ann.patch("/v1/organisation?revision=1", &json!({})).await.refused(400, "invalid_query");
    site.anonymous().get("/v1/organisation?foo=1").await.refused(401, "unauthenticated");
    before.still(&Image::of(&site, &id).await, 0);
    site.end().await;
}

pub(super) async fn events_that_do_not_fit(site: Site) {
    let id = draft(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &id).await;
    let ann = site.by("ann");
    let unknown = ann.signal(&id, "sumbit", &json!({})).await.refused(404, "unknown_event");
    assert!(text(&unknown["detail"]).contains("Did you mean `submit`?"), "{unknown}");
    assert_eq!(unknown["accepts"], json!(["cancel", "edit", "submit"]));
    let later = ann.signal(&id, "recieve", &json!({})).await.refused(404, "unknown_event");
    assert!(text(&later["detail"]).contains("Did you mean `receive`? That one is not accepted now."), "{later}");
    let early = ann.signal(&id, "receive", &json!({})).await.refused(409, "not_accepted");
    assert_eq!((&early["state"], &early["accepts"]), (&json!("draft"), &unknown["accepts"]));
    ann.post(&format!("{}/recall", path(&id)), &json!({})).await.refused(409, "not_accepted");
    // Results of deliveries and reviews are no events that somebody may send.
    ann.signal(&id, "approved", &json!({})).await.refused(404, "unknown_event");
    let stray = json!({ "payload": { "colour": "red" } });
    let stray = ann.signal(&id, "edit", &stray).await.refused(422, "invalid_input");
    assert_eq!(stray["errors"][0]["pointer"], "/payload/colour");
    let wrong = ann.signal(&id, "edit", &json!({ "payload": { "note": 5 } })).await.refused(422, "invalid_input");
    assert_eq!(wrong["errors"][0]["pointer"], "/payload/note");
    before.still(&Image::of(&site, &id).await, 0);

    let body = json!({ "input": { "requester": "ann", "supplier": "Acme", "unit": "it", "lines": [] } });
    let empty = text(&ann.post(ORDERS, &body).await.is(201)["id"]);
    let before = Image::of(&site, &empty).await;
    let guard = ann.signal(&empty, "submit", &json!({})).await.refused(409, "refused_by_definition");
    assert_eq!(guard["detail"], "An order needs at least one line before it is submitted.");
    before.still(&Image::of(&site, &empty).await, 0);
    let (open, _) = in_review(&site, "ann", "400.00 EUR").await;
    let before = Image::of(&site, &open).await;
    ann.signal(&open, "cancel", &json!({})).await.refused(422, "reason_required");
    ann.post(&format!("{}/cancel", path(&open)), &json!({ "reason": "  " })).await.refused(422, "reason_required");
    let long = json!({ "reason": "x".repeat(10_001) });
    for place in ["cancel", "signals/cancel"] {
        let told = ann.post(&format!("{}/{place}", path(&open)), &long).await.refused(422, "invalid_input");
        assert!(told.to_string().contains("10001 bytes, and may have 10000"), "{told}");
    }
    before.still(&Image::of(&site, &open).await, 0);
    site.end().await;
}

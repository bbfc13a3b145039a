//! Lines of stock: what may be ordered, and goods that come in parts. (Behaviours B1, B2, B4, B13, B14, B33, B49.)

use fluxor_tests::server::Site;
use serde_json::{Value, json};

use super::company::{Image, approve, path, text, until};

const ORDERS: &str = "/v1/workflows/purchase_order/instances";

/// Sets a record; what it answers.
async fn set(site: &Site, place: &str, params: Value) -> Value {
    site.admin().post(&format!("/v1/records/{place}"), &params).await.is(200)
}

async fn entries(site: &Site) -> Value {
    site.admin().get("/v1/audit/verify").await.is(200)["entries"].clone()
}

async fn stocked(site: &Site) {
    for (place, params) in [
        ("unit/piece/set_unit", json!({ "name": "Piece", "grid": "1" })),
        ("item/desk/set_item", json!({ "name": "Desk", "stock_unit": "piece" })),
        ("location/main/set_location", json!({ "name": "Main store" })),
        ("policy/desk@main/set_policy", json!({ "order_point": "0", "order_up_to": "20" })),
    ] {
        assert_eq!(set(site, place, params.clone()).await["record"], json!({ "version": 1 }), "{place}");
        // The same again writes no entry.
        let before = entries(site).await;
        assert_eq!(set(site, place, params).await["record"], json!({ "version": 1 }), "{place}");
        assert_eq!(entries(site).await, before, "{place}");
    }
}

fn order(quantity: &str) -> Value {
    let line =
        json!({ "item": "desk", "quantity": quantity, "unit": "piece", "price": "50.00 EUR", "location": "main" });
    json!({ "input": { "supplier": "Acme", "unit": "it", "lines": [line] } })
}

pub(super) async fn goods_come_in_parts(site: Site) {
    stocked(&site).await;
    let (ann, admin) = (site.by("ann"), site.admin());
    let wrong = json!({ "order_point": "20", "order_up_to": "5" });
    admin.post("/v1/records/policy/desk@main/set_policy", &wrong).await.refused(422, "invalid_record");
    ann.post(ORDERS, &order("3.4")).await.refused(422, "invalid_order");

    let id = text(&ann.post(ORDERS, &order("10")).await.is(201)["id"]);
    let before = Image::of(&site, &id).await;
    ann.signal(&id, "receive", &json!({})).await.refused(409, "not_accepted");
    before.still(&Image::of(&site, &id).await, 0);
    let submitted = ann.signal(&id, "submit", &json!({})).await.is(200);
    site.by("bob").decide(&submitted["tasks"][0], &approve("manager")).await.is(200);
    until(&site, &id, "ordered").await;

    let come = |quantity: &str| json!({ "payload": { "lines": [{ "line": 1, "quantity": quantity }] } });
    let part = ann.signal(&id, "receive", &come("4")).await.is(200);
    assert_eq!(part["state"], "ordered");
    assert_eq!(ann.get(&path(&id)).await.is(200)["subject"]["lines_open"], 1);
    let before = Image::of(&site, &id).await;
    ann.signal(&id, "receive", &come("7")).await.refused(422, "invalid_receipt");
    ann.signal(&id, "receive", &come("0")).await.refused(422, "invalid_receipt");
    before.still(&Image::of(&site, &id).await, 0);
    let rest = ann.signal(&id, "receive", &come("6")).await.is(200);
    assert_eq!(rest["state"], "received");
    site.end().await;
}

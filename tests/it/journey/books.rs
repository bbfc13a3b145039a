//! The books, page by page: each row once, whoever else writes; what is not there, and what is not ours.

use std::collections::BTreeSet;

use fluxor_tests::server::Site;
use fluxor_tests::server::client::Client;
use serde_json::{Value, json};

use super::company::{draft, text};

/// Codes in the order of their bytes, with letters among them that mean something in an address.
const ITEMS: [&str; 11] = ["10%25", "9#2", "A+1", "B&C=d", "a", "b?x=1", "c;d", "n1", "n2", "z%", "Ä"];
const PLACES: [&str; 2] = ["main", "shop?2"];
const SUPPLIERS: [&str; 5] = ["Acme", "Böhm", "acme2", "s%1", "s1"];
/// Movements of the first item at the second place.
const MOVEMENTS: usize = 23;
const ORDERS: usize = 9;

/// A code as a part of an address.
fn escaped(code: &str) -> String {
    code.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

async fn set(site: &Site, kind: &str, key: &str, action: &str, params: Value) {
    site.admin().post(&format!("/v1/records/{kind}/{}/{action}", escaped(key)), &params).await.is(200);
}

/// Fills the books; returns the ids of the orders, newest first.
async fn filled(site: &Site) -> Vec<String> {
    set(site, "unit", "piece", "set_unit", json!({ "name": "Piece", "grid": "1" })).await;
    for code in ITEMS {
        set(site, "item", code, "set_item", json!({ "name": code, "stock_unit": "piece" })).await;
    }
    for code in SUPPLIERS {
        set(site, "supplier", code, "set_supplier", json!({ "name": code })).await;
    }
    for code in PLACES {
        set(site, "location", code, "set_location", json!({ "name": code })).await;
    }
    let levels = ITEMS.iter().flat_map(|item| PLACES.map(|place| (*item, place)));
    let more = (1..MOVEMENTS).map(|_| (ITEMS[0], PLACES[1]));
    let rows = levels.chain(more).enumerate().map(|(n, (item, location))| {
        json!({ "reference": format!("m{n}"), "item": item, "location": location, "kind": "receipt",
            "quantity": "2", "at": format!("2026-01-01T10:00:{n:02}Z") })
    });
    let rows: Vec<Value> = rows.collect();
    set(site, "import", "books", "import_movements", json!({ "rows": rows })).await;
    let mut orders = Vec::new();
    for _ in 0..ORDERS {
        orders.push(draft(site, "ann", "1.00 EUR").await);
    }
    orders.reverse();
    orders
}

/// Every row of a list by its key, page by page; all but the last page are full.
async fn walked(by: &Client, path: &str, limit: usize, key: impl Fn(&Value) -> String) -> Vec<String> {
    let (mut keys, mut next) = (Vec::new(), Some(format!("{path}?limit={limit}")));
    while let Some(address) = next {
        let page = by.get(&address).await.is(200);
        let rows = page["items"].as_array().unwrap();
        next = page["next"].as_str().map(str::to_owned);
        assert!(rows.len() == limit || next.is_none() && rows.len() < limit, "{address}: {} rows", rows.len());
        assert!(!rows.is_empty() || keys.is_empty(), "{address}: a next page that is empty");
        keys.extend(rows.iter().map(&key));
    }
    keys
}

/// The list with pages of several sizes, and without one.
async fn is_walked_once(by: &Client, path: &str, all: &[String], key: impl Fn(&Value) -> String + Copy) {
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    for limit in [1, 4, all.len() - 1, all.len(), all.len() + 1, 500] {
        assert_eq!(walked(by, path, limit, key).await, all, "{path}, {limit} a page");
    }
    let plain = by.get(path).await.is(200);
    assert_eq!(plain["items"].as_array().unwrap().iter().map(key).collect::<Vec<_>>(), all, "{path}");
}

fn movements_path(item: &str, place: &str) -> String {
    format!("/v1/stock/{}/{}/movements", escaped(item), escaped(place))
}

pub(super) async fn every_list_is_walked_once(site: Site) {
    let orders = filled(&site).await;
    let ann = site.by("ann");
    let owned = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let code = |row: &Value| text(&row["code"]);
    is_walked_once(&ann, "/v1/items", &owned(&ITEMS), code).await;
    is_walked_once(&ann, "/v1/suppliers", &owned(&SUPPLIERS), code).await;
    assert_eq!(walked(&ann, "/v1/locations", 1, code).await, PLACES);
    let levels: Vec<String> = ITEMS.iter().flat_map(|item| PLACES.map(|place| format!("{item}@{place}"))).collect();
    let level = |row: &Value| format!("{}@{}", text(&row["item"]), text(&row["location"]));
    is_walked_once(&ann, "/v1/stock", &levels, level).await;
    is_walked_once(&ann, "/v1/orders", &orders, |row| text(&row["id"])).await;
    let numbers: Vec<String> = (1..=MOVEMENTS).rev().map(|seq| seq.to_string()).collect();
    let path = movements_path(ITEMS[0], PLACES[1]);
    is_walked_once(&ann, &path, &numbers, |row| row["seq"].to_string()).await;
    for item in ITEMS {
        let found = ann.get(&format!("/v1/items/{}", escaped(item))).await.is(200);
        assert_eq!((&found["code"], found["stock"].as_array().unwrap().len()), (&json!(item), 2), "{found}");
    }

    // Rows that come while somebody reads: behind the cursor they are seen, before it they are not, and nothing twice.
    let first = ann.get("/v1/items?limit=5").await.is(200);
    for code in ["0", "mid"] {
        set(&site, "item", code, "set_item", json!({ "name": code, "stock_unit": "piece" })).await;
    }
    let rest = ann.get(&format!("{}0", first["next"].as_str().unwrap())).await.is(200);
    let seen: Vec<String> =
        [&first, &rest].iter().flat_map(|p| p["items"].as_array().unwrap().iter().map(code)).collect();
    let mut expected = owned(&ITEMS);
    expected.insert(7, "mid".to_owned());
    assert_eq!(seen, expected);
    let newest = ann.get("/v1/orders?limit=3").await.is(200);
    draft(&site, "ann", "1.00 EUR").await;
    let older = ann.get(newest["next"].as_str().unwrap()).await.is(200);
    assert_eq!(older["items"][0]["id"], orders[3]);
    site.end().await;
}

pub(super) async fn what_is_not_there_and_what_is_not_ours(site: Site) {
    let orders = filled(&site).await;
    let (ann, stranger) = (site.by("ann"), site.by("stranger"));
    let movements = movements_path(ITEMS[0], PLACES[1]);
    let lists = ["/v1/items", "/v1/suppliers", "/v1/locations", "/v1/stock", "/v1/orders", &movements];
    for list in lists {
        for limit in ["0", "501", "-1", "many", ""] {
            let refused = ann.get(&format!("{list}?limit={limit}")).await.refused(400, "invalid_query");
            assert!(text(&refused["detail"]).starts_with("limit: "), "{refused}");
        }
        ann.get(&format!("{list}?colour=red")).await.refused(400, "invalid_query");
        site.anonymous().get(list).await.refused(401, "unauthenticated");
    }
    for list in ["/v1/orders", &movements] {
        let refused = ann.get(&format!("{list}?after=nothing")).await.refused(400, "invalid_query");
        assert!(text(&refused["detail"]).contains("`nothing`"), "{refused}");
    }
    // A cursor is a place between rows: its row need not be there.
    assert_eq!(ann.get("/v1/items?after=m").await.is(200)["items"][0]["code"], "n1");
    assert_eq!(ann.get("/v1/items?after=%C3%BF").await.is(200), json!({ "items": [] }));
    assert_eq!(ann.get("/v1/stock?after=a").await.is(200)["items"][0]["item"], "a", "before each of its places");

    let nobody = "01900000-0000-7000-8000-000000000000";
    let unknown = [
        "/v1/items/nowhere".to_owned(),
        format!("/v1/orders/{nobody}"),
        movements_path("nowhere", PLACES[1]),
        movements_path(ITEMS[0], "nowhere"),
        format!("{}?after=5", movements_path("nowhere", PLACES[1])),
    ];
    for path in unknown {
        let refused = ann.get(&path).await.refused(404, "not_found");
        assert!(text(&refused["detail"]).contains(if path.contains(nobody) { nobody } else { "nowhere" }), "{refused}");
    }
    ann.get("/v1/orders/7").await.refused(400, "invalid_path");

    for list in &lists[..5] {
        assert_eq!(stranger.get(list).await.is(200), json!({ "items": [] }), "{list}");
    }
    let single = [format!("/v1/items/{}", escaped(ITEMS[0])), format!("/v1/orders/{}", orders[0]), movements.clone()];
    for path in single {
        ann.get(&path).await.is(200);
        stranger.get(&path).await.refused(404, "not_found");
    }
    // A cursor of ours opens nothing either.
    assert_eq!(stranger.get(&format!("/v1/orders?after={}", orders[0])).await.is(200), json!({ "items": [] }));
    site.end().await;
}

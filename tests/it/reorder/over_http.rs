//! Runs over HTTP: who may start one, what is told of it, and what an order that comes to nothing gives back.

use std::time::{Duration, Instant};

use fluxor_tests::server::Site;
use serde_json::json;

use super::*;

const RUNS: &str = "/v1/workflows/reorder_run/instances";

/// The shipped definition, but for its schedule: no run comes by itself at two in the morning.
fn definition() -> String {
    let text = include_str!("../../../definitions/reorder_run.yaml");
    let nights = "cron: 0 2 * * MON-FRI";
    assert!(text.contains(nights));
    text.replace(nights, "cron: 0 2 29 2 *")
}

/// Ann plans, Bob is her manager, Eve buys. Apples and bags are short, caps are not, and nobody sells drums.
async fn stocked(place: Place) -> Site {
    let site = Site::new(place, &[("reorder_run.yaml", &definition())]).await;
    let admin = site.admin();
    let units = json!({ "units": [
        { "id": "it", "roles": { "buyer": ["eve", "fay"] } },
        { "id": "purchasing", "roles": { "planner": ["ann"], "buyer": ["eve"] } },
    ] });
    admin.patch("/v1/organisation", &units).await.is(200);
    let set = async |kind: &str, key: &str, params: Value| {
        admin.post(&format!("/v1/records/{kind}/{key}/set_{kind}"), &params).await.is(200);
    };
    set("company", "company", json!({ "name": "Small", "currency": "EUR", "zone": "UTC", "today": "2026-11-02" }))
        .await;
    set("unit", "pc", json!({ "name": "Piece", "grid": "1" })).await;
    set("supplier", "fruit", json!({ "name": "Fruit & Co", "approved": true })).await;
    set("location", "main", json!({ "name": "Main" })).await;
    for (item, there) in [("apple", "4"), ("bag", "9"), ("cap", "10"), ("drum", "0")] {
        set("item", item, json!({ "name": item, "stock_unit": "pc" })).await;
        set("policy", &format!("{item}@main"), json!({ "order_point": "10", "order_up_to": "30" })).await;
        if item != "drum" {
            let term = json!({ "unit": "pc", "price": "2.50 EUR", "multiple": "2" });
            set("term", &format!("{item}@fruit@1"), term).await;
        }
        let opening = json!({ "kind": "opening", "quantity": there });
        admin.post(&format!("/v1/records/stock/{item}@main/record_movement"), &opening).await.is(200);
    }
    site
}

/// Runs as ann, to the end; returns what is told of it.
async fn run(site: &Site) -> Value {
    let started = site.by("ann").post(RUNS, &json!({ "input": { "unit": "purchasing" } })).await.is(201);
    let path = format!("/v1/reorder/runs/{}", started["id"].as_str().unwrap());
    let since = Instant::now();
    loop {
        let told = site.by("bob").get(&path).await.is(200);
        if told["state"] == "done" {
            return told;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{told}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Its lines: item and quantity.
fn lines(told: &Value) -> Vec<(&str, &str)> {
    let orders = told["orders"].as_array().unwrap().iter();
    let lines = orders.flat_map(|order| order["lines"].as_array().unwrap());
    let mut lines: Vec<_> =
        lines.map(|line| (line["item"].as_str().unwrap(), line["quantity"].as_str().unwrap())).collect();
    lines.sort_unstable();
    lines
}

/// The only order of a run, and its open task.
async fn ordered(site: &Site, told: &Value) -> (String, Value) {
    assert_eq!(told["orders"].as_array().unwrap().len(), 1, "{told}");
    let id = told["orders"][0]["id"].as_str().unwrap().to_owned();
    let whole = site.by("ann").get(&format!("/v1/instances/{id}")).await.is(200);
    (id, whole["tasks"][0].clone())
}

/// On hand and on order of the apples.
async fn apples(site: &Site) -> (String, String) {
    let item = site.by("ann").get("/v1/items/apple").await.is(200);
    let text = |name: &str| item["stock"][0][name].as_str().unwrap().to_owned();
    (text("on_hand"), text("on_order"))
}

async fn who_may_start_one(place: Place) {
    let site = stocked(place).await;
    let input = json!({ "input": { "unit": "purchasing" } });
    for who in ["bob", "eve", "admin", "stranger"] {
        let refused = site.by(who).post(RUNS, &input).await.refused(403, "not_allowed");
        assert_eq!(refused["rule"], "the role `planner`", "{who}: {refused}");
    }
    site.anonymous().post(RUNS, &input).await.refused(401, "unauthenticated");
    let ann = site.by("ann");
    let wrong = json!({ "input": { "unit": "purchasing", "as_of": "soon" } });
    ann.post(RUNS, &wrong).await.refused(422, "invalid_input");
    let computed = json!({ "input": { "unit": "purchasing", "short": 7 } });
    ann.post(RUNS, &computed).await.refused(422, "invalid_input");
    let other = ann.get("/v1/instances?workflow=reorder_run").await.is(200);
    assert_eq!(other["items"], json!([]), "nothing was started");

    let told = run(&site).await;
    assert_eq!((&told["looked_at"], &told["short"], &told["as_of"]), (&json!(4), &json!(3), &json!("2026-11-02")));
    assert_eq!(lines(&told), [("apple", "26"), ("bag", "22")], "in twos");
    let order = &told["orders"][0];
    let shown = (&order["supplier"], &order["supplier_name"], &order["value"], &order["state"]);
    assert_eq!(shown, (&json!("fruit"), &json!("Fruit & Co"), &json!("120.00 EUR"), &json!("open.review")));
    assert_eq!(order["asked"], json!([{ "step": "chain", "person": "bob" }]));
    let missed = &told["not_ordered"];
    assert_eq!(
        (&missed[0]["item"], &missed[0]["reason"], &missed[1]),
        (&json!("drum"), &json!("no_term"), &json!(null))
    );

    // A key names a run; a second start with it is that run or is refused, never another.
    let keyed = json!({ "key": "november", "input": { "unit": "purchasing" } });
    ann.post(RUNS, &keyed).await.is(201);
    let twice = ann.post(RUNS, &keyed).await;
    assert!(twice.status < 500 && twice.status != 201, "{}", twice.text);
    let runs = ann.get("/v1/instances?workflow=reorder_run").await.is(200);
    assert_eq!(runs["items"].as_array().unwrap().len(), 2);

    let path = format!("/v1/reorder/runs/{}", told["run"].as_str().unwrap());
    site.by("stranger").get(&path).await.refused(404, "unknown_instance");
    ann.get("/v1/reorder/runs/01900000-0000-7000-8000-000000000000").await.refused(404, "unknown_instance");
    let (order, _) = ordered(&site, &told).await;
    ann.get(&format!("/v1/reorder/runs/{order}")).await.refused(404, "not_found");
    site.end().await;
}

async fn what_ends_gives_back(place: Place) {
    let site = stocked(place).await;
    let (ann, bob, eve) = (site.by("ann"), site.by("bob"), site.by("eve"));
    let told = run(&site).await;
    assert_eq!(apples(&site).await, ("4".into(), "26".into()));
    assert_eq!(lines(&run(&site).await), [], "all of it is on order");
    let (id, _) = ordered(&site, &told).await;
    edited(&site, &id).await;
    let task = ann.get(&format!("/v1/instances/{id}")).await.is(200)["tasks"][0].clone();
    let no = json!({ "act": "reject", "step": "chain", "reason": "too many" });
    assert_eq!(bob.decide(&task, &no).await.is(200)["state"], "rejected");
    assert_eq!(apples(&site).await, ("4".into(), "0".into()), "rejected");
    assert_eq!(ann.get(&format!("/v1/orders/{id}")).await.is(200)["status"], "rejected");

    let told = run(&site).await;
    assert_eq!((lines(&told), apples(&site).await.1), (vec![("apple", "26"), ("bag", "22")], "26".into()));
    let (id, _) = ordered(&site, &told).await;
    let cancel = format!("/v1/instances/{id}/cancel");
    ann.post(&cancel, &json!({})).await.refused(422, "reason_required");
    let why = json!({ "reason": "later" });
    bob.post(&cancel, &why).await.refused(403, "not_allowed");
    assert_eq!(apples(&site).await.1, "26", "what is refused gives nothing back");
    assert_eq!(ann.post(&cancel, &why).await.is(200)["state"], "cancelled");
    assert_eq!(apples(&site).await.1, "0", "cancelled in review");

    // The third goes out; a part comes, and the rest is given up.
    let told = run(&site).await;
    let (id, task) = ordered(&site, &told).await;
    bob.decide(&task, &json!({ "act": "approve", "step": "chain" })).await.is(200);
    let since = Instant::now();
    while ann.get(&format!("/v1/instances/{id}")).await.is(200)["state"] != "ordered" {
        assert!(since.elapsed() < Duration::from_secs(60), "{id} is not sent");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let order = ann.get(&format!("/v1/orders/{id}")).await.is(200);
    let number = order["line_items"].as_array().unwrap().iter().find(|line| line["item"] == "apple").unwrap();
    let come = json!({ "payload": { "lines": [{ "line": number["line"], "quantity": "4" }] } });
    eve.signal(&id, "receive", &come).await.is(200);
    assert_eq!(apples(&site).await, ("8".into(), "22".into()));
    assert_eq!(lines(&run(&site).await), []);
    assert_eq!(eve.post(&format!("/v1/instances/{id}/cancel"), &why).await.is(200)["state"], "cancelled");
    assert_eq!(apples(&site).await, ("8".into(), "0".into()));
    assert_eq!(lines(&run(&site).await), [("apple", "22"), ("bag", "22")], "what came counts");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["ok"], true);
    site.end().await;
}

/// Whoever edits a run's line changes what is ordered, not why; both are told.
async fn edited(site: &Site, id: &str) {
    let why = async || {
        let order = site.by("bob").get(&format!("/v1/orders/{id}")).await.is(200);
        order["line_items"].as_array().unwrap().clone()
    };
    let lines = why().await;
    assert!(
        lines.iter().all(|line| line["why"]["need"].is_string() && line["why"].get("run_ordered").is_none()),
        "{lines:?}"
    );
    let mut less: Vec<Value> = lines
        .iter()
        .map(|line| {
            let fields = ["line", "item", "unit", "quantity", "price", "location"];
            fields.iter().map(|name| ((*name).to_owned(), line[name].clone())).collect::<serde_json::Map<_, _>>().into()
        })
        .collect();
    let apple = lines.iter().position(|line| line["item"] == "apple").unwrap();
    less[apple]["quantity"] = json!("24");
    site.by("ann").signal(id, "edit", &json!({ "payload": { "lines": less } })).await.is(200);
    let lines = why().await;
    let ran = json!({ "supplier": "fruit", "quantity": "26", "unit": "pc" });
    assert_eq!((&lines[apple]["quantity"], &lines[apple]["why"]["run_ordered"]), (&json!("24"), &ran));
    assert!(lines.iter().filter(|line| line["item"] != "apple").all(|line| line["why"].get("run_ordered").is_none()));
}

async fn why_is_told_and_nothing_changes(place: Place) {
    let site = stocked(place).await;
    let ann = site.by("ann");
    let before = site.admin().get("/v1/audit/verify").await.is(200)["entries"].clone();
    let told = ann.get("/v1/reorder/explain?item=apple").await.is(200);
    let why = &told["items"][0];
    assert_eq!(
        (told["items"].as_array().unwrap().len(), &why["item"], &why["location"]),
        (1, &json!("apple"), &json!("main"))
    );
    for part in ["position", "need", "offers"] {
        assert!(why.to_string().contains(part), "{part}: {why}");
    }
    assert!(why.to_string().contains("\"26\""), "{why}");
    assert_eq!(ann.get("/v1/reorder/explain?item=apple&location=main").await.is(200), told);
    let nowhere = ann.get("/v1/reorder/explain?item=apple&location=nowhere").await.is(200);
    assert_eq!(nowhere, json!({ "items": [] }));
    assert!(ann.get("/v1/reorder/explain?item=cap").await.is(200)["items"][0].to_string().contains("not_short"));
    assert!(ann.get("/v1/reorder/explain?item=drum").await.is(200)["items"][0].to_string().contains("no_term"));
    ann.get("/v1/reorder/explain?item=nothing").await.refused(404, "not_found");
    ann.get("/v1/reorder/explain").await.refused(400, "invalid_query");
    ann.get("/v1/reorder/explain?item=apple&as_of=soon").await.refused(400, "invalid_query");
    site.by("stranger").get("/v1/reorder/explain?item=apple").await.refused(404, "not_found");
    assert_eq!(site.admin().get("/v1/audit/verify").await.is(200)["entries"], before);
    assert_eq!(ann.get("/v1/orders").await.is(200)["items"], json!([]));
    site.end().await;
}

macro_rules! on_both {
    ($($test:ident)*) => {
        mod sqlite {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test(Place::sqlite()).await;
            })*
        }

        mod postgres {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                if let Some(place) = Place::postgres(stringify!($test)).await {
                    super::$test(place).await;
                }
            })*
        }
    };
}

on_both! { who_may_start_one what_ends_gives_back why_is_told_and_nothing_changes }

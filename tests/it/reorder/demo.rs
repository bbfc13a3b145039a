//! `fluxor demo --once` with the sample company.

use serde_json::json;

use super::*;

/// Orders as both databases must have them: supplier, value, lines.
fn orders(told: &Value) -> Vec<String> {
    let orders = told["orders"].as_array().unwrap();
    let mut told: Vec<String> = orders
        .iter()
        .map(|order| {
            let mut lines: Vec<String> = order["lines"].as_array().unwrap().iter().map(Value::to_string).collect();
            lines.sort();
            json!([order["supplier"], order["value"], lines]).to_string()
        })
        .collect();
    told.sort();
    told
}

/// The demo, again, and with another company.
async fn whole(place: Place) -> Vec<String> {
    let told = object(&done(&place, &["demo", "--once", "--json"]).await);
    let figures = ["items_read", "items_short", "orders_created", "waiting", "refusals", "audit_ok"];
    let figures: Vec<&Value> = figures.iter().map(|name| &told[*name]).collect();
    assert_eq!(json!(figures), json!([300, 50, 19, 0, 0, true]));
    let first = orders(&told);
    assert_eq!(first.len(), 19);
    let lines = place.count(&format!("SELECT COUNT(*) {OPEN}")).await;
    let again = object(&done(&place, &["demo", "--once", "--json"]).await);
    assert_eq!((&again["orders_created"], &again["audit_ok"]), (&json!(0), &json!(true)), "{again}");
    assert_eq!(again["items_read"], 300);
    assert_eq!(again["items_short"], told["not_ordered"].as_array().unwrap().len());
    assert_eq!(place.count(&format!("SELECT COUNT(*) {OPEN}")).await, lines, "nothing twice");
    done(&place, &["audit", "verify"]).await;

    let other = tempfile::tempdir().unwrap();
    let write = |file: &str, text: &str| std::fs::write(other.path().join(file), text).unwrap();
    write("company.csv", "name,currency,zone\nOther,EUR,UTC\n");
    write("units.csv", "code,name,grid\npc,Piece,1\n");
    write("items.csv", "code,name,stock_unit\na,Apple,pc\n");
    write("locations.csv", "code,name\nmain,Main\n");
    let data = other.path().to_str().unwrap();
    let refused = fluxor(&place, &["demo", "--once", "--json", "--data", data]).output().await.unwrap();
    let words = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success() && words.contains("holds Lotsenrad GmbH already: give Other"), "{words}");
    assert_eq!(place.count("SELECT COUNT(*) FROM item").await, 300);
    place.remove().await;
    first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sample_company_is_ordered_for_alike_on_both_databases() {
    let Some(postgres) = Place::postgres("demo").await else {
        whole(Place::sqlite()).await;
        return;
    };
    let (one, other) = tokio::join!(tokio::spawn(whole(Place::sqlite())), tokio::spawn(whole(postgres)));
    assert_eq!(one.unwrap(), other.unwrap());
}

//! How fast another system's ledger and demand come in: commands of 1,000 rows, one after the other, each one entry.

use std::time::Instant;

use fluxor_engine::command::{Actor, Change, Verb};
use serde_json::{Map, Value, json};

use super::{Bench, command};

/// How many items the rows are spread over.
const ITEMS: usize = 227;

/// How many commands of 1,000 rows.
const COMMANDS: usize = 60;

async fn change(engine: &Bench, run: usize, kind: &str, key: &str, action: &str, params: Value) {
    let params: Map<String, Value> = params.as_object().unwrap().clone();
    let verb = Change::Record { kind: kind.into(), key: key.into(), action: action.into(), params };
    engine.submit(command(Actor::System, format!("{run}-{key}-{action}"), Verb::Change(verb))).await.unwrap();
}

/// Rows a second, of movements and of demand.
pub(super) async fn import(engine: &Bench, run: usize) -> [f64; 2] {
    change(engine, run, "unit", "piece", "set_unit", json!({ "name": "Piece", "grid": "1" })).await;
    change(engine, run, "location", "main", "set_location", json!({ "name": "Main" })).await;
    for item in 0..ITEMS {
        let params = json!({ "name": "An item", "stock_unit": "piece" });
        change(engine, run, "item", &format!("item-{item}"), "set_item", params).await;
    }
    let mut rates = [0.0; 2];
    for (rate, action) in rates.iter_mut().zip(["import_movements", "import_demand"]) {
        let began = Instant::now();
        for number in 0..COMMANDS {
            let rows = (0..1_000).map(|n| row(action, run, number * 1_000 + n)).collect::<Vec<_>>();
            change(engine, run, "import", &format!("bench/{number}"), action, json!({ "rows": rows })).await;
        }
        *rate = COMMANDS as f64 * 1_000.0 / began.elapsed().as_secs_f64();
    }
    rates
}

fn row(action: &str, run: usize, n: usize) -> Value {
    let (reference, item) = (format!("bench:{run}:{n}"), format!("item-{}", n * 7 % ITEMS));
    if action == "import_demand" {
        return json!({
            "reference": reference, "item": item, "location": "main", "quantity": "3", "ordered_on": "2016-05-31",
            "due_on": "2016-06-01", "done_at": if n.is_multiple_of(9) { Value::Null } else { json!("2016-06-01T11:00:00Z") },
        });
    }
    json!({
        "reference": reference, "item": item, "location": "main", "kind": "issue", "quantity": "-3",
        "at": "2016-05-31T11:00:00Z",
    })
}

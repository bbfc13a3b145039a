//! The ledger and demand: what is there is the sum of what moved, whatever came in whatever order.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::testing::{Desk, TENANT};

fn movement(reference: &str, kind: &str, quantity: &str) -> Json {
    json!({
        "reference": reference, "item": "desk", "location": "main", "kind": kind, "quantity": quantity,
        "at": "2026-01-05T07:00:00Z",
    })
}

fn demand(reference: &str, quantity: &str, done_at: Option<&str>) -> Json {
    let ordered_on = "2026-01-05";
    match done_at {
        None => {
            json!({"reference": reference, "item": "desk", "location": "main", "quantity": quantity, "ordered_on": ordered_on})
        }
        Some(at) => {
            json!({"reference": reference, "item": "desk", "location": "main", "quantity": quantity, "ordered_on": ordered_on, "done_at": at})
        }
    }
}

fn import(desk: &mut Desk, action: &str, rows: &[Json]) -> Result<usize, String> {
    let done = desk.set(action, "wwi/all", json!({ "rows": rows }));
    done.map(|ops| ops.len()).map_err(|(_, sentence)| sentence)
}

#[test]
fn movements_are_numbered_and_add_up() {
    let mut desk = Desk::stocked();
    desk.set("record_movement", "desk@main", json!({"kind": "opening", "quantity": "10"})).unwrap();
    let rows = [movement("m:1", "issue", "-3"), movement("m:2", "receipt", "5"), movement("m:1", "issue", "-3")];
    assert_eq!(import(&mut desk, "import_movements", &rows), Ok(2));
    assert_eq!(desk.level("desk", "main"), ("12".into(), "0".into(), "0".into(), 3));
    // The same again leaves no trace.
    assert_eq!(import(&mut desk, "import_movements", &rows), Ok(0));
    let key = crate::row::StockKey { item: "desk".into(), location: "main".into() };
    let seqs: Vec<i64> = desk.memory.newest(TENANT, &key, i64::MAX, 9).iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [3, 2, 1]);
    let by_hand = json!({"kind": "issue", "quantity": "-3", "reference": "m:1", "at": "2026-01-05T07:00:00Z"});
    assert_eq!(desk.set("record_movement", "desk@main", by_hand).unwrap(), []);
}

#[test]
fn a_movement_that_cannot_be_is_refused() {
    let mut desk = Desk::stocked();
    import(&mut desk, "import_movements", &[movement("m:1", "issue", "-3")]).unwrap();
    for (row, says) in [
        (movement("m:1", "issue", "-4"), "the movement `m:1` is there already and says something else"),
        (movement("m:2", "issue", "4"), "/rows/0/quantity: an issue goes out"),
        (movement("m:2", "recipt", "4"), "did you mean `receipt`?"),
        (movement("m:2", "receipt", "3.4"), "`desk` is counted in steps of 1 `piece`, and this is 3.4"),
        (movement("", "receipt", "3"), "/rows/0/reference: a reference has 1 to 200 bytes"),
        (
            json!({"reference": "m:2", "item": "desk", "qantity": "1"}),
            "a row has no `qantity`; did you mean `quantity`?",
        ),
        (json!("m:2"), "/rows/0: write an object"),
    ] {
        let sentence = import(&mut desk, "import_movements", &[row]).unwrap_err();
        assert!(sentence.contains(says), "{sentence}");
    }
    let many = vec![movement("x", "issue", "-1"); 1_001];
    assert!(import(&mut desk, "import_movements", &many).unwrap_err().contains("at most 1000 rows"));
    let (_, sentence) =
        desk.set("record_movement", "lamp@main", json!({"kind": "issue", "quantity": "-1"})).unwrap_err();
    assert_eq!(sentence, "there is no item `lamp`.");
    assert_eq!(desk.level("desk", "main").0, "-3");
}

#[test]
fn demand_reserves_until_it_is_done() {
    let mut desk = Desk::stocked();
    let done = Some("2026-02-01T07:00:00Z");
    import(&mut desk, "import_demand", &[demand("d:1", "4", None), demand("d:2", "2", None), demand("d:3", "9", done)])
        .unwrap();
    assert_eq!(desk.level("desk", "main").2, "6");
    assert_eq!(import(&mut desk, "import_demand", &[demand("d:1", "4", None)]), Ok(0));
    import(&mut desk, "import_demand", &[demand("d:1", "4", done), demand("d:2", "3", None)]).unwrap();
    assert_eq!(desk.level("desk", "main").2, "3");
    // An older file does not bring it back.
    assert_eq!(import(&mut desk, "import_demand", &[demand("d:1", "4", None)]), Ok(0));
    let mut other = demand("d:2", "3", None);
    other["location"] = json!("shop");
    assert!(import(&mut desk, "import_demand", &[other]).unwrap_err().contains("the demand `d:2` is there already"));
    let twice = [demand("d:9", "1", None), demand("d:9", "1", None)];
    assert!(import(&mut desk, "import_demand", &twice).unwrap_err().contains("told twice in one command"));
}

/// Something that happens to stock.
#[derive(Clone, Debug)]
enum Step {
    Move(u8, i64, bool),
    Ask(u8, u8, bool),
    Order(u8, u8, bool),
    Change(u8, u8),
    Receive(u8, u8),
    End(u8, &'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let status = prop::sample::select(vec!["ordered", "cancelled", "closed", "ordered", "draft"]);
    prop_oneof![
        (0..6_u8, -9..9_i64, any::<bool>()).prop_map(|(r, q, shop)| Step::Move(r, q, shop)),
        (0..6_u8, 0..9_u8, any::<bool>()).prop_map(|(r, q, done)| Step::Ask(r, q, done)),
        (0..4_u8, 1..9_u8, any::<bool>()).prop_map(|(n, q, shop)| Step::Order(n, q, shop)),
        (0..4_u8, 1..9_u8).prop_map(|(n, q)| Step::Change(n, q)),
        (0..4_u8, 1..9_u8).prop_map(|(n, q)| Step::Receive(n, q)),
        (0..4_u8, status).prop_map(|(n, status)| Step::End(n, status)),
    ]
}

type Orders = std::collections::BTreeMap<u8, crate::testing::Case>;

fn take(desk: &mut Desk, orders: &mut Orders, step: &Step) {
    let place = |shop: bool| if shop { "shop" } else { "main" };
    let line = |q: u8, shop: bool| json!({"item": "desk", "quantity": q.to_string(), "unit": "carton", "price": "1.00 EUR", "location": place(shop)});
    let loose = json!({"item": "glue", "quantity": "0.0015", "unit": "kg", "price": "1.00 EUR", "location": "main"});
    // Refusals are part of the history: they change nothing.
    match *step {
        Step::Move(reference, quantity, shop) => {
            let mut row = movement(&format!("m:{reference}"), "adjustment", &quantity.to_string());
            row["location"] = json!(place(shop));
            let _ = import(desk, "import_movements", &[row]);
        }
        Step::Ask(reference, quantity, done) => {
            let done = done.then_some("2026-02-01T07:00:00Z");
            let _ = import(desk, "import_demand", &[demand(&format!("d:{reference}"), &quantity.to_string(), done)]);
        }
        Step::Order(n, quantity, shop) => {
            orders.entry(n).or_insert_with(|| {
                let lines = [line(quantity, shop), line(1, shop), loose];
                desk.start(n.into(), json!({"requester": "ann", "supplier": "acme", "lines": lines})).unwrap()
            });
        }
        Step::Change(n, quantity) => {
            if let Some(case) = orders.get_mut(&n) {
                let mut kept = line(quantity, false);
                kept["line"] = json!(1 + i64::from(quantity % 2));
                let lines = json!([kept, line(quantity, true)]);
                let _ = desk.act("change_order", case, &[], json!({ "lines": lines }));
            }
        }
        Step::Receive(n, quantity) => {
            if let Some(case) = orders.get_mut(&n) {
                let lines = json!([{"line": 1 + quantity % 3, "quantity": (1 + quantity / 3).to_string()}]);
                let payload = if quantity == 8 { json!({}) } else { json!({ "lines": lines }) };
                let _ = desk.act("receive_goods", case, &[], payload);
            }
        }
        Step::End(n, status) => {
            if let Some(case) = orders.get_mut(&n) {
                let status = fluxor_engine::expression::Value::text(status);
                desk.act("set_order_status", case, &[("status", status)], json!({})).unwrap();
            }
        }
    }
}

/// Every quantity of every stock level is the sum of what it stands for.
fn check(desk: &Desk, orders: &Orders) {
    for level in desk.memory.stock_levels(TENANT, ("", ""), 99) {
        let mut moved = desk.memory.newest(TENANT, &level.key, i64::MAX, 9_999);
        moved.reverse();
        assert_eq!(level.on_hand.0, moved.iter().map(|row| row.quantity.0).sum::<i64>(), "{level:?}");
        assert!(moved.iter().map(|row| row.seq).eq(1..=level.movements), "{moved:?}");
        let asked = desk.memory.open_demand(TENANT, &level.key, "", 9_999);
        assert_eq!(level.reserved.0, asked.iter().map(|row| row.quantity.0).sum::<i64>(), "{level:?}");
        let mut open = 0;
        for case in orders.values() {
            let (row, lines) = desk.stored(case);
            let own = lines.iter().filter(|line| line.stock().as_ref() == Some(&level.key) && !row.status.is_closed());
            open += own
                .map(|line| {
                    let factor = line.factor.unwrap();
                    factor.apply(line.quantity).unwrap().0 - factor.apply(line.received).unwrap().0
                })
                .sum::<i64>();
        }
        assert_eq!(level.on_order.0, open, "{level:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn stock_is_the_sum_of_its_causes(history in prop::collection::vec(step(), 1..40)) {
        let (mut desk, mut orders) = (Desk::stocked(), Orders::new());
        for step in &history {
            take(&mut desk, &mut orders, step);
            check(&desk, &orders);
        }
    }
}

//! Lines of stock: their numbers, what is on order through them, and what comes.

use serde_json::{Value as Json, json};

use fluxor_engine::expression::Value;

use crate::testing::{Case, Desk};

fn line(quantity: &str, unit: &str) -> Json {
    json!({"item": "desk", "quantity": quantity, "unit": unit, "price": "5.00 EUR", "location": "main"})
}

fn numbered(line: u8, quantity: &str) -> Json {
    json!({"line": line, "item": "desk", "quantity": quantity, "unit": "piece", "price": "5.00 EUR", "location": "main"})
}

fn order(desk: &mut Desk, lines: &[Json]) -> Case {
    desk.start(1, json!({"requester": "ann", "supplier": "acme", "lines": lines})).unwrap()
}

fn status(desk: &mut Desk, case: &mut Case, status: &str) {
    desk.act("set_order_status", case, &[("status", Value::text(status))], json!({})).unwrap();
}

#[track_caller]
fn refused(desk: &mut Desk, case: &mut Case, action: &str, payload: Json, says: &str) {
    let before = desk.memory.clone();
    let (_, sentence) = desk.act(action, case, &[], payload).expect_err("it is refused");
    assert!(sentence.contains(says), "{sentence}");
    assert!(desk.memory == before);
}

#[test]
fn a_draft_is_on_order_and_takes_no_receipt_until_it_is_issued() {
    let mut desk = Desk::stocked();
    let mut case = order(&mut desk, &[line("10", "carton")]);
    assert_eq!(desk.level("desk", "main"), ("0".into(), "120".into(), "0".into(), 0));
    refused(&mut desk, &mut case, "receive_goods", json!({}), "it is draft, not ordered");
    status(&mut desk, &mut case, "ordered");
    desk.act("receive_goods", &mut case, &[], json!({"lines": [{"line": 1, "quantity": "4"}]})).unwrap();
    assert_eq!(desk.level("desk", "main"), ("48".into(), "72".into(), "0".into(), 1));
    let (row, lines) = desk.stored(&case);
    assert_eq!(
        (row.status.as_str(), lines[0].received.to_string(), lines[0].open().to_string()),
        ("ordered", "4".into(), "6".into())
    );
    assert_eq!(case.subject["lines_open"], 1);
    refused(
        &mut desk,
        &mut case,
        "receive_goods",
        json!({"lines": [{"line": 1, "quantity": "7"}]}),
        "/lines/0/quantity: 7 carton are more than the 6 that are open",
    );
    refused(
        &mut desk,
        &mut case,
        "receive_goods",
        json!({"lines": [{"line": 1, "quantity": "0"}]}),
        "what comes is more than 0",
    );
    refused(
        &mut desk,
        &mut case,
        "receive_goods",
        json!({"lines": [{"line": 1, "quantity": "0.5"}]}),
        "`carton` is counted in steps of 1",
    );
    refused(&mut desk, &mut case, "receive_goods", json!({"lines": [{"line": 2}]}), "the order has no line 2");
    // Two routes add up (B10).
    let twice = json!({"lines": [{"line": 1, "quantity": "2"}, {"line": 1, "quantity": "3"}]});
    desk.act("receive_goods", &mut case, &[], twice).unwrap();
    desk.act("receive_goods", &mut case, &[], json!({})).unwrap();
    assert_eq!(desk.level("desk", "main"), ("120".into(), "0".into(), "0".into(), 3));
    assert_eq!((desk.stored(&case).0.status.as_str(), case.subject["lines_open"].as_i64()), ("received", Some(0)));
}

#[test]
fn an_order_that_ends_frees_what_is_open_and_one_that_begins_again_takes_it_back() {
    let mut desk = Desk::stocked();
    let mut case = order(&mut desk, &[line("10", "piece")]);
    status(&mut desk, &mut case, "ordered");
    desk.act("receive_goods", &mut case, &[], json!({"lines": [{"line": 1, "quantity": "4"}]})).unwrap();
    for (ended, open) in [("closed", "0"), ("ordered", "6"), ("cancelled", "0"), ("rejected", "0"), ("ordered", "6")] {
        status(&mut desk, &mut case, ended);
        assert_eq!(desk.level("desk", "main"), ("4".into(), open.into(), "0".into(), 1), "{ended}");
    }
}

#[test]
fn numbers_of_lines_stay() {
    let mut desk = Desk::stocked();
    let mut case = order(&mut desk, &[line("1", "piece"), line("2", "piece"), line("3", "piece")]);
    let change = json!({"lines": [numbered(3, "3"), numbered(1, "7"), line("4", "piece")]});
    desk.act("change_order", &mut case, &[], change).unwrap();
    let shown = |desk: &Desk, case: &Case| -> Vec<(i64, String)> {
        desk.stored(case).1.iter().map(|line| (line.line, line.quantity.to_string())).collect()
    };
    assert_eq!(shown(&desk, &case), [(1, "7".into()), (3, "3".into()), (4, "4".into())]);
    assert_eq!(desk.level("desk", "main").1, "14");
    refused(&mut desk, &mut case, "change_order", json!({"lines": [numbered(2, "1")]}), "the order has no line 2");
    let twice = json!({"lines": [numbered(3, "1"), numbered(3, "1")]});
    refused(&mut desk, &mut case, "change_order", twice, "the number 3 is there twice");
    // The same lines without numbers are the same lines.
    let same = json!({"lines": [line("7", "piece"), line("3", "piece"), line("4", "piece")]});
    assert_eq!(desk.act("change_order", &mut case, &[], same).unwrap(), []);
}

#[test]
fn what_has_come_cannot_be_changed_away() {
    let mut desk = Desk::stocked();
    let mut case = order(&mut desk, &[line("10", "piece"), line("2", "piece")]);
    status(&mut desk, &mut case, "ordered");
    desk.act("receive_goods", &mut case, &[], json!({"lines": [{"line": 1, "quantity": "4"}]})).unwrap();
    let lowered = json!({"lines": [numbered(1, "3")]});
    refused(&mut desk, &mut case, "change_order", lowered, "Line 1 cannot be lowered to 3: 4 piece of it have come.");
    refused(&mut desk, &mut case, "change_order", json!({"lines": [numbered(2, "2")]}), "Line 1 cannot be removed");
    let mut moved = numbered(1, "10");
    moved["location"] = json!("shop");
    refused(&mut desk, &mut case, "change_order", json!({"lines": [moved]}), "Item, unit and location of line 1 stay");
    desk.act("change_order", &mut case, &[], json!({"lines": [numbered(1, "4")]})).unwrap();
    assert_eq!(desk.level("desk", "main"), ("4".into(), "0".into(), "0".into(), 1));
}

#[test]
fn a_line_of_stock_names_what_is_there_and_can_be_counted() {
    let mut desk = Desk::stocked();
    desk.set("set_location", "shop", json!({"active": false})).unwrap();
    let mut away = line("1", "piece");
    away["location"] = json!("shop");
    let mut unknown = line("1", "piece");
    unknown["item"] = json!("dsek");
    for (wrong, says) in [
        (line("3.4", "piece"), "/lines/0/quantity: `piece` is counted in steps of 1, and this is 3.4"),
        (line("1", "kg"), "/lines/0/unit: nothing says how many `piece` of `desk` one `kg` is"),
        (line("1", "pallet"), "/lines/0/unit: there is no unit `pallet`: what is delivered to a location is counted"),
        (away, "/lines/0/location: the location `shop` is not active"),
        (unknown, "/lines/0/item: there is no item `dsek`: what is delivered to a location is counted"),
    ] {
        let input = json!({"requester": "ann", "supplier": "acme", "lines": [wrong]});
        let (code, sentence) = desk.start(1, input).unwrap_err();
        assert_eq!(code, "invalid_order");
        assert!(sentence.contains(says), "{sentence}");
    }
    // All that is wrong with a line is told at once, whatever it is.
    let mut both = line("1", "pallet");
    both["item"] = json!("dsek");
    let mut shape = line("0", "pallet");
    shape["price"] = json!("12.50");
    for (id, wrong, all) in [
        (11, both, &["there is no item `dsek`", "there is no unit `pallet`"][..]),
        (12, shape, &["/lines/0/quantity: ", "/lines/0/price: ", "/lines/0/unit: there is no unit `pallet`"][..]),
    ] {
        let lines = json!([wrong]);
        let input = |lines: &Json| json!({"requester": "ann", "supplier": "acme", "lines": lines});
        let (_, sentence) = desk.start(id, input(&lines)).unwrap_err();
        assert!(all.iter().all(|says| sentence.contains(says)), "{sentence}");
        let mut case = desk.start(id, input(&json!([]))).unwrap();
        let (_, changed) = desk.act("change_order", &mut case, &[], json!({"lines": lines})).unwrap_err();
        assert!(all.iter().all(|says| changed.contains(says)), "{changed}");
    }
    // Each at its place, also where the numbers of lines are in another order.
    let mut case = desk.start(13, json!({"requester": "ann", "supplier": "acme", "lines": []})).unwrap();
    let lines = json!([line("1", "pallet"), numbered(9, "1"), line("2.5", "piece"), numbered(4, "0.5")]);
    let (_, sentence) = desk.act("change_order", &mut case, &[], json!({"lines": lines})).unwrap_err();
    for says in ["/lines/0/unit: there is no unit", "/lines/2/quantity: `piece`", "/lines/3/quantity: `piece`"] {
        assert!(sentence.contains(says) && !sentence.contains("/lines/1/"), "{sentence}");
    }
    // Without a location it is free text and touches no stock.
    let free = json!({"item": "dsek", "quantity": "3.4", "unit": "heap", "price": "5.00 EUR"});
    order(&mut desk, &[free]);
    assert_eq!(desk.level("dsek", "main").1, "0");
}

#[test]
fn the_factor_is_pinned_when_the_line_is_written() {
    let mut desk = Desk::stocked();
    let mut case = order(&mut desk, &[line("10", "carton")]);
    desk.set("set_item_unit", "desk@carton", json!({"numerator": 6})).unwrap();
    status(&mut desk, &mut case, "cancelled");
    assert_eq!(desk.level("desk", "main").1, "0");
    status(&mut desk, &mut case, "ordered");
    desk.act("receive_goods", &mut case, &[], json!({})).unwrap();
    assert_eq!(desk.level("desk", "main"), ("120".into(), "0".into(), "0".into(), 1));
}

#[test]
fn the_location_belongs_to_what_is_approved() {
    let mut desk = Desk::stocked();
    let mut shop = line("1", "piece");
    shop["location"] = json!("shop");
    let digest = |desk: &mut Desk, n, line: Json| {
        let case = desk.start(n, json!({"requester": "ann", "supplier": "acme", "lines": [line]})).unwrap();
        case.subject["lines_digest"].as_str().unwrap().to_owned()
    };
    let main = digest(&mut desk, 1, line("1", "piece"));
    assert_ne!(main, digest(&mut desk, 2, shop));
    let bytes = "[\"desk\",null,\"1\",\"piece\",\"5.00 EUR\",\"5.00 EUR\",\"main\"]\n";
    assert_eq!(main, fluxor_engine::ids::Digest::of(bytes).to_string());
}

#[test]
fn an_order_from_elsewhere_is_on_order_by_what_is_open() {
    let mut desk = Desk::stocked();
    let mut open = numbered(7, "10");
    open["received"] = json!("6");
    let subject = json!({"requester": "ann", "supplier": "acme", "ordered_on": "2026-02-20", "source": "import:wwi"});
    let mut case = Case {
        id: fluxor_engine::ids::InstanceId(uuid::Uuid::from_u128(9)),
        subject: crate::testing::document(subject),
    };
    let payload = json!({"number": "2074", "lines": [open]});
    desk.act("record_imported_order", &mut case, &[], payload).unwrap();
    assert_eq!(desk.level("desk", "main"), ("0".into(), "4".into(), "0".into(), 0));
    let (row, lines) = desk.stored(&case);
    assert_eq!((row.status.as_str(), row.number.as_deref(), lines[0].line), ("ordered", Some("2074"), 7));
    assert_eq!(row.ordered_on.unwrap().to_string(), "2026-02-20");
    desk.act("receive_goods", &mut case, &[], json!({})).unwrap();
    assert_eq!(desk.level("desk", "main"), ("4".into(), "0".into(), "0".into(), 1));
}

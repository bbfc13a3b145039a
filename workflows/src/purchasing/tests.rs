//! Orders: recorded, changed, numbered, told to the supplier; and each way to say no.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::Domain;
use fluxor_engine::expression::Value;
use serde_json::{Value as Json, json};

use crate::row::{Op, OrderStatus, SeriesKey, SeriesRow};
use crate::settings::Settings;
use crate::testing::{Case, Desk, TENANT, oracle};

fn line(item: &str, quantity: &str, price: &str) -> Json {
    json!({"item": item, "quantity": quantity, "unit": "piece", "price": price})
}

fn input(lines: &Json) -> Json {
    json!({"requester": "ann", "supplier": "ACME", "category": "it", "lines": lines})
}

fn number(desk: &mut Desk, case: &mut Case) -> String {
    desk.act("number_order", case, &[], json!({})).unwrap();
    case.subject["number"].as_str().unwrap().to_owned()
}

#[test]
fn an_order_is_recorded_with_its_lines() {
    let mut desk = Desk::new();
    let lines = json!([line("desk", "3", "33.3333 EUR"), line("pad", "2.5", "0.01 EUR")]);
    let case = desk.start(1, input(&lines)).unwrap();
    let (row, lines) = desk.stored(&case);
    assert_eq!((row.version, row.amount.to_string().as_str(), row.lines), (1, "100.03 EUR", 2));
    assert_eq!((row.status, row.number.clone(), row.unit.clone()), (OrderStatus::Draft, None, None));
    assert_eq!(lines[0].total.to_string(), "100.00 EUR");
    assert_eq!((lines[1].line, lines[1].total.to_string().as_str()), (2, "0.03 EUR"));
    assert_eq!(case.subject["amount"], "100.03 EUR");
    assert_eq!(case.subject["lines"], 2);
    assert_eq!(case.subject["lines_digest"], row.lines_digest.to_string());
}

#[test]
fn the_digest_covers_the_canonical_lines() {
    let mut desk = Desk::new();
    let mut digest = |number, lines: Json| {
        desk.start(number, input(&lines)).unwrap().subject["lines_digest"].as_str().unwrap().to_owned()
    };
    let first = digest(1, json!([line("desk", "3", "33.30 EUR")]));
    assert_eq!(digest(2, json!([line("desk", "3.000", "33.3 EUR")])), first);
    assert_ne!(digest(3, json!([line("desk", "3", "33.31 EUR")])), first);
    let bytes = "[\"desk\",null,\"3\",\"piece\",\"33.30 EUR\",\"99.90 EUR\"]\n";
    assert_eq!(fluxor_engine::ids::Digest::of(bytes).to_string(), first);
}

#[test]
fn a_draft_may_be_empty_and_costs_nothing() {
    let mut desk = Desk::new();
    let case = desk.start(1, json!({"requester": "ann", "supplier": "ACME"})).unwrap();
    assert_eq!((case.subject["amount"].as_str(), case.subject["lines"].as_i64()), (Some("0.00 EUR"), Some(0)));
}

#[test]
fn each_mistake_in_the_lines_is_told_with_its_place() {
    let big = "900000000000000 EUR";
    for (lines, says) in [
        (json!("desk"), "/lines: write a list of lines."),
        (json!(["desk"]), "/lines/0: write an object with item, quantity, unit and price."),
        (
            json!([{"item": "a", "quantity": "1", "unit": "kg", "prise": "1 EUR"}]),
            "/lines/0: a line has no `prise`; did you mean `price`?",
        ),
        (json!([line("", "1", "1 EUR")]), "/lines/0/item: the text is empty; leave the field out instead."),
        (json!([line("a\0", "1", "1 EUR")]), "/lines/0/item: the text contains a NUL character."),
        (json!([line("a", "0", "1 EUR")]), "/lines/0/quantity: the quantity must be more than 0, and it is 0."),
        (json!([line("a", "-1", "1 EUR")]), "/lines/0/quantity: the quantity must be more than 0, and it is -1."),
        (json!([line("a", "0.0000001", "1 EUR")]), "/lines/0/quantity: `0.0000001` is finer than 6 places."),
        (
            json!([{"item": "a", "quantity": 10, "unit": "kg", "price": "1 EUR"}]),
            "/lines/0/quantity: write the quantity as text, such as \"10\".",
        ),
        (
            json!([{"item": "a", "unit": "kg", "price": "1 EUR"}]),
            "/lines/0/quantity: the quantity is missing: write it as text, such as \"10\".",
        ),
        (json!([{"item": "a", "quantity": "1", "price": "1 EUR"}]), "/lines/0/unit: the unit of measure is missing."),
        (json!([line("a", "1", "-1 EUR")]), "/lines/0/price: a price is not negative, and this is -1.00 EUR."),
        (
            json!([line("a", "1", "1 EUR"), line("b", "1", "1 USD")]),
            "/lines/1/price: an order has one currency, and this price is in USD, not EUR.",
        ),
        (
            json!([line("a", "9000000000", "900000000 EUR")]),
            "/lines/0: 9000000000 times 900000000.00 EUR is more money than can be booked.",
        ),
        (
            json!([line("a", "1", big), line("b", "1", big)]),
            "/lines: together the lines cost more money than can be booked.",
        ),
        (
            json!([line("a", "x", "1 EUR"), line("b", "0", "1 EUR")]),
            "/lines/0/quantity: `x` is not a decimal number: write digits with a point, such as 1200.50; /lines/1/quantity: the quantity must be more than 0, and it is 0.",
        ),
        // All of a line, not only what comes first in it.
        (
            json!([{"quantity": "0", "unti": "kg", "price": "-1 EUR", "line": 0}]),
            "/lines/0: a line has no `unti`; did you mean `unit`?; /lines/0/item: the item is missing; /lines/0/quantity: the quantity must be more than 0, and it is 0; /lines/0/price: a price is not negative, and this is -1.00 EUR; /lines/0/line: the number of a line is a whole number from 1 to 1000000.",
        ),
    ] {
        let (code, sentence) = Desk::new().start(1, input(&lines)).unwrap_err();
        assert_eq!((code.as_str(), sentence.as_str()), ("invalid_order", says));
    }
    let many: Vec<Json> = (0..1_001).map(|_| line("a", "1", "1 EUR")).collect();
    let (_, sentence) = Desk::new().start(1, input(&many.into())).unwrap_err();
    assert_eq!(sentence, "/lines: an order has at most 1000 lines, and these are 1001.");
    let many: Vec<Json> = (0..24).map(|_| line("a", "0", "1 EUR")).collect();
    let (_, sentence) = Desk::new().start(1, input(&many.into())).unwrap_err();
    assert!(sentence.ends_with("; and 4 more."), "{sentence}");
}

#[test]
fn an_order_needs_its_requester_and_supplier() {
    for (input, says) in [
        (json!({"supplier": "ACME"}), "/requester: the requester is missing."),
        (json!({"requester": "ann", "supplier": null}), "/supplier: the supplier is missing."),
        (json!({"requester": "ann", "supplier": 5}), "/supplier: write text."),
        // The lines with what is wrong beside them.
        (
            json!({"supplier": null, "lines": [line("", "1", "1 EUR")]}),
            "/lines/0/item: the text is empty; leave the field out instead; /requester: the requester is missing; /supplier: the supplier is missing.",
        ),
    ] {
        assert_eq!(Desk::new().start(1, input).unwrap_err(), ("invalid_order".to_owned(), says.to_owned()));
    }
}

#[test]
fn what_a_change_brings_is_set_and_the_rest_stays() {
    let mut desk = Desk::new();
    let mut case = desk.start(1, input(&json!([line("desk", "1", "10 EUR")]))).unwrap();
    let change = json!({"note": "urgent", "category": null, "lines": [line("desk", "2", "10 USD")]});
    let ops = desk.act("change_order", &mut case, &[], change.clone()).unwrap();
    assert_eq!(ops.len(), 2);
    let (row, lines) = desk.stored(&case);
    assert_eq!((row.version, row.amount.to_string().as_str(), &*row.supplier), (2, "20.00 USD", "ACME"));
    assert_eq!((row.note.as_deref(), row.category, lines.len()), (Some("urgent"), None, 1));
    assert_eq!((&case.subject["amount"], &case.subject["category"]), (&json!("20.00 USD"), &Json::Null));
    assert_eq!(desk.act("change_order", &mut case, &[], change).unwrap(), []);
    // Recording again is a change too: a workflow that comes back to its start records nothing twice.
    desk.act("record_order", &mut case, &[], json!({"lines": []})).unwrap();
    assert_eq!((desk.stored(&case).1.len(), &case.subject["lines"]), (0, &json!(0)));
}

#[test]
fn a_change_is_refused_where_it_makes_no_sense() {
    let mut desk = Desk::new();
    let mut case = desk.order(1, "10 EUR");
    let refused = desk.act("change_order", &mut case, &[], json!({"supplier": null})).unwrap_err();
    assert_eq!(refused.1, "/supplier: an order needs its supplier.");
    desk.act("set_order_status", &mut case, &[("status", Value::text("cancelled"))], json!({})).unwrap();
    let refused = desk.act("change_order", &mut case, &[], json!({"note": "x"})).unwrap_err();
    assert_eq!(refused, ("order_closed".into(), "This order is cancelled; it cannot be changed any more.".into()));
    let mut stranger = Case { id: fluxor_engine::ids::InstanceId(uuid::Uuid::from_u128(9)), ..case };
    let refused = desk.act("change_order", &mut stranger, &[], json!({})).unwrap_err();
    assert_eq!(refused.0, "order_not_recorded");
}

#[test]
fn the_status_is_one_of_the_list() {
    let mut desk = Desk::new();
    let mut case = desk.order(1, "10 EUR");
    let mut set = |status: &str| desk.act("set_order_status", &mut case, &[("status", Value::text(status))], json!({}));
    assert_eq!(set("in_review").unwrap().len(), 1);
    assert_eq!(set("in_review").unwrap().len(), 0);
    let (code, sentence) = set("in-review").unwrap_err();
    assert_eq!(code, "unknown_order_status");
    assert!(sentence.ends_with("it is never `in-review`. Did you mean `in_review`?"), "{sentence}");
}

#[test]
fn numbers_are_gapless_and_given_once() {
    let mut desk = Desk::new();
    let mut cases: Vec<Case> = (1..=3).map(|n| desk.order(n, "10 EUR")).collect();
    assert_eq!(number(&mut desk, &mut cases[0]), "PO-2026-00001");
    assert_eq!(number(&mut desk, &mut cases[0]), "PO-2026-00001");
    // The second is rejected before issue and uses none.
    assert_eq!(number(&mut desk, &mut cases[2]), "PO-2026-00002");
    desk.act("number_order", &mut cases[1], &[("series", Value::text("EX"))], json!({})).unwrap();
    assert_eq!(cases[1].subject["number"], "EX-2026-00001");
    let refused = desk.act("number_order", &mut cases[1], &[("series", Value::text("a-b"))], json!({})).unwrap_err();
    assert_eq!(refused.1, "A number series is named by up to 20 capital letters and digits, not `a-b`.");
}

#[test]
fn numbers_are_given_as_the_oracle_says() {
    for case in oracle("money.jsonl", "gapless_number") {
        let zone = case["inputs"]["zone"].as_str().unwrap();
        let mut desk = Desk::with(Settings { zone: zone.into(), ..Settings::default() });
        for (year, next) in case["inputs"]["next_number_by_year"].as_object().unwrap() {
            let key = SeriesKey { series: "PO".into(), year: year.parse().unwrap() };
            let next = next.as_str().unwrap().parse().unwrap();
            let op = Op::NumberSeries(SeriesRow { key, version: 1, next });
            desk.memory.write(&crate::fold::Batch::of(&[(TENANT, op)])).unwrap();
        }
        let batches = case["inputs"]["batches"].as_array().unwrap();
        let mut id = 0;
        for (batch, expected) in batches.iter().zip(case["expected"]["numbers"].as_array().unwrap()) {
            desk.now = Timestamp::parse(batch["instant"].as_str().unwrap()).unwrap();
            let before = desk.memory.clone();
            for (event, expected) in batch["events"].as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
                assert_eq!(event["event"], "issue");
                id += 1;
                let mut order = desk.order(id, "1 EUR");
                let given = number(&mut desk, &mut order);
                assert!(expected.is_null() || expected == given.as_str(), "{given} in {case}");
            }
            if batch["outcome"] == "rolled_back" {
                desk.memory = before;
            }
        }
    }
}

#[test]
fn the_supplier_is_told_what_to_deliver() {
    let mut desk = Desk::new();
    let mut case = desk.order(1, "12.50 EUR");
    number(&mut desk, &mut case);
    let told = desk.ask(Some(&case), None, (&[], json!({})), |call| desk.domain.message("order_to_supplier", call));
    let expected = json!({
        "order": case.id, "number": "PO-2026-00001", "supplier": "ACME", "currency": "EUR", "total": "12.50 EUR",
        "lines": [{"line": 1, "item": "desk", "description": null, "quantity": "1", "unit": "piece",
            "price": "12.50 EUR", "total": "12.50 EUR"}],
    });
    assert_eq!(Json::Object(told.unwrap()), expected);
    let lines = desk.ask(Some(&case), None, (&[], json!({})), |call| desk.domain.fact("order_lines", call));
    assert_eq!(lines, Ok(Value::Int(1)));
    let unknown = desk.ask(Some(&case), None, (&[], json!({})), |call| desk.domain.act("record_orders", call));
    assert_eq!(unknown.unwrap_err().1, "procurement has no action `record_orders`; a similar one is `record_order`");
}

#[test]
fn what_is_open_of_a_requester_is_counted_once_for_each_order() {
    let mut desk = Desk::new();
    let most = [("most", Value::Money("500.00 EUR".parse().unwrap()))];
    let (mut first, mut second) = (desk.order(1, "300.00 EUR"), desk.order(2, "200.01 EUR"));
    assert_eq!(desk.act("open_emergency", &mut first, &most, json!({})).unwrap().len(), 1);
    desk.act("open_emergency", &mut first, &most, json!({})).unwrap();
    let (code, sentence) = desk.act("open_emergency", &mut second, &most, json!({})).unwrap_err();
    assert_eq!(code, "over_emergency_bound");
    assert!(sentence.contains("(300.00 EUR) it makes 500.01 EUR"), "{sentence}");
    for left in [1, 0] {
        assert_eq!(desk.act("settle_emergency", &mut first, &[], json!({})).unwrap().len(), left);
        assert_eq!(first.subject["open_amount"], Json::Null);
    }
    desk.act("open_emergency", &mut second, &most, json!({})).unwrap();
    assert_eq!(second.subject["open_amount"], "200.01 EUR");
    let dollars = [("most", Value::Money("500.00 USD".parse().unwrap()))];
    let (_, sentence) = desk.act("open_emergency", &mut first, &dollars, json!({})).unwrap_err();
    assert!(sentence.contains("say the prices so"), "{sentence}");
}

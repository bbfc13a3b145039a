//! Raised, lowered and moved; never below what orders hold, and never beyond what can be booked.

use fluxor_engine::ids::InstanceId;
use serde_json::{Value as Json, json};

use crate::row::Op;
use crate::testing::{Case, Desk, document, money};

fn change(input: Json) -> Case {
    Case { id: InstanceId(uuid::Uuid::from_u128(2)), subject: document(input) }
}

fn desk() -> Desk {
    let mut desk = Desk::new();
    for (key, amount) in [("sales/EUR", "1000.00 EUR"), ("it/EUR", "0.00 EUR"), ("full/EUR", "900000000000000.00 EUR")]
    {
        desk.record("set_budget", key, &[("amount", money(amount))]).unwrap();
    }
    desk
}

/// The budgets as they were written: `unit amount`.
fn written(ops: &[Op]) -> Vec<String> {
    let told = |op: &Op| match op {
        Op::Budget(row) => format!("{} {} v{}", row.unit, row.amount, row.version),
        other => panic!("{other:?}"),
    };
    ops.iter().map(told).collect()
}

#[test]
fn both_budgets_of_a_move_are_written_at_once() {
    let mut desk = desk();
    let mut case = change(json!({ "kind": "move", "unit": "it", "from_unit": "sales", "amount": "333.33 EUR" }));
    assert_eq!(desk.act("propose_budget_change", &mut case, &[], json!({})).unwrap(), []);
    assert_eq!((&case.subject["budget"], &case.subject["share"]), (&json!("1000.00 EUR"), &json!("33.333")));
    let said = "Move 333.33 EUR from the budget of sales to that of it: sales from 1,000.00 EUR to 666.67 EUR, it from 0.00 EUR \
                to 333.33 EUR";
    assert_eq!(case.subject["proposed"], said);
    let was = case.subject.insert("amount".to_owned(), "999.00 EUR".into()).unwrap();
    let (_, sentence) = desk.act("change_budget", &mut case, &[], json!({})).unwrap_err();
    assert!(sentence.contains("another change than the one that was proposed"), "{sentence}");
    case.subject.insert("amount".to_owned(), was);
    let ops = desk.act("change_budget", &mut case, &[], json!({})).unwrap();
    assert_eq!(written(&ops), ["it 333.33 EUR v2", "sales 666.67 EUR v2"]);
    let mut raise = change(json!({ "kind": "raise", "unit": "it", "amount": "0.01 EUR" }));
    assert_eq!(written(&desk.act("change_budget", &mut raise, &[], json!({})).unwrap()), ["it 333.34 EUR v3"]);
}

#[test]
fn what_is_proposed_is_said_in_words_and_what_was_proposed_before_that_still_holds() {
    let mut desk = desk();
    for (kind, said) in [
        ("raise", "Raise by 200.00 EUR the budget of sales: from 1,000.00 EUR to 1,200.00 EUR"),
        ("lower", "Lower by 200.00 EUR the budget of sales: from 1,000.00 EUR to 800.00 EUR"),
    ] {
        let mut case = change(json!({ "kind": kind, "unit": "sales", "amount": "200 EUR" }));
        desk.act("propose_budget_change", &mut case, &[], json!({})).unwrap();
        assert_eq!(case.subject["proposed"], said);
    }
    let mut of_before = change(json!({
        "kind": "raise", "unit": "sales", "amount": "200.00 EUR", "proposed": "raise 200.00 EUR sales -",
    }));
    assert_eq!(written(&desk.act("change_budget", &mut of_before, &[], json!({})).unwrap()), ["sales 1200.00 EUR v2"]);
}

#[test]
fn what_orders_hold_stays() {
    let mut desk = desk();
    let mut order = desk.order(1, "400.00 EUR");
    desk.act("reserve_budget", &mut order, &[], json!({})).unwrap();
    let mut all = change(json!({ "kind": "lower", "unit": "sales", "amount": "600.00 EUR" }));
    let mut more = change(json!({ "kind": "move", "unit": "it", "from_unit": "sales", "amount": "600.01 EUR" }));
    for action in ["propose_budget_change", "change_budget"] {
        let (code, sentence) = desk.act(action, &mut more, &[], json!({})).unwrap_err();
        assert_eq!(code, "budget_below_held");
        for figure in ["is 1000.00 EUR", "hold 400.00 EUR", "600.00 EUR can be taken", "not 600.01 EUR"] {
            assert!(sentence.contains(figure), "{sentence}");
        }
    }
    assert_eq!(written(&desk.act("change_budget", &mut all, &[], json!({})).unwrap()), ["sales 400.00 EUR v3"]);
    let mut none = change(json!({ "kind": "lower", "unit": "sales", "amount": "0.01 EUR" }));
    let (_, sentence) = desk.act("change_budget", &mut none, &[], json!({})).unwrap_err();
    assert!(sentence.contains("0.00 EUR can be taken"), "{sentence}");
    // What is held was cut below by the record's own action: nothing more can be taken, and raising still works.
    desk.record("set_budget", "sales/EUR", &[("amount", money("100.00 EUR"))]).unwrap();
    let (_, sentence) = desk.act("change_budget", &mut none, &[], json!({})).unwrap_err();
    assert!(sentence.contains("0.00 EUR can be taken"), "{sentence}");
    let mut raise = change(json!({ "kind": "raise", "unit": "sales", "amount": "300.00 EUR" }));
    assert_eq!(written(&desk.act("change_budget", &mut raise, &[], json!({})).unwrap()), ["sales 400.00 EUR v5"]);
}

#[test]
fn the_share_of_an_empty_budget_is_all_of_it_and_nothing_overflows() {
    let mut desk = desk();
    let mut empty = change(json!({ "kind": "raise", "unit": "it", "amount": "1.00 EUR" }));
    desk.act("propose_budget_change", &mut empty, &[], json!({})).unwrap();
    assert_eq!(empty.subject["share"], "100");
    let mut full = change(json!({ "kind": "raise", "unit": "full", "amount": "900000000000000.00 EUR" }));
    let (_, sentence) = desk.act("propose_budget_change", &mut full, &[], json!({})).unwrap_err();
    assert!(sentence.contains("more than can be booked"), "{sentence}");
    desk.record("set_budget", "tiny/EUR", &[("amount", money("0.0001 EUR"))]).unwrap();
    let mut vast = change(json!({ "kind": "raise", "unit": "tiny", "amount": "900000000000000.00 EUR" }));
    let (_, sentence) = desk.act("propose_budget_change", &mut vast, &[], json!({})).unwrap_err();
    assert!(sentence.contains("out of all proportion"), "{sentence}");
}

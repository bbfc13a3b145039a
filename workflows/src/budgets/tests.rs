//! Budgets: held, followed, given back; and what always adds up.

use fluxor_engine::domain::Domain;
use fluxor_engine::expression::Value;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

use crate::row::{BudgetKey, BudgetRow, Keyed};
use crate::testing::{Case, Desk, TENANT, money};

fn set(desk: &mut Desk, key: &str, amount: &str) {
    desk.record("set_budget", key, &[("amount", money(amount))]).unwrap();
}

fn act(desk: &mut Desk, name: &str, case: &mut Case) -> Result<usize, (String, String)> {
    desk.act(name, case, &[], json!({})).map(|ops| ops.len())
}

fn reprice(desk: &mut Desk, case: &mut Case, price: &str) {
    let line = json!({"item": "desk", "quantity": "1", "unit": "piece", "price": price});
    desk.act("change_order", case, &[], json!({"lines": [line]})).unwrap();
}

fn budget(desk: &Desk, unit: &str, currency: &str) -> BudgetRow {
    let key = BudgetKey { unit: unit.into(), currency: currency.parse().unwrap() };
    let needs = [(TENANT, crate::Need::Budget(key.clone()))].into();
    let mut facts = crate::Facts::default();
    desk.memory.load(&needs, &mut facts);
    facts.budget(TENANT, &key).unwrap().cloned().unwrap()
}

fn left(desk: &Desk, case: &Case) -> Value {
    desk.ask(Some(case), None, (&[], json!({})), |call| desk.domain.fact("budget_left", call)).unwrap()
}

#[test]
fn an_order_holds_its_amount_once_and_gives_it_back() {
    let mut desk = Desk::new();
    set(&mut desk, "sales/EUR", "100 EUR");
    let mut case = desk.order(1, "30 EUR");
    assert_eq!(left(&desk, &case), money("100 EUR"));
    assert_eq!(act(&mut desk, "reserve_budget", &mut case), Ok(2));
    assert_eq!(act(&mut desk, "reserve_budget", &mut case), Ok(0));
    assert_eq!(left(&desk, &case), money("70 EUR"));
    reprice(&mut desk, &mut case, "45 EUR");
    act(&mut desk, "reserve_budget", &mut case).unwrap();
    assert_eq!(left(&desk, &case), money("55 EUR"));
    assert_eq!(act(&mut desk, "release_budget", &mut case), Ok(2));
    assert_eq!(act(&mut desk, "release_budget", &mut case), Ok(0));
    assert_eq!(left(&desk, &case), money("100 EUR"));
}

#[test]
fn what_is_left_is_named_when_it_is_not_enough() {
    let mut desk = Desk::new();
    set(&mut desk, "sales/EUR", "100 EUR");
    let (mut first, mut second) = (desk.order(1, "100 EUR"), desk.order(2, "0.01 EUR"));
    act(&mut desk, "reserve_budget", &mut first).unwrap();
    let (code, sentence) = act(&mut desk, "reserve_budget", &mut second).unwrap_err();
    assert_eq!(code, "budget_exceeded");
    assert_eq!(sentence, "The budget of unit `sales` has 0.00 EUR left, and this order needs 0.01 EUR of it.");
    reprice(&mut desk, &mut first, "120 EUR");
    let (_, sentence) = act(&mut desk, "reserve_budget", &mut first).unwrap_err();
    assert_eq!(sentence, "The budget of unit `sales` has 0.00 EUR left, and this order needs 20.00 EUR of it.");
    // A cut budget stops increases, never a decrease.
    set(&mut desk, "sales/EUR", "50 EUR");
    reprice(&mut desk, &mut first, "90 EUR");
    act(&mut desk, "reserve_budget", &mut first).unwrap();
    assert_eq!(left(&desk, &first), money("-40 EUR"));
    // Zero is a value.
    set(&mut desk, "sales/EUR", "0 EUR");
    assert_eq!(act(&mut desk, "reserve_budget", &mut second).unwrap_err().0, "budget_exceeded");
}

#[test]
fn without_a_budget_there_is_no_limit_and_nothing_is_held() {
    let mut desk = Desk::new();
    let mut case = desk.order(1, "30 EUR");
    assert_eq!(act(&mut desk, "reserve_budget", &mut case), Ok(0));
    assert_eq!(left(&desk, &case), Value::Null);
    let mut other = desk.start(2, json!({"requester": "ann", "supplier": "ACME"})).unwrap();
    assert_eq!((act(&mut desk, "reserve_budget", &mut other), left(&desk, &other)), (Ok(0), Value::Null));
}

#[test]
fn a_reservation_follows_the_order_to_another_unit_and_currency() {
    let mut desk = Desk::new();
    set(&mut desk, "sales/EUR", "100 EUR");
    set(&mut desk, "a/b/USD", "100 USD");
    let mut case = desk.order(1, "30 EUR");
    act(&mut desk, "reserve_budget", &mut case).unwrap();
    desk.act("change_order", &mut case, &[], json!({"unit": "a/b"})).unwrap();
    reprice(&mut desk, &mut case, "40 USD");
    assert_eq!(act(&mut desk, "reserve_budget", &mut case), Ok(3));
    assert_eq!(budget(&desk, "sales", "EUR").reserved.units, 0);
    assert_eq!(budget(&desk, "a/b", "USD").reserved.to_string(), "40.00 USD");
    desk.act("change_order", &mut case, &[], json!({"unit": null})).unwrap();
    act(&mut desk, "reserve_budget", &mut case).unwrap();
    assert_eq!((budget(&desk, "a/b", "USD").reserved.units, desk.stored(&case).0.reserved), (0, None));
}

#[test]
fn a_budget_is_a_record_of_unit_and_currency() {
    let mut desk = Desk::new();
    let mut refused =
        |key: &str, amount: &str| desk.record("set_budget", key, &[("amount", money(amount))]).unwrap_err().1;
    let key = "A budget is the record of a unit and a currency, such as `sales/EUR`, not `sales`.";
    assert_eq!(refused("sales", "1 EUR"), key);
    let wrong = "The budget sales/EUR is an amount in EUR that is not negative, not";
    assert_eq!(refused("sales/EUR", "1 USD"), format!("{wrong} 1.00 USD."));
    assert_eq!(refused("sales/EUR", "-1 EUR"), format!("{wrong} -1.00 EUR."));
    assert_eq!(desk.record("set_budget", "sales/EUR", &[]).unwrap_err().0, "invalid_budget");
    let mut case = desk.order(1, "1 EUR");
    assert_eq!(act(&mut desk, "set_budget", &mut case).unwrap_err().0, "invalid_budget");
}

/// One step of a history: which order, what, how much.
fn step() -> impl Strategy<Value = (usize, usize, i64, bool)> {
    (0..4_usize, 0..6_usize, 0..200_i64, any::<bool>())
}

proptest! {
    #[test]
    fn a_budget_holds_the_sum_of_what_orders_hold(steps in prop::collection::vec(step(), 1..40)) {
        let mut desk = Desk::new();
        let mut cases: Vec<Case> = (1..=4).map(|n| desk.order(n, "10 EUR")).collect();
        for unit in ["sales", "lab"] {
            for currency in ["EUR", "USD"] {
                set(&mut desk, &format!("{unit}/{currency}"), &format!("300 {currency}"));
            }
        }
        for (which, what, amount, dollars) in steps {
            let case = &mut cases[which];
            let price = format!("{amount} {}", if dollars { "USD" } else { "EUR" });
            let unit = [json!("sales"), json!("lab"), Json::Null][amount as usize % 3].clone();
            let done = match what {
                0 | 1 => act(&mut desk, "reserve_budget", case),
                2 => act(&mut desk, "release_budget", case),
                3 => { reprice(&mut desk, case, &price); Ok(0) }
                4 => desk.act("change_order", case, &[], json!({"unit": unit})).map(|ops| ops.len()),
                _ => { set(&mut desk, "sales/EUR", &format!("{amount} EUR")); Ok(0) }
            };
            if let Err((code, _)) = done {
                prop_assert_eq!(code, "budget_exceeded");
            }
            for unit in ["sales", "lab"] {
                for currency in ["EUR", "USD"] {
                    let budget = budget(&desk, unit, currency);
                    let held = cases.iter().filter_map(|case| desk.stored(case).0.reserved);
                    let held: i64 = held.filter(|r| r.budget() == budget.key()).map(|r| r.amount.units).sum();
                    prop_assert_eq!(held, budget.reserved.units);
                }
            }
        }
    }

    #[test]
    fn numbers_are_one_two_three_whatever_happens_between(issues in prop::collection::vec((0..6_usize, any::<bool>()), 1..30)) {
        let mut desk = Desk::new();
        let mut cases: Vec<Case> = (1..=6).map(|n| desk.order(n, "10 EUR")).collect();
        for (which, issue) in issues {
            let case = &mut cases[which];
            act(&mut desk, if issue { "number_order" } else { "reserve_budget" }, case).unwrap();
        }
        let mut numbers: Vec<_> = cases.iter().filter_map(|case| desk.stored(case).0.number).collect();
        numbers.sort();
        let expected: Vec<_> = (1..=numbers.len()).map(|n| format!("PO-2026-{n:05}")).collect();
        prop_assert_eq!(numbers.iter().map(|n| n.to_string()).collect::<Vec<_>>(), expected);
    }
}

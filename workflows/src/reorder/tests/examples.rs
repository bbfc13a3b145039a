//! One item at one place, by example: who is chosen, how much, and every reason for ordering nothing.

use fluxor_engine::money::Money;
use jiff::civil::{Date, date};
use serde_json::json;

use super::super::*;
use crate::quantity::Quantity;
use crate::row::{Factor, MaximumRule, Method, Percent, PolicyRow, StockKey, TermKey, TermRow, Trigger};

pub(super) const TODAY: Date = date(2026, 6, 15);

pub(super) fn q(text: &str) -> Quantity {
    text.parse().unwrap()
}

pub(super) fn policy(order_point: &str, order_up_to: &str) -> PolicyRow {
    PolicyRow {
        key: StockKey { item: "USB-C".into(), location: "main".into() },
        version: 1,
        method: Method::MinMax,
        trigger: Trigger::Below,
        order_point: q(order_point),
        order_up_to: Some(q(order_up_to)),
        quantity: None,
        maximum: None,
        maximum_rule: MaximumRule::MaximumWins,
        active: true,
        snoozed_until: None,
    }
}

pub(super) fn position(on_hand: &str) -> Position {
    let none = Quantity(0);
    Position { on_hand: q(on_hand), reserved: none, in_transit: none, on_order: OnOrder::default() }
}

/// A term for cartons of `pieces` at `price`.
pub(super) fn offer(supplier: &str, price: &str, pieces: i64) -> Offer {
    let term = TermRow {
        key: TermKey { item: "USB-C".into(), supplier: supplier.into(), term: "1".into() },
        version: 1,
        unit: "outer".into(),
        price: price.parse::<Money>().unwrap(),
        price_per: q("1"),
        discount: Percent(0),
        break_quantity: q("0"),
        minimum: q("0"),
        multiple: None,
        maximum: None,
        lead_time_days: Some(14),
        valid_from: None,
        valid_to: None,
        sequence: 10,
        active: true,
    };
    let factor = Some(Factor { numerator: pieces, denominator: 1 });
    let unit = PurchaseUnit { unit: "outer".into(), factor, grid: q("1") };
    Offer { term, unit, supplier_active: true, supplier_approved: true }
}

fn ask(policy: &PolicyRow, position: &Position, offers: &[Offer]) -> Proposed {
    let rates = Rates::of("EUR".parse().unwrap());
    let case = Case {
        item_active: true,
        location_active: true,
        policy,
        position,
        offers,
        supplier: None,
        today: TODAY,
        rates: &rates,
    };
    let proposed = propose(&case);
    let text = serde_json::to_string(&proposed).unwrap();
    assert_eq!(serde_json::from_str::<Proposed>(&text).unwrap(), proposed);
    proposed
}

fn order(proposed: &Proposed) -> &Reordered {
    match &proposed.outcome {
        Outcome::Order(order) => order,
        other => panic!("{other:?}"),
    }
}

fn obstacle(proposed: &Proposed) -> Why {
    match &proposed.outcome {
        Outcome::NotPurchasable(obstacle) => obstacle.reason,
        other => panic!("{other:?}"),
    }
}

/// On hand + open orders - reserved, below the point, up to the target in whole outers.
#[test]
fn a_wholesaler_orders_up_to_the_target_in_whole_outers() {
    let mut stock = position("30");
    (stock.reserved, stock.on_order.sent) = (q("25"), q("10"));
    let found = ask(&policy("20", "100"), &stock, &[offer("Litware", "42.50 EUR", 12)]);
    let line = order(&found);
    // 85 pieces are 7.083 outers: 8, which are 96.
    assert_eq!((line.quantity, line.total.to_string().as_str()), (q("8"), "340.00 EUR"));
    assert_eq!(line.expected_on, Some(date(2026, 6, 29)));
    assert_eq!(found.why.position_total, Some(q("15")));
    assert_eq!(found.why.reasons(), [Reason::RoundedUpToUnitGrid, Reason::OvershootsOrderUpTo]);
    let shown = serde_json::to_value(&found.why).unwrap();
    assert_eq!(shown["chosen"]["quantity"]["need_purchase"], json!("85/12"));
    assert_eq!(shown["position"]["on_order"]["sent"], json!("10"));
    assert_eq!(shown["chosen"]["quantity"]["order"]["position_after"], json!("111"));
    // At the point it is not below it; what is on order counts.
    stock.on_order.draft = q("5");
    assert_eq!(ask(&policy("20", "100"), &stock, &[]).outcome, Outcome::NotShort(NotShort::CoveredBySupply));
}

#[test]
fn the_cheapest_for_what_would_be_ordered_is_chosen() {
    let offers = [offer("A", "12.00 EUR", 12), offer("B", "0.95 EUR", 1), offer("C", "0.90 EUR", 1)];
    let [a, b, mut c] = offers;
    c.supplier_approved = false;
    let found = ask(&policy("5", "11"), &position("0"), &[a.clone(), b.clone(), c.clone()]);
    assert_eq!((&*order(&found).supplier, order(&found).quantity), ("B", q("11")));
    let verdicts: Vec<Verdict> = found.why.offers.iter().map(|judged| judged.verdict).collect();
    assert_eq!(verdicts, [Verdict::Candidate, Verdict::Candidate, Verdict::SupplierNotApproved]);
    // With a multiple of 20 B would cost 19.00.
    let mut dear = b.clone();
    dear.term.multiple = Some(q("20"));
    assert_eq!(&*order(&ask(&policy("5", "11"), &position("0"), &[a.clone(), dear])).supplier, "A");
    // A discount and a price for a hundred are part of the price: 0.4567 a piece, by the line 0.4567 * 11 = 5.02.
    c.supplier_approved = true;
    (c.term.price, c.term.price_per, c.term.discount) = ("50.744 EUR".parse().unwrap(), q("100"), Percent(100_000));
    let found = ask(&policy("5", "11"), &position("0"), &[a, b, c]);
    assert_eq!(
        (order(&found).price.to_string(), order(&found).total.to_string()),
        ("0.4567 EUR".into(), "5.02 EUR".into())
    );
}

/// An order is written to the supplier that the snapshot chose, though another is cheaper by now.
#[test]
fn an_order_keeps_to_its_supplier() {
    let (mut a, b, mut c) = (offer("A", "2.00 EUR", 1), offer("B", "1.00 EUR", 1), offer("A", "1.50 EUR", 1));
    (a.term.break_quantity, c.term.break_quantity, c.term.key.term) = (q("1"), q("50"), "2".into());
    let (policy, position, rates) = (policy("5", "11"), position("0"), Rates::of("EUR".parse().unwrap()));
    let ask = |offers: &[Offer], supplier| {
        let supplier = Some(supplier);
        propose(&Case {
            item_active: true,
            location_active: true,
            policy: &policy,
            position: &position,
            offers,
            supplier,
            today: TODAY,
            rates: &rates,
        })
    };
    let found = ask(&[b.clone(), c.clone(), a], "A");
    assert_eq!((&*order(&found).supplier, &*order(&found).term), ("A", "1"));
    assert_eq!(found.why.offers.len(), 3);
    // Only its break is left: that much is ordered, whatever the others sell.
    let found = ask(&[b.clone(), c], "A");
    assert_eq!((&*order(&found).supplier, order(&found).quantity), ("A", q("50")));
    assert_eq!(obstacle(&ask(&[b], "A")), Why::NoTerm);
}

#[test]
fn a_minimum_that_is_not_reached_is_ordered_where_nothing_else_can_be() {
    let (mut a, mut b) = (offer("A", "1.00 EUR", 1), offer("B", "2.00 EUR", 1));
    (a.term.minimum, b.term.break_quantity) = (q("100"), q("30"));
    let found = ask(&policy("5", "11"), &position("0"), &[a.clone(), b.clone()]);
    assert_eq!((&*order(&found).supplier, order(&found).quantity), ("B", q("30")));
    assert!(found.why.chosen.as_ref().is_some_and(|chosen| chosen.at_least_quantity));
    assert_eq!(found.why.reasons(), [Reason::RaisedToMinimum, Reason::OvershootsOrderUpTo]);
    assert_eq!(found.why.hints.len(), 2);
    // Where one can be had for what is needed, the others are hints.
    let found = ask(&policy("5", "11"), &position("0"), &[a, b, offer("C", "10.00 EUR", 1)]);
    assert_eq!(&*order(&found).supplier, "C");
    let hints: Vec<String> = found.why.hints.iter().map(|hint| hint.saving_home.unwrap().to_string()).collect();
    assert_eq!(hints, ["50", "10"]);
}

#[test]
fn an_offer_that_a_maximum_rules_out_makes_room_for_the_next() {
    let (mut a, b) = (offer("A", "1.00 EUR", 1), offer("B", "2.00 EUR", 1));
    (a.term.minimum, a.term.maximum) = (q("10"), Some(q("5")));
    let found = ask(&policy("5", "11"), &position("0"), &[a.clone(), b]);
    assert_eq!((&*order(&found).supplier, found.why.offers[0].verdict), ("B", Verdict::Capped));
    // A price that holds from 10 on is not paid for the 5 that a maximum leaves.
    (a.term.minimum, a.term.break_quantity) = (q("0"), q("10"));
    assert_eq!(obstacle(&ask(&policy("5", "11"), &position("0"), &[a])), Why::Capped);
}

#[test]
fn every_reason_for_ordering_nothing() {
    let short = position("0");
    let sells = || offer("A", "1.00 EUR", 1);
    let changed = |change: fn(&mut Offer)| {
        let mut one = sells();
        change(&mut one);
        obstacle(&ask(&policy("5", "11"), &short, &[one]))
    };
    assert_eq!(obstacle(&ask(&policy("5", "11"), &short, &[])), Why::NoTerm);
    assert_eq!(changed(|o| o.term.active = false), Why::NoTerm);
    assert_eq!(changed(|o| o.term.valid_to = Some(date(2026, 6, 14))), Why::NoTerm);
    assert_eq!(changed(|o| o.term.valid_from = Some(date(2026, 6, 16))), Why::NoTerm);
    assert_eq!(changed(|o| o.supplier_active = false), Why::NoApprovedSupplier);
    assert_eq!(changed(|o| o.supplier_approved = false), Why::NoApprovedSupplier);
    assert_eq!(changed(|o| o.unit.factor = None), Why::UnitWithoutFactor);
    assert_eq!(changed(|o| o.term.price.currency = "USD".parse().unwrap()), Why::CurrencyWithoutRate);
    assert_eq!(changed(|o| o.term.multiple = Some(q("1.5"))), Why::SettingsRefused);
    assert_eq!(changed(|o| o.term.maximum = Some(q("0"))), Why::Capped);
    // Where one is out for its rate and another for its supplier, the nearest to an order is named.
    let (mut far, mut near) = (sells(), sells());
    (far.supplier_approved, near.term.price.currency) = (false, "USD".parse().unwrap());
    assert_eq!(obstacle(&ask(&policy("5", "11"), &short, &[near, far])), Why::CurrencyWithoutRate);

    let mut snoozed = policy("5", "11");
    snoozed.snoozed_until = Some(date(2026, 6, 16));
    assert_eq!(obstacle(&ask(&snoozed, &short, &[sells()])), Why::Snoozed);
    snoozed.snoozed_until = Some(TODAY);
    assert_eq!(order(&ask(&snoozed, &short, &[sells()])).quantity, q("11"));
    assert_eq!(obstacle(&ask(&policy("12", "11"), &short, &[sells()])), Why::SettingsRefused);
    snoozed.active = false;
    assert_eq!(ask(&snoozed, &short, &[]).outcome, Outcome::NotShort(NotShort::PolicyInactive));

    let (policy, rates) = (policy("5", "11"), Rates::of("EUR".parse().unwrap()));
    let (offers, position) = (&[sells()][..], &short);
    let case = Case {
        item_active: false,
        location_active: true,
        policy: &policy,
        position,
        offers,
        supplier: None,
        today: TODAY,
        rates: &rates,
    };
    assert_eq!(obstacle(&propose(&case)), Why::InactiveItem);
    let case = Case { item_active: true, location_active: false, ..case };
    assert_eq!(obstacle(&propose(&case)), Why::InactiveLocation);
}

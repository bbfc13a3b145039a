//! Facts: absent is not unknown, and undoing gives back exactly what was.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, PersonId};
use fluxor_engine::money::Money;
use proptest::prelude::*;

use super::*;
use crate::quantity::Quantity;
use crate::row::{DemandRow, LineSet, MovementKind, Op, OrderStatus, Rows};

fn money(units: i64) -> Money {
    Money { units, currency: "EUR".parse().unwrap() }
}

fn order(id: InstanceId, version: i64) -> Op {
    Op::PurchaseOrder(Box::new(OrderRow {
        id,
        version,
        requester: PersonId::from("ann"),
        supplier: "ACME".into(),
        category: None,
        unit: None,
        note: None,
        number: None,
        status: OrderStatus::Draft,
        amount: money(version),
        lines: 0,
        lines_digest: Digest::of(""),
        reserved: None,
        ordered_on: None,
        expected_on: None,
        source: None,
        created_at: Timestamp::default(),
        changed_at: Timestamp::default(),
    }))
}

fn stock(item: &str) -> StockKey {
    StockKey { item: item.into(), location: "main".into() }
}

fn movement(reference: &str, seq: i64) -> MovementRow {
    MovementRow {
        key: stock("desk"),
        seq,
        at: Timestamp::from_micros(seq),
        kind: MovementKind::Issue,
        quantity: Quantity(-seq),
        reference: Some(reference.into()),
        order_id: Some(InstanceId(uuid::Uuid::from_u128(1))),
        line: None,
        note: None,
        person: Some(PersonId::from("ann")),
    }
}

/// A change of one of few rows, or a look-up.
fn step() -> impl Strategy<Value = (bool, TenantId, Op)> {
    let op = (0..8_u8, 0..2_u128, 1..5_i64).prop_map(|(table, key, version)| {
        let (id, name) = (InstanceId(uuid::Uuid::from_u128(key)), format!("u{key}"));
        match table {
            0 => order(id, version),
            1 => Op::PurchaseOrderLine(LineSet { order: id, lines: Vec::new() }),
            2 => Op::Budget(BudgetRow { unit: name.into(), version, amount: money(5), reserved: money(version) }),
            3 => Op::StockLevel(Rows(vec![StockRow { version, ..StockRow::empty(stock(&name)) }])),
            4 => Op::StockMovement(Rows(vec![movement(&name, version)])),
            5 => Op::Demand(Rows(vec![DemandRow {
                reference: name.into(),
                version,
                item: "desk".into(),
                location: "main".into(),
                quantity: Quantity(version),
                ordered_on: jiff::civil::date(2026, 1, 5),
                due_on: None,
                done_at: Some(Timestamp::from_micros(version)),
            }])),
            6 => Op::Location(LocationRow { code: name.as_str().into(), version, name: name.into(), active: true }),
            _ => Op::NumberSeries(SeriesRow {
                key: SeriesKey { series: name.into(), year: 2026 },
                version,
                next: version,
            }),
        }
    });
    (any::<bool>(), (1..3_i64).prop_map(TenantId), op)
}

fn need(op: &Op) -> Need {
    match op {
        Op::PurchaseOrder(row) => Need::Order(row.id),
        Op::PurchaseOrderLine(set) => Need::Lines(set.order),
        Op::Budget(row) => Need::Budget(BudgetKey { unit: row.unit.clone(), currency: row.amount.currency }),
        Op::StockLevel(rows) => Need::Stock(rows.0[0].key.clone()),
        Op::StockMovement(rows) => Need::Movement(rows.0[0].reference.clone().unwrap()),
        Op::Demand(rows) => Need::Demand(rows.0[0].reference.clone()),
        Op::Location(row) => Need::Location(row.code.clone()),
        Op::NumberSeries(row) => Need::Series(row.key.clone()),
        other => panic!("no step makes {other:?}"),
    }
}

proptest! {
    #[test]
    fn undoing_gives_back_exactly_what_was(known in prop::collection::vec(step(), 0..8), changes in prop::collection::vec(step(), 0..12)) {
        let mut facts = Facts::default();
        for (present, tenant, op) in known {
            let need = need(&op);
            if present {
                facts.loaded(tenant, op);
            }
            facts.looked_up(tenant, &need);
        }
        let before = facts.clone();
        let undos: Vec<Undo> = changes.iter().map(|(_, tenant, op)| facts.apply(*tenant, op)).collect();
        for (_, tenant, op) in &changes {
            prop_assert!(facts.has(*tenant, &need(op)));
        }
        undos.into_iter().rev().for_each(|undo| facts.undo(undo));
        prop_assert_eq!(facts, before);
    }

    #[test]
    fn a_change_reads_back_from_the_entry_that_holds_it((_, _, op) in step()) {
        let text = serde_json::to_string(&op).unwrap();
        prop_assert_eq!(serde_json::from_str::<Op>(&text).unwrap(), op);
    }
}

#[test]
fn absent_is_not_unknown_and_loading_overwrites_nothing() {
    let (tenant, id) = (TenantId(1), InstanceId(uuid::Uuid::from_u128(1)));
    let mut facts = Facts::default();
    assert_eq!(facts.order(tenant, id), Err(Need::Order(id)));
    facts.looked_up(tenant, &Need::Order(id));
    assert_eq!(facts.order(tenant, id), Ok(None));
    assert_eq!(facts.order(TenantId(2), id), Err(Need::Order(id)));
    facts.apply(tenant, &order(id, 2));
    facts.loaded(tenant, order(id, 1));
    assert_eq!(facts.order(tenant, id).unwrap().unwrap().version, 2);
}

#[test]
fn rows_are_locked_in_their_rank() {
    let id = InstanceId(uuid::Uuid::max());
    let budget = BudgetKey { unit: "a".into(), currency: "EUR".parse().unwrap() };
    let series = SeriesKey { series: "A".into(), year: 1 };
    let ranked = [
        Need::Order(id),
        Need::Lines(id),
        Need::Budget(budget),
        Need::Item("z".into()),
        Need::Stock(stock("a")),
        Need::Movement("a".into()),
        Need::Demand("a".into()),
        Need::Series(series),
    ];
    assert!(ranked.is_sorted());
}

//! Records, stock, ledger and demand: the same histories leave the same rows on every store, and guards hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::{Call, Domain, Done, NotDone};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::TenantId;
use fluxor_engine::instance::Document;
use fluxor_engine::store::{Persist, StoreError};
use fluxor_workflows::{Facts, Need, Op, Procurement, StockKey};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value as Json, json};

use super::reorder::ask;
use super::{Db, id};

pub(super) const TENANT: TenantId = TenantId(1);

/// What is asked: the action, the record's key or the order's number, and parameters or payload.
pub(super) type Asked = (&'static str, String, Json);

fn masters() -> Vec<Asked> {
    let asked = |action, key: &str, json| (action, key.to_owned(), json);
    vec![
        asked("set_unit", "piece", json!({"name": "Piece", "grid": "1"})),
        asked("set_unit", "g", json!({"name": "Gram"})),
        asked("set_unit", "kg", json!({"name": "Kilogram", "base": "g", "numerator": 1000})),
        asked("set_unit", "carton", json!({"name": "Carton"})),
        asked("set_item", "desk", json!({"name": "it's \"ünlike\"", "stock_unit": "piece", "category": "c"})),
        asked("set_item", "glue", json!({"name": "Glue", "stock_unit": "g"})),
        asked("set_item_unit", "desk@carton", json!({"numerator": 12})),
        asked("set_location", "main", json!({"name": "Main"})),
        asked("set_location", "shop", json!({"name": "Shop"})),
        asked("set_supplier", "acme", json!({"name": "Acme", "currency": "EUR", "payment_days": 30})),
        asked(
            "set_term",
            "desk@acme@1",
            json!({"unit": "carton", "price": "60.00 EUR", "discount": "2.5", "valid_to": "2027-01-01"}),
        ),
        asked(
            "set_policy",
            "desk@main",
            json!({"order_point": "0", "order_up_to": "20", "snoozed_until": "2026-04-01"}),
        ),
        asked("set_setting", "limits", json!({"document": {"policies": [], "it's": "\"ünlike\""}})),
        asked("set_setting", "limits", json!({"expected": 1, "document": {"policies": []}})),
        asked("set_setting", "limits", json!({"expected": 1, "document": {"late": true}})),
    ]
}

fn asked() -> impl Strategy<Value = Asked> {
    (0..12_u8, 1..5_u8, 1..9_i64, any::<bool>()).prop_map(|(what, n, amount, shop)| {
        let place = if shop { "shop" } else { "main" };
        let at = "2026-01-05T07:00:00.123456Z";
        let line = |unit: &str, item: &str| {
            json!({"item": item, "quantity": amount.to_string(), "unit": unit, "price": "1.00 EUR", "location": place,
                "why": {"need": amount}})
        };
        match what {
            0 => ("set_supplier", "acme".into(), json!({"note": format!("n{amount}"), "approved": shop})),
            1 => (
                "set_term",
                format!("desk@acme@{n}"),
                json!({"unit": "piece", "price": format!("{amount}.5 EUR"), "maximum": "9", "active": shop}),
            ),
            2 => (
                "set_policy",
                format!("desk@{place}"),
                json!({"order_point": amount.to_string(), "order_up_to": "9", "method": "s_S"}),
            ),
            3 => (
                "record_movement",
                format!("desk@{place}"),
                json!({"kind": "adjustment", "quantity": (amount - 5).to_string(), "note": "é"}),
            ),
            4 | 5 => {
                let row = |r: i64| {
                    json!({"reference": format!("m:{r}"), "item": "glue", "location": place, "kind": "issue",
                    "quantity": format!("-{amount}.000001"), "at": at, "order": id(r.unsigned_abs().into())})
                };
                ("import_movements", "wwi/m".into(), json!({"rows": [row(amount), row(amount + 1)]}))
            }
            6 | 7 => {
                let done = if shop { json!(at) } else { Json::Null };
                let row = |r: i64| {
                    json!({"reference": format!("d:{r}"), "item": "desk", "location": "main",
                    "quantity": r.to_string(), "ordered_on": "2026-01-05", "due_on": "2026-02-05", "done_at": done})
                };
                ("import_demand", "wwi/d".into(), json!({"rows": [row(amount), row(amount + 1)]}))
            }
            8 => ("record_order", n.to_string(), json!({"lines": [line("carton", "desk"), line("kg", "glue")]})),
            9 => ("change_order", n.to_string(), json!({"lines": [line("piece", "desk")]})),
            10 => ("set_order_status", n.to_string(), json!({"status": if shop { "ordered" } else { "closed" }})),
            _ => (
                "receive_goods",
                n.to_string(),
                if shop { json!({}) } else { json!({"lines": [{"line": 1, "quantity": "1"}]}) },
            ),
        }
    })
}

/// One command against the facts; the subject is only what `record_order` reads.
fn attempt((action, key, json): &Asked, facts: &Facts) -> Result<Done<Op>, NotDone<Need>> {
    let domain = Procurement::new();
    let declared = &domain.vocabulary().actions[*action];
    let mut params: BTreeMap<Arc<str>, Value> = BTreeMap::new();
    for (name, ty, _) in &declared.params {
        match json.get(&**name) {
            None => {}
            Some(Json::Null) => drop(params.insert(name.clone(), Value::Null)),
            Some(value) => drop(params.insert(name.clone(), Value::from_json(value, ty).unwrap())),
        }
    }
    let on_order = !declared.subjects.is_empty();
    let subject: Document = json!({"requester": "ann", "supplier": "acme"}).as_object().cloned().unwrap();
    let organisation = super::nobody();
    domain.act(
        action,
        &Call {
            tenant: TENANT,
            instance: on_order.then(|| id(key.parse().unwrap())),
            key: (!on_order).then_some(key.as_str()),
            subject: &subject,
            params: &params,
            payload: json.as_object().unwrap(),
            actor: Some("ann"),
            organisation: &organisation,
            facts,
            now: Timestamp::parse("2026-03-02T08:00:00Z").unwrap(),
        },
    )
}

/// Decides a batch as the engine would; what it comes to is not written yet.
pub(super) async fn decided(db: &mut Db, batch: &[Asked]) -> (Vec<(TenantId, Op)>, Vec<String>) {
    let domain = Procurement::new();
    let (mut facts, mut ops, mut answers) = (Facts::default(), Vec::new(), Vec::new());
    for asked in batch {
        // A second start of an order is a change of it, which must see the first.
        if asked.0 == "record_order" {
            let needs = BTreeSet::from([(TENANT, Need::Order(id(asked.1.parse().unwrap())))]);
            domain.load(db.connection(), &needs, &mut facts).await.unwrap();
        }
        let done = loop {
            match attempt(asked, &facts) {
                Err(NotDone::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (TENANT, need)).collect();
                    domain.load(db.connection(), &needs, &mut facts).await.unwrap();
                }
                done => break done,
            }
        };
        answers.push(format!("{:?}", done.as_ref().map(|done| &done.set)));
        for op in done.map(|done| done.ops).unwrap_or_default() {
            // Told in an entry and read back, it is the same change.
            let text = serde_json::to_string(&op).unwrap();
            assert_eq!(serde_json::from_str::<Op>(&text).unwrap(), op);
            domain.apply(&mut facts, TENANT, &op);
            ops.push((TENANT, op));
        }
    }
    (ops, answers)
}

/// Everything that people see.
async fn stored(db: &mut Db) -> String {
    use fluxor_workflows as w;
    let mut all = Vec::new();
    macro_rules! show {
        ($($read:expr),* $(,)?) => {
            $(all.push(serde_json::to_string(&$read.await.unwrap()).unwrap());)*
        };
    }
    let code = |text: &str| Arc::<str>::from(text);
    show!(
        w::suppliers(db.connection(), TENANT, "", 9),
        w::supplier(db.connection(), TENANT, &code("acme")),
        w::settings_by_name(db.connection(), TENANT, "", 9),
        w::setting(db.connection(), TENANT, &code("limits")),
        w::items(db.connection(), TENANT, "desk", 9),
        w::item(db.connection(), TENANT, &code("desk")),
        w::units(db.connection(), TENANT, "", 2),
        w::unit(db.connection(), TENANT, &code("kg")),
        w::item_units(db.connection(), TENANT, "desk", "", 9),
        w::locations(db.connection(), TENANT, "", 1),
        w::location(db.connection(), TENANT, &code("shop")),
        w::terms(db.connection(), TENANT, "desk", ("acme", "1"), 9),
        w::policies(db.connection(), TENANT, ("", ""), 9),
        w::stock_of(db.connection(), TENANT, "desk", "", 9),
        w::stock_at(db.connection(), TENANT, "shop", "", 9),
        w::stock_levels(db.connection(), TENANT, ("desk", "main"), 9),
        w::totals(db.connection(), TENANT),
        w::orders(db.connection(), TENANT, None, 9),
        w::reorder::snapshot(db.connection(), TENANT, &ask()),
        w::reorder::explain(db.connection(), TENANT, &ask(), "desk", None),
    );
    for item in ["desk", "glue"] {
        for location in ["main", "shop"] {
            let key = StockKey { item: item.into(), location: location.into() };
            show!(
                w::policy(db.connection(), TENANT, &key),
                w::stock_level(db.connection(), TENANT, &key),
                w::movements(db.connection(), TENANT, &key, None, 99),
                w::movements(db.connection(), TENANT, &key, Some(3), 1),
                w::open_demand(db.connection(), TENANT, &key, "d:1", 99),
            );
        }
    }
    for order in 1..5 {
        show!(w::order(db.connection(), TENANT, id(order)));
    }
    all.join("\n")
}

#[test]
fn inventory_is_the_same_everywhere() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dbs = std::cell::RefCell::new(runtime.block_on(Db::all()));
    let histories = prop::collection::vec(prop::collection::vec(asked(), 1..12), 1..6);
    let mut runner = TestRunner::new(Config { cases: 32, failure_persistence: None, ..Config::default() });
    let result = runner.run(&histories, |history| {
        let dbs = &mut *dbs.borrow_mut();
        runtime.block_on(async {
            let mut seen: Vec<(Vec<String>, String)> = Vec::new();
            for db in dbs.iter_mut() {
                db.empty().await;
                let mut told = Vec::new();
                for batch in std::iter::once(&masters()).chain(&history) {
                    let (ops, answers) = decided(db, batch).await;
                    db.write(&ops).await.unwrap();
                    told.extend(answers);
                }
                seen.push((told, stored(db).await));
            }
            for other in &seen[1..] {
                assert_eq!(&seen[0], other);
            }
        });
        Ok(())
    });
    result.unwrap();
}

#[tokio::test]
async fn who_counts_second_is_told_and_changes_nothing() {
    for mut db in Db::all().await {
        let (ops, _) = decided(&mut db, &masters()).await;
        db.write(&ops).await.unwrap();
        let again = db.write(&ops[..1]).await;
        assert!(matches!(&again, Err(StoreError::Conflict(table)) if table == "unit_of_measure"), "{again:?}");
        let movement = |reference: &str| {
            let params = json!({"kind": "receipt", "quantity": "5", "reference": reference});
            ("record_movement", "desk@main".to_owned(), params)
        };
        // Both saw that nothing was there.
        let (first, _) = decided(&mut db, &[movement("m:1")]).await;
        let (second, _) = decided(&mut db, &[movement("m:2")]).await;
        db.write(&first).await.unwrap();
        let late = db.write(&second).await;
        assert!(matches!(&late, Err(StoreError::Conflict(table)) if table == "stock_level"), "{late:?}");
        // The reference of another item is taken all the same.
        let (_, answers) = decided(&mut db, &[("record_movement", "desk@shop".into(), movement("m:1").2)]).await;
        assert!(answers[0].contains("is there already"), "{answers:?}");
        let totals = fluxor_workflows::totals(db.connection(), TENANT).await.unwrap();
        assert_eq!(
            (totals.movements, totals.moved.to_string(), totals.on_hand.to_string()),
            (1, "5".into(), "5".into())
        );
    }
}

//! What the tests of this crate share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::domain::{Domain, NotDone};
use fluxor_engine::expression::Value;
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};

use crate::action::Call;
use crate::facts::Facts;
use crate::fold::Batch;
use crate::memory::Memory;
use crate::procurement::Procurement;
use crate::row::{LineRow, Need, Op, OrderRow, StockKey, StockRow};
use crate::settings::Settings;

/// The cases of one kind from a file of reference values; none, with a line that says so, where the file is missing.
pub(crate) fn oracle(file: &str, method: &str) -> Vec<Json> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/oracles").to_owned();
    let folder = std::env::var("ORACLES").unwrap_or_else(|_| beside());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/{file}")) else {
        eprintln!("skipped: {folder}/{file} is missing");
        return Vec::new();
    };
    let cases = text.lines().map(|line| serde_json::from_str(line).unwrap());
    cases.filter(|case: &Json| case["method"] == method).collect()
}

/// A desk where actions are carried out on tables in memory, one command at a time, as the engine would.
pub(crate) struct Desk {
    pub(crate) domain: Procurement,
    pub(crate) memory: Memory,
    pub(crate) now: Timestamp,
}

/// An order's instance: its id and its subject.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: InstanceId,
    pub(crate) subject: Document,
}

/// The tenant of all tests.
pub(crate) const TENANT: TenantId = TenantId(7);

/// An object.
pub(crate) fn document(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

/// A money value.
pub(crate) fn money(text: &str) -> Value {
    Value::Money(text.parse().unwrap())
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let now = Timestamp::parse("2026-03-02T08:00:00Z").unwrap();
        Self { domain: Procurement::with(settings), memory: Memory::default(), now }
    }

    /// Asks until all rows are there; changes nothing.
    pub(crate) fn ask<T>(
        &self,
        case: Option<&Case>,
        key: Option<&str>,
        (params, payload): (&[(&str, Value)], Json),
        ask: impl Fn(&Call<'_>) -> Result<T, NotDone<Need>>,
    ) -> Result<T, (String, String)> {
        let params: BTreeMap<Arc<str>, Value> =
            params.iter().map(|(name, value)| (Arc::from(*name), value.clone())).collect();
        let (payload, nothing) = (document(payload), Document::new());
        let organisation = fluxor_engine::decide::read_organisation(&Document::new(), 0, self.now).unwrap();
        let mut facts = Facts::default();
        for _ in 0..8 {
            let call = Call {
                tenant: TENANT,
                instance: case.map(|case| case.id),
                key,
                subject: case.map_or(&nothing, |case| &case.subject),
                params: &params,
                payload: &payload,
                actor: Some("ann"),
                organisation: &organisation,
                facts: &facts,
                now: self.now,
            };
            match ask(&call) {
                Ok(answer) => return Ok(answer),
                Err(NotDone::Refused { code, sentence }) => return Err((code.to_owned(), sentence)),
                Err(NotDone::Failed(why)) => return Err(("failed".to_owned(), why)),
                Err(NotDone::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (TENANT, need)).collect();
                    assert!(needs.iter().all(|(tenant, need)| !facts.has(*tenant, need)), "asked twice: {needs:?}");
                    self.memory.load(&needs, &mut facts);
                    needs.iter().for_each(|(tenant, need)| facts.looked_up(*tenant, need));
                }
            }
        }
        panic!("it never has what it needs");
    }

    /// Carries an action out on an order.
    pub(crate) fn act(
        &mut self,
        name: &str,
        case: &mut Case,
        params: &[(&str, Value)],
        payload: Json,
    ) -> Result<Vec<Op>, (String, String)> {
        let done = self.ask(Some(case), None, (params, payload), |call| self.domain.act(name, call))?;
        case.subject.extend(done.set);
        self.store(&done.ops);
        Ok(done.ops)
    }

    /// Carries an action out on a record.
    pub(crate) fn record(&mut self, name: &str, key: &str, params: &[(&str, Value)]) -> Result<(), (String, String)> {
        let done = self.ask(None, Some(key), (params, json!({})), |call| self.domain.act(name, call))?;
        self.store(&done.ops);
        Ok(())
    }

    /// Carries an action out on a record, with parameters as JSON.
    pub(crate) fn set(&mut self, name: &str, key: &str, params: Json) -> Result<Vec<Op>, (String, String)> {
        let action = &self.domain.vocabulary().actions[name];
        let given = document(params);
        let ty = |name: &str| &action.params.iter().find(|(n, ..)| **n == *name).unwrap().1;
        let own = given.iter().filter(|(name, _)| !action.payload.iter().any(|own| **own == ***name));
        let values: Vec<(String, Value)> = own
            .map(|(name, json)| {
                let value = if json.is_null() { Value::Null } else { Value::from_json(json, ty(name)).unwrap() };
                (name.clone(), value)
            })
            .collect();
        let values: Vec<(&str, Value)> = values.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let done = self.ask(None, Some(key), (&values, Json::Object(given)), |call| self.domain.act(name, call))?;
        self.store(&done.ops);
        Ok(done.ops)
    }

    /// A desk with units, an item `desk` in pieces and cartons of 12, another `glue`, and two locations.
    pub(crate) fn stocked() -> Self {
        let mut desk = Self::new();
        for (action, key, params) in [
            ("set_unit", "piece", json!({"name": "Piece", "grid": "1"})),
            ("set_unit", "carton", json!({"name": "Carton", "grid": "1"})),
            ("set_unit", "g", json!({"name": "Gram"})),
            ("set_unit", "kg", json!({"name": "Kilogram", "base": "g", "numerator": 1000})),
            ("set_item", "desk", json!({"name": "Desk", "stock_unit": "piece"})),
            ("set_item", "glue", json!({"name": "Glue", "stock_unit": "g"})),
            ("set_item_unit", "desk@carton", json!({"numerator": 12})),
            ("set_location", "main", json!({"name": "Main store"})),
            ("set_location", "shop", json!({"name": "Shop"})),
            ("set_supplier", "acme", json!({"name": "Acme"})),
        ] {
            assert_eq!(desk.set(action, key, params).unwrap().len(), 1, "{action} {key}");
        }
        desk
    }

    /// How an item stands at a place: on hand, on order, reserved, movements.
    pub(crate) fn level(&self, item: &str, location: &str) -> (String, String, String, i64) {
        let key = StockKey { item: item.into(), location: location.into() };
        let row = self.memory.stock_level(TENANT, &key).unwrap_or_else(|| StockRow::empty(key));
        (row.on_hand.to_string(), row.on_order.to_string(), row.reserved.to_string(), row.movements)
    }

    fn store(&mut self, ops: &[Op]) {
        let ops: Vec<_> = ops.iter().map(|op| (TENANT, op.clone())).collect();
        self.memory.write(&Batch::of(&ops)).unwrap();
    }

    /// Starts an order.
    pub(crate) fn start(&mut self, number: u128, input: Json) -> Result<Case, (String, String)> {
        let mut subject = document(input.clone());
        subject.remove("lines");
        let mut case = Case { id: InstanceId(uuid::Uuid::from_u128(number)), subject };
        self.act("record_order", &mut case, &[], input)?;
        Ok(case)
    }

    /// Starts an order of unit `sales` with one line that costs this much.
    pub(crate) fn order(&mut self, number: u128, price: &str) -> Case {
        let line = json!({"item": "desk", "quantity": "1", "unit": "piece", "price": price});
        let input = json!({"requester": "ann", "supplier": "ACME", "unit": "sales", "lines": [line]});
        self.start(number, input).unwrap()
    }

    /// The stored order.
    pub(crate) fn stored(&self, case: &Case) -> (OrderRow, Vec<LineRow>) {
        self.memory.order(TENANT, case.id).unwrap()
    }
}

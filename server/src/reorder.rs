//! Reorder runs as people see them: started, waited for, told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::command::{Actor, Command, OpenSeat, Verb};
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::ids::{Digest, InstanceId, PersonId, RequestId, TenantId};
use fluxor_engine::instance::{Document, Instance, Status};
use fluxor_engine::money::Money;
use fluxor_workflows::reorder::source_of;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value, json};

use crate::desk::{Books, Desk, NotDone};

/// The workflow of a run.
pub(crate) const WORKFLOW: &str = "reorder_run";

/// How often a run is looked at while somebody waits for it.
const LOOK: Duration = Duration::from_millis(20);

/// How many rows a page of orders or shortfalls has.
const PAGE: i64 = 500;

/// What a run is started with.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// In whose name orders are requested.
    pub(crate) requester: PersonId,
    /// The unit that buys.
    pub(crate) unit: Option<String>,
    /// For which day; without, the company's today.
    pub(crate) as_of: Option<Date>,
    /// A business key: a second run with it is the first.
    pub(crate) key: Option<String>,
}

impl Ask {
    /// The start's input.
    pub(crate) fn input(&self) -> Document {
        let mut input = Document::from_iter([("requester".to_owned(), json!(self.requester))]);
        if let Some(unit) = &self.unit {
            input.insert("unit".to_owned(), unit.as_str().into());
        }
        if let Some(day) = self.as_of {
            input.insert("as_of".to_owned(), day.to_string().into());
        }
        input
    }
}

/// The first active holder, by id, of the role `planner` in a unit.
pub(crate) fn planner(organisation: Option<&OrganisationRow>, unit: &str) -> Option<PersonId> {
    let document: Value = serde_json::from_str(&organisation?.document).ok()?;
    let units = document["units"].as_array()?;
    let mut holders: Vec<&str> = units
        .iter()
        .filter(|found| found["id"] == unit)
        .filter_map(|found| found["roles"]["planner"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    holders.sort_unstable();
    let away = |id: &str| {
        let people = document["people"].as_array().into_iter().flatten();
        people.into_iter().any(|person| person["id"] == id && person["active"] == false)
    };
    holders.into_iter().find(|id| !away(id)).map(PersonId::from)
}

/// Starts a run, as the console does.
pub(crate) async fn start(
    desk: &dyn Desk,
    tenant: TenantId,
    request: RequestId,
    ask: &Ask,
) -> Result<InstanceId, NotDone> {
    let input = ask.input();
    let text = serde_json::to_string(&input).unwrap_or_default();
    let command = Command {
        tenant,
        request_hash: Digest::of(format!("reorder run\0{}\0{text}", ask.key.as_deref().unwrap_or_default())),
        request,
        actor: Actor::System,
        verb: Verb::Start { workflow: WORKFLOW.into(), key: ask.key.as_deref().map(Arc::from), input },
    };
    let answer = desk.submit(command).await?.answer;
    answer.instance.ok_or_else(|| NotDone::Busy("the run has no instance".to_owned()))
}

/// Waits until a run has come to its end, or to an incident; `watch` sees every look.
pub(crate) async fn wait(
    desk: &dyn Desk,
    tenant: TenantId,
    run: InstanceId,
    watch: impl Fn(&Instance),
) -> Result<Instance, NotDone> {
    loop {
        let instance = desk.look(tenant, run).await?.instance;
        watch(&instance);
        match instance.status {
            Status::Active => tokio::time::sleep(LOOK).await,
            Status::Incident | Status::Final => return Ok(instance),
        }
    }
}

/// What a run came to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Told {
    /// The run.
    pub(crate) run: InstanceId,
    /// Where it stands: `done`, `cancelled`, or where it stopped.
    pub(crate) state: Arc<str>,
    /// Why it stopped, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incident: Option<String>,
    /// The day that it was for.
    pub(crate) as_of: Option<String>,
    /// How many items at places were looked at.
    pub(crate) looked_at: i64,
    /// How many were short.
    pub(crate) short: i64,
    /// The orders.
    pub(crate) orders: Vec<Order>,
    /// What was short and not ordered.
    pub(crate) not_ordered: Vec<Value>,
}

/// An order of a run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Order {
    /// Its instance.
    pub(crate) id: InstanceId,
    /// The supplier's code.
    pub(crate) supplier: String,
    /// The supplier's name.
    pub(crate) supplier_name: String,
    /// What it costs: an amount and its currency.
    pub(crate) value: String,
    /// Where it stands.
    pub(crate) state: Arc<str>,
    /// Why nobody can go on with it, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) incident: Option<String>,
    /// Who may act now.
    pub(crate) asked: Vec<OpenSeat>,
    /// Its lines: item, name, quantity, unit, price, total, location.
    pub(crate) lines: Vec<Value>,
}

/// Tells a run: its orders with their lines and who is asked, and what was not ordered.
pub(crate) async fn tell(desk: &dyn Desk, tenant: TenantId, run: &Instance) -> Result<Told, NotDone> {
    let number = |name: &str| run.subject.get(name).and_then(Value::as_i64).unwrap_or(0);
    let mut orders = Vec::new();
    let mut after = None;
    loop {
        let asked = Books::OrdersFrom { source: source_of(run.id), after, limit: PAGE };
        let page = desk.books(tenant, asked).await?;
        let rows = page.as_array().cloned().unwrap_or_default();
        for row in &rows {
            let Some(id) = row["id"].as_str().and_then(|id| id.parse().ok()) else { continue };
            orders.push(order(desk, tenant, id).await?);
            after = Some(id);
        }
        if rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
            break;
        }
    }
    let mut not_ordered: Vec<Value> = Vec::new();
    loop {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let after = not_ordered.last().map(|row| (text(row, "item"), text(row, "location")));
        let page = desk.books(tenant, Books::Shortfalls { run: run.id, after, limit: PAGE }).await?;
        let rows = page.as_array().cloned().unwrap_or_default();
        let full = rows.len() == usize::try_from(PAGE).unwrap_or(usize::MAX);
        not_ordered.extend(rows);
        if !full {
            break;
        }
    }
    Ok(Told {
        run: run.id,
        state: run.state.clone(),
        incident: run.detail.incident.as_ref().map(|incident| incident.message.clone()),
        as_of: run.subject.get("as_of").and_then(Value::as_str).map(str::to_owned),
        looked_at: number("items"),
        short: number("short"),
        orders,
        not_ordered,
    })
}

async fn order(desk: &dyn Desk, tenant: TenantId, id: InstanceId) -> Result<Order, NotDone> {
    let row = desk.books(tenant, Books::Order { id }).await?;
    let look = desk.look(tenant, id).await?;
    let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let supplier = text("supplier");
    let named = desk.books(tenant, Books::Supplier { code: supplier.clone(), whole: false }).await?;
    let lines = row["line_items"].as_array().into_iter().flatten().map(|line| {
        json!({
            "item": line["item"], "name": line["description"], "quantity": line["quantity"], "unit": line["unit"],
            "price": line["price"], "total": line["total"], "location": line["location"],
        })
    });
    Ok(Order {
        id,
        supplier_name: named["name"].as_str().unwrap_or(&supplier).to_owned(),
        supplier,
        value: text("amount"),
        state: look.instance.state.clone(),
        incident: look.instance.detail.incident.as_ref().map(|incident| incident.message.clone()),
        asked: look.answer.tasks.into_iter().flat_map(|task| task.open).collect(),
        lines: lines.collect(),
    })
}

impl Told {
    /// What all orders cost, one amount a currency: `12.00 EUR + 3.00 USD`; empty without orders.
    pub(crate) fn value(&self) -> String {
        let mut sums: BTreeMap<String, Money> = BTreeMap::new();
        for money in self.orders.iter().filter_map(|order| order.value.parse::<Money>().ok()) {
            let sum = sums.entry(money.currency.to_string()).or_insert(Money { units: 0, ..money });
            sum.units = sum.units.saturating_add(money.units);
        }
        sums.values().map(ToString::to_string).collect::<Vec<_>>().join(" + ")
    }
}

//! A reorder run: what was found is taken in at once, then ordered part by part, each in a commit of its own.
//!
//! What must hold: a part stands on rows that are locked; what is no longer short is dropped; the order, its lines, what
//! they put on order and the run's cursor change together. So a run that is cut off goes on behind its last part, and two
//! runs at the same time order nothing twice.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::domain::{Done, Start, Tell};
use fluxor_engine::ids::{InstanceId, PersonId};
use fluxor_engine::instance::Document;
use fluxor_engine::money::Currency;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Case, Offer, OnOrder, Outcome, Position, Proposed, PurchaseUnit, Rates, Reordered, propose};
use crate::action::{Answer, Call, fail, instance, needs, require, subject_text};
use crate::quantity::Quantity;
use crate::records::factor_to_stock;
use crate::row::{ItemUnitKey, Need, Op, Rows, ShortfallRow, StockKey, StockRow, TermKey};
use crate::settings::Settings;

/// What the run works on orders becomes under this category, which the order's approval asks about.
pub const CATEGORY: &str = "replenishment";

/// What a look at everything came to: the payload of `proposed`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// How many items at places were looked at.
    pub items: i64,
    /// How many of them were short.
    pub short: i64,
    /// What is to be ordered, in parts.
    pub parts: Vec<Part>,
    /// What was short and cannot be ordered.
    pub not_ordered: Vec<NotOrdered>,
}

/// What becomes one order: at most 500 lines of one supplier, location and currency. The payload of `order_part`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// From whom.
    pub supplier: Arc<str>,
    /// To which place.
    pub location: Arc<str>,
    /// In which currency.
    pub currency: Currency,
    /// Its number among those of the same supplier, location and currency, from 1.
    pub part: i64,
    /// Items in the order of their codes.
    pub lines: Vec<Wanted>,
}

/// An item that was short.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// The item.
    pub item: Arc<str>,
    /// The supplier's term that is cheapest.
    pub term: Arc<str>,
    /// What was on order then, by how far the orders were.
    pub on_order: OnOrder,
}

/// An item that was short and is not ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotOrdered {
    /// The item.
    pub item: Arc<str>,
    /// The place.
    pub location: Arc<str>,
    /// In a word.
    pub reason: Arc<str>,
    /// The sentence and the arithmetic.
    pub why: Json,
}

/// Takes what was found in: notes what cannot be ordered, and has the run tell itself each part.
pub(crate) fn take_proposals(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let run = instance(call)?;
    let found: Found = read(call, "what was found")?;
    let parts = found.parts.len();
    let width = parts.to_string().len();
    let tells = found.parts.into_iter().enumerate().map(|(n, part)| {
        let Ok(Json::Object(payload)) = serde_json::to_value(part) else { return fail("a part cannot be written") };
        Ok(Tell { message: format!("part-{:0width$}", n + 1).into(), event: "order_part".into(), payload })
    });
    let tells = tells.collect::<Answer<Vec<_>>>()?;
    let rows: Vec<ShortfallRow> = found.not_ordered.into_iter().map(|missed| shortfall(run, missed)).collect();
    let set = Document::from_iter([
        ("items".to_owned(), found.items.into()),
        ("short".to_owned(), found.short.into()),
        ("not_ordered".to_owned(), rows.len().into()),
        ("parts".to_owned(), parts.into()),
        ("done".to_owned(), 0.into()),
        ("orders".to_owned(), 0.into()),
        ("lines".to_owned(), 0.into()),
    ]);
    let ops = if rows.is_empty() { Vec::new() } else { vec![Op::ReorderShortfall(Rows(rows))] };
    Ok(Done { ops, set, tells, ..Done::default() })
}

fn shortfall(run: InstanceId, missed: NotOrdered) -> ShortfallRow {
    let key = StockKey { item: missed.item, location: missed.location };
    ShortfallRow { run, key, reason: missed.reason, why: missed.why }
}

/// Orders a part: computes every line again on rows that are locked, and starts the purchase order.
pub(crate) fn order_part(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let run = instance(call)?;
    let part: Part = read(call, "a part of a run")?;
    let today = as_of(call)?;
    require(call, first_needs(&part))?;
    require(call, second_needs(call, &part)?)?;
    let (mut lines, mut missed) = (Vec::new(), Vec::new());
    let mut expected = None;
    for wanted in &part.lines {
        let proposed = again(call, &part, wanted, today)?;
        match &proposed.outcome {
            Outcome::Order(line) => {
                expected = expected.max(line.expected_on);
                lines.push(order_line(call, &part, wanted, line, &proposed)?);
            }
            Outcome::NotShort(_) => missed.push((wanted, "no_longer_short".into(), proposed.why_json())),
            Outcome::NotPurchasable(obstacle) => missed.push((wanted, word(obstacle.reason), proposed.why_json())),
        }
    }
    let missed: Vec<ShortfallRow> = missed
        .into_iter()
        .map(|(wanted, reason, why)| ShortfallRow { run, key: part.stock(wanted), reason, why })
        .collect();
    let set = moved(call, lines.len(), missed.len());
    let ops = if missed.is_empty() { Vec::new() } else { vec![Op::ReorderShortfall(Rows(missed))] };
    let starts = if lines.is_empty() { Vec::new() } else { vec![order(call, run, &part, lines, today, expected)?] };
    Ok(Done { ops, set, starts, ..Done::default() })
}

impl Part {
    fn stock(&self, wanted: &Wanted) -> StockKey {
        StockKey { item: wanted.item.clone(), location: self.location.clone() }
    }

    fn term(&self, wanted: &Wanted) -> TermKey {
        TermKey { item: wanted.item.clone(), supplier: self.supplier.clone(), term: wanted.term.clone() }
    }
}

impl Proposed {
    /// What is kept beside a line or a shortfall.
    pub(crate) fn why_json(&self) -> Json {
        let mut why = serde_json::to_value(&self.why).unwrap_or_default();
        if let (Outcome::NotPurchasable(obstacle), Some(why)) = (&self.outcome, why.as_object_mut()) {
            why.insert("text".to_owned(), obstacle.text.as_str().into());
        }
        why
    }
}

/// A word of a closed list as text.
pub(crate) fn word(word: impl Serialize) -> Arc<str> {
    serde_json::to_value(word).ok().and_then(|json| json.as_str().map(Arc::from)).unwrap_or_else(|| "?".into())
}

/// The payload. The engine alone sends it, so that what cannot be read is an incident.
fn read<T: serde::de::DeserializeOwned>(call: &Call<'_>, what: &str) -> Answer<T> {
    match serde_json::from_value(Json::Object(call.payload.clone())) {
        Ok(read) => Ok(read),
        Err(why) => fail(format!("{what} cannot be read: {why}")),
    }
}

fn as_of(call: &Call<'_>) -> Answer<Date> {
    match subject_text(call, "as_of").map(str::parse) {
        Some(Ok(day)) => Ok(day),
        Some(Err(why)) => fail(format!("the run's `as_of` is no day: {why}")),
        None => fail("the run has no `as_of`: its workflow starts with `begin_run`"),
    }
}

fn first_needs(part: &Part) -> BTreeSet<Need> {
    let of_line = |wanted: &Wanted| {
        let key = part.stock(wanted);
        [Need::Stock(key.clone()), Need::Policy(key), Need::Item(wanted.item.clone()), Need::Term(part.term(wanted))]
    };
    let shared = [Need::Supplier(part.supplier.clone()), Need::Location(part.location.clone())];
    part.lines.iter().flat_map(of_line).chain(shared).collect()
}

/// The units that the terms and items name.
fn second_needs(call: &Call<'_>, part: &Part) -> Answer<BTreeSet<Need>> {
    let mut wanted = BTreeSet::new();
    for line in &part.lines {
        if let Some(term) = call.facts.term(call.tenant, &part.term(line)).map_err(needs)? {
            wanted.insert(Need::Unit(term.unit.clone()));
            let key = ItemUnitKey { item: line.item.clone(), unit: term.unit.clone() };
            wanted.insert(Need::ItemUnit(key));
        }
        if let Some(item) = call.facts.item(call.tenant, &line.item).map_err(needs)? {
            wanted.insert(Need::Unit(item.stock_unit.clone()));
        }
    }
    Ok(wanted)
}

/// The line as the locked rows have it.
fn again(call: &Call<'_>, part: &Part, wanted: &Wanted, today: Date) -> Answer<Proposed> {
    let (tenant, facts, key) = (call.tenant, call.facts, part.stock(wanted));
    let Some(policy) = facts.policy(tenant, &key).map_err(needs)? else {
        return fail(format!("the policy of {key} has gone"));
    };
    let Some(item) = facts.item(tenant, &wanted.item).map_err(needs)? else {
        return fail(format!("the item `{}` has gone", wanted.item));
    };
    let stock = facts.stock(tenant, &key).map_err(needs)?;
    let position = position(stock.unwrap_or(&StockRow::empty(key.clone())), wanted.on_order);
    let location = facts.location(tenant, &part.location).map_err(needs)?;
    let supplier = facts.supplier(tenant, &part.supplier).map_err(needs)?;
    let offer = match facts.term(tenant, &part.term(wanted)).map_err(needs)? {
        None => None,
        Some(term) => {
            let factor = factor_to_stock(call, item, &term.unit)?.ok();
            let grid = facts.unit(tenant, &term.unit).map_err(needs)?.map_or(Quantity(1_000_000), |unit| unit.grid);
            Some(Offer {
                term: term.clone(),
                unit: PurchaseUnit { unit: term.unit.clone(), factor, grid },
                supplier_active: supplier.is_some_and(|supplier| supplier.active),
                supplier_approved: supplier.is_some_and(|supplier| supplier.approved),
            })
        }
    };
    // One offer is compared with nothing: its own currency is as good as any.
    let rates = Rates::of(part.currency);
    let offers: Vec<Offer> = offer.into_iter().filter(|offer| offer.term.price.currency == part.currency).collect();
    Ok(propose(&Case {
        item_active: item.active,
        location_active: location.is_some_and(|location| location.active),
        policy,
        position: &position,
        offers: &offers,
        today,
        rates: &rates,
    }))
}

/// The position as it is under lock. The stock level knows what is on order in all; how far those orders are was seen
/// without a lock, so what came since is told as drafts, and what went is taken from what was sent first.
fn position(stock: &StockRow, seen: OnOrder) -> Position {
    let mut on_order = seen;
    let mut gone = [seen.draft, seen.in_approval, seen.approved, seen.sent].iter().map(|q| q.0).sum::<i64>();
    gone -= stock.on_order.0;
    if gone < 0 {
        on_order.draft.0 -= gone;
    }
    for kind in [&mut on_order.sent, &mut on_order.approved, &mut on_order.in_approval, &mut on_order.draft] {
        let less = gone.clamp(0, kind.0.max(0));
        kind.0 -= less;
        gone -= less;
    }
    Position { on_hand: stock.on_hand, reserved: stock.reserved, in_transit: stock.in_transit, on_order }
}

fn order_line(call: &Call<'_>, part: &Part, wanted: &Wanted, line: &Reordered, proposed: &Proposed) -> Answer<Json> {
    let item = call.facts.item(call.tenant, &wanted.item).map_err(needs)?;
    Ok(json!({
        "item": wanted.item,
        "description": item.map(|item| item.name.clone()),
        "location": part.location,
        "quantity": line.quantity,
        "unit": line.unit,
        "price": line.price,
        "why": proposed.why_json(),
    }))
}

fn order(
    call: &Call<'_>,
    run: InstanceId,
    part: &Part,
    lines: Vec<Json>,
    today: Date,
    expected: Option<Date>,
) -> Answer<Start> {
    let Some(requester) = subject_text(call, "requester") else { return fail("the run has no requester") };
    let mut input = Document::from_iter([
        ("requester".to_owned(), Json::from(requester)),
        ("supplier".to_owned(), Json::from(&*part.supplier)),
        ("category".to_owned(), Json::from(CATEGORY)),
        ("source".to_owned(), Json::from(format!("reorder:{run}"))),
        ("ordered_on".to_owned(), Json::from(today.to_string())),
        ("lines".to_owned(), Json::from(lines)),
    ]);
    if let Some(unit) = subject_text(call, "unit") {
        input.insert("unit".to_owned(), unit.into());
    }
    if let Some(expected) = expected {
        input.insert("expected_on".to_owned(), expected.to_string().into());
    }
    let Part { supplier, location, currency, part, .. } = part;
    let key = format!("reorder:{run}:{supplier}:{location}:{currency}:{part}");
    Ok(Start { workflow: "purchase_order".into(), key: Some(key.into()), requester: PersonId(requester.into()), input })
}

/// The run's cursor, one part further.
fn moved(call: &Call<'_>, lines: usize, missed: usize) -> Document {
    let add = |name: &str, more: usize| {
        let now = call.subject.get(name).and_then(Json::as_i64).unwrap_or(0);
        (name.to_owned(), Json::from(now + i64::try_from(more).unwrap_or(0)))
    };
    Document::from_iter([
        add("done", 1),
        add("orders", usize::from(lines > 0)),
        add("lines", lines),
        add("not_ordered", missed),
    ])
}

/// Begins a run: the day that it is for, and the home currency, are the company's unless they are given.
pub(crate) fn begin_run(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    require(call, [Need::Company])?;
    let company = call.facts.company(call.tenant).map_err(needs)?;
    let mut set = Document::new();
    let day = match subject_text(call, "as_of") {
        Some(given) => match given.parse::<Date>() {
            Ok(day) => day,
            Err(_) => {
                let sentence = format!("/as_of: `{given}` is no day: write it as 2026-11-24.");
                return crate::action::refuse("invalid_run", sentence);
            }
        },
        None => match company.and_then(|company| company.today) {
            Some(day) => day,
            None => local_day(company.map_or(&*settings.zone, |company| &*company.zone), call)?,
        },
    };
    set.insert("as_of".to_owned(), day.to_string().into());
    let numbers = ["items", "short", "not_ordered", "parts", "done", "orders", "lines"];
    set.extend(numbers.map(|name| (name.to_owned(), 0.into())));
    Ok(Done { set, ..Done::default() })
}

fn local_day(zone: &str, call: &Call<'_>) -> Answer<Date> {
    let local = call.now.to_jiff().and_then(|now| now.in_tz(zone).ok());
    match local {
        Some(local) => Ok(local.date()),
        None => fail(format!("the company's time zone `{zone}` is not known")),
    }
}

/// What the worker is asked: which run, for which day.
pub(crate) fn propose_reorder(_: &Settings, call: &Call<'_>) -> Answer<Document> {
    let run = instance(call)?;
    let company = {
        require(call, [Need::Company])?;
        call.facts.company(call.tenant).map_err(needs)?
    };
    let mut payload = Document::from_iter([("run".to_owned(), json!(run)), ("as_of".to_owned(), json!(as_of(call)?))]);
    if let Some(company) = company {
        payload.insert("currency".to_owned(), json!(company.currency));
    }
    if let Some(location) = subject_text(call, "location") {
        payload.insert("location".to_owned(), location.into());
    }
    Ok(payload)
}

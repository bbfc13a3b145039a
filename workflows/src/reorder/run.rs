//! A reorder run: what was found is taken in at once, then ordered part by part, each in a commit of its own.
//!
//! What must hold: a part stands on rows that are locked; what is no longer short is dropped; the order, its lines, what
//! they put on order and the run's cursor change together. So a run that is cut off goes on behind its last part, and two
//! runs at the same time order nothing twice.

use std::sync::Arc;

use fluxor_engine::domain::{Done, Start, Tell};
use fluxor_engine::ids::{InstanceId, PersonId};
use fluxor_engine::instance::Document;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{
    Case, Chunk, ChunkLine, Offer, Outcome, Position, Proposed, Rates, Reordered, Shortfall, Snapshot, propose,
};
use crate::action::{Answer, Call, fail, instance, needs, require, subject_text};
use crate::row::{
    BudgetKey, CompanyRow, ItemUnitKey, Need, Op, ReorderLineRow, Rows, ShortfallRow, StockKey, StockRow, TermKey,
    Written, source_of,
};
use crate::settings::Settings;

/// What the run works on orders becomes under this category, which the order's approval asks about.
pub const CATEGORY: &str = "replenishment";

/// Takes what was found in: notes what cannot be ordered, and has the run tell itself each order to make.
pub(crate) fn take_proposals(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let run = instance(call)?;
    let found: Snapshot = read(call, "what was found")?;
    let parts = found.chunks.len();
    let width = parts.to_string().len();
    let tells = found.chunks.into_iter().enumerate().map(|(n, chunk)| {
        let Ok(Json::Object(payload)) = serde_json::to_value(chunk) else { return fail("a part cannot be written") };
        Ok(Tell { message: format!("part-{:0width$}", n + 1).into(), event: "order_part".into(), payload })
    });
    let tells = tells.collect::<Answer<Vec<_>>>()?;
    let rows: Vec<ShortfallRow> = found.unplaceable.into_iter().map(|missed| shortfall(run, missed)).collect();
    let set = Document::from_iter([
        ("items".to_owned(), found.totals.looked_at.into()),
        ("short".to_owned(), found.totals.short.into()),
        ("not_ordered".to_owned(), rows.len().into()),
        ("parts".to_owned(), parts.into()),
    ]);
    let ops = if rows.is_empty() { Vec::new() } else { vec![Op::ReorderShortfall(Rows(rows))] };
    Ok(Done { ops, set, tells, ..Done::default() })
}

fn shortfall(run: InstanceId, missed: Shortfall) -> ShortfallRow {
    let why = json!({ "text": missed.obstacle.text, "position": missed.position, "need": missed.need });
    let key = StockKey { item: missed.item, location: missed.location };
    ShortfallRow { run, key, reason: word(missed.obstacle.reason), why }
}

/// Orders a part: computes every line again on rows that are locked, and starts the purchase order.
pub(crate) fn order_part(_: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let run = instance(call)?;
    let part: Chunk = read(call, "a part of a run")?;
    let today = as_of(call)?;
    require(call, first_needs(call, &part))?;
    require(call, second_needs(call, &part)?)?;
    let (mut lines, mut reasons, mut missed) = (Vec::new(), Vec::new(), Vec::new());
    let mut expected = None;
    for wanted in &part.lines {
        let proposed = again(call, &part, wanted, today)?;
        match &proposed.outcome {
            Outcome::Order(line) => {
                expected = expected.max(line.expected_on);
                lines.push(order_line(call, &part, wanted, line)?);
                reasons.push(reason(run, part.stock(wanted), lines.len(), &proposed)?);
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
    let mut ops = Vec::new();
    if !missed.is_empty() {
        ops.push(Op::ReorderShortfall(Rows(missed)));
    }
    if !reasons.is_empty() {
        ops.push(Op::ReorderLine(Rows(reasons)));
    }
    let starts = if lines.is_empty() { Vec::new() } else { vec![order(call, run, &part, lines, today, expected)?] };
    Ok(Done { ops, set, starts, ..Done::default() })
}

impl Chunk {
    fn stock(&self, wanted: &ChunkLine) -> StockKey {
        StockKey { item: wanted.item.clone(), location: self.location.clone() }
    }

    /// Every offer that was compared, as it is now.
    fn terms(wanted: &ChunkLine) -> impl Iterator<Item = TermKey> {
        let key = |(supplier, term): &(Arc<str>, Arc<str>)| TermKey {
            item: wanted.item.clone(),
            supplier: supplier.clone(),
            term: term.clone(),
        };
        wanted.compared.iter().map(key)
    }
}

impl Proposed {
    /// What is kept beside a shortfall.
    fn why_json(&self) -> Json {
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
    match T::deserialize(call.payload) {
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

/// All rows that the part and its order stand on, as far as the look knew them: asked for at once, so that little is
/// computed twice, and locked in order.
fn first_needs(call: &Call<'_>, part: &Chunk) -> Vec<Need> {
    let mut wanted = vec![Need::Location(part.location.clone())];
    let unit = subject_text(call, "unit").map(Arc::from);
    wanted.extend(unit.map(|unit| Need::Budget(BudgetKey { unit, currency: part.currency })));
    for line in &part.lines {
        let key = part.stock(line);
        wanted.extend([Need::Stock(key.clone()), Need::Policy(key), Need::Item(line.item.clone())]);
        wanted.extend(line.compared.iter().map(|(supplier, _)| Need::Supplier(supplier.clone())));
        wanted.extend(Chunk::terms(line).map(Need::Term));
        for unit in std::iter::once(&line.unit).chain(&line.other_units) {
            wanted.extend(of_unit(line, unit));
        }
    }
    wanted
}

fn of_unit(line: &ChunkLine, unit: &Arc<str>) -> [Need; 2] {
    [Need::Unit(unit.clone()), Need::ItemUnit(ItemUnitKey { item: line.item.clone(), unit: unit.clone() })]
}

/// The units that the terms and items name now.
fn second_needs(call: &Call<'_>, part: &Chunk) -> Answer<Vec<Need>> {
    let mut wanted = Vec::new();
    for line in &part.lines {
        for key in Chunk::terms(line) {
            let Some(term) = call.facts.term(call.tenant, &key).map_err(needs)? else { continue };
            wanted.extend(of_unit(line, &term.unit));
        }
        if let Some(item) = call.facts.item(call.tenant, &line.item).map_err(needs)? {
            wanted.push(Need::Unit(item.stock_unit.clone()));
        }
    }
    Ok(wanted)
}

/// The line as the locked rows have it.
fn again(call: &Call<'_>, part: &Chunk, wanted: &ChunkLine, today: Date) -> Answer<Proposed> {
    let (tenant, facts, key) = (call.tenant, call.facts, part.stock(wanted));
    let Some(policy) = facts.policy(tenant, &key).map_err(needs)? else {
        return fail(format!("the policy of {key} has gone"));
    };
    let Some(item) = facts.item(tenant, &wanted.item).map_err(needs)? else {
        return fail(format!("the item `{}` has gone", wanted.item));
    };
    let stock = facts.stock(tenant, &key).map_err(needs)?;
    // What is on order is the locked level's; how far those orders are was seen without a lock.
    let position = Position::from(stock.unwrap_or(&StockRow::empty(key.clone()))).told(wanted.on_order);
    let location = facts.location(tenant, &part.location).map_err(needs)?;
    let stock_unit = facts.unit(tenant, &item.stock_unit).map_err(needs)?;
    let mut offers = Vec::new();
    for key in Chunk::terms(wanted) {
        let Some(term) = facts.term(tenant, &key).map_err(needs)? else { continue };
        // An order has one currency, in which no rate is needed; offers in others were compared by the look.
        if term.price.currency != part.currency {
            continue;
        }
        let supplier = facts.supplier(tenant, &key.supplier).map_err(needs)?;
        let unit = facts.unit(tenant, &term.unit).map_err(needs)?;
        let own = ItemUnitKey { item: wanted.item.clone(), unit: term.unit.clone() };
        let own = facts.item_unit(tenant, &own).map_err(needs)?.map(|row| row.factor);
        offers.push(Offer::of(term.clone(), supplier, unit, own, Some((&*item.stock_unit, stock_unit))));
    }
    Ok(propose(&Case {
        item_active: item.active,
        location_active: location.is_some_and(|location| location.active),
        policy,
        position: &position,
        offers: &offers,
        supplier: Some(&part.supplier),
        today,
        rates: &Rates::of(part.currency),
    }))
}

fn order_line(call: &Call<'_>, part: &Chunk, wanted: &ChunkLine, line: &Reordered) -> Answer<Json> {
    let item = call.facts.item(call.tenant, &wanted.item).map_err(needs)?;
    Ok(json!({
        "item": wanted.item,
        "description": item.map(|item| item.name.clone()),
        "location": part.location,
        "quantity": line.quantity,
        "unit": line.unit,
        "price": line.price,
    }))
}

/// Why it is ordered. Kept beside the run and not in the order, whose images would carry it along for ever.
fn reason(run: InstanceId, key: StockKey, line: usize, proposed: &Proposed) -> Answer<ReorderLineRow> {
    match (Written::of(&proposed.why), i64::try_from(line)) {
        (Ok(why), Ok(line)) => Ok(ReorderLineRow { run, key, line, why }),
        _ => fail(format!("the arithmetic of {key} cannot be written")),
    }
}

fn order(
    call: &Call<'_>,
    run: InstanceId,
    part: &Chunk,
    lines: Vec<Json>,
    today: Date,
    expected: Option<Date>,
) -> Answer<Start> {
    let Some(requester) = subject_text(call, "requester") else { return fail("the run has no requester") };
    let mut input = Document::from_iter([
        ("requester".to_owned(), Json::from(requester)),
        ("supplier".to_owned(), Json::from(&*part.supplier)),
        ("category".to_owned(), Json::from(CATEGORY)),
        ("source".to_owned(), Json::from(source_of(run))),
        ("ordered_on".to_owned(), Json::from(today.to_string())),
        ("lines".to_owned(), Json::from(lines)),
    ]);
    if let Some(unit) = subject_text(call, "unit") {
        input.insert("unit".to_owned(), unit.into());
    }
    if let Some(expected) = expected {
        input.insert("expected_on".to_owned(), expected.to_string().into());
    }
    let Chunk { supplier, location, currency, part, .. } = part;
    let key = format!("{}:{supplier}:{location}:{currency}:{part}", source_of(run));
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
        None => CompanyRow::day(company, &settings.zone, call.now).or_else(fail)?,
    };
    set.insert("as_of".to_owned(), day.to_string().into());
    let numbers = ["items", "short", "not_ordered", "parts", "done", "orders", "lines"];
    set.extend(numbers.map(|name| (name.to_owned(), 0.into())));
    Ok(Done { set, ..Done::default() })
}

/// What the worker is asked: which run, for which day, and the currency that offers are compared in.
pub(crate) fn propose_reorder(settings: &Settings, call: &Call<'_>) -> Answer<Document> {
    let run = instance(call)?;
    require(call, [Need::Company])?;
    let company = call.facts.company(call.tenant).map_err(needs)?;
    let currency = company.map_or_else(|| settings.home_currency.to_string(), |row| row.currency.code().to_owned());
    Ok(Document::from_iter([
        ("run".to_owned(), json!(run)),
        ("as_of".to_owned(), json!(as_of(call)?)),
        ("currency".to_owned(), json!(currency)),
    ]))
}

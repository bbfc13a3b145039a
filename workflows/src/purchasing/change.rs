//! Recording an order at the start of its instance, and changing it afterwards.

use fluxor_engine::domain::Done;
use fluxor_engine::expression::Value;
use fluxor_engine::ids::{InstanceId, PersonId};
use fluxor_engine::instance::Document;
use fluxor_engine::money::{Currency, Money};
use serde_json::Value as Json;

use super::emergency::known_kind;
use super::fields::{LONGEST_NAME, LONGEST_TEXT, Mistakes, day, plain, required, text};
use super::{lines, numbering, stock};
use crate::action::{Answer, Call, done, fail, instance, needs, next_image, order, refuse, require};
use crate::inventory::Levels;
use crate::organisation::no_such_unit;
use crate::quantity::Quantity;
use crate::reorder::CATEGORY;
use crate::row::{LineRow, LineSet, Need, Op, OrderRow, OrderStatus, SOURCE};
use crate::settings::Settings;

/// The code of input that an order cannot take.
pub(super) const INVALID: &str = "invalid_order";

/// Writes the order and its lines. At the start nothing of it is loaded: the id is new, and the insert is guarded. An
/// order that is recorded already is changed instead.
pub(crate) fn record_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    let recorded =
        call.subject.contains_key("lines_digest") || matches!(call.facts.order(call.tenant, id), Ok(Some(_)));
    if recorded {
        return change_order(settings, call);
    }
    known_kind(call)?;
    let mut wrong = Mistakes::default();
    let lines = match call.payload.get("lines") {
        None | Some(Json::Null) => Vec::new(),
        Some(given) => match lines::read(given, lines::FIELDS).and_then(numbering::first) {
            Ok(lines) => lines,
            Err(why) => {
                wrong.0.push(why);
                wrong.0.extend(stock::unknown_units(call, given)?);
                Vec::new()
            }
        },
    };
    wrong.of(known_unit(call, call.subject.get("unit").and_then(Json::as_str)));
    let row = new_row(settings, call, id, &lines, wrong)?;
    if call.actor.is_some() && row.source.as_deref().is_some_and(|source| source.starts_with(SOURCE)) {
        return refuse(INVALID, "/source: only a reorder run's own orders come from it; leave it out.");
    }
    own_category(call, row.category.as_deref(), None)?;
    new_order(call, row, lines, stock::Strict::Active)
}

/// The row of an order that begins with these lines; refused with all that is wrong with it, and what was `wrong` before.
pub(super) fn new_row(
    settings: &Settings,
    call: &Call<'_>,
    id: InstanceId,
    lines: &[LineRow],
    mut wrong: Mistakes,
) -> Answer<OrderRow> {
    let subject = call.subject;
    let requester = wrong.of(required(subject, "", "requester", "the requester"));
    let supplier = wrong.of(required(subject, "", "supplier", "the supplier").and_then(plain));
    let mut said = |name: &str, most: usize| wrong.of(text(subject, "", name, most)).flatten().flatten();
    let (category, unit, note) =
        (said("category", LONGEST_NAME), said("unit", LONGEST_NAME), said("note", LONGEST_TEXT));
    let source = said("source", LONGEST_NAME);
    let mut on = |name: &str| wrong.of(day(subject, "", name)).flatten();
    let (ordered_on, expected_on) = (on("ordered_on"), on("expected_on"));
    valid(wrong.end())?;
    // Without them there was a mistake.
    let (requester, supplier) = (requester.unwrap_or_default(), supplier.unwrap_or_default());
    Ok(OrderRow {
        id,
        version: 1,
        requester: PersonId(requester),
        supplier,
        category,
        unit,
        note,
        number: None,
        status: OrderStatus::Draft,
        amount: total(settings, lines)?,
        lines: count(lines),
        lines_digest: lines::digest(lines),
        reserved: None,
        ordered_on,
        expected_on,
        source,
        created_at: call.now,
        changed_at: call.now,
    })
}

/// The changes that begin an order: what is open of its lines is on order from now on.
pub(super) fn new_order(
    call: &Call<'_>,
    row: OrderRow,
    mut lines: Vec<LineRow>,
    strict: stock::Strict,
) -> Answer<Done<Op>> {
    require(call, stock::needs_of(&lines))?;
    stock::pin(call, &mut lines, &[], strict)?;
    let mut levels = Levels::new(call);
    if !row.status.is_closed() {
        stock::on_order(&mut levels, &[], &lines)?;
    }
    let set = computed(&row, &lines);
    let mut ops = vec![Op::PurchaseOrder(Box::new(row))];
    ops.push(Op::PurchaseOrderLine(LineSet { order: instance(call)?, lines }));
    ops.extend(levels.finish()?);
    Ok(done(ops, set))
}

/// The category decides who is asked: a person cannot choose that of what reorder runs order.
fn own_category(call: &Call<'_>, given: Option<&str>, before: Option<&str>) -> Answer<()> {
    if call.actor.is_some() && given == Some(CATEGORY) && before != Some(CATEGORY) {
        let sentence = format!("/category: `{CATEGORY}` is what reorder runs order under; choose another.");
        return refuse(INVALID, sentence);
    }
    Ok(())
}

/// Of a unit that there is not, nobody would be asked: a person is told at once.
fn known_unit(call: &Call<'_>, unit: Option<&str>) -> Result<(), String> {
    match unit.and_then(|unit| no_such_unit(call, unit)) {
        Some(why) if call.actor.is_some() => Err(format!("/unit: {}", why.trim_end_matches('.'))),
        _ => Ok(()),
    }
}

/// Whether the amount compares with those in the home currency: it is in that one, or the organisation has a rate for it.
pub(crate) fn currency_known(settings: &Settings, call: &Call<'_>) -> Answer<Value> {
    let amount = call.subject.get("amount").and_then(Json::as_str).and_then(|amount| amount.parse::<Money>().ok());
    Ok(Value::Bool(match amount {
        Some(amount) => compares(settings, call, amount)?,
        None => true,
    }))
}

/// Whether an amount compares with amounts in the home currency.
fn compares(settings: &Settings, call: &Call<'_>, amount: Money) -> Answer<bool> {
    Ok(call.organisation.rates.compare(amount, Money { units: 0, currency: home(settings)? }).is_some())
}

/// Replaces the lines if the payload brings `lines`; sets `supplier`, `category`, `unit` and `note` where it brings them
/// (null empties the last three). What the payload leaves out stays.
pub(crate) fn change_order(settings: &Settings, call: &Call<'_>) -> Answer<Done<Op>> {
    let id = instance(call)?;
    let lines = call.payload.get("lines").map(|_| Need::Lines(id));
    require(call, std::iter::once(Need::Order(id)).chain(lines))?;
    let before = order(call)?;
    if before.status.is_closed() {
        let status = before.status.as_str();
        return refuse("order_closed", format!("This order is {status}; it cannot be changed any more."));
    }
    known_kind(call)?;
    let mut after = before.clone();
    let mut set = Document::new();
    own_category(call, call.payload.get("category").and_then(Json::as_str), before.category.as_deref())?;
    let payload = call.payload;
    if let Some(supplier) = valid(text(payload, "", "supplier", LONGEST_NAME))? {
        match supplier {
            Some(supplier) => after.supplier = valid(plain(supplier))?,
            None => return refuse(INVALID, "/supplier: an order needs its supplier."),
        }
    }
    for (name, field, most) in [
        ("category", &mut after.category, LONGEST_NAME),
        ("unit", &mut after.unit, LONGEST_NAME),
        ("note", &mut after.note, LONGEST_TEXT),
    ] {
        if let Some(given) = valid(text(payload, "", name, most))? {
            if given != *field {
                set.insert(name.to_owned(), given.as_deref().map_or(Json::Null, Json::from));
            }
            *field = given;
        }
    }
    if after.unit != before.unit {
        let mut wrong = Mistakes::default();
        if wrong.of(known_unit(call, after.unit.as_deref())).is_none() {
            // What is wrong with the lines is told with it.
            wrong.of(payload.get("lines").map_or(Ok(()), |given| lines::read(given, lines::FIELDS).map(drop)));
        }
        valid(wrong.end())?;
    }
    if after.supplier != before.supplier {
        set.insert("supplier".to_owned(), Json::from(&*after.supplier));
    }
    let mut ops = Vec::new();
    if let Some(lines) = payload.get("lines") {
        ops = change_lines(settings, call, &mut after, lines)?;
        if after.lines_digest != before.lines_digest {
            set.extend(told_of(&ops, &after));
        }
        currency_stays_known(settings, call, (before, &after))?;
    }
    if after == *before && ops.is_empty() {
        return Ok(Done::default());
    }
    ops.insert(0, Op::PurchaseOrder(Box::new(next_image(call, &after))));
    Ok(done(ops, set))
}

/// Of an amount that compares with no limit nobody could say whose limit covers it: an order that people are deciding about comes
/// into no such currency. What a reorder run ordered asks by no amount.
fn currency_stays_known(settings: &Settings, call: &Call<'_>, (before, after): (&OrderRow, &OrderRow)) -> Answer<()> {
    let (from, to) = (before.amount.currency, after.amount.currency);
    let by_amount = after.status != OrderStatus::Draft && after.category.as_deref() != Some(CATEGORY);
    if from == to || !by_amount || compares(settings, call, after.amount)? {
        return Ok(());
    }
    let sentence = format!(
        "/lines: there is no exchange rate for {to}, so nobody can say whose limit covers this order: stay with {from}, or have \
         the rate added to the organisation."
    );
    refuse(INVALID, sentence)
}

/// The lines as they are given, and what that changes in stock. No changes: they are the same.
fn change_lines(settings: &Settings, call: &Call<'_>, after: &mut OrderRow, given: &Json) -> Answer<Vec<Op>> {
    let before = call.facts.lines(call.tenant, after.id).map_err(needs)?;
    let given = match lines::read(given, lines::FIELDS) {
        Ok(lines) => lines,
        Err(why) => {
            let units = stock::unknown_units(call, given)?;
            return valid(Err([vec![why], units].concat().join("; ")));
        }
    };
    let mut lines = numbering::matched(given, before)?;
    if lines.is_empty() && after.status != OrderStatus::Draft {
        return refuse(
            INVALID,
            "/lines: an order that was submitted has at least one line; cancel it, if nothing is wanted.",
        );
    }
    let touched = stock::touched(before, &lines);
    require(call, touched)?;
    stock::pin(call, &mut lines, before, stock::Strict::Active)?;
    if lines == before {
        return Ok(Vec::new());
    }
    let mut levels = Levels::new(call);
    stock::on_order(&mut levels, before, &lines)?;
    after.amount = total(settings, &lines)?;
    after.lines = count(&lines);
    after.lines_digest = lines::digest(&lines);
    let mut ops = vec![Op::PurchaseOrderLine(LineSet { order: after.id, lines })];
    ops.extend(levels.finish()?);
    Ok(ops)
}

fn told_of(ops: &[Op], row: &OrderRow) -> Document {
    let lines = ops.iter().find_map(|op| if let Op::PurchaseOrderLine(set) = op { Some(set) } else { None });
    computed(row, lines.map_or(&[], |set| set.lines.as_slice()))
}

fn computed(row: &OrderRow, lines: &[LineRow]) -> Document {
    Document::from_iter([
        ("amount".to_owned(), Json::from(row.amount.to_string())),
        ("lines".to_owned(), Json::from(row.lines)),
        ("lines_digest".to_owned(), Json::from(row.lines_digest.to_string())),
        ("lines_open".to_owned(), Json::from(lines_open(row.status, lines))),
    ])
}

/// How many lines something is still expected of.
pub(super) fn lines_open(status: OrderStatus, lines: &[LineRow]) -> usize {
    if status.is_closed() { 0 } else { lines.iter().filter(|line| line.open() > Quantity(0)).count() }
}

fn count(lines: &[LineRow]) -> i64 {
    i64::try_from(lines.len()).unwrap_or(i64::MAX)
}

fn total(settings: &Settings, lines: &[LineRow]) -> Answer<Money> {
    valid(lines::sum(lines, home(settings)?))
}

fn home(settings: &Settings) -> Answer<Currency> {
    settings.home_currency.parse().or_else(|why| fail(format!("the setting `home_currency`: {why}")))
}

pub(super) fn valid<T>(read: Result<T, String>) -> Answer<T> {
    read.or_else(|sentence| {
        let stop = if sentence.ends_with('?') { "" } else { "." };
        refuse(INVALID, format!("{sentence}{stop}"))
    })
}

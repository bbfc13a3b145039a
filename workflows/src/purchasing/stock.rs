//! Lines of stock: what they need to be counted, and what is on order through them.
//!
//! What must hold: a stock level's `on_order` is the sum of [`open`] over the lines of orders that are not closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::change::INVALID;
use super::fields::{LONGEST_NAME, check};
use super::lines::MOST_LINES;
use super::numbering::places;
use crate::action::{Answer, Call, fail, needs, refuse, require};
use crate::inventory::Levels;
use crate::quantity::Quantity;
use crate::records::{factor_to_stock, told};
use crate::row::{ItemUnitKey, LineRow, Need, StockKey};

/// So many unknown units are told beside what else is wrong with lines.
const MOST_UNITS: usize = 5;

/// What of the records a line names is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strict {
    /// They exist and are active.
    Active,
    /// They exist: an order from elsewhere is older than what is active now.
    Exists,
}

/// What lines of stock stand on, with their stock levels.
pub(super) fn needs_of(lines: &[LineRow]) -> BTreeSet<Need> {
    lines.iter().flat_map(needs_of_line).collect()
}

fn needs_of_line(line: &LineRow) -> Vec<Need> {
    let Some(key) = line.stock() else { return Vec::new() };
    let unit = ItemUnitKey { item: line.item.clone(), unit: line.unit.clone() };
    vec![
        Need::Item(line.item.clone()),
        Need::Unit(line.unit.clone()),
        Need::ItemUnit(unit),
        Need::Location(key.location.clone()),
        Need::Stock(key),
    ]
}

/// What the lines that differ stand on, with the stock levels before and after.
pub(super) fn touched(before: &[LineRow], after: &[LineRow]) -> BTreeSet<Need> {
    let mut wanted: BTreeSet<Need> = before.iter().chain(after).filter_map(LineRow::stock).map(Need::Stock).collect();
    wanted.extend(after.iter().filter(|line| pinned(line, before).is_none()).flat_map(needs_of_line));
    wanted
}

/// The line as it was, if nothing of it changed that its factor or the grid depend on.
fn pinned<'a>(line: &LineRow, before: &'a [LineRow]) -> Option<&'a LineRow> {
    let old = before.iter().find(|old| old.line == line.line)?;
    let columns = |line: &LineRow| (line.item.clone(), line.unit.clone(), line.location.clone(), line.quantity);
    (columns(old) == columns(line)).then_some(old)
}

/// Checks lines of stock that are new or changed, and pins their factors; refuses with all that is wrong, up to five.
pub(super) fn pin(call: &Call<'_>, lines: &mut [LineRow], before: &[LineRow], strict: Strict) -> Answer<()> {
    // A unit that is reached by a base needs one more row; all such are asked for at once.
    let mut missing = BTreeSet::new();
    for line in lines.iter().filter(|line| line.location.is_some() && pinned(line, before).is_none()) {
        if let Some(item) = call.facts.item(call.tenant, &line.item).map_err(needs)? {
            missing.insert(Need::Unit(item.stock_unit.clone()));
        }
    }
    require(call, missing)?;
    let mut mistakes: Vec<(i64, Wrong)> = Vec::new();
    for line in lines.iter_mut().filter(|line| line.location.is_some()) {
        if let Some(old) = pinned(line, before) {
            line.factor = old.factor;
            continue;
        }
        let wrong = pin_line(call, line, strict)?;
        mistakes.extend(wrong.into_iter().map(|wrong| (line.line, wrong)));
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    let places = places(call.payload.get("lines"), lines);
    let at_its_place = |(line, (name, why)): (i64, Wrong)| match places.get(&line) {
        Some(at) => format!("/lines/{at}/{name}: {why}"),
        None => format!("line {line}: {why}"),
    };
    refuse(INVALID, told(mistakes.into_iter().map(at_its_place).collect()))
}

/// What is wrong with a line: the field, and a sentence.
pub(super) type Wrong = (&'static str, String);

/// Why a line of goods for a place names what is recorded, and what to do where it is no such thing.
const COUNTED: &str =
    "what is delivered to a location is counted, so write one that is recorded, or leave the location out";

/// Pins its factor; else all that is wrong with what it names.
fn pin_line(call: &Call<'_>, line: &mut LineRow, strict: Strict) -> Answer<Vec<Wrong>> {
    let Some(StockKey { item: code, location }) = line.stock() else { return Ok(Vec::new()) };
    let passes = |active: bool| active || strict == Strict::Exists;
    let mut wrong = Vec::new();
    let item = call.facts.item(call.tenant, &code).map_err(needs)?;
    match item {
        None => wrong.push(("item", format!("there is no item `{code}`: {COUNTED}"))),
        Some(item) if !passes(item.active) => wrong.push(("item", format!("the item `{code}` is not active"))),
        Some(_) => {}
    }
    match call.facts.location(call.tenant, &location).map_err(needs)? {
        None => wrong.push(("location", format!("there is no location `{location}`"))),
        Some(row) if !passes(row.active) => {
            wrong.push(("location", format!("the location `{location}` is not active")))
        }
        Some(_) => {}
    }
    wrong.extend(on_grid(call, line, line.quantity)?.err());
    let Some(item) = item.filter(|_| wrong.is_empty()) else { return Ok(wrong) };
    match factor_to_stock(call, item, &line.unit)? {
        Ok(factor) if factor.apply(line.quantity.max(line.received)).is_none() => {
            wrong.push((
                "quantity",
                format!("{} {} of `{code}` are more than can be counted", line.quantity, line.unit),
            ));
        }
        Ok(factor) => line.factor = Some(factor),
        Err(why) => wrong.push(("unit", why)),
    }
    Ok(wrong)
}

/// The units of lines of stock that there are not, where what is wrong with the lines in themselves keeps them from being looked
/// at further: one look tells both.
pub(super) fn unknown_units(call: &Call<'_>, lines: &Json) -> Answer<Vec<String>> {
    let named = |(i, line): (usize, &'_ Json)| {
        line["location"].as_str()?;
        let unit: Arc<str> = line["unit"].as_str().filter(|unit| check(unit, LONGEST_NAME).is_ok())?.into();
        Some((i, unit))
    };
    let lines = lines.as_array().into_iter().flatten().take(MOST_LINES);
    let named: Vec<(usize, Arc<str>)> = lines.enumerate().filter_map(named).collect();
    require(call, named.iter().map(|(_, unit)| Need::Unit(unit.clone())))?;
    let mut wrong = Vec::new();
    for (i, unit) in named {
        if wrong.len() < MOST_UNITS && call.facts.unit(call.tenant, &unit).map_err(needs)?.is_none() {
            wrong.push(format!("/lines/{i}/unit: there is no unit `{unit}`: {COUNTED}"));
        }
    }
    Ok(wrong)
}

/// Whether a quantity of a line is one that its unit can have (B14); else what is wrong.
pub(super) fn on_grid(call: &Call<'_>, line: &LineRow, quantity: Quantity) -> Answer<Result<(), Wrong>> {
    let unit = &line.unit;
    Ok(match call.facts.unit(call.tenant, unit).map_err(needs)? {
        None => Err(("unit", format!("there is no unit `{unit}`: {COUNTED}"))),
        Some(row) if quantity.0 % row.grid.0 != 0 => {
            Err(("quantity", format!("`{unit}` is counted in steps of {}, and this is {quantity}", row.grid)))
        }
        Some(_) => Ok(()),
    })
}

/// What has come of a line, in stock units, if `received` of its unit have.
pub(super) fn come(line: &LineRow, received: Quantity) -> Answer<Quantity> {
    match line.factor.and_then(|factor| factor.apply(received)) {
        Some(quantity) => Ok(quantity),
        None => fail(format!("line {} has no factor to its stock unit that can be reckoned with", line.line)),
    }
}

/// What is open of a line, in stock units: all of it less what has come, each rounded once, so that what comes in parts
/// adds up to what was ordered.
fn open(line: &LineRow) -> Answer<Quantity> {
    if line.open() == Quantity(0) {
        return Ok(Quantity(0));
    }
    Ok(Quantity(come(line, line.quantity)?.0 - come(line, line.received)?.0))
}

/// Takes off what was open of lines, and puts on what is.
pub(super) fn on_order(levels: &mut Levels<'_>, before: &[LineRow], after: &[LineRow]) -> Answer<()> {
    let mut changes: BTreeMap<StockKey, i128> = BTreeMap::new();
    for (lines, sign) in [(before, -1), (after, 1)] {
        for line in lines {
            if let Some(key) = line.stock() {
                *changes.entry(key).or_default() += sign * i128::from(open(line)?.0);
            }
        }
    }
    for (key, more) in changes {
        match i64::try_from(more) {
            Ok(more) => levels.order(&key, more)?,
            Err(_) => return refuse("too_much_stock", format!("There would be more of {key} than can be counted.")),
        }
    }
    Ok(())
}

//! The numbers of lines. A line keeps its number whatever becomes of the others: receipts and suppliers name it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::change::{INVALID, valid};
use super::lines::{Given, digest};
use crate::action::{Answer, refuse};
use crate::quantity::Quantity;
use crate::row::LineRow;

/// Lines of an order that has none yet: the numbers that are given are taken.
///
/// # Errors
/// A number that is given twice.
pub(super) fn first(given: Vec<Given>) -> Result<Vec<LineRow>, String> {
    number(given, 0)
}

/// Lines of an order that has these: matched by their numbers, new ones get the next.
///
/// # Errors
/// A number that the order does not have, and changes of what has come already (B6).
pub(super) fn matched(given: Vec<Given>, before: &[LineRow]) -> Answer<Vec<LineRow>> {
    let same = given.iter().all(|line| line.number.is_none()) && {
        let rows: Vec<LineRow> = given.iter().map(|line| line.row.clone()).collect();
        digest(&rows) == digest(before)
    };
    if same {
        return Ok(before.to_vec());
    }
    let old = |number: i64| before.iter().find(|line| line.line == number);
    for (i, number) in given.iter().enumerate().filter_map(|(i, line)| Some((i, line.number?))) {
        if !before.is_empty() && old(number).is_none() {
            let sentence =
                format!("/lines/{i}/line: the order has no line {number}; leave the number of a new line out.");
            return refuse(INVALID, sentence);
        }
    }
    let highest = before.iter().map(|line| line.line).max().unwrap_or(0);
    let mut lines = valid(number(given, highest))?;
    for line in &mut lines {
        if let Some(old) = old(line.line) {
            line.received = old.received;
            line.why = line.why.take().or_else(|| old.why.clone());
            kept(old, line)?;
        }
    }
    let numbers: BTreeSet<i64> = lines.iter().map(|line| line.line).collect();
    match before.iter().find(|line| line.received > Quantity(0) && !numbers.contains(&line.line)) {
        None => Ok(lines),
        Some(LineRow { line, received, unit, .. }) => {
            let sentence = format!("Line {line} cannot be removed: {received} {unit} of it have come.");
            refuse("received_already", sentence)
        }
    }
}

/// What has come stays true of a line that is changed.
fn kept(old: &LineRow, line: &LineRow) -> Answer<()> {
    let (number, received, unit) = (line.line, old.received, &old.unit);
    if received == Quantity(0) {
        return Ok(());
    }
    if line.quantity < received {
        let sentence =
            format!("Line {number} cannot be lowered to {}: {received} {unit} of it have come.", line.quantity);
        return refuse("received_already", sentence);
    }
    if (&old.item, &old.unit, &old.location) != (&line.item, &line.unit, &line.location) {
        let sentence = format!("Item, unit and location of line {number} stay: {received} {unit} of it have come.");
        return refuse("received_already", sentence);
    }
    Ok(())
}

/// Where lines stand among those that were given, by their numbers: what was given none got the next, in order.
pub(super) fn places(given: Option<&Json>, lines: &[LineRow]) -> BTreeMap<i64, usize> {
    let given = given.and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    let numbers = given.iter().enumerate().map(|(at, line)| (line["line"].as_i64(), at));
    let (named, fresh): (Vec<_>, Vec<_>) = numbers.partition(|(number, _)| number.is_some());
    let mut places: BTreeMap<i64, usize> = named.into_iter().filter_map(|(number, at)| Some((number?, at))).collect();
    let unnamed: Vec<i64> = lines.iter().map(|line| line.line).filter(|line| !places.contains_key(line)).collect();
    places.extend(unnamed.into_iter().zip(fresh.into_iter().map(|(_, at)| at)));
    places
}

/// Numbers what has none, above `highest` and above all that is given, in order; sorts by number.
fn number(given: Vec<Given>, highest: i64) -> Result<Vec<LineRow>, String> {
    let mut taken = BTreeSet::new();
    for (i, number) in given.iter().enumerate().filter_map(|(i, line)| Some((i, line.number?))) {
        if !taken.insert(number) {
            return Err(format!("/lines/{i}/line: the number {number} is there twice"));
        }
    }
    let mut next = taken.last().copied().unwrap_or(0).max(highest);
    let mut lines: Vec<LineRow> = Vec::with_capacity(given.len());
    for Given { number, mut row } in given {
        row.line = number.unwrap_or_else(|| {
            next += 1;
            next
        });
        lines.push(row);
    }
    lines.sort_by_key(|line| line.line);
    Ok(lines)
}

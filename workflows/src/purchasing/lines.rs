//! The lines of an order: read strictly, computed exactly, and their digest.

use std::sync::Arc;

use fluxor_engine::diagnostic::nearest;
use fluxor_engine::ids::Digest;
use fluxor_engine::instance::Document;
use fluxor_engine::money::{Currency, Money};
use serde_json::Value as Json;

use super::fields::{LONGEST_NAME, LONGEST_TEXT, Mistakes, required, text};
use crate::money::line_total;
use crate::quantity::Quantity;
use crate::row::LineRow;

/// An order has at most this many lines.
pub const MOST_LINES: usize = 1_000;

/// The highest number of a line.
const HIGHEST_LINE: i64 = 1_000_000;

/// How many mistakes one refusal tells.
const MOST_MISTAKES: usize = 20;

/// What a line may carry.
pub(super) const FIELDS: &[&str] = &["line", "item", "description", "quantity", "unit", "price", "location", "why"];

/// What a line of an order from elsewhere may carry: some of it has come.
pub(super) const IMPORTED: &[&str] =
    &["line", "item", "description", "quantity", "unit", "price", "location", "why", "received"];

/// A line as it was given: its number, where it has one, is not checked yet.
pub(super) struct Given {
    pub(super) number: Option<i64>,
    pub(super) row: LineRow,
}

/// Reads the list of lines, each with these fields at most. All mistakes are told, up to twenty.
///
/// # Errors
/// Sentences, each beginning with a JSON pointer, joined by `; `.
pub(super) fn read(lines: &Json, fields: &[&str]) -> Result<Vec<Given>, String> {
    let Some(lines) = lines.as_array() else {
        return Err("/lines: write a list of lines".to_owned());
    };
    if lines.len() > MOST_LINES {
        return Err(format!("/lines: an order has at most {MOST_LINES} lines, and these are {}", lines.len()));
    }
    let mut rows: Vec<Given> = Vec::with_capacity(lines.len());
    let mut mistakes = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let currency = rows.first().map(|first| first.row.price.currency);
        match read_line(line, i, currency, fields) {
            Ok(row) => rows.push(row),
            Err(mut all) => mistakes.append(&mut all),
        }
    }
    if mistakes.is_empty() {
        return Ok(rows);
    }
    let more = mistakes.len().saturating_sub(MOST_MISTAKES);
    mistakes.truncate(MOST_MISTAKES);
    if more > 0 {
        mistakes.push(format!("and {more} more"));
    }
    Err(mistakes.join("; "))
}

/// What is wrong with a list of lines by itself, if anything is: what else is asked for beside it may be wrong, too.
#[must_use]
pub fn mistakes_in_lines(lines: &Json) -> Option<String> {
    read(lines, FIELDS).err()
}

/// # Errors
/// All that is wrong with the line.
fn read_line(line: &Json, i: usize, currency: Option<Currency>, fields: &[&str]) -> Result<Given, Vec<String>> {
    let at = format!("/lines/{i}");
    let Some(line) = line.as_object() else {
        return Err(vec![format!("{at}: write an object with item, quantity, unit and price")]);
    };
    let mut wrong = Mistakes::default();
    // A field under another name is missing for that reason alone.
    let mut misspelt: Vec<&str> = Vec::new();
    for stranger in line.keys().filter(|name| !fields.contains(&name.as_str())) {
        let near = nearest(stranger, fields.iter().copied());
        let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
        // The stranger comes from outside: shown short.
        let shown: String = stranger.chars().take(40).collect();
        wrong.0.push(format!("{at}: a line has no `{shown}`{hint}"));
        misspelt.extend(near);
    }
    let meant = |name: &str| misspelt.contains(&name) && !line.contains_key(name);
    let item = wrong.unless(meant("item"), || required(line, &at, "item", "the item"));
    let unit = wrong.unless(meant("unit"), || required(line, &at, "unit", "the unit of measure"));
    let quantity = wrong.unless(meant("quantity"), || positive(line, &at));
    let price = wrong.unless(meant("price"), || price(line, &at, currency));
    let total = match (quantity, price) {
        (Some(quantity), Some(price)) => wrong.of(line_total(quantity, price)
            .ok_or_else(|| format!("{at}: {quantity} times {price} is more money than can be booked"))),
        _ => None,
    };
    let received = wrong.of(received(line, &at));
    let description = wrong.of(text(line, &at, "description", LONGEST_TEXT));
    let location = wrong.of(text(line, &at, "location", LONGEST_NAME));
    let (why, number) = (wrong.of(why(line, &at)), wrong.of(number(line, &at)));
    match (item, unit, quantity, price, total, number) {
        (Some(item), Some(unit), Some(quantity), Some(price), Some(total), Some(number)) if wrong.0.is_empty() => {
            let row = LineRow {
                line: 0,
                item,
                description: description.flatten().flatten(),
                quantity,
                unit,
                price,
                total,
                location: location.flatten().flatten(),
                received: received.unwrap_or(Quantity(0)),
                factor: None,
                why: why.flatten(),
            };
            Ok(Given { number, row })
        }
        _ => Err(wrong.0),
    }
}

fn positive(line: &Document, at: &str) -> Result<Quantity, String> {
    let quantity: Quantity = exact(line, at, "quantity", "10")?;
    if quantity <= Quantity(0) {
        return Err(format!("{at}/quantity: the quantity must be more than 0, and it is {quantity}"));
    }
    Ok(quantity)
}

fn received(line: &Document, at: &str) -> Result<Quantity, String> {
    let received = match line.get("received") {
        None | Some(Json::Null) => Quantity(0),
        Some(_) => exact(line, at, "received", "4")?,
    };
    if received < Quantity(0) {
        return Err(format!("{at}/received: what has come is not negative, and this is {received}"));
    }
    Ok(received)
}

fn price(line: &Document, at: &str, currency: Option<Currency>) -> Result<Money, String> {
    let price: Money = exact(line, at, "price", "12.50 EUR")?;
    if price.units < 0 {
        return Err(format!("{at}/price: a price is not negative, and this is {price}"));
    }
    if let Some(currency) = currency.filter(|currency| *currency != price.currency) {
        return Err(format!(
            "{at}/price: an order has one currency, and this price is in {}, not {currency}",
            price.currency
        ));
    }
    Ok(price)
}

fn number(line: &Document, at: &str) -> Result<Option<i64>, String> {
    match line.get("line") {
        None | Some(Json::Null) => Ok(None),
        Some(number) => match number.as_i64() {
            Some(number @ 1..=HIGHEST_LINE) => Ok(Some(number)),
            _ => Err(format!("{at}/line: the number of a line is a whole number from 1 to {HIGHEST_LINE}")),
        },
    }
}

fn why(line: &Document, at: &str) -> Result<Option<Json>, String> {
    match line.get("why") {
        None | Some(Json::Null) => Ok(None),
        // Its size is bounded as that of other texts: it is stored with every image of the lines.
        Some(why)
            if why.is_object() && why.to_string().len() <= LONGEST_TEXT && !why.to_string().contains("\\u0000") =>
        {
            Ok(Some(why.clone()))
        }
        Some(_) => Err(format!("{at}/why: write an object of at most {LONGEST_TEXT} bytes")),
    }
}

/// A number that travels as text.
fn exact<T: std::str::FromStr<Err = String>>(
    line: &Document,
    at: &str,
    name: &str,
    example: &str,
) -> Result<T, String> {
    match line.get(name) {
        None | Some(Json::Null) => {
            Err(format!("{at}/{name}: the {name} is missing: write it as text, such as \"{example}\""))
        }
        Some(Json::String(text)) => text.parse().map_err(|why| format!("{at}/{name}: {why}")),
        Some(_) => Err(format!("{at}/{name}: write the {name} as text, such as \"{example}\"")),
    }
}

/// The sum of the lines; an order without lines costs nothing, in `home`.
///
/// # Errors
/// A sentence, when it is too large.
pub(super) fn sum(lines: &[LineRow], home: Currency) -> Result<Money, String> {
    let currency = lines.first().map_or(home, |first| first.total.currency);
    let units = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.total.units));
    let units = units.ok_or("/lines: together the lines cost more money than can be booked")?;
    Ok(Money { units, currency })
}

/// SHA-256 over the canonical lines: one JSON array `[item, description, quantity, unit, price, total]` a line, and the
/// location behind it where there is one; in order, without blanks, each ended by a line feed. What has come, a line's
/// number and its arithmetic are no part of what somebody approves.
#[must_use]
pub fn digest(lines: &[LineRow]) -> Digest {
    let mut bytes = Vec::with_capacity(lines.len() * 96);
    for line in lines {
        let columns: (&str, Option<&Arc<str>>, Quantity, &str, Money, Money) =
            (&line.item, line.description.as_ref(), line.quantity, &line.unit, line.price, line.total);
        // Text, numbers as text and null cannot fail to be written to memory.
        let _ = serde_json::to_writer(&mut bytes, &columns);
        if let Some(location) = &line.location {
            // The array is opened again: `,"main"]`.
            bytes.pop();
            bytes.push(b',');
            let _ = serde_json::to_writer(&mut bytes, location);
            bytes.push(b']');
        }
        bytes.push(b'\n');
    }
    Digest::of(bytes)
}

//! `"%s of %d".format([a, b])`: the directives of CEL, on exact numbers.

use rust_decimal::{Decimal, RoundingStrategy};

use super::numbers::number;
use super::text::{allowed, made};
use super::{Fuel, mistyped};
use crate::expression::value::Value;

enum Piece<'a> {
    Text(&'a str),
    /// What to write, with so many places.
    Directive(char, Option<u32>),
}

/// The pieces of a template.
fn pieces(template: &str) -> Result<Vec<Piece<'_>>, String> {
    let (mut pieces, mut rest) = (Vec::new(), template);
    while let Some((before, after)) = rest.split_once('%') {
        pieces.push(Piece::Text(before));
        let digits = after.strip_prefix('.').map(|after| {
            let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
            after.split_at(end)
        });
        let (places, after) = match digits {
            Some((digits, after)) => match digits.parse::<u32>().ok().filter(|places| *places <= 28) {
                Some(places) => (Some(places), after),
                None => return Err(format!("`%.{digits}` asks for more than 28 places, or for none")),
            },
            None => (None, after),
        };
        let mut chars = after.chars();
        match chars.next() {
            Some('%') if places.is_none() => pieces.push(Piece::Text("%")),
            Some(verb @ ('s' | 'd' | 'f' | 'e' | 'b' | 'o' | 'x' | 'X')) => pieces.push(Piece::Directive(verb, places)),
            Some(other) => {
                return Err(format!(
                    "`%{other}` is not known: there are %s %d %f %e %b %o %x %X, and %% for a percent sign"
                ));
            }
            None => return Err("the text ends in `%`: write `%%` for a percent sign".to_owned()),
        }
        rest = chars.as_str();
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Whether `template` is one, and for so many values.
pub(in crate::expression) fn fits(template: &str, values: usize) -> Result<(), String> {
    let wanted = pieces(template)?.iter().filter(|piece| matches!(piece, Piece::Directive(..))).count();
    if wanted > values {
        return Err(format!("it has {wanted} places for values, and the list has {values}"));
    }
    Ok(())
}

pub(super) fn format(args: &[Value], fuel: &mut Fuel<'_>) -> Result<Value, String> {
    let [Value::Text(template), Value::List(values)] = args else { return Err(mistyped(args)) };
    fuel.text(template.len())?;
    let mut values = values.iter();
    let mut out = String::new();
    for piece in pieces(template)? {
        let part = match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Directive(verb, places) => match values.next() {
                Some(value) => directive(verb, places, value, fuel)?,
                None => return Err("it has more places than there are values".to_owned()),
            },
        };
        allowed(out.len() + part.len())?;
        out.push_str(&part);
    }
    made(out, fuel)
}

fn directive(verb: char, places: Option<u32>, value: &Value, fuel: &mut Fuel<'_>) -> Result<String, String> {
    let unfit = || Err(format!("`%{verb}` does not write {}", value.type_name()));
    match (verb, value) {
        ('s', value) => shown(value, fuel),
        ('d', Value::Int(value)) => Ok(value.to_string()),
        ('b', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:b}"))),
        ('b', Value::Bool(value)) => Ok(u8::from(*value).to_string()),
        ('o', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:o}"))),
        ('x', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:x}"))),
        ('X', Value::Int(value)) => Ok(signed(*value, |value| format!("{value:X}"))),
        ('x', Value::Text(text)) => Ok(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        ('X', Value::Text(text)) => Ok(text.bytes().map(|byte| format!("{byte:02X}")).collect()),
        ('f' | 'e', value) => match number(value) {
            Some(number) if verb == 'f' => Ok(fixed(number, places.unwrap_or(6))),
            Some(number) => Ok(scientific(number, places.unwrap_or(6))),
            None => unfit(),
        },
        _ => unfit(),
    }
}

fn signed(value: i64, digits: fn(u64) -> String) -> String {
    format!("{}{}", if value < 0 { "-" } else { "" }, digits(value.unsigned_abs()))
}

/// A value as text; what is shared inside is written out and paid for.
fn shown(value: &Value, fuel: &mut Fuel<'_>) -> Result<String, String> {
    fuel.spend(1)?;
    let entries: Vec<(String, &Value)> = match value {
        Value::Text(text) => {
            fuel.text(text.len())?;
            return Ok(text.to_string());
        }
        Value::List(items) => items.iter().map(|item| (String::new(), item)).collect(),
        Value::Map(entries) => entries.iter().map(|(key, value)| (format!("{key}: "), value)).collect(),
        Value::Record(fields) => fields.iter().map(|(name, value)| (format!("{name}: "), value)).collect(),
        scalar => return Ok(scalar.to_string()),
    };
    let (open, close) = if matches!(value, Value::List(_)) { ('[', ']') } else { ('{', '}') };
    let mut out = String::from(open);
    for (i, (name, value)) in entries.into_iter().enumerate() {
        fuel.spend(1)?;
        out.push_str(if i == 0 { "" } else { ", " });
        out.push_str(&name);
        out.push_str(&shown(value, fuel)?);
        allowed(out.len())?;
    }
    out.push(close);
    Ok(out)
}

/// Half to even, as a double is written in CEL.
fn fixed(value: Decimal, places: u32) -> String {
    let rounded = value.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
    let text = rounded.normalize().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let width = places as usize;
    if width == 0 { whole.to_owned() } else { format!("{whole}.{fraction:0<width$}") }
}

/// One digit, a point, `places` digits and a power of ten.
fn scientific(value: Decimal, places: u32) -> String {
    let digits = value.mantissa().unsigned_abs().to_string();
    let mut power = if value.is_zero() { 0 } else { digits.len() as i64 - 1 - i64::from(value.scale()) };
    // The digits as 0.ddd...: at most 29, so rounding is exact.
    let keep = places as usize + 1;
    let mut kept: Vec<u8> = digits.bytes().take(keep).map(|digit| digit - b'0').collect();
    kept.resize(keep, 0);
    let rest = digits.as_bytes().get(keep..).unwrap_or_default();
    let half = match rest.split_first() {
        Some((b'5', more)) if more.iter().all(|digit| *digit == b'0') => {
            kept.last().is_some_and(|digit| digit % 2 == 1)
        }
        Some((first, _)) => *first >= b'5',
        None => false,
    };
    if half {
        let full = kept.iter_mut().rev().all(|digit| {
            *digit = (*digit + 1) % 10;
            *digit == 0
        });
        if full {
            kept.insert(0, 1);
            kept.pop();
            power += 1;
        }
    }
    let sign = if value.is_sign_negative() && !value.is_zero() { "-" } else { "" };
    let text: String = kept.iter().map(|digit| char::from(b'0' + digit)).collect();
    let (first, more) = text.split_at(1);
    let point = if more.is_empty() { "" } else { "." };
    format!("{sign}{first}{point}{more}e{}{:02}", if power < 0 { '-' } else { '+' }, power.unsigned_abs())
}

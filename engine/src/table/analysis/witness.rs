//! Witnesses: inputs that show what was found.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::civil::Date;

use super::super::scale::{Scale, date};
use super::super::set::{Cut, Point};
use super::Prover;
use super::axis::Axis;
use super::search::Open;
use crate::expression::{Type, Value};

/// An input, and the day if the table depends on it.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness {
    /// The values in the order of the columns.
    pub inputs: Vec<Value>,
    /// The day.
    pub date: Date,
    names: Vec<Arc<str>>,
    dated: bool,
}

/// `amount = 1000.01 EUR, category = "x", on 2026-03-01`
impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (name, value)) in self.names.iter().zip(&self.inputs).enumerate() {
            write!(f, "{}{name} = {}", if at == 0 { "" } else { ", " }, Quoted(value))?;
        }
        if self.dated {
            write!(f, "{}on {}", if self.names.is_empty() { "" } else { ", " }, self.date)?;
        }
        Ok(())
    }
}

/// A value as it is written in a cell.
struct Quoted<'v>(&'v Value);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Text(text) => {
                f.write_char('"')?;
                text.chars().try_for_each(|c| match c {
                    '"' | '\\' => write!(f, "\\{c}"),
                    c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c)),
                    c => f.write_char(c),
                })?;
                f.write_char('"')
            }
            Value::Person(person) => write!(f, "person(\"{person}\")"),
            value => value.fmt(f),
        }
    }
}

impl Prover<'_> {
    /// An input in the part of the box.
    pub(super) fn witness(&self, part: &Open) -> Option<Witness> {
        let mut inputs = vec![Value::Null; self.table.inputs.len()];
        let (mut day, mut dated) = (date(0)?, false);
        for (axis, spans) in self.axes.iter().zip(part) {
            let value = axis.example_in(spans)?;
            match (axis.column, value) {
                (Some(column), value) => *inputs.get_mut(column)? = value,
                (None, Value::Date(value)) => (day, dated) = (value, true),
                (None, _) => return None,
            }
        }
        let names = self.table.inputs.iter().map(|input| input.name.clone()).collect();
        Some(Witness { inputs, date: day, names, dated })
    }

    /// A row for the part of the box: its tests, and outputs to be filled in.
    pub(super) fn row_for(&self, part: &Open) -> String {
        let cells = self.table.inputs.iter().enumerate().map(|(column, input)| {
            let found = self.axes.iter().zip(part).find(|(axis, _)| axis.column == Some(column));
            let test = found.and_then(|(axis, spans)| test(axis, spans, &input.ty));
            format!("'{}'", test.unwrap_or_else(|| "-".to_owned()))
        });
        let outputs = self.table.outputs.iter().map(|_| "...".to_owned());
        format!("[{}]", cells.chain(outputs).collect::<Vec<_>>().join(", "))
    }
}

/// The spans as a test, where one can be written: the shortest that says it.
fn test(axis: &Axis, spans: &[super::axis::Span], ty: &Type) -> Option<String> {
    let [span] = spans else { return None };
    if spans == axis.domain.as_slice() {
        return None;
    }
    if span.1 == 1 {
        return Some("null".to_owned());
    }
    let (low, high) = axis.cuts(*span)?;
    let show = |point: &Point| axis.scale.value(point).map(|value| Quoted(&value).to_string());
    match (low, high) {
        (Cut::At(a @ Point::Steps(n), _), Cut::At(Point::Steps(m), _)) if n + 1 == *m => show(a),
        (Cut::At(a, false), Cut::At(b, true)) if a == b => show(a),
        _ if matches!(ty, Type::Text | Type::Person | Type::Bool) => None,
        (low, high) => {
            let low = end(&axis.scale, low, true).and_then(|(point, inside)| Some((show(&point)?, inside)));
            let high = end(&axis.scale, high, false).and_then(|(point, inside)| Some((show(&point)?, inside)));
            Some(match (low, high) {
                (Some((low, a)), Some((high, b))) => {
                    format!("{}{low}..{high}{}", if a { '[' } else { '(' }, if b { ']' } else { ')' })
                }
                (Some((low, inside)), None) => format!("{} {low}", if inside { ">=" } else { ">" }),
                (None, Some((high, inside))) => format!("{} {high}", if inside { "<=" } else { "<" }),
                (None, None) => return None,
            })
        }
    }
}

/// The value at a cut, and whether it is inside; of two neighbours the one that people write.
fn end(scale: &Scale, cut: &Cut, low: bool) -> Option<(Point, bool)> {
    match cut {
        Cut::At(Point::Steps(n), _) => {
            let round = |n: i64| match scale {
                Scale::Money(_) => n % 100 == 0,
                Scale::Quantity(_) => n % 1000 == 0,
                Scale::Timestamp | Scale::Duration(_) => n % 1_000_000 == 0,
                _ => true,
            };
            let before = n.checked_sub(1)?;
            let discrete = matches!(scale, Scale::Int | Scale::Date);
            Some(match (low, discrete || (round(before) && !round(*n))) {
                (true, true) if !discrete => (Point::Steps(before), false),
                (true, _) => (Point::Steps(*n), true),
                (false, true) => (Point::Steps(before), true),
                (false, false) => (Point::Steps(*n), false),
            })
        }
        Cut::At(point, after) => Some((point.clone(), *after != low)),
        _ => None,
    }
}

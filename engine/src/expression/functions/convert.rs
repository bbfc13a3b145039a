//! Text, lists, maps, and conversions between types.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Fuel, MAX_TEXT, mistyped};
use crate::clock::Timestamp;
use crate::expression::json::{parse_date, parse_decimal};
use crate::expression::value::Value;
use crate::ids::PersonId;

type Outcome = Result<Value, String>;

pub(super) fn join_text(args: &[Value], fuel: &mut Fuel) -> Outcome {
    let [Value::Text(a), Value::Text(b)] = args else { return Err(mistyped(args)) };
    let length = a.len() + b.len();
    fuel.spend(length as u64 / 64)?;
    if length > MAX_TEXT {
        return Err(format!("the text is longer than {MAX_TEXT} bytes"));
    }
    Ok(Value::text(format!("{a}{b}")))
}

pub(super) fn join_lists(args: &[Value], fuel: &mut Fuel) -> Outcome {
    let [Value::List(a), Value::List(b)] = args else { return Err(mistyped(args)) };
    fuel.spend((a.len() + b.len()) as u64)?;
    Ok(Value::list(a.iter().chain(b.iter()).cloned()))
}

pub(super) fn at(args: &[Value], _: &mut Fuel) -> Outcome {
    let [Value::List(list), Value::Int(at)] = args else { return Err(mistyped(args)) };
    let found = usize::try_from(*at).ok().and_then(|at| list.get(at));
    found.cloned().ok_or_else(|| format!("there is no element {at}: the list has {}, counted from 0", list.len()))
}

pub(super) fn under(args: &[Value], _: &mut Fuel) -> Outcome {
    let [Value::Map(map), Value::Text(key)] = args else { return Err(mistyped(args)) };
    map.get(key).cloned().ok_or_else(|| format!("there is nothing under the key `{key}`"))
}

pub(super) fn size(args: &[Value], fuel: &mut Fuel) -> Outcome {
    let size = match args {
        [Value::Text(text)] => {
            fuel.spend(text.len() as u64 / 64)?;
            text.chars().count()
        }
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return Err(mistyped(args)),
    };
    i64::try_from(size).map(Value::Int).map_err(|_| "the result is larger than 64 bits".to_owned())
}

fn texts(args: &[Value], fuel: &mut Fuel, holds: fn(&str, &str) -> bool) -> Outcome {
    let [Value::Text(a), Value::Text(b)] = args else { return Err(mistyped(args)) };
    fuel.spend((a.len() + b.len()) as u64 / 64)?;
    Ok(Value::Bool(holds(a, b)))
}

pub(super) fn starts_with(args: &[Value], fuel: &mut Fuel) -> Outcome {
    texts(args, fuel, |a, b| a.starts_with(b))
}

pub(super) fn ends_with(args: &[Value], fuel: &mut Fuel) -> Outcome {
    texts(args, fuel, |a, b| a.ends_with(b))
}

pub(super) fn contains(args: &[Value], fuel: &mut Fuel) -> Outcome {
    texts(args, fuel, |a, b| a.contains(b))
}

/// A decimal loses its fraction towards zero, as in CEL.
pub(super) fn int(args: &[Value], _: &mut Fuel) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Int(*value)),
        [Value::Decimal(value)] => {
            value.trunc().to_i64().map(Value::Int).ok_or_else(|| format!("{value} is larger than 64 bits"))
        }
        [Value::Text(text)] => text.parse().map(Value::Int).map_err(|_| format!("`{text}` is not a whole number")),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn decimal(args: &[Value], _: &mut Fuel) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Decimal(Decimal::from(*value))),
        [Value::Decimal(value)] => Ok(Value::Decimal(*value)),
        [Value::Text(text)] => parse_decimal(text).map(Value::Decimal),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn string(args: &[Value], fuel: &mut Fuel) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(Value::Text(Arc::clone(text))),
        [Value::Null | Value::List(_) | Value::Map(_) | Value::Record(_)] => Err(mistyped(args)),
        [scalar] => {
            fuel.spend(1)?;
            Ok(Value::text(scalar.to_string()))
        }
        _ => Err(mistyped(args)),
    }
}

pub(super) fn person(args: &[Value], _: &mut Fuel) -> Outcome {
    match args {
        [Value::Text(id)] if id.is_empty() => Err("a person's id is not empty".to_owned()),
        [Value::Text(id)] => Ok(Value::Person(PersonId(Arc::clone(id)))),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn date(args: &[Value], _: &mut Fuel) -> Outcome {
    match args {
        [Value::Text(text)] => parse_date(text).map(Value::Date),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn timestamp(args: &[Value], _: &mut Fuel) -> Outcome {
    match args {
        [Value::Text(text)] => Timestamp::parse(text)
            .map(Value::Timestamp)
            .map_err(|_| format!("`{text}` is not an instant: write RFC 3339, such as 2026-03-02T08:00:00Z")),
        _ => Err(mistyped(args)),
    }
}

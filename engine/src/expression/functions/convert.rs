//! Sizes, and conversions between types.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Fuel, mistyped};
use crate::expression::json::parse_decimal;
use crate::expression::units::Duration;
use crate::expression::value::Value;
use crate::ids::PersonId;

type Outcome = Result<Value, String>;

pub(super) fn size(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let size = match args {
        [Value::Text(text)] => {
            fuel.text(text.len())?;
            text.chars().count()
        }
        [Value::List(list)] => list.len(),
        [Value::Map(map)] => map.len(),
        _ => return Err(mistyped(args)),
    };
    i64::try_from(size).map(Value::Int).map_err(|_| "the result is larger than 64 bits".to_owned())
}

/// A decimal loses its fraction towards zero, as in CEL.
pub(super) fn int(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Int(*value)),
        [Value::Decimal(value)] => {
            value.trunc().to_i64().map(Value::Int).ok_or_else(|| format!("{value} is larger than 64 bits"))
        }
        [Value::Timestamp(at)] => Ok(Value::Int(at.micros().div_euclid(1_000_000))),
        [Value::Text(text)] => text.parse().map(Value::Int).map_err(|_| format!("`{text}` is not a whole number")),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn decimal(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Decimal(Decimal::from(*value))),
        [Value::Decimal(value)] => Ok(Value::Decimal(*value)),
        [Value::Text(text)] => parse_decimal(text).map(Value::Decimal),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn string(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Text(text)] => Ok(Value::Text(Arc::clone(text))),
        [Value::Null | Value::List(_) | Value::Map(_) | Value::Record(_)] => Err(mistyped(args)),
        [scalar] => {
            let text = scalar.to_string();
            fuel.text(text.len())?;
            Ok(Value::text(text))
        }
        _ => Err(mistyped(args)),
    }
}

pub(super) fn person(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Text(id)] if id.is_empty() => Err("a person's id is not empty".to_owned()),
        [Value::Text(id)] => Ok(Value::Person(PersonId(Arc::clone(id)))),
        _ => Err(mistyped(args)),
    }
}

/// The words of CEL, and only those.
pub(super) fn bool(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Bool(value)] => Ok(Value::Bool(*value)),
        [Value::Text(text)] => match &**text {
            "true" | "TRUE" | "True" | "t" | "1" => Ok(Value::Bool(true)),
            "false" | "FALSE" | "False" | "f" | "0" => Ok(Value::Bool(false)),
            _ => Err(format!("`{text}` is not true or false")),
        },
        _ => Err(mistyped(args)),
    }
}

/// No value for what is zero or empty.
pub(super) fn non_zero(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [value] = args else { return Err(mistyped(args)) };
    let zero = match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Int(value) => *value == 0,
        Value::Decimal(value) => value.is_zero(),
        Value::Text(text) => text.is_empty(),
        Value::Money(money) => money.units == 0,
        Value::Quantity(quantity) => quantity.units == 0,
        Value::Duration(Duration::Elapsed(units) | Duration::Working(units, _)) => *units == 0,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.is_empty(),
        Value::Person(_) | Value::Timestamp(_) | Value::Date(_) | Value::Record(_) => false,
    };
    Ok(if zero { Value::Null } else { value.clone() })
}

//! Equality, order, membership and logic.

use std::cmp::Ordering;

use super::numbers::number;
use super::{Fuel, amounts, mistyped};
use crate::expression::value::{Key, Value};

type Outcome = Result<Value, String>;

/// Whether both are equal. Values of different types, currencies or units are an error, never unequal;
/// only `null` can be compared with anything.
fn equal(a: &Value, b: &Value, fuel: &mut Fuel<'_>) -> Result<bool, String> {
    fuel.spend(1)?;
    match (a, b) {
        (Value::Null, Value::Null) => Ok(true),
        (Value::Null, _) | (_, Value::Null) => Ok(false),
        (Value::Person(a), Value::Person(b)) => Ok(a == b),
        (Value::List(a), Value::List(b)) => {
            if a.len() != b.len() {
                return Ok(false);
            }
            all_equal(a.iter().zip(b.iter()), fuel)
        }
        (Value::Map(a), Value::Map(b)) => {
            fuel.spend(a.len() as u64)?;
            if !a.keys().eq(b.keys()) {
                return Ok(false);
            }
            all_equal(a.values().zip(b.values()), fuel)
        }
        (Value::Record(a), Value::Record(b)) => {
            fuel.spend(a.len() as u64)?;
            if !a.keys().eq(b.keys()) {
                return Ok(false);
            }
            all_equal(a.values().zip(b.values()), fuel)
        }
        _ => Ok(order(a, b, fuel)?.is_eq()),
    }
}

/// As with `&&`: one difference decides, whatever could not be compared.
fn all_equal<'a>(pairs: impl Iterator<Item = (&'a Value, &'a Value)>, fuel: &mut Fuel<'_>) -> Result<bool, String> {
    let mut failed = None;
    for (a, b) in pairs {
        match equal(a, b, fuel) {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(e) => failed = failed.or(Some(e)),
        }
    }
    failed.map_or(Ok(true), Err)
}

pub(super) fn order(a: &Value, b: &Value, fuel: &mut Fuel<'_>) -> Result<Ordering, String> {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Ok(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => {
            fuel.text(a.len().min(b.len()))?;
            Ok(a.cmp(b))
        }
        (Value::Timestamp(a), Value::Timestamp(b)) => Ok(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Ok(a.cmp(b)),
        (Value::Money(_), Value::Money(_))
        | (Value::Quantity(_), Value::Quantity(_))
        | (Value::Duration(_), Value::Duration(_)) => amounts::compared(a, b),
        _ => match (number(a), number(b)) {
            (Some(a), Some(b)) => Ok(a.cmp(&b)),
            _ => Err(mistyped(&[a.clone(), b.clone()])),
        },
    }
}

/// Whether `item` is in `list`: as with `||`, an equal element decides, whatever could not be compared.
pub(super) fn in_list(item: &Value, list: &[Value], fuel: &mut Fuel<'_>) -> Result<bool, String> {
    let mut failed = None;
    for element in list {
        match equal(item, element, fuel) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(e) => failed = failed.or(Some(e)),
        }
    }
    failed.map_or(Ok(false), Err)
}

pub(super) fn equals(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    equal(a, b, fuel).map(Value::Bool)
}

pub(super) fn differs(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    equal(a, b, fuel).map(|same| Value::Bool(!same))
}

fn ordered(args: &[Value], fuel: &mut Fuel<'_>, holds: fn(Ordering) -> bool) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    order(a, b, fuel).map(|order| Value::Bool(holds(order)))
}

pub(super) fn less(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    ordered(args, fuel, Ordering::is_lt)
}

pub(super) fn less_equal(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    ordered(args, fuel, Ordering::is_le)
}

pub(super) fn greater(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    ordered(args, fuel, Ordering::is_gt)
}

pub(super) fn greater_equal(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    ordered(args, fuel, Ordering::is_ge)
}

pub(super) fn min(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    order(a, b, fuel).map(|order| if order.is_le() { a.clone() } else { b.clone() })
}

pub(super) fn max(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    order(a, b, fuel).map(|order| if order.is_ge() { a.clone() } else { b.clone() })
}

pub(super) fn only(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [value] => Ok(value.clone()),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn member(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    match args {
        [item, Value::List(list)] => in_list(item, list, fuel).map(Value::Bool),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn key(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [key, Value::Map(map)] => match Key::of(key) {
            Some(key) => Ok(Value::Bool(map.contains_key(&key))),
            None => Err(mistyped(args)),
        },
        _ => Err(mistyped(args)),
    }
}

pub(super) fn not(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Bool(value)] => Ok(Value::Bool(!value)),
        _ => Err(mistyped(args)),
    }
}

//! FEEL's functions that the models call.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::clock::Timestamp;
use crate::expression::{Duration, Value};

/// A list's items; a single value is a list of one.
pub(super) fn items(value: &Value) -> Vec<Value> {
    match value {
        Value::List(items) => items.to_vec(),
        Value::Null => Vec::new(),
        one => vec![one.clone()],
    }
}

/// The order of two values, if they have one.
pub(super) fn order(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Decimal(a), Value::Decimal(b)) => Some(a.cmp(b)),
        (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
        (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
        (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
        (Value::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
        (Value::Duration(Duration::Elapsed(a)), Value::Duration(Duration::Elapsed(b))) => Some(a.cmp(b)),
        _ => None,
    }
}

/// `base` to a whole power, by squaring, at 28 digits.
pub(super) fn power(base: Decimal, power: i64) -> Option<Decimal> {
    let (mut result, mut square, mut left) = (Decimal::ONE, base, power.unsigned_abs());
    while left > 0 {
        if left % 2 == 1 {
            result = result.checked_mul(square)?;
        }
        left /= 2;
        if left > 0 {
            square = square.checked_mul(square)?;
        }
    }
    if power < 0 { Decimal::ONE.checked_div(result) } else { Some(result) }
}

fn flatten(value: &Value, out: &mut Vec<Value>) {
    match value {
        Value::List(items) => items.iter().for_each(|item| flatten(item, out)),
        one => out.push(one.clone()),
    }
}

fn best(args: &[Value], wanted: Ordering) -> Value {
    let all = if let [list @ Value::List(_)] = args { items(list) } else { args.to_vec() };
    let mut all = all.into_iter();
    let first = all.next().unwrap_or(Value::Null);
    all.fold(first, |best, value| if order(&value, &best) == Some(wanted) { value } else { best })
}

/// Calls the function `name`.
pub(super) fn call(name: &str, args: &[Value]) -> Result<Value, String> {
    let length = |list: &Value| Value::Decimal(Decimal::from(items(list).len()));
    Ok(match (name, args) {
        ("not", [Value::Bool(value)]) => Value::Bool(!value),
        ("count", [list]) => length(list),
        ("max", args) => best(args, Ordering::Greater),
        ("min", args) => best(args, Ordering::Less),
        ("floor", [Value::Decimal(number)]) => Value::Decimal(number.floor()),
        ("decimal", [Value::Decimal(number), Value::Decimal(places)]) => {
            let places = u32::try_from(*places).map_err(|_| "places".to_owned())?;
            Value::Decimal(number.round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven))
        }
        ("string", [Value::Decimal(number)]) => Value::text(number.normalize().to_string()),
        ("string", [value]) => Value::text(value.to_string()),
        ("list contains", [list, item]) => Value::Bool(items(list).contains(item)),
        ("append", [list, more @ ..]) => Value::list(items(list).into_iter().chain(more.iter().cloned())),
        ("remove", [list, Value::Decimal(at)]) => {
            let at = usize::try_from(*at).ok().and_then(|at| at.checked_sub(1));
            let kept = items(list).into_iter().enumerate().filter(|(index, _)| Some(*index) != at);
            Value::list(kept.map(|(_, item)| item))
        }
        ("flatten", [list]) => {
            let mut flat = Vec::new();
            flatten(list, &mut flat);
            Value::list(flat)
        }
        ("date", [Value::Text(text)]) => text.parse().map_or(Value::Null, Value::Date),
        ("date and time", [Value::Text(text)]) => timestamp(text).map_or(Value::Null, Value::Timestamp),
        (name, args) => return Err(format!("the function `{name}` of {} arguments is not there", args.len())),
    })
}

/// An instant; without a zone it is taken in UTC.
pub(super) fn timestamp(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}Z")))
}

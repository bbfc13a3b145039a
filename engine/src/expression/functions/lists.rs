//! Lists and maps: elements, parts and orders.

use std::sync::Arc;

use super::{Fuel, amounts, compare, mistyped, numbers};
use crate::expression::value::{Key, Value};

type Outcome = Result<Value, String>;

pub(super) fn concat(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(a), Value::List(b)] = args else { return Err(mistyped(args)) };
    fuel.spend((a.len() + b.len()) as u64)?;
    Ok(Value::list(a.iter().chain(b.iter()).cloned()))
}

pub(super) fn at(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list), Value::Int(at)] = args else { return Err(mistyped(args)) };
    let found = usize::try_from(*at).ok().and_then(|at| list.get(at));
    found.cloned().ok_or_else(|| format!("there is no element {at}: the list has {}, counted from 0", list.len()))
}

pub(super) fn under(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [Value::Map(map), key] = args else { return Err(mistyped(args)) };
    let Some(key) = Key::of(key) else { return Err(mistyped(args)) };
    map.get(&key).cloned().ok_or_else(|| format!("there is nothing under the key `{key}`"))
}

pub(super) fn first(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    Ok(list.first().cloned().unwrap_or(Value::Null))
}

pub(super) fn last(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    Ok(list.last().cloned().unwrap_or(Value::Null))
}

pub(super) fn reverse(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    fuel.spend(list.len() as u64)?;
    Ok(Value::list(list.iter().rev().cloned()))
}

/// From one place up to and without another.
pub(super) fn slice(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list), Value::Int(from), Value::Int(to)] = args else { return Err(mistyped(args)) };
    let range = usize::try_from(*from).ok().zip(usize::try_from(*to).ok());
    let Some(part) = range.and_then(|(from, to)| list.get(from..to)) else {
        return Err(format!("there is no part from {from} to {to}: the list has {}, counted from 0", list.len()));
    };
    fuel.spend(part.len() as u64)?;
    Ok(Value::list(part.iter().cloned()))
}

pub(super) fn flatten(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    let mut flat = Vec::new();
    for item in list.iter() {
        match item {
            Value::List(items) => {
                fuel.spend(items.len() as u64 + 1)?;
                flat.extend(items.iter().cloned());
            }
            other => {
                fuel.spend(1)?;
                flat.push(other.clone());
            }
        }
    }
    Ok(Value::List(Arc::new(flat)))
}

/// Each value once, where it comes first.
pub(super) fn distinct(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    let mut kept: Vec<Value> = Vec::new();
    for item in list.iter() {
        if !compare::in_list(item, &kept, fuel)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::List(Arc::new(kept)))
}

pub(super) fn sort(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::List(list)] = args else { return Err(mistyped(args)) };
    let pairs = list.iter().map(|item| (item.clone(), item.clone())).collect();
    sorted(pairs, fuel).map(|items| Value::List(Arc::new(items)))
}

/// The second of each pair in the order of the first; equal ones stay as they were.
pub(in crate::expression) fn sorted(mut pairs: Vec<(Value, Value)>, fuel: &mut Fuel<'_>) -> Result<Vec<Value>, String> {
    let rounds = u64::from(pairs.len().checked_ilog2().unwrap_or(0)) + 1;
    let Some((first, _)) = pairs.first() else { return Ok(Vec::new()) };
    let first = first.clone();
    for (key, _) in &pairs {
        // What compares with the first compares with all: a currency or unit is either the same or not.
        compare::order(&first, key, fuel)?;
        let text = if let Value::Text(text) = key { text.len() as u64 / 64 } else { 0 };
        fuel.spend(rounds.saturating_mul(text + 1))?;
    }
    let mut free = Fuel::new(u64::MAX, None);
    pairs.sort_by(|(a, _), (b, _)| compare::order(a, b, &mut free).unwrap_or(std::cmp::Ordering::Equal));
    Ok(pairs.into_iter().map(|(_, item)| item).collect())
}

fn fold(
    args: &[Value],
    fuel: &mut Fuel<'_>,
    step: fn(&[Value], &mut Fuel<'_>) -> Outcome,
) -> Result<Option<Value>, String> {
    let (list, mut total) = match args {
        [Value::List(list)] => (list, None),
        [Value::List(list), start] => (list, Some(start.clone())),
        _ => return Err(mistyped(args)),
    };
    for item in list.iter() {
        fuel.spend(1)?;
        total = Some(match total {
            Some(total) => step(&[total, item.clone()], fuel)?,
            None => item.clone(),
        });
    }
    Ok(total)
}

pub(super) fn sum_ints(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    Ok(fold(args, fuel, numbers::add)?.unwrap_or(Value::Int(0)))
}

pub(super) fn sum_numbers(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    Ok(fold(args, fuel, numbers::add)?.unwrap_or(Value::Decimal(0.into())))
}

/// Amounts need a first one, or one to begin with: nothing has no currency.
pub(super) fn sum_amounts(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    fold(args, fuel, amounts::add)?
        .ok_or_else(|| "the sum of no amounts has no unit: write what to begin with, such as `sum(0 EUR)`".to_owned())
}

fn best(args: &[Value], fuel: &mut Fuel<'_>, step: fn(&[Value], &mut Fuel<'_>) -> Outcome) -> Outcome {
    fold(args, fuel, step)?.ok_or_else(|| "an empty list has no least or greatest element".to_owned())
}

pub(super) fn min(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    best(args, fuel, compare::min)
}

pub(super) fn max(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    best(args, fuel, compare::max)
}

//! Working time, asked of the calendar that the scope lends.

use super::{Fuel, mistyped, time};
use crate::clock::Timestamp;
use crate::expression::units::{Duration, WorkingUnit};
use crate::expression::value::Value;
use crate::expression::working::WorkingTime;

type Outcome = Result<Value, String>;

/// The steps that a question to the calendar takes: it may look through a century of days.
pub(in crate::expression) const CALENDAR: u64 = 5_000;

const OUTSIDE: &str = "the calendar has no such time";

fn calendar<'a>(fuel: &mut Fuel<'a>) -> Result<&'a dyn WorkingTime, String> {
    fuel.spend(CALENDAR)?;
    fuel.calendar.ok_or_else(|| "working time needs a calendar, and there is none here".to_owned())
}

fn given(at: Option<Timestamp>) -> Outcome {
    at.map(|at| time::instant(Some(at.micros()))).unwrap_or_else(|| Err(OUTSIDE.to_owned()))
}

/// An instant or a day moved by working time.
pub(super) fn shift(moved: &Value, count: i64, unit: WorkingUnit, sign: i64, fuel: &mut Fuel<'_>) -> Outcome {
    let calendar = calendar(fuel)?;
    let scaled = |micros: i64| count.checked_mul(sign)?.checked_mul(micros);
    let hours_or_minutes = match unit {
        WorkingUnit::Days => None,
        WorkingUnit::Hours => Some(scaled(3_600_000_000)),
        WorkingUnit::Minutes => Some(scaled(60_000_000)),
    };
    match (moved, hours_or_minutes) {
        (Value::Timestamp(at), Some(micros)) => given(micros.and_then(|micros| calendar.add(*at, 0, micros))),
        (Value::Timestamp(at), None) => given(scaled(1).and_then(|days| calendar.add(*at, days, 0))),
        (Value::Date(day), None) => {
            let moved = scaled(1).and_then(|days| calendar.add_days(*day, days));
            moved.map(Value::Date).ok_or_else(|| OUTSIDE.to_owned())
        }
        (Value::Date(_), Some(_)) => {
            Err(format!("a day moves by working days, not by {}", Duration::Working(count, unit)))
        }
        _ => Err(mistyped(std::slice::from_ref(moved))),
    }
}

pub(super) fn is_working_time(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Timestamp(at)] = args else { return Err(mistyped(args)) };
    Ok(Value::Bool(calendar(fuel)?.is_open(*at)))
}

pub(super) fn is_working_day(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Date(day)] = args else { return Err(mistyped(args)) };
    Ok(Value::Bool(calendar(fuel)?.is_working_day(*day)))
}

pub(super) fn next_opening(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Timestamp(at)] = args else { return Err(mistyped(args)) };
    given(calendar(fuel)?.next_opening(*at))
}

pub(super) fn time_between(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Timestamp(from), Value::Timestamp(to)] = args else { return Err(mistyped(args)) };
    match calendar(fuel)?.between(*from, *to) {
        Some(micros) => time::elapsed(Some(micros)),
        None => Err(OUTSIDE.to_owned()),
    }
}

pub(super) fn days_between(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    let [Value::Date(from), Value::Date(to)] = args else { return Err(mistyped(args)) };
    calendar(fuel)?.working_days_between(*from, *to).map(Value::Int).ok_or_else(|| OUTSIDE.to_owned())
}

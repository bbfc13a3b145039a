//! Arithmetic on amounts with a unit: money, quantities, lengths of time, and instants and days moved by them.

use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::numbers::number;
use super::{Fuel, mistyped, time, working};
use crate::expression::units::{Duration, Quantity, WorkingUnit};
use crate::expression::value::Value;
use crate::money::{Currency, Money};

type Outcome = Result<Value, String>;

const DAY: i64 = 86_400_000_000;

/// What an amount counts, apart from how much.
#[derive(Clone, PartialEq)]
enum Unit {
    Money(Currency),
    Quantity(Arc<str>),
    Elapsed,
    Working(WorkingUnit),
}

impl Unit {
    fn shown(&self) -> String {
        match self {
            Self::Money(currency) => currency.to_string(),
            Self::Quantity(unit) => unit.to_string(),
            Self::Elapsed => Duration::Elapsed(0).sort().to_owned(),
            Self::Working(unit) => Duration::Working(0, *unit).sort().to_owned(),
        }
    }

    const fn finest(&self) -> &'static str {
        match self {
            Self::Money(_) => "finer than money allows (4 places)",
            Self::Quantity(_) => "finer than a quantity allows (6 places)",
            Self::Elapsed => "finer than a microsecond",
            Self::Working(_) => "not a whole number of working days, hours or minutes",
        }
    }

    fn value(self, units: i128) -> Outcome {
        let units = i64::try_from(units).map_err(|_| "the result is too large".to_owned())?;
        Ok(match self {
            Self::Money(currency) => Value::Money(Money { units, currency }),
            Self::Quantity(unit) => Value::Quantity(Quantity { units, unit }),
            Self::Elapsed => return time::elapsed(Some(units)),
            Self::Working(unit) => Value::Duration(Duration::Working(units, unit)),
        })
    }
}

fn amount(value: &Value) -> Option<(i128, Unit)> {
    let (units, unit) = match value {
        Value::Money(money) => (money.units, Unit::Money(money.currency)),
        Value::Quantity(quantity) => (quantity.units, Unit::Quantity(quantity.unit.clone())),
        Value::Duration(Duration::Elapsed(micros)) => (*micros, Unit::Elapsed),
        Value::Duration(Duration::Working(count, unit)) => (*count, Unit::Working(*unit)),
        _ => return None,
    };
    Some((i128::from(units), unit))
}

/// The units of both sides and what they count, if that is the same.
fn pair(args: &[Value], verb: &str) -> Result<(i128, i128, Unit), String> {
    let [a, b] = args else { return Err(mistyped(args)) };
    match (amount(a), amount(b)) {
        (Some((a, unit)), Some((b, other))) if unit == other => Ok((a, b, unit)),
        (Some((_, unit)), Some((_, other))) => Err(format!("{} and {} cannot be {verb}", unit.shown(), other.shown())),
        _ => Err(mistyped(args)),
    }
}

/// How two amounts compare.
pub(super) fn compared(a: &Value, b: &Value) -> Result<std::cmp::Ordering, String> {
    let (a, b, _) = pair(&[a.clone(), b.clone()], "compared")?;
    Ok(a.cmp(&b))
}

pub(super) fn add(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let (a, b, unit) = pair(args, "added")?;
    unit.value(a + b)
}

pub(super) fn subtract(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let (a, b, unit) = pair(args, "subtracted")?;
    unit.value(a - b)
}

pub(super) fn ratio(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let (a, b, _) = pair(args, "divided")?;
    if b == 0 {
        return Err("division by zero".to_owned());
    }
    let whole = |units| Decimal::try_from_i128_with_scale(units, 0).ok();
    match whole(a).zip(whole(b)).and_then(|(a, b)| a.checked_div(b)) {
        Some(ratio) => Ok(Value::Decimal(ratio)),
        None => Err("the result has more digits than a decimal holds (28)".to_owned()),
    }
}

pub(super) fn multiply(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    let (Some((units, unit)), Some(factor)) = (amount(a).or_else(|| amount(b)), number(b).or_else(|| number(a))) else {
        return Err(mistyped(args));
    };
    let factor = factor.normalize();
    scaled(units, unit, factor.mantissa(), 10i128.checked_pow(factor.scale()))
}

pub(super) fn divide(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [a, b] = args else { return Err(mistyped(args)) };
    let (Some((units, unit)), Some(divisor)) = (amount(a), number(b)) else { return Err(mistyped(args)) };
    if divisor.is_zero() {
        return Err("division by zero".to_owned());
    }
    let divisor = divisor.normalize();
    let Some(factor) = 10i128.checked_pow(divisor.scale()) else { return Err(mistyped(args)) };
    scaled(units, unit, factor, Some(divisor.mantissa()))
}

/// `units * over / under`, exactly.
fn scaled(units: i128, unit: Unit, over: i128, under: Option<i128>) -> Outcome {
    let Some(under) = under.filter(|under| *under != 0) else { return Err("division by zero".to_owned()) };
    // In lowest terms the result is exact only if `units` can be divided, and what overflows then is too large.
    let common = gcd(over.unsigned_abs(), under.unsigned_abs()).max(1);
    let common = i128::try_from(common).unwrap_or(1);
    let (over, under) = (over / common, under / common);
    if units % under != 0 {
        return Err(format!("the result is {}", unit.finest()));
    }
    match (units / under).checked_mul(over) {
        Some(units) => unit.value(units),
        None => Err("the result is too large".to_owned()),
    }
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

pub(super) fn negate(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args.first().and_then(amount) {
        Some((units, unit)) => unit.value(-units),
        None => Err(mistyped(args)),
    }
}

pub(super) fn abs(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args.first().and_then(amount) {
        Some((units, unit)) => unit.value(units.abs()),
        None => Err(mistyped(args)),
    }
}

pub(super) fn later(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    match args {
        [moved, Value::Duration(by)] | [Value::Duration(by), moved] => shift(moved, *by, 1, fuel),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn earlier(args: &[Value], fuel: &mut Fuel<'_>) -> Outcome {
    match args {
        [moved, Value::Duration(by)] => shift(moved, *by, -1, fuel),
        _ => Err(mistyped(args)),
    }
}

fn shift(moved: &Value, by: Duration, sign: i64, fuel: &mut Fuel<'_>) -> Outcome {
    let micros = match by {
        Duration::Elapsed(micros) => micros.checked_mul(sign).ok_or("the result is too large")?,
        Duration::Working(count, unit) => return working::shift(moved, count, unit, sign, fuel),
    };
    match moved {
        Value::Timestamp(at) => time::instant(at.micros().checked_add(micros)),
        Value::Date(_) if micros % DAY != 0 => Err(format!("a day moves by whole days, not by {by}")),
        Value::Date(date) => date
            .checked_add(jiff::SignedDuration::from_micros(micros))
            .ok()
            .filter(|date| date.year() > 0)
            .map(Value::Date)
            .ok_or_else(|| "the result is outside the calendar (years 1 to 9999)".to_owned()),
        _ => Err(mistyped(std::slice::from_ref(moved))),
    }
}

pub(super) fn between(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let micros = match args {
        [Value::Timestamp(a), Value::Timestamp(b)] => a.micros().checked_sub(b.micros()),
        [Value::Date(a), Value::Date(b)] => days(*b, *a).checked_mul(DAY),
        _ => return Err(mistyped(args)),
    };
    time::elapsed(micros)
}

fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours() / 24
}

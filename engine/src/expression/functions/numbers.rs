//! Arithmetic on ints and decimals: exact, or an error. Only `/` on decimals rounds, half to even at 28 digits.

use rust_decimal::Decimal;

use super::{Fuel, mistyped};
use crate::expression::value::Value;

type Outcome = Result<Value, String>;

const TOO_LARGE: &str = "the result is larger than 64 bits";
const INEXACT: &str = "the result has more digits than a decimal holds (28)";
const BY_ZERO: &str = "division by zero";

/// An int or a decimal as a decimal.
pub(super) fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Int(value) => Some(Decimal::from(*value)),
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn with(
    args: &[Value],
    ints: fn(i64, i64) -> Result<i64, &'static str>,
    decimals: fn(Decimal, Decimal) -> Result<Decimal, &'static str>,
) -> Outcome {
    match args {
        [Value::Int(a), Value::Int(b)] => ints(*a, *b).map(Value::Int).map_err(str::to_owned),
        [a, b] => match (number(a), number(b)) {
            (Some(a), Some(b)) => decimals(a, b).map(Value::Decimal).map_err(str::to_owned),
            _ => Err(mistyped(args)),
        },
        _ => Err(mistyped(args)),
    }
}

/// Both at one scale, without loss.
fn aligned(a: Decimal, b: Decimal) -> Option<(i128, i128, u32)> {
    let (a, b) = (a.normalize(), b.normalize());
    let scale = a.scale().max(b.scale());
    let raise = |d: Decimal| d.mantissa().checked_mul(10i128.checked_pow(scale - d.scale())?);
    Some((raise(a)?, raise(b)?, scale))
}

/// `mantissa` at `scale`, if a decimal holds it exactly.
pub(super) fn exactly(mut mantissa: i128, mut scale: u32) -> Option<Decimal> {
    while scale > 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(mantissa, scale).ok()
}

fn sum(a: Decimal, b: Decimal, op: fn(i128, i128) -> Option<i128>) -> Result<Decimal, &'static str> {
    aligned(a, b).and_then(|(a, b, scale)| exactly(op(a, b)?, scale)).ok_or(INEXACT)
}

/// The product, if it is exact.
pub(super) fn product(a: Decimal, b: Decimal) -> Option<Decimal> {
    let (a, b) = (a.normalize(), b.normalize());
    exactly(a.mantissa().checked_mul(b.mantissa())?, a.scale() + b.scale())
}

pub(super) fn add(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    with(args, |a, b| a.checked_add(b).ok_or(TOO_LARGE), |a, b| sum(a, b, i128::checked_add))
}

pub(super) fn subtract(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    with(args, |a, b| a.checked_sub(b).ok_or(TOO_LARGE), |a, b| sum(a, b, i128::checked_sub))
}

pub(super) fn multiply(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    with(args, |a, b| a.checked_mul(b).ok_or(TOO_LARGE), |a, b| product(a, b).ok_or(INEXACT))
}

pub(super) fn divide(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    with(
        args,
        |a, b| if b == 0 { Err(BY_ZERO) } else { a.checked_div(b).ok_or(TOO_LARGE) },
        |a, b| if b.is_zero() { Err(BY_ZERO) } else { a.checked_div(b).ok_or(INEXACT) },
    )
}

pub(super) fn remainder(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    with(
        args,
        |a, b| if b == 0 { Err(BY_ZERO) } else { Ok(a.wrapping_rem(b)) },
        |a, b| if b.is_zero() { Err(BY_ZERO) } else { sum(a, b, i128::checked_rem) },
    )
}

pub(super) fn negate(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => value.checked_neg().map(Value::Int).ok_or_else(|| TOO_LARGE.to_owned()),
        [Value::Decimal(value)] => Ok(Value::Decimal(-*value)),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn abs(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => value.checked_abs().map(Value::Int).ok_or_else(|| TOO_LARGE.to_owned()),
        [Value::Decimal(value)] => Ok(Value::Decimal(value.abs())),
        _ => Err(mistyped(args)),
    }
}

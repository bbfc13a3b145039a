//! Rounding, signs and bits. What is rounded is still a decimal, as in CEL it is still a double.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Fuel, mistyped};
use crate::expression::value::Value;
use crate::money::Money;

type Outcome = Result<Value, String>;

fn rounded(args: &[Value], round: fn(Decimal) -> Decimal) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Int(*value)),
        [Value::Decimal(value)] => Ok(Value::Decimal(round(*value))),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn ceil(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    rounded(args, |value| value.ceil())
}

pub(super) fn floor(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    rounded(args, |value| value.floor())
}

pub(super) fn trunc(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    rounded(args, |value| value.trunc())
}

/// Half away from zero.
pub(super) fn round(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    rounded(args, |value| value.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero))
}

/// Likewise to a number of places: of decimals 0 to 28, of money 0 to 4.
pub(super) fn round_to(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    let [value, Value::Int(places)] = args else { return Err(mistyped(args)) };
    let most = if matches!(value, Value::Money(_)) { 4 } else { 28 };
    let Some(places) = u32::try_from(*places).ok().filter(|places| *places <= most) else {
        return Err(format!("the places are 0 to {most}, not {places}"));
    };
    match value {
        Value::Int(value) => Ok(Value::Decimal(Decimal::from(*value))),
        Value::Decimal(value) => {
            Ok(Value::Decimal(value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)))
        }
        Value::Money(money) => {
            let step = 10i128.pow(4 - places);
            let (units, half) = (i128::from(money.units), step / 2);
            let away = if units < 0 { units - half } else { units + half };
            let units = i64::try_from(away / step * step).map_err(|_| "the result is too large".to_owned())?;
            Ok(Value::Money(Money { units, currency: money.currency }))
        }
        _ => Err(mistyped(args)),
    }
}

pub(super) fn sign(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Int(value.signum())),
        [Value::Decimal(value)] if value.is_zero() => Ok(Value::Decimal(Decimal::ZERO)),
        [Value::Decimal(value)] if value.is_sign_negative() => Ok(Value::Decimal(Decimal::NEGATIVE_ONE)),
        [Value::Decimal(_)] => Ok(Value::Decimal(Decimal::ONE)),
        _ => Err(mistyped(args)),
    }
}

fn bits(args: &[Value], op: fn(i64, i64) -> i64) -> Outcome {
    match args {
        [Value::Int(a), Value::Int(b)] => Ok(Value::Int(op(*a, *b))),
        _ => Err(mistyped(args)),
    }
}

pub(super) fn bit_and(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    bits(args, |a, b| a & b)
}

pub(super) fn bit_or(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    bits(args, |a, b| a | b)
}

pub(super) fn bit_xor(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    bits(args, |a, b| a ^ b)
}

pub(super) fn bit_not(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Int(value)] => Ok(Value::Int(!value)),
        _ => Err(mistyped(args)),
    }
}

/// By 64 bits or more nothing is left.
fn shifted(args: &[Value], shift: fn(i64, u32) -> Option<i64>) -> Outcome {
    match args {
        [Value::Int(_), Value::Int(by)] if *by < 0 => Err(format!("bits cannot be moved by {by}")),
        [Value::Int(value), Value::Int(by)] => {
            Ok(Value::Int(u32::try_from(*by).ok().and_then(|by| shift(*value, by)).unwrap_or(0)))
        }
        _ => Err(mistyped(args)),
    }
}

pub(super) fn bit_left(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    shifted(args, i64::checked_shl)
}

/// Zeros come in from the left, as in CEL.
pub(super) fn bit_right(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    shifted(args, |value, by| value.cast_unsigned().checked_shr(by).map(u64::cast_signed))
}

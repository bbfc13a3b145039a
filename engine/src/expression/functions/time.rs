//! Instants, days and lengths of time: their parts, and how they are read from text.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};

use super::{Fuel, mistyped};
use crate::clock::{Timestamp, resolve};
use crate::expression::json::parse_date;
use crate::expression::units::Duration;
use crate::expression::value::Value;

type Outcome = Result<Value, String>;

/// The longest elapsed time, 10,000 years as in CEL.
pub(super) const LONGEST: i64 = 315_576_000_000 * SECOND;

const SECOND: i64 = 1_000_000;

/// The years 1 to 9999, as in CEL and RFC 3339, in microseconds.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800 * SECOND..=253_402_300_800 * SECOND - 1;

/// The instant so many microseconds from 1970, if it can be written down.
pub(super) fn instant(micros: Option<i64>) -> Outcome {
    let at = micros.filter(|micros| YEARS.contains(micros)).map(Timestamp::from_micros);
    // jiff leaves out the last hours of the last year, which some zone would put into the next.
    match at.filter(|at| at.to_jiff().is_some()) {
        Some(at) => Ok(Value::Timestamp(at)),
        None => Err("the result is outside the calendar (years 1 to 9999)".to_owned()),
    }
}

/// The elapsed time of so many microseconds, if it is not longer than any.
pub(super) fn elapsed(micros: Option<i64>) -> Outcome {
    match micros.filter(|micros| (-LONGEST..=LONGEST).contains(micros)) {
        Some(micros) => Ok(Value::Duration(Duration::Elapsed(micros))),
        None => Err("the result is too long (10000 years at most)".to_owned()),
    }
}

/// A time zone by its name, such as `Europe/Berlin`, or as an offset, such as `+02:00`.
pub(in crate::expression) fn zone(name: &str) -> Result<TimeZone, String> {
    let (sign, digits) = match name.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, name.strip_prefix('+').unwrap_or(name)),
    };
    let number = |text: &str| text.parse::<i32>().ok().filter(|_| text.len() == 2 && text.as_bytes()[0] != b'+');
    if let Some((hours, minutes)) = digits.split_once(':').and_then(|(h, m)| number(h).zip(number(m))) {
        let offset = Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok().filter(|_| minutes < 60);
        return offset.map(TimeZone::fixed).ok_or_else(|| format!("`{name}` is not an offset from UTC"));
    }
    TimeZone::get(name).map_err(|_| {
        format!("`{name}` is not a time zone: write a name such as Europe/Berlin, or an offset such as +02:00")
    })
}

/// The day, and the hours, minutes, seconds and milliseconds in it, in UTC or the zone that is given.
fn parts(args: &[Value]) -> Result<(Date, [i64; 4]), String> {
    let (at, zone) = match args {
        [Value::Date(date)] => return Ok((*date, [0; 4])),
        [Value::Timestamp(at)] => (at, TimeZone::UTC),
        [Value::Timestamp(at), Value::Text(name)] => (at, zone(name)?),
        _ => return Err(mistyped(args)),
    };
    let at = at.to_jiff().ok_or_else(|| "the instant is outside the calendar".to_owned())?;
    let at = at.to_zoned(zone);
    let time = [i64::from(at.hour()), at.minute().into(), at.second().into(), at.millisecond().into()];
    Ok((at.date(), time))
}

fn day(args: &[Value], part: fn(Date) -> i64) -> Outcome {
    parts(args).map(|(date, _)| Value::Int(part(date)))
}

pub(super) fn year(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| date.year().into())
}

/// January is 0, as in CEL.
pub(super) fn month(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| i64::from(date.month()) - 1)
}

/// The first is 1.
pub(super) fn day_of_month(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| date.day().into())
}

/// The first is 0.
pub(super) fn day_of_month_from_zero(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| i64::from(date.day()) - 1)
}

/// Sunday is 0.
pub(super) fn day_of_week(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| date.weekday().to_sunday_zero_offset().into())
}

/// The first of January is 0.
pub(super) fn day_of_year(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    day(args, |date| i64::from(date.day_of_year()) - 1)
}

/// Of an instant the part; of a length of time the whole, in that unit (of milliseconds what is over the second).
fn time(args: &[Value], index: usize, unit: i64) -> Outcome {
    match args {
        [Value::Duration(Duration::Elapsed(micros))] if index == 3 => Ok(Value::Int(micros % SECOND / 1000)),
        [Value::Duration(Duration::Elapsed(micros))] => Ok(Value::Int(micros / (unit * SECOND))),
        [Value::Duration(Duration::Working(..))] => {
            Err("working time has no parts: it depends on a calendar".to_owned())
        }
        _ => parts(args).map(|(_, time)| Value::Int(time.get(index).copied().unwrap_or(0))),
    }
}

pub(super) fn hours(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    time(args, 0, 3600)
}

pub(super) fn minutes(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    time(args, 1, 60)
}

pub(super) fn seconds(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    time(args, 2, 1)
}

pub(super) fn milliseconds(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    time(args, 3, 1)
}

pub(super) fn date(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Text(text)] => parse_date(text).map(Value::Date),
        [Value::Date(date)] => Ok(Value::Date(*date)),
        _ => parts(args).map(|(date, _)| Value::Date(date)),
    }
}

pub(super) fn timestamp(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Timestamp(at)] => Ok(Value::Timestamp(*at)),
        [Value::Int(seconds)] => instant(seconds.checked_mul(SECOND)),
        [Value::Date(day), Value::Text(name)] => {
            let start = resolve(&zone(name)?, day.to_datetime(jiff::civil::Time::midnight()));
            instant(start.map(Timestamp::micros))
        }
        [Value::Text(text)] => {
            let parsed = text.parse::<jiff::Timestamp>();
            let at = parsed
                .map_err(|_| format!("`{text}` is not an instant: write RFC 3339, such as 2026-03-02T08:00:00Z"))?;
            if at.subsec_nanosecond() % 1000 != 0 {
                return Err(format!("`{text}` is finer than a microsecond"));
            }
            instant(Some(at.as_microsecond()))
        }
        _ => Err(mistyped(args)),
    }
}

/// `1h30m` as in CEL, or `90 minutes` as everywhere here.
pub(super) fn duration(args: &[Value], _: &mut Fuel<'_>) -> Outcome {
    match args {
        [Value::Duration(duration)] => Ok(Value::Duration(*duration)),
        [Value::Text(text)] if text.contains(' ') => text.parse().map(Value::Duration),
        [Value::Text(text)] => {
            let (sign, rest) = text.strip_prefix('-').map_or((1, &**text), |rest| (-1, rest));
            let nanos = if rest == "0" { Some(Ok(0)) } else { read(rest) };
            match nanos {
                Some(Ok(nanos)) if nanos % 1000 != 0 => Err(format!("`{text}` is finer than a microsecond")),
                Some(Ok(nanos)) => elapsed(i64::try_from(nanos / 1000).ok().map(|micros| sign * micros)),
                Some(Err(())) => elapsed(None),
                None => Err(format!("`{text}` is not a length of time: write `1h30m`, or `90 minutes`")),
            }
        }
        _ => Err(mistyped(args)),
    }
}

/// Numbers with units, in nanoseconds; `Err` if they are too large, or finer than that.
fn read(mut text: &str) -> Option<Result<i128, ()>> {
    const UNITS: &[(&str, i128)] = &[
        ("h", 3_600_000_000_000),
        ("ms", 1_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("us", 1_000),
        ("\u{b5}s", 1_000),
        ("ns", 1),
    ];
    if text.is_empty() {
        return None;
    }
    let mut total = Ok(0i128);
    while !text.is_empty() {
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, rest) = text.split_at_checked(end)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.len() + fraction.len() == 0 || fraction.contains('.') {
            return None;
        }
        let (name, unit) = UNITS.iter().find(|(name, _)| rest.starts_with(name))?;
        text = rest.get(name.len()..)?;
        // 18 digits times the largest unit are well within 128 bits.
        let digits = format!("{whole}{fraction}");
        let scale = 10i128.checked_pow(u32::try_from(fraction.len()).ok()?);
        let part = match (digits.parse::<i128>().ok().filter(|_| digits.len() <= 18), scale) {
            (Some(digits), Some(scale)) if digits * unit % scale == 0 => Ok(digits * unit / scale),
            _ => Err(()),
        };
        total = total.and_then(|total| part.map(|part| total + part));
    }
    Some(total)
}

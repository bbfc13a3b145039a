//! Times as logs write them.
//!
//! What must hold: what is read is an instant of whole microseconds that `jiff::Timestamp` can hold, rounded down; a time that
//! may be meant in two ways is never guessed. The usual form is read by hand, since reading times costs most of all.

mod guess;
mod iso;
mod offset;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::fmt::temporal::DateTimeParser;
use jiff::tz::TimeZone;

use crate::unreadable::{Unreadable, short};
use crate::wanted::Time;

/// A longer text is no time.
const MOST_BYTES: usize = 128;

/// Of most times that cannot be read nothing more can be told.
const UNREADABLE: &str =
    "the time cannot be read: it is not written as its format says (as ISO 8601, where none is said)";

/// Reads times in one way.
pub(crate) struct Clock {
    way: Way,
    zone: TimeZone,
    utc: bool,
}

enum Way {
    /// ISO 8601 and what comes near it.
    Iso,
    Epoch {
        micros: i64,
    },
    Format(String),
}

/// Why a time is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unclear {
    /// It is not written as it should be.
    Unknown,
    /// It may be meant in two ways: the formats that fit.
    Either(Vec<String>),
}

impl Clock {
    pub(crate) fn new(time: &Time) -> Result<Clock, Unreadable> {
        let zone = match time.zone.as_deref() {
            None => TimeZone::UTC,
            Some(name) => TimeZone::get(name).map_err(|_| Unreadable::Zone(name.to_owned()))?,
        };
        let way = match time.format.as_deref() {
            None => Way::Iso,
            Some("epoch") => Way::Epoch { micros: 1_000_000 },
            Some("epoch_ms") => Way::Epoch { micros: 1_000 },
            Some(format) => {
                try_out(format)
                    .map_err(|why| Unreadable::TimeFormat { format: format.to_owned(), why: why.to_string() })?;
                Way::Format(format.to_owned())
            }
        };
        Ok(Clock { way, utc: zone == TimeZone::UTC, zone })
    }

    /// The instant in microseconds since 1970.
    pub(crate) fn read(&self, text: &str) -> Result<i64, Unclear> {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return Err(Unclear::Unknown);
        }
        let at = match &self.way {
            Way::Iso => match iso::read(text.as_bytes()) {
                Some(read) => self.instant(&read),
                None => return self.other_iso(text).ok_or_else(|| guess::unclear(text)),
            },
            Way::Epoch { micros } => epoch(text, *micros),
            Way::Format(format) => self.by_format(format, text),
        };
        at.filter(|at| Timestamp::from_microsecond(*at).is_ok()).ok_or(Unclear::Unknown)
    }

    /// Why a time that cannot be read cannot be.
    pub(crate) fn why(&self, text: &str) -> String {
        let text = text.trim();
        let (Way::Format(format), true) = (&self.way, text.len() <= MOST_BYTES) else { return UNREADABLE.to_owned() };
        let text = offset::fitting(format, text);
        let text: &str = &text;
        match BrokenDownTime::parse_prefix(format, text) {
            Ok((read, _)) if is_too_early(&read) => {
                "the time cannot be read: its year is below 1000; a year of two digits is `%y`".to_owned()
            }
            Ok((_, end)) if end < text.len() => {
                let rest = text.get(end..).unwrap_or_default();
                let fractions = if rest.starts_with('.') { ", fractions of a second as in `%S.%f`" } else { "" };
                format!(
                    "the time cannot be read: its format ends before `{}`: add what that is{fractions}",
                    short(rest)
                )
            }
            _ => UNREADABLE.to_owned(),
        }
    }

    fn instant(&self, read: &iso::Read) -> Option<i64> {
        match read.offset {
            Some(offset) => read.micros().checked_sub(i64::from(offset) * 1_000_000),
            None if self.utc => Some(read.micros()),
            None => self.local(read.civil()?),
        }
    }

    /// A time of the zone. One that was skipped or that was there twice is taken as if the clock had not been changed yet.
    fn local(&self, civil: DateTime) -> Option<i64> {
        Some(floor(self.zone.to_ambiguous_timestamp(civil).compatible().ok()?))
    }

    /// Rarer forms of ISO 8601: `20170109T094950Z`, years of six digits, a zone in brackets.
    fn other_iso(&self, text: &str) -> Option<i64> {
        const PARSER: DateTimeParser = DateTimeParser::new();
        if !text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '+') {
            return None;
        }
        match PARSER.parse_timestamp(text) {
            // Of a local time with its zone the zone would be ignored below.
            Err(_) if text.ends_with(']') => PARSER.parse_zoned(text).ok().map(|zoned| floor(zoned.timestamp())),
            Ok(at) => Some(floor(at)),
            Err(_) => self.local(PARSER.parse_datetime(text).ok()?),
        }
    }

    fn by_format(&self, format: &str, text: &str) -> Option<i64> {
        let read =
            BrokenDownTime::parse(format, &*offset::fitting(format, text)).ok().filter(|read| !is_too_early(read))?;
        if read.timestamp().is_some() || read.offset().is_some() {
            return read.to_timestamp().ok().map(floor);
        }
        if read.iana_time_zone().is_some() {
            return read.to_zoned().ok().map(|zoned| floor(zoned.timestamp()));
        }
        self.local(read.to_datetime().ok()?)
    }
}

/// Whether the year has surely other digits than were read: `02.03.26` by `%Y`.
fn is_too_early(read: &BrokenDownTime) -> bool {
    read.year().is_some_and(|year| year < 1000)
}

/// Whether times can be read by a format: one that was written by it is read back.
fn try_out(format: &str) -> Result<(), jiff::Error> {
    let sample = DateTime::constant(2018, 11, 23, 13, 14, 15, 0).to_zoned(TimeZone::UTC)?;
    let read = strtime::parse(format, strtime::format(format, &sample)?)?;
    if read.timestamp().is_none() {
        read.to_datetime()?;
    }
    Ok(())
}

/// Whole microseconds, rounded down.
fn floor(at: Timestamp) -> i64 {
    i64::try_from(at.as_nanosecond().div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// A decimal number of units of so many microseconds.
fn epoch(text: &str, micros: i64) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.is_empty();
    if !number(whole) || !number(part) {
        return None;
    }
    let mut at = whole.parse::<i64>().ok()?.checked_mul(micros)?;
    let mut unit = micros;
    let mut rest = false;
    for digit in part.bytes() {
        unit /= 10;
        at = at.checked_add(i64::from(digit - b'0') * unit)?;
        rest |= unit == 0 && digit != b'0';
    }
    Some(if negative { -at - i64::from(rest) } else { at })
}

#[cfg(test)]
mod tests;

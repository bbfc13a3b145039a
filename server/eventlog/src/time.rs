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
use jiff::fmt::temporal::{DateTimeParser, Pieces};
use jiff::tz::TimeZone;

use crate::unreadable::{Unreadable, short};
use crate::wanted::Time;

/// A longer text is no time.
const MOST_BYTES: usize = 128;

/// Of most times that cannot be read nothing more can be told.
const UNREADABLE: &str =
    "the time cannot be read: it is not written as its format says (as ISO 8601, where none is said)";

/// An instant that there is in no zone, or that is counted too far.
const BEYOND: &str = "the time cannot be read: it lies outside of those from the year -9999 to 9999-12-30T22:00:00Z, which is the \
                      last; what stands for `never` is no time of an event";

/// Why a time cannot be read, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It is not written as it should be.
    Other,
    /// No instant is so late, or so early.
    Beyond,
    /// Its year has surely other digits.
    TooEarly,
    /// Its format ends before it does.
    Unfinished,
}

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
    pub(crate) fn cause(&self, text: &str) -> Cause {
        let text = text.trim();
        if text.len() > MOST_BYTES {
            return Cause::Other;
        }
        match &self.way {
            Way::Iso if year(text).is_some_and(is_last) => Cause::Beyond,
            Way::Epoch { .. } if is_number(text) => Cause::Beyond,
            Way::Iso | Way::Epoch { .. } => Cause::Other,
            Way::Format(format) => {
                let text = offset::fitting(format, text);
                match BrokenDownTime::parse_prefix(format, &*text) {
                    Ok((read, _)) if is_too_early(&read) => Cause::TooEarly,
                    Ok((_, end)) if end < text.len() => Cause::Unfinished,
                    Ok((read, _)) if read.timestamp().is_some() || read.year().is_some_and(is_last) => Cause::Beyond,
                    _ => Cause::Other,
                }
            }
        }
    }

    /// That cause in words, with what to do.
    pub(crate) fn why(&self, cause: Cause, text: &str) -> String {
        match cause {
            Cause::Other => UNREADABLE.to_owned(),
            Cause::Beyond => BEYOND.to_owned(),
            Cause::TooEarly => {
                "the time cannot be read: its year is below 1000; a year of two digits is `%y`".to_owned()
            }
            Cause::Unfinished => self.unfinished(text.trim()),
        }
    }

    /// The format ends before the text does.
    fn unfinished(&self, text: &str) -> String {
        let Way::Format(format) = &self.way else { return UNREADABLE.to_owned() };
        let text = offset::fitting(format, text);
        let end = BrokenDownTime::parse_prefix(format, &*text).map_or(0, |(_, end)| end);
        let rest = text.get(end..).unwrap_or_default();
        let fractions = if rest.starts_with('.') { ", fractions of a second as in `%S.%f`" } else { "" };
        format!("the time cannot be read: its format ends before `{}`: add what that is{fractions}", short(rest))
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

/// The year of a time that is written as ISO 8601 has it, whether it is an instant or not.
fn year(text: &str) -> Option<i16> {
    let by_hand = iso::read(text.as_bytes()).and_then(|read| read.civil()).map(|civil| civil.year());
    by_hand.or_else(|| Some(Pieces::parse(text).ok()?.date().year()))
}

/// Whether a year is at either end of what can be an instant.
fn is_last(year: i16) -> bool {
    year.unsigned_abs() >= 9_999
}

/// Whether a text is a number, whatever instant that may be.
fn is_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    [whole, part].iter().all(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
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

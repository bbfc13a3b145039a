//! The usual form of a time, read byte by byte: `2017-01-09T09:49:50.123+01:00` with `-` or `/`, `T` or a blank, seconds,
//! fraction and offset there or not, or the date alone.

use jiff::civil::{Date, DateTime, Time};

/// A time as it was written. The date is one of the calendar.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    micro: i32,
    /// Seconds east of UTC, if it says so.
    pub(super) offset: Option<i32>,
}

impl Read {
    /// Microseconds since 1970, as if it were UTC.
    pub(super) fn micros(&self) -> i64 {
        let minutes = (days(self.year, self.month, self.day) * 24 + i64::from(self.hour)) * 60 + i64::from(self.minute);
        (minutes * 60 + i64::from(self.second)) * 1_000_000 + i64::from(self.micro)
    }

    pub(super) fn civil(&self) -> Option<DateTime> {
        let date = Date::new(self.year, self.month, self.day).ok()?;
        let time = Time::new(self.hour, self.minute, self.second, self.micro * 1_000).ok()?;
        Some(date.to_datetime(time))
    }
}

/// None if it is written in another way.
pub(super) fn read(text: &[u8]) -> Option<Read> {
    let (date, rest) = text.split_first_chunk::<10>()?;
    let year = i16::from(two(date, 0)?) * 100 + i16::from(two(date, 2)?);
    let (month, day) = (two(date, 5)?, two(date, 8)?);
    let dashed = matches!((date[4], date[7]), (b'-', b'-') | (b'/', b'/'));
    if !dashed || !(1..=12).contains(&month) || day < 1 || day > last_day(year, month) {
        return None;
    }
    let mut read = Read { year, month, day, hour: 0, minute: 0, second: 0, micro: 0, offset: None };
    let Some((b'T' | b't' | b' ', time)) = rest.split_first() else { return rest.is_empty().then_some(read) };
    (read.hour, read.minute) = (two(time, 0)?, two(time, 3)?);
    if time[2] != b':' || read.hour > 23 || read.minute > 59 {
        return None;
    }
    let mut rest = &time[5..];
    if let Some((b':', seconds)) = rest.split_first() {
        // A leap second is the one before it.
        read.second = two(seconds, 0).filter(|second| *second <= 60)?.min(59);
        rest = &seconds[2..];
        if let Some((b'.' | b',', part)) = rest.split_first() {
            (read.micro, rest) = fraction(part)?;
        }
    }
    read.offset = offset(rest)?;
    Some(read)
}

/// Digits of a fraction, as microseconds, and what stands after them.
fn fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let padded = text.iter().take(digits).copied().chain(std::iter::repeat(b'0'));
    let micro = padded.take(6).fold(0, |micro, digit| micro * 10 + i32::from(digit - b'0'));
    (digits > 0).then(|| (micro, &text[digits..]))
}

/// Seconds east of UTC, or none if nothing is written; none at all if it is something else.
fn offset(text: &[u8]) -> Option<Option<i32>> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, rest) = match text {
        [] => return Some(None),
        b"Z" | b"z" | b"UTC" | b"GMT" => return Some(Some(0)),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest.len() {
        2 => (two(rest, 0)?, 0),
        4 => (two(rest, 0)?, two(rest, 2)?),
        5 if rest[2] == b':' => (two(rest, 0)?, two(rest, 3)?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then(|| Some(sign * (i32::from(hours) * 3_600 + i32::from(minutes) * 60)))
}

/// The number of two digits.
fn two(text: &[u8], at: usize) -> Option<i8> {
    let (tens, ones) = (text.get(at)?.wrapping_sub(b'0'), text.get(at + 1)?.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| (tens * 10 + ones) as i8)
}

fn last_day(year: i16, month: i8) -> i8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 in the Gregorian calendar, counted in years that begin in March.
fn days(year: i16, month: i8, day: i8) -> i64 {
    let year = i64::from(year) - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((i64::from(month) + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

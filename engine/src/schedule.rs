//! When something is due again and again: a Unix five-field cron pattern in a named time zone.
//!
//! What must hold: instants rise strictly; a wall time that daylight saving skips is due at the next instant that
//! exists, one that it repeats is due once, the first time. The `cron` crate iterates the wall clock as if it were UTC
//! (in a zone it skips days, fires twice and out of order), jiff resolves wall times to instants. `pattern` reads the
//! five fields; `cron` needs days of the week by name and would *and* them with days of the month.

mod pattern;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate, Timelike as _, Utc};
use jiff::ToSpan as _;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::clock::{Timestamp, resolve};

/// A pattern in a zone, read and checked.
#[derive(Clone, Debug)]
pub struct Schedule {
    pattern: String,
    zone: String,
    time_zone: TimeZone,
    /// Due is what any of them names: two where day of month and day of week are both restricted.
    parts: Vec<cron::Schedule>,
}

impl Schedule {
    /// Reads `0 6 * * MON-FRI` (minute, hour, day of month, month, day of week; 0 and 7 are Sunday) in an IANA zone.
    ///
    /// # Errors
    /// A sentence that says what is wrong, in which field, and what to write. A pattern that is never due (30 February)
    /// is wrong too.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, String> {
        let parts = pattern::read(cron)?
            .iter()
            .map(|part| {
                cron::Schedule::from_str(part).map_err(|error| format!("`{cron}` cannot be scheduled: {error}"))
            })
            .collect::<Result<_, _>>()?;
        let time_zone = TimeZone::get(zone)
            .map_err(|_| format!("`{zone}` is not a time zone: write its IANA name, such as Europe/Berlin or UTC"))?;
        let pattern = cron.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Self { pattern, zone: zone.into(), time_zone, parts })
    }

    /// The pattern, one blank between its fields.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The zone's name as it was written.
    #[must_use]
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// The first instant strictly later than `at`; none after the year 2100.
    #[must_use]
    pub fn after(&self, at: Timestamp) -> Option<Timestamp> {
        let mut wall = self.time_zone.to_datetime(at.to_jiff()?);
        // Wall times that `at` has seen for the second time resolve to the first, which is past.
        loop {
            wall = self.next_wall(wall)?;
            let due = resolve(&self.time_zone, wall)?;
            if due > at {
                return Some(due);
            }
        }
    }

    /// The last instant strictly before `at`, unless it lies before `not_before`: what was missed while nobody looked.
    #[must_use]
    pub fn last_before(&self, at: Timestamp, not_before: Timestamp) -> Option<Timestamp> {
        let mut wall = self.latest_wall(at.to_jiff()?)?;
        loop {
            wall = self.previous_wall(wall)?;
            let due = resolve(&self.time_zone, wall)?;
            if due < at {
                return (due >= not_before).then_some(due);
            }
        }
    }

    fn next_wall(&self, wall: DateTime) -> Option<DateTime> {
        let from = to_chrono(wall)?;
        self.parts.iter().filter_map(|part| part.after(&from).next()).min().and_then(from_chrono)
    }

    fn previous_wall(&self, wall: DateTime) -> Option<DateTime> {
        let from = to_chrono(wall)?;
        self.parts.iter().filter_map(|part| part.after(&from).next_back()).max().and_then(from_chrono)
    }

    /// A wall time later than every one that can have been due before `at`. In an hour that is being repeated, the rest
    /// of it has been due already: then the wall clock as it would stand without the change.
    fn latest_wall(&self, at: jiff::Timestamp) -> Option<DateTime> {
        let offset = self.time_zone.to_offset(at);
        let wall = offset.to_datetime(at);
        let wall = match self.time_zone.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Fold { before, after } if offset == after => before.to_datetime(at),
            _ => wall,
        };
        wall.checked_add(1.second()).ok()
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        (&self.pattern, &self.zone) == (&other.pattern, &other.zone)
    }
}

impl Eq for Schedule {}

/// `0 6 * * MON-FRI in Europe/Berlin`.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.pattern, self.zone)
    }
}

fn to_chrono(wall: DateTime) -> Option<chrono::DateTime<Utc>> {
    let part = |number: i8| u32::try_from(number).ok();
    let date = NaiveDate::from_ymd_opt(wall.year().into(), part(wall.month())?, part(wall.day())?)?;
    Some(date.and_hms_opt(part(wall.hour())?, part(wall.minute())?, part(wall.second())?)?.and_utc())
}

fn from_chrono(wall: chrono::DateTime<Utc>) -> Option<DateTime> {
    let part = |number: u32| i8::try_from(number).ok();
    let (month, day) = (part(wall.month())?, part(wall.day())?);
    let (hour, minute, second) = (part(wall.hour())?, part(wall.minute())?, part(wall.second())?);
    DateTime::new(i16::try_from(wall.year()).ok()?, month, day, hour, minute, second, 0).ok()
}

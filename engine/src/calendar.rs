//! Calendars: when people work, in the zone in which they do. Pure; nothing reads a clock.
//!
//! A date is closed if it is closed by name, or a holiday that is not worked; else a half day names its hours (and may
//! open a day of the weekend); else the hours of its weekday hold. Hours are half open. An opening or closing becomes an
//! instant in the calendar's zone: of a local time that is repeated the first, of one that is skipped the next instant
//! that exists; what lies between counts as it elapses. Next: `days` (exceptions), `time` (arithmetic), `file` (what
//! people write), `library` (the files that hold).

pub(crate) mod codes;
mod days;
mod expressions;
mod file;
mod library;
mod time;
mod wait;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::holidays::words::index;
pub use codes::CODES;
pub use days::{Exceptions, Observed};
pub use library::{Calendars, Named, Refused, Warnings};
pub use wait::{Counted, Wait};

/// Minutes of a day: `24:00` is the next midnight.
const DAY: u16 = 24 * 60;

/// Hours within a day, in minutes since midnight, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hours {
    from: u16,
    to: u16,
}

impl Hours {
    /// From one minute of the day to another. `None`: it ends before it begins, or after the day.
    #[must_use]
    pub fn new(from: u16, to: u16) -> Option<Self> {
        (from < to && to <= DAY).then_some(Self { from, to })
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// When people work. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its name.
    pub name: Arc<str>,
    zone: TimeZone,
    /// From Monday, each in order and without overlap.
    weekly: Arc<[Vec<Hours>; 7]>,
    exceptions: Arc<Exceptions>,
}

impl Calendar {
    /// A calendar; hours in any order.
    ///
    /// # Errors
    /// A sentence: two hours of a day that overlap.
    pub fn new(
        name: &str,
        zone: TimeZone,
        mut weekly: [Vec<Hours>; 7],
        mut exceptions: Exceptions,
    ) -> Result<Self, String> {
        for hours in weekly.iter_mut().chain(exceptions.all_hours()) {
            hours.sort_unstable();
            if let Some((one, other)) = overlap(hours) {
                return Err(format!("{one} and {other} overlap"));
            }
        }
        Ok(Self { name: name.into(), zone, weekly: weekly.into(), exceptions: exceptions.into() })
    }

    /// The time zone in which it holds.
    #[must_use]
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The hours of a date, in order.
    #[must_use]
    pub fn hours(&self, date: Date) -> &[Hours] {
        let usual = &self.weekly[index(date.weekday())];
        self.exceptions.hours(date).map_or(usual, |special| special.instead_of(usual))
    }

    /// The names of the holidays on `date`; none on a day that is merely closed.
    #[must_use]
    pub fn holidays(&self, date: Date) -> Vec<Arc<str>> {
        self.exceptions.holidays(date)
    }

    /// The holidays whose dates in `year` are not known, since no rule gives them and no list covers the year: what is due
    /// then may fall on one of them. Each with its country, as `Diwali (SG)`.
    #[must_use]
    pub fn unknown_holidays(&self, year: i16) -> Vec<String> {
        self.exceptions.unknown(year)
    }
}

/// The countries whose holidays the calendar file `source` names.
#[must_use]
pub fn countries_named(source: &str) -> std::collections::BTreeSet<String> {
    file::countries_named(source)
}

/// The first two of `hours`, which are in order, that overlap.
fn overlap(hours: &[Hours]) -> Option<(Hours, Hours)> {
    hours.windows(2).find(|two| two[0].to > two[1].from).map(|two| (two[0], two[1]))
}

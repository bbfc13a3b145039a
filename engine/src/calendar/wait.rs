//! Lengths of time as people write them: as it elapses, or in working time.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Calendar, Named};
use crate::approval::Exact;
use crate::clock::Timestamp;

const HOUR: i64 = 3_600_000_000;

/// How long something waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Microseconds as they elapse.
    Elapsed(i64),
    /// The same clock time so many working days on.
    WorkingDays(u32),
    /// Microseconds in which people work.
    WorkingTime(i64),
}

impl Wait {
    /// Hours as a policy writes them, or what stands beside them.
    #[must_use]
    pub(crate) fn of(hours: Option<Exact>, wait: Option<Self>) -> Option<Self> {
        hours.and_then(Exact::hours_in_micros).map(Self::Elapsed).or(wait)
    }

    /// Whether it needs a calendar.
    #[must_use]
    pub const fn is_working(self) -> bool {
        !matches!(self, Self::Elapsed(_))
    }

    /// The instant that it ends at, begun at `from`. `None`: there is no such instant, or no calendar where one is needed.
    #[must_use]
    pub fn end(self, from: Timestamp, calendar: Option<&Calendar>) -> Option<Timestamp> {
        match self {
            Self::Elapsed(micros) => Some(from.plus_micros(micros)),
            Self::WorkingDays(days) => calendar?.add_working_days(from, days),
            Self::WorkingTime(micros) => calendar?.add_working_time(from, micros),
        }
    }

    /// About how long that is, in microseconds: for putting several in order, where no instant is known yet.
    #[must_use]
    pub const fn about(self) -> i64 {
        match self {
            Self::Elapsed(micros) => micros,
            Self::WorkingDays(days) => days as i64 * 34 * HOUR,
            Self::WorkingTime(micros) => micros.saturating_mul(4),
        }
    }
}

/// As it is written.
impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: i64| if n == 1 { "" } else { "s" };
        let (micros, working) = match *self {
            Self::WorkingDays(days) => return write!(f, "{days} working day{}", plural(days.into())),
            Self::Elapsed(micros) => (micros, ""),
            Self::WorkingTime(micros) => (micros, "working "),
        };
        let units = [(24 * HOUR, "day"), (HOUR, "hour"), (HOUR / 60, "minute"), (HOUR / 3600, "second")];
        let days = usize::from(!working.is_empty());
        let (size, unit) = units[days..].iter().find(|(size, _)| micros % size == 0).unwrap_or(&units[3]);
        write!(f, "{} {working}{unit}{}", micros / size, plural(micros / size))
    }
}

impl Serialize for Wait {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Wait {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = String::deserialize(d)?;
        crate::definition::wait(&text).map_err(serde::de::Error::custom)
    }
}

/// The calendar that a policy's working time is counted in.
#[derive(Clone, Debug, Default)]
pub struct Counted(pub Option<std::sync::Arc<Named>>);

impl Counted {
    /// Its calendar.
    #[must_use]
    pub fn calendar(&self) -> Option<&Calendar> {
        self.0.as_ref().map(|named| &named.calendar)
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_ref().map(|named| named.hash) == other.0.as_ref().map(|named| named.hash)
    }
}

impl Eq for Counted {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        for text in ["2 working days", "1 working day", "4 working hours", "90 working minutes", "3 days", "5 seconds"]
        {
            let wait = crate::definition::wait(text).unwrap();
            assert_eq!(wait.to_string(), text);
            assert_eq!(serde_json::from_value::<Wait>(serde_json::to_value(wait).unwrap()).unwrap(), wait);
        }
        assert_eq!(crate::definition::wait("36 working hours").unwrap(), Wait::WorkingTime(36 * HOUR));
        assert_eq!(crate::definition::wait("1 week").unwrap().to_string(), "7 days");
        for wrong in ["2 working weeks", "working day", "1.5 working days", "0 working days", "9999999 working days"] {
            assert!(crate::definition::wait(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn without_a_calendar_working_time_never_ends() {
        let at = Timestamp::from_micros(0);
        assert_eq!(Wait::Elapsed(5).end(at, None), Some(Timestamp::from_micros(5)));
        assert_eq!(Wait::WorkingDays(1).end(at, None), None);
    }
}

//! Where a holiday goes, or is kept as well, when it falls on a day that is free anyway.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};

use super::words::{index, later};

/// How far a working day is looked for.
const MOST_DAYS: i32 = 60;

/// Where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The next day of that name.
    Next(Weekday),
    /// The one before.
    Previous(Weekday),
    /// The next day that is neither of the weekend nor a holiday.
    NextWorking,
    /// The one before.
    PreviousWorking,
}

/// What becomes of a holiday by the day that it falls on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Substitute {
    pub(super) weekdays: [Option<Target>; 7],
    /// Where another holiday is on the same date.
    pub(super) holiday: Option<Target>,
}

impl Substitute {
    /// Where a holiday on `date` goes; `shared`: another is on the same date.
    pub(super) fn target(&self, date: Date, shared: bool) -> Option<Target> {
        self.weekdays[index(date.weekday())].or(self.holiday.filter(|_| shared))
    }
}

impl Target {
    /// The date, where `closed` are the holidays and `weekend` the days of the week without work.
    pub(super) fn from(self, date: Date, closed: &BTreeSet<Date>, weekend: [bool; 7]) -> Option<Date> {
        let works = |date: &Date| !weekend[index(date.weekday())] && !closed.contains(date);
        let step = |by: i32| (1..=MOST_DAYS).filter_map(move |n| later(date, n * by));
        match self {
            Self::Next(weekday) => date.nth_weekday(1, weekday).ok(),
            Self::Previous(weekday) => date.nth_weekday(-1, weekday).ok(),
            Self::NextWorking => step(1).find(works),
            Self::PreviousWorking => step(-1).find(works),
        }
    }
}

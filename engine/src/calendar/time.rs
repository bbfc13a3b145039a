//! Arithmetic in working time.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan as _};

use super::{Calendar, DAY, Hours};
use crate::clock::{Timestamp, resolve};

/// How many closed days in a row are looked through: nobody is closed for longer.
const MOST_CLOSED: i32 = 3_660;

/// What a working day may lack, in microseconds, and still be told as one.
const HALF_AN_HOUR: i64 = 30 * 60 * 1_000_000;

/// How many days are looked through in all, a century of them: what lies beyond is no plan.
pub(super) const MOST_DAYS: usize = 36_600;

impl Calendar {
    /// Whether people work at that instant: at an opening yes, at a closing no.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.next_opening(at) == Some(at)
    }

    /// The earliest instant at or after `at` at which people work; `None`: none within ten years.
    #[must_use]
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        self.openings(at).next().map(|(open, _)| open.max(at))
    }

    /// The earliest instant by which `micros` of working time have passed since `from`: a closing, not the opening after it.
    /// Nothing, or less, is `from` itself. `None`: it does not within a century, or ten closed
    /// years come first.
    #[must_use]
    pub fn add_working_time(&self, from: Timestamp, micros: i64) -> Option<Timestamp> {
        let mut left = micros;
        if left <= 0 {
            return Some(from);
        }
        for (open, close) in self.openings(from) {
            let open = open.max(from);
            let here = close.micros() - open.micros();
            if left <= here {
                return Some(open.plus_micros(left));
            }
            left -= here;
        }
        None
    }

    /// The same local clock time on the `days`th working date after that of `from`, moved into the hours: before an opening
    /// or in a break to the opening that follows, after the last closing to it. None is `from` itself.
    /// `None`: as for [`Calendar::add_working_time`].
    #[must_use]
    pub fn add_working_days(&self, from: Timestamp, days: u32) -> Option<Timestamp> {
        if days == 0 {
            return Some(from);
        }
        let local = self.local(from)?;
        let mut working = self.days(local.date()).skip(1).filter(|(_, hours)| !hours.is_empty());
        let (date, hours) = working.nth(usize::try_from(days).ok()?.checked_sub(1)?)?;
        self.moved_into(date, local, &hours)
    }

    /// The latest instant since which `micros` of working time have passed by `from`: an opening, not the closing before
    /// it. Nothing, or less, is `from` itself. `None`: as for [`Calendar::add_working_time`].
    #[must_use]
    pub fn take_working_time(&self, from: Timestamp, micros: i64) -> Option<Timestamp> {
        let mut left = micros;
        if left <= 0 {
            return Some(from);
        }
        let last = self.local(from)?.date().saturating_add(1.day());
        for (_, hours) in self.days_back(last) {
            for (open, close) in hours.into_iter().rev().filter(|(open, _)| *open < from) {
                let here = close.min(from).micros() - open.micros();
                if left <= here {
                    return Some(close.min(from).plus_micros(-left));
                }
                left -= here;
            }
        }
        None
    }

    /// The same local clock time on the `days`th working date before that of `from`, moved into the hours as by
    /// [`Calendar::add_working_days`].
    #[must_use]
    pub fn take_working_days(&self, from: Timestamp, days: u32) -> Option<Timestamp> {
        if days == 0 {
            return Some(from);
        }
        let local = self.local(from)?;
        let mut working = self.days_back(local.date()).skip(1).filter(|(_, hours)| !hours.is_empty());
        let (date, hours) = working.nth(usize::try_from(days).ok()?.checked_sub(1)?)?;
        self.moved_into(date, local, &hours)
    }

    /// A clock time on a date, moved into its hours.
    fn moved_into(&self, date: Date, local: DateTime, hours: &[(Timestamp, Timestamp)]) -> Option<Timestamp> {
        let at = resolve(self.zone(), date.to_datetime(local.time()))?;
        match hours.iter().find(|(_, close)| at <= *close) {
            Some(&(open, _)) => Some(at.max(open)),
            None => hours.last().map(|&(_, close)| close),
        }
    }

    /// Microseconds of working time between two instants, negative if the second lies before the first. `None`: more than
    /// a century lies between them.
    #[must_use]
    pub fn working_time_between(&self, from: Timestamp, to: Timestamp) -> Option<i64> {
        if to < from {
            return self.working_time_between(to, from).map(|passed| -passed);
        }
        let (first, last) = (self.local(from)?, self.local(to)?);
        if usize::try_from((last.date() - first.date()).get_days()).ok()? > MOST_DAYS {
            return None;
        }
        let end = last.date().saturating_add(1.day());
        let dates = first.date().saturating_sub(1.day()).series(1.day()).take_while(|date| *date <= end);
        let within = |(open, close): (Timestamp, Timestamp)| (close.min(to).micros() - open.max(from).micros()).max(0);
        Some(dates.flat_map(|date| self.on(date)).map(within).sum())
    }

    /// The whole working days between two instants, and the microseconds of working time beyond them: what stays of a day is
    /// the time between the clock time of `from`, as [`Calendar::add_working_days`] finds it again, and `to`. A day but for
    /// less than half an hour is a day. `None`: as for [`Calendar::add_working_time`], or `to` lies before `from`.
    #[must_use]
    pub fn working_days_until(&self, from: Timestamp, to: Timestamp) -> Option<(u32, i64)> {
        if to < from {
            return None;
        }
        let from = self.next_opening(from)?;
        let local = self.local(from)?;
        let later = self.days(local.date()).skip(1).filter(|(_, hours)| !hours.is_empty());
        let (mut days, mut last) = (0, from);
        for (date, hours) in later {
            let next = self.moved_into(date, local, &hours)?;
            let left = self.working_time_between(last, to)?;
            if left + HALF_AN_HOUR < self.working_time_between(last, next)? {
                return Some((days, left.max(0)));
            }
            (days, last) = (days + 1, next);
            if to <= last {
                return Some((days, 0));
            }
        }
        None
    }

    fn local(&self, at: Timestamp) -> Option<DateTime> {
        Some(self.zone().to_datetime(at.to_jiff()?))
    }

    /// The hours of a date as instants.
    fn on(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        let edges = |hours: &Hours| Some((self.edge(date, hours.from)?, self.edge(date, hours.to)?));
        self.hours(date).iter().filter_map(edges).filter(|(open, close)| open < close).collect()
    }

    fn edge(&self, date: Date, minute: u16) -> Option<Timestamp> {
        let midnight = date.to_datetime(Time::midnight());
        let wall = match minute {
            DAY => midnight.checked_add(1.day()),
            minute => midnight.checked_add(Span::new().minutes(i64::from(minute))),
        };
        resolve(self.zone(), wall.ok()?)
    }

    /// Dates from `first` on with their hours as instants. It ends after ten years without any, and after a century.
    fn days(&self, first: Date) -> impl Iterator<Item = (Date, Vec<(Timestamp, Timestamp)>)> + '_ {
        self.bounded(first.series(1.day()))
    }

    /// The same backwards.
    fn days_back(&self, last: Date) -> impl Iterator<Item = (Date, Vec<(Timestamp, Timestamp)>)> + '_ {
        self.bounded(std::iter::successors(Some(last), |date| date.checked_sub(1.day()).ok()))
    }

    fn bounded<'c>(
        &'c self,
        dates: impl Iterator<Item = Date> + 'c,
    ) -> impl Iterator<Item = (Date, Vec<(Timestamp, Timestamp)>)> + 'c {
        let mut closed = 0;
        let days = dates.take(MOST_DAYS).map(|date| (date, self.on(date)));
        days.take_while(move |(_, hours)| {
            closed = if hours.is_empty() { closed + 1 } else { 0 };
            closed <= MOST_CLOSED
        })
    }

    /// Hours that end after `at`, in order.
    fn openings(&self, at: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        // The day before may reach over midnight where clocks change.
        let first = self.local(at).map(|local| local.date().saturating_sub(1.day()));
        let days = first.into_iter().flat_map(|first| self.days(first));
        days.flat_map(|(_, hours)| hours).filter(move |(_, close)| *close > at)
    }
}

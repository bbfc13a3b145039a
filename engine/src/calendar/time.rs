//! Arithmetic in working time.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span, ToSpan as _};

use super::{Calendar, DAY, Hours};
use crate::clock::{Timestamp, resolve};

/// How many closed days in a row are looked through: nobody is closed for longer.
const MOST_CLOSED: i32 = 3_660;

/// How many days are looked through in all, a century of them: what lies beyond is no plan.
const MOST_DAYS: usize = 36_600;

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
        let at = resolve(self.zone(), date.to_datetime(local.time()))?;
        let within = |(_, close): &&(Timestamp, Timestamp)| at <= *close;
        match hours.iter().find(within) {
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
        let dates = self.dates(first.date().saturating_sub(1.day())).take_while(|date| *date <= end);
        let within = |(open, close): (Timestamp, Timestamp)| (close.min(to).micros() - open.max(from).micros()).max(0);
        Some(dates.flat_map(|date| self.on(date)).map(within).sum())
    }

    fn local(&self, at: Timestamp) -> Option<DateTime> {
        Some(self.zone().to_datetime(at.to_jiff()?))
    }

    /// Dates from `first` on.
    fn dates(&self, first: Date) -> impl Iterator<Item = Date> + use<> {
        std::iter::successors(Some(first), |date| date.checked_add(1.day()).ok())
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
        let mut closed = 0;
        let days = self.dates(first).take(MOST_DAYS).map(|date| (date, self.on(date)));
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

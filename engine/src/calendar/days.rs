//! Days on which the weekly hours do not hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use jiff::civil::Date;

use super::Hours;
use crate::holidays::words::{Day, MonthDay};
use crate::holidays::{Holidays, YEARS};

/// The holidays of a year with their names, once they were asked for.
type Year = OnceLock<BTreeMap<Date, Arc<str>>>;

/// The holidays of a country, or of one of its regions, by rule. A year is computed when it is first asked for.
#[derive(Debug)]
pub struct Observed {
    rules: Arc<Holidays>,
    region: Option<Arc<str>>,
    years: Box<[Year]>,
}

impl Observed {
    /// Those of `rules`, in `region` if one is given.
    #[must_use]
    pub fn new(rules: Arc<Holidays>, region: Option<&str>) -> Self {
        let years = YEARS.map(|_| OnceLock::new()).collect();
        Self { rules, region: region.map(Into::into), years }
    }

    /// The country, with the region behind a hyphen.
    fn code(&self) -> String {
        let country = &self.rules.country;
        self.region.as_ref().map_or_else(|| country.to_string(), |region| format!("{country}-{region}"))
    }

    /// The name of the holiday on `date`; of several the first.
    fn on(&self, date: Date) -> Option<&Arc<str>> {
        let at = usize::try_from(date.year().checked_sub(*YEARS.start())?).ok()?;
        let compute = || self.rules.dates(self.region.as_deref(), date.year()).into_iter().rev().collect();
        self.years.get(at)?.get_or_init(compute).get(&date)
    }
}

/// Dates and ranges of dates, of one year or of every year.
#[derive(Clone, Debug, Default)]
pub(super) struct Dates {
    once: BTreeSet<Date>,
    ranges: Vec<(Date, Date)>,
    /// Both days included; the last may lie before the first, then the range crosses into the next year.
    yearly: Vec<(MonthDay, MonthDay)>,
}

impl Dates {
    pub(super) fn push(&mut self, first: Day, last: Day) {
        match (first, last) {
            (Day::Once(first), Day::Once(last)) if first == last => drop(self.once.insert(first)),
            (Day::Once(first), Day::Once(last)) => self.ranges.push((first, last)),
            (Day::Yearly(first), Day::Yearly(last)) => self.yearly.push((first, last)),
            // The reader lets no such mixture through.
            (Day::Once(_), Day::Yearly(_)) | (Day::Yearly(_), Day::Once(_)) => {}
        }
    }

    pub(super) fn contains(&self, date: Date) -> bool {
        self.once.contains(&date)
            || self.ranges.iter().any(|(first, last)| (first..=last).contains(&&date))
            || self.contains_yearly(MonthDay::of(date))
    }

    pub(super) fn contains_yearly(&self, day: MonthDay) -> bool {
        self.yearly.iter().any(|&(first, last)| match first <= last {
            true => first <= day && day <= last,
            false => first <= day || day <= last,
        })
    }
}

/// When a calendar departs from its weekly hours.
#[derive(Debug, Default)]
pub struct Exceptions {
    pub(super) holidays: Vec<Observed>,
    pub(super) closed: Dates,
    /// Holidays that are worked.
    pub(super) open: Dates,
    pub(super) half_days: BTreeMap<Date, Vec<Hours>>,
    pub(super) yearly_half_days: BTreeMap<MonthDay, Vec<Hours>>,
}

/// The hours of such a day.
pub(super) enum Special<'e> {
    Closed,
    /// In place of any hours.
    Instead(&'e [Hours]),
    /// In place of hours, where there are some.
    Where(&'e [Hours]),
}

impl<'e> Special<'e> {
    pub(super) const fn instead_of(self, usual: &'e [Hours]) -> &'e [Hours] {
        match self {
            Self::Where(_) if usual.is_empty() => usual,
            Self::Instead(hours) | Self::Where(hours) => hours,
            Self::Closed => &[],
        }
    }
}

impl Exceptions {
    /// With the holidays of a country or region.
    #[must_use]
    pub fn holidays_of(mut self, observed: Observed) -> Self {
        self.holidays.push(observed);
        self
    }

    /// With dates on which nobody works.
    #[must_use]
    pub fn closed_on(mut self, dates: impl IntoIterator<Item = Date>) -> Self {
        self.closed.once.extend(dates);
        self
    }

    /// With a date that has hours of its own, also where it is one of the weekend.
    #[must_use]
    pub fn half_day(mut self, date: Date, hours: Vec<Hours>) -> Self {
        self.half_days.insert(date, hours);
        self
    }

    /// What holds on `date` instead of its weekday's hours.
    pub(super) fn hours(&self, date: Date) -> Option<Special<'_>> {
        if self.closed.contains(date) || (self.is_holiday(date) && !self.open.contains(date)) {
            return Some(Special::Closed);
        }
        let dated = self.half_days.get(&date).map(|hours| Special::Instead(hours));
        dated.or_else(|| self.yearly_half_days.get(&MonthDay::of(date)).map(|hours| Special::Where(hours)))
    }

    pub(super) fn is_holiday(&self, date: Date) -> bool {
        self.holidays.iter().any(|observed| observed.on(date).is_some())
    }

    pub(super) fn holidays(&self, date: Date) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self.holidays.iter().filter_map(|observed| observed.on(date).cloned()).collect();
        names.dedup();
        names
    }

    pub(super) fn unknown(&self, year: i16) -> Vec<String> {
        let unknown = |observed: &Observed| {
            let names = observed.rules.unknown(observed.region.as_deref(), year);
            let code = observed.code();
            names.into_iter().map(move |name| format!("{name} ({code})"))
        };
        self.holidays.iter().flat_map(unknown).collect()
    }

    pub(super) fn all_hours(&mut self) -> impl Iterator<Item = &mut Vec<Hours>> {
        self.half_days.values_mut().chain(self.yearly_half_days.values_mut())
    }
}

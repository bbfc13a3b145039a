//! Public holidays of a country by rule: which dates they are, in which region, in which year.
//!
//! Rules are files that people read (`definitions/calendars/README.md`); `read` makes them, `when` tells the day of a
//! rule, `substitute` where it is moved. Always: a country's answer depends on nothing but its file. A list of dates
//! covers the years that it names: outside them [`Holidays::unknown`] says so, and no holiday is made up.

mod read;
mod sky;
mod substitute;
#[cfg(test)]
mod tests;
mod when;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use jiff::civil::Date;

use crate::diagnostic::Diagnostic;
pub(crate) use read::days_of_week;
use substitute::Substitute;
use when::When;

/// The years for which rules are asked; outside them no holiday is known.
pub const YEARS: RangeInclusive<i16> = 1900..=2199;

/// The holidays of a country.
#[derive(Clone, Debug)]
pub struct Holidays {
    /// ISO 3166-1, two capital letters.
    pub country: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// The parts that have holidays of their own, by the ISO 3166-2 code without the country, each with its title.
    pub regions: BTreeMap<Arc<str>, Arc<str>>,
    weekend: [bool; 7],
    rules: Vec<Rule>,
}

/// One holiday.
#[derive(Clone, Debug)]
struct Rule {
    name: Arc<str>,
    when: When,
    /// How many days it lasts.
    days: u8,
    place: Place,
    from: i16,
    until: i16,
    every: i16,
    except: Vec<i16>,
    /// It is one only on these days of the week.
    only: [bool; 7],
    /// Kept on another day instead.
    moved: Substitute,
    /// Kept on another day as well.
    observed: Substitute,
}

/// Where a holiday holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Everywhere,
    Regions(Vec<Arc<str>>),
    Except(Vec<Arc<str>>),
}

/// A holiday on a date, before it is moved.
struct Occurrence<'r> {
    date: Date,
    rule: &'r Rule,
}

impl Holidays {
    /// Reads the rules in `source`: they are there unless a finding is an error. All findings come in one pass, in the
    /// order of the file.
    #[must_use]
    pub fn read(source: &str) -> (Option<Self>, Vec<Diagnostic>) {
        read::file(source)
    }

    /// Whether `region` has rules of its own.
    #[must_use]
    pub fn has_region(&self, region: &str) -> bool {
        self.regions.contains_key(region)
    }

    /// The holidays in `year`, in order: those of the whole country, or of a region (which has its own beside them).
    /// A region that is not known has those of the country.
    #[must_use]
    pub fn dates(&self, region: Option<&str>, year: i16) -> Vec<(Date, Arc<str>)> {
        if !YEARS.contains(&year) {
            return Vec::new();
        }
        // What falls into the years around may be moved into this one.
        let all = self.occurrences(region, year - 1..=year + 1);
        let mut found = Vec::new();
        let mut count: BTreeMap<Date, usize> = BTreeMap::new();
        for one in &all {
            *count.entry(one.date).or_default() += 1;
        }
        let shared = |date: Date| count.get(&date).is_some_and(|&n| n > 1);
        let stays = |one: &&Occurrence<'_>| one.rule.moved.target(one.date, shared(one.date)).is_none();
        let mut closed: BTreeSet<Date> = all.iter().filter(stays).map(|one| one.date).collect();
        self.between(region, year, &mut closed, &mut found);
        for one in &all {
            let (name, shared) = (&one.rule.name, shared(one.date));
            if let Some(target) = one.rule.moved.target(one.date, shared) {
                if let Some(date) = target.from(one.date, &closed, self.weekend) {
                    closed.insert(date);
                    found.push((date, name.clone()));
                }
                continue;
            }
            found.push((one.date, name.clone()));
            if let Some(target) = one.rule.observed.target(one.date, shared)
                && let Some(date) = target.from(one.date, &closed, self.weekend)
            {
                closed.insert(date);
                found.push((date, format!("{name} (observed)").into()));
            }
        }
        found.retain(|(date, _)| date.year() == year);
        found.sort();
        found.dedup();
        found
    }

    /// The names of the holidays whose dates in `year` are not known: that year lies outside their lists.
    #[must_use]
    pub fn unknown(&self, region: Option<&str>, year: i16) -> Vec<Arc<str>> {
        let known = |rule: &Rule| rule.holds(region, year) && rule.when.knows(year) && !rule.when.is_once();
        let unknown = |rule: &&Rule| match YEARS.contains(&year) {
            true => rule.holds(region, year) && !rule.when.knows(year),
            false => rule.is_in(region),
        };
        let mut names: Vec<Arc<str>> = self.rules.iter().filter(unknown).map(|rule| rule.name.clone()).collect();
        // A holiday may be a list for some years and a rule for others.
        names.retain(|name| !self.rules.iter().any(|rule| rule.name == *name && known(rule)));
        names.sort();
        names.dedup();
        names
    }

    /// Every rule's dates in `years`, in order of the dates, then of the file.
    fn occurrences(&self, region: Option<&str>, years: RangeInclusive<i16>) -> Vec<Occurrence<'_>> {
        let mut all = Vec::new();
        for year in years {
            for rule in self.rules.iter().filter(|rule| rule.holds(region, year)) {
                let days = |first: Date| (0..i32::from(rule.days)).filter_map(move |n| words::later(first, n));
                let dates = rule.when.in_year(year).into_iter().flat_map(days);
                let only = dates.filter(|date| rule.only[words::index(date.weekday())]);
                all.extend(only.map(|date| Occurrence { date, rule }));
            }
        }
        all.sort_by_key(|one| one.date);
        all
    }

    /// Working days between two holidays, where the country makes them holidays too.
    fn between(&self, region: Option<&str>, year: i16, closed: &mut BTreeSet<Date>, found: &mut Vec<(Date, Arc<str>)>) {
        for rule in self.rules.iter().filter(|rule| rule.when == When::Between && rule.holds(region, year)) {
            let middle = |date: &Date| {
                let (next, after) = (words::later(*date, 1)?, words::later(*date, 2)?);
                let works = !closed.contains(&next) && !self.weekend[words::index(next.weekday())];
                (works && closed.contains(&after) && rule.only[words::index(next.weekday())]).then_some(next)
            };
            let dates: Vec<Date> = closed.iter().filter_map(middle).collect();
            for date in dates {
                closed.insert(date);
                found.push((date, rule.name.clone()));
            }
        }
    }
}

impl Rule {
    fn holds(&self, region: Option<&str>, year: i16) -> bool {
        let years = (self.from..=self.until).contains(&year) && !self.except.contains(&year);
        self.is_in(region) && years && (year - self.from) % self.every.max(1) == 0
    }

    fn is_in(&self, region: Option<&str>) -> bool {
        let among = |regions: &[Arc<str>]| region.is_some_and(|region| regions.iter().any(|one| **one == *region));
        match &self.place {
            Place::Everywhere => true,
            Place::Regions(regions) => among(regions),
            Place::Except(regions) => !among(regions),
        }
    }
}

//! The calendars that hold, by name, with the holiday rules that they use.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::codes;
use super::days::Observed;
use super::file::{self, Known};
use super::{Calendar, Exceptions};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::holidays::Holidays;
use crate::ids::CalendarHash;

pub use crate::definition::{Refused, Warnings};

/// A calendar and what it came from.
#[derive(Clone, Debug)]
pub struct Named {
    /// What workflows call it.
    pub name: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// SHA-256 over the file and the holiday files that it uses (line ends do not matter): as long as it stays, so does
    /// every result.
    pub hash: CalendarHash,
    /// The calendar.
    pub calendar: Calendar,
}

/// Calendars by name. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Calendars {
    named: BTreeMap<Arc<str>, Arc<Named>>,
    countries: BTreeMap<Arc<str>, Arc<Holidays>>,
}

/// What is gathered while files are read.
#[derive(Default)]
struct Load {
    warnings: Warnings,
    refused: Refused,
    /// The text and the rules of each country.
    rules: BTreeMap<Arc<str>, (String, Arc<Holidays>)>,
    /// Countries by the names of files that are refused: what names them is not wrong for that.
    broken: BTreeSet<String>,
}

impl Calendars {
    /// Checks `files` (path and source), all of them, and keeps all or none. Files in a folder `holidays` are rules, the
    /// others calendars.
    ///
    /// # Errors
    /// Every file with an error, with all its findings; also two files of one name or country.
    pub fn load(files: Vec<(String, String)>) -> Result<(Self, Warnings), Refused> {
        let mut load = Load::default();
        let (rules, files): (Vec<_>, Vec<_>) = files.into_iter().partition(|(path, _)| is_rules(path));
        load.rules(rules);
        let mut calendars = Self::default();
        let countries = load.rules.iter().map(|(country, (_, rules))| (country.clone(), rules.clone()));
        calendars.countries = countries.collect();
        let mut paths: BTreeMap<Arc<str>, String> = BTreeMap::new();
        for (path, source) in files {
            let known = Known { countries: &calendars.countries, broken: &load.broken };
            let (read, mut found) = file::read(&source, &known);
            if let Some(read) = read {
                let name: Arc<str> = read.name.value.as_str().into();
                if let Some(other) = paths.get(&name) {
                    let message = format!("a second calendar `{name}`");
                    let help = format!("`{other}` has that name already: rename one");
                    found.push(Diagnostic::error(codes::SAME_CALENDAR, read.name.span, message).help(help));
                } else {
                    paths.insert(name.clone(), path.clone());
                    let named = load.build(read, &source, &mut found);
                    calendars.named.extend(named.map(|named| (name, named.into())));
                }
            }
            load.file(path, source, found);
        }
        if load.refused.is_empty() { Ok((calendars, load.warnings)) } else { Err(load.refused) }
    }

    /// The calendar of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Named>> {
        self.named.get(name)
    }

    /// Whether every date comes to the same by `other`.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        let hashes = |all: &Self| all.named.iter().map(|(name, named)| (name.clone(), named.hash)).collect::<Vec<_>>();
        hashes(self) == hashes(other)
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.named.keys()
    }

    /// The countries whose holidays are known, by their codes, sorted.
    pub fn countries(&self) -> impl Iterator<Item = &Arc<str>> {
        self.countries.keys()
    }
}

impl Load {
    fn rules(&mut self, files: Vec<(String, String)>) {
        for (path, source) in files {
            let (rules, mut found) = Holidays::read(&source);
            let stem = Path::new(&path).file_stem().map(|stem| stem.to_string_lossy().into_owned());
            match rules {
                None => self.broken.extend(stem),
                Some(rules) if self.rules.contains_key(&rules.country) => {
                    let at = source.find(&*rules.country).unwrap_or(0);
                    let message = format!("a second file with the holidays of `{}`", rules.country);
                    let span = Span::new(at, at + rules.country.len());
                    let help = "write all of a country's holidays into one file";
                    found.push(Diagnostic::error(codes::SAME_COUNTRY, span, message).help(help));
                }
                Some(rules) => drop(self.rules.insert(rules.country.clone(), (source.clone(), rules.into()))),
            }
            self.file(path, source, found);
        }
    }

    fn build(&self, read: file::File, source: &str, found: &mut Vec<Diagnostic>) -> Option<Named> {
        let mut bytes = Vec::new();
        let countries: BTreeSet<&Arc<str>> = read.holidays.iter().map(|place| &place.country).collect();
        let used = countries.iter().filter_map(|country| self.rules.get(&***country));
        for text in std::iter::once(source).chain(used.map(|(text, _)| text.as_str())) {
            let text = text.replace("\r\n", "\n").replace('\r', "\n");
            bytes.extend(text.len().to_be_bytes());
            bytes.extend(text.as_bytes());
        }
        let mut exceptions: Exceptions = read.exceptions;
        for place in &read.holidays {
            let (_, rules) = self.rules.get(&place.country)?;
            exceptions = exceptions.holidays_of(Observed::new(rules.clone(), place.region.as_deref()));
        }
        let name: Arc<str> = read.name.value.into();
        let title = read.title.map_or_else(|| name.clone(), Into::into);
        // Overlaps are found, with their places, while the file is read.
        let calendar = Calendar::new(&name, read.zone, read.weekly, exceptions).ok()?;
        file::without_effect(&calendar, &read.dates, found);
        Some(Named { name, title, hash: CalendarHash::of(&bytes), calendar })
    }

    fn file(&mut self, path: String, source: String, mut found: Vec<Diagnostic>) {
        found.sort_by(|a, b| (a.span, a.code, &a.message).cmp(&(b.span, b.code, &b.message)));
        if found.iter().any(|one| one.severity == Severity::Error) {
            self.refused.push((path, source, found));
        } else {
            self.warnings.extend(found.into_iter().map(|one| (path.clone(), source.clone(), one)));
        }
    }
}

fn is_rules(path: &str) -> bool {
    Path::new(path).parent().and_then(Path::file_name).is_some_and(|folder| folder == "holidays")
}

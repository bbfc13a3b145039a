//! A calendar file is read; everything that is wrong with it is reported, with its place and what to write.

mod dates;
mod hours;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Hours;
use super::days::Exceptions;
use crate::definition::reading::{Found, Keys, Shape, Spot, name, one_or_many, parse, string};
use crate::diagnostic::{Severity, Span};
use crate::holidays::Holidays;
pub(super) use dates::{Written, without_effect};

/// What a calendar can refer to.
pub(super) struct Known<'k> {
    pub(super) countries: &'k BTreeMap<Arc<str>, Arc<Holidays>>,
    /// Countries whose files are refused.
    pub(super) broken: &'k BTreeSet<String>,
}

/// A country, perhaps one of its regions.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) country: Arc<str>,
    pub(super) region: Option<Arc<str>>,
}

/// A calendar as it is written.
pub(super) struct File {
    pub(super) name: Spot<String>,
    pub(super) title: Option<String>,
    pub(super) zone: TimeZone,
    pub(super) weekly: [Vec<Hours>; 7],
    pub(super) holidays: Vec<Place>,
    pub(super) exceptions: Exceptions,
    /// The dates with their places, for what can be said once everything is known.
    pub(super) dates: Written,
}

const KEYS: [&str; 8] = ["calendar", "title", "zone", "hours", "holidays", "closed", "half_days", "open"];

/// The countries that a calendar's `holidays` name, as far as it can be read: `DE` of `DE-BE`.
pub(super) fn countries_named(source: &str) -> BTreeSet<String> {
    let mut found = Found::new();
    let entries = |shape: &Shape| match shape {
        Shape::Map(entries) => entries.iter().find(|(key, _)| key.value == "holidays").cloned(),
        _ => None,
    };
    let Some((key, node)) = parse(source).ok().and_then(|root| entries(&root.shape)) else { return BTreeSet::new() };
    let places = one_or_many(&node, key.span, "holidays", &mut found);
    let codes = places.into_iter().filter_map(|place| Some(place.text()?.split('-').next()?.trim().to_owned()));
    codes.filter(|code| !code.is_empty()).collect()
}

/// Reads the whole file. It is `None` where a finding is an error.
pub(super) fn read(source: &str, known: &Known<'_>) -> (Option<File>, Found) {
    let root = match parse(source) {
        Ok(root) => root,
        Err(diagnostic) => return (None, vec![*diagnostic]),
    };
    let mut found = Found::new();
    let file = Keys::of(&root, Span::default(), "a calendar", &KEYS, &mut found)
        .and_then(|keys| keyed(&keys, known, &mut found));
    let good = found.iter().all(|one| one.severity != Severity::Error);
    (file.filter(|_| good), found)
}

fn keyed(keys: &Keys<'_>, known: &Known<'_>, found: &mut Found) -> Option<File> {
    let called = keys.need("calendar", "a calendar", "write its name, such as `calendar: office`", found);
    let called = called.and_then(|(at, node)| name(node, at, "the name of a calendar", found));
    let title = keys.get("title").and_then(|(at, node)| string(node, at, "the title", found));
    let zone = places::zone(keys, found);
    let weekly = hours::weekly(keys, found);
    let holidays = places::holidays(keys, known, found);
    let (exceptions, dates) = dates::exceptions(keys, found);
    if let Some(weekly) = &weekly
        && weekly.iter().all(Vec::is_empty)
        && exceptions.half_days.is_empty()
    {
        hours::none(keys, found);
    }
    Some(File {
        name: called?,
        title: title.map(|title| title.value),
        zone: zone?,
        weekly: weekly?,
        holidays,
        exceptions,
        dates,
    })
}

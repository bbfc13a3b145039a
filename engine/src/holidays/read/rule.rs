//! One holiday of the file.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;

use crate::calendar::codes;
use crate::definition::reading::{Found, Keys, Node, Shape, Spot, one_or_many, string, word};
use crate::diagnostic::{Diagnostic, Span, nearest};

use super::super::sky::Season;
use super::super::substitute::{Substitute, Target};
use super::super::when::{self, When};
use super::super::{Place, Rule, YEARS, words};
use super::days_of_week;

/// The keys of which a holiday has one.
const WHEN: [&str; 7] = ["on", "easter", "orthodox_easter", "equinox", "dates", "once", "between"];

const KEYS: [&str; 18] = [
    "name",
    "on",
    "easter",
    "orthodox_easter",
    "equinox",
    "dates",
    "once",
    "between",
    "days",
    "regions",
    "except_regions",
    "from",
    "until",
    "every",
    "except",
    "only",
    "moved",
    "observed",
];

/// Reads `{ name: ..., on: 12-25 }`; `regions` are those of the file's head.
pub(super) fn rule(
    node: &Node,
    owner: Span,
    regions: &BTreeMap<Arc<str>, Arc<str>>,
    found: &mut Found,
) -> Option<Rule> {
    let owner = if node.span.start == node.span.end { owner } else { node.span };
    let keys = Keys::of(node, owner, "a holiday", &KEYS, found)?;
    let name = keys.need("name", "a holiday", "write `name: New Year's Day`", found);
    let name = name.and_then(|(at, node)| string(node, at, "the name", found));
    let when = when(&keys, found);
    let days = number(&keys, "days", 1..=30, codes::BAD_DAYS, found).unwrap_or(1);
    let year = |key: &str, found: &mut Found| {
        number(&keys, key, (*YEARS.start()).into()..=(*YEARS.end()).into(), codes::BAD_YEARS, found)
    };
    let (from, until) = (year("from", found), year("until", found));
    let every = number(&keys, "every", 1..=100, codes::BAD_DAYS, found);
    let (first, last) =
        (from.unwrap_or_else(|| (*YEARS.start()).into()), until.unwrap_or_else(|| (*YEARS.end()).into()));
    if first > last {
        let (at, _) = keys.get("until")?;
        let message = format!("it ends in {last}, before it begins in {first}");
        found.push(Diagnostic::error(codes::BAD_YEARS, at, message).help("write the later year after `until`"));
    }
    if let (Some(_), None, Some((at, _))) = (every, from, keys.get("every")) {
        let message = "`every` counts years from the first, which is not told";
        found.push(Diagnostic::error(codes::BAD_YEARS, at, message).help("add `from: ` and the first year"));
    }
    let only = keys.get("only").map_or(Some([true; 7]), |(at, node)| weekdays(node, at, "`only`", found));
    let rule = Rule {
        except: years(&keys, found),
        place: place(&keys, regions, found),
        moved: substitute(&keys, "moved", found),
        observed: substitute(&keys, "observed", found),
        name: name?.value.into(),
        when: when?,
        days: u8::try_from(days).unwrap_or(1),
        from: i16::try_from(first).unwrap_or(*YEARS.start()),
        until: i16::try_from(last).unwrap_or(*YEARS.end()),
        every: i16::try_from(every.unwrap_or(1)).unwrap_or(1),
        only: only?,
    };
    never(&rule, owner, found);
    Some(rule)
}

/// Warns of a rule that gives no date, as one of the 31st of a month that has 30 days would.
fn never(rule: &Rule, owner: Span, found: &mut Found) {
    let some = |year: i16| !rule.except.contains(&year) && !rule.when.in_year(year).is_empty();
    let listed = !matches!(rule.when, When::Between);
    if listed
        && rule.from <= rule.until
        && !(rule.from..=rule.until).step_by(usize::try_from(rule.every).unwrap_or(1).max(1)).any(some)
    {
        let message = format!("`{}` has no date in any of its years", rule.name);
        let help = "look at its dates, and at `from`, `until`, `every` and `except`";
        found.push(Diagnostic::warning(codes::NEVER, owner, message).help(help));
    }
}

fn when(keys: &Keys<'_>, found: &mut Found) -> Option<When> {
    let given: Vec<&str> = WHEN.iter().copied().filter(|key| keys.get(key).is_some()).collect();
    let [key] = given.as_slice() else {
        let message = match given.as_slice() {
            [] => "the holiday does not say when it is".to_owned(),
            more => format!("the holiday says when it is in {} ways", more.len()),
        };
        let at = given.get(1).and_then(|key| keys.get(key)).map_or(keys.owner, |(at, _)| at);
        let help = "write one of: `on: 12-25`, `easter: -2`, `dates: [2026-03-20]`, `once: 2026-06-15`";
        found.push(Diagnostic::error(codes::WHEN, at, message).help(help));
        return None;
    };
    let (at, node) = keys.get(key)?;
    match *key {
        "on" => {
            let text = string(node, at, "`on`", found)?;
            match when::rule(&text.value) {
                Ok((base, days)) => Some(When::On(base, days)),
                Err(help) => {
                    let message = format!("`{}` is not a rule for a day", text.value);
                    found.push(Diagnostic::error(codes::BAD_RULE, text.span, message).help(help));
                    None
                }
            }
        }
        "easter" => offset(node, at, found).map(When::Easter),
        "orthodox_easter" => offset(node, at, found).map(When::OrthodoxEaster),
        "equinox" => {
            let season = word(node, at, "`equinox`", &["spring", "autumn"], found)?;
            Some(When::Equinox(if season.value == "spring" { Season::Spring } else { Season::Autumn }))
        }
        "between" => word(node, at, "`between`", &["holidays"], found).map(|_| When::Between),
        "once" => dates(node, at, "`once`", found).map(When::Once),
        _ => dates(node, at, "`dates`", found).map(When::Listed),
    }
}

/// Days before (-) or after Easter Sunday.
fn offset(node: &Node, at: Span, found: &mut Found) -> Option<i32> {
    let text = string(node, at, "the number of days", found)?;
    let days = text.value.trim_start_matches('+').parse::<i32>().ok().filter(|days| (-120..=120).contains(days));
    if days.is_none() {
        let message = format!("`{}` is not a number of days from Easter Sunday", text.value);
        let help = "write `-2` for Good Friday, `1` for Easter Monday, `39` for Ascension; from -120 to 120";
        found.push(Diagnostic::error(codes::BAD_DAYS, text.span, message).help(help));
    }
    days
}

fn dates(node: &Node, at: Span, what: &str, found: &mut Found) -> Option<Vec<Date>> {
    let mut dates: Vec<Spot<Date>> = Vec::new();
    let (nodes, before) = (one_or_many(node, at, what, found), found.len());
    if nodes.is_empty() && matches!(node.shape, Shape::List(_)) {
        found.push(Diagnostic::error(codes::WHEN, at, format!("{what} is empty")).help("write `[2026-03-20]`"));
    }
    for node in nodes {
        let Some(text) = string(node, at, "a date", found) else { continue };
        match words::date(&text.value) {
            Err(help) => {
                let message = format!("`{}` is not a date", text.value);
                found.push(Diagnostic::error(codes::BAD_DATE, text.span, message).help(help));
            }
            Ok(date) => {
                if let Some(first) = dates.iter().find(|one| one.value == date) {
                    let message = format!("{date} stands twice");
                    found.push(
                        Diagnostic::warning(codes::SAME_DATE, text.span, message)
                            .related(first.span, "first here")
                            .help("leave one out"),
                    );
                }
                dates.push(Spot::new(date, text.span));
            }
        }
    }
    let good = found[before.min(found.len())..].iter().all(|one| one.code == codes::SAME_DATE);
    (good && !dates.is_empty()).then(|| dates.into_iter().map(|date| date.value).collect())
}

fn number(
    keys: &Keys<'_>,
    key: &str,
    range: std::ops::RangeInclusive<i32>,
    code: &'static str,
    found: &mut Found,
) -> Option<i32> {
    let (at, node) = keys.get(key)?;
    whole(node, at, key, range, code, found)
}

fn whole(
    node: &Node,
    at: Span,
    key: &str,
    range: std::ops::RangeInclusive<i32>,
    code: &'static str,
    found: &mut Found,
) -> Option<i32> {
    let text = string(node, at, &format!("`{key}`"), found)?;
    let number = text.value.parse().ok().filter(|number| range.contains(number));
    if number.is_none() {
        let message = format!("`{key}` is not `{}`", text.value);
        let help = format!("write a whole number from {} to {}", range.start(), range.end());
        found.push(Diagnostic::error(code, text.span, message).help(help));
    }
    number
}

/// The years in which it is not.
fn years(keys: &Keys<'_>, found: &mut Found) -> Vec<i16> {
    let Some((at, node)) = keys.get("except") else { return Vec::new() };
    let range = i32::from(*YEARS.start())..=i32::from(*YEARS.end());
    let mut years = Vec::new();
    for node in one_or_many(node, at, "`except`", found) {
        let year = whole(node, at, "except", range.clone(), codes::BAD_YEARS, found);
        years.extend(year.and_then(|year| i16::try_from(year).ok()));
    }
    years
}

fn place(keys: &Keys<'_>, regions: &BTreeMap<Arc<str>, Arc<str>>, found: &mut Found) -> Place {
    let mut named = |key: &str| {
        let (at, node) = keys.get(key)?;
        let mut codes_of = Vec::new();
        for node in one_or_many(node, at, &format!("`{key}`"), found) {
            let Some(region) = string(node, at, "a region", found) else { continue };
            if !regions.contains_key(region.value.as_str()) {
                let message = format!("there is no region `{}` in the head of the file", region.value);
                let titled = regions.iter().find(|(_, title)| title.eq_ignore_ascii_case(&region.value));
                let near = || nearest(&region.value, regions.keys().map(|code| &**code));
                let help = match titled.map(|(code, _)| &**code).or_else(near) {
                    Some(code) => format!("write `{code}`"),
                    None => format!("add `{}: ` and its title to `regions`", region.value),
                };
                found.push(Diagnostic::error(codes::NO_COUNTRY, region.span, message).help(help));
            }
            codes_of.push(Arc::from(region.value));
        }
        Some(codes_of)
    };
    match (named("regions"), named("except_regions")) {
        (None, None) => Place::Everywhere,
        (Some(regions), None) => Place::Regions(regions),
        (None, Some(regions)) => Place::Except(regions),
        (Some(regions), Some(_)) => {
            let at = keys.get("except_regions").map_or(keys.owner, |(at, _)| at);
            let message = "the holiday has both `regions` and `except_regions`";
            found.push(Diagnostic::error(codes::REGIONS_TWICE, at, message).help("leave one of them out"));
            Place::Regions(regions)
        }
    }
}

/// Days of the week, as one text or a list.
pub(super) fn weekdays(node: &Node, at: Span, what: &str, found: &mut Found) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    let mut good = true;
    for node in one_or_many(node, at, what, found) {
        let text = string(node, at, what, found);
        let Some(named) = text.and_then(|text| days_of_week(&text, found)) else {
            good = false;
            continue;
        };
        for (day, named) in days.iter_mut().zip(named) {
            *day |= named;
        }
    }
    good.then_some(days)
}

/// `{ saturday and sunday: next working day, holiday: next working day }`
fn substitute(keys: &Keys<'_>, key: &str, found: &mut Found) -> Substitute {
    let mut substitute = Substitute::default();
    let Some((at, node)) = keys.get(key) else { return substitute };
    let Some(entries) = Keys::any(node, at, &format!("`{key}`"), found) else { return substitute };
    for (days, node) in entries.iter() {
        let target = target(node, days.span, found);
        if days.value == "holiday" {
            substitute.holiday = target;
            continue;
        }
        let Some(days) = days_of_week(days, found) else { continue };
        for (slot, _) in substitute.weekdays.iter_mut().zip(days).filter(|(_, named)| *named) {
            *slot = target;
        }
    }
    substitute
}

fn target(node: &Node, at: Span, found: &mut Found) -> Option<Target> {
    let text = string(node, at, "where to", found)?;
    let target = match text.value.split_once(' ') {
        Some(("next", "working day")) => Some(Target::NextWorking),
        Some(("previous", "working day")) => Some(Target::PreviousWorking),
        Some(("next", day)) => words::weekday(day).map(Target::Next),
        Some(("previous", day)) => words::weekday(day).map(Target::Previous),
        _ => None,
    };
    if target.is_none() {
        let message = format!("`{}` is not a day to go to", text.value);
        let help = "write `next monday`, `previous friday`, `next working day` or `previous working day`";
        found.push(Diagnostic::error(codes::BAD_TARGET, text.span, message).help(help));
    }
    target
}

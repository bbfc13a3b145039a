//! Hours of days.

use crate::calendar::{DAY, Hours, codes, overlap};
use crate::definition::reading::{Found, Keys, Node, Spot, one_or_many, string};
use crate::diagnostic::{Diagnostic, Span};
use crate::holidays;
use crate::holidays::words::weekday_names;

/// `hours: { monday to friday: [09:00-12:30, 13:00-17:30] }`
pub(super) fn weekly(keys: &Keys<'_>, found: &mut Found) -> Option<[Vec<Hours>; 7]> {
    let help = "write `hours: { monday to friday: 09:00-17:00 }`";
    let (at, node) = keys.need("hours", "a calendar", help, found)?;
    let entries = Keys::any(node, at, "`hours`", found)?;
    let mut weekly: [Vec<Hours>; 7] = Default::default();
    let mut given: [Option<Span>; 7] = [None; 7];
    for (days, node) in entries.iter() {
        let hours = of_day(node, days.span, found);
        let Some(named) = holidays::days_of_week(days, found) else { continue };
        for (at, name) in weekday_names().enumerate().filter(|(at, _)| named[*at]) {
            if let Some(first) = given[at] {
                let message = format!("{name} has hours already");
                found.push(
                    Diagnostic::error(codes::SAME_WEEKDAY, days.span, message)
                        .related(first, "here")
                        .help("name each day once: all its hours stand in one list"),
                );
                break;
            }
            given[at] = Some(days.span);
            weekly[at].clone_from(&hours);
        }
    }
    Some(weekly)
}

/// Reports a calendar without hours.
pub(super) fn none(keys: &Keys<'_>, found: &mut Found) {
    let at = keys.get("hours").map_or(keys.owner, |(at, _)| at);
    let reported = found.iter().any(|one| [codes::BAD_HOURS, codes::BAD_WEEKDAYS].contains(&one.code));
    if !reported {
        let help = "write `hours: { monday to friday: 09:00-17:00 }`";
        found.push(Diagnostic::error(codes::NO_HOURS, at, "the calendar has no hours").help(help));
    }
}

/// The hours of a day, in order; what overlaps is reported.
pub(super) fn of_day(node: &Node, at: Span, found: &mut Found) -> Vec<Hours> {
    let mut hours: Vec<Spot<Hours>> = Vec::new();
    for node in one_or_many(node, at, "the working time", found) {
        let Some(text) = string(node, at, "the working time", found) else { continue };
        match parse(&text.value) {
            Ok(read) => hours.push(Spot::new(read, text.span)),
            Err(help) => {
                let message = format!("`{}` are not hours of a day", text.value);
                found.push(Diagnostic::error(codes::BAD_HOURS, text.span, message).help(help));
            }
        }
    }
    hours.sort_by_key(|one| one.value);
    let plain: Vec<Hours> = hours.iter().map(|one| one.value).collect();
    if let Some((one, other)) = overlap(&plain) {
        let at_of = |wanted: Hours| hours.iter().filter(move |spot| spot.value == wanted).map(|spot| spot.span);
        let (first, second) = (at_of(one).min().unwrap_or(at), at_of(other).max().unwrap_or(at));
        let help = match Hours::new(one.from, one.to.max(other.to)) {
            Some(both) => format!("write `{both}` for both, or move one"),
            None => "move one".to_owned(),
        };
        found.push(
            Diagnostic::error(codes::OVERLAP, second, format!("{other} overlaps {one}"))
                .related(first, "the other")
                .help(help),
        );
    }
    plain
}

/// Reads `09:00-17:30`.
fn parse(text: &str) -> Result<Hours, String> {
    let (from, to) = text.split_once('-').ok_or_else(|| match minute(text) {
        Some(_) => "write from when to when, such as `09:00-17:00`".to_owned(),
        None => "write `09:00-17:30`; a day that is not worked has none, leave it out".to_owned(),
    })?;
    if let (Some(from), Some(to)) = (exact(from), exact(to)) {
        return Hours::new(from, to).ok_or_else(|| backward(from, to));
    }
    match (minute(from.trim()), minute(to.trim())) {
        (Some(from), Some(to)) => {
            Err(Hours::new(from, to).map_or_else(|| backward(from, to), |hours| format!("write `{hours}`")))
        }
        _ => Err("write `09:00-17:30`: two digits for hours and minutes, from 00:00 to 24:00".to_owned()),
    }
}

/// The help for hours that end before they begin.
fn backward(from: u16, to: u16) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    if from == to {
        return "they end where they begin: a whole day is `00:00-24:00`".to_owned();
    }
    let (to, from) = (clock(to), clock(from));
    format!("over midnight, write `{from}-24:00` for this day and `00:00-{to}` for the next")
}

/// `09:30`, two digits each.
fn exact(text: &str) -> Option<u16> {
    (text.len() == 5 && text.as_bytes().get(2) == Some(&b':')).then(|| minute(text))?
}

/// Also `9`, `9:30` and `9.30`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once([':', '.']).unwrap_or((text, "00"));
    let digits = |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(hour) || !digits(minute) || minute.len() != 2 {
        return None;
    }
    let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
    let at = hour * 60 + minute;
    (minute < 60 && at <= DAY).then_some(at)
}

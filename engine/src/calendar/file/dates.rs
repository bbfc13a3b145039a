//! Dates on which the weekly hours do not hold.

use jiff::civil::Date;

use super::hours;
use crate::calendar::days::{Dates, Exceptions};
use crate::calendar::{Calendar, codes};
use crate::definition::reading::{Found, Keys, Node, Spot, one_or_many, string};
use crate::diagnostic::Diagnostic;
use crate::holidays::words::{self, Day, weekday_title};

/// Single dates with their places.
#[derive(Default)]
pub(in crate::calendar) struct Written {
    open: Vec<Spot<Date>>,
    half_days: Vec<Spot<Date>>,
}

/// `closed`, `open` and `half_days`.
pub(super) fn exceptions(keys: &Keys<'_>, found: &mut Found) -> (Exceptions, Written) {
    let mut exceptions = Exceptions::default();
    let mut written = Written::default();
    exceptions.closed = ranges(keys, "closed", found).0;
    let (open, single) = ranges(keys, "open", found);
    exceptions.open = open;
    for day in &single {
        both(day, &exceptions.closed, "open", found);
        if let Day::Once(date) = day.value {
            written.open.push(Spot::new(date, day.span));
        }
    }
    let Some((at, node)) = keys.get("half_days") else { return (exceptions, written) };
    let Some(entries) = Keys::any(node, at, "`half_days`", found) else { return (exceptions, written) };
    for (text, node) in entries.iter() {
        let hours = hours::of_day(node, text.span, found);
        let Some(day) = day(text, found) else { continue };
        both(&day, &exceptions.closed, "a half day", found);
        if hours.is_empty() && matches!(&node.shape, crate::definition::reading::Shape::List(items) if items.is_empty())
        {
            let message = format!("the half day {} has no hours", day.value);
            let help = format!("write its hours, or add it to `closed`: [{}]", day.value);
            found.push(Diagnostic::error(codes::BAD_HOURS, text.span, message).help(help));
        }
        match day.value {
            Day::Once(date) => {
                written.half_days.push(Spot::new(date, day.span));
                exceptions.half_days.insert(date, hours);
            }
            Day::Yearly(day) => drop(exceptions.yearly_half_days.insert(day, hours)),
        }
    }
    (exceptions, written)
}

/// Reports a day that is closed as well.
fn both(day: &Spot<Day>, closed: &Dates, what: &str, found: &mut Found) {
    let is_closed = match day.value {
        Day::Once(date) => closed.contains(date),
        Day::Yearly(day) => closed.contains_yearly(day),
    };
    if is_closed {
        let message = format!("{} is both closed and {what}", day.value);
        let help = "take it out of one of the two";
        found.push(Diagnostic::error(codes::OPEN_AND_CLOSED, day.span, message).help(help));
    }
}

/// Days and ranges of days of a list; the single ones also with their places.
fn ranges(keys: &Keys<'_>, key: &str, found: &mut Found) -> (Dates, Vec<Spot<Day>>) {
    let (mut dates, mut single) = (Dates::default(), Vec::<Spot<Day>>::new());
    let Some((at, node)) = keys.get(key) else { return (dates, single) };
    for node in one_or_many(node, at, &format!("`{key}`"), found) {
        let Some((first, last)) = range(node, at, found) else { continue };
        dates.push(first.value, last.value);
        if first.value != last.value {
            continue;
        }
        if let Some(other) = single.iter().find(|one| one.value == first.value) {
            let message = format!("{} stands twice in `{key}`", first.value);
            found.push(
                Diagnostic::warning(codes::SAME_DATE, first.span, message)
                    .related(other.span, "first here")
                    .help("leave one out"),
            );
        }
        single.push(first);
    }
    (dates, single)
}

/// `2026-12-24` or `2026-12-28 to 2026-12-31`.
fn range(node: &Node, at: crate::diagnostic::Span, found: &mut Found) -> Option<(Spot<Day>, Spot<Day>)> {
    let text = string(node, at, "a date", found)?;
    let Some((first, last)) = text.value.split_once(" to ") else {
        let dashed = [" - ", " – ", ".."].iter().find_map(|dash| text.value.split_once(dash));
        if let Some((first, last)) = dashed {
            let message = format!("`{}` is not a range of dates", text.value);
            let help = format!("write `{} to {}`", first.trim(), last.trim());
            found.push(Diagnostic::error(codes::BAD_RANGE, text.span, message).help(help));
            return None;
        }
        let day = day(&text, found)?;
        return Some((day.clone(), day));
    };
    let part = |part: &str| Spot::new(part.trim().to_owned(), text.span);
    let (first, last) = (day(&part(first), found), day(&part(last), found));
    let (first, last) = (first?, last?);
    let help = match (first.value, last.value) {
        (Day::Once(one), Day::Once(other)) if one > other => format!("write `{other} to {one}`"),
        (Day::Once(one), Day::Yearly(other)) => {
            let year = if other < words::MonthDay::of(one) { one.year() + 1 } else { one.year() };
            format!("write both with their years: `{one} to {year:04}-{other}`")
        }
        (Day::Yearly(_), Day::Once(_)) => "write both with their years, or both without".to_owned(),
        _ => return Some((first, last)),
    };
    let message = format!("`{}` is not a range of dates", text.value);
    found.push(Diagnostic::error(codes::BAD_RANGE, text.span, message).help(help));
    None
}

fn day(text: &Spot<String>, found: &mut Found) -> Option<Spot<Day>> {
    words::day(&text.value)
        .map(|day| Spot::new(day, text.span))
        .map_err(|help| {
            let message = format!("`{}` is not a date", text.value);
            found.push(Diagnostic::error(codes::BAD_DATE, text.span, message).help(help));
        })
        .ok()
}

/// Warns of dates that change nothing.
pub(in crate::calendar) fn without_effect(calendar: &Calendar, dates: &Written, found: &mut Found) {
    for open in &dates.open {
        let (date, weekday) = (open.value, weekday_title(open.value.weekday()));
        let message = if !calendar.exceptions.is_holiday(date) {
            format!("{date} is no holiday: to open it changes nothing")
        } else if calendar.hours(date).is_empty() {
            format!("{date} falls on {weekday}, which has no hours: to open it changes nothing")
        } else {
            continue;
        };
        let help = format!("leave it out, or give it hours: `half_days: {{ {date}: 09:00-13:00 }}`");
        found.push(Diagnostic::warning(codes::NO_EFFECT, open.span, message).help(help));
    }
    for half in &dates.half_days {
        let names = calendar.holidays(half.value);
        if let Some(name) = names.first()
            && calendar.hours(half.value).is_empty()
        {
            let message = format!("{} stays closed: it is {name}", half.value);
            let help = format!("add it to `open: [{}]` if it is worked all the same", half.value);
            found.push(Diagnostic::warning(codes::NO_EFFECT, half.span, message).help(help));
        }
    }
}

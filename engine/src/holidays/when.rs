//! When a holiday is, before anything moves it.

use jiff::civil::{Date, Weekday};

use super::sky::{self, Season};
use super::words::{self, Day, MonthDay, later};

/// Which of the days around a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    OnOrBefore,
    OnOrAfter,
    After,
    Nearest,
}

const SIDES: [(&str, Side); 5] = [
    ("on or before", Side::OnOrBefore),
    ("on or after", Side::OnOrAfter),
    ("before", Side::Before),
    ("after", Side::After),
    ("nearest", Side::Nearest),
];

/// A day of a year by rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// `12-25`
    Fixed(MonthDay),
    /// `4th thursday of november`; -1 is the last.
    Nth(i8, Weekday, i8),
    /// `monday on or after 10-31`
    Around(Weekday, Side, MonthDay),
}

/// When a holiday is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// A rule and days after it.
    On(Base, i32),
    /// Days after western Easter Sunday.
    Easter(i32),
    /// Days after eastern Easter Sunday.
    OrthodoxEaster(i32),
    /// An equinox.
    Equinox(Season),
    /// What no rule gives: the dates of every year from the first one's to the last one's.
    Listed(Vec<Date>),
    /// Dates that do not come again.
    Once(Vec<Date>),
    /// A working day between two holidays.
    Between,
}

impl When {
    /// The dates in `year`.
    pub(super) fn in_year(&self, year: i16) -> Vec<Date> {
        let one = |date: Option<Date>, days: i32| date.and_then(|date| later(date, days)).into_iter().collect();
        match self {
            Self::On(base, days) => one(base.in_year(year), *days),
            Self::Easter(days) => one(sky::easter(year), *days),
            Self::OrthodoxEaster(days) => one(sky::orthodox_easter(year), *days),
            Self::Equinox(season) => one(sky::equinox(*season, year), 0),
            Self::Listed(dates) | Self::Once(dates) => {
                dates.iter().copied().filter(|date| date.year() == year).collect()
            }
            Self::Between => Vec::new(),
        }
    }

    /// Whether these are dates that do not come again.
    pub(super) const fn is_once(&self) -> bool {
        matches!(self, Self::Once(_))
    }

    /// Whether it can be told when it is in `year`.
    pub(super) fn knows(&self, year: i16) -> bool {
        match self {
            Self::Listed(dates) => {
                let years = dates.iter().map(|date| date.year());
                years.clone().min() <= Some(year) && Some(year) <= years.max()
            }
            Self::Equinox(season) => sky::equinox(*season, year).is_some(),
            _ => true,
        }
    }
}

impl Base {
    fn in_year(self, year: i16) -> Option<Date> {
        match self {
            Self::Fixed(day) => day.in_year(year),
            Self::Nth(nth, weekday, month) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
            Self::Around(weekday, side, day) => around(day.in_year(year)?, weekday, side),
        }
    }
}

/// The `weekday` on that side of `date`.
fn around(date: Date, weekday: Weekday, side: Side) -> Option<Date> {
    let ahead = i32::from(date.weekday().until(weekday));
    let days = match side {
        Side::OnOrAfter => ahead,
        Side::After => (ahead + 6) % 7 + 1,
        Side::OnOrBefore => (ahead + 7) % 7 - if ahead == 0 { 0 } else { 7 },
        Side::Before => ahead - 7,
        Side::Nearest => ahead - if ahead > 3 { 7 } else { 0 },
    };
    later(date, days)
}

/// Reads a rule.
///
/// # Errors
/// What to write instead; nothing where only examples help.
pub(super) fn rule(text: &str) -> Result<(Base, i32), String> {
    let (text, days) = offset(text)?;
    let base = if text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(' ') {
        match words::day(text)? {
            Day::Yearly(day) => Base::Fixed(day),
            Day::Once(date) => return Err(format!("a date of one year is written `once: {date}`")),
        }
    } else if let Some((nth, of)) = text.split_once(" of ") {
        nth_of(nth, of)?
    } else {
        side_of(text)?
    };
    Ok((base, days))
}

/// `... + 1 day`
fn offset(text: &str) -> Result<(&str, i32), String> {
    let (rule, sign, days) = match (text.split_once(" + "), text.split_once(" - ")) {
        (Some((rule, days)), None) => (rule, 1, days),
        (None, Some((rule, days))) => (rule, -1, days),
        _ => return Ok((text, 0)),
    };
    let number = days.strip_suffix(" days").or_else(|| days.strip_suffix(" day")).and_then(|n| n.parse::<u8>().ok());
    let number = number.ok_or("days are added as `+ 1 day` or `- 2 days`, at most 255")?;
    Ok((rule.trim(), sign * i32::from(number)))
}

fn nth_of(nth: &str, of: &str) -> Result<Base, String> {
    const EXAMPLE: &str = "write it as `4th thursday of november` or `last monday of may`";
    let (ordinal, day) = nth.split_once(' ').ok_or(EXAMPLE)?;
    let ordinal = match ordinal {
        "1st" | "first" => 1,
        "2nd" | "second" => 2,
        "3rd" | "third" => 3,
        "4th" | "fourth" => 4,
        "last" => -1,
        "5th" | "fifth" => return Err("write `last`: not every month has a fifth".to_owned()),
        _ => return Err(EXAMPLE.to_owned()),
    };
    let weekday = words::weekday(day.trim()).ok_or_else(|| spelt(day, EXAMPLE))?;
    let month = words::month(of.trim()).ok_or(EXAMPLE)?;
    Ok(Base::Nth(ordinal, weekday, month))
}

fn side_of(text: &str) -> Result<Base, String> {
    const EXAMPLE: &str = "write `12-25`, `4th thursday of november` or `monday on or after 10-31`";
    let (weekday, rest) = text.split_once(' ').ok_or(EXAMPLE)?;
    let weekday = words::weekday(weekday).ok_or_else(|| spelt(weekday, EXAMPLE))?;
    let (side, day) = SIDES.iter().find_map(|(word, side)| Some((*side, rest.strip_prefix(word)?))).ok_or(EXAMPLE)?;
    let day = day.trim();
    if !day.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(EXAMPLE.to_owned());
    }
    match words::day(day)? {
        Day::Yearly(day) => Ok(Base::Around(weekday, side, day)),
        Day::Once(_) => Err(EXAMPLE.to_owned()),
    }
}

fn spelt(day: &str, example: &str) -> String {
    words::similar(day).map_or_else(|| example.to_owned(), |near| format!("a day of the week is `{near}`"))
}

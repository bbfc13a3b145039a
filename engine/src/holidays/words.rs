//! Dates and days as people write them in calendars and holiday rules.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// A day of every year. The 29th of February is missing in most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct MonthDay {
    pub(crate) month: i8,
    pub(crate) day: i8,
}

impl MonthDay {
    /// The day in `year`, if it has one.
    pub(crate) fn in_year(self, year: i16) -> Option<Date> {
        Date::new(year, self.month, self.day).ok()
    }

    /// The day of the year that `date` is.
    pub(crate) fn of(date: Date) -> Self {
        Self { month: date.month(), day: date.day() }
    }
}

impl std::fmt::Display for MonthDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

/// A date, or a day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Day {
    /// `2026-12-24`
    Once(Date),
    /// `12-24`
    Yearly(MonthDay),
}

impl std::fmt::Display for Day {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Once(date) => date.fmt(f),
            Self::Yearly(day) => day.fmt(f),
        }
    }
}

/// Reads `2026-12-24` or `12-24`.
///
/// # Errors
/// What to write instead.
pub(crate) fn day(text: &str) -> Result<Day, String> {
    let numbers: Option<Vec<i16>> = text.split('-').map(number).collect();
    let widths: Vec<usize> = text.split('-').map(str::len).collect();
    match (numbers.as_deref(), widths.as_slice()) {
        (Some([month, day]), [2, 2]) => {
            // A leap year has every day that there is.
            let date = existing(2000, *month, *day, "")?;
            Ok(Day::Yearly(MonthDay::of(date)))
        }
        (Some([year, month, day]), [4, 2, 2]) => Ok(Day::Once(existing(*year, *month, *day, &format!(" {year}"))?)),
        _ => Err(reorder(text).map_or_else(
            || "write `2026-12-24`, or `12-24` for every year".to_owned(),
            |written| format!("write `{written}`"),
        )),
    }
}

/// Reads `2026-12-24`.
///
/// # Errors
/// What to write instead.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    match day(text)? {
        Day::Once(date) => Ok(date),
        Day::Yearly(day) => Err(format!("write it with its year, such as `2026-{day}`")),
    }
}

fn existing(year: i16, month: i16, day: i16, of: &str) -> Result<Date, String> {
    let Some(name) = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)) else {
        return Err("the month stands first and runs from 01 to 12".to_owned());
    };
    let month = i8::try_from(month).unwrap_or(0);
    i8::try_from(day).ok().and_then(|day| Date::new(year, month, day).ok()).ok_or_else(|| {
        let days = Date::new(year, month, 1).map_or(31, |first| first.days_in_month());
        format!("{}{of} has {days} days", titled(name))
    })
}

/// `24.12.2026`, `24.12.`, `2026/12/24` and `2026-1-5` as they are written here.
fn reorder(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['.', '/', '-']).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<i16> = parts.iter().map(|part| number(part)).collect::<Option<_>>()?;
    let day = match numbers.as_slice() {
        [year, month, day] if parts[0].len() == 4 => Day::Once(existing(*year, *month, *day, "").ok()?),
        [day, month, year] if text.contains('.') => Day::Once(existing(*year, *month, *day, "").ok()?),
        [month, day, year] if text.contains('/') && *day > 12 => Day::Once(existing(*year, *month, *day, "").ok()?),
        [day, month] if text.contains('.') => Day::Yearly(MonthDay::of(existing(2000, *month, *day, "").ok()?)),
        [month, day] => Day::Yearly(MonthDay::of(existing(2000, *month, *day, "").ok()?)),
        _ => return None,
    };
    Some(day.to_string())
}

fn number(text: &str) -> Option<i16> {
    (text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A day of the week by its English name.
pub(crate) fn weekday(text: &str) -> Option<Weekday> {
    let at = WEEKDAYS.iter().position(|name| *name == text)?;
    i8::try_from(at).ok().and_then(|at| Weekday::from_monday_zero_offset(at).ok())
}

/// A month by its English name.
pub(super) fn month(text: &str) -> Option<i8> {
    MONTHS.iter().position(|name| *name == text).and_then(|at| i8::try_from(at + 1).ok())
}

/// The English name, as it stands in a sentence.
pub(crate) fn weekday_title(weekday: Weekday) -> String {
    titled(WEEKDAYS[index(weekday)])
}

fn titled(name: &str) -> String {
    format!("{}{}", name[..1].to_uppercase(), &name[1..])
}

/// All of them, from Monday.
pub(crate) fn weekday_names() -> impl Iterator<Item = &'static str> {
    WEEKDAYS.into_iter()
}

/// From Monday, which is 0.
pub(crate) fn index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).unwrap_or(0) % 7
}

/// The names nearest to the words of `text`, as one text.
pub(crate) fn similar(text: &str) -> Option<String> {
    let words = text.to_ascii_lowercase().replace([',', '-', '&', '+'], " ");
    let mut changed = Vec::new();
    for word in words.split_whitespace().take(8) {
        let whole = WEEKDAYS.iter().find(|name| word.len() >= 2 && name.starts_with(word.trim_end_matches('.')));
        let known = ["to", "and", "every", "day"].iter().find(|known| **known == word);
        let near = || crate::diagnostic::nearest(word, WEEKDAYS);
        changed.push(known.or(whole).copied().or_else(near)?);
    }
    let mut out = changed.join(" ");
    if let [one, other] = changed.as_slice() {
        out = format!("{one} {} {other}", if text.contains('-') { "to" } else { "and" });
    }
    weekdays(&out).map(|_| out)
}

/// Which days of the week `monday`, `monday to friday`, `saturday and sunday` or `every day` are, from Monday.
pub(crate) fn weekdays(text: &str) -> Option<[bool; 7]> {
    let mut days = [false; 7];
    if text == "every day" {
        return Some([true; 7]);
    }
    for part in text.split(" and ") {
        let (first, last) = match part.split_once(" to ") {
            Some((first, last)) => (weekday(first.trim())?, weekday(last.trim())?),
            None => (weekday(part.trim())?, weekday(part.trim())?),
        };
        let mut day = first;
        days[index(day)] = true;
        while day != last {
            day = day.next();
            days[index(day)] = true;
        }
    }
    Some(days)
}

/// The date `days` later; `None` where the calendar ends.
pub(crate) fn later(date: Date, days: i32) -> Option<Date> {
    date.checked_add(days.days()).ok()
}

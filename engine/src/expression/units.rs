//! Amounts with a unit that are not money: quantities and lengths of time.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::money::{format_scaled, parse_scaled};

/// How many places a quantity has.
pub const QUANTITY_PLACES: u32 = 6;

/// An amount at 10^-6 with its unit of measure, as text `5.25 kg`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Quantity {
    /// Millionths of the unit.
    pub units: i64,
    /// The unit of measure, as the author wrote it.
    pub unit: Arc<str>,
}

impl FromStr for Quantity {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(' ') {
            Some((amount, unit)) if is_unit(unit) => {
                Ok(Self { units: parse_scaled(amount, QUANTITY_PLACES)?, unit: unit.into() })
            }
            _ => Err(format!(
                "`{text}` is not a quantity: write the amount, a blank and the unit of measure, such as 5.25 kg"
            )),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", format_scaled(self.units, QUANTITY_PLACES, 0), self.unit)
    }
}

fn is_unit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// What working time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum WorkingUnit {
    /// Whole days on which the calendar has working time.
    Days,
    /// Hours of the calendar's working time.
    Hours,
    /// Minutes of the calendar's working time.
    Minutes,
}

impl WorkingUnit {
    const fn word(self) -> &'static str {
        match self {
            Self::Days => "day",
            Self::Hours => "hour",
            Self::Minutes => "minute",
        }
    }
}

/// A length of time. Only a calendar can say how long working time is, so the two kinds do not mix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duration {
    /// Elapsed time in microseconds; a day is 24 hours.
    Elapsed(i64),
    /// Working time, to be resolved with a calendar.
    Working(i64, WorkingUnit),
}

/// The words for elapsed time and their microseconds; the first of each length is how it is written.
const ELAPSED: &[(&str, i64)] = &[
    ("week", 7 * 86_400_000_000),
    ("weeks", 7 * 86_400_000_000),
    ("day", 86_400_000_000),
    ("days", 86_400_000_000),
    ("d", 86_400_000_000),
    ("hour", 3_600_000_000),
    ("hours", 3_600_000_000),
    ("h", 3_600_000_000),
    ("minute", 60_000_000),
    ("minutes", 60_000_000),
    ("min", 60_000_000),
    ("second", 1_000_000),
    ("seconds", 1_000_000),
    ("s", 1_000_000),
    ("ms", 1_000),
    ("us", 1),
];

/// What a unit word after a number means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeUnit {
    Elapsed(i64),
    Working(WorkingUnit),
}

/// The time unit that `word` names, if it names one.
pub(crate) fn time_unit(word: &str) -> Option<TimeUnit> {
    if let Some(rest) = word.strip_prefix("working ") {
        return match rest {
            "day" | "days" => Some(TimeUnit::Working(WorkingUnit::Days)),
            "hour" | "hours" => Some(TimeUnit::Working(WorkingUnit::Hours)),
            "minute" | "minutes" => Some(TimeUnit::Working(WorkingUnit::Minutes)),
            _ => None,
        };
    }
    ELAPSED.iter().find(|(name, _)| *name == word).map(|&(_, micros)| TimeUnit::Elapsed(micros))
}

/// The words of time, for suggestions.
pub(crate) fn time_words() -> impl Iterator<Item = &'static str> {
    ELAPSED.iter().map(|(name, _)| *name).filter(|name| name.len() > 3)
}

impl Duration {
    /// Exactly `amount` (in millionths) of the time unit `word`.
    pub(crate) fn of(millionths: i64, word: &str) -> Result<Self, String> {
        let shown = format_scaled(millionths, 6, 0);
        match time_unit(word) {
            Some(TimeUnit::Elapsed(micros)) => {
                let product = i128::from(millionths) * i128::from(micros);
                if product % 1_000_000 != 0 {
                    return Err(format!("`{shown} {word}` is finer than a microsecond"));
                }
                let micros = i64::try_from(product / 1_000_000).map_err(|_| format!("`{shown} {word}` is too long"))?;
                Ok(Self::Elapsed(micros))
            }
            Some(TimeUnit::Working(unit)) if millionths % 1_000_000 == 0 => {
                Ok(Self::Working(millionths / 1_000_000, unit))
            }
            Some(TimeUnit::Working(_)) => {
                Err(format!("`{shown} {word}` is not whole: write whole working days, hours or minutes"))
            }
            None => Err(format!("`{word}` is not a unit of time: write days, hours, minutes, s, or working days")),
        }
    }

    /// Its sort, for messages: two durations of different sort cannot be compared or added.
    pub(crate) const fn sort(&self) -> &'static str {
        match self {
            Self::Elapsed(_) => "elapsed time",
            Self::Working(_, WorkingUnit::Days) => "working days",
            Self::Working(_, WorkingUnit::Hours) => "working hours",
            Self::Working(_, WorkingUnit::Minutes) => "working minutes",
        }
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((amount, word)) = text.split_once(' ') else {
            return Err(format!(
                "`{text}` is not a length of time: write the amount, a blank and the unit, such as 3 days"
            ));
        };
        Self::of(parse_scaled(amount, 6)?, word)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: i64| if n == 1 { "" } else { "s" };
        match *self {
            Self::Working(n, unit) => write!(f, "{n} working {}{}", unit.word(), plural(n)),
            Self::Elapsed(micros) => {
                for (word, size) in [("day", 86_400_000_000), ("hour", 3_600_000_000), ("minute", 60_000_000)] {
                    if micros != 0 && micros % size == 0 {
                        return write!(f, "{} {word}{}", micros / size, plural(micros / size));
                    }
                }
                write!(f, "{} s", format_scaled(micros, 6, 0))
            }
        }
    }
}

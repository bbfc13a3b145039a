//! Lengths of time as definitions write them: `5s`, `30 minutes`, `2 days`.

use crate::calendar::Wait;
use crate::diagnostic::Help;

/// Unit words and their microseconds.
pub(super) const UNITS: &[(&[&str], i64)] = &[
    (&["s", "second", "seconds"], 1_000_000),
    (&["min", "minute", "minutes"], 60_000_000),
    (&["h", "hour", "hours"], 3_600_000_000),
    (&["d", "day", "days"], 86_400_000_000),
    (&["w", "week", "weeks"], 604_800_000_000),
];

/// Short forms that people also write, with the unit that they mean.
const SHORT: &[(&str, &str)] = &[
    ("hr", "hours"),
    ("hrs", "hours"),
    ("sec", "seconds"),
    ("secs", "seconds"),
    ("mins", "minutes"),
    ("wk", "weeks"),
    ("wks", "weeks"),
];

/// Ten years: more is surely a slip, and far from where instants overflow.
const MOST: i64 = 3_660 * 86_400_000_000;

/// What is wrong with a length of time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// It is not one, with what to do.
    Malformed(Help),
    /// Working time, where only elapsed time is meant.
    Working,
}

/// Most working days: as [`MOST`].
const MOST_DAYS: u32 = 2_600;

const WORKING: &str = "write a whole number: `2 working days`, `4 working hours`, `30 working minutes`";

/// Reads `text` as elapsed or working time. A working week has no fixed number of days.
///
/// # Errors
/// What to write instead.
pub(super) fn wait(text: &str) -> Result<Wait, Help> {
    let trimmed = text.trim();
    let digits = trimmed.len() - trimmed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (amount, word) = (&trimmed[..digits], trimmed[digits..].trim());
    let Some(unit) = word.strip_prefix("working").or_else(|| word.strip_prefix("business")) else {
        // `1.5 working days`, `2 workdays`.
        let working = word.contains("working") || word.contains("business") || word.starts_with("workday");
        return match parse(text) {
            Err(Wrong::Malformed(_)) if working => Err(WORKING.into()),
            Ok(micros) => Ok(Wait::Elapsed(micros)),
            Err(Wrong::Malformed(help)) => Err(help),
            Err(Wrong::Working) => Err("".into()),
        };
    };
    match unit.trim() {
        "day" | "days" => match amount.parse::<u32>() {
            Ok(days @ 1..=MOST_DAYS) => Ok(Wait::WorkingDays(days)),
            Ok(0) => Err("write at least `1 working day`".into()),
            _ if amount.is_empty() => Err(WORKING.into()),
            _ => Err("the longest is ten years".into()),
        },
        "week" | "weeks" | "w" => Err("weeks differ in their working days: write `5 working days`".into()),
        unit => match parse(&format!("{amount} {unit}")) {
            Ok(micros) => Ok(Wait::WorkingTime(micros)),
            Err(_) => Err(WORKING.into()),
        },
    }
}

/// Reads `text` as microseconds of elapsed time.
pub(super) fn parse(text: &str) -> Result<i64, Wrong> {
    let text = text.trim();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (amount, word) = (&text[..digits], text[digits..].trim());
    if word.starts_with("working ") || word == "working" || word.starts_with("business ") {
        return Err(Wrong::Working);
    }
    let Some(&(_, unit)) = UNITS.iter().find(|(words, _)| words.contains(&word)) else {
        return Err(Wrong::Malformed(advice(text, amount, word)));
    };
    match amount.parse::<i64>().ok().and_then(|n| n.checked_mul(unit)) {
        _ if amount.is_empty() => Err(Wrong::Malformed(format!("write how many: `2 {word}`").into())),
        Some(0) => Err(Wrong::Malformed("write at least `1s`".into())),
        Some(micros) if micros <= MOST => Ok(micros),
        _ => Err(Wrong::Malformed("the longest is ten years".into())),
    }
}

fn advice(text: &str, amount: &str, word: &str) -> Help {
    let write = |corrected: String| Help::instead(format!("write `{corrected}`"), corrected);
    if let Some(corrected) = without_fraction(text) {
        return write(corrected);
    }
    let words = UNITS.iter().flat_map(|(words, _)| words.iter().copied());
    let short = SHORT.iter().find(|(short, _)| *short == word).map(|(_, unit)| *unit);
    match short.or_else(|| crate::diagnostic::nearest(word, words)) {
        _ if word.is_empty() => "write the unit too: `5s`, `30 minutes`, `4 hours`, `2 days`, `1 week`".into(),
        Some(near) if near.len() > 1 && amount.is_empty() => format!("a similar unit exists: `{near}`").into(),
        Some(near) if near.len() > 1 => {
            let words = UNITS.iter().find(|(words, _)| words.contains(&near)).map_or(&[][..], |(words, _)| *words);
            let word = if amount == "1" { words.get(1) } else { words.last() };
            write(format!("{amount} {}", word.unwrap_or(&near)))
        }
        _ if word.starts_with("month") || word.starts_with("year") => {
            "months and years differ in length: write days or weeks".into()
        }
        _ => "write a whole number and a unit: `5s`, `30 minutes`, `4 hours`, `2 days`, `1 week`".into(),
    }
}

/// `1.5 days` as `36 hours`: the same length in the largest unit of which it is a whole number.
fn without_fraction(text: &str) -> Option<String> {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let (amount, word) = (&text[..text.len() - digits.len()], digits.trim());
    let (whole, part) = amount.split_once('.').filter(|(whole, part)| whole.len() <= 6 && part.len() <= 4)?;
    let &(_, unit) = UNITS.iter().find(|(words, _)| words.contains(&word))?;
    let scale = 10_i64.pow(u32::try_from(part.len()).ok()?);
    let scaled = whole.parse::<i64>().ok()?.checked_mul(scale)?.checked_add(part.parse().ok()?)?;
    let micros = scaled.checked_mul(unit).filter(|all| all % scale == 0)? / scale;
    let (words, unit) = UNITS.iter().rev().find(|(_, unit)| micros % unit == 0)?;
    let many = micros / unit;
    // The last word of each unit is its plural.
    let word = if many == 1 { words.get(1) } else { words.last() };
    word.filter(|_| (1..=MOST).contains(&micros)).map(|word| format!("{many} {word}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_units() {
        assert_eq!(parse("5s"), Ok(5_000_000));
        assert_eq!(parse("30 minutes"), Ok(1_800_000_000));
        assert_eq!(parse("1 week"), parse("7 days"));
        assert_eq!(parse("1h"), parse("60 min"));
        assert_eq!(parse("2 working days"), Err(Wrong::Working));
        for (wrong, right) in [
            ("1.5 days", "36 hours"),
            ("0.5h", "30 minutes"),
            ("1.0 day", "1 day"),
            ("2 dayz", "2 days"),
            ("3 hrs", "3 hours"),
        ] {
            let Err(Wrong::Malformed(help)) = parse(wrong) else { panic!("{wrong}") };
            assert_eq!(help.instead.as_deref(), Some(right), "{wrong}");
            assert!(parse(right).is_ok());
        }
        for wrong in [
            "",
            "5",
            "days",
            "0 days",
            "1.5 days",
            "-1 day",
            "3 month",
            "99999999999999999999 days",
            "4000 days",
            "2 dayz",
            "ü",
        ] {
            assert!(matches!(parse(wrong), Err(Wrong::Malformed(_))), "{wrong}");
        }
    }
}

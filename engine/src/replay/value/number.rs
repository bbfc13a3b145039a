//! Numbers as logs write them. What must hold: a number has a digit, and nothing is guessed that would be another number if
//! it were meant otherwise.

use rust_decimal::Decimal;

use crate::replay::map::Mark;

/// Both signs that are taken for a minus.
const MINUS: [char; 2] = ['-', '\u{2212}'];
/// The most digits of a power of ten.
const MOST_POWER: usize = 3;
/// Signs of currencies that can be only one.
const SIGNS: [(&str, &str); 2] = [("€", "EUR"), ("£", "GBP")];

/// `1234.5`, `1.2345E3`, and as the mapping says that its fractions and groups are written.
pub(super) fn read(text: &str, mark: Mark) -> Result<Decimal, String> {
    let plain = plain(text.trim(), mark).ok_or_else(|| wrong(text.trim(), mark))?;
    let parsed = if plain.contains('e') { Decimal::from_scientific(&plain) } else { plain.parse() };
    parsed.map_err(|_| wrong(text.trim(), mark))
}

/// The number of an amount, and the currency or unit that stands beside it: `5 kg`, `5 €`, `EUR 5`.
pub(super) fn parted(text: &str) -> (&str, Option<&str>) {
    let text = text.trim();
    for (sign, code) in SIGNS {
        if let Some(number) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) {
            return (number.trim(), Some(code));
        }
    }
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    match (text.split_once(char::is_whitespace), text.rsplit_once(char::is_whitespace)) {
        (Some((code, number)), _) if is_code(code) && has_digit(number) => (number.trim(), Some(code)),
        (_, Some((number, unit))) if is_unit(unit) && has_digit(number) => (number.trim(), Some(unit)),
        _ => (text, None),
    }
}

/// Three capital letters, as currencies have them.
fn is_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_unit(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit() || c == '+' || MINUS.contains(&c))
}

/// Why a text is no number; where it would be one if the mapping said how it is written, what to say.
fn wrong(text: &str, mark: Mark) -> String {
    let would = |mark: Mark| plain(text, mark).is_some();
    match mark {
        Mark::Comma => format!("`{text}` is not a number with a decimal comma"),
        Mark::Point => format!("`{text}` is not a number with a decimal point"),
        Mark::Unsaid => match (would(Mark::Point), would(Mark::Comma)) {
            (false, false) => format!("`{text}` is not a number"),
            (true, false) => format!("`{text}` is not a number as it stands: say how it is written, `decimal: \".\"`"),
            (false, true) => format!("`{text}` is not a number as it stands: say how it is written, `decimal: \",\"`"),
            (true, true) => format!(
                "`{text}` is not a number as it stands: say what stands before a fraction, `decimal: \".\"` or `decimal: \",\"`"
            ),
        },
    }
}

/// The number with a point before its fraction and nothing between its digits; `None`: it is not written so.
fn plain(text: &str, mark: Mark) -> Option<String> {
    let (number, power) = match text.split_once(['e', 'E']) {
        Some((number, power)) => (number, format!("e{}", exponent(power)?)),
        None => (text, String::new()),
    };
    let (sign, digits) = signed(number, mark);
    let point = if mark == Mark::Comma { ',' } else { '.' };
    let (whole, part) = digits.split_once(point).unwrap_or((digits, ""));
    if !is_digits(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let whole = ungrouped(whole, mark)?;
    let whole = if whole.is_empty() { "0" } else { &whole };
    let point = if part.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{part}{power}"))
}

fn exponent(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    ((1..=MOST_POWER).contains(&digits.len()) && is_digits(digits)).then(|| format!("{sign}{digits}"))
}

/// A sign before the number; with a decimal comma a minus behind it, too, where bookkeepers write it.
fn signed(text: &str, mark: Mark) -> (&'static str, &str) {
    let behind = || text.strip_suffix(MINUS).filter(|_| mark == Mark::Comma);
    match (text.strip_prefix(MINUS), text.strip_prefix('+')) {
        (Some(rest), _) => ("-", rest.trim_start()),
        (None, Some(rest)) => ("", rest.trim_start()),
        (None, None) => behind().map_or(("", text), |rest| ("-", rest.trim_end())),
    }
}

/// The digits before the fraction, whose groups one sign parts: threes, or as in India. What is grouped does not begin with 0:
/// `0.123` is no thousand, whatever is said of its point.
fn ungrouped(whole: &str, mark: Mark) -> Option<String> {
    let Some(between) = whole.chars().find(|c| !c.is_ascii_digit()) else { return Some(whole.to_owned()) };
    if !parts(between, mark) || whole.starts_with('0') {
        return None;
    }
    let mut groups = whole.split(between);
    let first = groups.next()?;
    let rest: Vec<&str> = groups.collect();
    let (last, middle) = rest.split_last()?;
    let sizes = |size: usize| middle.iter().all(|group| group.len() == size) && last.len() == 3;
    let threes = (1..=3).contains(&first.len()) && sizes(3);
    let indian = between == ',' && (1..=2).contains(&first.len()) && sizes(2);
    let digits = is_digits(first) && rest.iter().all(|group| is_digits(group));
    (digits && (threes || indian)).then(|| format!("{first}{}", rest.concat()))
}

/// Whether this may stand between groups of digits.
fn parts(between: char, mark: Mark) -> bool {
    match between {
        '.' => mark == Mark::Comma,
        ',' => mark == Mark::Point,
        ' ' | '\'' | '\u{2019}' | '\u{a0}' | '\u{2009}' | '\u{202f}' => mark != Mark::Unsaid,
        _ => false,
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

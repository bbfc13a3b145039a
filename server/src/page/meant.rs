//! Numbers and amounts that may mean two to whoever typed them, amounts that are none but plainly meant as one, and times that a
//! clock does not show: nobody guesses, and each is told with what to write.

use fluxor_engine::money::{Currency, Money};
use fluxor_workflows::exponent;
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;

use super::typed::{money_typed, too_large};
use super::words::Words;

/// Signs of currencies that people write for their codes.
const SIGNS: &[(&str, &str)] = &[("€", "EUR"), ("£", "GBP")];

/// What is not clear in a value that was typed into a field of this type.
pub(super) fn doubt(text: &str, ty: &str, speak: &Words) -> Option<String> {
    match ty {
        "int" => too_large(text).or_else(|| doubtful_whole(text)),
        "decimal" | "quantity" => doubtful_number(text),
        "money" => doubtful(text),
        "person" => speak.several(text),
        "timestamp" => put_forward(text, speak),
        _ => None,
    }
}

/// That an amount may mean two, where it may: `4.000 EUR` is four euros here, and four thousand to whoever groups digits by points.
/// Of what is no amount: which one is plainly meant.
pub(crate) fn doubtful(text: &str) -> Option<String> {
    match meanings(text) {
        Some([large, small]) if is_whole(text) && small.contains('.') => {
            Some(format!("“{text}” has digits behind a point, and its currency has no cents: write “{large}”"))
        }
        Some([large, small]) => Some(format!("“{text}” may mean two amounts: write “{large}” or “{small}”")),
        None => Some(format!("“{text}” is not read as an amount: write “{}”", corrected(text)?)),
    }
}

/// Whether amounts of its currency are whole.
fn is_whole(text: &str) -> bool {
    text.split_once(' ').and_then(|(_, code)| code.parse::<Currency>().ok()).is_some_and(|code| exponent(code) == 0)
}

/// The same of a number, with its unit or without: `1.000` is one here.
pub(super) fn doubtful_number(text: &str) -> Option<String> {
    let [large, small] = numbers(text)?;
    Some(format!("“{text}” may mean two numbers: write “{large}” or “{small}”"))
}

/// The same of a whole number: what is none in any case is refused as that.
fn doubtful_whole(text: &str) -> Option<String> {
    doubtful_number(text).filter(|_| text.ends_with(".000"))
}

/// The sign of a number with one point or comma, and the digits before and behind that: three behind, and before so many as a group
/// of digits has. Nobody begins one with a nought.
fn parted(number: &str) -> Option<(&str, &str, &str)> {
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let (whole, rest) = digits.split_once(['.', ','])?;
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let is_group = (1..=3).contains(&whole.len()) && !whole.starts_with('0') && is_number(whole);
    (is_group && rest.len() == 3 && is_number(rest)).then_some((sign, whole, rest))
}

/// The two numbers that one may mean.
pub(super) fn numbers(text: &str) -> Option<[String; 2]> {
    let (number, unit) = text.split_at(text.find(' ').unwrap_or(text.len()));
    let (sign, whole, rest) = parted(number).filter(|_| number.contains('.'))?;
    // Four digits are no group.
    let small = if rest == "000" { whole.to_owned() } else { format!("{whole}.{rest}0") };
    Some([format!("{sign}{whole}{rest}{unit}"), format!("{sign}{small}{unit}")])
}

/// The two amounts that one may mean which has three digits behind its only point or comma, of a currency that has fewer.
pub(super) fn meanings(text: &str) -> Option<[String; 2]> {
    let (number, code) = text.split_once(' ')?;
    let (sign, whole, rest) = parted(number)?;
    let exponent = code.parse::<Currency>().map(exponent).ok()? as usize;
    // Some have three; and as pages print it: 1,200 JPY.
    if (exponent >= 3 && number.contains('.')) || money_typed(text) != text {
        return None;
    }
    let (kept, more) = rest.split_at(exponent.min(3));
    let small = match (kept, more.bytes().all(|digit| digit == b'0')) {
        ("", true) => whole.to_owned(),
        (kept, true) => format!("{whole}.{kept}"),
        (_, false) => format!("{whole}.{rest}0"),
    };
    Some([format!("{sign}{whole}{rest} {code}"), format!("{sign}{small} {code}")])
}

/// The amount that is plainly meant by what is none: its currency as a sign, in small letters or without a blank, its digits grouped
/// by blanks, or by points with the cents behind a comma.
fn corrected(text: &str) -> Option<String> {
    if money_typed(text).parse::<Money>().is_ok() {
        return None;
    }
    let part = |is: fn(char) -> bool| text.chars().filter(|c| is(*c)).collect::<String>();
    let (number, currency) = (part(in_numbers), part(|c| !in_numbers(c)));
    let (number, currency) = (number.trim(), currency.trim());
    let whole = text.trim();
    // Its currency stands before or behind it, never within.
    if !(whole.starts_with(currency) || whole.ends_with(currency)) || currency.is_empty() {
        return None;
    }
    let code = SIGNS
        .iter()
        .find(|(sign, _)| *sign == currency)
        .map_or_else(|| currency.to_uppercase(), |known| known.1.to_owned());
    // Three digits behind a point or a comma may be a group.
    if parted(number).is_some() {
        return None;
    }
    let amount = format!("{} {code}", digits(number)?);
    amount.parse::<Money>().is_ok().then_some(amount)
}

/// Whether a letter stands in numbers.
const fn in_numbers(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | ' ' | '\u{a0}' | '\u{202f}')
}

/// A number without what groups its digits, if it says one thing.
fn digits(number: &str) -> Option<String> {
    let is_blank = |c: char| c == ' ' || c == '\u{a0}' || c == '\u{202f}';
    // A last comma with one or two digits behind it parts the cents.
    let cents = number.rsplit_once(',').filter(|(_, cents)| (1..=2).contains(&cents.len()));
    let (whole, cents) = match cents {
        Some((whole, cents)) => (whole, format!(".{cents}")),
        None => match number.rsplit_once('.') {
            Some((whole, cents)) if !whole.contains('.') => (whole, format!(".{cents}")),
            _ => (number, String::new()),
        },
    };
    let (sign, whole) = whole.strip_prefix('-').map_or(("", whole), |whole| ("-", whole));
    let mut groups = whole.split(|c: char| is_blank(c) || matches!(c, '.' | ','));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().filter(|first| is_number(first))?;
    let rest: Vec<&str> = groups.collect();
    let grouped = rest.is_empty() || first.len() <= 3;
    let all = grouped && rest.iter().all(|group| group.len() == 3 && is_number(group));
    all.then(|| format!("{sign}{first}{}{cents}", rest.concat()))
}

/// That no clock shows a time in the company's zone, where one is put forward over it.
fn put_forward(text: &str, speak: &Words) -> Option<String> {
    let local = text.contains(':').then(|| text.parse::<DateTime>().ok()).flatten()?;
    // Whoever names an offset means one instant.
    if fluxor_engine::clock::Timestamp::parse(text).is_ok() || text.contains('[') {
        return None;
    }
    let is_gap = matches!(speak.zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. });
    let zone = speak.zone.iana_name().unwrap_or("UTC");
    is_gap.then(|| format!("there is no such time on that day in the time of {zone}: the clock is put forward over it, so write one before or after"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::typed::standing;
    use super::super::words::tests::speaking;
    use super::*;

    #[test]
    fn an_amount_that_may_mean_two_is_asked_about() {
        for (typed, both) in [
            ("4.000 EUR", Some(["4000 EUR", "4.00 EUR"])),
            ("1,000 EUR", Some(["1000 EUR", "1.00 EUR"])),
            ("-1.500 USD", Some(["-1500 USD", "-1.50 USD"])),
            ("1.125 EUR", Some(["1125 EUR", "1.1250 EUR"])),
            ("1.000 JPY", Some(["1000 JPY", "1 JPY"])),
            ("1,000 KWD", Some(["1000 KWD", "1.000 KWD"])),
            // These say one thing, or nothing.
            ("1.000 KWD", None),
            ("1,200 JPY", None),
            ("0.125 EUR", None),
            ("1234.567 EUR", None),
            ("4.00 EUR", None),
            ("1,200.000 EUR", None),
            ("4.000", None),
            ("4.0x0 EUR", None),
        ] {
            assert_eq!(meanings(typed), both.map(|both| both.map(str::to_owned)), "{typed}");
        }
        let told = "“4.000 EUR” may mean two amounts: write “4000 EUR” or “4.00 EUR”";
        assert_eq!(doubtful("4.000 EUR").as_deref(), Some(told));
        let whole = "“1.200 JPY” has digits behind a point, and its currency has no cents: write “1200 JPY”";
        assert_eq!(doubtful("1.200 JPY").as_deref(), Some(whole));
        assert_eq!(super::super::words::plain(told), told, "what stands in quotes stays");
        let speak = speaking("2026-03-02T08:00:00Z");
        assert_eq!(standing(&json!("1.125 EUR"), "money", &speak), "1.1250 EUR");
    }

    #[test]
    fn a_number_that_may_mean_two_is_asked_about() {
        for (typed, both) in [
            ("1.000", Some(["1000", "1"])),
            ("-12.000", Some(["-12000", "-12"])),
            ("1.125", Some(["1125", "1.1250"])),
            ("1.000 kg", Some(["1000 kg", "1 kg"])),
            ("1,000", None),
            ("0.125", None),
            ("1234.567", None),
            ("1.5", None),
            ("1.2.345", None),
            ("1.000.000", None),
            ("", None),
        ] {
            assert_eq!(numbers(typed), both.map(|both| both.map(str::to_owned)), "{typed}");
        }
        let speak = speaking("2026-03-02T08:00:00Z");
        let told = "“1.000” may mean two numbers: write “1000” or “1”";
        for (typed, ty, why) in [
            ("1.000", "int", Some(told)),
            ("1.000", "decimal", Some(told)),
            ("1.000", "text", None),
            // No whole number whatever it means.
            ("1.125", "int", None),
            ("3.0", "int", None),
        ] {
            assert_eq!(doubt(typed, ty, &speak).as_deref(), why, "{typed} {ty}");
        }
        // What stands there already is no question.
        assert_eq!(standing(&json!("1.125"), "decimal", &speak), "1.1250");
        assert_eq!(standing(&json!(["1.125", "2"]), "list(decimal)", &speak), "1.1250\n2");
    }

    #[test]
    fn what_is_plainly_meant_is_proposed() {
        for (typed, meant) in [
            ("40 €", Some("40 EUR")),
            ("€ 40", Some("40 EUR")),
            ("40€", Some("40 EUR")),
            ("40 eur", Some("40 EUR")),
            ("4.000,00 EUR", Some("4000.00 EUR")),
            ("12 000 EUR", Some("12000 EUR")),
            ("-1.234.567,8 EUR", Some("-1234567.8 EUR")),
            ("1,5 EUR", Some("1.5 EUR")),
            // These are amounts, or nobody knows what they are.
            ("40 EUR", None),
            ("1,200.00 EUR", None),
            ("40", None),
            ("4.000 €", None),
            ("1,000 eur", None),
            ("12 00 EUR", None),
            ("4 EUR 5", None),
            ("much", None),
            ("", None),
        ] {
            assert_eq!(corrected(typed).as_deref(), meant, "{typed}");
        }
        let told = "“40 €” is not read as an amount: write “40 EUR”";
        assert_eq!(doubtful("40 €").as_deref(), Some(told));
    }

    #[test]
    fn a_time_that_no_clock_shows_is_told() {
        let speak = speaking("2026-03-02T08:00:00Z");
        let told = |text: &str| doubt(text, "timestamp", &speak);
        assert!(told("2026-03-29T02:30").is_some_and(|why| why.contains("the clock is put forward over it")));
        for clear in ["2026-03-29T03:30", "2026-10-25T02:30", "2026-03-29T02:30:00Z", "2026-03-29", "tomorrow", ""] {
            assert_eq!(told(clear), None, "{clear}");
        }
    }
}

//! Amounts, lengths of time, instants and maps as people type them, and as they are shown so that they read back as the same.

use std::num::IntErrorKind;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::expression::Duration;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

use super::field::shown;
use super::meant::{meanings, numbers};
use super::words::{Words, quantity};
use crate::mail;

/// What keeps the name and the value of an entry apart.
const IS: char = '=';

/// Money as pages print it, `1,200.00 EUR`, as programs write it; all else stays as it was typed, and is refused where it is none.
pub(crate) fn money_typed(text: &str) -> String {
    ungrouped(text, mail::money)
}

/// The same of what stands in a line of an order: its price, or its quantity, `1,200.5`.
pub(super) fn of_line(name: &str, text: &str) -> String {
    match name {
        "price" => money_typed(text),
        "quantity" => ungrouped(text, |plain| Some(quantity(plain))),
        _ => text.to_owned(),
    }
}

/// Without what groups its digits, if it is printed just so: `1,2 EUR` means something else to whoever types it.
fn ungrouped(text: &str, printed: impl Fn(&str) -> Option<String>) -> String {
    let plain = text.replace(',', "");
    if printed(&plain).as_deref() == Some(text) { plain } else { text.to_owned() }
}

/// A whole number without the noughts behind its point, `3.0`; as it was typed, if it is none.
pub(super) fn whole(text: &str) -> &str {
    match text.split_once('.') {
        Some((whole, rest)) if !rest.is_empty() && rest.bytes().all(|digit| digit == b'0') => whole,
        _ => text,
    }
}

/// That a whole number is larger, or further below nothing, than any that is kept.
pub(super) fn too_large(text: &str) -> Option<String> {
    let why = whole(text).parse::<i64>().err()?;
    match why.kind() {
        IntErrorKind::PosOverflow => Some(format!("`{text}` is too large: the largest whole number is {}", i64::MAX)),
        IntErrorKind::NegOverflow => Some(format!("`{text}` is too small: the smallest whole number is {}", i64::MIN)),
        _ => None,
    }
}

/// What those are called by who are named in a field of several.
pub(super) fn called_by(ty: &str) -> Option<String> {
    let names_people = ty == "list(person)" || of_map(ty) == Some("person");
    names_people.then(|| "People by id or full name.".to_owned())
}

/// A length of time as people write it, `2h`, `1h30m`, `1 day 12 hours`, as programs do, `90 minutes`; as it was typed, if it is none.
pub(super) fn length(text: &str) -> String {
    match text.parse::<Duration>() {
        Ok(_) => text.to_owned(),
        Err(_) => added(text).map_or_else(|| text.to_owned(), |all| all.to_string()),
    }
}

/// All amounts with their units, where each is of elapsed time.
fn added(text: &str) -> Option<Duration> {
    let (mut rest, mut all) = (text.trim(), None);
    while !rest.is_empty() {
        let (amount, behind) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let behind = behind.trim_start();
        let (unit, after) = behind.split_at(behind.find(|c: char| !c.is_alphabetic()).unwrap_or(behind.len()));
        let unit = match unit {
            "m" => "min",
            "w" => "weeks",
            other => other,
        };
        let Duration::Elapsed(micros) = format!("{amount} {unit}").parse().ok()? else { return None };
        all = Some(all.unwrap_or(0_i64).checked_add(micros)?);
        rest = after.trim_start();
    }
    all.map(Duration::Elapsed)
}

/// The type of the values of a map, of the name of its type: `map(int, text)` has texts.
pub(super) fn of_map(ty: &str) -> Option<&str> {
    let of = ty.strip_prefix("map(")?.strip_suffix(')')?;
    Some(of.rsplit_once(", ").map_or(of, |(_, of)| of))
}

fn zone(speak: &Words) -> &str {
    speak.zone.iana_name().unwrap_or("UTC")
}

/// Whether the browser's own field for a day and a time can show a text.
pub(super) fn is_local(text: &str) -> bool {
    text.is_empty() || (text.len() == "2026-03-02T08:00".len() && text.parse::<DateTime>().is_ok())
}

/// How a value of a type is written, where that is not seen.
pub(super) fn written(ty: &str, speak: &Words) -> Option<String> {
    let way = match ty {
        "money" => "With its currency: 1200.00 EUR.",
        "decimal" => "A number: 12.5.",
        "person" => "By id or full name.",
        "duration" => "A length of time: 2h, 90m, 1h30m, 3 days.",
        "timestamp" => return Some(format!("In the time of {}.", zone(speak))),
        "list(timestamp)" => {
            return Some(format!("One a line, such as 2026-03-02 08:00, in the time of {}.", zone(speak)));
        }
        "list(duration)" => "One a line, such as 2h, 90m, 1h30m, 3 days.",
        ty if ty.starts_with("list") => "One a line.",
        ty if of_map(ty).is_some() => "One name = value a line, or JSON.",
        _ => return None,
    };
    Some(way.to_owned())
}

/// An instant that somebody typed, in the company's zone where he names no other; as it was typed, if it is none.
pub(super) fn instant(text: &str, speak: &Words) -> Value {
    if Timestamp::parse(text).is_ok() {
        return text.into();
    }
    // A date alone is no instant; what else `jiff` would pass over is none of ours.
    let is_plain = text.contains(':') && text.bytes().all(|byte| byte.is_ascii_digit() || b"-: T.".contains(&byte));
    let local = text.parse::<DateTime>().ok().filter(|_| is_plain);
    let zoned = local.and_then(|local| local.to_zoned(speak.zone.clone()).ok());
    zoned.map_or_else(|| text.into(), |at| Timestamp::from(at.timestamp()).to_string().into())
}

/// An instant in the company's zone, as the browser's own field takes it; with its offset where it would be read as another.
fn local(text: &str, speak: &Words) -> String {
    let Some(at) = Timestamp::parse(text).ok().and_then(Timestamp::to_jiff) else { return text.to_owned() };
    let zoned = at.to_zoned(speak.zone.clone());
    let minutes = zoned.strftime("%Y-%m-%dT%H:%M").to_string();
    let same = |text: &str| instant(text, speak).as_str().and_then(|text| text.parse().ok()) == Some(at);
    if same(&minutes) { minutes } else { zoned.strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string() }
}

/// The entries of a map, a line each, or as JSON.
///
/// # Errors
/// What cannot be read.
pub(super) fn entries(text: &str, value: impl Fn(&str) -> Value) -> Result<Map<String, Value>, String> {
    if text.starts_with('{') {
        let wrong = |why: serde_json::Error| {
            format!("this is no JSON, for it is wrong in line {}, column {}", why.line(), why.column())
        };
        return serde_json::from_str(text).map_err(wrong);
    }
    let mut entries = Map::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, typed) = match line.split_once(IS).map(|(name, typed)| (name.trim(), typed.trim())) {
            Some((name, typed)) if !name.is_empty() => (name, typed),
            _ => return Err(format!("“{line}” has no name and value: write name {IS} value")),
        };
        if entries.insert(name.to_owned(), value(typed)).is_some() {
            return Err(format!("“{name}” is written twice"));
        }
    }
    Ok(entries)
}

/// A value of this type as it stands in a field.
pub(super) fn standing(value: &Value, ty: &str, speak: &Words) -> String {
    match (ty, value) {
        ("timestamp", Value::String(text)) => local(text, speak),
        // What stands there already is no question.
        ("money", Value::String(text)) => meanings(text).map_or_else(|| text.clone(), |[_, small]| small),
        ("decimal", Value::String(text)) => numbers(text).map_or_else(|| text.clone(), |[_, small]| small),
        (ty, Value::Array(items)) => {
            let of = ty.strip_prefix("list(").and_then(|of| of.strip_suffix(')')).unwrap_or_default();
            items.iter().map(|item| standing(item, of, speak)).collect::<Vec<_>>().join("\n")
        }
        (ty, Value::Object(map)) => {
            let one = |(name, value): (&String, &Value)| format!("{name} {IS} {}", shown(value));
            let lines = map.iter().map(one).collect::<Vec<_>>().join("\n");
            let of = of_map(ty).unwrap_or_default();
            let same = entries(&lines, |typed| super::field::scalar(typed, of, speak)).as_ref() == Ok(map);
            if same { lines } else { value.to_string() }
        }
        _ => shown(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::tests::speaking;
    use super::*;
    use serde_json::json;

    #[test]
    fn instants_are_those_of_the_company_and_read_back_as_the_same() {
        let speak = speaking("2026-03-02T08:00:00Z");
        for (typed, read) in [
            ("2026-07-02T10:30", "2026-07-02T08:30:00Z"),
            ("2026-03-02 10:30", "2026-03-02T09:30:00Z"),
            ("2026-03-02 10:30:15.5", "2026-03-02T09:30:15.5Z"),
            ("2026-03-02T10:30:00+05:00", "2026-03-02T10:30:00+05:00"),
            ("2026-03-02", "2026-03-02"),
            ("2026-03-02T10:30[Asia/Tokyo]", "2026-03-02T10:30[Asia/Tokyo]"),
            ("tomorrow", "tomorrow"),
        ] {
            assert_eq!(instant(typed, &speak), json!(read), "{typed}");
        }
        for (at, shown) in [
            ("2026-07-02T08:30:00Z", "2026-07-02T10:30"),
            ("2026-07-02T08:30:15.25Z", "2026-07-02T10:30:15.25+02:00"),
            // The second of two half past twos.
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00+01:00"),
        ] {
            assert_eq!(standing(&json!(at), "timestamp", &speak), shown);
            let back = instant(shown, &speak);
            assert_eq!(Timestamp::parse(back.as_str().unwrap()), Timestamp::parse(at), "{shown}");
        }
        assert!(
            is_local("") && is_local("2026-07-02T10:30") && !is_local("2026-07-02T10:30:15") && !is_local("tomorrow")
        );
    }

    #[test]
    fn amounts_are_taken_as_pages_print_them() {
        for (typed, read) in [
            ("1,200.00 EUR", "1200.00 EUR"),
            ("-1,234,567.80 EUR", "-1234567.80 EUR"),
            ("1200 EUR", "1200 EUR"),
            // What no page prints stays, to be refused: one may mean a comma where a point is.
            ("1,200 EUR", "1,200 EUR"),
            ("1,2 EUR", "1,2 EUR"),
            ("12,00.00 EUR", "12,00.00 EUR"),
            ("a, b", "a, b"),
        ] {
            assert_eq!(money_typed(typed), read, "{typed}");
            assert_eq!(of_line("price", typed), read, "{typed}");
        }
        let line =
            [("quantity", "1,200.5"), ("quantity", "1,2"), ("item", "1,200.5")].map(|(name, text)| of_line(name, text));
        assert_eq!(line, ["1200.5", "1,2", "1,200.5"]);
    }

    #[test]
    fn whole_numbers_are_whole_and_not_too_large() {
        let told = [("3.0", "3"), ("-12.00", "-12"), ("3.", "3."), ("3.10", "3.10"), ("7", "7"), (".0", "")];
        assert!(told.iter().all(|(typed, read)| whole(typed) == *read));
        let large = "`9999999999999999999` is too large: the largest whole number is 9223372036854775807";
        assert_eq!(too_large("9999999999999999999").as_deref(), Some(large));
        assert!(too_large("-9999999999999999999.0").is_some_and(|why| why.contains("is too small")));
        assert_eq!(["", "seven", "9223372036854775807", "1e30"].map(too_large), [None, None, None, None]);
    }

    #[test]
    fn lengths_of_time_are_taken_as_people_write_them() {
        for (typed, read) in [
            ("2h", "2 hours"),
            ("90m", "90 minutes"),
            ("1h30m", "90 minutes"),
            ("1h 30 min", "90 minutes"),
            ("1 day 12 hours", "36 hours"),
            ("1.5h", "90 minutes"),
            ("1w2d", "9 days"),
            // Programs write them so.
            ("2 h", "2 h"),
            ("90 minutes", "90 minutes"),
            ("2 working days", "2 working days"),
            // And these are none.
            ("2", "2"),
            ("h", "h"),
            ("2x", "2x"),
            ("1h 2 working days", "1h 2 working days"),
            ("soon", "soon"),
            ("", ""),
        ] {
            assert_eq!(length(typed), read, "{typed}");
        }
    }

    #[test]
    fn maps_are_lines_or_json() {
        let speak = speaking("2026-03-02T08:00:00Z");
        let read = |text: &str| entries(text, |typed| super::super::field::scalar(typed, "int", &speak));
        let want = json!({ "a": 1, "b c": -2, "d": "x=y" });
        for text in ["a=1\n\n  b c = -2 \nd = x=y", "{ \"a\": 1, \"b c\": -2, \"d\": \"x=y\" }"] {
            assert_eq!(read(text).map(Value::Object), Ok(want.clone()), "{text}");
        }
        for (text, why) in [
            ("a", "“a” has no name and value: write name = value"),
            ("a = 1\n= 2", "“= 2” has no name and value: write name = value"),
            ("a = 1\na = 2", "“a” is written twice"),
            ("{\"a\": }", "this is no JSON, for it is wrong in line 1, column 7"),
        ] {
            assert_eq!(read(text), Err(why.to_owned()));
        }
        assert_eq!(standing(&json!({ "a": 1, "b": 2 }), "map(int)", &speak), "a = 1\nb = 2");
        for odd in [json!({ "a=b": "1" }), json!({ "a": "1\n2" }), json!({ " a": "1" })] {
            assert_eq!(standing(&odd, "map(text)", &speak), odd.to_string());
        }
        assert_eq!(
            (of_map("map(int, text)"), of_map("map(money)"), of_map("list(text)")),
            (Some("text"), Some("money"), None)
        );
    }
}

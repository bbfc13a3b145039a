//! Times that begin with a day or a month, such as `01/02/2018 9:30`: which formats they may be in.

use super::Unclear;

/// Why a time that is not ISO 8601 is not read.
pub(super) fn unclear(text: &str) -> Unclear {
    formats(text).map_or(Unclear::Unknown, Unclear::Either)
}

/// The formats that fit, the likelier one first.
fn formats(text: &str) -> Option<Vec<String>> {
    let (first, rest) = number(text)?;
    let (separator, rest) = rest.split_at_checked(1).filter(|(separator, _)| matches!(*separator, "/" | "." | "-"))?;
    let (second, rest) = number(rest)?;
    let (year, rest) = number(rest.strip_prefix(separator)?)?;
    let (a, b) = (first.parse::<u8>().ok()?, second.parse::<u8>().ok()?);
    let year = match (first.len(), second.len(), year.len()) {
        (1..=2, 1..=2, 4) => "%Y",
        (1..=2, 1..=2, 2) => "%y",
        _ => return None,
    };
    let time = time(rest)?;
    let format = |one: &str, two: &str| format!("{one}{separator}{two}{separator}{year}{time}");
    let (days, months) = (format("%d", "%m"), format("%m", "%d"));
    let mut fitting = Vec::new();
    if b <= 12 {
        fitting.push(days);
    }
    if a <= 12 {
        fitting.push(months);
    }
    (!fitting.is_empty()).then_some(fitting)
}

/// The format of what stands after the date.
fn time(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    let gap = text.get(..1).filter(|gap| matches!(*gap, " " | "T"))?;
    let (_, rest) = number(&text[1..])?;
    let (_, mut rest) = number(rest.strip_prefix(':')?)?;
    let mut minutes = "%M".to_owned();
    if let Some((_, after)) = rest.strip_prefix(':').and_then(number) {
        (minutes, rest) = ("%M:%S".to_owned(), after);
        if let Some((_, after)) = rest.strip_prefix('.').and_then(number) {
            (minutes, rest) = ("%M:%S%.f".to_owned(), after);
        }
    }
    let (hour, end) = match rest.trim_start() {
        "" => ("%H", ""),
        half if half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm") => {
            ("%I", if rest.starts_with(' ') { " %p" } else { "%p" })
        }
        zone if zone.starts_with(['+', '-']) && zone.contains(':') => {
            ("%H", if rest.starts_with(' ') { " %:z" } else { "%:z" })
        }
        zone if zone.starts_with(['+', '-']) => ("%H", if rest.starts_with(' ') { " %z" } else { "%z" }),
        _ => return None,
    };
    Some(format!("{gap}{hour}:{minutes}{end}"))
}

/// The digits that a text begins with, and the rest.
fn number(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    (digits > 0).then(|| text.split_at(digits))
}

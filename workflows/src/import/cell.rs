//! Cells: text becomes a value of its column's kind, or a sentence that says why not.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::diagnostic::nearest;
use fluxor_engine::money::{Currency, parse_scaled};
use jiff::civil;
use jiff::tz::TimeZone;

use super::tables::{Kind, Table};

/// How many places quantities, and money and percentages, have.
const QUANTITY_PLACES: u32 = 6;
const MONEY_PLACES: u32 = 4;

/// A value. Numbers are in the smallest step of their kind, instants in microseconds, days as ISO text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    Empty,
    Text(Box<str>),
    Number(i64),
    Truth(bool),
}

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    /// The number of its file.
    pub(crate) file: u16,
    /// From 1; of a row that goes over several lines, the first.
    pub(crate) line: u64,
}

/// A row of a table.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) table: Table,
    pub(crate) place: Place,
    pub(crate) cells: Vec<Cell>,
}

impl Row {
    /// The cell of a column; empty if the table has none of that name.
    pub(crate) fn cell(&self, column: &str) -> &Cell {
        self.table.at(column).and_then(|at| self.cells.get(at)).unwrap_or(&Cell::Empty)
    }

    /// The text of a column, if it has one.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        match self.cell(column) {
            Cell::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a column that is required.
    pub(crate) fn must(&self, column: &str) -> &str {
        self.text(column).unwrap_or_default()
    }

    /// The number of a column, if it has one.
    pub(crate) fn number(&self, column: &str) -> Option<i64> {
        match self.cell(column) {
            Cell::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The truth of a column, or what holds without one.
    pub(crate) fn truth(&self, column: &str, usual: bool) -> bool {
        match self.cell(column) {
            Cell::Truth(truth) => *truth,
            _ => usual,
        }
    }

    /// What names the row: the values of its key columns.
    pub(crate) fn key(&self) -> String {
        let part = |column: &&str| match self.cell(column) {
            Cell::Text(text) => text.to_string(),
            Cell::Number(number) => number.to_string(),
            Cell::Truth(truth) => truth.to_string(),
            Cell::Empty => String::new(),
        };
        self.table.key().iter().map(part).collect::<Vec<_>>().join("@")
    }
}

/// Reads `text` as a cell of `kind`; instants without an offset are of `zone`.
pub(crate) fn parse(kind: Kind, text: &str, zone: &TimeZone) -> Result<Cell, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(Cell::Empty);
    }
    Ok(match kind {
        Kind::Code => named(text, 60, |c| c.is_whitespace() || c == '@' || c == '/', "blanks, `@` and `/`")?,
        Kind::Person => named(text, 64, |c| c == '/', "`/`")?,
        Kind::Reference => named(text, 200, |_| false, "control characters")?,
        Kind::Text => note(text)?,
        Kind::Truth => Cell::Truth(truth(text)?),
        Kind::Quantity => Cell::Number(parse_scaled(text, QUANTITY_PLACES)?),
        Kind::Amount => not_negative(text, parse_scaled(text, QUANTITY_PLACES)?)?,
        Kind::Money => not_negative(text, parse_scaled(text, MONEY_PLACES)?)?,
        Kind::Percent => percent(text)?,
        Kind::Count => Cell::Number(whole(text, 0)?),
        Kind::Factor => Cell::Number(whole(text, 1)?),
        Kind::Date => Cell::Text(day(text)?.to_string().into()),
        Kind::Instant => Cell::Number(instant(text, zone)?.micros()),
        Kind::Currency => text.parse::<Currency>().map(|_| Cell::Text(text.into()))?,
        Kind::Word(words) => word(text, words)?,
    })
}

fn named(text: &str, most: usize, forbidden: impl Fn(char) -> bool, what: &str) -> Result<Cell, String> {
    if text.len() > most {
        return Err(format!("`{text}` is longer than {most} bytes"));
    }
    if text.chars().any(|c| forbidden(c) || c.is_control()) {
        return Err(format!("`{}` is not allowed here: leave out {what}", text.escape_debug()));
    }
    Ok(Cell::Text(text.into()))
}

/// Text for people: lines and tabs are fine.
fn note(text: &str) -> Result<Cell, String> {
    const MOST: usize = 4000;
    if text.len() > MOST {
        return Err(format!("the text is longer than {MOST} bytes"));
    }
    match text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(c) => Err(format!("the text has the control character U+{:04X}: leave it out", u32::from(c))),
        None => Ok(Cell::Text(text.into())),
    }
}

fn truth(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

fn not_negative(text: &str, number: i64) -> Result<Cell, String> {
    if number < 0 { Err(format!("`{text}` is below zero")) } else { Ok(Cell::Number(number)) }
}

fn percent(text: &str) -> Result<Cell, String> {
    let number = parse_scaled(text, MONEY_PLACES)?;
    let whole = 100 * 10_i64.pow(MONEY_PLACES);
    if (0..=whole).contains(&number) { Ok(Cell::Number(number)) } else { Err(format!("`{text}` is not from 0 to 100")) }
}

/// `3`, and also `3.0`: exports of databases write whole numbers so.
fn whole(text: &str, least: i64) -> Result<i64, String> {
    let number = parse_scaled(text, 0).map_err(|_| format!("`{text}` is not a whole number"))?;
    if number < least { Err(format!("`{text}` is below {least}")) } else { Ok(number) }
}

/// `YYYY-MM-DD`; midnight behind it says nothing and is dropped, another time of day is not.
fn day(text: &str) -> Result<civil::Date, String> {
    let wrong = || format!("`{text}` is not a day: write YYYY-MM-DD, such as 2026-03-02");
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    if date.len() != 10 {
        return Err(wrong());
    }
    let day: civil::Date = date.parse().map_err(|_| wrong())?;
    match time {
        None => Ok(day),
        Some(time) if time.bytes().all(|b| matches!(b, b'0' | b':' | b'.')) => Ok(day),
        Some(_) => Err(format!("`{text}` has a time of day where a day is meant")),
    }
}

/// RFC 3339, or a local time in `zone` (a day alone: its beginning).
pub(crate) fn instant(text: &str, zone: &TimeZone) -> Result<Timestamp, String> {
    if text.ends_with('Z') || text.get(11..).is_some_and(|time| time.contains(['+', '-'])) {
        return Timestamp::parse(text).map_err(|_| no_instant(text));
    }
    let local: civil::DateTime = text.parse().map_err(|_| no_instant(text))?;
    zone.to_timestamp(local).map(Into::into).map_err(|_| no_instant(text))
}

fn no_instant(text: &str) -> String {
    format!("`{text}` is not an instant: write YYYY-MM-DD HH:MM:SS, or RFC 3339 such as 2026-03-02T08:00:00Z")
}

fn word(text: &str, words: &[&'static str]) -> Result<Cell, String> {
    if words.contains(&text) {
        return Ok(Cell::Text(text.into()));
    }
    Err(match nearest(text, words.iter().copied()) {
        Some(near) => format!("`{text}` is not known; a similar word is: `{near}`"),
        None => format!("`{text}` is not known: write {}", words.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: Kind, text: &str) -> Result<Cell, String> {
        parse(kind, text, &TimeZone::get("Europe/Berlin").unwrap())
    }

    #[test]
    fn cells_are_read_exactly() {
        let cases = [
            (Kind::Quantity, "3.0000", Cell::Number(3_000_000)),
            (Kind::Quantity, " -9 ", Cell::Number(-9_000_000)),
            (Kind::Money, "50.2635", Cell::Number(502_635)),
            (Kind::Count, "9.0", Cell::Number(9)),
            (Kind::Percent, "2.5", Cell::Number(25_000)),
            (Kind::Truth, "True", Cell::Truth(true)),
            (Kind::Date, "2011-04-16 00:00:00", Cell::Text("2011-04-16".into())),
            (Kind::Instant, "1970-01-01 01:00:00", Cell::Number(0)),
            (Kind::Instant, "1970-01-01T00:00:00Z", Cell::Number(0)),
            (Kind::Instant, "1970-01-01", Cell::Number(-3_600_000_000)),
            (Kind::Code, "A-1", Cell::Text("A-1".into())),
            (Kind::Money, "  ", Cell::Empty),
        ];
        for (kind, text, cell) in cases {
            assert_eq!(read(kind, text), Ok(cell), "{text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused_with_a_sentence() {
        let cases = [
            (Kind::Quantity, "1,5", "not a decimal"),
            (Kind::Quantity, "1e3", "not a decimal"),
            (Kind::Quantity, "0.0000001", "finer than 6 places"),
            (Kind::Money, "-1", "below zero"),
            (Kind::Money, "1.00001", "finer than 4 places"),
            (Kind::Count, "2.5", "not a whole number"),
            (Kind::Factor, "0", "below 1"),
            (Kind::Percent, "101", "not from 0 to 100"),
            (Kind::Date, "16.04.2011", "not a day"),
            (Kind::Date, "2011-02-30", "not a day"),
            (Kind::Date, "2011-04-16 10:00:00", "time of day"),
            (Kind::Instant, "soon", "not an instant"),
            (Kind::Currency, "usd", "ISO 4217"),
            (Kind::Code, "A 1", "leave out blanks"),
            (Kind::Code, "A/1", "leave out"),
            (Kind::Word(&["issue", "receipt"]), "isue", "`issue`"),
            (Kind::Truth, "maybe", "neither"),
        ];
        for (kind, text, says) in cases {
            let why = read(kind, text).unwrap_err();
            assert!(why.contains(says), "{text}: {why}");
        }
    }
}

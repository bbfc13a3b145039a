//! Logs in CSV: a header, then a row an event.
//!
//! What must hold: a row is taken only if it has as many cells as the header (empty ones at the end may be there or not),
//! and a quote that is never closed does not swallow the rest of the file unnoticed.

use csv::{ByteRecord, ErrorKind, ReaderBuilder};

use crate::gather::{Gather, Reason, letters};
use crate::input::{Leash, Opened, Trouble};
use crate::limits::Limits;
use crate::plan::Plan;
use crate::unreadable::{Unreadable, short};

/// What may stand between cells, the likelier one first.
const DELIMITERS: [u8; 4] = *b",;\t|";

type Reader<'a> = csv::Reader<Leash<Box<dyn std::io::Read + 'a>>>;

pub(crate) fn read(
    opened: Opened<'_>,
    delimiter: Option<u8>,
    plan: &Plan,
    limits: &Limits,
    gather: &mut Gather<'_>,
) -> Result<(), Unreadable> {
    let said = says(&opened.beginning);
    let delimiter = match delimiter {
        Some(given) if given.is_ascii() && !matches!(given, b'"' | b'\n' | b'\r' | 0) => given,
        Some(given) => return Err(Unreadable::Delimiter(char::from(given))),
        None => said.unwrap_or_else(|| guess(&opened.beginning)),
    };
    let mut reader: Reader<'_> = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .buffer_capacity(256 << 10)
        .from_reader(Leash::new(opened.reader, limits.piece));
    let mut row = ByteRecord::new();
    // A row ends with the first of the two, and the place of the next one is before the second.
    let late = u64::from(ends_in_two(&opened.beginning));
    let has_header = match said {
        Some(_) => next(&mut reader, &mut row, 0)? && next(&mut reader, &mut row, late)?,
        None => next(&mut reader, &mut row, 0)?,
    };
    if !has_header {
        return Ok(());
    }
    // Whoever writes a delimiter behind the last cell means no cell by it.
    let width = row.len();
    let named = row.iter().rposition(|name| !name.trim_ascii().is_empty()).map_or(width, |last| last + 1);
    let places = places(&row, plan)?;
    let mut begun = line(&row);
    while next(&mut reader, &mut row, late)? {
        begun = begins(&reader, &row, late);
        if row.len() >= named && row.iter().skip(width).all(<[u8]>::is_empty) {
            gather.event(begun, |slot| row.get(places[slot]).filter(|cell| !cell.is_empty()))?;
        } else {
            let reason = if row.len() < width { Reason::TooFewCells } else { Reason::TooManyCells };
            gather.skip(reason, begun, &short(&String::from_utf8_lossy(row.get(0).unwrap_or_default())));
        }
    }
    // A last row of several lines and a quote too many: it has taken all that came after the quote.
    if reader.get_ref().odd() && reader.position().line() + late > begun + 1 {
        let why = "a quote that is opened in this row is not closed before the end: close it, or double it (\"\") if it is meant";
        return Err(Unreadable::Csv { line: begun, why: why.to_owned() });
    }
    Ok(())
}

/// Reads the next row; false at the end.
fn next(reader: &mut Reader<'_>, row: &mut ByteRecord, late: u64) -> Result<bool, Unreadable> {
    let (byte, line) = (reader.position().byte(), reader.position().line() + late);
    reader.get_mut().reached(byte);
    reader.read_byte_record(row).map_err(|error| match error.into_kind() {
        ErrorKind::Io(error) => match Trouble::within(&error) {
            Some(Trouble::Piece(most)) => {
                let why = format!("this row does not end within {most} bytes: look for a quote that is not closed");
                Unreadable::Csv { line, why }
            }
            Some(trouble) => trouble.at(line),
            None => Unreadable::Io(error),
        },
        kind => Unreadable::Csv { line, why: format!("{kind:?}: check the file") },
    })
}

/// The line on which the row begins that was just read. Its own place is before the empty lines that stood there, and so it is
/// counted back from where it has ended.
fn begins(reader: &Reader<'_>, row: &ByteRecord, late: u64) -> u64 {
    let within = row.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
    let ended = reader.position().line();
    // The last of the two that end a row is not passed yet; the one, if it is there, is.
    let passed = u64::from(late == 0 && !reader.get_ref().ends_bare(reader.position().byte()));
    ended.saturating_sub(within + passed).max(line(row) + late)
}

fn line(row: &ByteRecord) -> u64 {
    row.position().map_or(1, csv::Position::line)
}

/// The column of each slot.
fn places(header: &ByteRecord, plan: &Plan) -> Result<Vec<usize>, Unreadable> {
    let names = header.iter().map(|name| letters(name, line(header)).map(str::trim));
    let names: Vec<&str> = names.collect::<Result<_, _>>()?;
    let (mut places, mut missing, mut twice) = (Vec::with_capacity(plan.names.len()), Vec::new(), Vec::new());
    for (slot, wanted) in plan.names.iter().enumerate() {
        let mut found = names.iter().enumerate().filter(|(_, name)| **name == wanted.trim()).map(|(place, _)| place);
        match (found.next(), found.next()) {
            (Some(place), None) => places.push(place),
            (Some(_), Some(_)) => twice.push(wanted.clone()),
            (None, _) => missing.push(slot),
        }
    }
    if missing.is_empty() && twice.is_empty() {
        return Ok(places);
    }
    let has = names.iter().filter(|name| !name.is_empty());
    Err(plan.missing(&missing, twice, has.map(|name| (*name).to_owned()).collect()))
}

/// The delimiter that the first line says: `sep=;`, as Excel has it.
fn says(text: &[u8]) -> Option<u8> {
    match text.strip_prefix(b"sep=")? {
        [said, b'\r' | b'\n', ..] if DELIMITERS.contains(said) => Some(*said),
        _ => None,
    }
}

/// Whether the first row ends with a carriage return and a line feed.
fn ends_in_two(text: &[u8]) -> bool {
    let (mut quoted, mut last) = (false, b'\n');
    for &byte in text {
        match byte {
            b'"' => quoted = !quoted,
            // Rows without anything are none.
            b'\n' if !quoted && last != b'\n' => return last == b'\r',
            _ => {}
        }
        last = byte;
    }
    false
}

/// The delimiter that stands most often in the first line, outside of quotes.
fn guess(text: &[u8]) -> u8 {
    let mut counts = [0_usize; DELIMITERS.len()];
    let (mut quoted, mut begun) = (false, false);
    for &byte in text {
        match byte {
            b'\n' | b'\r' if !quoted && begun => break,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            _ => {
                if let Some(place) = DELIMITERS.iter().position(|own| *own == byte) {
                    counts[place] += 1;
                }
            }
        }
        begun |= !matches!(byte, b'\n' | b'\r');
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    DELIMITERS.into_iter().zip(counts).find(|(_, count)| *count == most).map_or(b',', |(delimiter, _)| delimiter)
}

#[cfg(test)]
mod tests {
    use super::guess;

    #[test]
    fn the_delimiter_is_the_one_that_is_most_often_in_the_header() {
        let cases: [(&str, u8); 7] = [
            ("a,b;c\nd;e;f;g", b','),
            ("a;b,c;d\n", b';'),
            ("\"a,b,c\";d", b';'),
            ("\r\na\tb\tc|d\n", b'\t'),
            ("a|b", b'|'),
            ("a b", b','),
            ("", b','),
        ];
        for (text, delimiter) in cases {
            assert_eq!(char::from(guess(text.as_bytes())), char::from(delimiter), "{text:?}");
        }
    }
}

//! From a file to text in UTF-8: unpacked, decoded, without byte order mark, and what format it is in.
//!
//! What must hold: troubles of a layer pass through the readers above it as [`Trouble`], and come out as what they are.

mod decoded;
mod head;
mod leash;
mod trouble;
mod unpacked;

use std::io::Read;

pub(crate) use decoded::Decoded;
pub(crate) use leash::Leash;
pub(crate) use trouble::{Trouble, of};

use crate::limits::Limits;
use crate::unreadable::{Said, Unreadable};
use crate::wanted::{Format, Wanted};
use head::Head;
use unpacked::Unpacked;

/// As much is looked at to find out what a file is.
const LOOKED_AT: usize = 64 << 10;

/// A log's text.
pub(crate) struct Opened<'a> {
    pub(crate) format: Format,
    /// Who says in which encoding it is.
    pub(crate) said: Said,
    /// What the text begins with, 64 KiB at most.
    pub(crate) beginning: Vec<u8>,
    /// All of the text.
    pub(crate) reader: Box<dyn Read + 'a>,
}

/// Looks at the first bytes of a log and puts the right readers over it.
pub(crate) fn open<'a>(
    reader: impl Read + 'a,
    name: &str,
    wanted: &Wanted,
    limits: &Limits,
) -> Result<Opened<'a>, Unreadable> {
    let raw = Head::new(reader, LOOKED_AT).map_err(of)?;
    let packed = raw.ahead().starts_with(&[0x1f, 0x8b]);
    if name.to_ascii_lowercase().ends_with(".gz") && !packed && !raw.ahead().is_empty() {
        return Err(Unreadable::NotGzip);
    }
    let bytes: Box<dyn Read + 'a> = match packed {
        true => Box::new(Unpacked::new(raw, limits.unpacked)),
        false => Box::new(raw),
    };
    let bytes = Head::new(bytes, LOOKED_AT).map_err(of)?;
    no_other_file(bytes.ahead())?;
    let said = decoded::said(bytes.ahead(), wanted.encoding.as_deref());
    let text: Box<dyn Read + 'a> = match decoded::encoding(bytes.ahead(), wanted.encoding.as_deref())? {
        Some(encoding) => Box::new(Decoded::new(bytes, encoding)),
        None => Box::new(bytes),
    };
    let mut text = Head::new(text, LOOKED_AT).map_err(|error| of(error).said(said))?;
    text.skip_mark();
    let beginning = text.ahead().to_vec();
    if wanted.format.is_none() && is_json(&beginning) {
        return Err(Unreadable::NoLog("JSON, as logs of OCEL are"));
    }
    let format = wanted.format.unwrap_or_else(|| guess(&beginning, name));
    Ok(Opened { format, said, beginning, reader: Box::new(text) })
}

/// The format by the first character; by the name where there is none.
fn guess(text: &[u8], name: &str) -> Format {
    let name = name.to_ascii_lowercase();
    let by_name = if name.trim_end_matches(".gz").ends_with(".xes") { Format::Xes } else { Format::Csv };
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'<') => Format::Xes,
        _ => by_name,
    }
}

/// Whether a text begins as a JSON object with a key, or as a list of objects.
fn is_json(text: &[u8]) -> bool {
    let mut letters = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    matches!((letters.next(), letters.next()), (Some(b'{'), Some(b'"')) | (Some(b'['), Some(b'{')))
}

/// Files that logs often come as, and that would make no sense as text.
fn no_other_file(bytes: &[u8]) -> Result<(), Unreadable> {
    let others: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a ZIP archive or an Excel file"),
        (b"\xfd7zXZ\x00", "packed with xz"),
        (b"BZh9", "packed with bzip2"),
        (b"\x28\xb5\x2f\xfd", "packed with zstd"),
        (b"PAR1", "a Parquet file"),
        (b"SQLite format 3\0", "an SQLite database, as logs of OCEL may be"),
    ];
    let found = others.iter().find(|(mark, _)| bytes.starts_with(mark));
    found.map_or(Ok(()), |(_, what)| Err(Unreadable::NoLog(what)))
}

#[cfg(test)]
mod tests;

//! One CSV file, read in place, a record at a time.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Terminator};

/// A file that is being read.
#[derive(Debug)]
pub(crate) struct CsvFile {
    /// As messages call it.
    pub(crate) name: String,
    /// The names of its columns.
    pub(crate) heads: Vec<String>,
    reader: Reader<File>,
    raw: ByteRecord,
    /// Its length, if no line break ends it.
    open_end: Option<u64>,
}

/// A record, or why there is none at this line.
pub(crate) type Next = (u64, Result<StringRecord, String>);

impl CsvFile {
    /// Opens the file and reads its header row.
    ///
    /// # Errors
    /// A sentence that names the file: it is missing, empty, or its header is not one.
    pub(crate) fn open(path: &Path, name: &str, delimiter: u8) -> Result<Self, String> {
        let unreadable = |error: std::io::Error| format!("{name}: {error}");
        let mut source = File::open(path).map_err(unreadable)?;
        let open_end = open_end(&mut source).map_err(unreadable)?;
        let mut builder = ReaderBuilder::new();
        // How many columns a row has, and whether it is UTF-8, is said here with the row's line. Lines end with LF: the
        // library's own CRLF mode does not count them exactly.
        builder.flexible(true).has_headers(false).terminator(Terminator::Any(b'\n')).delimiter(delimiter);
        let reader = builder.buffer_capacity(1 << 16).from_reader(source);
        let mut file = Self { name: name.to_owned(), heads: Vec::new(), reader, raw: ByteRecord::new(), open_end };
        let Some((line, record)) = file.record()? else {
            return Err(format!("{name}: the file is empty; the first row names the columns"));
        };
        let record = record.map_err(|why| format!("{name}:{line}: {why}"))?;
        file.heads = record.iter().map(|head| head.trim_start_matches('\u{feff}').trim().to_owned()).collect();
        for (at, head) in file.heads.iter().enumerate() {
            if head.is_empty() {
                return Err(format!("{name}:{line}: column {} of the header has no name", at + 1));
            }
            if file.heads[..at].contains(head) {
                return Err(format!("{name}:{line}: two columns are called `{head}`"));
            }
        }
        Ok(file)
    }

    /// The next row, and the line on which it begins.
    ///
    /// # Errors
    /// If the file cannot be read on.
    pub(crate) fn next(&mut self) -> Result<Option<Next>, String> {
        let Some((line, record)) = self.record()? else { return Ok(None) };
        let record = record.and_then(|record| {
            let (has, wants) = (record.len(), self.heads.len());
            if has == wants {
                return Ok(record);
            }
            let quote = if record.iter().any(|cell| cell.contains('\n')) { " (is a quote not closed?)" } else { "" };
            let s = if has == 1 { "" } else { "s" };
            Err(format!("the row has {has} column{s}, the header has {wants}{quote}"))
        });
        Ok(Some((line, record)))
    }

    fn record(&mut self) -> Result<Option<Next>, String> {
        loop {
            let more =
                self.reader.read_byte_record(&mut self.raw).map_err(|error| format!("{}: {error}", self.name))?;
            if !more {
                return Ok(None);
            }
            if self.raw.len() == 1 && self.raw.get(0) == Some(b"\r") {
                continue;
            }
            // Counted from the end of the row: blank lines before it belong to it in the library's eyes.
            let end = self.reader.position();
            let last = u64::from(self.open_end.is_none_or(|length| end.byte() < length));
            let inside = self.raw.as_slice().iter().filter(|byte| **byte == b'\n').count() as u64;
            let line = end.line().saturating_sub(last + inside);
            let record = StringRecord::from_byte_record(std::mem::take(&mut self.raw)).map_err(|error| {
                format!("column {} is not UTF-8 text: save the file as UTF-8", error.utf8_error().field() + 1)
            });
            return Ok(Some((line, record.map(without_return))));
        }
    }
}

/// Where the file ends, if that is in the middle of a line.
fn open_end(file: &mut File) -> std::io::Result<Option<u64>> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut last = [b'\n'];
    if length > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    file.seek(SeekFrom::Start(0))?;
    Ok((last != [b'\n']).then_some(length))
}

/// The CR of a CRLF stands at the end of the last cell.
fn without_return(mut record: StringRecord) -> StringRecord {
    let last = record.len().saturating_sub(1);
    if let Some(cell) = record.get(last).and_then(|cell| cell.strip_suffix('\r')).map(str::to_owned) {
        record.truncate(last);
        record.push_field(&cell);
    }
    record
}

/// The CSV files of a folder, by name.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let shown = folder.display();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| format!("{shown}: {error}"))? {
        let path = entry.map_err(|error| format!("{shown}: {error}"))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.extension().is_some_and(|end| end == "csv") && path.is_file() {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> Result<CsvFile, String> {
        let path = std::env::temp_dir().join(format!("fluxor-csv-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).unwrap();
        let opened = CsvFile::open(&path, name, b',');
        std::fs::remove_file(&path).unwrap();
        opened
    }

    fn rows(mut file: CsvFile) -> Vec<(u64, String)> {
        let mut rows = Vec::new();
        while let Some((line, record)) = file.next().unwrap() {
            rows.push((line, record.map_or_else(|why| why, |r| r.iter().collect::<Vec<_>>().join("|"))));
        }
        rows
    }

    #[test]
    fn marks_line_ends_quotes_and_blank_lines_are_understood() {
        let read = file("a.csv", b"\xef\xbb\xbfa,b\r\n1,\"x\r\ny\"\r\n\r\n2,z\r\n").unwrap();
        assert_eq!(read.heads, ["a", "b"]);
        assert_eq!(rows(read), [(2, "1|x\r\ny".to_owned()), (5, "2|z".to_owned())]);
        let read = file("d.csv", b"a,b\n\n\n1,2\n3,\"4\n5\"\n\n6,7").unwrap();
        assert_eq!(rows(read), [(4, "1|2".to_owned()), (5, "3|4\n5".to_owned()), (8, "6|7".to_owned())]);
    }

    #[test]
    fn a_bad_row_is_said_with_its_line_and_the_next_is_read() {
        let read = file("b.csv", b"a,b\n1\n\xff,2\n3,4,5\n6,\"7\n8,9\n").unwrap();
        let found = rows(read);
        assert_eq!(found[0], (2, "the row has 1 column, the header has 2".to_owned()));
        assert_eq!(found[1], (3, "column 1 is not UTF-8 text: save the file as UTF-8".to_owned()));
        assert_eq!(found[2], (4, "the row has 3 columns, the header has 2".to_owned()));
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn a_file_without_a_good_header_is_refused() {
        for (bytes, says) in [
            (&b""[..], "c.csv: the file is empty"),
            (b"a,,c\n", "c.csv:1: column 2 of the header has no name"),
            (b"a,a\n", "c.csv:1: two columns are called `a`"),
            (b"\xff\n", "c.csv:1: column 1 is not UTF-8"),
        ] {
            let why = file("c.csv", bytes).unwrap_err();
            assert!(why.starts_with(says), "{why}");
        }
        let missing = CsvFile::open(Path::new("nowhere.csv"), "nowhere.csv", b',').unwrap_err();
        assert!(missing.starts_with("nowhere.csv: No such file"), "{missing}");
    }
}

//! Everything that is printed: text for people, JSON for machines. A reader that went away is no error.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

use crate::found::Found;

/// The code of a command that is declined for what is wrong with files.
const WRONG_FILE: &str = "wrong_file";

/// Prints in the form that was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
}

impl Out {
    /// For machines if `json`, else for people.
    #[must_use]
    pub(crate) const fn new(json: bool) -> Self {
        Self { json }
    }

    /// The result: as JSON for machines, as the text of `people` else.
    pub(crate) fn result(&self, machine: &impl Serialize, people: impl FnOnce() -> String) {
        if self.json {
            self.text(&serde_json::to_string(machine).unwrap_or_default());
        } else {
            self.text(&harmless(&people()));
        }
    }

    /// Words beside the result, for people only: on the error stream, so that a script takes the result alone.
    pub(crate) fn aside(&self, words: &str) {
        if !self.json {
            let _ = writeln!(io::stderr().lock(), "{}", harmless(words));
        }
    }

    /// A finding in a file, rendered already, for people only: on the error stream.
    pub(crate) fn finding(&self, rendered: &str) {
        if !self.json {
            let _ = write!(io::stderr().lock(), "{rendered}");
        }
    }

    /// Text as it is, in either form.
    pub(crate) fn text(&self, text: &str) {
        let mut to = io::stdout().lock();
        let _ = to.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = to.write_all(b"\n");
        }
        let _ = to.flush();
    }

    /// What is wrong with files; people have seen the findings.
    pub(crate) fn wrong_files(&self, findings: &[Found], words: &str) {
        match self.json {
            true => error(&json!({ "code": WRONG_FILE, "detail": words, "diagnostics": findings })),
            false => self.failure(WRONG_FILE, words),
        }
    }

    /// Why it did not work.
    pub(crate) fn failure(&self, code: &str, words: &str) {
        if self.json {
            return error(&json!({ "code": code, "detail": words }));
        }
        let (mut to, shown) = (io::stderr().lock(), harmless(words));
        let _ = match code {
            "usage" | "broken" => writeln!(to, "error: {shown}"),
            _ => writeln!(to, "declined [{code}]: {shown}"),
        };
    }
}

/// Why it did not work, for machines.
fn error(told: &serde_json::Value) {
    let _ = writeln!(io::stderr().lock(), "{}", json!({ "error": told }));
}

/// Text that moves no cursor and changes no colour, whatever somebody typed.
fn harmless(text: &str) -> Cow<'_, str> {
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.contains(bad) {
        true => text.replace(bad, "\u{fffd}").into(),
        false => text.into(),
    }
}

/// `9,845`
#[must_use]
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 event`, `9,845 events`
#[must_use]
pub(crate) fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { more })
}

/// Rows as columns of equal width.
#[must_use]
pub(crate) fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let length = |text: &str| text.chars().count();
    let widths: Vec<usize> = heads
        .iter()
        .enumerate()
        .map(|(i, head)| {
            rows.iter().filter_map(|row| row.get(i)).map(|cell| length(cell)).fold(length(head), usize::max)
        })
        .collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        padded.join("  ").trim_end().to_owned()
    };
    let mut out = vec![line(&mut heads.iter().copied())];
    out.extend(rows.iter().map(|row| line(&mut row.iter().map(String::as_str))));
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_somebody_typed_moves_the_cursor() {
        assert_eq!(harmless("a\u{1b}[31m\tb\n\u{9b}c\r"), "a\u{fffd}[31m\tb\n\u{fffd}c\u{fffd}");
        assert!(matches!(harmless("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_is_not_many() {
        let told = [0, 1, 2, 9845].map(|number| counted(number, "event", "events"));
        assert_eq!(told, ["0 events", "1 event", "2 events", "9,845 events"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["é".to_owned(), "open".to_owned()], vec!["longer".to_owned(), String::new()]];
        assert_eq!(table(&["id", "state"], &rows), "id      state\né       open\nlonger");
    }
}

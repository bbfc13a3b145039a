//! Everything that is printed: text for people, JSON for machines. A reader that went away is no error.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::json;

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
            self.text(&people());
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

    /// Why it did not work.
    pub(crate) fn failure(&self, code: &str, words: &str) {
        let mut to = io::stderr().lock();
        let _ = if self.json {
            writeln!(to, "{}", json!({ "error": { "code": code, "detail": words } }))
        } else {
            match code {
                "usage" | "broken" => writeln!(to, "error: {words}"),
                _ => writeln!(to, "declined [{code}]: {words}"),
            }
        };
    }
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
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["é".to_owned(), "open".to_owned()], vec!["longer".to_owned(), String::new()]];
        assert_eq!(table(&["id", "state"], &rows), "id      state\né       open\nlonger");
    }
}

//! Workflow definitions: YAML text becomes a checked chart that `decide` walks.
//!
//! The hash is the identity; name and version are for people. An instance stays with the hash it began with.
//! Always: any bytes give a chart or findings, all of them in one pass, and never a panic. Read `file.rs` for the
//! language, `chart.rs` for what comes out, `check.rs` for the way between; `definitions/README.md` is for authors.

mod allow;
pub mod chart;
pub(crate) mod check;
mod codes;
mod duration;
mod file;
pub mod library;
mod lint;
pub mod pages;
mod read;
pub mod reload;
mod schema;
mod set;
mod yaml;

use std::fmt::Write as _;
use std::sync::Arc;

pub use chart::Definition;
pub use codes::CODES;
pub use library::{Library, Refused, Warnings};
pub use schema::{schema, schema_text};

/// Reading YAML with places, for other kinds of files that people write: the tree, and findings of its shape.
pub mod reading {
    pub use super::read::{
        Found, Keys, checked_name, list, name, one_or_many, or_list, string, text, word, wrong_shape,
    };
    pub use super::yaml::{MAX_BYTES, Node, Scalar, Shape, Spot, parse};

    /// The codes of findings that any such file may have.
    pub mod codes {
        macro_rules! shared {
            ($($name:ident)*) => {
                $(#[doc = concat!("`", stringify!($name), "` of a definition's codes.")]
                pub const $name: &str = crate::definition::codes::$name;)*
            };
        }
        shared! { BAD_NAME CONFLICT EMPTY MISSING_KEY NOT_A_NUMBER NOT_A_WORD TOO_LARGE UNKNOWN_KEY WRONG_SHAPE }
    }
}

use crate::calendar::Calendars;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::domain::Vocabulary;

/// Reads a length of time, such as `2 days` or `4 working hours`.
///
/// # Errors
/// What to write instead.
pub fn wait(text: &str) -> Result<crate::calendar::Wait, String> {
    duration::wait(text).map_err(|help| help.words)
}

/// The calendar that a file names and that there is none of, if that is the finding.
#[cfg(feature = "runtime")]
pub(crate) fn missing_calendar(finding: &Diagnostic) -> Option<&str> {
    let is_it = finding.code == codes::UNKNOWN_CALENDAR;
    finding.message.split('`').nth(1).filter(|_| is_it)
}

/// What came of a file.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The chart, unless there is an error.
    pub definition: Option<Arc<Definition>>,
    /// All errors and warnings, in the order of the file.
    pub diagnostics: Vec<Diagnostic>,
    /// Warnings that the file's `allow` silences, each with its reason, in the order of the file.
    pub silenced: Vec<Diagnostic>,
}

/// More findings are not told: nobody reads them, and each takes time to show.
pub const MOST_FINDINGS: usize = 1_000;

/// Checks `source`, the text of the file at `path`, against the names of `vocabulary`. Whether its calendar exists, and
/// the workflows that it calls, nobody knows here: see [`compile_all`].
#[must_use]
pub fn compile(path: &str, source: &str, vocabulary: &Vocabulary) -> Checked {
    set::compile_stored(path, source, vocabulary, None)
}

/// Checks what [`Definition::stored`] gave: a file, perhaps with those of the workflows that it calls.
#[must_use]
pub fn compile_stored(path: &str, stored: &str, vocabulary: &Vocabulary, calendars: &Calendars) -> Checked {
    set::compile_stored(path, stored, vocabulary, Some(calendars))
}

/// Of what [`Definition::stored`] gave the file itself, without those of the workflows that it calls.
///
/// [`Definition::stored`]: chart::Definition::stored
#[must_use]
pub fn own_file(stored: &str) -> &str {
    set::own_file(stored)
}

/// Checks `files` (path and source), which may call one another: what came of each, in their order. Without `calendars`
/// nobody knows which there are, and any name will do.
#[must_use]
pub fn compile_all(files: &[(String, String)], vocabulary: &Vocabulary, calendars: Option<&Calendars>) -> Vec<Checked> {
    set::compile_all(files, vocabulary, calendars)
}

/// As [`compile_bytes`], beside the definitions and calendars of `library`.
#[must_use]
pub fn compile_beside(path: &str, bytes: &[u8], vocabulary: &Vocabulary, library: &Library) -> (Checked, String) {
    match std::str::from_utf8(bytes) {
        Ok(source) => (library.check(path, source, vocabulary), source.to_owned()),
        Err(_) => compile_bytes(path, bytes, vocabulary),
    }
}

/// As [`compile`], of bytes; with the text that places are in, in which what is no UTF-8 is replaced.
#[must_use]
pub fn compile_bytes(path: &str, bytes: &[u8], vocabulary: &Vocabulary) -> (Checked, String) {
    match std::str::from_utf8(bytes) {
        Ok(source) => (compile(path, source, vocabulary), source.to_owned()),
        Err(error) => {
            let diagnostics = vec![not_utf8(&error)];
            let checked = Checked { definition: None, diagnostics, silenced: Vec::new() };
            (checked, String::from_utf8_lossy(bytes).into_owned())
        }
    }
}

fn not_utf8(error: &std::str::Utf8Error) -> Diagnostic {
    let at = error.valid_up_to();
    Diagnostic::error(codes::SYNTAX, diagnostic::Span::new(at, at + 3), "this is not UTF-8")
        .help("save the file as UTF-8")
}

/// Leaves out findings beyond [`MOST_FINDINGS`], warnings before errors, and says so.
fn bounded(found: &mut Vec<Diagnostic>) {
    if found.len() <= MOST_FINDINGS {
        return;
    }
    let wrong = found.iter().any(|finding| finding.severity == Severity::Error);
    // A file is refused for what is shown.
    found.sort_by_key(|finding| finding.severity != Severity::Error);
    found.truncate(MOST_FINDINGS);
    check::ordered(found);
    let last = found.last().map_or_else(diagnostic::Span::default, |finding| finding.span);
    let told = if wrong { Diagnostic::error } else { Diagnostic::warning };
    found
        .push(told(codes::TOO_MANY, last, "there are more findings than are told").help("mend these, and check again"));
}

impl Checked {
    /// Whether there is an error.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// All findings as text with places and carets, and a last line that counts them.
    #[must_use]
    pub fn render(&self, path: &str, source: &str) -> String {
        let mut out = String::new();
        for diagnostic in &self.diagnostics {
            let _ = writeln!(out, "{}", diagnostic.render(path, source));
        }
        let count = |severity| self.diagnostics.iter().filter(|d| d.severity == severity).count();
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        let silenced = self.silenced.len();
        if errors + warnings + silenced > 0 {
            let _ = writeln!(out, "{path}: {}", diagnostic::counted(errors, warnings, silenced));
        }
        out
    }
}

#[cfg(test)]
pub(crate) mod tests;

//! A mapping file: how one company's files become the canonical set. The mirror of the YAML, every piece with its place.
//!
//! What can be said without the company's folder is said by `mapping/read.rs`; `bind.rs` holds the rest against the
//! folder. `definitions/imports/README.md` is for authors.

mod read;

use std::path::{Path, PathBuf};

use fluxor_engine::definition::reading::{Scalar, Spot};
use fluxor_engine::diagnostic::{Diagnostic, Span};

use super::tables::Table;

/// A text of the file.
pub(crate) type Text = Spot<Scalar>;

/// A mapping.
#[derive(Debug)]
pub struct Mapping {
    /// Its name: what references, orders and reports call the source.
    pub name: String,
    /// For people.
    pub title: String,
    /// Where it was read, and what stands there: findings are shown in it.
    pub(crate) path: PathBuf,
    pub(crate) source: String,
    /// The files by which a folder is known.
    pub(crate) recognise: Vec<String>,
    pub(crate) delimiter: u8,
    pub(crate) company: Option<Feed>,
    pub(crate) with: Option<With>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) left_out: Vec<LeftOut>,
}

/// A second folder, of the canonical set, for what the company's files lack.
#[derive(Debug)]
pub(crate) struct With {
    /// From the mapping file's folder.
    pub(crate) folder: String,
    pub(crate) tables: Vec<Table>,
}

/// Where rows of a table come from.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) table: Table,
    pub(crate) from: From,
    pub(crate) joins: Vec<Join>,
    pub(crate) only: Option<Text>,
    pub(crate) leave_out: Vec<LeaveOut>,
    /// Place in the table, where its name stands, what becomes its value.
    pub(crate) columns: Vec<(usize, Span, Value)>,
}

/// Where the rows are.
#[derive(Debug)]
pub(crate) enum From {
    /// In a file.
    File(Spot<String>),
    /// One row, written in the mapping.
    Written(Span),
}

/// Another file in which a row is looked up.
#[derive(Debug)]
pub(crate) struct Join {
    pub(crate) name: Spot<String>,
    pub(crate) file: Spot<String>,
    /// An expression over the row.
    pub(crate) on: Text,
    /// The column of the other file that it equals.
    pub(crate) key: Spot<String>,
    /// Whether a row without partner is good, with nothing in the partner's columns.
    pub(crate) optional: bool,
}

/// Rows that are not taken, with the reason that the report gives.
#[derive(Debug)]
pub(crate) struct LeaveOut {
    pub(crate) guard: Text,
    pub(crate) because: String,
}

/// What becomes the value of a column.
#[derive(Debug)]
pub(crate) enum Value {
    /// The name of a column, `join.column`, or an expression: the folder decides.
    Written(Text),
    /// This text.
    Constant(Text),
    /// By the value of an expression.
    Map { of: Text, values: Vec<(String, String)>, otherwise: Option<String> },
    /// A day in another form.
    Date { of: Text, format: Text },
    /// An instant in another form.
    Instant { of: Text, format: Text },
}

/// A file, or some of its columns, that is not taken.
#[derive(Debug)]
pub(crate) struct LeftOut {
    pub(crate) file: Spot<String>,
    pub(crate) columns: Vec<Spot<String>>,
    pub(crate) because: String,
}

impl Mapping {
    /// Reads the mapping at `path`.
    ///
    /// # Errors
    /// Everything that is wrong with it, rendered with places.
    pub fn read(path: &Path) -> Result<Self, String> {
        let source = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(path, source)
    }

    /// As [`Mapping::read`], of a text.
    ///
    /// # Errors
    /// Everything that is wrong with it, rendered with places.
    pub fn parse(path: &Path, source: String) -> Result<Self, String> {
        match read::mapping(&source) {
            Ok(mut mapping) => {
                mapping.path = path.to_owned();
                mapping.source = source;
                Ok(mapping)
            }
            Err(found) => Err(render(&found, path, &source)),
        }
    }

    /// Findings of `bind.rs` in this file's places.
    pub(crate) fn render(&self, found: &[Diagnostic]) -> String {
        render(found, &self.path, &self.source)
    }

    /// Whether every file by which a folder is known is among `files`.
    pub(crate) fn knows(&self, files: &[(String, PathBuf)]) -> bool {
        self.recognise.iter().all(|wanted| files.iter().any(|(name, _)| name == wanted))
    }
}

fn render(found: &[Diagnostic], path: &Path, source: &str) -> String {
    let path = path.display().to_string();
    found.iter().map(|finding| finding.render(&path, source)).collect::<Vec<_>>().join("\n")
}

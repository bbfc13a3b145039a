//! What is told of a reload.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Item, Versions};
use crate::definition::Library;
use crate::diagnostic::{Diagnostic, line_column};
use crate::ids::DefinitionHash;

/// Why something is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A finding in a file, perhaps in another one, which would be wrong.
    Found {
        /// The file that it is in.
        path: String,
        /// Its text.
        source: Arc<str>,
        /// The finding.
        finding: Box<Diagnostic>,
    },
    /// A sentence without a full stop.
    Said(String),
}

impl Fault {
    /// The file that the finding is in.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Found { path, .. } => Some(path),
            Self::Said(_) => None,
        }
    }

    /// With place and carets, if it has a place.
    #[must_use]
    pub fn render(&self) -> String {
        match self {
            Self::Found { path, source, finding } => finding.render(path, source),
            Self::Said(sentence) => format!("{sentence}\n"),
        }
    }

    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Found { path, source, finding } => {
                let (line, column) = line_column(source, finding.span.start);
                format!("{path}:{line}:{column}: {} {}", finding.code, finding.message)
            }
            Self::Said(sentence) => sentence.clone(),
        }
    }
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is what it was.
    Unchanged,
    /// It is in force as it was found; its definition may be another for what it calls, too.
    Loaded {
        /// Its text.
        source: Arc<str>,
        /// What was found that does not refuse it.
        warnings: Vec<Diagnostic>,
    },
    /// What was in force before stays, if anything was.
    Refused(Vec<Fault>),
    /// The file is not there any more, and no new instance begins with what it was.
    Gone,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// Where it is.
    pub path: String,
    /// The workflow that is in force from it now; of a file that is gone, that was.
    pub name: Option<Arc<str>>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A definition that is another now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its name.
    pub name: Arc<str>,
    /// What was in force.
    pub before: Option<DefinitionHash>,
    /// What is.
    pub after: Option<DefinitionHash>,
    /// For people, of the one that is in force; else of the one that was.
    pub version: u32,
    /// Its file.
    pub path: Arc<str>,
}

/// What became of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// By path.
    pub files: Vec<FileReport>,
    /// Whether other calendars are in force, or what is wrong with the files.
    pub calendars: Result<bool, Vec<Fault>>,
    /// By name.
    pub changes: Vec<Change>,
}

impl Report {
    /// Whether anything is in force that was not.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.calendars == Ok(true) || !self.changes.is_empty()
    }

    /// What is refused: the path of a file, or `calendars`, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&str, &[Fault])> {
        let files = self.files.iter().filter_map(|file| match &file.outcome {
            Outcome::Refused(faults) => Some((file.path.as_str(), faults.as_slice())),
            _ => None,
        });
        files.chain(self.calendars.as_ref().err().map(|faults| ("calendars", faults.as_slice())))
    }
}

pub(super) fn report(
    before: &Library,
    after: &Library,
    files: &BTreeMap<String, Versions>,
    taken: &BTreeSet<Item>,
    (mut barred, mut warnings): (BTreeMap<Item, Vec<Fault>>, BTreeMap<String, Vec<Diagnostic>>),
) -> Report {
    let changes = changes(before, after);
    let names: BTreeMap<&str, &Arc<str>> =
        after.names().filter_map(|name| Some((&**after.path(name)?, name))).collect();
    let calendars = barred.remove(&Item::Calendars).map_or(Ok(taken.contains(&Item::Calendars)), Err);
    let files = files.iter().map(|(path, file)| {
        let now = names.get(path.as_str()).copied();
        let was = file.old.as_ref().map(|old| &old.name);
        let item = Item::File(path.clone());
        let outcome = match barred.remove(&item) {
            Some(faults) => Outcome::Refused(faults),
            None if taken.contains(&item) && file.new.is_none() => Outcome::Gone,
            None if taken.contains(&item) || changes.iter().any(|change| Some(&change.name) == now) => {
                let source =
                    now.and_then(|name| after.current(name)).map_or_else(|| "".into(), |now| now.source.clone());
                Outcome::Loaded { source, warnings: warnings.remove(path).unwrap_or_default() }
            }
            None => Outcome::Unchanged,
        };
        let name = if outcome == Outcome::Gone { was } else { now };
        FileReport { path: path.clone(), name: name.cloned(), outcome }
    });
    let files = files.collect();
    Report { files, calendars, changes }
}

fn changes(before: &Library, after: &Library) -> Vec<Change> {
    let names: BTreeSet<&Arc<str>> = before.names().chain(after.names()).collect();
    let change = |name: &Arc<str>| {
        let (was, is) = (before.current(name), after.current(name));
        let path = after.path(name).or_else(|| before.path(name))?;
        let (before, after) = (was.map(|was| was.hash), is.map(|is| is.hash));
        let version = is.or(was)?.version;
        (before != after).then(|| Change { name: name.clone(), before, after, version, path: path.clone() })
    };
    names.into_iter().filter_map(change).collect()
}

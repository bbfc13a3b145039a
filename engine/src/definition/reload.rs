//! Files that have changed while definitions are in force: which of them hold from now on, and why others do not.
//!
//! Always: what is in force afterwards is what a fresh load of those files gives. A file that is refused leaves its old
//! version in force, and what would be wrong beside a change keeps that change out. Nothing that could be added to what
//! is taken would hold. Pure; [`Library::followed_by`] puts the outcome in force.

mod choose;
mod report;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::chart::Definition;
use super::{Library, not_utf8};
use crate::calendar::Calendars;
use crate::diagnostic::Diagnostic;
use crate::domain::Vocabulary;

pub use report::{Change, Fault, FileReport, Outcome, Report};

use choose::Choice;

/// What stands at a place where a definition may.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// A file with these bytes.
    Bytes(Vec<u8>),
    /// A file that cannot be read, and why.
    Lost(String),
}

/// The files of definitions as they were found.
#[derive(Clone, Debug)]
pub struct Folder {
    /// By path.
    pub files: BTreeMap<String, Text>,
    /// The calendars, or what is wrong with their files.
    pub calendars: Result<Calendars, Vec<Fault>>,
}

/// What comes of a folder.
#[derive(Debug)]
pub struct Next {
    /// What holds from now on.
    pub library: Library,
    /// What became of each file.
    pub report: Report,
}

/// What may be taken of a folder or left as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    /// The calendars.
    Calendars,
    /// What has become of the file at this path.
    File(String),
}

/// A file: as it is in force, and as it was found.
#[derive(Debug)]
struct Versions {
    old: Option<Arc<Definition>>,
    /// `None`: it is gone, or of no use.
    new: Option<String>,
    /// Why it is of no use.
    useless: Option<Fault>,
}

impl Versions {
    fn differ(&self) -> bool {
        self.useless.is_none() && self.old.as_ref().map(|old| &*old.source) != self.new.as_deref()
    }
}

/// Decides what of `folder` holds from now on, where `library` is in force. `live` are definitions that instances are
/// pinned to: their calendars stay. Nothing: `stop` was set meanwhile.
#[must_use]
pub fn reload(
    library: &Library,
    folder: &Folder,
    live: &[Arc<Definition>],
    vocabulary: &Vocabulary,
    stop: &AtomicBool,
) -> Option<Next> {
    let files = versions(library, &folder.files);
    let mut barred: BTreeMap<Item, Vec<Fault>> = BTreeMap::new();
    let calendars = match &folder.calendars {
        Ok(new) if new.same_as(library.calendars()) => None,
        Ok(new) => match missing(live, new) {
            lacking if lacking.is_empty() => Some(new),
            lacking => {
                barred.insert(Item::Calendars, lacking);
                None
            }
        },
        Err(faults) => {
            barred.insert(Item::Calendars, faults.clone());
            None
        }
    };
    let choice = Choice { library, files: &files, calendars, vocabulary, stop };
    let taken = choice.taken();
    let mut warnings: BTreeMap<String, Vec<Diagnostic>> = BTreeMap::new();
    let mut next = library.clone();
    if !taken.is_empty() {
        next = choice.library_of(&taken, choice.judge(&taken), |path, found| drop(warnings.insert(path, found)));
        next.refresh(library, vocabulary);
    }
    for item in choice.items().difference(&taken) {
        barred.insert(item.clone(), choice.faults(&next, &taken, item));
    }
    for (path, file) in &files {
        barred.extend(file.useless.iter().map(|fault| (Item::File(path.clone()), vec![fault.clone()])));
    }
    let report = report::report(library, &next, &files, &taken, (barred, warnings));
    (!stop.load(Ordering::Relaxed)).then_some(Next { library: next, report })
}

fn versions(library: &Library, found: &BTreeMap<String, Text>) -> BTreeMap<String, Versions> {
    let mut files: BTreeMap<String, Versions> = BTreeMap::new();
    for name in library.names() {
        let (Some(path), Some(old)) = (library.path(name), library.current(name)) else { continue };
        files.insert(path.to_string(), Versions { old: Some(old.clone()), new: None, useless: None });
    }
    for (path, text) in found {
        let file = files.entry(path.clone()).or_insert(Versions { old: None, new: None, useless: None });
        match text {
            Text::Lost(why) => file.useless = Some(Fault::Said(format!("{path} cannot be read: {why}"))),
            Text::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(source) => file.new = Some(source.to_owned()),
                Err(error) => {
                    let (source, finding) = (String::from_utf8_lossy(bytes).into(), not_utf8(&error));
                    file.useless = Some(Fault::Found { path: path.clone(), source, finding: Box::new(finding) });
                }
            },
        }
    }
    files
}

/// What says that definitions of instances would lack their calendars.
fn missing(live: &[Arc<Definition>], calendars: &Calendars) -> Vec<Fault> {
    let mut named = BTreeSet::new();
    let mut left: Vec<&Arc<Definition>> = live.iter().collect();
    while let Some(next) = left.pop() {
        named.extend(next.calendar.as_ref().map(|used| (used.name.clone(), next.name.clone())));
        left.extend(&next.called);
    }
    let gone = named.into_iter().filter(|(calendar, _)| calendars.get(calendar).is_none());
    gone.map(|(calendar, workflow)| {
        let sentence = format!(
            "there is no calendar `{calendar}` any more, and instances of `{workflow}` that run count their time by it: put it back"
        );
        Fault::Said(sentence)
    })
    .collect()
}

//! The definitions that may run: the current one of each name, and every one that an instance is pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chart::Definition;
use super::set::compile_beside;
use super::{Checked, codes, compile_all, compile_stored};
use crate::calendar::{Calendars, Named};
use crate::clock::Timestamp;
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::domain::Vocabulary;
use crate::ids::DefinitionHash;
use crate::refusal::Refusal;

/// Findings that do not refuse a file: path, source, finding.
pub type Warnings = Vec<(String, String, Diagnostic)>;

/// Files that are refused: path, source, findings.
pub type Refused = Vec<(String, String, Vec<Diagnostic>)>;

/// Definitions by name and by hash. Cheap to clone: charts are shared.
#[derive(Clone, Debug, Default)]
pub struct Library {
    current: BTreeMap<Arc<str>, Arc<Definition>>,
    /// Of the current ones.
    files: BTreeMap<Arc<str>, InFile>,
    pinned: BTreeMap<DefinitionHash, Arc<Definition>>,
    calendars: Calendars,
}

/// Where a current definition comes from.
#[derive(Clone, Debug)]
struct InFile {
    path: Arc<str>,
    /// When it was put in force; `None`: it is what the library began with.
    since: Option<Timestamp>,
}

impl Library {
    /// Checks `files` (path and source), all of them, and keeps all or none.
    ///
    /// # Errors
    /// Every file with an error, with all its findings; also two files of one name.
    pub fn load(files: Vec<(String, String)>, vocabulary: &Vocabulary) -> Result<(Self, Warnings), Refused> {
        Self::load_with(files, vocabulary, Calendars::default())
    }

    /// The same with `calendars`, which the files may name.
    ///
    /// # Errors
    /// As [`Library::load`].
    pub fn load_with(
        files: Vec<(String, String)>,
        vocabulary: &Vocabulary,
        calendars: Calendars,
    ) -> Result<(Self, Warnings), Refused> {
        let mut warnings = Vec::new();
        let mut refused = Vec::new();
        let all = check_files(&files, vocabulary, &calendars);
        let mut library = Self::empty(calendars);
        for ((path, source), checked) in files.into_iter().zip(all) {
            if checked.is_refused() {
                refused.push((path, source, checked.diagnostics));
                continue;
            }
            if let Some(definition) = checked.definition {
                library.put(&path, definition);
            }
            warnings.extend(checked.diagnostics.into_iter().map(|d| (path.clone(), source.clone(), d)));
        }
        if refused.is_empty() { Ok((library, warnings)) } else { Err(refused) }
    }

    pub(super) fn put(&mut self, path: &str, definition: Arc<Definition>) {
        let name = definition.name.clone();
        self.pin(definition.clone());
        self.files.insert(name.clone(), InFile { path: path.into(), since: None });
        self.current.insert(name, definition);
    }

    /// What comes of the file `source` at `path`, beside these definitions and calendars.
    #[must_use]
    pub fn check(&self, path: &str, source: &str, vocabulary: &Vocabulary) -> Checked {
        let files = [(path.to_owned(), source.to_owned())];
        let none = || Checked { definition: None, diagnostics: Vec::new(), silenced: Vec::new() };
        let mut all = compile_beside(&files, vocabulary, Some(&self.calendars), &self.current);
        all.pop().unwrap_or_else(none)
    }

    /// The same in place of the file at `path`, and without those files for which `left` holds. Of two of one name that
    /// holds which is there.
    pub(super) fn check_instead(
        &self,
        (path, source): (&str, &str),
        vocabulary: &Vocabulary,
        left: impl Fn(&str) -> bool,
    ) -> Checked {
        let mut there = Self { calendars: self.calendars.clone(), ..Self::default() };
        for (name, definition) in &self.current {
            let stays = self.path(name).filter(|at| ***at != *path && !left(at));
            let Some(at) = stays else { continue };
            there.files.insert(name.clone(), InFile { path: at.clone(), since: None });
            there.current.insert(name.clone(), definition.clone());
        }
        let mut checked = there.check(path, source, vocabulary);
        if let Some(definition) = &checked.definition
            && let Some(other) = there.path(&definition.name)
        {
            checked.diagnostics.push(twice(&definition.name, source, other));
        }
        checked
    }

    /// The definition that a new instance of `name` begins with.
    #[must_use]
    pub fn current(&self, name: &str) -> Option<&Arc<Definition>> {
        self.current.get(name)
    }

    /// The refusal that there is no definition of `name`, with the nearest.
    #[must_use]
    pub fn unknown(&self, name: &Arc<str>) -> Refusal {
        let near = nearest(name, self.names().map(AsRef::as_ref)).map(Into::into);
        Refusal::UnknownWorkflow(name.clone(), near)
    }

    /// The definition that an instance is pinned to.
    #[must_use]
    pub fn pinned(&self, hash: DefinitionHash) -> Option<&Arc<Definition>> {
        self.pinned.get(&hash)
    }

    /// With `definition` for instances that are pinned to it; what is current stays.
    #[must_use]
    pub fn with(&self, definition: Arc<Definition>) -> Self {
        let mut next = self.clone();
        next.pin(definition);
        next
    }

    /// With `definition` as the current one of its name.
    #[must_use]
    pub fn with_current(&self, definition: Arc<Definition>) -> Self {
        let mut next = self.with(definition.clone());
        next.current.insert(definition.name.clone(), definition);
        next
    }

    fn pin(&mut self, definition: Arc<Definition>) {
        if self.pinned.contains_key(&definition.hash) {
            return;
        }
        for called in &definition.called {
            self.pin(called.clone());
        }
        self.pinned.insert(definition.hash, definition);
    }

    /// Without definitions, with `calendars` for those that come.
    #[must_use]
    pub fn empty(calendars: Calendars) -> Self {
        Self { calendars, ..Self::default() }
    }

    /// The calendars that definitions may name.
    #[must_use]
    pub const fn calendars(&self) -> &Calendars {
        &self.calendars
    }

    /// The file that a current definition stands in.
    #[must_use]
    pub fn path(&self, name: &str) -> Option<&Arc<str>> {
        self.files.get(name).map(|file| &file.path)
    }

    /// When a current definition was put in force; `None`: it is what the library began with.
    #[must_use]
    pub fn since(&self, name: &str) -> Option<Timestamp> {
        self.files.get(name)?.since
    }

    /// What is in force at `at`, once `next` is: with all that is pinned here, and what has not changed as it was.
    #[must_use]
    pub fn followed_by(&self, next: &Self, at: Timestamp) -> Self {
        let mut after = Self { calendars: next.calendars.clone(), pinned: self.pinned.clone(), ..Self::default() };
        // The same definition may have been compiled again, beside other calendars.
        after.pinned.extend(next.pinned.iter().map(|(hash, definition)| (*hash, definition.clone())));
        for (name, definition) in &next.current {
            let stays = self.current.get(name).is_some_and(|known| known.hash == definition.hash);
            let file = next.files.get(name).cloned();
            let since = if stays { self.since(name) } else { Some(at) };
            after.files.extend(file.map(|file| (name.clone(), InFile { since, ..file })));
            after.current.insert(name.clone(), definition.clone());
        }
        after
    }

    /// With what is pinned compiled again where it counts working time by a calendar that is another now.
    pub(super) fn refresh(&mut self, before: &Self, vocabulary: &Vocabulary) {
        let stale = before
            .pinned
            .iter()
            .filter(|(hash, definition)| !self.pinned.contains_key(hash) && !counts_by(definition, &self.calendars));
        let again: Vec<_> = stale
            .filter_map(|(hash, definition)| {
                let checked = compile_stored(&definition.name, &definition.stored(), vocabulary, &self.calendars);
                // Whatever lacks its calendar goes on by the one that it knows.
                checked.definition.filter(|again| again.hash == *hash)
            })
            .collect();
        again.into_iter().for_each(|definition| self.pin(definition));
    }

    /// The names of the current definitions, sorted.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.current.keys()
    }
}

/// Whether a definition with what it calls counts by calendars as they are in `calendars`.
pub(crate) fn counts_by(definition: &Definition, calendars: &Calendars) -> bool {
    let same = definition.calendar.as_ref().is_none_or(|used| {
        let hash = |named: Option<&Arc<Named>>| named.map(|named| named.hash);
        hash(used.named.as_ref()) == hash(calendars.get(&used.name))
    });
    same && definition.called.iter().all(|called| counts_by(called, calendars))
}

/// What comes of `files` (path and source) together. Of two of one name the first holds.
pub(super) fn check_files(files: &[(String, String)], vocabulary: &Vocabulary, calendars: &Calendars) -> Vec<Checked> {
    let mut paths: BTreeMap<Arc<str>, &str> = BTreeMap::new();
    let mut all = compile_all(files, vocabulary, Some(calendars));
    for ((path, source), checked) in files.iter().zip(&mut all) {
        let Some(definition) = &checked.definition else { continue };
        match paths.get(&definition.name) {
            Some(other) => checked.diagnostics.push(twice(&definition.name, source, other)),
            None => drop(paths.insert(definition.name.clone(), path)),
        }
    }
    all
}

fn twice(name: &str, source: &str, other: &str) -> Diagnostic {
    let at = source.find(name).unwrap_or(0);
    Diagnostic::error(codes::SAME_WORKFLOW, Span::new(at, at + name.len()), format!("a second workflow `{name}`"))
        .help(format!("`{other}` has that name already: rename one"))
}

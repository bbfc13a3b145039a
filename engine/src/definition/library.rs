//! The definitions that may run: the current one of each name, and every one that an instance is pinned to.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chart::Definition;
use super::set::compile_beside;
use super::{Checked, codes, compile_all};
use crate::calendar::Calendars;
use crate::diagnostic::{Diagnostic, Severity, Span, nearest};
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
    pinned: BTreeMap<DefinitionHash, Arc<Definition>>,
    calendars: Calendars,
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
        let mut library = Self { calendars, ..Self::default() };
        let mut warnings = Vec::new();
        let mut refused = Vec::new();
        let mut paths: BTreeMap<Arc<str>, String> = BTreeMap::new();
        let all = compile_all(&files, vocabulary, Some(&library.calendars));
        for ((path, source), mut checked) in files.into_iter().zip(all) {
            if let Some(definition) = &checked.definition {
                if let Some(other) = paths.get(&definition.name) {
                    checked.diagnostics.push(twice(&definition.name, &source, other));
                } else {
                    paths.insert(definition.name.clone(), path.clone());
                    library.current.insert(definition.name.clone(), definition.clone());
                    library.pinned.insert(definition.hash, definition.clone());
                }
            }
            if checked.diagnostics.iter().any(|d| d.severity == Severity::Error) {
                refused.push((path, source, checked.diagnostics));
            } else {
                warnings.extend(checked.diagnostics.into_iter().map(|d| (path.clone(), source.clone(), d)));
            }
        }
        if refused.is_empty() { Ok((library, warnings)) } else { Err(refused) }
    }

    /// What comes of the file `source` at `path`, beside these definitions and calendars.
    #[must_use]
    pub fn check(&self, path: &str, source: &str, vocabulary: &Vocabulary) -> Checked {
        let files = [(path.to_owned(), source.to_owned())];
        let none = || Checked { definition: None, diagnostics: Vec::new(), silenced: Vec::new() };
        let mut all = compile_beside(&files, vocabulary, Some(&self.calendars), &self.current);
        all.pop().unwrap_or_else(none)
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

    /// The names of the current definitions, sorted.
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.current.keys()
    }
}

fn twice(name: &str, source: &str, other: &str) -> Diagnostic {
    let at = source.find(name).unwrap_or(0);
    Diagnostic::error(codes::SAME_WORKFLOW, Span::new(at, at + name.len()), format!("a second workflow `{name}`"))
        .help(format!("`{other}` has that name already: rename one"))
}

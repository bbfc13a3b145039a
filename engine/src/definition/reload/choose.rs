//! Which changes hold together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Fault, Item, Versions};
use crate::calendar::Calendars;
use crate::definition::library::check_files;
use crate::definition::{Checked, Definition, Library};
use crate::diagnostic::{Diagnostic, Severity};
use crate::domain::Vocabulary;

/// What there is to choose from.
pub(super) struct Choice<'a> {
    pub(super) library: &'a Library,
    pub(super) files: &'a BTreeMap<String, Versions>,
    /// The new ones, where they are others and may come.
    pub(super) calendars: Option<&'a Calendars>,
    pub(super) vocabulary: &'a Vocabulary,
    /// Once it is set, nothing more is looked at: nobody waits for what comes of it.
    pub(super) stop: &'a AtomicBool,
}

/// Files with what comes of them.
type Judged = Vec<(String, String, Checked)>;

impl Choice<'_> {
    /// All that has changed.
    pub(super) fn items(&self) -> BTreeSet<Item> {
        let files = self.files.iter().filter(|(_, file)| file.differ());
        let files = files.map(|(path, _)| Item::File(path.clone()));
        self.calendars.map(|_| Item::Calendars).into_iter().chain(files).collect()
    }

    /// The calendars beside which all is judged.
    pub(super) fn calendars_of(&self, taken: &BTreeSet<Item>) -> &Calendars {
        self.calendars.filter(|_| taken.contains(&Item::Calendars)).unwrap_or(self.library.calendars())
    }

    /// What comes of the files, these changes taken.
    pub(super) fn judge(&self, taken: &BTreeSet<Item>) -> Judged {
        if self.stops() {
            return Vec::new();
        }
        let mut files: Vec<(u8, &String, &str)> = Vec::new();
        for (path, file) in self.files {
            let takes = taken.contains(&Item::File(path.clone()));
            let old = file.old.as_ref().map(|old| &*old.source);
            // Of two of one name that holds which was there.
            let rank = if !takes { 0 } else { 1 + u8::from(old.is_none()) };
            files.extend((if takes { file.new.as_deref() } else { old }).map(|source| (rank, path, source)));
        }
        files.sort();
        let sources: Vec<_> = files.into_iter().map(|(_, path, source)| (path.clone(), source.to_owned())).collect();
        let all = check_files(&sources, self.vocabulary, self.calendars_of(taken));
        sources.into_iter().zip(all).map(|((path, source), checked)| (path, source, checked)).collect()
    }

    fn stops(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// The library of what was judged; `tell` hears of each file what was found that does not refuse it.
    pub(super) fn library_of(
        &self,
        taken: &BTreeSet<Item>,
        judged: Judged,
        mut tell: impl FnMut(String, Vec<Diagnostic>),
    ) -> Library {
        let mut library = Library::empty(self.calendars_of(taken).clone());
        for (path, _, checked) in judged {
            let Checked { definition: Some(definition), diagnostics, .. } = checked else { continue };
            library.put(&path, definition);
            tell(path, diagnostics);
        }
        library
    }

    /// What is wrong with a file by itself beside `base`, as if those files had gone for which `left` holds: looked at without
    /// looking at all others again.
    fn own_faults(&self, base: &Library, item: &Item, left: impl Fn(&str) -> bool) -> Vec<Fault> {
        let Item::File(path) = item else { return Vec::new() };
        match self.files.get(path).and_then(|file| file.new.as_deref()) {
            Some(source) if !self.stops() => {
                let checked = base.check_instead((path, source), self.vocabulary, left);
                errors(vec![(path.clone(), source.to_owned(), checked)])
            }
            _ => Vec::new(),
        }
    }

    /// Changes that hold together, to which none can be added: first what is wrong is left, and what makes something else
    /// wrong; then what can come back comes back.
    pub(super) fn taken(&self) -> BTreeSet<Item> {
        let all = self.items();
        if all.is_empty() {
            return all;
        }
        let mut taken = all.clone();
        let mut base = loop {
            let judged = self.judge(&taken);
            let wrong = wrong(&judged);
            if wrong.is_empty() {
                break self.library_of(&taken, judged, |_, _| ());
            }
            let own: Vec<Item> = wrong.iter().map(|path| Item::File(path.clone())).collect();
            let before = taken.len();
            taken.retain(|item| !own.contains(item));
            if taken.len() == before {
                let leans: BTreeSet<Item> = wrong.iter().flat_map(|path| self.leans_on(path)).collect();
                taken.retain(|item| !leans.contains(item));
            }
            if taken.len() == before {
                // What was there before holds: this does not come about, and would not go on for ever if it did.
                taken.clear();
            }
        };
        loop {
            let before = taken.len();
            for item in all.difference(&taken.clone()) {
                // Most are wrong by themselves, and there may be many of them.
                if !self.own_faults(&base, item, |_| false).is_empty() {
                    continue;
                }
                let more = with(&taken, [item]);
                let judged = self.judge(&more);
                if wrong(&judged).is_empty() {
                    (base, taken) = (self.library_of(&more, judged, |_, _| ()), more);
                }
            }
            if taken.len() == before || self.stops() {
                return taken;
            }
        }
    }

    /// What the file in force at `path` may be wrong for.
    fn leans_on(&self, path: &str) -> BTreeSet<Item> {
        let mut found = BTreeSet::from([Item::Calendars]);
        let mut left: Vec<&Arc<Definition>> =
            self.files.get(path).and_then(|file| file.old.as_ref()).into_iter().collect();
        while let Some(next) = left.pop() {
            found.extend(self.library.path(&next.name).map(|path| Item::File(path.to_string())));
            left.extend(&next.called);
        }
        found
    }

    /// Why `item` cannot be taken beside what is, which `next` is the library of.
    pub(super) fn faults(&self, next: &Library, taken: &BTreeSet<Item>, item: &Item) -> Vec<Fault> {
        let file = match item {
            Item::Calendars => None,
            Item::File(path) => self.files.get(path).map(|file| (path, file)),
        };
        // A file that has moved is judged as if it had left its old place.
        let has_moved = file.is_some_and(|(_, file)| file.old.is_none());
        let is_gone = |file: &Versions| has_moved && file.differ() && file.new.is_none();
        let own = self.own_faults(next, item, |path| self.files.get(path).is_some_and(is_gone));
        if !own.is_empty() {
            return own;
        }
        let mut faults = errors(self.judge(&with(taken, [item])));
        if has_moved {
            let gone = |(path, file): (&String, &Versions)| is_gone(file).then(|| Item::File(path.clone()));
            let gone: Vec<Item> = self.files.iter().filter_map(gone).collect();
            let moved = errors(self.judge(&with(taken, gone.iter().chain([item]))));
            faults = if moved.is_empty() { faults } else { moved };
        }
        let own = |fault: &Fault| fault.path().is_some_and(|at| file.is_some_and(|(path, _)| path == at));
        if faults.iter().any(own) {
            faults.retain(own);
            return faults;
        }
        let mut others: Vec<&str> = faults.iter().filter_map(Fault::path).collect();
        others.sort_unstable();
        others.dedup();
        let others = others.join(", ");
        let why = match file {
            None => {
                format!("with these calendars {others} would be wrong: mend both, and what is in force changes at once")
            }
            Some((path, Versions { new: None, .. })) => {
                format!("{path} is gone, and without it {others} would be wrong: put it back, or mend what needs it")
            }
            Some((path, _)) => format!("beside {path} as it is now {others} would be wrong: mend one of them"),
        };
        faults.insert(0, Fault::Said(why));
        faults
    }
}

fn with<'i>(taken: &'i BTreeSet<Item>, more: impl IntoIterator<Item = &'i Item>) -> BTreeSet<Item> {
    taken.iter().chain(more).cloned().collect()
}

fn wrong(judged: &[(String, String, Checked)]) -> Vec<String> {
    judged.iter().filter(|(_, _, checked)| checked.is_refused()).map(|(path, ..)| path.clone()).collect()
}

fn errors(judged: Judged) -> Vec<Fault> {
    let mut all = Vec::new();
    for (path, source, checked) in judged {
        let source: Arc<str> = source.into();
        let errors = checked.diagnostics.into_iter().filter(|finding| finding.severity == Severity::Error);
        all.extend(errors.map(|finding| Fault::Found {
            path: path.clone(),
            source: source.clone(),
            finding: Box::new(finding),
        }));
    }
    all
}

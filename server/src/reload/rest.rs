//! Files that do not come to rest: they hold up no other, and are named.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fluxor_engine::definition::Library;
use fluxor_engine::definition::reload::{Fault, Folder, Text};

use super::Wrong;
use super::disk::Look;

/// In so many looks one after the other a file has changed when it is named.
const PATIENCE: u32 = 10;

/// Files that are left as they are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    /// Somebody is writing them, and that is all.
    quiet: BTreeSet<PathBuf>,
    /// They are written all the time.
    named: BTreeSet<PathBuf>,
}

/// In how many looks one after the other each file has changed.
#[derive(Debug, Default)]
pub(super) struct Restless(BTreeMap<PathBuf, u32>);

impl Restless {
    /// Takes the next look in: which files are left; and whether one is named that was not before.
    pub(super) fn next(&mut self, moving: &BTreeSet<PathBuf>) -> (Left, bool) {
        let before = std::mem::take(&mut self.0);
        let count = |path: &PathBuf| before.get(path).map_or(1, |looks| looks.saturating_add(1));
        self.0 = moving.iter().map(|path| (path.clone(), count(path))).collect();
        let is_named = |path: &PathBuf| self.0.get(path).is_some_and(|looks| *looks >= PATIENCE);
        let (named, quiet) = moving.iter().cloned().partition(is_named);
        (Left { quiet, named }, self.0.values().any(|looks| *looks == PATIENCE))
    }
}

/// What a file belongs to: itself, or a set that is taken as one.
fn whole(folder: &Path, path: &Path) -> String {
    let part = path.strip_prefix(folder).ok().and_then(|path| path.components().next());
    let part = part.map(|part| part.as_os_str().to_string_lossy().into_owned());
    match part.as_deref() {
        Some(set @ ("calendars" | "templates")) => set.to_owned(),
        _ => path.display().to_string(),
    }
}

const WHY: &str = "it is written again and again: once it is left alone it is looked at";

impl Left {
    /// These, which are written all the time.
    pub(super) fn named(named: BTreeSet<PathBuf>) -> Self {
        Self { named, ..Self::default() }
    }

    /// Whether all of these are left.
    pub(super) fn covers(&self, changed: &BTreeSet<PathBuf>) -> bool {
        changed.iter().all(|path| self.quiet.contains(path) || self.named.contains(path))
    }

    /// How files look that are loaded, where these stay as they were loaded before.
    pub(super) fn loaded(&self, look: &Look, before: Option<&Look>) -> Look {
        look.with(before, |path| self.quiet.contains(path) || self.named.contains(path))
    }

    /// Puts what is in force in the place of what is left, or why it is not looked at.
    pub(super) fn put(&self, folder: &Path, read: &mut Folder, library: &Library) {
        let in_force = |file: &str| {
            let at = |name: &&std::sync::Arc<str>| library.path(name).is_some_and(|path| **path == *file);
            library.names().find(at).and_then(|name| library.current(name)).map(|now| now.source.to_string())
        };
        for path in &self.quiet {
            match whole(folder, path).as_str() {
                "calendars" => read.calendars = Ok(library.calendars().clone()),
                "templates" => {}
                file => match in_force(file) {
                    Some(source) => drop(read.files.insert(file.to_owned(), Text::Bytes(source.into_bytes()))),
                    None => drop(read.files.remove(file)),
                },
            }
        }
        for path in &self.named {
            match whole(folder, path).as_str() {
                "calendars" => read.calendars = Err(vec![said(path)]),
                "templates" => {}
                file => drop(read.files.insert(file.to_owned(), Text::Lost(WHY.to_owned()))),
            }
        }
    }

    /// Whether templates are left, and what is wrong with them.
    pub(super) fn templates(&self, folder: &Path) -> Option<Result<(), Vec<Fault>>> {
        let of = |paths: &BTreeSet<PathBuf>| paths.iter().find(|path| whole(folder, path) == "templates").cloned();
        match of(&self.named) {
            Some(path) => Some(Err(vec![said(&path)])),
            None => of(&self.quiet).map(|_| Ok(())),
        }
    }

    /// What was wrong before with what is left, and still is.
    pub(super) fn still<'w>(&self, folder: &Path, before: &'w [Wrong]) -> impl Iterator<Item = &'w Wrong> {
        let quiet: BTreeSet<String> = self.quiet.iter().map(|path| whole(folder, path)).collect();
        before.iter().filter(move |wrong| quiet.contains(&wrong.what))
    }
}

fn said(path: &Path) -> Fault {
    Fault::Said(format!("{} cannot be read: {WHY}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_writes_a_file_is_given_time_before_it_is_named() {
        let (mut restless, moving) = (Restless::default(), BTreeSet::from([PathBuf::from("a.yaml")]));
        for look in 1..PATIENCE {
            let (left, newly) = restless.next(&moving);
            assert_eq!((left.quiet.len(), left.named.len(), newly), (1, 0, false), "look {look}");
        }
        assert_eq!(restless.next(&moving), (Left::named(moving.clone()), true));
        assert_eq!(restless.next(&moving), (Left::named(moving.clone()), false), "it is named once");
        restless.next(&BTreeSet::new());
        assert!(!restless.next(&moving).0.quiet.is_empty(), "it was at rest in between");
    }

    #[test]
    fn sets_are_left_as_a_whole() {
        let folder = Path::new("d");
        assert_eq!(whole(folder, Path::new("d/calendars/holidays/DE.yaml")), "calendars");
        assert_eq!(whole(folder, Path::new("d/templates/task.hbs")), "templates");
        assert_eq!(whole(folder, Path::new("d/a.yaml")), "d/a.yaml");
    }
}

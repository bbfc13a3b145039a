//! The folder of definitions: how it looks, and what its files say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fluxor_engine::definition::reload::{Fault, Folder, Text};
use fluxor_engine::diagnostic::Severity;

use super::Reloads;
use super::rest::Left;
use crate::{calendars, open};

/// How files look from outside: enough to see that one has changed, been replaced, or that a link leads elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look(Vec<(PathBuf, Option<Stamp>)>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Stamp {
    length: u64,
    modified: Option<SystemTime>,
    /// The file's number and when that was changed, where there are such.
    node: (u64, i64, i64),
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self { length: metadata.len(), modified: metadata.modified().ok(), node: node(metadata) }
    }
}

#[cfg(unix)]
fn node(metadata: &Metadata) -> (u64, i64, i64) {
    use std::os::unix::fs::MetadataExt as _;
    (metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
}

#[cfg(not(unix))]
const fn node(_: &Metadata) -> (u64, i64, i64) {
    (0, 0, 0)
}

/// Where files of definitions stand, below the folder.
const PARTS: [&str; 5] = ["", "calendars", "calendars/holidays", "templates", "templates/partials"];

fn look(folder: &Path) -> Look {
    let mut found = Vec::new();
    for part in PARTS {
        let part = if part.is_empty() { folder.to_owned() } else { folder.join(part) };
        let Ok(entries) = std::fs::read_dir(&part) else {
            found.push((part, None));
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if is_file_of_ours(&path) {
                // What a link leads to.
                let stamp = std::fs::metadata(&path).ok().map(|metadata| Stamp::of(&metadata));
                found.push((path, stamp));
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Look(found)
}

impl Look {
    /// The files that look otherwise than before; nothing: a folder has come or gone, and nobody knows which they are.
    pub(super) fn changed_since(&self, before: &Self) -> Option<BTreeSet<PathBuf>> {
        let (now, then): (BTreeSet<_>, BTreeSet<_>) = (self.0.iter().collect(), before.0.iter().collect());
        let changed: BTreeSet<PathBuf> = now.symmetric_difference(&then).map(|(path, _)| path.clone()).collect();
        changed.iter().all(|path| is_file_of_ours(path)).then_some(changed)
    }

    /// The same, but those files as in `before` for which `left` holds.
    pub(super) fn with(&self, before: Option<&Self>, left: impl Fn(&Path) -> bool) -> Self {
        let own = self.0.iter().filter(|(path, _)| !left(path));
        let old = before.into_iter().flat_map(|before| &before.0).filter(|(path, _)| left(path));
        let mut all: Vec<_> = own.chain(old).cloned().collect();
        all.sort_by(|a, b| a.0.cmp(&b.0));
        Self(all)
    }
}

fn is_file_of_ours(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "hbs")
}

/// What the files say.
///
/// # Errors
/// A sentence: the folder itself cannot be read.
fn read(folder: &Path) -> Result<Folder, String> {
    let paths = open::files(folder).map_err(|error| {
        format!(
            "the folder of definitions cannot be read ({error}): put it back; until then all that is in force stays"
        )
    })?;
    let text = |path: PathBuf| {
        let text = open::bytes(&path).map_or_else(|error| Text::Lost(error.to_string()), Text::Bytes);
        (path.display().to_string(), text)
    };
    let files: BTreeMap<String, Text> = paths.into_iter().map(text).collect();
    let calendars = match calendars::load(Some(folder)) {
        Ok(Ok((calendars, _))) => Ok(calendars),
        Ok(Err(refused)) => Err(refused
            .into_iter()
            .flat_map(|(path, source, findings)| {
                let errors = findings.into_iter().filter(|finding| finding.severity == Severity::Error);
                errors.map(move |finding| Fault::Found {
                    path: path.clone(),
                    source: source.as_str().into(),
                    finding: Box::new(finding),
                })
            })
            .collect()),
        Err(error) => Err(vec![Fault::Said(format!("{error:#}"))]),
    };
    Ok(Folder { files, calendars })
}

impl Reloads {
    /// How the files look.
    pub(super) async fn look(&self) -> Look {
        let Some(folder) = self.folder.clone() else { return Look::default() };
        tokio::task::spawn_blocking(move || look(&folder)).await.unwrap_or_default()
    }

    /// What the files say that look so, but for what is left; nothing: they have changed while they were read.
    pub(super) async fn read(&self, looked: &Look, left: &Left) -> Option<Result<Folder, String>> {
        let Some(folder) = self.folder.clone() else {
            return Some(Err("this server has no folder of definitions: start it with --definitions DIR".to_owned()));
        };
        let place = folder.clone();
        let done = tokio::task::spawn_blocking(move || (read(&place), look(&place))).await;
        let (read, after) = done.ok()?;
        after.changed_since(looked).filter(|changed| left.covers(changed))?;
        let library = self.desk.library();
        let read = read.map(|mut read| {
            left.put(&folder, &mut read, &library);
            read
        });
        // A folder that was not mounted looks empty, too.
        Some(read.and_then(|read| match read.files.is_empty() && library.names().count() > 0 {
            true => Err("the folder of definitions has none any more: put them back, or restart the server if that is meant; \
                until then all that is in force stays"
                .to_owned()),
            false => Ok(read),
        }))
    }
}

#[cfg(test)]
mod tests {
    use fluxor_engine::definition::reading::MAX_BYTES;

    use super::*;

    #[test]
    fn whatever_happens_to_a_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let (file, other) = (folder.path().join("a.yaml"), folder.path().join("b.tmp"));
        std::fs::write(&file, "one").unwrap();
        let mut looks = vec![look(folder.path())];
        let mut changed = |what: &str| {
            let now = look(folder.path());
            assert!(!looks.contains(&now), "{what}");
            looks.push(now);
        };
        std::fs::write(&file, "two").unwrap();
        changed("written anew");
        std::fs::write(&other, "two").unwrap();
        std::fs::rename(&other, &file).unwrap();
        changed("replaced by one of the same length");
        std::fs::create_dir(folder.path().join("calendars")).unwrap();
        changed("a folder");
        std::fs::remove_file(&file).unwrap();
        let before = look(folder.path());
        std::fs::write(folder.path().join("calendars/c.yaml"), "three").unwrap();
        let moving = look(folder.path()).changed_since(&before).unwrap();
        assert_eq!(moving, BTreeSet::from([folder.path().join("calendars/c.yaml")]));
        assert_eq!(look(folder.path()).with(Some(&before), |path| moving.contains(path)), before);
        changed("gone");
        std::fs::remove_dir_all(folder.path()).unwrap();
        changed("the folder is gone");
        assert_eq!(look(folder.path()).changed_since(&before), None, "a folder is no file");
        assert!(read(folder.path()).unwrap_err().contains("put it back"));
    }

    #[test]
    fn of_a_file_that_is_too_long_no_more_is_read_than_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        // A letter of two bytes stands where it is cut off.
        for before in ["", "x"] {
            std::fs::write(&file, format!("{before}{}", "\u{e4}".repeat(MAX_BYTES))).unwrap();
            let Text::Bytes(bytes) = read(folder.path()).unwrap().files.into_values().next().unwrap() else { panic!() };
            assert!((MAX_BYTES + 1..MAX_BYTES + 5).contains(&bytes.len()), "{}", bytes.len());
            let (checked, _) = open::check("a.yaml", &bytes);
            assert_eq!(checked.diagnostics[0].code, "FLX0011");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_elsewhere_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for (version, text) in [("v1", "one"), ("v2", "two")] {
            std::fs::create_dir(at(version)).unwrap();
            std::fs::write(at(version).join("a.yaml"), text).unwrap();
        }
        std::os::unix::fs::symlink("v1", at("..data")).unwrap();
        std::os::unix::fs::symlink("..data/a.yaml", at("a.yaml")).unwrap();
        let before = look(folder.path());
        std::os::unix::fs::symlink("v2", at("..new")).unwrap();
        std::fs::rename(at("..new"), at("..data")).unwrap();
        assert_ne!(look(folder.path()), before);
        let files = read(folder.path()).unwrap().files;
        assert_eq!(files.into_values().collect::<Vec<_>>(), [Text::Bytes(b"two".to_vec())]);
    }
}

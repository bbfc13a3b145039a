//! Wrong files, each a mistake that a person really makes, with exactly what is said about it.
//!
//! The first line of a file names the codes that it is about; a file `holidays_*` is one of rules. `UPDATE=1` writes the
//! expected texts anew: read the diff.

use std::collections::BTreeSet;

use super::*;
use crate::wrong_files::{self, Wrong};

fn files() -> Vec<Wrong> {
    let mut files = wrong_files::of("calendar/tests/wrong");
    for (name, _, _) in files.iter_mut().filter(|(name, _, _)| name.starts_with("holidays_")) {
        *name = format!("holidays/{name}");
    }
    files
}

#[test]
fn every_mistake_is_explained_as_it_was() {
    wrong_files::compare(files(), |name, source| shown(name, source).0);
}

#[test]
fn every_mistake_has_the_codes_that_its_file_is_about_and_no_other() {
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for (name, source, _) in files() {
        let expected = wrong_files::codes(&source);
        let (text, found, _) = shown(&name, &source);
        let codes: BTreeSet<&str> = found.iter().map(|one| one.code).collect();
        if codes != expected {
            wrong.push(format!("{name}: {codes:?} instead of {expected:?}\n{text}"));
        }
        for one in &found {
            let warns = crate::definition::pages::warns(one.code);
            assert!(warns || one.severity == Severity::Error, "the page of {} says that it is an error", one.code);
            assert!(!one.message.ends_with('.') && !one.help.is_empty(), "{name}: {}", one.message);
        }
        met.extend(codes);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let missing: Vec<_> = CODES.iter().filter(|(code, _)| !met.contains(code)).collect();
    // Two files of one name are tested with the library.
    assert_eq!(missing.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["FLX0610", "FLX0611"]);
    assert_eq!(CODES.len(), CODES.iter().map(|(code, _)| code).collect::<BTreeSet<_>>().len(), "codes are unique");
}

#[test]
fn all_findings_come_in_one_pass() {
    let (_, source, _) = files().into_iter().find(|(name, _, _)| name == "many.yaml").unwrap();
    let (text, found, _) = shown("many.yaml", &source);
    assert!(found.len() >= 12, "{text}");
}

//! Wrong files, each a mistake that a person really makes, with exactly what is said about it.
//!
//! The first line of a file names the codes that it is about; a file `holidays_*` is one of rules. `UPDATE=1` writes the
//! expected texts anew: read the diff.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

fn files() -> Vec<(String, String, PathBuf)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/calendar/tests/wrong");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let name = if name.starts_with("holidays_") { format!("holidays/{name}") } else { name };
            (name, std::fs::read_to_string(&path).unwrap(), path)
        })
        .collect();
    files.sort();
    files
}

#[test]
fn every_mistake_is_explained_as_it_was() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, source, path) in files() {
        let (text, _, _) = shown(&name, &source);
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &text).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(format!("--- {name}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 and read the diff\n{}", wrong.join("\n"));
}

#[test]
fn every_mistake_has_the_codes_that_its_file_is_about_and_no_other() {
    let mut wrong = Vec::new();
    let mut met = BTreeSet::new();
    for (name, source, _) in files() {
        let head = source.lines().next().unwrap().trim_start_matches("# ");
        let expected: BTreeSet<&str> = head.split(':').next().unwrap().split(", ").collect();
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

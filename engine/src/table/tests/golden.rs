//! Mistakes that people make in tables, with exactly what is said about each.
//!
//! A table's first line names its codes. `UPDATE=1` writes the expected texts anew: read the diff.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::*;

fn files() -> Vec<(String, String, PathBuf)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/table/tests/wrong");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
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
        let shown = rendered(&source, &compiled(&source).1);
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &shown).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != shown {
            wrong.push(format!("--- {name}\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 and read the diff\n{}", wrong.join("\n"));
}

#[test]
fn every_mistake_has_the_codes_that_its_file_is_about_and_no_other() {
    let mut wrong = Vec::new();
    for (name, source, _) in files() {
        let head = source.lines().next().unwrap().trim_start_matches("# ").to_owned();
        let expected: BTreeSet<&str> = head.split(':').next().unwrap().split(", ").collect();
        let (table, found) = compiled(&source);
        let codes: BTreeSet<&str> = found.iter().map(|finding| finding.code).collect();
        if codes != expected {
            wrong.push(format!("{name}: {codes:?} instead of {expected:?}\n{}", rendered(&source, &found)));
        }
        let refused = found.iter().any(|finding| finding.severity == Severity::Error);
        assert_eq!(table.is_none(), refused, "{name}");
        for finding in found {
            let warns = crate::definition::pages::warns(finding.code);
            assert!(
                warns || finding.severity == Severity::Error,
                "the page of {} says that it is an error",
                finding.code
            );
            assert!(!finding.message.ends_with('.'), "{name}: {}", finding.message);
            assert!(!finding.help.is_empty(), "{name}: {}", finding.message);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn at_least_thirty_mistakes_and_every_code_are_met() {
    let files = files();
    assert!(files.len() >= 30, "{}", files.len());
    let met: BTreeSet<&str> =
        files.iter().flat_map(|(_, source, _)| compiled(source).1).map(|finding| finding.code).collect();
    // A table of 20,000 rows, and one that takes two million steps, are tested elsewhere.
    let elsewhere = ["FLX0654", "FLX0668"];
    let missing: Vec<_> = CODES.iter().filter(|(code, _)| !met.contains(code) && !elsewhere.contains(code)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

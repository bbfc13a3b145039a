//! The decision tables of the DMN TCK, run through our tables.
//!
//! `model.rs` reads a model and evaluates its decisions, `tables.rs` writes each decision table in our form and
//! evaluates that, `feel.rs` and `eval.rs` are a small FEEL for what stands around the tables. Which cases pass is kept
//! in the crate's README: `UPDATE=1` writes it anew. Cases are never treated by their names.

mod builtins;
mod cases;
mod eval;
mod feel;
mod model;
mod tables;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- dmn-tck: written by a test -->";
const END: &str = "<!-- /dmn-tck -->";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/dmn-tck/TestCases")
}

/// All files below `folder` that end in `ext`, sorted.
fn files(folder: &Path, ext: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ext) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A line for each model, and one for each case that does not pass.
fn report() -> String {
    let (mut lines, mut failed, mut passed, mut total) = (String::new(), String::new(), 0, 0);
    for path in files(&root(), "xml") {
        let outcomes = cases::run(&path);
        let good = outcomes.iter().filter(|(_, outcome)| outcome.is_ok()).count();
        let name = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let _ = writeln!(lines, "| {name} | {good} of {} |", outcomes.len());
        for (id, outcome) in &outcomes {
            if let Err(why) = outcome {
                let _ = writeln!(failed, "- {name} {id}: {why}");
            }
        }
        (passed, total) = (passed + good, total + outcomes.len());
    }
    let failed = if failed.is_empty() { "None fails.\n".to_owned() } else { failed };
    format!("{BEGIN}\n{passed} of {total} cases pass.\n\n| model | cases |\n|---|---|\n{lines}\n{failed}{END}")
}

#[test]
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
fn the_tck_passes_as_the_readme_says() {
    if !root().exists() {
        eprintln!("skipped: the DMN TCK is not at {}", root().display());
        return;
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let found = report();
    let (before, rest) = readme.split_once(BEGIN).unwrap_or((readme.as_str(), END));
    let (kept, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, format!("{before}{found}{after}")).unwrap();
        return;
    }
    assert_eq!(format!("{BEGIN}{kept}{END}"), found, "run with UPDATE=1 and read the diff");
}

//! Wrong files of any kind, each a mistake that a person really makes, with exactly what is said about it: for tests.
//!
//! The first line of a file names the codes that it is about. `UPDATE=1` writes the expected texts anew: read the diff.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// A file: its name, its text, its path.
pub(crate) type Wrong = (String, String, PathBuf);

/// The wrong files of a folder below `src`, by name.
pub(crate) fn of(folder: &str) -> Vec<Wrong> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src").join(folder);
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

/// Compares what is said about each with the text beside it.
pub(crate) fn compare(files: Vec<Wrong>, said: impl Fn(&str, &str) -> String) {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for (name, source, path) in files {
        let said = said(&name, &source);
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &said).unwrap();
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != said {
            wrong.push(format!("--- {name}\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "run with UPDATE=1 and read the diff\n{}", wrong.join("\n"));
}

/// The codes that a file is about.
pub(crate) fn codes(source: &str) -> BTreeSet<&str> {
    let head = source.lines().next().unwrap().trim_start_matches("# ");
    head.split(':').next().unwrap().split(", ").collect()
}

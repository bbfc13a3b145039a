//! Handlers only translate: no SQL, and no status code outside the one file that maps to them.

use super::report;
use super::source::{Rust, files};

/// The file that maps refusals and errors to status codes.
const STATUS_FILE: &str = "server/src/http/status.rs";

/// Files that name a status code all the same, and why.
const STATUS_ELSEWHERE: &[(&str, &str)] = &[];

/// Pairs of words that together make a statement.
const STATEMENTS: &[(&str, &str)] = &[
    ("SELECT", "FROM"),
    ("INSERT", "INTO"),
    ("UPDATE", "SET"),
    ("DELETE", "FROM"),
    ("CREATE", "TABLE"),
    ("WITH", "AS"),
];

#[test]
fn handlers_only_translate() {
    let mut findings = Vec::new();
    let mut used = Vec::new();
    let files = files();
    let sources = files.iter().filter(|file| file.path.starts_with("server/src/http") && file.is("rs"));
    for rust in sources.filter(|file| !file.is_test()).map(Rust::new) {
        let path = rust.file.path.as_str();
        let tests = rust.test_lines();
        for (number, line) in rust.lines().filter(|(number, _)| !tests.iter().any(|lines| lines.contains(number))) {
            if line.contains("StatusCode::") && path != STATUS_FILE {
                match STATUS_ELSEWHERE.iter().find(|(file, _)| *file == path) {
                    Some(exempt) => used.push(exempt),
                    None => findings.push(format!("{path}:{number}: names a status code: map it in {STATUS_FILE}")),
                }
            }
            if line.contains("sqlx") {
                findings.push(format!("{path}:{number}: reaches for the database: ask the engine or workflows"));
            }
        }
        for (number, text) in &rust.strings {
            let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric()).collect();
            if STATEMENTS.iter().any(|(verb, next)| words.contains(verb) && words.contains(next)) {
                findings.push(format!("{path}:{number}: a statement: it belongs to the store or to workflows"));
            }
        }
    }
    let unused = STATUS_ELSEWHERE.iter().filter(|exempt| !used.contains(exempt));
    findings.extend(unused.map(|(path, _)| format!("{path}: take it out of STATUS_ELSEWHERE in {}", file!())));
    report(findings);
}

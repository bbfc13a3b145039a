//! Words that a crate must not know, marks of unfinished work, and addresses that hold on one machine only.

use super::report;
use super::source::{File, Rust, files};

/// Crate, words it never says (in code, comments and its README; tests may), and what to do about it.
const FORBIDDEN: &[(&str, &[&str], &str)] = &[
    (
        "engine",
        &["purchase", "supplier", "procurement", "axum"],
        "the engine knows neither the domain nor HTTP: say it in general words, or move it to workflows or server",
    ),
    ("workflows", &["axum", "hyper"], "the domain knows no HTTP: move it to server"),
];

/// File, word, how often it may say it, why.
const ALLOWED: &[(&str, &str, usize, &str)] = &[];

/// Files that name a folder of one machine, and why.
const FOLDERS_ALLOWED: &[(&str, &str)] = &[];

#[test]
fn crates_keep_to_their_words() {
    let mut findings = Vec::new();
    let mut allowed: Vec<usize> = ALLOWED.iter().map(|(_, _, times, _)| *times).collect();
    for file in &files() {
        let rule = FORBIDDEN.iter().find(|(folder, ..)| file.path.split('/').next() == Some(folder));
        let Some((folder, words, help)) = rule.filter(|_| !file.is_test() && is_prose_or_code(file)) else { continue };
        for (number, line) in outside_tests(file) {
            for word in words.iter().filter(|word| line.to_lowercase().contains(**word)) {
                let exempt = ALLOWED.iter().position(|(path, own, ..)| *path == file.path && own == word);
                match exempt.and_then(|at| allowed[at].checked_sub(1).map(|left| (at, left))) {
                    Some((at, left)) => allowed[at] = left,
                    None => findings.push(format!("{}:{number}: {folder} says `{word}`: {help}", file.path)),
                }
            }
        }
    }
    for ((path, word, ..), left) in ALLOWED.iter().zip(allowed).filter(|(_, left)| *left > 0) {
        findings.push(format!("{path}: says `{word}` {left} times less than ALLOWED in {} has it: lower it", file!()));
    }
    report(findings);
}

fn is_prose_or_code(file: &File) -> bool {
    ["rs", "md", "toml", "yaml"].iter().any(|extension| file.is(extension))
}

/// The lines of a file but for those under `#[cfg(test)]`.
fn outside_tests(file: &File) -> Vec<(usize, &str)> {
    let tests = if file.is("rs") { Rust::new(file).test_lines() } else { Vec::new() };
    file.lines().filter(|(number, _)| !tests.iter().any(|lines| lines.contains(number))).collect()
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut findings = Vec::new();
    let files = files();
    for file in files.iter().filter(|file| !file.is("csv") && file.path != "Cargo.lock") {
        for (number, line) in file.lines() {
            let mut words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
            if let Some(mark) = words.find(|word| marks.contains(word)) {
                findings.push(format!("{}:{number}: `{mark}`: do it now, or file an issue", file.path));
            }
        }
    }
    for rust in files.iter().filter(|file| file.is("rs")).map(Rust::new) {
        for (number, line) in rust.lines() {
            let path = &rust.file.path;
            if line.contains("todo!") || line.contains("unimplemented!") {
                findings.push(format!("{path}:{number}: an unfinished arm: write it, or refuse with a code"));
            }
            if line.contains("#[ignore]") {
                findings.push(format!("{path}:{number}: ignored without a reason: #[ignore = \"why\"], or run it"));
            }
        }
    }
    report(findings);
}

#[test]
fn nothing_names_a_registry_or_a_folder_of_one_machine() {
    let hosts = [
        concat!("crates", ".io"),
        concat!("deb.", "debian.org"),
        concat!("pypi", ".org"),
        concat!("python", "hosted.org"),
        concat!("registry.", "npmjs.org"),
        concat!("proxy.", "golang.org"),
    ];
    let folders = [concat!("/", "work/"), concat!("/", "root/")];
    let mut findings = Vec::new();
    let mut used = Vec::new();
    // Cargo writes its registry into Cargo.lock itself.
    for file in files().iter().filter(|file| file.path != "Cargo.lock") {
        for (number, line) in file.lines() {
            for host in hosts.iter().filter(|host| line.contains(**host)) {
                findings.push(format!("{}:{number}: names the registry host {host}: take it out", file.path));
            }
            for folder in folders.iter().filter(|folder| names_folder(line, folder)) {
                if let Some(exempt) = FOLDERS_ALLOWED.iter().find(|(path, _)| *path == file.path) {
                    used.push(exempt);
                    continue;
                }
                findings.push(format!(
                    "{}:{number}: names {folder}, a folder of one machine: begin at CARGO_MANIFEST_DIR, or take a variable",
                    file.path
                ));
            }
        }
    }
    let unused = FOLDERS_ALLOWED.iter().filter(|exempt| !used.contains(exempt));
    findings.extend(unused.map(|(path, _)| format!("{path}: take it out of FOLDERS_ALLOWED in {}", file!())));
    report(findings);
}

/// Whether `folder` stands in the line as the beginning of an absolute path.
fn names_folder(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '}' | ')' | '/' | '*'))
    })
}

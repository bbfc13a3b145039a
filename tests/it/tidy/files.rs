//! What stands at the top, and links between documents.

use std::fs;

use super::report;
use super::source::{File, files, root};

const TOP: &[&str] =
    &["Cargo.toml", "engine", "workflows", "definitions", "server", "migrations", "tests", "README.md"];
const BESIDE: &[&str] = &["ARCHITECTURE.md", "LICENSE", "Cargo.lock"];

/// Names of the plan that nothing stands for yet. Each has to go from here as soon as it is there.
const NOT_YET: &[&str] = &[];

#[test]
fn the_top_level_is_the_plan() {
    let mut findings = Vec::new();
    let files = files();
    let there = |name: &str| files.iter().any(|file| file.path.split('/').next() == Some(name));
    for name in TOP.iter().chain(BESIDE) {
        match (there(name), NOT_YET.contains(name)) {
            (false, false) => findings.push(format!("{name}: is missing at the top level")),
            (true, true) => findings.push(format!("{name}: is there now: take it out of NOT_YET in {}", file!())),
            _ => {}
        }
    }
    let mut tops: Vec<_> = files.iter().filter_map(|file| file.path.split('/').next()).collect();
    tops.dedup();
    for name in tops.iter().filter(|name| !name.starts_with('.') && !TOP.contains(name) && !BESIDE.contains(name)) {
        findings.push(format!("{name}: does not belong at the top level: move it into one of {}", TOP.join(", ")));
    }
    report(findings);
}

#[test]
fn links_lead_somewhere() {
    let mut findings = Vec::new();
    for file in files().iter().filter(|file| file.is("md")) {
        for (number, target) in links(file) {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            // A path from `/` is an address on the running server.
            if path.is_empty() || path.starts_with('/') || target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let folder = root().join(&file.path);
            let whole = folder.parent().map(|folder| folder.join(path)).and_then(|path| fs::canonicalize(path).ok());
            let inside = whole.is_some_and(|path| fs::canonicalize(root()).is_ok_and(|root| path.starts_with(root)));
            if !inside {
                findings.push(format!("{}:{number}: the link to {target} leads nowhere: mend it", file.path));
            }
        }
    }
    report(findings);
}

/// The targets of `[text](target)` and of `[name]: target`, outside code.
fn links(file: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fenced = false;
    for (number, line) in file.lines() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let prose: String = line.split('`').step_by(2).collect();
        for (_, rest) in prose.match_indices("](").map(|(at, mark)| prose.split_at(at + mark.len())) {
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            found.push((number, target.to_owned()));
        }
        if let Some((name, target)) = prose.split_once("]: ")
            && name.starts_with('[')
        {
            found.push((number, target.trim().to_owned()));
        }
    }
    found
}

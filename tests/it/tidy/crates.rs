//! Arrows between the crates run one way, and each crate's README is its documentation.

use super::report;
use super::source::{File, files, root};

/// Top-level folder and the project's crates that it must not depend on.
const NEVER: &[(&str, &[&str])] = &[
    ("engine", &["fluxor-workflows", "fluxor", "fluxor-tests"]),
    ("workflows", &["fluxor", "fluxor-tests"]),
    ("server", &["fluxor-tests"]),
    // Libraries for any service.
    ("server/limits", &["fluxor-engine", "fluxor-workflows", "fluxor", "fluxor-tests"]),
    ("server/eventlog", &["fluxor-engine", "fluxor-workflows", "fluxor", "fluxor-limits", "fluxor-tests"]),
];

#[test]
fn arrows_run_one_way() {
    let mut findings = Vec::new();
    for manifest in files().iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let folder = manifest.path.split('/').next().unwrap_or_default();
        let nested = manifest.path.trim_end_matches("/Cargo.toml");
        let of = |place: &str| NEVER.iter().find(|(own, _)| *own == place);
        let Some((_, never)) = of(nested).or_else(|| of(folder)) else { continue };
        for (number, name) in dependencies(manifest) {
            if never.contains(&name.as_str()) {
                findings.push(format!(
                    "{}:{number}: {folder} depends on {name}: server -> workflows -> engine, never back",
                    manifest.path
                ));
            }
        }
    }
    report(findings);
}

/// The names under every kind of `[...dependencies]`, with their lines; a renamed one by its real name too.
fn dependencies(manifest: &File) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut inside = false;
    for (number, line) in manifest.lines() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if let Some(section) = line.strip_prefix('[') {
            let section = section.trim_end_matches(']');
            inside = section.contains("dependencies");
            found.extend(section.rsplit_once("dependencies.").map(|(_, name)| (number, name.to_owned())));
        } else if inside {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default().trim_matches('"');
            found.push((number, name.to_owned()));
            let renamed = line.split_once("package").and_then(|(_, rest)| rest.split('"').nth(1));
            found.extend(renamed.map(|name| (number, name.to_owned())));
        }
    }
    found
}

#[test]
fn each_readme_is_its_crates_documentation() {
    let files = files();
    let mut findings = Vec::new();
    for manifest in files.iter().filter(|file| file.path.ends_with("/Cargo.toml")) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        if !root().join(folder).join("README.md").is_file() {
            findings.push(format!("{folder}README.md: is missing: say what the crate is for and what must hold"));
        }
        let own = format!("{folder}{}", library_path(manifest).unwrap_or("src/lib.rs"));
        let main = format!("{folder}src/main.rs");
        let source = files.iter().find(|file| file.path == own).or_else(|| files.iter().find(|file| file.path == main));
        match source {
            None => findings.push(format!("{}: neither {own} nor {main} is there", manifest.path)),
            Some(file) if !file.text.contains("#![doc = include_str!(\"../README.md\")]") => {
                findings.push(format!("{}:1: add the line #![doc = include_str!(\"../README.md\")]", file.path));
            }
            Some(_) => {}
        }
    }
    report(findings);
}

/// The `path` under `[lib]`.
fn library_path(manifest: &File) -> Option<&str> {
    let (_, after) = manifest.text.split_once("[lib]")?;
    let section = after.split("\n[").next()?;
    section.lines().find(|line| line.trim_start().starts_with("path"))?.split('"').nth(1)
}

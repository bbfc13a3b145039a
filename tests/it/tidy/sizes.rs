//! Files of 400 lines and functions of 70 at most, but for those listed here: a ratchet that turns one way.

use super::report;
use super::source::{Rust, files};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// File, its lines, why it is not divided. It may shrink; when it is short enough its line here has to go.
const LONG_FILES: &[(&str, usize, &str)] = &[];

/// File, function, its lines, why it is not divided.
const LONG_FUNCTIONS: &[(&str, &str, usize, &str)] = &[];

#[test]
fn files_are_short() {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    for file in files().iter().filter(|file| file.is("rs")) {
        let lines = file.text.lines().count();
        let exempt = LONG_FILES.iter().find(|(path, ..)| *path == file.path);
        seen.extend(exempt);
        let limit = exempt.map_or(FILE_LINES, |(_, recorded, _)| *recorded);
        if lines > limit {
            findings.push(format!("{}:{limit}: the file has {lines} lines, it may have {limit}: divide it", file.path));
        }
        if exempt.is_some() && lines <= FILE_LINES {
            findings.push(format!("{}:1: short enough now: take it out of LONG_FILES in {}", file.path, file!()));
        }
    }
    let gone = LONG_FILES.iter().filter(|exempt| !seen.contains(exempt));
    findings.extend(gone.map(|(path, ..)| format!("{path}: is gone: take it out of LONG_FILES in {}", file!())));
    report(findings);
}

#[test]
fn functions_are_short() {
    let mut findings = Vec::new();
    let mut seen = Vec::new();
    let files = files();
    for rust in files.iter().filter(|file| file.is("rs")).map(Rust::new) {
        for function in rust.functions() {
            let (path, name) = (&rust.file.path, &function.name);
            let (lines, at) = (function.lines.clone().count(), function.lines.start());
            let exempt = LONG_FUNCTIONS.iter().find(|(file, long, ..)| file == path && long == name);
            let limit = exempt.map_or(FUNCTION_LINES, |(_, _, recorded, _)| *recorded);
            if lines > limit {
                findings.push(format!("{path}:{at}: `{name}` has {lines} lines, it may have {limit}: divide it"));
            }
            seen.extend(exempt.filter(|_| lines > FUNCTION_LINES));
        }
    }
    let gone = LONG_FUNCTIONS.iter().filter(|exempt| !seen.contains(exempt));
    findings.extend(gone.map(|(path, name, ..)| {
        format!("{path}: `{name}` is short or gone: take it out of LONG_FUNCTIONS in {}", file!())
    }));
    report(findings);
}

//! CEL's own conformance suite, run as it is. What is not passed is refused with a reason, which follows from our
//! own finding, never from a list of names; a value that differs from CEL's fails the test unless `different` says
//! by which rule it does. The outcome is kept in `engine/README.md`: `UPDATE=1` writes it anew, read the diff.

mod report;
mod run;
mod textproto;
mod values;

use std::path::{Path, PathBuf};

use textproto::Message;

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Passed,
    /// An error is wanted, and the expression is refused at load.
    PassedByRefusal,
    /// A part of CEL that the language leaves out; why.
    Refused(String),
    /// Neither there nor decided against; what.
    Unsupported(String),
    /// Another value than CEL's; by which rule.
    Different(String),
    /// Another value than CEL's, and no reason.
    Wrong(String),
}

struct Case {
    file: String,
    section: String,
    name: String,
    outcome: Outcome,
}

fn cases(directory: &Path) -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "textproto"))
        .collect();
    files.sort();
    let mut cases = Vec::new();
    for path in files {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let read = Message::parse(&std::fs::read_to_string(&path).unwrap()).unwrap_or_else(|e| panic!("{file}: {e}"));
        for section in read.messages("section") {
            for test in section.messages("test") {
                let (section, name) = (section.text("name"), test.text("name"));
                cases.push(Case { file: file.clone(), section, name, outcome: run::outcome(test) });
            }
        }
    }
    cases
}

#[test]
fn every_case_of_cel_is_passed_or_refused_with_a_reason() {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let directory = own.join("../../shared/conformance/cel-spec/testdata");
    if !directory.is_dir() {
        println!("skipped: there is no {}", directory.display());
        return;
    }
    let cases = cases(&directory);
    let wrong: Vec<_> = cases
        .iter()
        .filter_map(|case| match &case.outcome {
            Outcome::Wrong(why) => Some(format!("{}/{}/{}: {why}", case.file, case.section, case.name)),
            _ => None,
        })
        .collect();
    assert!(wrong.is_empty(), "{} wrong values:\n{}", wrong.len(), wrong.join("\n"));
    report::kept(&own.join("README.md"), &report::block(&cases));
}

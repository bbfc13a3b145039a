//! What came of scenarios, for people and for machines.

use std::fmt::Write as _;
use std::io::IsTerminal as _;

use annotate_snippets::Renderer;
use fluxor_engine::definition::{Definition, Refused};
use fluxor_engine::diagnostic::Severity;
use fluxor_engine::scenario::{Came, Counted, Coverage, Covered, Kind};
use serde::Serialize;
use serde_json::{Value, json};

use super::find::Sources;
use super::play::{Outcome, Test};
use crate::cli::out::{Out, table};
use crate::found::{Found, Summary};

/// How much of a definition was seen, with its file.
#[derive(Debug, Serialize)]
pub(super) struct Cover {
    file: String,
    #[serde(flatten)]
    coverage: Coverage,
}

impl Cover {
    pub(super) fn of(definition: &Definition, covered: &Covered, sources: &Sources) -> Self {
        let found = sources.iter().find(|(_, source)| **source == *definition.source);
        let file = found.map_or_else(|| definition.name.to_string(), |(path, _)| path.clone());
        Self { file, coverage: covered.of(definition) }
    }

    /// Whether something of these kinds is missing.
    pub(super) fn lacks(&self, kinds: &[Kind]) -> bool {
        self.coverage.missing.iter().any(|missing| kinds.contains(&missing.kind))
    }
}

/// Definitions that are wrong: shown as `fluxor check` shows them.
pub(super) fn refused(out: &Out, refused: &Refused) {
    let renderer = if std::io::stdout().is_terminal() { Renderer::styled() } else { Renderer::plain() };
    let (mut machine, mut people, mut summary) = (Vec::new(), String::new(), Summary::default());
    for (path, source, findings) in refused {
        for finding in findings.iter().filter(|finding| finding.severity == Severity::Error) {
            summary.count(finding);
            people.push_str(&finding.render_with(path, source, &renderer));
            machine.push(Found::of(path, source, finding));
        }
    }
    let words = format!("{people}nothing was played: {} in the definitions", summary.words());
    out.result(&json!({ "scenarios": [], "diagnostics": machine }), || words);
}

/// How many scenarios came out how.
pub(super) fn summary(tests: &[Test]) -> Value {
    let count = |of: fn(&Outcome) -> bool| tests.iter().filter(|test| of(&test.outcome)).count();
    json!({
        "scenarios": tests.len(),
        "same": count(|outcome| matches!(outcome, Outcome::Same { .. })),
        "differ": count(|outcome| matches!(outcome, Outcome::Differs { .. })),
        "updated": count(|outcome| matches!(outcome, Outcome::Updated { .. })),
        "wrong": count(|outcome| matches!(outcome, Outcome::Wrong { .. })),
    })
}

/// Each scenario, and all of them in a line.
pub(super) fn tests(tests: &[Test]) -> String {
    let mut text = String::new();
    for Test { file, outcome, .. } in tests {
        let _ = match outcome {
            Outcome::Same { .. } => writeln!(text, "ok       {file}"),
            Outcome::Differs { steps, differences } => {
                writeln!(text, "differs  {file}: {} of {steps} steps\n{}", differences.len(), diff(differences))
            }
            Outcome::Updated { steps, differences } => {
                writeln!(text, "updated  {file}: {} of {steps} steps\n{}", differences.len(), diff(differences))
            }
            Outcome::Wrong { errors } => {
                let lines: String = errors.iter().map(|wrong| format!("{file}:{wrong}\n")).collect();
                writeln!(text, "wrong    {file}\n{lines}")
            }
        };
    }
    let told = summary(tests);
    let count = |what: &str| told[what].as_u64().unwrap_or(0);
    let many = if tests.len() == 1 { "" } else { "s" };
    let _ = write!(text, "{} scenario{many}: {} ok", tests.len(), count("same"));
    let (differ, wrong) = (count("differ"), count("wrong"));
    for (words, count) in [("updated", count("updated")), ("differ", differ), ("wrong", wrong)] {
        if count > 0 {
            let _ = write!(text, ", {count} {words}");
        }
    }
    if differ > 0 {
        text.push_str("\nwhere it is right as it came, `--update` writes it into the file");
    }
    text
}

/// Each step that came out otherwise, with the numbers of its lines.
fn diff(differences: &[Came]) -> String {
    let mut text = String::new();
    for Came { line, step, expected, actual } in differences {
        let _ = writeln!(text, "{line:>6} > {step}");
        for (number, expected) in (line + 1..).zip(expected) {
            let _ = writeln!(text, "{number:>6} - {expected}");
        }
        let _ = writeln!(text, "       + {actual}");
    }
    text
}

/// What is covered: counts and everything that is missing, or only what is missing of some kinds.
pub(super) fn covers(covers: &[Cover], only: Option<&[Kind]>) -> String {
    if covers.is_empty() {
        return String::new();
    }
    let mut text = String::from("\n");
    if only.is_none() {
        let cell = |counted: Counted| format!("{}/{}", counted.seen, counted.all);
        let rows: Vec<Vec<String>> = covers
            .iter()
            .map(|Cover { coverage, .. }| {
                let Coverage { workflow, arrows, guards, rows, .. } = coverage;
                vec![workflow.to_string(), cell(*arrows), cell(*guards), cell(*rows)]
            })
            .collect();
        let _ = write!(text, "\n{}\n", table(&["workflow", "arrows", "guards", "rows"], &rows));
    }
    let mut count = 0;
    for Cover { file, coverage } in covers {
        for missing in coverage.missing.iter().filter(|missing| only.is_none_or(|kinds| kinds.contains(&missing.kind)))
        {
            count += 1;
            let _ = writeln!(text, "{file}:{}: {}", missing.line, missing.text);
        }
    }
    let _ = write!(text, "{}", if count == 0 { "nothing is missing".to_owned() } else { format!("{count} missing") });
    text
}

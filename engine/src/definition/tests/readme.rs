//! The reference of the language: every example in it compiles.
//!
//! A block marked `yaml` is a whole file; `yaml state`, `yaml arrows`, `yaml approval` and `yaml head` are pieces, put
//! into the files below.

use super::*;

pub(super) const README: &str = include_str!("../../../../definitions/README.md");

const AROUND: &str = "workflow: example
version: 1
subject: purchase_order
start: { to: draft, do: [record_order] }
events:
  edit: { payload: { note: text? } }
states:
  draft:
    on:
      edit: {}
      submit: { to: here }
      order: { to: ordered }
      look: { to: review }
      reject: { to: rejected }
  review: { on: { finish: { to: closed } } }
  ordered: { on: { close: { to: closed } } }
  rejected: { final: true }
  closed: { final: true }
  here:
";

/// What a piece of a head is put around; a key that the piece has is left out.
const HEAD: [(&str, &str); 5] = [
    ("workflow", "workflow: wish\n"),
    ("version", "version: 1\n"),
    ("subject", "subject: { name: wish, fields: { requester: person, rows: int, note: text? } }\n"),
    ("start", "start: asked\n"),
    ("states", "states:\n  asked: { on: { grant: granted } }\n  granted: { final: true }\n"),
];

/// The head `text` with what a file needs besides.
fn whole(text: &str) -> String {
    let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
    let around: String = HEAD.iter().filter(|(key, _)| !has(key)).map(|(_, lines)| *lines).collect();
    format!("{text}\n{around}")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{}{line}\n", " ".repeat(by))).collect()
}

pub(super) fn file(kind: &str, text: &str) -> Option<String> {
    Some(match kind {
        "yaml head" => whole(text),
        "yaml" => text.to_owned(),
        "yaml state" => format!("{AROUND}{}", indented(text, 4)),
        "yaml arrows" => format!("{AROUND}    on:\n      end: closed\n{}", indented(text, 6)),
        "yaml approval" => format!(
            "{AROUND}    approval:\n{}    on:\n      approved: ordered\n      rejected: rejected\n      changes_requested: draft\n",
            indented(text, 6)
        ),
        _ => return None,
    })
}

#[test]
fn every_example_compiles() {
    let mut count = 0;
    for block in README.split("\n```").skip(1).step_by(2) {
        let (kind, text) = block.split_once('\n').unwrap();
        let Some(source) = file(kind, text) else { continue };
        count += 1;
        let checked = compile("README.md", &source, &vocabulary());
        assert!(checked.diagnostics.is_empty(), "{}\n{source}", checked.render("README.md", &source));
    }
    assert!(count >= 11, "{count} examples");
}

#[test]
fn every_code_is_in_the_reference() {
    for (code, meaning) in CODES {
        assert!(README.contains(&format!("| {code} | {meaning} |")), "| {code} | {meaning} |");
    }
    let warnings: Vec<&str> = CODES.iter().map(|(code, _)| *code).filter(|code| pages::warns(code)).collect();
    let listed: Vec<&str> = warnings.iter().map(|code| code.trim_start_matches("FLX")).collect();
    assert!(README.contains(&format!("warnings ({}) do not", listed.join(", "))), "{}", listed.join(", "));
}

#[test]
fn the_expressions_of_the_reference_compile() {
    let expressions = [
        "po.amount > 20000 EUR && po.unit == \"it\"",
        "po.note != null && po.note.contains(\"rush\")",
        "now - po.since > 3 days",
        "po.lines in [1, 2]",
        "po.tags.exists(t, t == \"it\")",
    ];
    for expression in expressions {
        assert!(README.contains(&format!("`{expression}`")), "{expression}");
        let source = format!(
            "workflow: x\nversion: 1\nsubject: {{ name: po, fields: {{ amount: money, unit: text, note: text?, since: timestamp, \
             lines: int, tags: list(text) }} }}\nstart: a\nstates:\n  a: {{ on: {{ go: {{ if: '{expression}', to: b }} }} }}\n  \
             b: {{ final: true }}\n"
        );
        right("README.md", &source);
    }
}

//! The pages of codes are true: the first block of each has that finding, the second has none.
//!
//! Words behind a fence: `yaml` is a whole file; `yaml state`, `yaml arrows`, `yaml approval` and `yaml head` are pieces that
//! are put into the files of `readme.rs`; `cel` is a condition over `po`. `also FLX....` names other findings of a wrong
//! block. A page without blocks says why: `No example: ...`.

use std::collections::BTreeSet;

use super::*;
use crate::definition::pages::{PAGES, page, warns};

/// What conditions of pages are about.
const FIELDS: &str = "requester: person, amount: money, lines: int, urgent: bool, title: text, note: text?, limit: money?, \
    rate: decimal, weight: quantity, needed: date, since: timestamp, tags: list(text)";

fn file(kind: &str, text: &str) -> Option<String> {
    if kind == "cel" {
        return Some(format!(
            "workflow: x\nversion: 1\nsubject: {{ name: po, fields: {{ {FIELDS} }} }}\nstart: a\nstates:\n  a:\n    on:\n      \
             go:\n        to: b\n        if: |-\n          {text}\n  b: {{ final: true }}\n"
        ));
    }
    readme::file(kind, text)
}

/// The names that pages use besides: of no domain in particular.
fn general() -> Vocabulary {
    let mut names = vocabulary();
    let subject = names.subjects["purchase_order"].clone();
    let action = ActionType { subjects: vec!["request".into()], ..names.actions["reserve_budget"].clone() };
    let record = Arc::new(RecordType { name: "request".into(), ..(*subject.record).clone() });
    names.subjects.insert("request".into(), SubjectType { variable: "request".into(), record, ..subject });
    names.actions.insert("file_request".into(), action);
    names
        .messages
        .insert("letter".into(), MessageType { major: 1, sent_event: Some("posted".into()), help: "".into() });
    names
}

/// The blocks of a page: kind, other codes, text.
fn blocks(page: &str) -> Vec<(&str, Vec<&str>, &str)> {
    let blocks = page.split("\n```").skip(1).step_by(2);
    let parts = blocks.map(|block| {
        let (head, text) = block.split_once('\n').unwrap();
        let (kind, also) = head.split_once(" also ").unwrap_or((head, ""));
        (kind, also.split_whitespace().collect(), text)
    });
    parts.collect()
}

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let codes: BTreeSet<&str> = CODES.iter().chain(crate::expression::CODES).map(|(code, _)| *code).collect();
    let pages: BTreeSet<&str> = PAGES.iter().map(|(code, _)| *code).collect();
    let missing: Vec<_> = codes.difference(&pages).collect();
    assert!(missing.is_empty(), "write engine/src/definition/pages/CODE.md for {missing:?} and list them in pages.rs");
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(PAGES.is_sorted_by(|a, b| a.0 < b.0), "a page is looked up by its place");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/definition/pages")).unwrap();
    assert_eq!(files.count(), pages.len(), "a page that is not listed is not shown");
    for (code, meaning) in CODES.iter().chain(crate::expression::CODES) {
        let first = page(code).unwrap().lines().next().unwrap();
        assert_eq!(first, format!("# {code}: {meaning}"));
    }
}

#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    let (mut wrong, names) = (Vec::new(), general());
    for (code, page) in PAGES {
        let blocks = blocks(page);
        if blocks.is_empty() {
            assert!(page.contains("\nNo example: "), "{code} has no example and does not say why");
            continue;
        }
        let [first, second] = &blocks[..] else { panic!("{code} has {} blocks", blocks.len()) };
        let source = file(first.0, first.2).unwrap_or_else(|| panic!("{code}: {}", first.0));
        let checked = compile(code, &source, &names);
        let found: BTreeSet<&str> = checked.diagnostics.iter().map(|finding| finding.code).collect();
        let expected: BTreeSet<&str> = first.1.iter().copied().chain([*code]).collect();
        if found != expected {
            wrong.push(format!("{code}: {found:?} instead of {expected:?}\n{}", checked.render(code, &source)));
        }
        let source = file(second.0, second.2).unwrap_or_else(|| panic!("{code}: {}", second.0));
        let checked = compile(code, &source, &names);
        if !checked.diagnostics.is_empty() || checked.definition.is_none() {
            wrong.push(format!("{code}, corrected:\n{}\n{source}", checked.render(code, &source)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_page_says_whether_its_finding_is_a_warning() {
    for (code, page) in PAGES {
        let kind = page.lines().nth(2).unwrap();
        assert!(["Error.", "Warning.", "Error or warning."].contains(&kind), "{code}: {kind}");
        let lines = page.lines().all(|line| line.chars().count() <= 120);
        assert!(lines, "{code} has a long line");
    }
    for finding in golden::findings() {
        assert!(
            finding.severity == Severity::Error || warns(finding.code),
            "{} warns; its page says not",
            finding.code
        );
    }
}

//! The pages of codes are true: the first block of each has that finding, the second has none.
//!
//! Words behind a fence: `yaml` is a whole file; `yaml state`, `yaml arrows`, `yaml approval` and `yaml head` are pieces that
//! are put into the files of `readme.rs`; `cel` is a condition over `po`; `yaml table` is a decision table over a purchase
//! order; `yaml calendar` and `yaml holidays` are files of calendars, read beside the shipped holidays of Germany. `also
//! FLX....` names other findings of a wrong block. A page without blocks says why: `No example: ...`.

use std::collections::BTreeSet;

use super::*;
use crate::calendar::{self, Calendars};
use crate::definition::pages::{PAGES, page, warns};

/// What definitions of pages may name.
const OFFICE: &str = include_str!("../../../../definitions/calendars/office.yaml");
/// What calendars of pages may name.
const GERMANY: &str = include_str!("../../../../definitions/calendars/holidays/DE.yaml");

/// What conditions of pages are about.
const FIELDS: &str = "requester: person, amount: money, lines: int, urgent: bool, title: text, note: text?, limit: money?, \
    rate: decimal, weight: quantity, needed: date, since: timestamp, tags: list(text)";

pub(super) fn file(kind: &str, text: &str) -> Option<String> {
    if kind == "cel" {
        return Some(format!(
            "workflow: x\nversion: 1\nsubject: {{ name: po, fields: {{ {FIELDS} }} }}\nstart: a\nstates:\n  a:\n    on:\n      \
             go:\n        to: b\n        if: |-\n          {text}\n  b: {{ final: true }}\n"
        ));
    }
    if kind == "yaml table" {
        let table: String = text.lines().map(|line| format!("    {line}\n")).collect();
        return Some(format!(
            "workflow: x\nversion: 1\nsubject: purchase_order\nstart: {{ to: a, do: [record_order] }}\ntables:\n  \
             tiers:\n{table}states:\n  a: {{ on: {{ go: b }} }}\n  b: {{ final: true }}\n"
        ));
    }
    readme::file(kind, text)
}

/// All codes of files that have pages.
fn codes() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    CODES.iter().chain(crate::expression::CODES).chain(crate::table::CODES).chain(calendar::CODES)
}

/// The codes of what is found in a block, and all of it as text; `None`: its kind is unknown.
fn found(code: &str, kind: &str, text: &str) -> Option<(BTreeSet<&'static str>, String)> {
    let path = match kind {
        "yaml calendar" => "example.yaml",
        "yaml holidays" => "holidays/example.yaml",
        _ => {
            let source = file(kind, text)?;
            let (calendars, _) = Calendars::load(vec![("office.yaml".into(), OFFICE.into())]).unwrap();
            let checked = compile_all(&[(code.to_owned(), source.clone())], &general(), Some(&calendars)).remove(0);
            assert_eq!(checked.definition.is_none(), checked.is_refused(), "{code}");
            // A table by itself is read by nothing.
            let codes = checked.diagnostics.iter().map(|finding| finding.code);
            let found = codes.filter(|code| kind != "yaml table" || *code != "FLX0317").collect();
            return Some((found, format!("{}\n{source}", checked.render(code, &source))));
        }
    };
    let mut files = vec![(path.to_owned(), text.to_owned())];
    if !text.contains("country: DE") {
        files.push(("holidays/DE.yaml".to_owned(), GERMANY.to_owned()));
    }
    let found: Vec<Diagnostic> = match Calendars::load(files) {
        Ok((_, warnings)) => warnings.into_iter().map(|(_, _, finding)| finding).collect(),
        Err(refused) => refused.into_iter().flat_map(|(_, _, found)| found).collect(),
    };
    let shown = found.iter().map(|finding| finding.render(code, text)).collect();
    Some((found.iter().map(|finding| finding.code).collect(), shown))
}

/// The names that pages use besides: of no domain in particular.
pub(crate) fn general() -> Vocabulary {
    let mut names = vocabulary();
    let subject = names.subjects["purchase_order"].clone();
    let action = ActionType { subjects: vec!["request".into()], ..names.actions["reserve_budget"].clone() };
    let record = Arc::new(RecordType { name: "request".into(), ..(*subject.record).clone() });
    names.subjects.insert("request".into(), SubjectType { variable: "request".into(), record, ..subject });
    names.actions.insert("file_request".into(), action);
    names.units = vec!["head_office".into()];
    names
        .messages
        .insert("letter".into(), MessageType { major: 1, sent_event: Some("posted".into()), help: "".into() });
    names
}

/// The blocks of a page: kind, other codes, text.
pub(crate) fn blocks(page: &str) -> Vec<(&str, Vec<&str>, &str)> {
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
    let codes: BTreeSet<&str> = codes().map(|(code, _)| *code).collect();
    let pages: BTreeSet<&str> = PAGES.iter().map(|(code, _)| *code).collect();
    let missing: Vec<_> = codes.difference(&pages).collect();
    assert!(missing.is_empty(), "write engine/src/definition/pages/CODE.md for {missing:?} and list them in pages.rs");
    assert_eq!(pages.difference(&codes).collect::<Vec<_>>(), Vec::<&&str>::new());
    assert!(PAGES.is_sorted_by(|a, b| a.0 < b.0), "a page is looked up by its place");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/definition/pages")).unwrap();
    assert_eq!(files.count(), pages.len(), "a page that is not listed is not shown");
    for (code, meaning) in self::codes() {
        let first = page(code).unwrap().lines().next().unwrap();
        assert_eq!(first, format!("# {code}: {meaning}"));
    }
}

#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    let mut wrong = Vec::new();
    for (code, page) in PAGES {
        let blocks = blocks(page);
        if blocks.is_empty() {
            assert!(page.contains("\nNo example: "), "{code} has no example and does not say why");
            continue;
        }
        let [first, second] = &blocks[..] else { panic!("{code} has {} blocks", blocks.len()) };
        let expected: BTreeSet<&str> = first.1.iter().copied().chain([*code]).collect();
        for ((kind, _, text), expected) in [(first, expected), (second, BTreeSet::new())] {
            let (found, shown) = found(code, kind, text).unwrap_or_else(|| panic!("{code}: {kind}"));
            if found != expected {
                wrong.push(format!("{code}: {found:?} instead of {expected:?}\n{shown}"));
            }
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

//! The pages of codes are true: the first block of each has that finding, the second has none.
//!
//! Words behind a fence: of `yaml`, versions 1 and 2 are known and 2 is in force; of `yaml several`, another version 2 besides,
//! and 3 is in force; of `yaml books`, version 2 is about a subject of the domain, and 3 is in force.

use super::*;
use crate::definition::tests::explained::{blocks, general};
use crate::diagnostic::Severity;
use crate::expression::{RecordType, Type};

const ONE: &str = "
workflow: order
version: 1
subject: { name: po, fields: { requester: person, unit: text, note: text? } }
start: draft
states:
  draft: { on: { submit: review } }
  review:
    approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: ordered, rejected: closed, changes_requested: draft }
  ordered: { on: { receive: closed } }
  closed: { final: true }
";

const TWO: &str = "
workflow: order
version: 2
subject: { name: po, fields: { requester: person, unit: text, cost_centre: text } }
start: draft
states:
  draft: { on: { submit: checks } }
  checks:
    start: review
    states:
      review:
        approval: { steps: [{ name: line_manager, who: [{ manager: requester }] }] }
        on: { approved: passed, rejected: closed, changes_requested: draft }
      passed: { on: { order: ordered } }
  ordered: { on: { receive: closed } }
  closed: { final: true }
";

/// With a subject `request` of the domain.
fn vocabulary() -> Vocabulary {
    let mut names = general();
    let fields = RecordType::new("request").with("requester", Type::Person).with("unit", Type::Text);
    let subject = names.subjects.get_mut("request").unwrap();
    subject.record = Arc::new(fields.with("cost_centre", Type::Text));
    subject.computed.clear();
    names
}

/// All that is known, the one in force last.
fn known(kind: &str) -> Vec<Arc<Definition>> {
    let three = TWO.replace("version: 2", "version: 3");
    let other = TWO.replace("receive:", "arrive:");
    let books = TWO.lines().map(|line| if line.starts_with("subject:") { "subject: request" } else { line });
    let books = books.collect::<Vec<_>>().join("\n");
    let texts = match kind {
        "yaml" => vec![ONE, TWO],
        "yaml several" => vec![ONE, &other, TWO, &three],
        "yaml books" => vec![ONE, &books, &three],
        _ => panic!("no such kind: {kind}"),
    };
    let compiled = |text: &str| {
        let checked = compile("x.yaml", text, &vocabulary());
        checked.definition.clone().unwrap_or_else(|| panic!("{}", checked.render("x.yaml", text)))
    };
    texts.into_iter().map(compiled).collect()
}

fn found(kind: &str, map: &str) -> Vec<Diagnostic> {
    let (all, vocabulary) = (known(kind), vocabulary());
    let names = ["order".into()];
    let draft = Draft::read(map).unwrap();
    let of = if draft.workflow() == "order" { &*all } else { &[] };
    let known = Known { current: all.last(), all: of, names: &names, vocabulary: &vocabulary };
    draft.bind(known).map_or_else(|found| found, |bound| bound.warnings)
}

#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    for (code, page) in PAGES {
        let blocks = blocks(page);
        let [(kind, _, wrong), (same, _, right)] = &blocks[..] else { panic!("{code} has {} blocks", blocks.len()) };
        for (kind, map, expected) in [(kind, wrong, &[*code][..]), (same, right, &[])] {
            let found = found(kind, map);
            let codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
            let shown: String = found.iter().map(|finding| finding.render(code, map)).collect();
            assert_eq!(codes, expected, "{code}: {shown}\n{map}");
        }
        let warns = found(kind, wrong).iter().all(|finding| finding.severity == Severity::Warning);
        let told = page.lines().nth(2).unwrap();
        assert!(told == "Error or warning." || warns == (told == "Warning."), "{code}: {told}");
    }
}

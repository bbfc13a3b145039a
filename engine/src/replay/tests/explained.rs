//! The pages of codes are true: the first block of each has that finding, the second has none.
//!
//! Words behind a fence: `yaml` is a mapping to the definition of `definitions/replay.md`; of `yaml people` it is looked
//! besides who could do what it asks for; so it is of `yaml managers`, whose definition asks a manager, and of `yaml capitals`, whose organisation has `Ann`.

use super::*;
use crate::definition::tests::explained::blocks;
use crate::diagnostic::Severity;

/// The log that pages are about.
const PAGES_LOG: &str = "
1 | Submitted | 2026-01-05 | org:resource=ann | org:role=EMPLOYEE | org:group=team 7 | case:Amount=12.50
1 | Checked | 2026-01-06 | org:resource=adam | org:role=ADMINISTRATION | org:group=team 7
1 | Approved | 2026-01-07 | org:resource=sue | org:role=SUPERVISOR | org:group=team 7
1 | Paid | 2026-01-08 | org:resource=robot | org:role=SYSTEM | org:group=team 7
";

/// Its columns.
const COLUMNS: &[&str] = &["time:timestamp", "org:resource", "org:role", "org:group", "case:Amount", "case:Title"];

const MANAGED: &str = "
workflow: declaration
version: 1
subject: { name: d, fields: { requester: person, amount: money } }
start: draft
states:
  draft: { on: { submit: { by: d.requester, to: review } } }
  review:
    approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: paid, rejected: draft, changes_requested: draft }
  paid: { final: true }
";

/// What stands in `company.yaml`.
fn company() -> serde_json::Value {
    serde_json::json!({
        "people": [{ "id": "ann", "manager": "sue" }, { "id": "sue" }, { "id": "adam" }],
        "units": [{ "id": "head_office", "roles": { "administration": ["adam"], "supervisor": ["sue"] } }],
    })
}

/// The log with the cells that the mapping reads.
fn log(map: &Map) -> Written {
    let kept = |cell: &&str| cell.split_once('=').is_none_or(|(name, _)| map.columns.iter().any(|one| one == name));
    let line = |line: &str| line.split(" | ").filter(kept).collect::<Vec<_>>().join(" | ");
    Written::of(map, &PAGES_LOG.lines().map(line).collect::<Vec<_>>().join("\n"))
}

fn found(kind: &str, text: &str) -> Vec<Diagnostic> {
    let map = match Map::read(text) {
        Ok(map) => map,
        Err(found) => return found,
    };
    let unknown = map.named.iter().filter(|(name, _)| !COLUMNS.contains(&name.as_str()));
    let unknown: Vec<Diagnostic> = unknown.map(|(name, _)| map.no_column(name, None, "others")).collect();
    if !unknown.is_empty() {
        return unknown;
    }
    let definition = if kind == "yaml managers" { MANAGED } else { documented::blocks("yaml definition")[0] };
    let log = log(&map);
    let (course, mut found) = match held(&map, definition, &log) {
        Ok(bound) => bound,
        Err(found) => return found,
    };
    if kind != "yaml" {
        let mut known = if map.people.organisation.is_some() { company() } else { serde_json::json!({}) };
        if kind == "yaml capitals" {
            known["people"][0]["id"] = "Ann".into();
        }
        let known = organisation(known.as_object().cloned().unwrap(), &map, &[&course], &log);
        found.extend(unanswerable(&map, &course, &known.unwrap_or_else(|refusal| panic!("{}", refusal.sentence()))));
    }
    found
}

#[test]
fn every_page_has_an_example_that_is_wrong_and_one_that_is_right() {
    for (code, page) in PAGES {
        let blocks = blocks(page);
        let [(kind, _, wrong), (same, _, right)] = &blocks[..] else { panic!("{code} has {} blocks", blocks.len()) };
        assert!(found(same, right).is_empty(), "{code}: {}", shown(&found(same, right), right));
        let found = found(kind, wrong);
        assert!(!found.is_empty() && found.iter().all(|one| one.code == *code), "{code}: {}", shown(&found, wrong));
        let warns = found.iter().all(|finding| finding.severity == Severity::Warning);
        assert_eq!(warns, page.lines().nth(2) == Some("Warning."), "{code}");
    }
}

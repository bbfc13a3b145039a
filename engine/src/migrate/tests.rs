//! Mappings that are wrong, and what is said of them; and that `definitions/migrating.md` says what is so.

mod explained;

use super::*;
use crate::definition::compile;
use crate::domain::{FactType, Vocabulary};
use crate::expression::Type;

const OLD: &str = "
workflow: order
version: 1
subject: { name: po, fields: { requester: person, unit: text, old_note: text?, gone: int? } }
start: draft
states:
  draft: { on: { submit: review, park: waiting, go: open } }
  review:
    approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: ordered, rejected: over, changes_requested: draft }
  waiting: { on: { go: open } }
  open: { start: a, states: { a: { on: { next: b } }, b: { on: { next: ordered } } } }
  ordered: { on: { end: over }, after: { in: 2 days, to: over } }
  over: { final: true }
";

const NEW: &str = "
workflow: order
version: 3
subject: { name: po, fields: { requester: person, unit: text, cost_centre: text, urgent: bool, count: int? } }
start: draft
states:
  draft: { on: { submit: checks, go: process } }
  checks:
    parallel:
      one:
        start: review
        states:
          review:
            approval: { steps: [{ name: line_manager, who: [{ manager: requester }] }] }
            on: { approved: good, rejected: good, changes_requested: good }
          good: { final: true }
      two: { start: budget, states: { budget: { on: { ok: good } }, good: { final: true } } }
    on: { done: ordered }
  process: { start: a, states: { a: { on: { next: b } }, b: { on: { next: ordered } } } }
  ordered: { on: { end: over } }
  over: { final: true }
";

fn definition(text: &str) -> Arc<Definition> {
    let checked = compile("x.yaml", text, &Vocabulary::default());
    checked.definition.clone().unwrap_or_else(|| panic!("{}", checked.render("x.yaml", text)))
}

/// What is found in a mapping from the old to the new one.
fn bound(map: &str) -> Result<Bound, Vec<Diagnostic>> {
    let (old, new, vocabulary) = (definition(OLD), definition(NEW), Vocabulary::default());
    let all = [old, new.clone()];
    let draft = Draft::read(map)?;
    let all = if draft.workflow() == "order" { &all[..] } else { &[] };
    let known = Known { current: Some(&new), all, names: &["order".into()], vocabulary: &vocabulary };
    draft.bind(known)
}

const FITS: &str = "migrate: order
states: { review: [checks.one.review, checks.two.budget], waiting: draft, open: process }
steps: { manager: line_manager }
fields: { cost_centre: po.unit, urgent: false, old_note: null, gone: null }
";

fn codes(map: &str) -> Vec<&'static str> {
    let found = match bound(map) {
        Ok(bound) => bound.warnings,
        Err(found) => found,
    };
    for finding in &found {
        assert!(
            !finding.message.is_empty() && !finding.help.is_empty() && finding.span.end <= map.len(),
            "{finding:?}"
        );
        assert!(finding.render("map.yaml", map).contains(finding.code));
    }
    found.iter().map(|finding| finding.code).collect()
}

#[test]
fn what_fits_is_understood() {
    let Bound { mapping, warnings, from, to } = bound(FITS).unwrap();
    assert_eq!((warnings.len(), from.len(), to.version), (0, 1, 3));
    let image = |path: &str| mapping.image(path).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    assert_eq!(image("review"), "checks.one.review checks.two.budget");
    assert_eq!(
        (image("open.b"), image("ordered"), image("open")),
        ("process.b".into(), "ordered".into(), "process".into())
    );
    assert_eq!((&*mapping.step("manager"), &*mapping.step("other")), ("line_manager", "other"));
    let other = bound(&FITS.replace("migrate: order", "migrate:   order  # soon")).unwrap();
    assert_eq!(other.mapping.digest, mapping.digest, "what it says is what counts, not how it is written");
    assert_ne!(bound(&FITS.replace("urgent: false", "urgent: true")).unwrap().mapping.digest, mapping.digest);
    let hash = definition(OLD).hash.to_string();
    for from in ["1", &format!("[1, {}]", &hash[..8])] {
        assert_eq!(codes(&format!("{FITS}from: {from}\nto: 3\n")), [""; 0], "{from}");
    }
}

#[test]
fn wrong_mappings_are_told_with_places_and_help() {
    let cases: [(&str, &str, &[&str]); 22] = [
        ("migrate: order", "migrate: ordr", &["FLX0740"]),
        ("migrate: order", "migrates: order", &["FLX0002"]),
        ("migrate: order", "migrate: order\nfrom: 2", &["FLX0741"]),
        ("migrate: order", "migrate: order\nto: deadbeef", &["FLX0741"]),
        ("migrate: order", "migrate: order\nfrom: 3", &["FLX0743"]),
        ("migrate: order", "migrate: order\ntimers: kept", &["FLX0007"]),
        ("waiting: draft", "waitng: draft", &["FLX0747", "FLX0744"]),
        ("waiting: draft", "waiting: drafd", &["FLX0744"]),
        ("waiting: draft", "waiting: checks", &["FLX0745"]),
        ("waiting: draft", "waiting: over", &["FLX0746"]),
        ("waiting: draft", "waiting: { too: draft }", &["FLX0002"]),
        ("waiting: draft", "waiting: { to: draft, timers: yes }", &["FLX0007"]),
        ("waiting: draft", "waiting: draft, waiting: ordered", &["FLX0003"]),
        (", waiting: draft", "", &["FLX0747"]),
        ("manager: line_manager", "manger: line_manager", &["FLX0748"]),
        ("manager: line_manager", "manager: boss", &["FLX0748"]),
        ("urgent: false", "urgend: false", &["FLX0750", "FLX0749"]),
        ("urgent: false", "urgent: null", &["FLX0750"]),
        ("urgent: false", "urgent: po.unti == po.unit", &["FLX0111"]),
        ("urgent: false", "urgent: po.unit", &["FLX0113"]),
        (", gone: null", "", &["FLX0751"]),
        ("urgent: false", "urgent: false, requester: po.requester", &["FLX0752"]),
    ];
    for (from, to, wanted) in cases {
        assert!(FITS.contains(from));
        let map = FITS.replace(from, to);
        let mut found = codes(&map);
        found.dedup();
        assert!(wanted.iter().all(|code| found.contains(code)), "{map}: {found:?}, not {wanted:?}");
    }
    assert_eq!(codes(""), ["FLX0013"]);
    let over = bound(&FITS.replace("migrate: order", "migrate: order\nfrom: 2")).unwrap();
    assert_eq!((over.warnings.len(), over.from.len()), (1, 0), "what nobody has any more is no mistake");
    let all = codes("migrate: order\nstates: { reviw: draft, waiting: nowhere }\nsteps: { a: b }\nfields: { x: 1 }");
    assert!(["FLX0744", "FLX0748", "FLX0749", "FLX0750", "FLX0751"].iter().all(|code| all.contains(code)), "{all:?}");
}

/// Whoever mends all that is told has nothing more to mend.
#[test]
fn all_that_is_wrong_is_told_in_one_pass() {
    let found = |map: &str| bound(map).unwrap_err();
    let told = |map: &str| {
        let found = found(map);
        let line = |finding: &Diagnostic| map[..finding.span.start].matches('\n').count() + 1;
        found.iter().map(|finding| (line(finding), finding.code)).collect::<Vec<_>>()
    };
    // Of the file by itself, of the definitions, of expressions.
    let map = "migrate: order
form: 1
from: [1, 7]
timers: kept
states:
  reviw: [draft]
  review: { too: draft }
  waiting: { to: nowhere, timers: soon }
  open: [process, []]
steps:
  manger: line_manager
  boss: []
fields:
  cost_centre: po.unit +
  urgent: []
  requester: po.requester
  unti: 1
  gone: null
";
    let wanted = [
        (1, "FLX0751"),
        (2, "FLX0002"),
        (3, "FLX0741"),
        (4, "FLX0007"),
        (6, "FLX0744"),
        (7, "FLX0002"),
        (8, "FLX0744"),
        (8, "FLX0007"),
        (9, "FLX0005"),
        (11, "FLX0748"),
        (12, "FLX0748"),
        (12, "FLX0005"),
        (14, "FLX0105"),
        (15, "FLX0005"),
        (16, "FLX0752"),
        (17, "FLX0749"),
    ];
    assert_eq!(told(map), wanted, "{}", found(map).iter().map(|one| one.render("m", map)).collect::<String>());
    // Where they go cannot be told: what they come from is looked at all the same.
    let map =
        "migrate: order\nto: 9\nstates: { reviw: draft }\nsteps: { manger: x }\nfields: { requester: 1 }\ntimers: no\n";
    assert_eq!(told(map), [(2, "FLX0741"), (3, "FLX0744"), (4, "FLX0748"), (5, "FLX0752"), (6, "FLX0007")]);
    // And where there is no such workflow, the file by itself.
    assert_eq!(told("migrate: ordr\ntimers: no\n"), [(1, "FLX0740"), (2, "FLX0007")]);
    // What cannot be read is not told as missing.
    assert_eq!(told("migrate: order\nstates: 1\nfields: []\n"), [(2, "FLX0005"), (3, "FLX0005")]);
    assert_eq!(told("migrate: order\nfrom: [1, []]\nto: []\n"), [(2, "FLX0005"), (3, "FLX0005")]);
}

#[test]
fn every_place_that_a_finding_names_is_in_the_file() {
    let map = FITS.replace("urgent: false", "urgent: po.unit > 3");
    let found = bound(&map).unwrap_err();
    let places = found.iter().flat_map(|one| &one.related).map(|(span, _)| &map[span.start..span.end]);
    assert_eq!(places.collect::<Vec<_>>(), ["po.unit", "3"], "{found:?}");
}

#[test]
fn several_of_one_version_are_told_apart() {
    let one = definition(OLD);
    let other = definition(&OLD.replace("2 days", "3 days"));
    let vocabulary = Vocabulary::default();
    let all = [one.clone(), other];
    let known = Known { current: None, all: &all, names: &[], vocabulary: &vocabulary };
    let code = |map: &str| Draft::read(map).unwrap().bind(known).err().map(|found| found[0].code);
    assert_eq!(code("migrate: order\nto: 1"), Some("FLX0742"));
    assert_eq!(code("migrate: order"), Some("FLX0741"), "none is in force");
    assert_eq!(code(&format!("migrate: order\nto: {}", &one.hash.to_string()[..10])), None);
    let books = definition(&OLD.replace("name: po,", "name: paper,"));
    let known = Known { all: &[one.clone(), books], current: Some(&one), ..known };
    assert!(
        Draft::read("migrate: order\nfrom: 1").unwrap().bind(known).is_ok(),
        "only the variable is called otherwise"
    );
}

const CALLER: &str = "
workflow: order
version: 1
subject: { name: po, fields: { requester: person, n: int, found: int? } }
start: draft
states:
  draft: { on: { submit: checking } }
  checking:
    call: { workflow: check, input: { n: po.n } }
    on: { done: { to: over, set: { found: event.n } }, failed: over }
  over: { final: true }
";

const CHECK: &str = "
workflow: check
version: 1
subject: { name: w, fields: { requester: person, n: int } }
result: [n]
start: waiting
states: { waiting: { on: { end: over } }, over: { final: true } }
";

/// What is found where a mapping sets these fields of instances of `old`, once `new` is in force.
fn set_by_a_mapping(old: &str, new: &str, fields: &str, vocabulary: &Vocabulary) -> String {
    let loaded = |caller: &str| {
        let files = [("a.yaml", caller), ("b.yaml", CHECK)].map(|(name, text)| (name.to_owned(), text.to_owned()));
        let loaded = crate::definition::Library::load(files.to_vec(), vocabulary);
        let (library, _) = loaded.unwrap_or_else(|_| panic!("{caller}"));
        library.current("order").unwrap().clone()
    };
    let (old, new) = (loaded(old), loaded(new));
    let all = [old, new.clone()];
    let known = Known { current: Some(&new), all: &all, names: &["order".into()], vocabulary };
    let map = format!("migrate: order\nfields: {{ {fields} }}");
    match Draft::read(&map).unwrap().bind(known) {
        Ok(_) => String::new(),
        Err(found) => found.iter().map(|one| format!("{}: {}\n", one.code, one.message)).collect(),
    }
}

#[test]
fn what_a_called_workflow_was_given_and_has_found_stays() {
    let more = CALLER.replace("version: 1", "version: 2").replace("found: int?", "found: int?, more: int");
    let given_more = more.replace("n: po.n", "n: po.more");
    let told = |new: &str, fields: &str| set_by_a_mapping(CALLER, new, fields, &Vocabulary::default());
    assert_eq!(told(&more, "more: po.n"), "");
    assert_eq!(told(&given_more, "more: po.n"), "", "a new field is given a value before anything is called with it");
    for (fields, why) in
        [("more: 1, n: 2", "is what the workflow called in `checking` is about"), ("more: 1, found: 2", "has found")]
    {
        let told = told(&more, fields);
        assert!(told.starts_with("FLX0752: ") && told.contains(why), "{fields}: {told}");
    }
}

#[test]
fn what_a_called_workflow_was_given_by_way_of_a_table_or_a_fact_stays() {
    let fact = FactType { major: 1, ty: Type::Int, nullable: false, reads: vec!["n".into()], help: "".into() };
    let vocabulary = Vocabulary { facts: [("weight".into(), fact)].into(), ..Vocabulary::default() };
    let given = |input: &str| CALLER.replace("input: { n: po.n }", &format!("input: {{ n: {input} }}"));
    let table = "tables: { bands: { hit: first, in: { n: po.n }, out: { band: int }, rows: [['<= 5', '1']], otherwise: { band: '2' } } }";
    let by_table = given("bands.band").replace("start: draft", &format!("{table}\nstart: draft"));
    for caller in [by_table, given("weight")] {
        let told = set_by_a_mapping(&caller, &caller.replace("version: 1", "version: 2"), "n: 2", &vocabulary);
        let why = "FLX0752: `n` is what the workflow called in `checking` is about";
        assert!(told.starts_with(why), "{caller}{told}");
    }
}

const DOCUMENT: &str = include_str!("../../../definitions/migrating.md");

#[test]
fn the_document_says_what_is_so() {
    for (code, meaning) in CODES {
        assert!(DOCUMENT.contains(&format!("| {code} | {meaning} |")), "{code}");
    }
    let map = DOCUMENT.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let draft = Draft::read(map).unwrap_or_else(|found| panic!("{}", found[0].render("map.yaml", map)));
    assert_eq!(draft.found(), []);
}

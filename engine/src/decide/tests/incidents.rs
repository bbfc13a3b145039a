//! What cannot be computed stays in sight until its own state is left, and takes nothing else with it.

use super::*;
use crate::instance::Status;

fn people() -> Document {
    let people = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    people.as_object().cloned().unwrap()
}

fn story(text: &str) -> Story {
    let mut story = Story::with(text, &people());
    story.start(serde_json::json!({ "requester": "ann", "n": 0 }).as_object().unwrap()).unwrap();
    story
}

fn shown(story: &Story) -> (Status, Vec<String>) {
    let instance = story.instance.as_ref().unwrap();
    let all = instance.detail.incident.iter().chain(&instance.detail.others);
    (instance.status, all.map(|i| format!("{} {}", i.code, i.at.as_deref().unwrap_or("-"))).collect())
}

#[test]
fn a_step_in_one_region_leaves_the_incidents_of_the_others() {
    let mut story = story(
        r#"
workflow: work
version: 1
subject: { name: work, fields: { requester: person, n: int } }
start: work
states:
  work:
    parallel:
      a:
        start: asked
        states:
          asked: { task: { who: [{ role: nobody, unit: it }] }, on: { done: e, skip: e } }
          e: { final: true }
      b:
        start: x
        states:
          x: { on: { go: y } }
          y: { on: { back: x, end: f }, always: [{ if: 10 / work.n > 100, to: f }] }
          f: { final: true }
      c: { start: x, states: { x: { on: { end: f } }, f: { final: true } } }
    on: { done: over, stop: over }
  over: { final: true }
"#,
    );
    assert_eq!(shown(&story), (Status::Incident, vec!["approval_incident work.a.asked".to_owned()]));
    let failed = story.signal("go").unwrap();
    assert!(failed.is_some());
    let both = vec!["approval_incident work.a.asked".to_owned(), "expression_failed work.b.y".to_owned()];
    assert_eq!(shown(&story), (Status::Incident, both.clone()));
    story.signal("end").unwrap();
    assert_eq!(shown(&story), (Status::Incident, both), "a move in c mends nothing in a");
    story.signal("skip").unwrap();
    assert_eq!(story.inside(), "work.a.e work.b.x work.c.f");
    assert_eq!(shown(&story).1, ["expression_failed work.b.y"]);
    story.signal("stop").unwrap();
    assert_eq!(shown(&story), (Status::Final, vec![]));
}

#[test]
fn a_timer_that_breaks_uses_up_itself_alone() {
    let mut story = story(
        r#"
workflow: work
version: 1
subject: { name: work, fields: { requester: person, n: int } }
start: work
states:
  work:
    parallel:
      a: { start: x, states: { x: { after: { in: 9s, if: 10 / work.n > 1, to: f }, on: { skip: f } }, f: { final: true } } }
      b: { start: x, states: { x: { after: { in: 9s, to: f } }, f: { final: true } } }
    on: { done: over }
  over: { final: true }
"#,
    );
    story.wait(9_000_000).unwrap();
    assert_eq!(shown(&story).1, ["expression_failed work.a.x"]);
    assert_eq!(story.instance.as_ref().unwrap().detail.timers.len(), 1, "that of b is due still");
    story.wait(0).unwrap();
    assert_eq!(story.inside(), "work.a.x work.b.f");
    assert_eq!(story.wait(0).unwrap(), None, "and nothing is tried again and again");
    story.signal("skip").unwrap();
    assert_eq!(story.inside(), "over");
}

#[test]
fn whoever_may_not_take_an_arrow_brings_about_no_incident() {
    let text = r#"
workflow: work
version: 1
subject: { name: work, fields: { requester: person, n: int } }
start: x
events: { go: {} }
states:
  x: { on: { go: { by: work.requester, if: 10 / work.n > 1, to: over } } }
  over: { final: true }
"#;
    let mut one = story(text);
    let refused = one.signal_as("go", person("bob")).unwrap_err();
    assert!(matches!(refused, Refusal::NotAllowed { .. }), "{refused:?}");
    assert!(one.signal_as("go", person("ann")).unwrap().is_some(), "who may hears what is wrong with it");
}

#[test]
fn what_has_ended_takes_no_further_arrow_of_the_same_event() {
    let mut story = story(
        r#"
workflow: work
version: 1
subject: { name: work, fields: { requester: person, n: int } }
start: work
states:
  work:
    parallel:
      a: { start: x, states: { x: { on: { go: over } }, f: { final: true } } }
      b: { start: x, states: { x: { on: { go: { set: { n: "42" } }, end: f } }, f: { final: true } } }
    on: { done: over }
  over: { final: true }
"#,
    );
    story.signal("go").unwrap();
    assert_eq!((story.inside().as_str(), &story.instance.as_ref().unwrap().subject["n"]), ("over", &0.into()));
}

#[test]
fn tables_that_read_tables_are_looked_up_once_each() {
    let mut text = "workflow: work\nversion: 1\nsubject: { name: work, fields: { requester: person, n: int } }\nstart: x\ntables:\n"
        .to_owned();
    text.push_str("  t0: { in: { a: work.n }, out: { v: int }, rows: [['-', '1']] }\n");
    text.push_str("  t1: { in: { a: t0.v }, out: { v: int }, rows: [['-', '1']] }\n");
    for n in 2..60 {
        let row = format!(
            "  t{n}: {{ in: {{ a: t{}.v, b: t{}.v }}, out: {{ v: int }}, rows: [['-', '-', '1']] }}\n",
            n - 1,
            n - 2
        );
        text.push_str(&row);
    }
    text.push_str("states:\n  x: { on: { go: { if: t59.v == 1, to: over } } }\n  over: { final: true }\n");
    let mut story = story(&text);
    story.signal("go").unwrap();
    assert_eq!((story.inside().as_str(), story.tables.len()), ("over", 60));
}

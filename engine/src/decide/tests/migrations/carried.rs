//! Where it comes to be, timers, the document, calls, history, incidents, what can be taken back.

use super::*;
use crate::clock::Timestamp;

const HOUR: i64 = 3_600_000_000;

fn version_two(text: &str) -> String {
    text.replace("version: 1", "version: 2")
}

const TIMED: &str = "
workflow: timed
version: 1
subject: { name: w, fields: { requester: person } }
start: waiting
states:
  waiting:
    on: { go: waiting }
    after:
      - { in: 2 hours, to: over }
      - { in: 30 minutes, set: {} }
      - { in: 5 hours, to: over }
  over: { final: true }
";

#[test]
fn timers_of_the_same_length_stay_and_others_begin_when_the_state_was_entered() {
    let began = Timestamp::from_micros(1_000_000);
    let start = || {
        let text = TIMED.replace("set: {}", "to: waiting, if: w.requester != w.requester");
        let mut story = begun(&text, json!({ "requester": "ann" }));
        story.wait(HOUR).unwrap();
        (text, story)
    };
    let (text, mut story) = start();
    let new = version_two(&text)
        .replace("waiting", "idle")
        .replace("5 hours", "6 hours")
        .replace("    after:\n", "    after:\n      - { in: 90 minutes, to: over }\n");
    let map = "migrate: timed\nstates: { waiting: idle }";
    let moved = story.migrate(&new, map).unwrap();
    let due = |story: &Story, name: &str| {
        row(story).detail.timers.get(name).map(|at| (at.micros() - began.micros()) / (HOUR / 60))
    };
    assert_eq!(due(&story, "idle#1"), Some(90), "a new one counts from the entry");
    assert_eq!(due(&story, "idle#2"), Some(120), "the same length stays");
    assert_eq!(due(&story, "idle#3"), None, "what was used up stays so");
    assert_eq!(due(&story, "idle#4"), Some(360));
    let told: Vec<(Option<&str>, Option<&str>)> =
        moved.timers.iter().map(|timer| (timer.was.as_deref(), timer.name.as_deref())).collect();
    let wanted = [
        (Some("waiting#1"), Some("idle#2")),
        (Some("waiting#3"), None),
        (None, Some("idle#1")),
        (None, Some("idle#4")),
    ];
    assert_eq!(told, wanted);

    let (text, mut story) = start();
    let new = version_two(&text).replace("5 hours", "6 hours");
    let moved = story.migrate(&new, "migrate: timed\ntimers: keep").unwrap();
    assert_eq!((moved.timers, due(&story, "waiting#3")), (vec![], Some(300)), "kept as it was computed");

    let (text, mut story) = start();
    story.signal("go").unwrap();
    let new = version_two(&text).replace("2 hours", "3 hours");
    story.migrate(&new, "migrate: timed\nstates: { waiting: { timers: restart } }").unwrap();
    assert_eq!(
        (due(&story, "waiting#1"), due(&story, "waiting#3")),
        (Some(240), Some(360)),
        "from when it came in last"
    );
}

#[test]
fn nobody_goes_where_nothing_says_or_where_it_ends() {
    let new = version_two(PLAIN).replace("one", "first");
    let mut story = begun(PLAIN, json!({ "requester": "ann" }));
    assert_eq!(regard(story.migrate(&new, "migrate: plain")), "state");
    let new =
        version_two(PLAIN).replace("  two:", "  one: { final: true }\n  two:").replace("start: one", "start: two");
    let new = new.replacen("  one: { on: { go: two } }\n", "", 1);
    assert_eq!(regard(story.migrate(&new, "migrate: plain")), "final");
    let new = version_two(PLAIN)
        .replace("one: { on: { go: two } }", "one: { on: { go: two }, start: in, states: { in: {} } }");
    assert_eq!(regard(story.migrate(&new, "migrate: plain")), "state");
}

#[test]
fn nobody_goes_where_nothing_would_move_him() {
    let new = version_two(PLAIN)
        .replace("one: { on: { go: two } }", "one: { always: [{ if: w.requester == w.requester, to: two }] }");
    let mut story = begun(PLAIN, json!({ "requester": "ann" }));
    assert_eq!(regard(story.migrate(&new, "migrate: plain")), "stuck");
}

const REGIONS: &str = "
workflow: regions
version: 1
subject: { name: w, fields: { requester: person } }
start: work
states:
  work:
    parallel:
      a: { start: x, states: { x: { on: { on: f } }, f: { final: true } } }
      b:
        start: y
        states:
          y:
            approval: { steps: [{ name: s, who: [{ person: bob }] }] }
            on: { approved: g, rejected: g, changes_requested: g }
          g: { final: true }
    on: { done: over, stop: rest }
  rest: { on: { back: work.deep_history } }
  over: { final: true }
";

#[test]
fn regions_and_where_they_were_left_go_along() {
    let mut story = begun(REGIONS, json!({ "requester": "ann" }));
    story.signal("on").unwrap();
    let new = version_two(REGIONS)
        .replace("work:\n", "job:\n")
        .replace("start: work", "start: job")
        .replace("work.deep", "job.deep")
        .replace("y:", "z:")
        .replace("start: y", "start: z");
    let map = "migrate: regions\nstates: { work: job, work.b.y: job.b.z }";
    let moved = story.migrate(&new, map).unwrap();
    assert_eq!(story.inside(), "job.a.f job.b.z");
    assert_eq!((row(&story).state.as_ref(), moved.reviews[0].what), ("job", WhatOf::Kept));
    approve(&mut story, "s", "bob").unwrap();
    assert_eq!(row(&story).state.as_ref(), "over");

    let mut story = begun(REGIONS, json!({ "requester": "ann" }));
    story.signal("on").unwrap();
    story.signal("stop").unwrap();
    assert_eq!(story.migrate(&new, map).unwrap().forgotten, [""; 0].map(Arc::from));
    story.signal("back").unwrap();
    assert_eq!(story.inside(), "job.a.f job.b.z");

    let mut story = begun(REGIONS, json!({ "requester": "ann" }));
    let three = version_two(REGIONS).replace(
        "      b:\n",
        "      c: { start: k, states: { k: { on: { kk: l } }, l: { final: true } } }\n      b:\n",
    );
    assert_eq!(regard(story.migrate(&three, "migrate: regions")), "regions");
    let moved = story.migrate(&three, "migrate: regions\nstates: { work.a.x: [work.a.x, work.c.k] }").unwrap();
    assert_eq!(moved.to.len(), 3);
}

#[test]
fn the_document_becomes_one_of_the_new_definition() {
    let text = PLAIN.replace("requester: person", "requester: person, old: text, gone: int, size: int?");
    let new = version_two(&PLAIN.replace("requester: person", "requester: person, name: text, flag: bool, size: int"));
    let map = "migrate: plain\nfields: { name: w.old, flag: 'w.gone > 3', gone: null }";
    let mut story = begun(&text, json!({ "requester": "ann", "old": "chair", "gone": 5, "size": 2 }));
    let moved = story.migrate(&new, map).unwrap();
    assert_eq!(
        row(&story).subject,
        *json!({ "requester": "ann", "name": "chair", "flag": true, "size": 2 }).as_object().unwrap()
    );
    assert_eq!(moved.fields.len(), 4);
    let mut story = begun(&text, json!({ "requester": "ann", "old": "chair", "gone": 5, "size": null }));
    assert_eq!(regard(story.migrate(&new, map)), "fields");
}

#[test]
fn incidents_go_along_with_their_states() {
    let text =
        TIMED.replace("{ in: 2 hours, to: over }", "{ in: 2 hours, do: [{ log: { word: '\"never\"' } }], to: over }");
    let text = text
        .replace("requester: person", "requester: person, log: text?")
        .replace("set: {}", "to: over, if: w.requester != w.requester");
    let mut story = begun(&text, json!({ "requester": "ann" }));
    story.wait(2 * HOUR).unwrap();
    story.wait(0).unwrap();
    assert!(row(&story).detail.incident.is_some());
    let new = version_two(&text).replace("waiting", "idle").replace("\"never\"", "\"sure\"");
    assert_eq!(
        regard(story.migrate(
            &version_two(PLAIN).replace("plain", "timed"),
            "migrate: timed\nstates: { waiting: one }\nfields: { log: null }"
        )),
        "incident"
    );
    story.migrate(&new, "migrate: timed\nstates: { waiting: idle }").unwrap();
    let incident = row(&story).detail.incident.clone().unwrap();
    assert_eq!(incident.at.as_deref(), Some("idle"));
    let (instance, reason) = (row(&story).id, "because".to_owned());
    let repair = crate::command::Repair::Retry { at: None };
    story.command(Verb::Repair { instance, repair, reason, state_revision: None }, Actor::System).unwrap();
    assert_eq!(row(&story).state.as_ref(), "over", "what was tried is tried again, by the rules of now");
}

#[test]
fn what_was_done_can_still_be_taken_back() {
    let text = "
workflow: undoing
version: 1
subject: { name: w, fields: { requester: person, log: text? } }
start: one
states:
  one: { on: { go: { to: two, do: [{ log: { word: '\"a\"' }, undo: { strike: { word: '\"a\"' } } }] } } }
  two: { on: { back: { to: one, undo: true }, end: over } }
  over: { final: true }
";
    let mut story = begun(text, json!({ "requester": "ann" }));
    story.signal("go").unwrap();
    story.migrate(&version_two(text), "migrate: undoing").unwrap();
    story.signal("back").unwrap();
    assert_eq!(row(&story).subject["log"], "a -a ");
}

#[test]
fn what_nothing_leads_back_from_is_carried_along() {
    const SENT: &str = "
workflow: rush
version: 1
subject: { name: w, fields: { requester: person } }
start: draft
states:
  draft: { on: { go: sent } }
  sent: { no_return: It has been ordered., on: { ok: held } }
  held: { on: { ok: closed, back: sent } }
  closed: { final: true }
";
    let begun_at = |signals: &[&str]| {
        let mut story = begun(SENT, json!({ "requester": "ann" }));
        signals.iter().for_each(|event| drop(story.signal(event).unwrap()));
        story
    };
    let new = version_two(SENT).replace("sent", "ordered");
    let map = |held: &str| format!("migrate: rush\nstates: {{ sent: ordered, held: {held} }}");
    let refused = begun_at(&["go", "ok"]).migrate(&new, &map("draft")).unwrap_err();
    assert!(refused.sentence().contains("It has been ordered."), "{}", refused.sentence());
    for signals in [&["go", "ok"][..], &["go"]] {
        let mut story = begun_at(signals);
        story.migrate(&new, &map("held")).unwrap();
        assert_eq!(row(&story).detail.passed.iter().map(|path| &**path).collect::<Vec<_>>(), ["ordered"]);
        let back = story.migrate(
            &new.replace("version: 2", "version: 3"),
            "migrate: rush\nstates: { held: draft, ordered: draft }",
        );
        assert!(back.unwrap_err().sentence().contains("It has been ordered."));
    }
    // Whoever is there may stay, under another name too; whoever has left does not come back, unless an arrow leads there.
    let forth = SENT.replace(", back: sent", "");
    let new = version_two(&forth).replace("sent", "ordered");
    for (signals, may) in [(&["go"][..], true), (&["go", "ok"], false)] {
        let mut story = begun(&forth, json!({ "requester": "ann" }));
        signals.iter().for_each(|event| drop(story.signal(event).unwrap()));
        let came = story.migrate(&new, "migrate: rush\nstates: { sent: ordered, held: ordered }");
        assert_eq!(came.is_ok(), may, "{signals:?}: {:?}", came.err().map(|refused| refused.sentence()));
    }
    // A definition that says it anew says it of whoever is there.
    let mut story = begun(&forth.replace("no_return: It has been ordered., ", ""), json!({ "requester": "ann" }));
    story.signal("go").unwrap();
    story.migrate(&version_two(&forth), "migrate: rush").unwrap();
    assert_eq!(row(&story).detail.passed.len(), 1);
    let mut story = begun(&SENT.replace("no_return: It has been ordered., ", ""), json!({ "requester": "ann" }));
    story.signal("go").unwrap();
    story.migrate(&version_two(SENT), "migrate: rush").unwrap();
    assert_eq!(row(&story).detail.passed.len(), 1);
}

//! Who is told of what.

use super::*;
use crate::approval::{Ballot, Verb as Act};
use crate::command::Repair;

const LETTER: &str = r#"
workflow: letter
version: 1
subject: { name: w, fields: { requester: person, writer: "person?", reader: "person?" } }
start: { to: review, by: anyone }
states:
  review:
    approval:
      tells: [writer, reader]
      quorum_of_all
    on: { approved: over, rejected: over, changes_requested: over }
  over: { final: true }
"#;

fn story(steps: &str, subject: serde_json::Value) -> Story {
    let company = serde_json::json!({
        "people": [
            { "id": "ann", "active": true }, { "id": "bob", "active": true }, { "id": "cyd", "active": true },
            { "id": "dan", "active": true },
        ],
        "substitutes": [{ "person": "bob", "substitute": "dan" }, { "person": "cyd", "substitute": "dan" }],
    });
    let text = LETTER.replace("quorum_of_all", &format!("steps: [{{ name: one, {steps} }}]"));
    let mut story = Story::with(&text, company.as_object().unwrap());
    story.start(subject.as_object().unwrap()).unwrap();
    story
}

fn decide(story: &mut Story, by: &str, act: fn(Ballot) -> Act) {
    let task = &story.instance.as_ref().unwrap().tasks[0];
    let (task, etag) = (task.id, task.etag());
    let ballot = Ballot { step: "one".into(), on_behalf_of: None, seen: None, reason: Some("so".into()) };
    story.command(Verb::Decide { task, etag: Some(etag), act: act(ballot) }, person(by)).unwrap();
}

#[test]
fn those_are_told_whom_the_approval_names() {
    for (subject, told) in [
        (serde_json::json!({ "requester": "ann", "writer": "cyd", "reader": "dan" }), vec!["cyd", "dan"]),
        (serde_json::json!({ "requester": "ann", "writer": "cyd", "reader": "cyd" }), vec!["cyd"]),
        (serde_json::json!({ "requester": "ann" }), vec![]),
    ] {
        for act in [Act::Approve, Act::Reject, Act::RequestChanges] {
            let mut story = story("who: [{ person: bob }]", subject.clone());
            decide(&mut story, "bob", act);
            let people: Vec<&str> = story.notices.iter().flat_map(|(_, people)| people).map(PersonId::as_str).collect();
            assert_eq!(people, told, "{subject}");
        }
    }
}

#[test]
fn whoever_stands_in_for_two_people_in_a_step_hears_of_it_once() {
    let story = story("who: [{ person: [bob, cyd] }], quorum: all", serde_json::json!({ "requester": "ann" }));
    let mut people: Vec<&str> = story.notices.iter().flat_map(|(_, people)| people).map(PersonId::as_str).collect();
    people.sort_unstable();
    assert_eq!(people, ["bob", "cyd", "dan"]);
}

const SHORT: &str = r#"
workflow: short
version: 1
subject: { name: w, fields: { requester: person } }
start: waiting
states:
  waiting: { after: { in: 1 day, to: review } }
  review:
    approval: { steps: [{ name: one, who: [{ person: bob }] }] }
    on: { approved: over, rejected: over, changes_requested: over }
    after: { at: 'timestamp("2020-01-01T00:00:00Z")', to: missed }
  missed:
    approval: { steps: [{ name: one, who: [{ person: cyd }] }] }
    on: { approved: over, rejected: over, changes_requested: over }
  over: { final: true }
"#;

#[test]
fn nobody_is_asked_in_a_state_that_the_same_step_of_time_leaves() {
    let company = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true },
        { "id": "cyd", "active": true }] });
    let mut story = Story::with(SHORT, company.as_object().unwrap());
    story.now = Timestamp::parse("2026-03-02T09:00:00Z").unwrap();
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    story.wait(86_400_000_000).unwrap();
    assert_eq!(story.inside(), "missed");
    assert_eq!(story.notices, [(NoticeKind::TaskOpened, vec!["cyd".into()])]);
}

const ASKED: &str = r#"
workflow: asked
version: 1
subject: { name: w, fields: { requester: person } }
start: open
states:
  open:
    start: waiting
    on:
      stop: { by: anyone, reason: required, to: stopped }
      check: { by: anyone, to: checking }
    after: { in: 60 days, to: lapsed }
    states:
      waiting: { on: { submit: { by: w.requester, to: review } } }
      review:
        approval: { expires_after: 14 days, steps: [{ name: one, who: [{ person: bob }] }] }
        on: { approved: over, rejected: over, changes_requested: waiting, expired: lapsed }
      checking:
        task: { who: [{ person: bob }], form: { wrong: { type: text, title: What is wrong } } }
        on: { done: stopped }
  over: { final: true }
  stopped: { title: Stopped, final: failed }
  lapsed: { final: true }
"#;

/// Who is told of the end, and why, by what was done.
fn ended(act: impl Fn(&mut Story)) -> Vec<(NoticeKind, Vec<PersonId>, Option<String>)> {
    let company = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    let mut story = Story::with(ASKED, company.as_object().unwrap());
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    act(&mut story);
    let reason = |at: usize| story.reasons[at].clone();
    story.notices.iter().enumerate().map(|(at, (kind, people))| (*kind, people.clone(), reason(at))).collect()
}

fn stop(story: &mut Story, by: &str) {
    let (instance, reason) = (story.instance.as_ref().unwrap().id, Some("too late".to_owned()));
    let stop = Verb::Signal { instance, event: "stop".into(), payload: Document::new(), reason, state_revision: None };
    story.command(stop, person(by)).unwrap();
}

#[test]
fn whoever_asked_hears_of_an_end_that_he_was_not_told_of() {
    let (ann, told) = (vec![PersonId::from("ann")], |why: Option<&str>| why.map(str::to_owned));
    let end = |why| vec![(NoticeKind::Ended, ann.clone(), told(why))];
    assert_eq!(ended(|story| stop(story, "bob")), end(Some("too late")));
    assert_eq!(ended(|story| stop(story, "ann")), [], "it was his own act");
    assert_eq!(ended(|story| drop(story.wait(60 * 86_400_000_000).unwrap())), end(None));
    let lapsed = |story: &mut Story| {
        story.signal_as("submit", person("ann")).unwrap();
        story.wait(14 * 86_400_000_000).unwrap();
        assert_eq!(story.inside(), "lapsed");
    };
    assert_eq!(ended(lapsed), end(None));
    let given = |story: &mut Story| {
        story.signal_as("check", person("ann")).unwrap();
        let task = story.instance.as_ref().unwrap().tasks[0].clone();
        let data = serde_json::json!({ "wrong": "It is another bank." }).as_object().cloned().unwrap();
        let (task, etag) = (task.id, Some(task.etag()));
        story.command(Verb::Complete { task, etag, on_behalf_of: None, data }, person("bob")).unwrap();
        assert_eq!(story.inside(), "stopped");
    };
    assert_eq!(ended(given), end(Some("It is another bank.")));
    let decided = |story: &mut Story| {
        story.signal_as("submit", person("ann")).unwrap();
        decide(story, "bob", Act::Reject);
    };
    assert_eq!(ended(decided), [(NoticeKind::Rejected, ann.clone(), told(Some("so")))], "he is told once");
}

const BACK: &str = r#"
workflow: back
version: 1
subject: { name: w, fields: { requester: person } }
start: draft
states:
  draft: { on: { submit: { by: w.requester, to: checking }, order: { by: w.requester, to: open } } }
  checking:
    task: { who: [{ person: bob }], form: { wrong: { type: text, title: What is wrong } } }
    on: { done: [{ if: event.wrong == "all", to: doubted }, { if: event.wrong == "ours", to: shelf }, { to: draft }] }
  doubted: { on: { drop: { by: w.requester, to: over }, submit: { by: w.requester, reason: required, to: checking } } }
  shelf: { on: { submit: { by: w.requester, to: checking }, take: { by: anyone, to: checking } } }
  open: { on: { submit: { by: anyone, to: draft } } }
  over: { final: true }
"#;

/// To whoever asked, and why, where it has come back by what was done.
fn back(act: impl Fn(&mut Story)) -> Vec<(NoticeKind, String, Option<String>)> {
    let company = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    let mut story = Story::with(BACK, company.as_object().unwrap());
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    act(&mut story);
    let told = story.notices.iter().zip(&story.reasons);
    told.map(|((kind, people), why)| (*kind, people[0].to_string(), why.clone())).collect()
}

#[test]
fn whoever_asked_hears_that_it_waits_for_nobody_but_him() {
    let answered = |wrong: &'static str| {
        move |story: &mut Story| {
            story.signal_as("submit", person("ann")).unwrap();
            let task = story.instance.as_ref().unwrap().tasks[0].clone();
            let data = serde_json::json!({ "wrong": wrong }).as_object().cloned().unwrap();
            let (task, etag) = (task.id, Some(task.etag()));
            story.command(Verb::Complete { task, etag, on_behalf_of: None, data }, person("bob")).unwrap();
        }
    };
    let turn = |why: &str| vec![(NoticeKind::YourTurn, "ann".to_owned(), Some(why.to_owned()))];
    assert_eq!(back(answered("The sum.")), turn("The sum."));
    assert_eq!(back(answered("all")), [], "nothing leads on there without a reason, but to its end");
    assert_eq!(back(answered("ours")), [], "others take it on as well");
    let moved = |from: &'static str| {
        move |story: &mut Story| {
            story.signal_as(from, person("ann")).unwrap();
            story.repair(Repair::Move { to: "draft".into() }).unwrap();
        }
    };
    assert_eq!(back(moved("order")).len(), 1);
    assert_eq!(back(moved("submit"))[0].0, NoticeKind::YourTurn);
    let sent = |story: &mut Story| {
        story.signal_as("order", person("ann")).unwrap();
        story.signal_as("submit", person("bob")).unwrap();
    };
    assert_eq!(back(sent), [], "whoever sent it there tells him, where he is to know");
}

#[test]
fn of_several_states_that_is_told_which_waits_for_whoever_asked() {
    const SIDES: &str = r#"
workflow: sides
version: 1
subject: { name: w, fields: { requester: person } }
start: both
states:
  both:
    parallel:
      left:
        start: asked
        states:
          asked: { task: { who: [{ person: bob }], form: { sum: text } }, on: { done: known } }
          known: { final: true }
      right:
        start: asked
        states:
          asked: { task: { who: [{ person: bob }], form: { wrong: text } }, on: { done: returned } }
          returned: { on: { again: { by: w.requester, to: asked } } }
    on: { close: { by: w.requester, to: over } }
  over: { final: true }
"#;
    let company = serde_json::json!({ "people": [{ "id": "ann", "active": true }, { "id": "bob", "active": true }] });
    let mut story = Story::with(SIDES, company.as_object().unwrap());
    story.start(serde_json::json!({ "requester": "ann" }).as_object().unwrap()).unwrap();
    let tasks = story.instance.as_ref().unwrap().tasks.clone();
    let task = tasks.into_iter().find(|task| *task.state == *"both.right.asked").unwrap();
    let data = serde_json::json!({ "wrong": "The account." }).as_object().cloned().unwrap();
    let (task, etag) = (task.id, Some(task.etag()));
    story.command(Verb::Complete { task, etag, on_behalf_of: None, data }, person("bob")).unwrap();
    assert_eq!(story.notices, [(NoticeKind::YourTurn, vec!["ann".into()])]);
    assert_eq!(story.places, [Some("both.right.returned".into())]);
}

#[test]
fn what_time_alone_leads_to_is_known_beforehand() {
    let led = |story: &Story, of_task: bool| {
        let (instance, definition) = (story.instance.as_ref().unwrap(), story.library.current("asked").unwrap());
        let task = of_task.then(|| instance.tasks.last().unwrap());
        let (at, to) = crate::decide::led_by_time(definition, instance, task).unwrap();
        let to: Vec<&str> = to.into_iter().map(|to| &*definition.state(to).path).collect();
        ((at.micros() - story.now.micros()) / 86_400_000_000, to.join(" "))
    };
    let act = |story: &mut Story| {
        assert_eq!(led(story, false), (60, "lapsed".to_owned()));
        story.signal_as("submit", person("ann")).unwrap();
        assert_eq!([led(story, false), led(story, true)], [(14, "lapsed".to_owned()), (14, "lapsed".to_owned())]);
    };
    assert_eq!(ended(act).len(), 1, "bob is asked");
}

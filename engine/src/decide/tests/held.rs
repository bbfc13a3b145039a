//! An approval that the workflow leaves while people decide stands still until it comes back.

use super::*;
use crate::approval::{Ballot, State, Verb as Act};

const LETTER: &str = r#"
workflow: letter
version: 1
subject: { name: w, fields: { requester: person, n: int, note: text? } }
start: { to: review, by: anyone }
events:
  put_aside: {}
  correct: { payload: { n: int? } }
  take_up: {}
states:
  review:
    approval:
      expires_after: 30 h
      reapprove: [{ fields: [note], then: none }, { then: affected }]
      late: [{ after: 10 h, do: escalate }, { after: 20 h, do: reject }]
      steps: [{ name: one, who: [{ person: bob }], covers: [note] }, { name: two, order: 2, who: [{ manager: requester }] }]
    on: { put_aside: aside, approved: over, rejected: refused, changes_requested: over, expired: gone }
  aside:
    on:
      correct: { set: { n: event.n.orValue(w.n) } }
      take_up: review
  over: { final: true }
  refused: { final: true }
  gone: { final: true }
"#;

const HOUR: i64 = 3_600_000_000;

fn story() -> Story {
    let people = serde_json::json!({ "people": [
        { "id": "ann", "active": true, "manager": "bob" },
        { "id": "bob", "active": true, "manager": "cyd" },
        { "id": "cyd", "active": true },
    ] });
    let mut story = Story::with(LETTER, people.as_object().unwrap());
    story.start(serde_json::json!({ "requester": "ann", "n": 1 }).as_object().unwrap()).unwrap();
    story
}

fn task(story: &Story) -> &crate::instance::Task {
    let [task] = &story.instance.as_ref().unwrap().tasks[..] else { panic!("one task") };
    task
}

fn asked(story: &Story) -> Vec<String> {
    task(story).holders.iter().map(|holder| format!("{} {}", holder.step, holder.person)).collect()
}

fn signal(story: &mut Story, event: &str, payload: serde_json::Value) {
    let instance = story.instance.as_ref().unwrap().id;
    let payload = payload.as_object().cloned().unwrap();
    let verb = Verb::Signal { instance, event: event.into(), payload, reason: None, state_revision: None };
    story.command(verb, person("ann")).unwrap();
}

/// So much of its time goes by, in its steps of one hour.
fn hours(story: &mut Story, hours: i64) {
    for _ in 0..hours {
        story.wait(HOUR).unwrap();
    }
}

#[test]
fn nothing_is_due_while_it_is_laid_aside_and_all_begins_again_when_it_is_taken_up() {
    let mut story = story();
    hours(&mut story, 9);
    assert_eq!(asked(&story), ["one bob"]);
    signal(&mut story, "put_aside", serde_json::json!({}));
    assert_eq!((asked(&story).len(), task(&story).due_at), (0, None));
    hours(&mut story, 100);
    // Also where it is told of a change: before, that brought it up to then.
    signal(&mut story, "correct", serde_json::json!({ "n": 2 }));
    assert_eq!((story.inside(), task(&story).detail.review.state), ("aside".to_owned(), State::InReview));
    hours(&mut story, 100);
    signal(&mut story, "take_up", serde_json::json!({}));
    assert_eq!((story.inside(), asked(&story)), ("review".to_owned(), vec!["one bob".to_owned()]));
    assert_eq!(task(&story).due_at, Some(story.now.plus_micros(10 * HOUR)));
    hours(&mut story, 9);
    assert_eq!(asked(&story), ["one bob"], "nothing early");
    hours(&mut story, 1);
    assert_eq!(asked(&story), ["one bob", "one cyd"]);
    hours(&mut story, 10);
    assert_eq!(story.inside(), "refused");
}

#[test]
fn what_was_escalated_stays_so_and_the_votes_stay_and_the_round_has_its_time_again() {
    let mut story = story();
    hours(&mut story, 12);
    assert_eq!(asked(&story), ["one bob", "one cyd"]);
    let (id, etag) = (task(&story).id, task(&story).etag());
    let act = Act::Approve(Ballot { step: "one".into(), ..Ballot::default() });
    story.command(Verb::Decide { task: id, etag: Some(etag), act }, person("bob")).unwrap();
    assert_eq!(asked(&story), ["two bob"]);
    hours(&mut story, 9);
    signal(&mut story, "put_aside", serde_json::json!({}));
    hours(&mut story, 40);
    signal(&mut story, "take_up", serde_json::json!({}));
    assert_eq!((asked(&story), task(&story).detail.review.round), (vec!["two bob".to_owned()], 1));
    hours(&mut story, 9);
    assert_eq!((story.inside(), asked(&story)), ("review".to_owned(), vec!["two bob".to_owned()]));
    hours(&mut story, 1);
    assert_eq!(asked(&story), ["two bob", "two cyd"]);
}

#[test]
fn time_that_went_by_unseen_before_it_was_left_counts() {
    let mut story = story();
    // Nobody woke it: what was due comes first, and the letter is refused before it can be put aside.
    story.now = story.now.plus_micros(25 * HOUR);
    let instance = story.instance.as_ref().unwrap().id;
    let verb = Verb::Signal {
        instance,
        event: "put_aside".into(),
        payload: Document::new(),
        reason: None,
        state_revision: None,
    };
    let refused = story.command(verb, person("ann")).unwrap_err();
    assert_eq!((refused.code(), story.inside().as_str()), ("review_ended", "review"));
    story.wait(0).unwrap();
    assert_eq!(story.inside(), "refused");
}

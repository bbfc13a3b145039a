//! Each incident, tried again and skipped.

use super::*;
use crate::refusal::Refusal;

const TIMED: &str = r#"
workflow: timed
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: x
states:
  x:
    on: { stop: over }
    after:
      - { in: 9s, if: 10 / w.n > 1, to: y }
  y:
    do: [{ log: { word: '"late"' } }]
    after: { in: 5s, to: over }
  over: { final: true }
"#;

fn broken_timer() -> Story {
    let mut story = begun(TIMED, json!({ "requester": "ann", "n": 0 }));
    story.wait(9_000_000).unwrap();
    assert_eq!((codes(&story), row(&story).detail.timers.len()), (vec!["expression_failed".to_owned()], 0));
    story
}

#[test]
fn a_timer_that_broke_is_tried_again_and_fires_as_it_would_have() {
    let mut story = broken_timer();
    let refused = story.repair(retry()).unwrap_err();
    assert_eq!(refused.code(), "expression_failed", "it breaks again, and nothing has changed");
    story.repair(set(json!({ "n": 5 }))).unwrap();
    assert_eq!(codes(&story).len(), 1, "a field alone mends nothing yet");
    story.repair(retry()).unwrap();
    assert_eq!((story.inside().as_str(), row(&story).status, codes(&story).len()), ("y", Status::Active, 0));
    assert_eq!(row(&story).subject["log"], "late ");
    assert_eq!(story.repair(retry()).unwrap_err().code(), "not_repairable", "there is nothing to retry any more");
}

#[test]
fn a_timer_that_broke_and_is_skipped_is_used_up() {
    let mut story = broken_timer();
    story.repair(skip()).unwrap();
    assert_eq!(
        (story.inside().as_str(), row(&story).status, row(&story).detail.timers.len()),
        ("x", Status::Active, 0)
    );
    assert_eq!(story.wait(100_000_000).unwrap(), None);
    assert_eq!(story.inside(), "x");
}

#[test]
fn what_would_leave_nothing_to_wait_for_is_not_skipped() {
    let text = TIMED.replace("    on: { stop: over }\n", "");
    let mut story = begun(&text, json!({ "requester": "ann", "n": 0 }));
    story.wait(9_000_000).unwrap();
    let refused = story.repair(skip()).unwrap_err();
    assert!(matches!(refused, Refusal::NotRepairable(_)), "{refused:?}");
    story.repair(to("over")).unwrap();
    assert_eq!(row(&story).status, Status::Final);
}

const ALWAYS: &str = r#"
workflow: always
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: x
states:
  x: { after: { in: 5s, to: y } }
  y: { on: { stop: over }, always: [{ if: 10 / w.n > 1, to: over }] }
  over: { final: true }
"#;

#[test]
fn an_arrow_without_an_event_that_broke_is_tried_again_with_what_led_to_it() {
    let mut story = begun(ALWAYS, json!({ "requester": "ann", "n": 0 }));
    story.wait(5_000_000).unwrap();
    assert_eq!((story.inside().as_str(), codes(&story).len()), ("x", 1), "the whole step broke");
    story.repair(set(json!({ "n": 1 }))).unwrap();
    story.repair(retry()).unwrap();
    assert_eq!(story.inside(), "over");
}

const SENT: &str = r#"
workflow: sent
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: x
events: { sent: { payload: { number: text, copies: int? } } }
states:
  x:
    send: { order: { retry: 2 times, from: 1s, to: 2s } }
    on:
      sent: { by: engine, to: y, set: { log: event.number } }
  y: { on: { back: x, end: over } }
  over: { final: true }
"#;

fn undelivered() -> Story {
    let mut story = begun(SENT, json!({ "requester": "ann", "n": 0 }));
    story.given_up("order", 1);
    assert_eq!((codes(&story), row(&story).status), (vec!["delivery_failed".to_owned()], Status::Incident));
    story
}

#[test]
fn a_message_that_was_given_up_goes_out_again() {
    let mut story = undelivered();
    story.repair(retry()).unwrap();
    assert_eq!(story.resumed, [("order".into(), true)]);
    assert_eq!((story.inside().as_str(), row(&story).status, codes(&story).len()), ("x", Status::Active, 0));
    story.given_up("order", 1);
    story.given_up("order", 2);
    story.repair(retry()).unwrap();
    assert_eq!(story.resumed.len(), 2, "all that were given up go out again");
}

/// Of several notices that were given up each is in sight; what else needs help stays there.
#[test]
fn everybody_who_was_not_told_is_in_sight() {
    let mut story = begun(SENT, json!({ "requester": "ann", "n": 0 }));
    let notice = |story: &mut Story, n: u128, error: &str| {
        let id = uuid::Uuid::from_u128(n);
        let payload = json!({ "attempts": 1, "destination": "notices", "error": error, "id": id, "seq": 2 });
        story.message(&format!("delivery:{id}:1"), "delivery_failed", payload).unwrap();
    };
    notice(&mut story, 1, "the mail to `bob` was refused: no");
    notice(&mut story, 2, "the mail to `eve` was refused: no");
    notice(&mut story, 3, "the mail to `bob` was refused: no");
    let both = "`notices` could not be delivered: the mail to `bob` was refused: no; the mail to `eve` was refused: no";
    assert_eq!(row(&story).detail.incident.as_ref().unwrap().message, both);
    let tried = row(&story).detail.incident.as_ref().and_then(|incident| incident.tried.clone()).unwrap();
    let crate::instance::What::Delivery { messages } = tried.what else { panic!("messages were given up") };
    assert_eq!(messages.len(), 3, "a retry sends all of them again");
    let stops = |story: &Story| row(story).detail.incidents().any(|incident| !incident.stops_nothing());
    assert!(!stops(&story), "nobody waits for a notice");
    story.given_up("order", 4);
    notice(&mut story, 5, "the mail to `bob` was refused: no");
    assert!(row(&story).detail.incident.as_ref().unwrap().message.starts_with("`order` could not"));
    assert!(stops(&story));
}

#[test]
fn a_message_that_is_skipped_counts_as_delivered_with_the_answer_given() {
    let mut story = undelivered();
    let told = story.possible(Actor::System).unwrap();
    assert_eq!(told.incidents[0].payload, [("copies".into(), "int".to_owned()), ("number".into(), "text".to_owned())]);
    let payload = json!({ "copies": "many", "colour": "red" });
    let wrong = Repair::Skip { at: None, payload: payload.as_object().cloned().unwrap() };
    let Refusal::Invalid(errors) = story.repair(wrong).unwrap_err() else { panic!("it is invalid") };
    let mut places: Vec<&str> = errors.iter().map(|(at, _)| at.as_str()).collect();
    places.sort_unstable();
    assert_eq!(places, ["/payload/colour", "/payload/copies", "/payload/number"], "all faults at once");
    let payload = json!({ "number": "B-7" }).as_object().cloned().unwrap();
    story.repair(Repair::Skip { at: None, payload }).unwrap();
    assert_eq!(story.resumed, [("order".into(), false)]);
    assert_eq!((story.inside().as_str(), &row(&story).subject["log"]), ("y", &json!("B-7")));
    assert_eq!(row(&story).status, Status::Active);
}

#[test]
fn a_message_that_an_older_program_gave_up_is_not_guessed() {
    let mut story = begun(SENT, json!({ "requester": "ann", "n": 0 }));
    let payload = json!({ "attempts": 8, "destination": "order", "error": "no answer" });
    story.message("delivery:x", "delivery_failed", payload).unwrap();
    for repair in [retry(), skip()] {
        assert!(matches!(story.repair(repair).unwrap_err(), Refusal::NotRepairable(_)));
    }
    story.repair(to("x")).unwrap();
    assert_eq!((story.sent.len(), codes(&story).len()), (1, 0), "entered anew, it is sent anew");
}

#[test]
fn a_result_that_broke_is_taken_again() {
    let mut story = begun(
        r#"
workflow: told
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: x
events: { sent: { payload: { word: text } } }
states:
  x: { send: order, on: { sent: { by: engine, if: 10 / w.n > 1, to: y, set: { log: event.word } }, stop: y } }
  y: { on: { back: x } }
"#,
        json!({ "requester": "ann", "n": 0 }),
    );
    story.message("m1", "sent", json!({ "word": "yes" })).unwrap();
    assert_eq!(codes(&story), ["expression_failed"]);
    story.repair(set(json!({ "n": 2 }))).unwrap();
    story.repair(retry()).unwrap();
    assert_eq!((story.inside().as_str(), &row(&story).subject["log"]), ("y", &json!("yes")));
}

#[test]
fn a_rule_that_refused_the_engine_is_asked_again() {
    let mut story = begun(
        r#"
workflow: refused
version: 1
subject: { name: w, fields: { requester: person, word: text, log: text? } }
start: x
states:
  x: { on: { stop: y }, after: { in: 5s, to: y, do: [{ log: { word: w.word } }] } }
  y: { on: { back: x } }
"#,
        json!({ "requester": "ann", "word": "never" }),
    );
    story.wait(5_000_000).unwrap();
    assert_eq!(codes(&story), ["refused_to_engine"]);
    assert_eq!(story.repair(retry()).unwrap_err().code(), "never", "its own words");
    story.repair(set(json!({ "word": "soon" }))).unwrap();
    story.repair(retry()).unwrap();
    assert_eq!(story.inside(), "y");
}

#[test]
fn an_outcome_that_came_as_a_message_never_decides() {
    let mut story = begun(ASKED, json!({ "requester": "ann", "n": 1 }));
    story.message("m1", "approved", json!({})).unwrap();
    assert_eq!(codes(&story), ["outcome_by_message"]);
    assert_eq!(story.repair(retry()).unwrap_err().code(), "outcome_by_message");
    story.repair(skip()).unwrap();
    assert_eq!((story.inside().as_str(), codes(&story).len()), ("review", 0));
}

const ASKED: &str = r#"
workflow: asked
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: review
states:
  review:
    approval: { steps: [{ name: s, who: [{ role: boss, unit: it }] }] }
    on: { approved: [{ if: 10 / w.n > 1, to: y }, { to: z }], rejected: z, changes_requested: z, fetch: { if: 10 / w.n > 1, to: z } }
  y: { final: true }
  z: { final: true }
"#;

#[test]
fn an_approval_that_nobody_can_be_asked_for_is_resolved_anew_and_never_skipped() {
    let mut story = begun(ASKED, json!({ "requester": "ann", "n": 1 }));
    assert_eq!(codes(&story), ["approval_incident"]);
    let still = story.repair(retry()).unwrap_err();
    assert!(still.sentence().contains("`assign`") && still.sentence().contains("`restart`"), "{}", still.sentence());
    assert_eq!(story.repair(skip()).unwrap_err().code(), "repair_never_approves");
    let mut more = people();
    more["units"] = json!([{ "id": "it", "roles": { "boss": ["bob"], "administrator": ["ada"] } }]);
    story.organisation = Arc::new(read_organisation(&more, 2, story.now).unwrap());
    story.repair(retry()).unwrap();
    assert_eq!((codes(&story).len(), row(&story).tasks[0].holders.len()), (0, 1));
}

#[test]
fn what_somebody_did_is_repeated_by_nobody_else() {
    let mut story = begun(ASKED, json!({ "requester": "ann", "n": 0 }));
    let mut more = people();
    more["units"] = json!([{ "id": "it", "roles": { "boss": ["bob"], "administrator": ["ada"] } }]);
    story.organisation = Arc::new(read_organisation(&more, 2, story.now).unwrap());
    story.repair(retry()).unwrap();
    let task = &row(&story).tasks[0];
    let (id, etag) = (task.id, Some(task.etag()));
    let ballot = crate::approval::Ballot { step: "s".into(), ..Default::default() };
    let vote = Verb::Decide { task: id, etag, act: crate::approval::Verb::Approve(ballot) };
    story.command(vote.clone(), person("bob")).unwrap();
    assert_eq!(codes(&story), ["expression_failed"], "the vote broke on the way");
    let theirs = story.repair(retry()).unwrap_err();
    assert!(matches!(theirs, Refusal::NotRepairable(_)) && theirs.sentence().contains("`bob`"), "{theirs:?}");
    assert_eq!(story.repair(skip()).unwrap_err().code(), "repair_never_approves", "a vote is not counted as given");
    // An event of somebody's can be left undone, but not done in his place.
    story.signal_as("fetch", person("cyd")).unwrap();
    assert!(matches!(story.repair_as(retry(), "so", with_key("ada")).unwrap_err(), Refusal::NotRepairable(_)));
    story.repair_as(skip(), "so", with_key("ada")).unwrap();
    assert_eq!((story.inside().as_str(), codes(&story).len()), ("review", 0));
    // His own he may repeat.
    story.signal_as("fetch", with_key("ada")).unwrap();
    story.repair(set(json!({ "n": 1 }))).unwrap();
    story.repair_as(retry(), "so", with_key("ada")).unwrap();
    assert_eq!(story.inside(), "z");
}

const UNDONE: &str = r#"
workflow: undone
version: 1
subject: { name: w, fields: { requester: person, word: text, log: text? } }
start: x
states:
  x:
    do:
      - { log: { word: '"one"' }, undo: { strike: { word: '"one"' } } }
      - { log: { word: '"two"' }, undo: { strike: { word: w.word } } }
    on: { stay: {} }
    after: { in: 5s, to: over, undo: true }
  over: { final: true }
"#;

#[test]
fn a_step_of_taking_back_that_fails_is_left_out() {
    let mut story = begun(UNDONE, json!({ "requester": "ann", "word": "never" }));
    story.wait(5_000_000).unwrap();
    assert_eq!(codes(&story), ["refused_to_engine"]);
    assert_eq!(story.repair(retry()).unwrap_err().code(), "never");
    assert_eq!(story.repair(Repair::Cancel).unwrap_err().code(), "never", "nor is it ended over it");
    story.repair(skip()).unwrap();
    assert_eq!((story.inside().as_str(), &row(&story).subject["log"]), ("over", &json!("one two -one ")));
}

#[test]
fn cancelling_takes_back_the_last_first_wherever_it_stands() {
    let mut story = begun(UNDONE, json!({ "requester": "ann", "word": "two" }));
    story.repair(Repair::Cancel).unwrap();
    let instance = row(&story);
    assert_eq!((instance.status, &instance.subject["log"]), (Status::Final, &json!("one two -two -one ")));
    assert_eq!((instance.detail.stopped.as_deref(), instance.detail.undo.len()), (Some("because"), 0));
    assert!(instance.detail.timers.is_empty());
}

#[test]
fn of_several_incidents_the_state_says_which_is_meant() {
    let mut story = begun(
        r#"
workflow: both
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: work
states:
  work:
    parallel:
      a: { start: x, states: { x: { after: { in: 9s, if: 10 / w.n > 1, to: f } }, f: { final: true } } }
      b: { start: x, states: { x: { after: { in: 9s, if: 10 / w.n > 1, to: f } }, f: { final: true } } }
    on: { done: over, stop: over }
  over: { final: true }
"#,
        json!({ "requester": "ann", "n": 0 }),
    );
    story.wait(9_000_000).unwrap();
    story.wait(0).unwrap();
    assert_eq!(codes(&story).len(), 2);
    assert!(matches!(story.repair(retry()).unwrap_err(), Refusal::Invalid(_)), "which of them?");
    story.repair(set(json!({ "n": 1 }))).unwrap();
    story.repair(Repair::Retry { at: Some("work.b.x".into()) }).unwrap();
    assert_eq!((story.inside().as_str(), codes(&story).len()), ("work.a.x work.b.f", 1));
    story.repair(retry()).unwrap();
    assert_eq!((story.inside().as_str(), row(&story).status), ("over", Status::Final));
}

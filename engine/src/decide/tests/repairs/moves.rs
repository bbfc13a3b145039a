//! Moves: where one may go, what is left and entered, and that none leads past an approval.

use super::*;
use crate::instance::TaskStatus;

const ORDER: &str = r#"
workflow: order
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: draft
states:
  draft:
    on:
      submit:
        - { if: w.n < 10, to: sending }
        - { to: review }
  review:
    approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
    on: { approved: check, rejected: refused, changes_requested: draft, recall: draft }
  check:
    task: { who: [{ person: [cyd] }], form: { account: { type: text } } }
    on: { done: sending }
  sending: { do: [{ log: { word: '"sent"' } }], on: { ok: done }, after: { in: 5s, to: done } }
  done: { final: true }
  refused: { final: true }
"#;

fn order(n: i64) -> Story {
    begun(ORDER, json!({ "requester": "ann", "n": n }))
}

fn vote(story: &mut Story, at: usize, act: crate::approval::Verb, by: &str) {
    let task = &row(story).tasks[at];
    let verb = Verb::Decide { task: task.id, etag: Some(task.etag()), act };
    story.command(verb, person(by)).unwrap();
}

fn approve(story: &mut Story, at: usize, step: &str, by: &str) {
    let ballot = crate::approval::Ballot { step: step.into(), ..Default::default() };
    vote(story, at, crate::approval::Verb::Approve(ballot), by);
}

fn complete(story: &mut Story, at: usize) {
    let task = &row(story).tasks[at];
    let data = json!({ "account": "4711" }).as_object().cloned().unwrap();
    let verb = Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: None, data };
    story.command(verb, person("cyd")).unwrap();
}

fn allowed(story: &Story) -> Vec<String> {
    let told = story.possible(Actor::System).unwrap();
    told.moves.iter().filter(|one| one.can.possible).map(|one| one.state.to_string()).collect()
}

/// What begins elsewhere, and comes before the approval.
const PLACED: &str = r#"
workflow: order
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start:
  - { if: w.n > 100, by: anyone, to: placing }
  - { by: anyone, to: review }
states:
  placing: { on: { go: review } }
  review:
    approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
    on: { approved: done, rejected: refused, changes_requested: refused }
  done: { final: true }
  refused: { final: true }
"#;

#[test]
fn what_comes_before_an_approval_is_not_said_to_be_reached_by_it() {
    let mut story = begun(PLACED, json!({ "requester": "ann", "n": 50 }));
    let told = story.repair(to("placing")).unwrap_err().sentence();
    assert!(told.contains("No way from the start leads to `placing`") && !told.contains("`review`"), "{told}");
    let told = story.repair(to("done")).unwrap_err().sentence();
    assert!(told.contains("`done` is reached only by what was not given in `review`"), "{told}");
}

#[test]
fn a_move_never_leads_past_an_approval_or_a_task() {
    let mut story = order(50);
    assert_eq!(allowed(&story), ["draft", "review", "refused"]);
    for state in ["check", "sending", "done"] {
        let refused = story.repair(to(state)).unwrap_err();
        assert!(refused.code() == "repair_never_approves" && refused.on_authority(), "{state}: {refused:?}");
        assert!(refused.sentence().contains("`review`"), "{}", refused.sentence());
    }
    story.repair(to("review")).unwrap();
    assert_eq!(row(&story).tasks[0].status, TaskStatus::Open);
    approve(&mut story, 0, "s", "bob");
    assert_eq!(story.inside(), "check");
    assert_eq!(allowed(&story), ["draft", "review", "check", "refused"]);
    complete(&mut story, 1);
    assert_eq!(allowed(&story), ["draft", "review", "check", "sending", "done", "refused"]);
    // What was approved once is not, once the document is another.
    story.repair(to("draft")).unwrap();
    story.repair(set(json!({ "n": 60 }))).unwrap();
    assert_eq!(allowed(&story), ["draft", "review", "refused"]);
}

#[test]
fn nobody_repairs_what_he_asked_for_himself() {
    let mut story = order(5);
    for repair in [to("sending"), set(json!({ "n": 6 })), Repair::Cancel] {
        let refused = story.repair_as(repair, "mine", with_key("ann")).unwrap_err();
        assert!(refused.code() == "not_allowed" && refused.on_authority(), "{refused:?}");
        assert!(refused.sentence().contains("another administrator"), "{}", refused.sentence());
    }
    assert_eq!(story.repair_as(retry(), "mine", with_key("ann")).unwrap_err().code(), "not_repairable");
    story.repair_as(to("sending"), "for ann", with_key("bob")).unwrap();
}

#[test]
fn an_administrator_gives_nobody_elses_seat_to_himself() {
    let mut story = order(50);
    story.signal("submit").unwrap();
    let act =
        |who: &str| crate::approval::Verb::Reassign { step: "s".into(), from: Some("bob".into()), to: who.into() };
    let own = |story: &mut Story, act| {
        let task = &row(story).tasks[0];
        let verb = Verb::Decide { task: task.id, etag: Some(task.etag()), act };
        story.command(verb, person("ada"))
    };
    assert_eq!(own(&mut story, act("ada")).unwrap_err().code(), "not_allowed");
    own(&mut story, act("cyd")).unwrap();
    assert_eq!(row(&story).tasks[0].holders.len(), 1);
}

#[test]
fn a_way_round_an_approval_is_open_to_documents_that_may_take_it() {
    let mut small = order(5);
    assert!(allowed(&small).contains(&"sending".to_owned()));
    small.repair(to("sending")).unwrap();
    assert_eq!((small.inside().as_str(), &row(&small).subject["log"]), ("sending", &json!("sent ")));
    assert_eq!(row(&small).detail.timers.len(), 1);
    let refused = small.repair(set(json!({ "n": 50 }))).unwrap_err();
    assert_eq!(refused.code(), "repair_never_approves", "what it stands on may not be taken away");
    assert_eq!(order(10).repair(to("sending")).unwrap_err().code(), "repair_never_approves");
}

/// The condition stands two states before the approval; on the way there is a way back, one that waits, and an end.
const FURTHER: &str = r#"
workflow: further
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: draft
states:
  draft:
    on:
      submit:
        - { if: w.n < 10, to: small }
        - { to: big }
      call_off: gone
  small: { on: { order: running } }
  big: { on: { ready: asking, hold: waits, back: draft, call_off: gone } }
  waits: { after: { in: 1h, to: big } }
  asking: { on: { own: { if: actor == w.requester, to: review }, back: big } }
  review:
    approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
    on: { approved: running, rejected: gone, changes_requested: draft, recall: draft }
  running: { on: { ok: done } }
  done: { final: true }
  gone: { final: true }
"#;

#[test]
fn a_condition_further_before_an_approval_leads_nobody_past_it() {
    let further = |n: i64| begun(FURTHER, json!({ "requester": "ann", "n": n }));
    let mut big = further(50);
    assert_eq!(allowed(&big), ["draft", "big", "waits", "asking", "review", "gone"]);
    for state in ["small", "running", "done"] {
        assert_eq!(big.repair(to(state)).unwrap_err().code(), "repair_never_approves", "{state}");
    }
    big.repair(to("review")).unwrap();
    approve(&mut big, 0, "s", "bob");
    assert_eq!(big.inside(), "running");
    assert_eq!(allowed(&big), ["draft", "big", "waits", "asking", "review", "running", "done", "gone"]);
    let mut small = further(5);
    assert_eq!(allowed(&small), ["draft", "small", "big", "waits", "asking", "review", "running", "done", "gone"]);
    small.repair(to("running")).unwrap();
    assert_eq!(small.repair(set(json!({ "n": 50 }))).unwrap_err().code(), "repair_never_approves");
}

#[test]
fn what_is_left_is_closed_as_by_an_arrow_and_votes_are_kept() {
    let mut story = order(50);
    story.signal("submit").unwrap();
    story.repair(to("draft")).unwrap();
    let task = &row(&story).tasks[0];
    assert_eq!((task.status, task.holders.len(), task.due_at), (TaskStatus::Suspended, 0, None));
    story.repair(to("review")).unwrap();
    assert_eq!((row(&story).tasks.len(), row(&story).tasks[0].status), (1, TaskStatus::Open));
    let told = story.repair(to("reviwe")).unwrap_err();
    assert!(told.sentence().contains("/to: there is no state `reviwe`; did you mean `review`?"), "{}", told.sentence());
}

const REGIONS: &str = r#"
workflow: regions
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: draft
states:
  draft: { on: { go: work } }
  work:
    parallel:
      a:
        start: x
        states:
          x: { on: { on: y }, exit: [{ log: { word: '"x"' } }] }
          y: { on: { off: f }, after: { in: 9s, to: f } }
          f: { final: true }
      b:
        start: asked
        states:
          asked:
            approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
            on: { approved: f, rejected: no, changes_requested: no }
          no: { on: { again: asked } }
          f: { final: true }
    on: { done: over, stop: draft }
  over: { final: true }
"#;

fn regions() -> Story {
    let mut story = begun(REGIONS, json!({ "requester": "ann", "n": 0 }));
    story.signal("go").unwrap();
    story
}

#[test]
fn a_move_inside_a_region_moves_that_region_alone() {
    let mut story = regions();
    story.repair(to("work.a.y")).unwrap();
    assert_eq!(story.inside(), "work.a.y work.b.asked");
    assert_eq!((&row(&story).subject["log"], row(&story).detail.timers.len()), (&json!("x "), 1));
    story.repair(to("work.a")).unwrap();
    assert_eq!((story.inside().as_str(), row(&story).detail.timers.len()), ("work.a.x work.b.asked", 0));
    story.repair(to("work.b.no")).unwrap();
    assert_eq!(story.inside(), "work.a.x work.b.no");
    assert_eq!(row(&story).tasks[0].status, TaskStatus::Suspended);
    story.repair(to("draft")).unwrap();
    assert_eq!(story.inside(), "draft");
    story.repair(to("work.a.y")).unwrap();
    assert_eq!(story.inside(), "work.a.y work.b.asked", "from outside the other region begins where it begins");
}

#[test]
fn all_regions_must_come_to_their_end_by_what_was_given() {
    let mut story = regions();
    for state in ["over", "work.b.f"] {
        assert_eq!(story.repair(to(state)).unwrap_err().code(), "repair_never_approves", "{state}");
    }
    approve(&mut story, 0, "s", "bob");
    assert_eq!(story.inside(), "work.a.x work.b.f");
    assert!(allowed(&story).contains(&"over".to_owned()));
    story.repair(to("work.a.f")).unwrap();
    assert_eq!(story.inside(), "over", "with the last of them, all are done");
}

#[test]
fn moving_on_is_over_with_the_incidents_of_what_is_left() {
    let mut story = begun(
        &REGIONS.replace("after: { in: 9s, to: f }", "after: { in: 9s, if: 10 / w.n > 1, to: f }"),
        json!({ "requester": "ann", "n": 0 }),
    );
    story.signal("go").unwrap();
    story.signal("on").unwrap();
    story.wait(9_000_000).unwrap();
    assert_eq!(codes(&story), ["expression_failed"]);
    story.repair(to("work.b.no")).unwrap();
    assert_eq!(codes(&story), ["expression_failed"], "it is of the other region");
    story.repair(to("work.a.x")).unwrap();
    assert_eq!((codes(&story).len(), row(&story).status), (0, Status::Active));
}

/// Ordered first, approved afterwards.
const AFTERWARDS: &str = r#"
workflow: rush
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: draft
states:
  draft: { on: { go: running } }
  running:
    no_return: It has been ordered.
    parallel:
      goods:
        start: sending
        states:
          sending: { do: [{ log: { word: '"sent"' } }], on: { ok: coming } }
          coming: { on: { ok: over } }
          over: { final: true }
      decision:
        start: review
        states:
          review:
            approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
            on: { approved: fine, rejected: held, changes_requested: told }
          told: { on: { ok: review } }
          fine: { final: true }
    on: { done: closed, stop: closed }
  held: { on: { ok: closed, pause: waiting } }
  waiting: { on: { ok: held }, after: { in: 5s, to: draft, if: w.n > 100 } }
  closed: { final: true }
"#;

#[test]
fn nothing_leads_back_before_a_state_without_return() {
    let mut story = begun(AFTERWARDS, json!({ "requester": "ann", "n": 5 }));
    let before = allowed(&story);
    assert!(before.contains(&"draft".to_owned()) && before.contains(&"running".to_owned()), "{before:?}");
    story.signal("go").unwrap();
    // An arrow leads to `draft`, two states further on: so may a move.
    assert!(allowed(&story).contains(&"draft".to_owned()));

    let text = AFTERWARDS.replace(", after: { in: 5s, to: draft, if: w.n > 100 }", "");
    let mut story = begun(&text, json!({ "requester": "ann", "n": 5 }));
    story.signal("go").unwrap();
    let why = |story: &mut Story, state: &str| story.repair(to(state)).unwrap_err().sentence();
    for state in ["draft", "running"] {
        let sentence = why(&mut story, state);
        assert!(sentence.contains("It has been ordered."), "{state}: {sentence}");
        assert!(sentence.contains(&format!("from `running` back to `{state}`")), "{sentence}");
    }
    story.repair(to("running.goods.coming")).unwrap();
    story.repair(to("running.goods.sending")).unwrap();
    assert_eq!(row(&story).subject["log"], json!("sent sent "), "inside it may be moved");
    let etag = row(&story).tasks[0].etag();
    let ballot = crate::approval::Ballot { step: "s".into(), reason: Some("no".into()), ..Default::default() };
    let act = crate::approval::Verb::Reject(ballot);
    story.command(Verb::Decide { task: row(&story).tasks[0].id, etag: Some(etag), act }, person("bob")).unwrap();
    assert_eq!(story.inside(), "held");
    for state in ["draft", "running"] {
        assert!(why(&mut story, state).contains("It has been ordered."), "{state}: it stays so");
    }
    story.repair(to("waiting")).unwrap();
    assert_eq!(story.inside(), "waiting");
}

//! Whoever repairs gets no seat by it, and leaves alone what decisions stand on.

use std::collections::BTreeSet;

use super::*;
use crate::approval::{Ballot, EscalateTo, EscalationMode, State, Verb as Act};
use crate::decide::{deciders, summaries};
use crate::instance::TaskStatus;

/// Its owner's manager approves; a task finds the score; comes round again by a task, or by time.
const ROUND: &str = r#"
workflow: round
version: 1
subject: { name: w, fields: { requester: person, owner: person?, judge: person?, n: int, score: int?, note: text?, memo: text? } }
start: { to: review, by: anyone }
states:
  review:
    approval:
      never: [owner]
      reapprove: [{ fields: [note, memo], then: none }, { then: all }]
      steps: [{ name: s, who: [{ field: judge }] }]
    on: { approved: held, rejected: over, changes_requested: over }
  held:
    task: { who: [{ person: [cyd] }], form: { n: int, score: int?, note: text? } }
    on: { done: { to: review, set: { n: event.n, score: event.score, note: event.note } } }
    after: { in: 5s, to: review, set: { n: w.n * 1000 } }
  over: { final: true }
"#;

fn round(text: &str) -> Story {
    begun(text, json!({ "requester": "ann", "judge": "bob", "n": 10 }))
}

fn newest<'a>(story: &'a Story, state: &str) -> &'a crate::instance::Task {
    row(story).tasks.iter().rev().find(|task| &*task.state == state).unwrap()
}

pub(super) fn act(story: &mut Story, state: &str, act: Act, by: &str) -> Result<Option<String>, Refusal> {
    let task = newest(story, state);
    let verb = Verb::Decide { task: task.id, etag: Some(task.etag()), act };
    story.command(verb, person(by))
}

fn approve(story: &mut Story) {
    act(story, "review", Act::Approve(Ballot { step: "s".into(), ..Ballot::default() }), "bob").unwrap();
}

fn give(story: &mut Story, data: serde_json::Value) {
    let task = newest(story, "held");
    let data = data.as_object().cloned().unwrap();
    let verb = Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: None, data };
    story.command(verb, person("cyd")).unwrap();
}

fn asked(story: &Story) -> Vec<String> {
    let open = row(story).tasks.iter().filter(|task| task.status == TaskStatus::Open);
    open.flat_map(|task| task.holders.iter().map(|holder| holder.person.to_string())).collect()
}

/// Who may act now, as tasks are shown and as it is told who could decide.
pub(super) fn may(story: &Story) -> Vec<String> {
    let definition = story.library.current(&story.workflow).unwrap();
    let (instance, organisation) = (row(story), &story.organisation);
    let shown = summaries(definition, instance, organisation, story.now);
    let shown: BTreeSet<String> =
        shown.iter().flat_map(|task| &task.open).map(|seat| seat.person.to_string()).collect();
    let ordinal = instance.tasks.last().unwrap().id.ordinal;
    let told = deciders(definition, instance, ordinal, &[Arc::clone(organisation)], story.now, None).unwrap().deciders;
    let told: BTreeSet<String> = told.into_iter().map(|one| one.person.to_string()).collect();
    assert_eq!(shown, told);
    shown.into_iter().collect()
}

/// In how many seats somebody could decide; and why in none.
fn chance(story: &Story, who: &str) -> (usize, Option<&'static str>) {
    let instance = row(story);
    let ordinal = instance.tasks.last().unwrap().id.ordinal;
    let definition = story.library.current(&story.workflow).unwrap();
    let organisations = [Arc::clone(&story.organisation)];
    let told = deciders(definition, instance, ordinal, &organisations, story.now, Some(&who.into())).unwrap();
    let chance = told.chances.unwrap().remove(0);
    (chance.may.len(), chance.declined.map(|declined| declined.refusal.code()))
}

#[test]
fn what_the_workflow_changed_after_an_approval_is_asked_about_when_it_comes_back() {
    // By what somebody gave in a task.
    let mut story = round(ROUND);
    approve(&mut story);
    assert_eq!((story.inside().as_str(), asked(&story)), ("held", vec!["cyd".to_owned()]));
    give(&mut story, json!({ "n": 9000 }));
    assert_eq!((story.inside().as_str(), asked(&story)), ("review", vec!["bob".to_owned()]));
    approve(&mut story);
    assert_eq!(story.inside(), "held");
    // By time alone.
    story.wait(5_000_000).unwrap();
    assert_eq!((story.inside().as_str(), asked(&story)), ("review", vec!["bob".to_owned()]));
    approve(&mut story);
    // What counts as nothing is nothing, and what is as it was approved stays so.
    give(&mut story, json!({ "n": 9_000_000, "note": "the same" }));
    assert_eq!((story.inside().as_str(), asked(&story)), ("held", vec!["cyd".to_owned()]));
    assert_eq!(newest(&story, "review").detail.review.state, State::Approved);
}

#[test]
fn where_votes_begin_anew_so_does_what_was_approved() {
    let mut story = round(&ROUND.replace("never: [owner]", "never: [owner]\n      after_changes: restart"));
    approve(&mut story);
    give(&mut story, json!({ "n": 10 }));
    assert_eq!((story.inside().as_str(), asked(&story)), ("review", vec!["bob".to_owned()]));
}

#[test]
fn no_repair_stands_on_what_was_changed_since_the_approval() {
    let mut story = round(&ROUND.replace("done: { to: review,", "done: { to: waiting,").replace(
        "  over: { final: true }",
        "  waiting: { on: { back: review }, after: { in: 9s, to: over } }\n  over: { final: true }",
    ));
    approve(&mut story);
    assert!(story.possible(Actor::System).unwrap().moves.iter().any(|one| &*one.state == "held" && one.can.possible));
    give(&mut story, json!({ "n": 9000 }));
    assert_eq!(story.inside(), "waiting");
    assert_eq!(story.repair(to("held")).unwrap_err().code(), "repair_never_approves");
}

#[test]
fn what_tasks_have_found_and_who_is_kept_out_is_not_corrected() {
    let mut story = round(ROUND);
    for (fields, told) in [
        (json!({ "score": 5 }), "what a task has found"),
        (json!({ "owner": "cyd" }), "who may not decide"),
        (json!({ "n": 5 }), "what a task has found"),
    ] {
        let Refusal::Invalid(wrong) = story.repair(set(fields.clone())).unwrap_err() else { panic!("{fields}") };
        assert!(wrong[0].1.contains(told), "{wrong:?}");
    }
}

#[test]
fn what_is_set_where_people_approve_it_is_not_set_past_them() {
    let with = ROUND.replace("approved: held,", "approved: { to: held, set: { memo: w.note } },");
    let mut story = round(&with);
    let Refusal::Invalid(wrong) = story.repair(set(json!({ "memo": "mine" }))).unwrap_err() else { panic!("invalid") };
    assert!(wrong[0].1.contains("what people approve"), "{wrong:?}");
    round(ROUND).repair(set(json!({ "memo": "mine" }))).unwrap();
}

#[test]
fn whoever_repairs_gets_no_seat_by_it() {
    let mut story = round(ROUND);
    let own = |judge: &str| set(json!({ "judge": judge }));
    let refused = story.repair_as(own("ada"), "mine", person("ada")).unwrap_err();
    assert!(
        refused.code() == "not_allowed" && refused.sentence().contains("you would be asked yourself"),
        "{refused:?}"
    );
    assert_eq!(asked(&story), ["bob"]);
    story.repair_as(own("cyd"), "ill", person("ada")).unwrap();
    assert_eq!(asked(&story), ["cyd"]);
    // Nor by asking the manager, who he is himself.
    let mut story = Story::with(ROUND, &managed());
    story.start(json!({ "requester": "ann", "judge": "bob", "n": 10 }).as_object().unwrap()).unwrap();
    for mode in [EscalationMode::Adds, EscalationMode::Replaces] {
        let escalate = Act::Escalate { step: "s".into(), mode, to: EscalateTo::Manager };
        let refused = act(&mut story, "review", escalate, "ada").unwrap_err();
        assert_eq!(refused.code(), "not_allowed", "{refused:?}");
    }
    assert_eq!(asked(&story), ["bob"]);
}

/// The same people, and `ada` is the manager of `bob`.
fn managed() -> Document {
    let mut people = people();
    people["people"][1]["manager"] = json!("ada");
    people
}

#[test]
fn a_form_is_bound_to_what_a_repair_changes() {
    let mut story = round(ROUND);
    approve(&mut story);
    let task = newest(&story, "held");
    let (id, stale) = (task.id, task.etag());
    story.repair(set(json!({ "memo": "looked at" }))).unwrap();
    let data = json!({ "n": 10 }).as_object().cloned().unwrap();
    let verb = |etag| Verb::Complete { task: id, etag: Some(etag), on_behalf_of: None, data: data.clone() };
    assert_eq!(story.command(verb(stale), person("cyd")).unwrap_err().code(), "stale_task");
    let fresh = newest(&story, "held").etag();
    story.command(verb(fresh), person("cyd")).unwrap();
}

#[test]
fn whom_it_is_about_repairs_it_no_more_than_whoever_asked() {
    let mut story = begun(ROUND, json!({ "requester": "ann", "judge": "bob", "owner": "cyd", "n": 10 }));
    for who in ["ann", "cyd"] {
        let refused = story.repair_as(Repair::Cancel, "mine", with_key(who)).unwrap_err();
        assert_eq!(refused.code(), "not_allowed", "{who}");
    }
    story.repair_as(Repair::Cancel, "theirs", with_key("bob")).unwrap();
}

#[test]
fn whoever_passes_a_seat_on_does_not_decide_in_it_for_him_who_has_it() {
    let mut substituted = people();
    substituted.insert("substitutes".to_owned(), json!([{ "person": "cyd", "substitute": "ada" }]));
    let begin = || {
        let mut story = Story::with(ROUND, &substituted);
        story.start(json!({ "requester": "ann", "judge": "bob", "n": 10 }).as_object().unwrap()).unwrap();
        story
    };
    let for_cyd = || Act::Approve(Ballot { step: "s".into(), on_behalf_of: Some("cyd".into()), ..Ballot::default() });
    let reassign = Act::Reassign { step: "s".into(), from: Some("bob".into()), to: "cyd".into() };
    let escalate = |mode| Act::Escalate { step: "s".into(), mode, to: EscalateTo::Person("cyd".into()) };
    for passing in [reassign, escalate(EscalationMode::Adds), escalate(EscalationMode::Replaces)] {
        let mut story = begin();
        act(&mut story, "review", passing.clone(), "ada").unwrap();
        for vote in [for_cyd(), Act::Approve(Ballot { step: "s".into(), ..Ballot::default() })] {
            let refused = act(&mut story, "review", vote, "ada").unwrap_err();
            assert!(refused.sentence().contains("you said who has this place"), "{passing:?}: {refused:?}");
        }
        // Nor is he told of as somebody who could.
        assert!(!may(&story).contains(&"ada".to_owned()), "{passing:?}: {:?}", may(&story));
        assert_eq!(chance(&story, "ada"), (0, Some("not_approver")), "{passing:?}");
        // Whoever has it decides, and so does somebody who stands in for him without having had a hand in it.
        let own = Act::Approve(Ballot { step: "s".into(), ..Ballot::default() });
        act(&mut story, "review", own, "cyd").unwrap();
        assert_eq!(story.inside(), "held");
    }
    let mut story = begin();
    act(&mut story, "review", Act::Reassign { step: "s".into(), from: None, to: "cyd".into() }, "bob").unwrap();
    assert!(may(&story).contains(&"ada".to_owned()), "{:?}", may(&story));
    assert_eq!(chance(&story, "ada"), (1, None));
    act(&mut story, "review", for_cyd(), "ada").unwrap();
    assert_eq!(story.inside(), "held");
}

#[test]
fn nobody_comes_to_decide_over_an_absence_that_he_noted() {
    let over = |noted: serde_json::Value| {
        let mut away = people();
        let way = json!([
            { "person": "bob", "substitute": "cyd", "noted_by": noted },
            { "person": "cyd", "substitute": "ada" },
        ]);
        away.insert("substitutes".to_owned(), way);
        let mut story = Story::with(ROUND, &away);
        story.start(json!({ "requester": "ann", "judge": "bob", "n": 10 }).as_object().unwrap()).unwrap();
        let vote = Act::Approve(Ballot { step: "s".into(), ..Ballot::default() });
        act(&mut story, "review", vote, "ada").map_err(|refused| refused.code())
    };
    assert_eq!(over(json!("ada")), Err("not_approver"));
    assert_eq!((over(json!("eve")), over(json!(null))), (Ok(None), Ok(None)));
}

#[test]
fn what_is_moved_back_to_those_who_decide_is_decided_anew() {
    let mut story = round(ROUND);
    approve(&mut story);
    assert_eq!((story.inside().as_str(), asked(&story)), ("held", vec!["cyd".to_owned()]));
    story.repair(to("review")).unwrap();
    assert_eq!((story.inside().as_str(), asked(&story)), ("review", vec!["bob".to_owned()]));
    approve(&mut story);
    assert_eq!(story.inside(), "held");
}

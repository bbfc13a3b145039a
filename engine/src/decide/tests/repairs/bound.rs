//! What decisions are bound to, and who is kept from them by what he has done to it.

use super::*;
use crate::approval::{Ballot, Verb as Act};
use crate::instance::TaskStatus;

/// One decides, then another; prices by item are part of what they see.
const PRICED: &str = r#"
workflow: priced
version: 1
subject: { name: w, fields: { requester: person, owners: list(person)?, boss: person?, prices: map(money)?, rows: list(map(money))?, note: text? } }
start: { to: review, by: anyone }
events: { edit: { payload: { prices: map(money)?, rows: list(map(money))? } } }
states:
  review:
    approval:
      never: [requester, owners]
      reapprove: [{ fields: [boss, note], then: none }, { then: affected }]
      steps:
        - { name: first, who: [{ person: [bob] }] }
        - { name: second, order: 2, who: [{ field: boss }] }
    on:
      edit: { by: w.requester, set: { prices: event.prices, rows: event.rows } }
      approved: held
      rejected: over
      changes_requested: over
  held: { after: { in: 5 days, to: over }, on: { stop: over } }
  over: { final: true }
"#;

fn open(story: &Story) -> (crate::ids::TaskId, String) {
    let task = row(story).tasks.iter().find(|task| task.status == TaskStatus::Open).unwrap();
    (task.id, task.etag())
}

fn vote(story: &mut Story, step: &str, who: &str, etag: Option<String>) -> Result<Option<String>, Refusal> {
    let (task, current) = open(story);
    let act = Act::Approve(Ballot { step: step.into(), ..Ballot::default() });
    story.command(Verb::Decide { task, etag: Some(etag.unwrap_or(current)), act }, person(who))
}

fn asked(story: &Story) -> Vec<String> {
    row(story).tasks[0].holders.iter().map(|holder| holder.person.to_string()).collect()
}

fn edit(story: &mut Story, payload: serde_json::Value) {
    let (instance, payload) = (row(story).id, payload.as_object().cloned().unwrap());
    let verb = Verb::Signal { instance, event: "edit".into(), payload, reason: None, state_revision: None };
    story.command(verb, person("ann")).unwrap();
}

#[test]
fn what_stands_in_a_map_is_bound_like_any_other_field() {
    for (before, after) in [
        (json!({ "prices": { "mouse": "20.00 EUR" } }), json!({ "prices": { "mouse": "999999.00 EUR" } })),
        (
            json!({ "prices": { "mouse": "20.00 EUR" } }),
            json!({ "prices": { "mouse": "20.00 EUR", "cat": "1.00 EUR" } }),
        ),
        (json!({ "rows": [{ "a": "1.00 EUR" }] }), json!({ "rows": [{ "a": "2.00 EUR" }] })),
    ] {
        let mut input = before.as_object().cloned().unwrap();
        input.extend([("requester".to_owned(), json!("ann")), ("boss".to_owned(), json!("cyd"))]);
        let mut story = begun(PRICED, input.into());
        vote(&mut story, "first", "bob", None).unwrap();
        assert_eq!(asked(&story), ["cyd"]);
        let seen = open(&story).1;
        edit(&mut story, after.clone());
        assert_eq!(asked(&story), ["bob"], "{after}: what he approved is another now");
        let refused = vote(&mut story, "first", "bob", Some(seen)).unwrap_err();
        assert_eq!(refused.code(), "stale_task", "{after}");
        // As it was, it is approved still.
        edit(&mut story, before);
        assert_eq!(asked(&story), ["cyd"]);
    }
}

#[test]
fn the_etag_is_the_whole_digest_of_what_is_seen() {
    let story = begun(PRICED, json!({ "requester": "ann", "boss": "cyd" }));
    let task = &row(&story).tasks[0];
    assert_eq!(task.etag(), format!("{}-{}", task.document, task.revision));
    assert_eq!(task.document.to_string().len(), 64);
}

#[test]
fn whoever_sets_data_past_those_who_decide_does_not_decide() {
    let mut story = begun(PRICED, json!({ "requester": "ann", "boss": "cyd" }));
    // The step is not open yet: nobody has a seat in it that could be seen.
    story.repair_as(set(json!({ "boss": "ada" })), "because", person("ada")).unwrap();
    vote(&mut story, "first", "bob", None).unwrap();
    let refused = vote(&mut story, "second", "ada", None).unwrap_err();
    assert!(refused.sentence().contains("you have set data of it"), "{refused:?}");
    assert!(refused.on_authority());
    story.repair(set(json!({ "boss": "cyd" }))).unwrap();
    vote(&mut story, "second", "cyd", None).unwrap();
    assert_eq!(story.inside(), "held");
}

#[test]
fn whoever_has_set_data_gives_a_task_its_data_all_the_same() {
    let asks = PRICED.replace(
        "held: { after: { in: 5 days, to: over }, on: { stop: over } }",
        "held: { task: { who: [{ person: [ada] }], form: { note: text? } }, on: { done: over } }",
    );
    let mut story = begun(&asks, json!({ "requester": "ann", "boss": "cyd" }));
    story.repair_as(set(json!({ "note": "x" })), "because", person("ada")).unwrap();
    vote(&mut story, "first", "bob", None).unwrap();
    vote(&mut story, "second", "cyd", None).unwrap();
    let definition = story.library.current(&story.workflow).unwrap();
    let shown = crate::decide::summaries(definition, row(&story), &story.organisation, story.now);
    assert_eq!(shown[0].open.iter().map(|seat| seat.person.as_str()).collect::<Vec<_>>(), ["ada"]);
    let (task, etag) = open(&story);
    let verb = Verb::Complete { task, etag: Some(etag), on_behalf_of: None, data: Document::new() };
    story.command(verb, person("ada")).unwrap();
    assert_eq!(story.inside(), "over");
}

#[test]
fn one_of_several_who_are_kept_out_repairs_as_little_as_a_single_one() {
    let mut story = begun(PRICED, json!({ "requester": "ann", "owners": ["cyd", "ada"], "boss": "cyd" }));
    for repair in [set(json!({ "note": "x" })), to("held"), Repair::Cancel] {
        let refused = story.repair_as(repair, "because", person("ada")).unwrap_err();
        assert_eq!(refused.code(), "not_allowed");
    }
    let mut story = begun(PRICED, json!({ "requester": "ann", "owners": ["cyd"], "boss": "cyd" }));
    story.repair_as(Repair::Cancel, "because", person("ada")).unwrap();
}

#[test]
fn a_clock_that_went_back_shortens_no_wait() {
    let mut story = begun(PRICED, json!({ "requester": "ann", "boss": "cyd" }));
    vote(&mut story, "first", "bob", None).unwrap();
    let right = story.now;
    story.instance.as_mut().unwrap().changed_at = right.plus_micros(400 * 86_400_000_000);
    vote(&mut story, "second", "cyd", None).unwrap();
    let due = row(&story).detail.timers.values().next().copied();
    assert_eq!(due, Some(right.plus_micros(405 * 86_400_000_000)));
}

#[test]
fn a_vote_is_told_by_itself_however_many_there_were() {
    let both = PRICED.replace("who: [{ person: [bob] }]", "who: [{ person: [bob, ada] }], quorum: all");
    let mut story = begun(&both, json!({ "requester": "ann", "boss": "cyd" }));
    let mut told = Vec::new();
    for turn in 0..30 {
        let before = story.instance.clone();
        let ballot = Ballot { step: "first".into(), ..Ballot::default() };
        let act = if turn % 2 == 0 { Act::Approve(ballot) } else { Act::Abstain(ballot) };
        let (task, etag) = open(&story);
        story.command(Verb::Decide { task, etag: Some(etag), act }, person("bob")).unwrap();
        let changes = crate::audit::told::changes(before.as_ref(), row(&story));
        let votes = changes.iter().filter(|change| change.at.contains("/review/votes"));
        told.push(votes.map(|change| serde_json::to_string(change).unwrap().len()).sum::<usize>());
    }
    assert!(told[29] > 0 && told[29] < 3 * told[1], "{told:?}");
}

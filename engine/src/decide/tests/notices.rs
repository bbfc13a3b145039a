//! Who is told of what.

use super::*;
use crate::approval::{Ballot, Verb as Act};

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

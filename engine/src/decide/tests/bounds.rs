//! How much a field holds, whoever brings it; and that what lies there already is read, and may be made shorter.

use serde_json::{Value as Json, json};

use super::*;
use crate::command::Repair;

const NOTES: &str = r#"
workflow: notes
version: 1
subject: { name: it, fields: { requester: person, note: text, tags: list(text) } }
start: { to: open, by: anyone }
events:
  edit: { payload: { note: text?, tags: list(text)? } }
states:
  open:
    on:
      edit: { set: { note: event.note.orValue(it.note), tags: event.tags.orValue(it.tags) } }
      twice: { set: { tags: it.tags + it.tags } }
      ask: asked
    after: { in: 1h, to: asked, set: { tags: it.tags + it.tags } }
  asked:
    task: { who: [{ person: [bob] }], form: { note: text } }
    on: { done: { to: over, set: { note: event.note } } }
  over: { final: true }
"#;

fn document(json: Json) -> Document {
    json.as_object().cloned().unwrap()
}

fn story(note: &str) -> Result<Story, Refusal> {
    let people = json!([{ "id": "ann", "active": true }, { "id": "bob", "active": true }]);
    let mut story = Story::with(NOTES, &document(json!({ "people": people })));
    story.start(&document(json!({ "requester": "ann", "note": note, "tags": [] }))).map(|_| story)
}

fn edit(story: &mut Story, payload: Json) -> Result<Option<String>, Refusal> {
    let instance = story.instance.as_ref().unwrap().id;
    let (payload, reason, state_revision) = (document(payload), None, None);
    story.command(Verb::Signal { instance, event: "edit".into(), payload, reason, state_revision }, person("ann"))
}

#[track_caller]
fn too_much<T>(told: Result<T, Refusal>, at: &str, has: &str) {
    match told.map(drop) {
        Err(Refusal::Invalid(errors)) => {
            let [(place, why)] = errors.as_slice() else { panic!("{errors:?}") };
            assert!(place == at && why.contains(has), "{place}: {why}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_text_and_a_list_that_are_too_long_are_refused_wherever_they_come_in() {
    let longest = "é".repeat(LONGEST_TEXT / 2);
    let long = format!("{longest}x");
    too_much(story(&long).map(drop), "/note", "65537 bytes");
    let mut kept = story(&longest).unwrap();
    too_much(edit(&mut kept, json!({ "note": long })), "/note", "65536 at most");
    too_much(edit(&mut kept, json!({ "tags": ["a", long] })), "/tags/1", "65537 bytes");
    too_much(edit(&mut kept, json!({ "tags": vec!["a"; MOST_ELEMENTS + 1] })), "/tags", "10001 elements");
    edit(&mut kept, json!({ "tags": vec!["a"; MOST_ELEMENTS] })).unwrap();
    let (instance, set) = (kept.instance.as_ref().unwrap().id, document(json!({ "tags": ["a", long] })));
    let repair = Repair::SetData { set };
    let verb = Verb::Repair { instance, repair, reason: "so".to_owned(), state_revision: None };
    too_much(kept.command(verb, Actor::System), "/set/tags/1", "65537 bytes");
    kept.signal("ask").unwrap();
    let task = &kept.instance.as_ref().unwrap().tasks[0];
    let data = document(json!({ "note": long }));
    let verb = Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: None, data };
    too_much(kept.command(verb, person("bob")), "/data/note", "65537 bytes");
}

#[test]
fn what_an_arrow_makes_of_it_grows_no_further() {
    let mut kept = story("short").unwrap();
    edit(&mut kept, json!({ "tags": vec!["a"; MOST_ELEMENTS / 2 + 1] })).unwrap();
    too_much(kept.signal_as("twice", person("ann")), "/tags", "what this would make of `tags`: it has 10002 elements");
    let incident = kept.wait(3_600_000_000).unwrap().unwrap();
    assert!(incident.contains("10002 elements"), "{incident}");
}

#[test]
fn what_is_longer_already_is_read_and_may_be_made_shorter() {
    let mut kept = story("short").unwrap();
    let long = "x".repeat(LONGEST_TEXT * 2);
    kept.instance.as_mut().unwrap().subject.insert("note".to_owned(), long.clone().into());
    edit(&mut kept, json!({ "tags": ["new"] })).unwrap();
    assert_eq!(kept.instance.as_ref().unwrap().subject["note"], json!(long));
    too_much(edit(&mut kept, json!({ "note": &long[1..] })), "/note", "131071 bytes");
    edit(&mut kept, json!({ "note": "less" })).unwrap();
}

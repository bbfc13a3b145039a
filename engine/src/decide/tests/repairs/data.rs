//! Corrected fields: typed, all faults at once, an edit like any in review, and never against what was approved.

use super::*;
use crate::domain::SubjectType;
use crate::expression::RecordType;

const REVIEWED: &str = r#"
workflow: reviewed
version: 1
subject: { name: w, fields: { requester: person, owner: person?, n: int, name: text, note: text?, log: text? } }
key: w.name
start: review
states:
  review:
    approval:
      editable: [note]
      reapprove: [{ fields: [note], then: none }, { then: affected }]
      steps: [{ name: s, who: [{ person: [bob] }] }, { name: t, order: 2, who: [{ person: [cyd] }] }]
    on: { approved: held, rejected: over, changes_requested: over }
  held: { on: { go: over } }
  over: { final: true }
"#;

fn reviewed() -> Story {
    begun(REVIEWED, json!({ "requester": "ann", "n": 1, "name": "K-1" }))
}

fn approve(story: &mut Story, step: &str, by: &str) {
    let task = &row(story).tasks[0];
    let ballot = crate::approval::Ballot { step: step.into(), ..Default::default() };
    let act = crate::approval::Verb::Approve(ballot);
    let verb = Verb::Decide { task: task.id, etag: Some(task.etag()), act };
    story.command(verb, person(by)).unwrap();
}

fn asked(story: &Story) -> Vec<String> {
    row(story).tasks[0].holders.iter().map(|holder| holder.person.to_string()).collect()
}

#[test]
fn all_faults_are_told_at_once_each_at_its_place() {
    let mut story = reviewed();
    let wrong =
        json!({ "n": "many", "nmae": 1, "name": "K-2", "note": null, "owner": "ghost", "requester": "bob", "log": 7 });
    let Refusal::Invalid(mut errors) = story.repair(set(wrong)).unwrap_err() else { panic!("it is invalid") };
    errors.sort();
    let told = |at: &str| errors.iter().find(|(place, _)| place == at).map(|(_, why)| why.as_str()).unwrap_or("-");
    let places: Vec<&str> = errors.iter().map(|(at, _)| at.as_str()).collect();
    assert_eq!(places, ["/set/log", "/set/n", "/set/name", "/set/nmae", "/set/owner", "/set/requester"]);
    assert!(told("/set/nmae").contains("did you mean `name`?"));
    assert!(told("/set/name").contains("business key"));
    assert!(told("/set/owner").contains("nobody in the organisation has the id `ghost`"));
    assert!(told("/set/requester").contains("who asked"));
    let Refusal::Invalid(none) = story.repair(set(json!({}))).unwrap_err() else { panic!("it is invalid") };
    assert_eq!(none[0].0, "/set");
    let Refusal::Invalid(null) = story.repair(set(json!({ "n": null }))).unwrap_err() else { panic!("it is invalid") };
    assert_eq!(null[0].0, "/set/n");
}

#[test]
fn in_review_it_opens_votes_again_as_an_edit_does_and_what_is_locked_binds_it_not() {
    let mut story = reviewed();
    approve(&mut story, "s", "bob");
    assert_eq!(asked(&story), ["cyd"]);
    story.repair(set(json!({ "note": "x" }))).unwrap();
    assert_eq!(asked(&story), ["cyd"], "what does not matter takes no vote back");
    story.repair(set(json!({ "n": 2 }))).unwrap();
    assert_eq!(asked(&story), ["bob"], "what matters is decided again");
    approve(&mut story, "s", "bob");
    approve(&mut story, "t", "cyd");
    assert_eq!(story.inside(), "held");
}

#[test]
fn what_was_approved_is_not_corrected_under_what_stands_on_it() {
    let mut story = reviewed();
    approve(&mut story, "s", "bob");
    approve(&mut story, "t", "cyd");
    story.repair(set(json!({ "note": "y" }))).unwrap();
    let refused = story.repair(set(json!({ "n": 3 }))).unwrap_err();
    assert_eq!(refused.code(), "repair_never_approves");
    assert!(refused.sentence().contains("`review`"), "{}", refused.sentence());
    assert_eq!(row(&story).subject["n"], 1);
}

#[test]
fn fields_of_the_books_name_the_event_that_changes_them() {
    let mut story = begun(
        r#"
workflow: booked
version: 1
subject: { name: w, fields: { requester: person, n: int, log: text? } }
start: x
states:
  x: { on: { write: { do: [{ log: { word: '"a"' } }] }, go: y } }
  y: { on: { back: x } }
"#,
        json!({ "requester": "ann", "n": 1 }),
    );
    story.repair(set(json!({ "log": "b" }))).unwrap();
    let field = |text: &str| set(json!({ text: "z" }));
    let subject = |mirrored: Vec<(Arc<str>, Option<Arc<str>>)>| SubjectType {
        major: 1,
        variable: "w".into(),
        record: Arc::new(RecordType::new("w")),
        computed: Vec::new(),
        options: Vec::new(),
        told: Vec::new(),
        about: None,
        mirrored,
    };
    let mirrored = subject(vec![("log".into(), Some("log".into())), ("n".into(), None)]);
    story.domain.vocabulary.subjects.insert("w".into(), mirrored);
    story.repair(field("log")).expect("a subject of the file is none of the vocabulary");
}

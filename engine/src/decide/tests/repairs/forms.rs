//! What tasks that ask for data are bound to, and what their entries say that somebody saw.

use super::*;
use crate::approval::FieldValue;
use crate::decide::document_digest;

/// Two give data side by side, while whoever asked may change what it is about.
const BESIDE: &str = r#"
workflow: beside
version: 1
subject: { name: w, fields: { requester: person, amount: money, tax: text?, rating: int? } }
start: { to: checks, by: anyone }
events: { edit: { payload: { amount: money } } }
states:
  checks:
    parallel:
      tax:
        start: asked
        states:
          asked:
            task: { who: [{ person: [bob] }], form: { tax: text } }
            on: { done: { to: known, set: { tax: event.tax } } }
          known: { final: true }
      finances:
        start: asked
        states:
          asked:
            task: { who: [{ person: [cyd] }], form: { rating: int } }
            on: { done: { to: known, set: { rating: event.rating } } }
          known: { final: true }
    on:
      edit: { by: w.requester, set: { amount: event.amount } }
      done: over
  over: { final: true }
"#;

const TAX: &str = "checks.tax.asked";
const FINANCES: &str = "checks.finances.asked";

fn beside() -> Story {
    begun(BESIDE, json!({ "requester": "ann", "amount": "100.00 EUR" }))
}

fn etag(story: &Story, state: &str) -> String {
    row(story).tasks.iter().find(|task| &*task.state == state).unwrap().etag()
}

/// The data of a task, on the page that has this etag.
fn give(story: &mut Story, state: &str, etag: String) -> Result<Option<String>, Refusal> {
    let task = row(story).tasks.iter().find(|task| &*task.state == state).unwrap().id;
    let (who, data) = if state == TAX { ("bob", json!({ "tax": "DE1" })) } else { ("cyd", json!({ "rating": 2 })) };
    let data = data.as_object().cloned().unwrap();
    story.command(Verb::Complete { task, etag: Some(etag), on_behalf_of: None, data }, person(who))
}

fn edit(story: &mut Story, amount: &str) {
    let payload = json!({ "amount": amount }).as_object().cloned().unwrap();
    let (instance, event) = (row(story).id, "edit".into());
    story
        .command(Verb::Signal { instance, event, payload, reason: None, state_revision: None }, person("ann"))
        .unwrap();
}

/// What the last entry says that was on the screen: version, digest, tax number and amount.
fn saw(story: &Story) -> (u32, Option<Digest>, FieldValue, FieldValue) {
    let saw = story.acted[0].1.saw.as_ref().unwrap();
    let field = |name: &str| saw.fields.get(name).cloned().unwrap_or_default();
    (saw.version, saw.document, field("tax"), field("amount"))
}

#[test]
fn what_others_give_makes_no_form_stale_and_each_saw_what_was_there() {
    let (none, tax, amount) = (FieldValue::Null, FieldValue::from("DE1"), FieldValue::from("100.00 EUR"));
    for is_old in [true, false] {
        let mut story = beside();
        let (before, old) = (document_digest(&row(&story).subject), etag(&story, FINANCES));
        let first = etag(&story, TAX);
        give(&mut story, TAX, first).unwrap();
        assert_eq!(saw(&story), (1, Some(before), none.clone(), amount.clone()));
        let (now, new) = (document_digest(&row(&story).subject), etag(&story, FINANCES));
        assert!(old != new && before != now, "a page that shows the number has another etag");
        give(&mut story, FINANCES, if is_old { old } else { new }).unwrap();
        let seen = if is_old { (1, Some(before), none.clone()) } else { (2, Some(now), tax.clone()) };
        assert_eq!(saw(&story), (seen.0, seen.1, seen.2, amount.clone()));
        assert_eq!((story.inside().as_str(), &row(&story).subject["rating"]), ("over", &json!(2)));
    }
}

#[test]
fn what_somebody_sets_makes_a_form_stale() {
    for is_repair in [false, true] {
        let mut story = beside();
        let oldest = etag(&story, FINANCES);
        let mut old = oldest.clone();
        // What was given is about the document as it was: no repair takes that from under it.
        if is_repair {
            story.repair(set(json!({ "amount": "90000.00 EUR" }))).unwrap();
        } else {
            let tax = etag(&story, TAX);
            give(&mut story, TAX, tax).unwrap();
            old = etag(&story, FINANCES);
            edit(&mut story, "90000.00 EUR");
        }
        for stale in [&oldest, &old] {
            assert_eq!(give(&mut story, FINANCES, stale.clone()).unwrap_err().code(), "stale_task", "{is_repair}");
        }
        let (now, fresh) = (document_digest(&row(&story).subject), etag(&story, FINANCES));
        give(&mut story, FINANCES, fresh).unwrap();
        let (version, tax) = if is_repair { (2, FieldValue::Null) } else { (3, FieldValue::from("DE1")) };
        assert_eq!(saw(&story), (version, Some(now), tax, FieldValue::from("90000.00 EUR")));
    }
}

#[test]
fn as_it_was_a_form_holds_again_and_what_was_never_there_does_not() {
    let mut story = beside();
    let seen = etag(&story, FINANCES);
    edit(&mut story, "90000.00 EUR");
    let never = format!("{}-{}", Digest([0; 32]), row(&story).tasks[1].revision);
    for wrong in [seen.clone(), never, String::new()] {
        assert_eq!(give(&mut story, FINANCES, wrong).unwrap_err().code(), "stale_task");
    }
    edit(&mut story, "100.00 EUR");
    let now = document_digest(&row(&story).subject);
    give(&mut story, FINANCES, seen).unwrap();
    assert_eq!(saw(&story), (3, Some(now), FieldValue::Null, FieldValue::from("100.00 EUR")));
}

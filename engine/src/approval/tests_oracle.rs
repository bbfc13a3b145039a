//! The cases of `oracles/approvals.jsonl`, the review round-tripped through JSON after every event.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::tests_standing::{open_voices, voices};
use super::*;
use crate::clock::Timestamp;

#[derive(Deserialize)]
struct Case {
    id: String,
    organisation: Organisation,
    policy: Policy,
    subject: Fields,
    rates: Rates,
    events: Vec<Value>,
    expect: Vec<Value>,
}

fn event_of(written: &Value) -> Event {
    let at = Timestamp::parse(written["at"].as_str().unwrap()).unwrap();
    let verb = serde_json::from_value(written.clone()).unwrap();
    Event { at, verb, by: written["by"].as_str().map(Into::into) }
}

fn shown(view: &View, applied: &Applied) -> Value {
    let steps: BTreeMap<&str, &str> = view.steps.iter().map(|(name, status)| (&**name, status.name())).collect();
    let mut shown = json!({
        "accepted": applied.outcome.is_ok(), "state": view.state.name(), "why": view.why.to_string(),
        "round": view.round, "document": view.document, "organisation": view.organisation, "steps": steps,
        "open": view.open, "counting": view.counting,
    });
    if let Err(refusal) = applied.outcome {
        shown["code"] = refusal.code().into();
        assert_eq!(json!(refusal), json!(refusal.code()));
    }
    if !view.watchers.is_empty() {
        shown["watchers"] = json!(view.watchers);
    }
    shown
}

fn fired_of(fired: &[Fired]) -> Option<Value> {
    let list: Vec<Value> = fired
        .iter()
        .map(|one| {
            let mut shown = json!({ "do": one.what, "due": one.due.to_string() });
            if let Some(step) = &one.step {
                shown["step"] = json!(step);
            }
            shown
        })
        .collect();
    if list.is_empty() { None } else { Some(list.into()) }
}

fn round_trip(review: &Review) -> Review {
    let text = serde_json::to_string(review).unwrap();
    let back: Review = serde_json::from_str(&text).unwrap();
    assert_eq!(back, *review);
    back
}

/// Runs a case; each difference is "case, event: keys".
fn run(case: Case) -> Vec<String> {
    let mut wrong = Vec::new();
    let policy: Policy = serde_json::from_value(serde_json::to_value(&case.policy).unwrap()).unwrap();
    assert_eq!(policy, case.policy);
    let mut organisation = case.organisation;
    let mut review = Review::new(case.subject);
    for (number, (written, expected)) in case.events.iter().zip(&case.expect).enumerate() {
        let event = event_of(written);
        let mut fired = Vec::new();
        if event.verb == Verb::Organisation {
            let before = Event { verb: Verb::Time, ..event.clone() };
            let applied = apply(review, &policy, &organisation, &case.rates, &before);
            (review, fired) = (applied.review, applied.fired);
            let change: OrganisationChange = serde_json::from_value(written.clone()).unwrap();
            organisation = organisation.merge(change).unwrap();
        }
        let applied = apply(review, &policy, &organisation, &case.rates, &event);
        review = round_trip(&applied.review);
        fired.extend(applied.fired.iter().cloned());
        let view = view(&review, &policy, &organisation, &case.rates, event.at);
        let found = deciders(&review, &policy, &organisation, &case.rates, event.at);
        if voices(&found) != open_voices(&view) {
            wrong.push(format!("{} #{number}: {found:?} could decide, and open are {:?}", case.id, view.open));
        }
        let mut got = shown(&view, &applied);
        if let Some(fired) = fired_of(&fired) {
            got["fired"] = fired;
        }
        let (got, want) = (got.as_object().unwrap(), expected.as_object().unwrap());
        let keys: std::collections::BTreeSet<&String> = got.keys().chain(want.keys()).collect();
        for key in keys.into_iter().filter(|key| got.get(*key) != want.get(*key)) {
            let text = |value: Option<&Value>| value.map_or("-".into(), Value::to_string);
            wrong.push(format!("{} #{number} {key}: got {} want {}", case.id, text(got.get(key)), text(want.get(key))));
        }
        if !wrong.is_empty() {
            break;
        }
    }
    wrong
}

#[test]
fn every_case_of_the_oracle() {
    let directory = std::env::var_os("ORACLES")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/oracles"), PathBuf::from);
    let Ok(text) = std::fs::read_to_string(directory.join("approvals.jsonl")) else {
        println!("skipped: there is no approvals.jsonl in {}", directory.display());
        return;
    };
    hold(&text);
}

/// Found by a second implementation, written from the text alone: corners that no case of the oracle has.
#[test]
fn corners_that_a_second_reading_of_the_text_found() {
    hold(include_str!("corners.jsonl"));
}

fn hold(text: &str) {
    let only = std::env::var("CASE").ok();
    let mut failing = Vec::new();
    let mut cases = 0;
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        if only.as_ref().is_some_and(|only| *only != case.id) {
            continue;
        }
        cases += 1;
        let wrong = run(case);
        if !wrong.is_empty() {
            failing.push(wrong.join("\n"));
        }
    }
    let report = failing.join("\n");
    assert!(failing.is_empty(), "{} of {cases} cases fail:\n{report}", failing.len());
}

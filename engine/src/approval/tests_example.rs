//! The example of approvals.md section 13, told as a story.

use serde_json::{Value, json};

use super::*;
use crate::clock::Timestamp;

pub(super) struct Story {
    pub(super) organisation: Organisation,
    pub(super) policy: Policy,
    pub(super) rates: Rates,
    pub(super) review: Review,
    pub(super) hour: i64,
}

impl Story {
    fn begin() -> Self {
        let person = |id: &str, manager: Option<&str>| json!({ "id": id, "active": true, "manager": manager });
        let organisation = json!({
            "revision": 1,
            "people": [
                person("ann", Some("bob")), person("bob", None), person("eve", None), person("fay", None),
                person("gus", None), person("hal", None),
            ],
            "units": [{ "id": "u1", "roles": { "buyer": ["eve", "fay", "gus"] } }],
            "substitutes": [{ "person": "eve", "substitute": "hal", "from": "1970-01-01", "until": "1970-02-01" }],
        });
        let policy = json!({
            "never": ["requester"],
            "tolerance": { "amount": { "percent": "5" } },
            "steps": [
                { "name": "manager", "who": [{ "manager": "requester" }] },
                { "name": "buyers", "order": 2, "who": [{ "role": "buyer", "unit_field": "unit" }],
                  "quorum": { "count": 2 } },
            ],
        });
        let subject = json!({ "requester": "ann", "amount": "800.00 EUR", "unit": "u1" });
        Self::of(organisation, policy, subject)
    }

    pub(super) fn of(organisation: Value, policy: Value, subject: Value) -> Self {
        Self {
            organisation: serde_json::from_value(organisation).unwrap(),
            policy: serde_json::from_value(policy).unwrap(),
            rates: Rates::default(),
            review: Review::new(serde_json::from_value(subject).unwrap()),
            hour: 0,
        }
    }

    /// One event an hour; the code of a refusal, or who is asked now.
    pub(super) fn then(&mut self, by: &str, verb: Value) -> String {
        self.hour += 1;
        let at = Timestamp::from_micros(self.hour * 3_600_000_000);
        let event = Event { at, verb: serde_json::from_value(verb).unwrap(), by: Some(by.into()) };
        let applied = apply(self.review.clone(), &self.policy, &self.organisation, &self.rates, &event);
        self.review = applied.review;
        match applied.outcome {
            Err(refusal) => refusal.code().into(),
            Ok(()) => {
                let view = self.view();
                let own = view.open.iter().filter(|one| one.on_behalf_of.is_none());
                own.map(|one| format!("{}/{}", one.step, one.person)).collect::<Vec<_>>().join(" ")
            }
        }
    }

    /// The organisation changes.
    pub(super) fn change(&mut self, change: Value) -> String {
        self.organisation = self.organisation.merge(serde_json::from_value(change).unwrap()).unwrap();
        self.then("nobody", json!({ "do": "organisation" }))
    }

    pub(super) fn view(&self) -> View {
        let at = Timestamp::from_micros(self.hour * 3_600_000_000);
        view(&self.review, &self.policy, &self.organisation, &self.rates, at)
    }

    pub(super) fn votes(&self) -> String {
        let counting = self.view().counting;
        counting.iter().map(|vote| vote.person.to_string()).collect::<Vec<_>>().join(" ")
    }

    pub(super) fn approve(&mut self, by: &str, step: &str) -> String {
        self.then(by, json!({ "do": "approve", "step": step }))
    }

    pub(super) fn amount(&mut self, amount: &str) -> String {
        self.then("ann", json!({ "do": "edit", "set": { "amount": amount } }))
    }
}

#[test]
fn the_example_of_section_13() {
    let mut story = Story::begin();
    assert_eq!(story.then("ann", json!({ "do": "submit" })), "manager/bob");
    assert_eq!(story.approve("eve", "buyers"), "step_waiting");
    assert_eq!(story.approve("bob", "manager"), "buyers/eve buyers/fay buyers/gus");
    let for_eve = json!({ "do": "approve", "step": "buyers", "on_behalf_of": "eve" });
    assert_eq!(story.then("hal", for_eve), "buyers/fay buyers/gus");
    assert_eq!(story.approve("eve", "buyers"), "seat_taken");

    // 840 is within 5 % of 800: both votes count. 841 is not: neither does.
    story.amount("840.00 EUR");
    assert_eq!(story.votes(), "hal bob");
    assert_eq!(story.amount("841.00 EUR"), "manager/bob");
    assert_eq!(story.votes(), "");
    assert_eq!(story.review.step("buyers").map(|step| step.status), Some(Status::Waiting));
    assert_eq!(story.approve("bob", "manager"), "buyers/eve buyers/fay buyers/gus");

    // 805 is within 5 % of the 841 that bob saw and of the 800 that hal saw.
    assert_eq!(story.amount("805.00 EUR"), "buyers/fay buyers/gus");
    assert_eq!(story.votes(), "hal bob");
    assert_eq!(story.approve("fay", "buyers"), "");
    assert_eq!(story.view().why.to_string(), "all_steps_approved");
}

#[test]
fn a_waiting_step_can_be_previewed_and_an_open_seat_explained() {
    let mut story = Story::begin();
    story.then("ann", json!({ "do": "submit" }));
    let (policy, organisation, rates) = (&story.policy, &story.organisation, &story.rates);
    let at = Timestamp::default();
    let previews = preview(&story.review, policy, organisation, rates, at);
    assert_eq!(json!(previews), json!([{ "step": "buyers", "people": ["eve", "fay", "gus"] }]));
    let asked = explain_open(&story.review, policy, organisation, rates, at);
    assert_eq!(json!(asked[0].rule), json!({ "who": { "manager": "requester", "levels": 1 } }));
    let inbox = holders(&story.review, policy, organisation, rates, at);
    assert_eq!(json!(inbox), json!([["manager", "bob"]]));
    assert_eq!(next_due(&story.review, policy), None);
}

#[test]
fn an_unknown_key_of_a_policy_is_refused_by_name() {
    for (policy, says) in [
        (json!({ "stepz": [] }), "stepz"),
        (json!({ "steps": [{ "name": "s", "whom": [] }] }), "whom"),
        (json!({ "steps": [{ "name": "s", "who": [{ "manger": "requester" }] }] }), "manger"),
        (json!({ "steps": [{ "name": "s", "who": [{ "person": "eve", "field": "owner" }] }] }), "a resolver is one of"),
    ] {
        let error = serde_json::from_value::<Policy>(policy).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
}

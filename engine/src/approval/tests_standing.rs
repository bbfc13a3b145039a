//! By what right somebody acts, and who could decide: the same people as the view's, each with a way that exists.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests_example::Story;
use super::tests_world::{PEOPLE, tapes, told};
use super::*;
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// Step, person, and for whom.
pub(super) fn voices(found: &[Standing]) -> BTreeSet<(String, String, Option<String>)> {
    let voice = |one: &Standing| {
        (one.seat.step.to_string(), one.person.to_string(), one.on_behalf_of.as_ref().map(ToString::to_string))
    };
    found.iter().map(voice).collect()
}

/// The same of the view.
pub(super) fn open_voices(view: &View) -> BTreeSet<(String, String, Option<String>)> {
    let voice = |one: &OpenVoice| {
        (one.step.to_string(), one.person.to_string(), one.on_behalf_of.as_ref().map(ToString::to_string))
    };
    view.open.iter().map(voice).collect()
}

/// From a holder of the seat to the person, over links that exist.
fn leads_there(one: &Standing, organisation: &Organisation) -> bool {
    let mut at = one.on_behalf_of.as_ref().unwrap_or(&one.person);
    if !one.seat.holders.contains(at) || one.through.len() > 5 {
        return false;
    }
    for link in &one.through {
        let (from, to) = match link {
            Link::Delegated { by, to } if one.seat.delegates.contains(to) => (by, to),
            Link::Substitute(entry)
                if organisation.parts().substitutes.iter().any(|one| one.without_note() == *entry) =>
            {
                (&entry.person, &entry.substitute)
            }
            _ => return false,
        };
        if from != at {
            return false;
        }
        at = to;
    }
    *at == one.person
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whoever_could_decide_is_whoever_is_open_and_there_is_a_way(tape in tapes()) {
        let (world, beats) = told(&tape, 14);
        for beat in &beats {
            let (review, org, at) = (&beat.applied.review, &beat.organisation, beat.event.at);
            let view = world.view(review, org, at);
            let found = deciders(review, &world.policy, org, &world.rates, at);
            prop_assert_eq!(voices(&found), open_voices(&view));
            for one in &found {
                prop_assert!(leads_there(one, org), "{:?}", one);
                prop_assert!(one.because().contains(one.seat.stands_for.as_str()), "{}", one.because());
            }
        }
    }

    #[test]
    fn a_chance_is_what_an_approval_meets(tape in tapes()) {
        let (world, beats) = told(&tape, 8);
        for beat in &beats {
            let (review, org, at) = (&beat.applied.review, &beat.organisation, beat.event.at);
            for n in 0..=PEOPLE {
                let person = PersonId::from(format!("p{n}").as_str());
                for chance in chances(review, &world.policy, org, &world.rates, at, &person) {
                    let ballot = Ballot { step: chance.step.clone(), ..Ballot::default() };
                    let event = Event { at, verb: Verb::Approve(ballot), by: Some(person.clone()) };
                    let met = world.apply(review, org, &event);
                    match (met.outcome, chance.refusal) {
                        (Ok(()), None) => {
                            prop_assert_eq!(Some(chance.may), seats(met.right.as_ref()));
                        }
                        (Err(Refusal::ChoosePrincipal), None) => prop_assert!(!chance.may.is_empty()),
                        (Err(met), told) => prop_assert_eq!(Some(met), told),
                        (Ok(()), told) => prop_assert!(false, "accepted, and told {:?}", told),
                    }
                }
            }
        }
    }

    #[test]
    fn an_accepted_act_has_its_right(tape in tapes()) {
        let (_, beats) = told(&tape, 14);
        for beat in &beats {
            let nobodys = matches!(beat.event.verb, Verb::Time | Verb::Organisation);
            let accepted = beat.applied.outcome.is_ok() && !nobodys;
            prop_assert_eq!(beat.applied.right.is_some(), accepted, "{:?}", beat.event);
            if let Some(Right::Seat(one)) = &beat.applied.right {
                prop_assert_eq!(Some(&one.person), beat.event.by.as_ref());
                prop_assert!(leads_there(one, &beat.organisation), "{:?}", one);
            }
        }
    }
}

fn seats(right: Option<&Right>) -> Option<Vec<Standing>> {
    match right {
        Some(Right::Seat(one)) => Some(vec![(**one).clone()]),
        _ => None,
    }
}

fn sentences(story: &Story) -> Vec<String> {
    let at = Timestamp::from_micros(story.hour * 3_600_000_000);
    let found = deciders(&story.review, &story.policy, &story.organisation, &story.rates, at);
    found.iter().map(|one| format!("{}: {}", one.person, one.because())).collect()
}

fn company(substitutes: Value) -> Value {
    let person = |id: &str, manager: Option<&str>, limit: &str| json!({ "id": id, "active": true, "manager": manager, "limits": [{ "amount": limit }] });
    json!({
        "revision": 1,
        "people": [
            person("ann", Some("bob"), "0 EUR"), person("bob", Some("cyd"), "100 EUR"),
            person("cyd", None, "5000 EUR"), person("eve", None, "0 EUR"), person("hal", None, "0 EUR"),
            person("gus", None, "0 EUR"),
        ],
        "units": [{ "id": "u1", "roles": { "buyer": ["eve"] } }],
        "substitutes": substitutes,
    })
}

fn story(steps: Value, substitutes: Value) -> Story {
    let policy = json!({ "never": ["requester"], "administrators": ["gus"], "steps": steps });
    let subject = json!({ "requester": "ann", "owner": "eve", "amount": "800 EUR", "unit": "u1" });
    let mut story = Story::of(company(substitutes), policy, subject);
    story.then("ann", json!({ "do": "submit" }));
    story
}

#[test]
fn why_in_a_sentence() {
    let steps = json!([
        { "name": "chain", "who": [{ "chain": "requester" }], "in_order": false },
        { "name": "buyers", "who": [{ "role": "buyer", "unit_field": "unit" }] },
        { "name": "owner", "who": [{ "field": "owner" }] },
        { "name": "named", "who": [{ "person": ["gus"] }] },
        { "name": "above", "who": [{ "manager": "requester", "levels": 2 }] },
        { "name": "else", "who": [{ "manager": "owner" }], "on_empty": "fallback", "fallback": [{ "person": ["hal"] }] },
    ]);
    let story = story(steps, json!([]));
    assert_eq!(
        sentences(&story),
        [
            "bob: bob was asked on the way up from the person in the field `requester` to one whose limit covers the amount",
            "cyd: cyd was asked as the first above the person in the field `requester` upwards whose limit covers the amount",
            "eve: eve was asked as holder of the role `buyer` in the unit of the field `unit`",
            "eve: eve was asked as named in the field `owner`",
            "gus: gus was asked by name in the definition",
            "cyd: cyd was asked as the first who may decide, 2 or more levels above the person in the field `requester`",
            "hal: nobody else was found, and so hal was asked by name in the definition",
        ]
    );
}

#[test]
fn the_way_of_whoever_stands_in_and_of_what_was_passed_on() {
    let steps = json!([{ "name": "manager", "who": [{ "manager": "requester" }] }]);
    let absent = json!([
        { "person": "bob", "substitute": "eve", "from": "1970-01-01", "until": "1970-02-01", "max_amount": "900 EUR", "note": "in hospital" },
        { "person": "eve", "substitute": "hal" },
    ]);
    let mut story = story(steps, absent);
    let bob = "bob was asked as the manager of the person in the field `requester`";
    let eve = "eve stands in for bob from 1970-01-01 up to and including 1970-01-31 for at most 900.00 EUR";
    assert_eq!(
        sentences(&story),
        [format!("bob: {bob}"), format!("eve: {eve}; {bob}"), format!("hal: hal stands in for eve; {eve}; {bob}")]
    );
    let at = Timestamp::from_micros(story.hour * 3_600_000_000);
    let found = deciders(&story.review, &story.policy, &story.organisation, &story.rates, at);
    let told = json!(found).to_string();
    assert!(told.contains("1970-02-01") && !told.contains("hospital"), "why he is away is not told: {told}");
    story.then("bob", json!({ "do": "delegate", "step": "manager", "to": "gus" }));
    assert_eq!(sentences(&story)[1], format!("gus: bob delegated it to gus; {bob}"));
    story.then("gus", json!({ "do": "reassign", "step": "manager", "from": "bob", "to": "cyd" }));
    assert_eq!(sentences(&story), [format!("cyd: {bob}, and the place was passed to cyd")]);
    story.then("cyd", json!({ "do": "add_approver", "step": "manager", "person": "gus", "position": "before" }));
    assert_eq!(sentences(&story), ["gus: gus was added as an approver"]);
}

#[test]
fn why_not() {
    let steps = json!([
        { "name": "manager", "who": [{ "manager": "requester" }] },
        { "name": "buyers", "order": 2, "who": [{ "role": "buyer", "unit_field": "unit" }] },
    ]);
    let story = story(steps, json!([]));
    let at = Timestamp::from_micros(story.hour * 3_600_000_000);
    let of = |who: &str| {
        let all = chances(&story.review, &story.policy, &story.organisation, &story.rates, at, &who.into());
        all.iter().map(|chance| chance.refusal.map_or("may", Refusal::code)).collect::<Vec<_>>()
    };
    assert_eq!(of("bob"), ["may", "step_waiting"]);
    assert_eq!(of("eve"), ["not_approver", "step_waiting"]);
    assert_eq!(of("ann"), ["excluded", "excluded"]);
    assert_eq!(of("nobody"), ["unknown_person", "unknown_person"]);
}

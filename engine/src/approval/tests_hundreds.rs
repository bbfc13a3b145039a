//! A role that hundreds hold: what must not be worked out, or copied, for each of them again and again.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests_example::Story;
use super::*;

const MANY: usize = 300;

fn id(n: usize) -> String {
    format!("p{n:03}")
}

/// Everybody but ann holds the role `chief`, in the order of `people`.
fn organisation(people: &[String], substitutes: Value) -> Value {
    let all = people.iter().map(String::as_str).chain(["ann"]);
    let known: Vec<Value> = all.map(|id| json!({ "id": id, "active": true })).collect();
    json!({
        "revision": 1, "people": known, "substitutes": substitutes,
        "units": [{ "id": "all", "roles": { "chief": people } }],
    })
}

fn story(quorum: Value, substitutes: Value) -> Story {
    let people: Vec<String> = (0..MANY).map(id).collect();
    let step = |name: &str, order: u32, quorum: &Value| {
        json!({
            "name": name, "order": order, "who": [{ "role": "chief", "unit": "all" }], "quorum": quorum,
        })
    };
    let policy = json!({
        "never": ["requester"], "same_person": "once", "distinct": [["first", "second"]],
        "steps": [step("first", 1, &quorum), step("second", 2, &json!("any")), step("third", 3, &json!("any"))],
    });
    Story::of(organisation(&people, substitutes), policy, json!({ "requester": "ann" }))
}

fn names(all: impl Iterator<Item = usize>) -> Vec<String> {
    all.map(id).collect()
}

fn open(story: &Story) -> Vec<String> {
    story.view().open.iter().map(|one| one.person.to_string()).collect()
}

#[test]
fn seats_are_copied_only_when_one_of_them_changes() {
    let mut story = story(json!("all"), json!([]));
    story.then("ann", json!({ "do": "submit" }));
    let before = story.review.clone();
    let same = |a: &Review, b: &Review| std::ptr::eq(a.steps[0].seats.as_ptr(), b.steps[0].seats.as_ptr());
    assert!(same(&story.review, &before), "a copy of a review shares its seats");
    story.approve("p007", "first");
    assert_eq!((story.votes().as_str(), open(&story).len()), ("p007", MANY - 1));
    assert!(same(&story.review, &before), "a vote changes no seat");
    story.then("p008", json!({ "do": "delegate", "step": "first", "to": "ann" }));
    story.then("p009", json!({ "do": "reassign", "step": "first", "to": "nobody" }));
    assert!(same(&story.review, &before), "neither does what was refused");
    story.change(json!({ "people": { "p010": { "active": false } } }));
    assert!(!same(&story.review, &before) && !before.steps[0].seats[10].vacant, "what others hold does not change");
    // Whoever is not named any more comes last.
    let vacant: Vec<usize> = (0..MANY).filter(|&at| story.review.steps[0].seats[at].vacant).collect();
    assert_eq!((vacant, story.review.steps[0].seats[MANY - 1].stands_for.as_str()), (vec![MANY - 1], "p010"));
    assert_eq!(open(&story), names((0..MANY).filter(|n| ![7, 10].contains(n))));
}

#[test]
fn hundreds_follow_the_same_rules_as_a_few() {
    let away = json!([{ "person": "p003", "substitute": "p200" }, { "person": "p004", "substitute": "ann" }]);
    let mut story = story(json!("any"), away);
    story.then("ann", json!({ "do": "submit" }));
    // Who stands in has a seat of his own, or is the requester.
    assert_eq!(open(&story), names(0..MANY));
    assert_eq!(
        story.approve("p200", "first"),
        names((0..MANY).filter(|n| *n != 200)).iter().map(|who| format!("second/{who}")).collect::<Vec<_>>().join(" ")
    );
    assert_eq!(story.approve("p200", "second"), "distinct");
    // Whoever decided the first step is carried to the third, as soon as that opens.
    story.approve("p005", "second");
    assert_eq!(story.view().state, State::Approved);
    assert_eq!(story.view().counting.iter().filter(|vote| vote.carried_from.is_some()).count(), 1);
}

#[test]
fn a_place_that_was_found_in_another_organisation_is_looked_up_again() {
    let mut story = story(json!("all"), json!([]));
    story.then("ann", json!({ "do": "submit" }));
    assert_eq!(story.approve("p001", "first").split(' ').count(), MANY - 1);
    // The same people in another order, and one of them is gone.
    let others: Vec<String> = (1..MANY).rev().map(id).collect();
    let mut other = organisation(&others, json!([]));
    other["revision"] = json!(2);
    story.organisation = serde_json::from_value(other).unwrap();
    story.then("nobody", json!({ "do": "organisation" }));
    assert_eq!(open(&story), names(2..MANY));
    assert_eq!(story.approve("p000", "first"), "unknown_person");
    // Read from what is stored, where no place is kept, it is the same.
    let stored: Review = serde_json::from_value(serde_json::to_value(&story.review).unwrap()).unwrap();
    assert_eq!(stored, story.review);
    let seen = story.view();
    story.review = stored;
    assert_eq!(story.view(), seen);
}

/// One that is a crowd, and the same as it would be if each of them were looked at by himself: he has been there since a day.
fn twins(quorum: u8, reject: bool, requester: usize) -> [Story; 2] {
    let quorum = match quorum % 4 {
        0 => json!("any"),
        1 => json!("all"),
        2 => json!({ "count": 3 }),
        _ => json!({ "percent": "40" }),
    };
    let step = |name: &str, order: u32, role: &str| {
        json!({
            "name": name, "order": order, "who": [{ "role": role, "unit": "all" }], "quorum": quorum,
            "reject": if reject { "first" } else { "unanimous" }, "veto": [id(4)],
        })
    };
    let policy = json!({
        "never": ["requester"], "same_person": "once", "distinct": [["first", "second"]],
        "steps": [step("first", 1, "some"), step("second", 1, "others"), step("third", 2, "some")],
    });
    [json!(null), json!("1900-01-01")].map(|from| {
        let person = |n| json!({ "id": id(n), "active": true, "manager": id(0), "from": from });
        let organisation = json!({
            "revision": 1, "people": (0..22).map(person).collect::<Vec<_>>(),
            "units": [{ "id": "all", "roles": {
                "some": (0..18).map(id).collect::<Vec<_>>(), "others": (3..22).rev().map(id).collect::<Vec<_>>(),
            } }],
        });
        Story::of(organisation, policy.clone(), json!({ "requester": id(requester), "amount": "5.00 EUR" }))
    })
}

/// What somebody does.
fn act(who: usize, verb: u8, step: u8, other: usize) -> Value {
    let step = ["first", "second", "third"][usize::from(step) % 3];
    match verb % 12 {
        0..=5 => json!({ "do": "approve", "step": step }),
        6 => json!({ "do": "reject", "step": step, "reason": "no" }),
        7 => json!({ "do": "abstain", "step": step }),
        8 => json!({ "do": "delegate", "step": step, "to": id(other) }),
        9 => json!({ "do": "reassign", "step": step, "to": id(other) }),
        10 => json!({ "do": "edit", "set": { "amount": format!("{who}.00 EUR") } }),
        _ => json!({ "do": "request_changes", "step": step, "reason": "more" }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_crowd_is_as_its_people_one_by_one(
        quorum in any::<u8>(), reject in any::<bool>(), requester in 0..22usize,
        acts in proptest::collection::vec((0..22usize, any::<u8>(), any::<u8>(), 0..22usize), 1..24),
    ) {
        let [mut crowd, mut people] = twins(quorum, reject, requester);
        let submit = json!({ "do": "submit" });
        prop_assert_eq!(crowd.then(&id(requester), submit.clone()), people.then(&id(requester), submit.clone()));
        let members = |story: &Story| story.review.steps[0].seats.members(story.organisation.built()).is_some();
        prop_assert_eq!((members(&crowd), members(&people)), (true, false));
        for (at, (who, verb, step, other)) in acts.into_iter().enumerate() {
            if at == 12 {
                let change = json!({ "people": { id(other): { "active": false } } });
                prop_assert_eq!(crowd.change(change.clone()), people.change(change));
            }
            let verb = act(who, verb, step, other);
            prop_assert_eq!(crowd.then(&id(who), verb.clone()), people.then(&id(who), verb));
            prop_assert_eq!(&crowd.review, &people.review);
            prop_assert_eq!(crowd.view(), people.view());
            if crowd.review.state == State::ChangesRequested {
                prop_assert_eq!(crowd.then(&id(requester), submit.clone()), people.then(&id(requester), submit.clone()));
            }
        }
    }
}

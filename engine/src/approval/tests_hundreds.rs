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
    let same = |a: &Review, b: &Review| std::ptr::eq(&a.steps[0].seats[0], &b.steps[0].seats[0]);
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

/// The review of another document among the same people, asked for by `requester`.
fn submitted(story: &mut Story, requester: &str) -> Review {
    story.review = Review::new(serde_json::from_value(json!({ "requester": requester })).unwrap());
    story.then(requester, json!({ "do": "submit" }));
    story.review.clone()
}

fn is_crowd(story: &Story, step: usize) -> bool {
    story.review.steps[step].seats.members(story.organisation.built()).is_some()
}

#[test]
fn reviews_without_one_of_a_crowd_share_the_seats_of_all_others() {
    let mut story = story(json!("any"), json!([]));
    let [one, two, other] = ["p007", "p100", "ann"].map(|requester| submitted(&mut story, requester));
    let [one, two, other] = [&one, &two, &other].map(|review| &review.steps[0].seats);
    let same = |a: &Seats, b: &Seats, at: usize| std::ptr::eq(&a[at], &b[at]);
    assert!((0..7).all(|at| same(one, two, at) && same(one, other, at)), "before him who is left out");
    assert!((100..MANY - 1).all(|at| same(one, two, at)), "and behind both");
    assert_eq!([one, two, other].map(Seats::len), [MANY - 1, MANY - 1, MANY]);
    let first = other[0].id;
    for (seats, without) in [(one, 7), (two, 100), (other, MANY)] {
        let people: Vec<String> = seats.iter().map(|seat| seat.stands_for.to_string()).collect();
        assert_eq!(people, names((0..MANY).filter(|n| *n != without)));
        assert!((first..).zip(seats).all(|(id, seat)| seat.id == id), "numbers have no gap");
        assert!((first..).zip(seats).all(|(id, seat)| std::ptr::eq(seats.numbered(id).unwrap(), seat)));
        assert!(seats.numbered(first - 1).is_none() && seats.numbered(first + MANY as u32).is_none());
    }
}

#[test]
fn the_step_after_one_that_some_have_decided_asks_all_others_with_the_same_seats() {
    let mut story = story(json!({ "count": 3 }), json!([]));
    let mut second = |voters: [&str; 3]| {
        submitted(&mut story, "p250");
        for who in voters {
            story.approve(who, "first");
        }
        assert!(is_crowd(&story, 1));
        story.review.steps[1].seats.clone()
    };
    let (one, two) = (second(["p001", "p020", "p003"]), second(["p002", "p001", "p030"]));
    assert_eq!([one.len(), two.len()], [MANY - 4; 2]);
    assert!(!std::ptr::eq(&one[1], &two[1]) && (28..MANY - 4).all(|at| std::ptr::eq(&one[at], &two[at])));
}

#[test]
fn who_decided_beside_a_crowd_has_his_seat_behind_all_others() {
    let mut story = story(json!({ "count": 5 }), json!([]));
    for step in &mut story.policy.steps {
        std::sync::Arc::make_mut(step).order = 1;
    }
    submitted(&mut story, "ann");
    let before = story.review.steps[1].seats.clone();
    for who in ["p005", "p200", "p003"] {
        story.approve(who, "first");
    }
    let seats = &story.review.steps[1].seats;
    let behind: Vec<(&str, bool)> = seats.iter().skip(MANY - 3).map(|s| (s.stands_for.as_str(), s.vacant)).collect();
    assert_eq!(behind, [("p003", true), ("p200", true), ("p005", true)]);
    assert!(is_crowd(&story, 1) && seats.len() == MANY && std::ptr::eq(&seats[10], &before[12]));
    assert!(before.iter().all(|seat| std::ptr::eq(&before[(seat.id - before[0].id) as usize], seat)));
    assert!(before.iter().all(|seat| seats.numbered(seat.id).unwrap().stands_for == seat.stands_for));
    assert_eq!(story.approve("p005", "second"), "distinct");
    assert_eq!(story.view().open.iter().filter(|one| &*one.step == "second").count(), MANY - 3);
}

/// Each row costs as much as all of a crowd: where many are left out, or each review begins with another number, no more are kept
/// than there is room for.
#[test]
fn rows_of_a_large_crowd_have_a_bound() {
    let people: Vec<String> = (0..20_000).map(id).collect();
    let organisation: Organisation = serde_json::from_value(organisation(&people, json!([]))).unwrap();
    let crowd = organisation.crowd("all", "chief").unwrap();
    for (first, out) in [(0, 0..0), (1, 5..8), (2, 0..3), (3, 19_997..20_000), (4, 100..190), (500, 0..7)] {
        let seats =
            crowd.seats(&organisation, first, out.clone().filter_map(|n| organisation.ix(&id(n).into()))).unwrap();
        let left = (0..20_000).filter(|n| !out.contains(n));
        let expected = (first..).zip(left);
        assert!(
            seats.iter().map(|seat| (seat.id, seat.stands_for.to_string())).eq(expected.map(|(at, n)| (at, id(n))))
        );
        let members = seats.members(organisation.built()).unwrap();
        let place = |n: usize| members.place_of(organisation.ix(&id(n).into()).unwrap());
        assert_eq!(place(out.start).is_none(), !out.is_empty());
        assert_eq!(seats[place(19_000).unwrap()].stands_for.as_str(), id(19_000));
    }
    for first in 0..100 {
        assert_eq!(crowd.seats(&organisation, first, std::iter::empty()).unwrap()[9].id, first + 9);
    }
    assert!(crowd.rows_ready() <= 26, "{}", crowd.rows_ready());
    assert!(crowd.seats(&organisation, 0, 0..20_001).is_none(), "nobody is left");
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
fn twins(quorum: u8, reject: bool, requester: usize, rules: usize) -> [Story; 2] {
    let quorum = match quorum % 4 {
        0 => json!("any"),
        1 => json!("all"),
        2 => json!({ "count": 3 }),
        _ => json!({ "percent": "40" }),
    };
    let orders = [[1, 1, 2], [1, 1, 1], [1, 2, 3]][rules % 3];
    let step = |name: &str, at: usize, role: &str| {
        json!({
            "name": name, "order": orders[at], "who": [{ "role": role, "unit": "all" }], "quorum": quorum,
            "reject": if reject { "first" } else { "unanimous" }, "veto": [id(4)],
        })
    };
    let never = [json!(["requester"]), json!(["requester", "editors"]), json!([])];
    let all = json!([["first", "second"], ["second", "third"], ["first", "third"]]);
    let distinct = [json!([["first", "second"]]), all, json!([])];
    let same_person = ["once", "each"][rules / 27 % 2];
    let policy = json!({
        "never": never[rules / 3 % 3], "distinct": distinct[rules / 9 % 3], "same_person": same_person,
        "steps": [step("first", 0, "some"), step("second", 1, "others"), step("third", 2, "some")],
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
    #![proptest_config(ProptestConfig { cases: 250, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_crowd_is_as_its_people_one_by_one(
        quorum in any::<u8>(), reject in any::<bool>(), requester in 0..22usize, rules in 0..54usize, stored in 0..24usize,
        acts in proptest::collection::vec((0..22usize, any::<u8>(), any::<u8>(), 0..22usize), 1..24),
    ) {
        let [mut crowd, mut people] = twins(quorum, reject, requester, rules);
        let submit = json!({ "do": "submit" });
        prop_assert_eq!(crowd.then(&id(requester), submit.clone()), people.then(&id(requester), submit.clone()));
        prop_assert_eq!((is_crowd(&crowd, 0), is_crowd(&people, 0)), (true, false));
        for (at, (who, verb, step, other)) in acts.into_iter().enumerate() {
            if at == 12 {
                let change = json!({ "people": { id(other): { "active": false } } });
                prop_assert_eq!(crowd.change(change.clone()), people.change(change));
            }
            if at == stored {
                crowd.review = serde_json::from_value(json!(crowd.review)).unwrap();
            }
            let verb = act(who, verb, step, other);
            prop_assert_eq!(crowd.then(&id(who), verb.clone()), people.then(&id(who), verb));
            prop_assert_eq!(&crowd.review, &people.review);
            prop_assert_eq!(json!(crowd.review), json!(people.review));
            prop_assert_eq!(crowd.view(), people.view());
            if crowd.review.state == State::ChangesRequested {
                prop_assert_eq!(crowd.then(&id(requester), submit.clone()), people.then(&id(requester), submit.clone()));
            }
        }
    }
}

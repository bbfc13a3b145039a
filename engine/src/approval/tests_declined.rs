//! What somebody reads who is declined: who, by which rule, what to do. Codes are the oracle's matter.

use serde_json::{Value, json};

use super::tests_example::Story;
use super::*;
use crate::clock::Timestamp;

fn story(policy: Value) -> Story {
    let person = |id: &str, manager: Option<&str>| json!({ "id": id, "active": true, "manager": manager });
    let mut gone = person("ina", None);
    gone["until"] = json!("1969-06-01");
    let mut small = person("kim", None);
    small["limits"] = json!([{ "amount": "10.00 EUR" }]);
    let organisation = json!({
        "revision": 1,
        "people": [
            person("ann", Some("bob")), person("bob", Some("kim")), person("eve", None), person("fay", None),
            person("gus", None), person("hal", None), gone, small,
        ],
        "units": [{ "id": "u1", "roles": { "buyer": ["eve", "fay"] } }],
        "substitutes": [{ "person": "eve", "substitute": "hal" }, { "person": "ann", "substitute": "gus" }],
    });
    let subject = json!({ "requester": "ann", "owner": "gus", "amount": "800.00 EUR", "unit": "u1" });
    Story::of(organisation, policy, subject)
}

fn usual() -> Value {
    json!({
        "never": ["requester"],
        "never_substitutes": true,
        "administrators": ["kim"],
        "distinct": [["manager", "buyers"]],
        "editable": ["amount"],
        "steps": [
            { "name": "manager", "who": [{ "manager": "requester" }] },
            { "name": "buyers", "order": 2, "who": [{ "role": "buyer", "unit_field": "unit" }], "quorum": { "count": 2 } },
        ],
    })
}

/// The code and the sentence that somebody gets for an act now.
fn told(story: &Story, by: &str, verb: Value) -> (&'static str, String) {
    let at = Timestamp::from_micros((story.hour + 1) * 3_600_000_000);
    let event = Event { at, verb: serde_json::from_value(verb).unwrap(), by: Some(by.into()) };
    let applied = apply(story.review.clone(), &story.policy, &story.organisation, &story.rates, &event);
    let refusal = applied.outcome.unwrap_err();
    let words = declined(&applied.review, &story.policy, &story.organisation, &story.rates, &event, refusal);
    (words.code(), words.sentence())
}

#[track_caller]
fn says(story: &Story, by: &str, verb: Value, code: &str, sentence: &str) {
    assert_eq!(
        told(story, by, verb),
        (Refusal::ALL.iter().find(|one| one.code() == code).unwrap().code(), sentence.into())
    );
}

#[test]
fn whoever_may_not_decide_reads_by_which_rule() {
    let mut story = story(usual());
    story.then("ann", json!({ "do": "submit" }));
    let approve = |step: &str| json!({ "do": "approve", "step": step });
    let rule = "whom the definition keeps out (`never: [requester]`";
    says(
        &story,
        "ann",
        approve("manager"),
        "excluded",
        &format!("ann is the requester, {rule}). Somebody else has to decide."),
    );
    says(
        &story,
        "gus",
        approve("manager"),
        "excluded",
        &format!(
            "gus stands in for ann, who is the requester, {rule}, `never_substitutes: true`). Somebody else has to decide."
        ),
    );
    says(
        &story,
        "zoe",
        approve("manager"),
        "unknown_person",
        "zoe is not in the organisation: an administrator can enter zoe.",
    );
    says(
        &story,
        "ina",
        approve("manager"),
        "inactive_person",
        "ina is not active on 1970-01-01, and was so before 1969-06-01: ask an administrator.",
    );
    says(
        &story,
        "fay",
        approve("manager"),
        "not_approver",
        "fay is not asked, and stands in for nobody who is, in `manager`; asked there: bob.",
    );
    says(
        &story,
        "fay",
        approve("buyers"),
        "step_waiting",
        "The step `buyers` waits: `manager` must be approved first.",
    );
    says(
        &story,
        "bob",
        approve("manger"),
        "unknown_step",
        "There is no step `manger`; the steps are `manager`, `buyers`. Did you mean `manager`?",
    );
}

#[test]
fn whoever_lacks_the_office_reads_whose_it_is() {
    let mut story = story(usual());
    story.then("ann", json!({ "do": "submit" }));
    says(
        &story,
        "bob",
        json!({ "do": "escalate", "step": "manager" }),
        "not_administrator",
        "Only an administrator of this approval may do this: ask kim.",
    );
    says(&story, "bob", json!({ "do": "recall" }), "not_requester", "Only the requester may do this, who is ann.");
    let other = json!({ "do": "edit", "set": { "unit": "u2", "amount": "1.00 EUR" } });
    says(
        &story,
        "ann",
        other,
        "field_locked",
        "`unit` may not change any more: only `amount` may, while it is in review.",
    );
}

#[test]
fn whoever_is_named_is_told_of_by_id_and_rule() {
    let mut story = story(usual());
    story.then("ann", json!({ "do": "submit" }));
    let to = |who: &str| json!({ "do": "delegate", "step": "manager", "to": who });
    says(
        &story,
        "bob",
        to("ann"),
        "target_excluded",
        "ann is the requester, whom the definition keeps out (`never: [requester]`). Name somebody else.",
    );
    says(
        &story,
        "bob",
        to("fey"),
        "target_unknown",
        "Nobody in the organisation has the id `fey`. Did you mean `fay`?",
    );
    says(
        &story,
        "bob",
        to("ina"),
        "target_inactive",
        "ina is not active on 1970-01-01, and was so before 1969-06-01: name somebody else.",
    );
    says(&story, "bob", to("bob"), "target_seated", "bob is asked in `manager` already: name somebody else.");
    assert_eq!(story.then("bob", json!({ "do": "approve", "step": "manager" })), "buyers/eve buyers/fay");
    let to = |who: &str| json!({ "do": "reassign", "step": "buyers", "to": who });
    says(
        &story,
        "eve",
        to("bob"),
        "target_excluded",
        "bob had a part in the step `manager`, and `buyers` needs other people (`distinct: [[manager, buyers]]`). Name somebody else.",
    );
    says(
        &story,
        "bob",
        json!({ "do": "approve", "step": "buyers" }),
        "distinct",
        "bob had a part in the step `manager`, and `buyers` needs other people (`distinct: [[manager, buyers]]`). Somebody else has to decide.",
    );
    says(
        &story,
        "bob",
        json!({ "do": "approve", "step": "manager" }),
        "step_decided",
        "The step `manager` is decided already: it is approved.",
    );
    story.then("hal", json!({ "do": "approve", "step": "buyers" }));
    says(
        &story,
        "eve",
        json!({ "do": "approve", "step": "buyers" }),
        "seat_taken",
        "hal has answered in this place of `buyers` already.",
    );
    says(
        &story,
        "hal",
        json!({ "do": "approve", "step": "buyers", "on_behalf_of": "fay" }),
        "one_person_one_vote",
        "One person has one vote in a step: hal has voted in `buyers` already, for eve.",
    );
}

#[test]
fn people_are_called_by_their_names_where_these_are_known() {
    let mut story = story(usual());
    story.then("ann", json!({ "do": "submit" }));
    let at = Timestamp::from_micros(7_200_000_000);
    let verb = serde_json::from_value(json!({ "do": "approve", "step": "manager" })).unwrap();
    let event = Event { at, verb, by: Some("ann".into()) };
    let words = declined(&story.review, &story.policy, &story.organisation, &story.rates, &event, Refusal::Excluded);
    let called = words.called(&|person| format!("Ann Archer ({person})"));
    assert!(called.sentence().starts_with("Ann Archer (ann) is the requester, whom"), "{}", called.sentence());
    assert!(words.names_somebody() && !called.names_somebody());
    // The same stands in the answer to who could decide.
    let all = chances(&story.review, &story.policy, &story.organisation, &story.rates, at, &"ann".into());
    assert_eq!(all[0].declined, Some(words));
}

#[test]
fn what_is_over_says_who_ended_it() {
    let approve = |step: &str| json!({ "do": "approve", "step": step });
    let mut story =
        story(json!({ "steps": [{ "name": "buyers", "who": [{ "role": "buyer", "unit_field": "unit" }] }] }));
    let says = |story: &Story, code: &str, sentence: &str| says(story, "fay", approve("buyers"), code, sentence);
    says(&story, "not_submitted", "The document is not in review: it is a draft.");
    story.then("ann", json!({ "do": "submit" }));
    story.then("ann", json!({ "do": "recall" }));
    says(&story, "not_submitted", "The document is not in review: ann took it back.");
    story.then("ann", json!({ "do": "submit" }));
    story.then("eve", json!({ "do": "request_changes", "step": "buyers", "reason": "which ones" }));
    says(&story, "not_submitted", "The document is not in review: eve asked for changes.");
    story.then("ann", json!({ "do": "submit" }));
    story.then("hal", json!({ "do": "approve", "step": "buyers", "on_behalf_of": "eve" }));
    says(&story, "review_ended", "The review has ended: hal approved it for eve.");
}

//! Rules of approvals.md that no case of the oracle decides, each in a few lines.

use serde_json::{Value, json};

use super::tests_example::Story;
use super::*;

/// ann reports to bob, bob to cyd, cyd to dan; limits 1000, 5000 and 100000; eve and fay buy; ada repairs.
fn story(policy: Value) -> Story {
    let person = |id: &str, manager: Option<&str>, limit: Option<&str>| {
        let limits: Vec<Value> = limit.iter().map(|amount| json!({ "amount": amount })).collect();
        json!({ "id": id, "active": true, "manager": manager, "limits": limits })
    };
    let organisation = json!({
        "revision": 1,
        "people": [
            person("ann", Some("bob"), None), person("bob", Some("cyd"), Some("1000.00 EUR")),
            person("cyd", Some("dan"), Some("5000.00 EUR")), person("dan", None, Some("100000.00 EUR")),
            person("eve", Some("bob"), None), person("fay", Some("bob"), None), person("ada", None, None),
        ],
        "units": [{ "id": "u1", "roles": { "buyer": ["eve", "fay"] } }, { "id": "u2", "roles": { "buyer": ["fay"] } }],
    });
    let mut policy = policy;
    policy["never"] = json!(["requester"]);
    policy["administrators"] = json!(["ada"]);
    let subject = json!({ "requester": "ann", "amount": "800.00 EUR", "unit": "u1", "note": "" });
    let mut story = Story::of(organisation, policy, subject);
    story.then("ann", json!({ "do": "submit" }));
    story
}

fn one(who: Value) -> Value {
    json!({ "name": "s", "who": [who], "quorum": "all" })
}

#[test]
fn an_undecided_chain_follows_the_organisation() {
    let mut story = story(json!({ "steps": [one(json!({ "chain": "requester" }))] }));
    assert_eq!(story.change(json!({ "people": { "bob": { "limits": [{ "amount": "10.00 EUR" }] } } })), "s/bob");
    assert_eq!(story.approve("bob", "s"), "s/cyd");
    assert_eq!(story.change(json!({ "people": { "ann": { "manager": "dan" } } })), "s/dan");
    assert_eq!(story.votes(), "bob");
}

#[test]
fn after_a_repair_nobody_returns_only_with_an_edit() {
    let mut story = story(json!({ "steps": [one(json!({ "role": "legal", "unit_field": "unit" }))] }));
    let assign = json!({ "do": "repair", "action": "assign", "step": "s", "to": "dan", "reason": "no lawyer there" });
    assert_eq!(story.then("ada", assign), "s/dan");
    story.change(json!({ "people": { "dan": { "active": false } } }));
    assert_eq!(story.view().why.to_string(), "quorum_out_of_reach:s");
    story.then("ann", json!({ "do": "edit", "set": { "unit": "u2" } }));
    assert_eq!(story.view().why.to_string(), "nobody:s");
}

#[test]
fn an_edit_of_what_the_resolvers_read_takes_back_a_seat_that_was_passed_on() {
    let mut story = story(json!({ "steps": [one(json!({ "role": "buyer", "unit_field": "unit" }))] }));
    let pass = json!({ "do": "reassign", "step": "s", "to": "cyd" });
    assert_eq!(story.then("eve", pass), "s/cyd s/fay");
    assert_eq!(story.then("ann", json!({ "do": "edit", "set": { "unit": "u2" } })), "s/fay");
    assert_eq!(story.then("ann", json!({ "do": "edit", "set": { "unit": "u1" } })), "s/eve s/fay");
}

#[test]
fn in_order_keeps_the_resolvers_order_when_somebody_new_is_named() {
    let mut step = one(json!({ "role": "buyer", "unit_field": "unit" }));
    step["in_order"] = json!(true);
    let mut story = story(json!({ "steps": [step] }));
    story.change(json!({ "units": [{ "id": "u1", "roles": { "buyer": ["dan", "fay"] } }] }));
    assert_eq!(story.change(json!({ "people": { "eve": { "active": false } } })), "s/dan");
}

#[test]
fn a_changed_vote_takes_back_what_it_carried_to_undecided_steps_only() {
    let step = |name: &str, people: &[&str], quorum: Value| json!({ "name": name, "who": [{ "person": people }], "quorum": quorum, "reject": "unanimous" });
    let steps = [
        step("a", &["eve", "fay", "bob"], json!({ "count": 2 })),
        step("b", &["eve"], json!("any")),
        step("c", &["eve", "fay"], json!("all")),
    ];
    let mut story = story(json!({ "same_person": "once", "steps": steps }));
    story.approve("eve", "a");
    let abstain = json!({ "do": "abstain", "step": "a" });
    assert_eq!(story.then("eve", abstain), "a/bob a/fay c/fay");
    let carried: Vec<_> = story.view().counting.iter().map(|vote| vote.step.to_string()).collect();
    // b was decided by it and stays; c is filled again, from b.
    assert_eq!(carried, ["a", "b", "c"]);
}

#[test]
fn a_step_that_leaves_the_plan_and_returns_is_as_approved_as_it_was() {
    let (s, t) = (one(json!({ "person": "eve" })), json!({ "name": "t", "who": [{ "person": "fay" }] }));
    let rows = json!([{ "when": { "up_to": "500.00 EUR" }, "steps": [s] }, { "steps": [s, t] }]);
    let mut story = story(json!({ "reapprove": "none", "table": { "rows": rows } }));
    story.approve("eve", "s");
    story.approve("fay", "t");
    story.amount("100.00 EUR");
    assert_eq!(story.view().steps.len(), 1);
    story.amount("800.00 EUR");
    assert_eq!((story.view().state, story.view().round, story.votes()), (State::Approved, 1, "eve fay".into()));
}

#[test]
fn escalation_takes_the_fallback_where_nobody_is_higher() {
    let mut step = one(json!({ "person": ["dan", "eve"] }));
    step["late"] =
        json!([{ "after_hours": 1, "do": "escalate", "mode": "replaces", "fallback": [{ "person": "fay" }] }]);
    let mut story = story(json!({ "steps": [step] }));
    assert_eq!(story.then("nobody", json!({ "do": "time" })), "s/bob s/fay");
}

#[test]
fn what_may_not_be_asked_is_no_plan_and_never_an_approval() {
    let mut story = story(json!({}));
    assert_eq!(story.view().why.to_string(), "no_row");
    assert_eq!(story.then("ann", json!({ "do": "recall" })), "");
    assert_eq!(story.view().state, State::Recalled);
}

#[test]
fn a_recall_is_too_late_after_the_first_vote_of_the_round() {
    let policy = json!({ "recall": "until_first_vote", "steps": [one(json!({ "person": ["eve", "fay"] }))] });
    let mut story = story(policy);
    story.approve("eve", "s");
    assert_eq!(story.then("ann", json!({ "do": "recall" })), "recall_too_late");
    story.then("fay", json!({ "do": "request_changes", "step": "s", "reason": "which one" }));
    story.then("ann", json!({ "do": "submit" }));
    // The vote stayed, but it is of the round before.
    assert_eq!(story.votes(), "eve");
    assert_eq!(story.then("ann", json!({ "do": "recall" })), "");
}

#[test]
fn looking_at_it_is_a_mark_without_power() {
    let mut story = story(json!({ "steps": [one(json!({ "role": "buyer", "unit_field": "unit" }))] }));
    let look = || json!({ "do": "look", "step": "s" });
    assert_eq!(story.then("eve", look()), "s/eve s/fay");
    let marks = |story: &Story| {
        let looking = story.view().looking;
        looking.iter().map(|one| format!("{} {} {}", one.step, one.person, one.since)).collect::<Vec<_>>()
    };
    assert_eq!(marks(&story), ["s eve 1970-01-01T02:00:00Z"]);
    assert_eq!(story.then("cyd", look()), "not_approver");
    assert_eq!(story.then("ann", look()), "excluded");
    assert_eq!(story.then("eve", look()), "s/eve s/fay", "a second time it is the same mark");
    assert_eq!(marks(&story).len(), 1);
    // It keeps nobody from anything, and goes with the vote.
    assert_eq!(story.approve("fay", "s"), "s/eve");
    story.then("eve", json!({ "do": "request_changes", "step": "s", "reason": "no" }));
    assert_eq!(story.view().looking, []);
    story.then("ann", json!({ "do": "submit" }));
    assert_eq!(marks(&story), Vec::<String>::new(), "a new round begins without marks");
    story.then("eve", look());
    story.approve("eve", "s");
    assert_eq!(story.view().looking, []);
}

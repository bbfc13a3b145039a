//! What the histories found, each as small as it gets.

use std::time::Duration;

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::TaskId;
use fluxor_tests::invariants::bench::InMemory;
use fluxor_tests::invariants::draw::object;
use fluxor_tests::invariants::play::HOUR;
use fluxor_tests::invariants::stage::{Stage, signal};
use fluxor_tests::scenario::TENANT;
use serde_json::json;

const BREAKING: &str = "workflow: breaking
version: 1
subject: purchase_order
start: { to: draft, do: [record_order] }
states:
  draft:
    on: { submit: { to: weighing, do: [reserve_budget] } }
  # USD against EUR: it cannot be compared.
  weighing:
    always:
      - { if: po.amount > 10 EUR, to: over }
      - { to: over }
  over: { final: true }
";

/// A command that breaks after it reserved money leaves an incident and nothing else: the next command of the same batch
/// has the whole budget.
#[tokio::test]
async fn what_a_broken_command_changed_is_not_seen_by_the_next() {
    let mut stage = Stage::<InMemory>::new("breaking", BREAKING, 1).await.unwrap();
    let (kind, key) = ("budget".into(), "u1/USD".into());
    let params = object(json!({ "amount": "100.00 USD" }));
    let change = Change::Record { kind, key, action: "set_budget".into(), params };
    stage.submit("", Verb::Change(change)).await.unwrap();
    let lines = json!([{ "item": "desk", "quantity": "1", "unit": "pcs", "price": "70.00 USD" }]);
    let order = json!({ "supplier": "Acme", "unit": "u1", "lines": lines });
    let breaks = stage.start("p2", "breaking", order.clone()).await;
    let works = stage.start("p3", "purchase_order", order.clone()).await;

    let turn = stage.bench.hold().await;
    let plug = Verb::Start { workflow: "purchase_order".into(), key: None, input: object(order) };
    let mut waiting = Vec::new();
    for (by, verb) in [("p4", plug), ("p2", signal(breaks, "submit")), ("p3", signal(works, "submit"))] {
        let (engine, command) = (stage.engines[0].clone(), stage.command(by, verb));
        waiting.push(tokio::spawn(async move { engine.submit(command).await }));
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    drop(turn);
    let mut came = Vec::new();
    for one in waiting {
        came.push(one.await.unwrap());
    }
    let broken = came[1].as_ref().expect("an incident, not a refusal");
    assert_eq!(broken.answer.state.as_deref(), Some("draft"));
    let done = came[2].as_ref().expect("the budget is whole");
    assert_eq!(done.answer.state.as_deref(), Some("open.review"));
    stage.end().await;
}

const WAITING: &str = "workflow: waiting
version: 1
subject: { name: doc, fields: { requester: person } }
start: asking
states:
  asking:
    approval:
      steps:
        - { name: both, who: [{ person: [p2, p3, p4] }], quorum: { percent: 60 }, reject: unanimous }
    on:
      approved: { to: over }
      rejected: { to: over }
      changes_requested: { to: over }
  over: { final: true }
";

/// p2 has approved, p3 and p4 leave with the next day: their seats are vacant and one vote is all there can be. Either
/// somebody who is shown as asked may act, or the review goes on by itself.
#[tokio::test]
async fn a_day_that_begins_leaves_nobody_stuck() {
    let mut stage = Stage::<InMemory>::new("waiting", WAITING, 1).await.unwrap();
    let gone = |id: &str| json!({ "id": id, "until": "2026-03-03" });
    stage.organisation(json!({ "people": [gone("p3")] })).await;
    let id = stage.start("p0", "waiting", json!({})).await;
    let task = TaskId { instance: id, ordinal: 1 };
    let vote = |etag: String| {
        let ballot = Ballot { step: "both".into(), ..Ballot::default() };
        Verb::Decide { task, etag: Some(etag), act: Act::Approve(ballot) }
    };
    let etag = stage.engines[0].task(TENANT, task).await.unwrap().etag;
    stage.organisation(json!({ "people": [gone("p4")] })).await;
    stage.submit("p2", vote(etag)).await.unwrap();
    stage.clock.advance_micros(24 * HOUR);
    while stage.engines[0].drive_once().await.unwrap() > 0 {}
    let view = stage.engines[0].task(TENANT, task).await.unwrap();
    if view.review.state.is_live() {
        assert!(!view.open.is_empty(), "in review, and nobody is asked: it waits for ever");
        let asked = view.open[0].person.to_string();
        stage.submit(&asked, vote(view.etag)).await.expect("who is asked may approve");
    }
    stage.end().await;
}

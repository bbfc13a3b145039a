//! Repairs of instances that call others: no move leads past an approval of the called one, and both hear what becomes of the other.

use fluxor_engine::approval::{Ballot, Verb as Act};
use fluxor_engine::command::Repair;

use super::*;

const CALLER: &str = r#"workflow: order
version: 1
subject: { name: order, fields: { requester: person, supplier: text } }
start: draft
states:
  draft: { on: { check: checking } }
  checking:
    call: { workflow: check, input: { supplier: order.supplier } }
    on: { done: ordered, failed: refused, back: draft }
  ordered: { on: { finish: over } }
  refused: { on: { again: checking } }
  over: { final: true }
"#;

const CALLED: &str = r#"workflow: check
version: 1
subject: { name: check, fields: { requester: person, supplier: text } }
start: asking
states:
  asking:
    approval: { steps: [{ name: s, who: [{ person: [bob] }] }] }
    on: { approved: good, rejected: bad, changes_requested: bad }
  good: { final: true }
  bad: { final: failed }
"#;

async fn calling() -> House<InMemory> {
    let domain = Family::new();
    House::with(MemoryStore::new(domain.clone()), domain, AT, &[("order", CALLER), ("check", CALLED)]).await
}

fn repair(instance: InstanceId, repair: Repair) -> Verb {
    Verb::Repair { instance, repair, reason: "because".to_owned(), state_revision: None }
}

fn to(instance: InstanceId, state: &str) -> Verb {
    repair(instance, Repair::Move { to: state.into() })
}

/// The called instance that lives.
async fn live(house: &House<InMemory>) -> Instance {
    let mut all = house.instances().await.into_values();
    all.find(|i| &*i.workflow == "check" && i.status != Status::Final).expect("somebody is called")
}

fn approve(called: &Instance) -> Verb {
    let task = &called.tasks[0];
    let act = Act::Approve(Ballot { step: "s".into(), ..Ballot::default() });
    Verb::Decide { task: task.id, etag: Some(task.etag()), act }
}

#[tokio::test]
async fn a_move_never_leads_past_an_approval_of_the_called() {
    let mut house = calling().await;
    let id = ordered(&mut house, "acme").await;
    for state in ["ordered", "over"] {
        let refused = house.refused("", to(id, state)).await;
        assert_eq!(refused.code(), "repair_never_approves", "{state}");
    }
    let called = live(&house).await;
    house.submit("", repair(called.id, Repair::Cancel)).await.unwrap();
    house.drive().await;
    assert_eq!(state_of(&house, id).await, "refused", "whoever called hears that it failed");
    assert_eq!(house.refused("", to(id, "ordered")).await.code(), "repair_never_approves");
    house.submit("ann", signal(id, "again", json!({}))).await.unwrap();
    let called = live(&house).await;
    house.submit("bob", approve(&called)).await.unwrap();
    house.drive().await;
    assert_eq!(state_of(&house, id).await, "ordered");
    // What was given once is given, until it is asked for again.
    house.submit("", to(id, "draft")).await.unwrap();
    house.submit("", to(id, "ordered")).await.unwrap();
    house.submit("", to(id, "checking")).await.unwrap();
    assert_eq!(house.refused("", to(id, "ordered")).await.code(), "repair_never_approves");
    house.end().await;
}

#[tokio::test]
async fn whoever_is_called_hears_that_nobody_waits() {
    let mut house = calling().await;
    for leave in [Repair::Move { to: "draft".into() }, Repair::Cancel] {
        let id = ordered(&mut house, "acme").await;
        let called = live(&house).await.id;
        house.submit("", repair(id, leave)).await.unwrap();
        house.drive().await;
        let called = house.instances().await[&called].clone();
        assert_eq!((called.status, called.detail.stopped.is_some()), (Status::Final, true));
    }
    house.end().await;
}

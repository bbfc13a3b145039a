//! Charts with everything in them (regions, ways back, tasks, calls, what is undone) on a real engine: what a called
//! workflow and its caller tell one another, and random walks that come to the same on every store.

mod calls;
mod rehearsed;
mod repaired;
mod repairs;
mod tasks;
mod walks;

use super::children::{House, signal};
use fluxor_engine::command::Verb;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Instance, Status, TaskStatus};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::store::{MemoryStore, Store};
use fluxor_tests::family::Family;
use serde_json::json;

/// An order that has its supplier checked, and goes on without it when somebody is in a hurry.
pub(crate) const ORDER: &str = r#"workflow: order
version: 1
subject: { name: order, fields: { requester: person, supplier: text, score: int?, note: text? } }
start: draft
states:
  draft: { on: { check: checking } }
  checking:
    call: { workflow: check, input: { supplier: order.supplier }, key: '"check of " + order.supplier' }
    on:
      done: { to: ordered, set: { score: event.score } }
      failed: { to: refused, set: { score: event.score, note: '"failed"' } }
      hurry: ordered
      back: draft
  ordered: { on: { finish: over } }
  refused: { final: failed }
  over: { final: true }
"#;

/// The check: somebody gives a score, or a further check is called.
pub(crate) const CHECK: &str = r#"workflow: check
version: 1
subject: { name: check, fields: { requester: person, supplier: text, score: int? } }
result: [score]
start: { to: asking, do: [{ count: { name: check.supplier }, undo: { count: { name: '"undone"' } } }] }
states:
  asking:
    task: { who: [{ person: bob }], form: { score: { type: int, min: 0, max: 10, title: Score } } }
    on:
      done:
        - { if: event.score == 7, refuse: Seven brings bad luck. }
        - { if: event.score < 3, to: bad, set: { score: event.score } }
        - { to: good, set: { score: event.score } }
      deeper: digging
      orderly: { to: closing }
  digging:
    call: { workflow: dig }
    on: { done: good }
  closing: { on: { cancel: withdrawn } }
  good: { final: true }
  bad: { final: failed }
  withdrawn: { final: true }
"#;

pub(crate) const DIG: &str = r#"workflow: dig
version: 1
subject: { name: dig, fields: { requester: person } }
start: digging
states:
  digging: { on: { found: over } }
  over: { final: true }
"#;

pub(crate) const AT: &str = "2026-03-02T08:00:00Z";

pub(crate) const FILES: [(&str, &str); 3] = [("order", ORDER), ("check", CHECK), ("dig", DIG)];

type InMemory = MemoryStore<Family>;

async fn house() -> House<InMemory> {
    let domain = Family::new();
    House::with(MemoryStore::new(domain.clone()), domain, AT, &FILES).await
}

/// The one instance of a workflow.
async fn of<S: Store<Family>>(house: &House<S>, workflow: &str) -> Instance {
    let mut all = house.instances().await.into_values().filter(|i| &*i.workflow == workflow);
    all.next().unwrap_or_else(|| panic!("no {workflow}"))
}

async fn ordered<S: Store<Family>>(house: &mut House<S>, supplier: &str) -> InstanceId {
    let input = json!({ "supplier": supplier }).as_object().cloned().unwrap();
    let id = house.started("ann", Verb::Start { workflow: "order".into(), key: None, input }).await;
    house.submit("ann", signal(id, "check", json!({}))).await.unwrap();
    id
}

async fn state_of<S: Store<Family>>(house: &House<S>, id: InstanceId) -> String {
    house.instances().await[&id].state.to_string()
}

fn given(task: &fluxor_engine::instance::Task, data: serde_json::Value) -> Verb {
    let data = data.as_object().cloned().unwrap();
    Verb::Complete { task: task.id, etag: Some(task.etag()), on_behalf_of: None, data }
}

//! Instances that actions start, and what instances tell themselves: all of a command or nothing of it.

mod parts;
mod refused;
mod started;
mod stores;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::fold::fold;
use fluxor_engine::audit::verify::Verifier;
use fluxor_engine::clock::{ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::ids::{Digest, InstanceId, StreamId, TenantId};
use fluxor_engine::instance::{Document, Instance};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{Engine, NotDone, Options, Submitted};
use fluxor_engine::store::{InstancePage, MemoryStore, Store};
use fluxor_tests::family::Family;
use serde_json::{Value as Json, json};

pub(crate) const TENANT: TenantId = TenantId(7);

/// Starts others, splits its work, counts; may be started by its requester only.
const NODE: &str = r#"workflow: node
version: 1
subject: { name: node, fields: { requester: person, name: text, done: int } }
start: { to: waiting, by: node.requester, do: [{ count: { name: node.name } }, bear] }
events:
  grow: {}
  halve: {}
  part: { payload: { name: text } }
  rest: {}
  end: {}
states:
  waiting:
    on:
      grow: { by: node.requester, do: [{ count: { name: '"grown"' } }, bear, { count: { name: '"grown"' } }] }
      halve: { do: [split] }
      part: { set: { done: node.done + 1 }, do: [{ count: { name: event.name } }, bear] }
      rest: resting
      end: { to: over }
    after: { in: 10 days, to: over }
  resting: { on: { end: { to: over } } }
  over: { final: true }
"#;

/// Asks somebody as soon as it starts.
const ASKED: &str = r#"workflow: asked
version: 1
subject: { name: it, fields: { requester: person, name: text } }
key: it.name
start: asking
states:
  asking:
    approval: { steps: [{ name: manager, who: [{ manager: requester }] }] }
    on: { approved: { to: over }, rejected: { to: over }, changes_requested: { to: over } }
  over: { final: true }
"#;

fn object(json: Json) -> Document {
    json.as_object().cloned().expect("an object")
}

fn child(key: Option<&str>, name: &str) -> Json {
    json!({ "workflow": "node", "key": key, "input": { "name": name, "done": 0 } })
}

fn start(key: Option<&str>, input: Json) -> Verb {
    Verb::Start { workflow: "node".into(), key: key.map(Into::into), input: object(input) }
}

pub(crate) fn signal(instance: InstanceId, event: &str, payload: Json) -> Verb {
    let (event, payload) = (event.into(), object(payload));
    Verb::Signal { instance, event, payload, reason: None, state_revision: None }
}

/// An engine over one store, with a small organisation.
pub(crate) struct House<S: Store<Family>> {
    pub(crate) engine: Engine<Family, S>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) count: u32,
}

type InMemory = MemoryStore<Family>;

async fn house() -> House<InMemory> {
    let domain = Family::new();
    House::new(MemoryStore::new(domain.clone()), domain).await
}

impl<S: Store<Family>> House<S> {
    async fn new(store: S, domain: Arc<Family>) -> Self {
        Self::with(store, domain, "2026-03-02T08:00:00Z", &[("node", NODE), ("asked", ASKED)]).await
    }

    pub(crate) async fn with(store: S, domain: Arc<Family>, at: &str, files: &[(&str, &str)]) -> Self {
        let clock = Arc::new(ManualClock::at(Timestamp::parse(at).unwrap()));
        let options = Options { seed: Some(1), database_clock: false, drive: false, ..Options::default() };
        let library = domain.library(files);
        let engine = Engine::start(domain, store, library, clock.clone(), options).await.unwrap();
        let mut house = Self { engine, clock, count: 0 };
        let people = json!([{ "id": "ann", "manager": "bob" }, { "id": "bob" }]);
        house.organisation(json!({ "zone": "UTC", "people": people, "rates": { "EUR": "1" } })).await;
        house
    }

    pub(crate) async fn organisation(&mut self, patch: Json) {
        let patch = object(patch);
        self.submit("", Verb::Change(Change::Organisation { patch, basis: Basis::Direct })).await.unwrap();
    }

    pub(crate) fn command(&mut self, by: &str, verb: Verb) -> Command {
        self.count += 1;
        let actor = match by {
            "" => Actor::System,
            id => Actor::Person { id: id.into(), via: "test".into(), administrator: false },
        };
        let request_hash = Digest::of(format!("{by} {verb:?}"));
        Command { tenant: TENANT, request: format!("r{}", self.count).into(), request_hash, actor, verb }
    }

    pub(crate) async fn submit(&mut self, by: &str, verb: Verb) -> Result<Submitted, NotDone> {
        let command = self.command(by, verb);
        self.engine.submit(command).await
    }

    pub(crate) async fn started(&mut self, by: &str, verb: Verb) -> InstanceId {
        self.submit(by, verb).await.expect("it starts").answer.instance.unwrap()
    }

    pub(crate) async fn refused(&mut self, by: &str, verb: Verb) -> Refusal {
        match self.submit(by, verb).await {
            Err(NotDone::Refused(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn instances(&self) -> BTreeMap<InstanceId, Instance> {
        let (workflow, state, status, key, after) = (None, None, None, None, None);
        let page = InstancePage { tenant: TENANT, workflow, state, status, incident: None, key, after, limit: 9999 };
        self.engine.store().instances(&page).await.unwrap().into_iter().map(|i| (i.id, i)).collect()
    }

    pub(crate) async fn entries(&self, stream: StreamId) -> Vec<Entry> {
        self.engine.store().entries(TENANT, stream, 0, 9999).await.unwrap()
    }

    /// The body of the instance's last entry.
    async fn last(&self, id: InstanceId) -> Json {
        serde_json::from_str(&self.entries(id.into()).await.last().unwrap().body).unwrap()
    }

    /// Every entry of every stream, chains and folds checked (invariants 7 and 11).
    pub(crate) async fn everything(&self) -> Vec<Entry> {
        let instances = self.instances().await;
        let heads = self.engine.store().heads(TENANT, None, 9999).await.unwrap();
        let mut all = Vec::new();
        for stream in self.engine.store().streams(TENANT, None, 9999).await.unwrap() {
            let entries = self.entries(stream).await;
            let mut verifier = Verifier::new(TENANT, stream);
            entries.iter().for_each(|entry| verifier.check(entry));
            let head = heads.iter().find(|h| h.stream == stream).map(|h| (h.seq, h.head));
            assert_eq!(verifier.finish(head), []);
            if let Some(instance) = instances.get(&InstanceId(stream.0)) {
                assert_eq!(fold(&entries).unwrap(), *instance, "folding the entries gives the row");
            }
            all.extend(entries);
        }
        assert!(instances.keys().all(|id| all.iter().any(|e| e.stream == (*id).into())));
        all
    }

    pub(crate) async fn drive(&self) {
        while self.engine.drive_once().await.unwrap() > 0 {}
    }

    pub(crate) async fn end(self) {
        self.everything().await;
        self.engine.shutdown(Duration::from_secs(5)).await;
    }
}

//! A store with replicas for a small definition of a test's own, without the judges of random histories.

use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::clock::{ManualClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::definition::Library;
use fluxor_engine::ids::{Digest, InstanceId};
use fluxor_engine::runtime::Engine;
use fluxor_workflows::Procurement;
use serde_json::{Value as Json, json};

use super::bench::Bench;
use super::burst::Came;
use super::draw::{actor, object};
use super::play::{START, by_hand};
use super::rows::check_all;
use super::rules::library;
use crate::scenario::TENANT;

/// A store, its replicas and their clock.
#[allow(missing_debug_implementations, reason = "tests only")]
pub struct Stage<B: Bench> {
    /// The store.
    pub bench: B,
    /// The replicas.
    pub engines: Vec<Engine<Procurement, B::Store>>,
    /// The clock of all.
    pub clock: Arc<ManualClock>,
    library: Library,
    count: u64,
}

impl<B: Bench> Stage<B> {
    /// With one definition beside the shipped ones and eight people, `p1` above all.
    pub async fn new(name: &str, yaml: &str, replicas: u64) -> Option<Self> {
        let domain = Arc::new(Procurement::new());
        let bench = B::open(domain.clone(), 2).await?;
        let library = library(&domain, &[(name, yaml.to_owned())]).unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::parse(START).unwrap()));
        let mut engines = Vec::new();
        for n in 0..replicas {
            let (store, options) = (bench.store().await, by_hand(&format!("r{n}"), 7 + n, 256));
            engines.push(Engine::start(domain.clone(), store, library.clone(), clock.clone(), options).await.unwrap());
        }
        let mut stage = Self { bench, engines, clock, library, count: 0 };
        let people: Vec<Json> = (0..8).map(|n| json!({ "id": format!("p{n}"), "manager": "p1" })).collect();
        stage.organisation(json!({ "zone": "UTC", "people": people, "rates": { "EUR": "1", "USD": "0.92" } })).await;
        Some(stage)
    }

    /// A command by a person, or by the system.
    pub fn command(&mut self, by: &str, verb: Verb) -> Command {
        self.count += 1;
        let by = if by.is_empty() { Actor::System } else { actor(by) };
        let request_hash = Digest::of(format!("{by:?} {verb:?}"));
        Command { tenant: TENANT, request: format!("r{}", self.count).into(), request_hash, actor: by, verb }
    }

    /// Does it on the first replica.
    pub async fn submit(&mut self, by: &str, verb: Verb) -> Came {
        let command = self.command(by, verb);
        self.engines[0].submit(command).await
    }

    /// Changes the organisation.
    pub async fn organisation(&mut self, patch: Json) {
        let change = Change::Organisation { patch: object(patch), basis: Basis::Direct };
        self.submit("", Verb::Change(change)).await.expect("the organisation is accepted");
    }

    /// Starts an instance.
    pub async fn start(&mut self, by: &str, workflow: &str, input: Json) -> InstanceId {
        let verb = Verb::Start { workflow: workflow.into(), key: None, input: object(input) };
        self.submit(by, verb).await.expect("it starts").answer.instance.unwrap()
    }

    /// Signals an event with a reason.
    pub async fn signal(&mut self, by: &str, instance: InstanceId, event: &str) -> Came {
        self.submit(by, signal(instance, event)).await
    }

    /// The same rows with another definition of that name; what instances are pinned to stays known.
    pub async fn redefine(&mut self, name: &str, yaml: &str) {
        let replicas = self.engines.len() as u64;
        for engine in self.engines.drain(..) {
            engine.shutdown(Duration::from_secs(5)).await;
        }
        let domain = Arc::new(Procurement::new());
        let next = library(&domain, &[(name, yaml.to_owned())]).unwrap();
        for n in 0..replicas {
            let (store, options) = (self.bench.store().await, by_hand(&format!("n{n}"), 70 + n, 256));
            let engine = Engine::start(domain.clone(), store, next.clone(), self.clock.clone(), options).await.unwrap();
            self.engines.push(engine);
        }
        let old = self.library.current(name).unwrap().clone();
        self.library = next.with(old);
    }

    /// Checks everything that must hold at rest, and removes the store.
    pub async fn end(mut self) {
        check_all(&mut self.bench, &self.library).await;
        for engine in &self.engines {
            engine.shutdown(Duration::from_secs(5)).await;
        }
        self.engines.clear();
        self.bench.close().await;
    }
}

/// An event.
#[must_use]
pub fn signal(instance: InstanceId, event: &str) -> Verb {
    let payload = fluxor_engine::instance::Document::new();
    Verb::Signal { instance, event: event.into(), payload, reason: Some("because".into()), state_revision: None }
}

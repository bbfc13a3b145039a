//! The engine alone, in this process, over a store that records what it writes.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fluxor_engine::approval::{self, Ballot};
use fluxor_engine::clock::SystemClock;
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, TenantId};
use fluxor_engine::runtime::{Engine, Options};
use fluxor_engine::store::{AnyStore, Options as StoreOptions};
use fluxor_workflows::{MIGRATIONS, Procurement};
use serde_json::json;

use crate::processor;
use crate::recording::{Recorded, Recording};

pub(crate) type Store = AnyStore<Procurement>;
type Bench = Engine<Procurement, Recording<Store>>;

const TENANT: TenantId = TenantId(1);

/// The requester's manager decides, then one more: what is measured everywhere.
pub(crate) const WORKFLOW: &str = r"
workflow: bench
version: 1
title: Two decisions
subject: { name: doc, fields: { requester: person, amount: money } }
start: review
states:
  review:
    approval:
      never: [requester]
      steps:
        - { name: manager, who: [{ manager: requester }] }
        - { name: second, order: 2, who: [{ person: [cyd] }] }
    on:
      approved: { to: done }
      rejected: { to: done }
      changes_requested: { to: done }
  done: { final: true }
";

/// The organisation of the measurements.
pub(crate) fn company() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/scenarios/company.json")
}

/// Opens a store at an address.
pub(crate) async fn open(address: &str) -> Store {
    let domain = Arc::new(Procurement::new());
    AnyStore::open(domain, address, MIGRATIONS, &StoreOptions::default()).await.expect("the database opens")
}

/// What one measurement gave.
pub(crate) struct Figures {
    /// Whole approvals a second.
    pub(crate) rate: f64,
    /// Commands a batch.
    pub(crate) batch: f64,
    /// Processor time of an approval, seconds: that of the clients is in it.
    pub(crate) processor: f64,
    /// What was written, in the order of its commits.
    pub(crate) recorded: Recorded,
}

/// Measures for `seconds` with `clients` side by side; with `record` it keeps what was written.
pub(crate) async fn measure(address: &str, clients: usize, seconds: f64, record: bool) -> Figures {
    let domain = Arc::new(Procurement::new());
    let recording = Recording::new(open(address).await, record);
    let (library, _) = Library::load(vec![("bench.yaml".into(), WORKFLOW.into())], domain.vocabulary()).unwrap();
    let engine: Bench =
        Engine::start(domain, recording.clone(), library, Arc::new(SystemClock), Options::default()).await.unwrap();
    let patch = serde_json::from_str(&std::fs::read_to_string(company()).unwrap()).unwrap();
    let change = Verb::Change(Change::Organisation { patch, basis: Basis::Direct });
    engine.submit(command(Actor::System, "company".to_owned(), change)).await.unwrap();
    approval(&engine, "first".to_owned()).await;
    recording.now_measured();
    let before = engine.stats().batches.load(Ordering::Relaxed);
    let (began, busy) = (Instant::now(), processor("self"));
    let rate = round(&engine, clients, seconds).await;
    let processor = (processor("self") - busy) / (rate * began.elapsed().as_secs_f64());
    let batches = engine.stats().batches.load(Ordering::Relaxed) - before;
    engine.shutdown(Duration::from_secs(5)).await;
    let recorded = recording.recorded();
    let batch = recorded.approvals as f64 * 3.0 / batches.max(1) as f64;
    Figures { rate, batch, processor, recorded }
}

async fn round(engine: &Bench, clients: usize, seconds: f64) -> f64 {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (engine, stop, done) = (engine.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    approval(&engine, format!("{client}-{n}")).await;
                    done.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

fn person(id: &str) -> Actor {
    Actor::Person { id: id.into(), via: "bench".into(), administrator: true }
}

fn command(actor: Actor, request: String, verb: Verb) -> Command {
    Command { tenant: TENANT, request_hash: Digest::of(&request), request: request.into(), actor, verb }
}

async fn approval(engine: &Bench, name: String) {
    let mut input = serde_json::Map::new();
    input.insert("requester".into(), json!("ann"));
    input.insert("amount".into(), json!("800.00 EUR"));
    let start = Verb::Start { workflow: "bench".into(), key: Some(name.as_str().into()), input };
    let mut task = engine.submit(command(person("ann"), format!("{name}-0"), start)).await.unwrap().answer.tasks;
    for (n, (who, step)) in [("bob", "manager"), ("cyd", "second")].into_iter().enumerate() {
        let open = task.pop().unwrap();
        let act = approval::Verb::Approve(Ballot { step: step.into(), ..Ballot::default() });
        let verb = Verb::Decide { task: open.id, etag: Some(open.etag), act };
        let done = engine.submit(command(person(who), format!("{name}-{}", n + 1), verb)).await.unwrap();
        task = done.answer.tasks;
    }
    assert!(task.is_empty());
}

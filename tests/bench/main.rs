//! How fast whole approvals are in the engine alone, without HTTP: start, submit, decision, result.
//!
//! `cargo run --release -p fluxor-tests --bin bench -- [memory|FILE|postgres://...] [seconds]`. At the end, how fast
//! rows come in (`import.rs`). It prints figures beside
//! the machine's load and never fails on a slow machine. The HTTP figures and the raw ceiling come with milestone 3.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::panic,
    reason = "a tool for developers"
)]

mod import;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fluxor_engine::approval::{self, Ballot};
use fluxor_engine::clock::SystemClock;
use fluxor_engine::command::{Actor, Change, Command, Verb};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, TenantId};
use fluxor_engine::runtime::{Engine, Options};
use fluxor_engine::store::{AnyStore, Options as StoreOptions};
use fluxor_workflows::{MIGRATIONS, Procurement};
use serde_json::json;

type Bench = Engine<Procurement, AnyStore<Procurement>>;

const TENANT: TenantId = TenantId(1);

/// One person's manager and two buyers decide: the order's own small tier needs one decision, this file two.
const WORKFLOW: &str = r"
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

async fn round(engine: &Bench, clients: usize, seconds: u64, run: usize) -> (f64, Duration) {
    let stop = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|client| {
            let (engine, stop, done) = (engine.clone(), stop.clone(), done.clone());
            tokio::spawn(async move {
                let mut n = 0;
                while !stop.load(Ordering::Relaxed) {
                    approval(&engine, format!("{run}-{client}-{n}")).await;
                    done.fetch_add(1, Ordering::Relaxed);
                    n += 1;
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
    (rate, Duration::from_secs_f64(clients as f64 / rate))
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let database = arguments.next().unwrap_or_else(|| "memory:".to_owned());
    let seconds = arguments.next().and_then(|s| s.parse().ok()).unwrap_or(3);
    let domain = Arc::new(Procurement::new());
    let store = AnyStore::open(domain.clone(), &database, MIGRATIONS, &StoreOptions::default()).await.unwrap();
    let (library, _) = Library::load(vec![("bench.yaml".into(), WORKFLOW.into())], domain.vocabulary()).unwrap();
    let engine = Engine::start(domain, store, library, Arc::new(SystemClock), Options::default()).await.unwrap();
    let company = Path::new(env!("CARGO_MANIFEST_DIR")).join("../definitions/scenarios/company.json");
    let patch = serde_json::from_str(&std::fs::read_to_string(company).unwrap()).unwrap();
    let change = Verb::Change(Change::Organisation { patch });
    let run = std::process::id() as usize;
    engine.submit(command(Actor::System, format!("company-{run}"), change)).await.unwrap();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    println!("{database}, {seconds} s a line, load before: {}", load.trim());
    for clients in [1, 32, 512] {
        let before = engine.stats().batches.load(Ordering::Relaxed);
        let (rate, each) = round(&engine, clients, seconds, run * 1000 + clients).await;
        let batches = engine.stats().batches.load(Ordering::Relaxed) - before;
        let size = rate * seconds as f64 * 3.0 / batches as f64;
        println!(
            "{clients:>4} clients: {rate:>7.0} whole approvals a second, {each:>9.2?} each, {size:.1} commands a batch"
        );
    }
    let [movements, demand] = import::import(&engine, run).await;
    println!("import, 1,000 rows a command: {movements:.0} movements a second, {demand:.0} demands a second");
    engine.shutdown(Duration::from_secs(5)).await;
}

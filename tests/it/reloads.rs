//! Other definitions while the engine runs: what is under way is not torn, what lives goes on, what is due begins.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use fluxor_engine::calendar::Calendars;
use fluxor_engine::clock::{Clock, ManualClock, SystemClock, Timestamp};
use fluxor_engine::command::{Actor, Basis, Change, Command, Verb};
use fluxor_engine::definition::reload::{Folder, Report, Text};
use fluxor_engine::ids::{Digest, TenantId};
use fluxor_engine::runtime::{Engine, Options};
use fluxor_engine::store::{
    InstancePage, MemoryStore, Options as StoreOptions, PinnedCount, PostgresStore, SqliteStore, Store,
};
use fluxor_tests::counter::MIGRATIONS;
use fluxor_tests::databases::Fresh;
use fluxor_tests::family::Family;
use serde_json::json;

use crate::children::{House, TENANT, signal};

const NOTE: &str = "workflow: note
version: 1
subject: { name: it, fields: { requester: person, name: text } }
key: it.name
start: here
states:
  here: { on: { end: there } }
  there: { final: true }
";

const NIGHTLY: &str = r#"workflow: nightly
version: 1
subject: { name: it, fields: { requester: person } }
start: over
schedules:
  nightly: { cron: "30 2 * * *", zone: UTC, as: { role: planner, unit: purchasing } }
states:
  over: { final: true }
"#;

const AT: &str = "2026-03-02T02:29:59.900Z";

fn newer() -> String {
    NOTE.replace("version: 1", "version: 2").replace("key: it.name", "key: '\"new \" + it.name'")
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let text = |text: &str| Text::Bytes(text.as_bytes().to_vec());
    let files = files.iter().map(|(name, source)| (format!("{name}.yaml"), text(source)));
    Folder { files: files.collect(), calendars: Ok(Calendars::default()) }
}

async fn reload<S: Store<Family>>(engine: &Engine<Family, S>, files: &[(&str, &str)]) -> Report {
    let report = engine.reload(folder(files), false).await.unwrap();
    assert_eq!(report.refused().count(), 0, "{report:?}");
    report
}

fn start(name: &str) -> Verb {
    let input = json!({ "name": name }).as_object().cloned().unwrap();
    Verb::Start { workflow: "note".into(), key: None, input }
}

fn command(request: &str, actor: Actor, verb: Verb) -> Command {
    Command { tenant: TENANT, request: request.into(), request_hash: Digest::of(request), actor, verb }
}

/// Ann, who plans.
fn company() -> Command {
    let units = json!([{ "id": "purchasing", "roles": { "planner": ["ann"] } }]);
    let patch = json!({ "zone": "UTC", "people": [{ "id": "ann" }], "units": units });
    let patch = patch.as_object().cloned().unwrap();
    command("company", Actor::System, Verb::Change(Change::Organisation { patch, basis: Basis::Direct }))
}

/// A clock that lets somebody else do something while it is looked at: a batch does so between its look-up and its first
/// decision.
#[derive(Debug)]
struct Between {
    armed: AtomicBool,
    looked: Mutex<mpsc::Sender<()>>,
    done: Mutex<mpsc::Receiver<()>>,
}

impl Clock for Between {
    fn now(&self) -> Timestamp {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.looked.lock().unwrap().send(()).unwrap();
            self.done.lock().unwrap().recv().unwrap();
        }
        SystemClock.now()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_goes_by_one_library_from_its_look_up_to_its_last_decision() {
    let domain = Family::new();
    let ((looked, at_last), (go_on, done)) = (mpsc::channel(), mpsc::channel());
    let clock = Arc::new(Between { armed: AtomicBool::new(false), looked: Mutex::new(looked), done: Mutex::new(done) });
    let options = Options { database_clock: false, drive: false, ..Options::default() };
    let library = domain.library(&[("note", NOTE)]);
    let old = library.current("note").unwrap().hash;
    let store = MemoryStore::new(domain.clone());
    let engine = Engine::start(domain, store, library, clock.clone(), options).await.unwrap();
    engine.submit(company()).await.unwrap();
    let ann = || Actor::Person { id: "ann".into(), via: "test".into(), administrator: false };
    let begin = |name: &str| command(name, ann(), start(name));
    clock.armed.store(true, Ordering::SeqCst);
    let (one, first) = (engine.clone(), begin("a"));
    let first = tokio::spawn(async move { one.submit(first).await });
    tokio::task::spawn_blocking(move || at_last.recv().unwrap()).await.unwrap();
    let report = reload(&engine, &[("note", &newer())]).await;
    assert_eq!(report.changes.len(), 1);
    // It is in force already, and the batch is still to decide.
    assert_ne!(engine.library().current("note").unwrap().hash, old);
    go_on.send(()).unwrap();
    let began = first.await.unwrap().unwrap().answer.instance.unwrap();
    let next = engine.submit(begin("b")).await.unwrap().answer.instance.unwrap();
    let of = async |id| engine.store().instance(TENANT, id).await.unwrap().unwrap();
    let (began, next) = (of(began).await, of(next).await);
    assert_eq!((began.definition, began.key.as_deref()), (old, Some("a")), "by what its key was looked up");
    assert_eq!((next.definition == old, next.key.as_deref()), (false, Some("new b")));
    engine.shutdown(Duration::from_secs(5)).await;
}

async fn counts<S: Store<Family>>(store: S) {
    let domain = Family::new();
    let mut house = House::with(store, domain, AT, &[("note", NOTE)]).await;
    let old = house.engine.library().current("note").unwrap().hash;
    let first = house.started("ann", start("a")).await;
    reload(&house.engine, &[("note", &newer())]).await;
    for name in ["b", "c"] {
        house.started("ann", start(name)).await;
    }
    let of = |definition, count| PinnedCount { workflow: "note".into(), definition, count };
    let new = house.engine.library().current("note").unwrap().hash;
    let counted = async |house: &House<S>| {
        let counted = house.engine.store().pinned_counts(TENANT).await.unwrap();
        counted.into_iter().map(|one| (one.definition, one)).collect::<BTreeMap<_, _>>()
    };
    assert_eq!(counted(&house).await, BTreeMap::from([(old, of(old, 1)), (new, of(new, 2))]));
    // What began with the old one goes on by it, and what has ended is counted no more.
    reload(&house.engine, &[]).await;
    house.submit("ann", signal(first, "end", json!({}))).await.unwrap();
    assert_eq!(counted(&house).await, BTreeMap::from([(new, of(new, 2))]));
    assert_eq!(house.engine.store().pinned_counts(TenantId(8)).await.unwrap(), []);
    assert_eq!(house.refused("ann", start("d")).await.code(), "unknown_workflow");
    house.end().await;
}

#[tokio::test]
async fn live_instances_keep_what_they_began_with() {
    counts(MemoryStore::new(Family::new())).await;
    let files = tempfile::tempdir().unwrap();
    let (file, options) = (files.path().join("reloads.db"), StoreOptions::default());
    counts(SqliteStore::open(Family::new(), file, MIGRATIONS, &options).await.unwrap()).await;
    let Some(fresh) = Fresh::new("reloads").await else { return };
    counts(PostgresStore::open(Family::new(), &fresh.url, MIGRATIONS, &options).await.unwrap()).await;
    fresh.remove().await;
}

/// An engine that looks by itself, without a definition to look for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_loaded_begins_without_a_restart() {
    let domain = Family::new();
    let clock = Arc::new(ManualClock::at(Timestamp::parse(AT).unwrap()));
    let options = Options { database_clock: false, ..Options::default() };
    let library = domain.library(&[("note", NOTE)]);
    let store = MemoryStore::new(domain.clone());
    let engine = Engine::start(domain, store, library, clock.clone(), options).await.unwrap();
    engine.submit(company()).await.unwrap();
    // It has looked, and would not again for a minute.
    tokio::time::sleep(Duration::from_millis(200)).await;
    reload(&engine, &[("note", NOTE), ("nightly", NIGHTLY)]).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    clock.advance_micros(1_000_000);
    let since = Instant::now();
    let page = InstancePage::all(TENANT, 9);
    loop {
        let started = engine.store().instances(&page).await.unwrap();
        if let [one] = started.as_slice() {
            assert_eq!(one.key.as_deref(), Some("nightly@2026-03-02T02:30:00Z"));
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(30), "{started:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    engine.shutdown(Duration::from_secs(5)).await;
}

/// What was due while a definition was away is not made up for when it is put back.
#[tokio::test]
async fn a_schedule_that_comes_back_is_as_new() {
    const DAY: i64 = 24 * 3_600_000_000;
    let domain = Family::new();
    let mut house = House::with(MemoryStore::new(domain.clone()), domain, AT, &[("nightly", NIGHTLY)]).await;
    house.organisation(json!({ "units": [{ "id": "purchasing", "roles": { "planner": ["ann"] } }] })).await;
    assert_eq!(house.engine.schedule_once().await.unwrap(), 0);
    house.clock.advance_micros(DAY);
    assert_eq!(house.engine.schedule_once().await.unwrap(), 1);
    reload(&house.engine, &[]).await;
    house.clock.advance_micros(3 * DAY);
    assert_eq!(house.engine.schedule_once().await.unwrap(), 0);
    reload(&house.engine, &[("nightly", NIGHTLY)]).await;
    assert_eq!(house.engine.schedule_once().await.unwrap(), 0);
    house.clock.advance_micros(DAY);
    assert_eq!(house.engine.schedule_once().await.unwrap(), 1);
    house.end().await;
}

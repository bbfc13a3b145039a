//! Lanes: one outlives a batch that panics, and one instance's wrong date stays its own.

use std::sync::Arc;

use fluxor_engine::clock::{ManualClock, SystemClock, Timestamp};
use fluxor_engine::command::{Actor, Command, Verb};
use fluxor_engine::definition::Library;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{Digest, TenantId};
use fluxor_engine::runtime::{Engine, NotDone, Options};
use fluxor_engine::store::{MemoryStore, Options as StoreOptions, SqliteStore, Store, StoreError};
use fluxor_tests::counter::{CounterDomain, MIGRATIONS, breaking};

fn workflow(name: &str, start: &str) -> (String, String) {
    let text = format!(
        "workflow: {name}\nversion: 1\nsubject: {{ name: it, fields: {{ note: text? }} }}\n\
         start: {start}\nstates: {{ here: {{ on: {{ end: there }} }}, there: {{ final: true }} }}\n"
    );
    (format!("{name}.yaml"), text)
}

async fn outlives<S: Store<CounterDomain>>(store: S) {
    let domain = breaking();
    let files = vec![workflow("sound", "here"), workflow("broken", "{ to: here, do: [break_off] }")];
    let (library, _) = Library::load(files, domain.vocabulary()).unwrap_or_else(|refused| panic!("{refused:?}"));
    let options = Options { drive: false, ..Options::default() };
    let engine = Engine::start(domain, store, library, Arc::new(SystemClock), options).await.unwrap();
    let start = |workflow: &str, request: &str| Command {
        tenant: TenantId(1),
        request: request.into(),
        request_hash: Digest::of(request),
        actor: Actor::System,
        verb: Verb::Start { workflow: workflow.into(), key: None, input: serde_json::Map::new() },
    };
    engine.submit(start("sound", "before")).await.unwrap();
    for n in 0..3 {
        let broken = engine.submit(start("broken", &format!("broken-{n}"))).await;
        assert!(matches!(broken, Err(NotDone::Broken(StoreError::Unknown(_)))), "{broken:?}");
    }
    engine.submit(start("sound", "after")).await.unwrap();
    assert!(engine.submit(start("sound", "before")).await.unwrap().repeat);
    assert!(engine.health().lanes_alive);
    engine.shutdown(std::time::Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_lane_outlives_a_batch_that_panics() {
    outlives(MemoryStore::new(breaking())).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lanes.sqlite");
    outlives(SqliteStore::open(breaking(), file, MIGRATIONS, &StoreOptions::default()).await.unwrap()).await;
}

/// A clock that was once far ahead has left an entry of next month: whoever shares a batch with it is dated rightly.
#[tokio::test]
async fn a_date_ahead_does_not_spread() {
    let store = MemoryStore::new(breaking());
    let (library, _) =
        Library::load(vec![workflow("sound", "here")], breaking().vocabulary()).unwrap_or_else(|r| panic!("{r:?}"));
    let (today, ahead) = (Timestamp::from_micros(1_000_000_000), Timestamp::from_micros(2_592_000_000_000_000));
    let clock = Arc::new(ManualClock::at(ahead));
    let options = Options { drive: false, ..Options::default() };
    let engine = Engine::start(breaking(), store, library, clock.clone(), options).await.unwrap();
    let command = |request: &str, verb: Verb| Command {
        tenant: TenantId(1),
        request: request.into(),
        request_hash: Digest::of(request),
        actor: Actor::System,
        verb,
    };
    let start = || Verb::Start { workflow: "sound".into(), key: None, input: serde_json::Map::new() };
    let wrong = engine.submit(command("wrong", start())).await.unwrap().answer.instance.unwrap();
    clock.set(today);
    let right = engine.submit(command("right", start())).await.unwrap().answer.instance.unwrap();
    let end = |instance, request| {
        let (event, payload) = ("end".into(), serde_json::Map::new());
        command(request, Verb::Signal { instance, event, payload, reason: None, state_revision: None })
    };
    let (one, other) = tokio::join!(engine.submit(end(wrong, "end-1")), engine.submit(end(right, "end-2")));
    assert!(one.is_ok() && other.is_ok());
    let changed = async |id| engine.store().instance(TenantId(1), id).await.unwrap().unwrap().changed_at;
    assert_eq!((changed(wrong).await, changed(right).await), (ahead, today));
    engine.shutdown(std::time::Duration::from_secs(5)).await;
}

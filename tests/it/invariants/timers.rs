//! Invariant 4: with two replicas driving at once, each timer fires once, never early, and none is left behind.

use fluxor_engine::clock::Clock as _;
use fluxor_engine::store::Store as _;
use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite, instances};
use fluxor_tests::invariants::dice::{Dice, Story, seeds};
use fluxor_tests::invariants::play::HOUR;
use fluxor_tests::invariants::rows::{check_times, entries};
use fluxor_tests::invariants::stage::Stage;
use serde_json::json;

const CLOCKWORK: &str = r#"workflow: clockwork
version: 1
subject: { name: doc, fields: { requester: person, note: text? } }
start: day
states:
  day:
    start: tick
    on: { stop: { to: over } }
    after:
      - { in: 7 hours, set: { note: '"seven"' } }
      - { in: 30 hours, to: asking }
    states:
      tick: { after: { in: 1 hour, to: tock } }
      tock: { after: { in: 90 minutes, to: tick } }
  asking:
    approval:
      expires_after: 9 hours
      steps:
        - name: manager
          who: [{ manager: requester }]
          late: [{ after: 2 hours, do: remind }, { after: 5 hours, do: escalate }]
    on:
      approved: { to: over }
      rejected: { to: over }
      changes_requested: { to: over }
      expired: { to: day }
  over: { final: true }
"#;

async fn driven<B: Bench>(replicas: u64, few: u64, many: u64) {
    for seed in seeds(few, many) {
        let Some(mut stage) = Stage::<B>::new("clockwork", CLOCKWORK, replicas).await else { return };
        let (mut dice, mut story) = (Dice::new(seed), Story::new(&format!("timers on {}", B::NAME), seed));
        for n in 0..5 {
            stage.start(&format!("p{}", n + 2), "clockwork", json!({ "note": null })).await;
            stage.clock.advance_micros(HOUR / 7);
        }
        for _ in 0..15 {
            let minutes = dice.one(&[1, 30, 59, 60, 61, 240, 1800]);
            stage.clock.advance_micros(HOUR / 60 * minutes);
            story.tell(format!("{minutes} minutes"));
            // Twice on each replica at once, then until nothing moves.
            let mut driving = Vec::new();
            for engine in stage.engines.iter().chain(&stage.engines) {
                let engine = engine.clone();
                driving.push(tokio::spawn(async move { engine.drive_once().await.expect("driving works") }));
            }
            for one in driving {
                one.await.unwrap();
            }
            while stage.engines[0].drive_once().await.expect("driving works") > 0 {}
            let due = stage.engines[0].store().due(stage.clock.now(), 100).await.unwrap();
            assert_eq!(due.instances, [], "due and not done");
        }
        let store = stage.bench.store().await;
        for instance in instances(&store).await.values() {
            let all = entries(&store, instance.id.into()).await;
            check_times(&all);
            for entry in &all[1..] {
                let body: serde_json::Value = serde_json::from_str(&entry.body).unwrap();
                let fired = |key: &str| body[key].as_array().map_or(0, Vec::len);
                assert!(
                    fired("timers") + fired("fired") > 0,
                    "entry {} of {}: nothing was due",
                    entry.seq,
                    entry.stream
                );
            }
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn timers_fire_once_on_memory() {
    driven::<InMemory>(2, 10, 60).await;
}

#[tokio::test]
async fn timers_fire_once_on_sqlite() {
    driven::<OnSqlite>(1, 2, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_fire_once_on_postgres() {
    driven::<OnPostgres>(2, 2, 12).await;
}

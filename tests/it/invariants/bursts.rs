//! Commands at once: invariants 2 and 3, on one replica with batches larger than one, and on two replicas.

use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite};
use fluxor_tests::invariants::dice::seeds;
use fluxor_tests::invariants::play::Play;

/// Bursts of a history.
const BURSTS: usize = 12;

async fn bursts<B: Bench>(replicas: u64, few: u64, many: u64) {
    let (mut batches, mut commands) = (0, 0);
    for seed in seeds(few, many) {
        let Some(mut play) = Play::<B>::begin("bursts", seed, 2, replicas, 256).await else { return };
        for _ in 0..5 {
            let start = play.draw().await;
            play.submit_and_take(start).await;
        }
        for _ in 0..BURSTS {
            let n = 2 + play.dice.below(12);
            play.burst(n).await;
            for _ in 0..play.dice.below(3) {
                play.pass_time().await;
            }
        }
        for engine in &play.engines {
            let stats = engine.stats();
            batches += stats.batches.load(std::sync::atomic::Ordering::Relaxed);
            commands += stats.done.load(std::sync::atomic::Ordering::Relaxed);
        }
        play.end().await;
    }
    assert!(batches < commands, "{}: no batch held two commands ({batches}, {commands})", B::NAME);
}

#[tokio::test]
async fn commands_at_once_on_memory() {
    bursts::<InMemory>(1, 12, 120).await;
}

#[tokio::test]
async fn commands_at_once_on_sqlite() {
    bursts::<OnSqlite>(1, 4, 30).await;
}

#[tokio::test]
async fn commands_at_once_on_postgres() {
    bursts::<OnPostgres>(1, 3, 20).await;
}

#[tokio::test]
async fn two_replicas_on_memory() {
    bursts::<InMemory>(2, 12, 120).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_on_postgres() {
    bursts::<OnPostgres>(2, 3, 20).await;
}

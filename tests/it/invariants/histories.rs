//! Invariants 1, 2, 4, 5, 11, 13: one command after another, each judged by the rows before and after it.

use fluxor_tests::invariants::bench::{Bench, InMemory, OnPostgres, OnSqlite};
use fluxor_tests::invariants::dice::seeds;
use fluxor_tests::invariants::play::Play;

/// Steps of a history.
const STEPS: usize = 70;

async fn histories<B: Bench>(few: u64, many: u64) {
    for seed in seeds(few, many) {
        let Some(mut play) = Play::<B>::begin("histories", seed, 2, 1, 256).await else { return };
        for _ in 0..STEPS {
            play.step().await;
        }
        play.end().await;
    }
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_memory() {
    histories::<InMemory>(25, 1000).await;
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_sqlite() {
    histories::<OnSqlite>(5, 150).await;
}

#[tokio::test]
async fn every_command_keeps_the_invariants_on_postgres() {
    histories::<OnPostgres>(5, 150).await;
}

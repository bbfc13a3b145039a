//! Invariant 3: a replica that stands still in the middle of a transaction does not stop the others for ever.

use std::time::Duration;

use fluxor_engine::store::postgres::WRITER_SETTINGS;
use fluxor_tests::invariants::bench::OnPostgres;
use fluxor_tests::invariants::play::Play;
use sqlx::{AssertSqlSafe, Executor as _};

/// How long the others may take in the end: a lock's time-out for each try, and the pauses between.
const LIMIT: Duration = Duration::from_secs(30);

/// Somebody holds an instance's row, for three seconds or (as a writer's session) until the server ends it.
async fn held(as_writer: bool) {
    let Some(mut play) = Play::<OnPostgres>::begin("paused", 3, 2, 2, 256).await else { return };
    while play.snap.instances.len() < 4 {
        let command = play.draw().await;
        play.submit_and_take(command).await;
    }
    let id = *play.snap.instances.keys().next_back().unwrap();
    let mut holder = play.bench.connect().await;
    if as_writer {
        for (name, value) in WRITER_SETTINGS {
            holder.execute(AssertSqlSafe(format!("SET {name} = '{value}'"))).await.unwrap();
        }
    }
    holder.execute("BEGIN").await.unwrap();
    holder.execute(AssertSqlSafe(format!("SELECT id FROM instance WHERE id = '{}' FOR UPDATE", id.0))).await.unwrap();
    let letting_go = tokio::spawn(async move {
        if as_writer {
            // It stands still; the server must end its session, and with it the locks.
            tokio::time::sleep(LIMIT).await;
        } else {
            tokio::time::sleep(Duration::from_secs(3)).await;
        }
        drop(holder);
    });
    let burst = play.burst(12);
    tokio::time::timeout(LIMIT, burst).await.expect("the others go on");
    letting_go.abort();
    play.burst(8).await;
    play.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_held_for_three_seconds_on_postgres() {
    held(false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_stands_still_on_postgres() {
    held(true).await;
}

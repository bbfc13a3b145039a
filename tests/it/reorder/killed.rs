//! A run that is cut off by `kill -9`, and finished by another process.

use std::time::{Duration, Instant};

use fluxor_tests::companies::all;

use super::*;

/// A run is cut off when so many orders stand.
fn moments() -> &'static [i64] {
    if all() { &[0, 1, 2, 3, 5, 8, 10, 11] } else { &[0, 1, 5] }
}

/// So often a kill may come too late.
const TRIES: usize = 25;

#[derive(Clone, Copy, Debug)]
enum Databases {
    Sqlite,
    Postgres,
}

const RUNS: &str = "SELECT COUNT(*) FROM instance WHERE workflow = 'reorder_run'";

/// Waits until a statement counts at least so many. What a killed process had claimed is free again after a minute.
async fn until(place: &Place, statement: &str, least: i64) {
    let since = Instant::now();
    while place.count(statement).await < least {
        assert!(since.elapsed() < Duration::from_secs(150), "{statement} stays below {least}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Kills a run once so many orders stand; returns how many do, or nothing where it had come to its end before.
async fn killed(place: &Place, orders: i64) -> Option<i64> {
    let mut child = fluxor(place, &["reorder", "run", "--json"]).spawn().unwrap();
    until(place, RUNS, 1).await;
    until(place, "SELECT COUNT(*) FROM purchase_order", orders).await;
    child.kill().await.unwrap();
    if !place.is_sqlite() {
        // What was on its way is written or not as soon as the killed one's sessions have gone.
        let gone = "SELECT (COUNT(*) = 0)::int::bigint FROM pg_stat_activity
            WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()";
        until(place, gone, 1).await;
    }
    let stood = place.count("SELECT COUNT(*) FROM purchase_order").await;
    let under_way = place.count(&format!("{RUNS} AND state <> 'done'")).await == 1;
    (under_way && (orders..ORDERS).contains(&stood)).then_some(stood)
}

/// A place whose run was cut off in the middle, with so many orders at least, and how many they are; nothing without a
/// server. A kill that comes too late is tried again on a new place.
async fn cut_short(databases: Databases, orders: i64) -> Option<(Place, i64)> {
    for _ in 0..TRIES {
        let place = match databases {
            Databases::Sqlite => Place::sqlite(),
            Databases::Postgres => Place::postgres("a killed run").await?,
        };
        small(&place).await;
        match killed(&place, orders).await {
            Some(stood) => return Some((place, stood)),
            None => place.remove().await,
        }
    }
    panic!("in {TRIES} tries no kill fell between order {orders} and order {ORDERS}")
}

/// `finish` names who goes on: a server, or the next run.
async fn cut_off(place: Place, stood: i64, finish: &'static str) {
    let finished = format!("{RUNS} AND state = 'done'");
    assert_eq!(place.count(&finished).await, 0, "it was cut off in the middle");
    let runs = if finish == "serve" {
        let mut server = fluxor(&place, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
        until(&place, &finished, 1).await;
        server.kill().await.unwrap();
        1
    } else {
        done(&place, &["reorder", "run", "--json"]).await;
        // The second may end before the first, which goes on only while some process works.
        if place.count(&finished).await < 2 {
            let mut server = fluxor(&place, &["serve", "--listen", "127.0.0.1:0"]).spawn().unwrap();
            until(&place, &finished, 2).await;
            server.kill().await.unwrap();
        }
        2
    };
    eprintln!("killed at {stood} of {ORDERS} orders, finished by {finish}");
    assert_eq!(place.count(RUNS).await, runs);
    if runs == 1 {
        assert_eq!(place.count("SELECT COUNT(*) FROM purchase_order").await, ORDERS);
    }
    everything_once(&place).await;
    place.remove().await;
}

/// One is killed after the other; all are finished side by side, since each waits for what the killed one had claimed.
async fn whenever_it_is_killed(databases: Databases) {
    let mut finishing = Vec::new();
    for orders in moments() {
        for finish in ["serve", "run"] {
            let Some((place, stood)) = cut_short(databases, *orders).await else { return };
            finishing.push(tokio::spawn(cut_off(place, stood, finish)));
        }
    }
    for finished in finishing {
        finished.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_is_finished_on_sqlite() {
    whenever_it_is_killed(Databases::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_is_finished_on_postgresql() {
    whenever_it_is_killed(Databases::Postgres).await;
}

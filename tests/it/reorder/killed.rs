//! A run that is cut off by `kill -9`, and finished by another process.

use std::time::{Duration, Instant};

use super::*;

/// A run is cut off when so many orders stand.
fn moments() -> &'static [i64] {
    if std::env::var_os("FLUXOR_TEST_ALL").is_some() { &[0, 1, 2, 3, 5, 8, 10, 11] } else { &[0, 1, 5] }
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

/// `finish` names who goes on: a server, or the next run.
async fn cut_off(place: Place, orders: i64, finish: &str) {
    small(&place).await;
    let mut child = fluxor(&place, &["reorder", "run", "--json"]).spawn().unwrap();
    until(&place, RUNS, 1).await;
    until(&place, "SELECT COUNT(*) FROM purchase_order", orders).await;
    child.kill().await.unwrap();
    let stood = place.count("SELECT COUNT(*) FROM purchase_order").await;
    let finished = format!("{RUNS} AND state = 'done'");
    let was_done = place.count(&finished).await;
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
    eprintln!("killed at {stood} of {ORDERS} orders (done: {was_done}), finished by {finish}");
    assert_eq!(place.count(RUNS).await, runs);
    if runs == 1 {
        assert_eq!(place.count("SELECT COUNT(*) FROM purchase_order").await, ORDERS);
    }
    everything_once(&place).await;
    place.remove().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_is_finished_on_sqlite() {
    for orders in moments() {
        cut_off(Place::sqlite(), *orders, "serve").await;
        cut_off(Place::sqlite(), *orders, "run").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_run_is_finished_on_postgresql() {
    for orders in moments() {
        for finish in ["serve", "run"] {
            let Some(place) = Place::postgres("a killed run").await else { return };
            cut_off(place, *orders, finish).await;
        }
    }
}

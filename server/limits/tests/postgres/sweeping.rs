//! What counts no more is forgotten, and nothing else.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fluxor_limits::store::Remote as _;
use fluxor_limits::{At, Log, Span, Strategy};

use crate::{Schema, fixed, found, policy};

const SECOND: u64 = 1_000_000;

#[tokio::test]
async fn only_what_counts_no_more_is_forgotten() {
    let Some(schema) = Schema::new("sweep").await else { return };
    let store = schema.apart().by_callers_clock();
    store.reconnect().await.unwrap();
    let log = policy(Strategy::Log(Log { limit: 1, window: Span::from_secs(100) }));
    let start = 1_000_000 * SECOND;
    // More than one step, and more than a step deletes at once.
    for batch in 0..25_u64 {
        let keys: Vec<String> = (0..200).map(|key| format!("{} {key}", batch * 200)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        found(&store, &log, &keys, start + batch * SECOND).await.unwrap();
    }
    // A row without a state: another key had no room.
    let one = policy(fixed(1));
    assert!(found(&store, &one, &["full"], start).await.unwrap()[0].verdict.is_fine());
    found(&store, &one, &["never", "full"], start).await.unwrap();
    assert_eq!(schema.rows().await, 5_002);
    let sweep = async |secs: u64| store.sweep(At::from_micros(start + secs * SECOND)).await.unwrap();
    assert_eq!(sweep(50).await, 0);
    // The oldest count until 100, and are remembered until 160; the last ones until 184.
    assert_eq!(sweep(160).await, 0);
    assert_eq!(sweep(161).await, 200);
    assert!(!found(&store, &log, &["4800 0"], start + 123 * SECOND).await.unwrap()[0].verdict.is_fine());
    assert_eq!(sweep(184).await, 23 * 200);
    assert_eq!(schema.rows().await, 202);
    assert!(!found(&store, &log, &["4800 7"], start + 123 * SECOND).await.unwrap()[0].verdict.is_fine());
    assert_eq!(sweep(185).await, 200);
    drop(store);
    schema.drop().await;
}

/// The store does so by itself.
#[tokio::test]
async fn it_is_forgotten_without_being_asked() {
    let Some(schema) = Schema::new("itself").await else { return };
    let store = schema.store().await;
    let policy = policy(fixed(1));
    for key in ["old", "new"] {
        found(&store, &policy, &[key], 0).await.unwrap();
    }
    schema.run(&format!("UPDATE {}.limits_states SET untouched = 1 WHERE key = 'old'", schema.name)).await;
    for _ in 0..50 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        if schema.rows().await == 1 {
            break;
        }
    }
    assert_eq!(schema.text("old").await, None);
    assert!(!found(&store, &policy, &["new"], 0).await.unwrap()[0].verdict.is_fine());
    drop(store);
    schema.drop().await;
}

/// Rows that vanish under decisions disturb nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sweeping_and_deciding_at_once() {
    let Some(schema) = Schema::new("vanish").await else { return };
    let store = Arc::new(schema.apart().by_callers_clock());
    store.reconnect().await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let sweeping = tokio::spawn({
        let (store, done) = (Arc::clone(&store), Arc::clone(&done));
        async move {
            let mut gone = 0;
            while !done.load(Ordering::SeqCst) {
                gone += store.sweep(At::from_micros(1_000_000_000 * SECOND)).await.unwrap();
            }
            gone
        }
    });
    // Each is so old that it may be forgotten as soon as it is written.
    let log = policy(Strategy::Log(Log { limit: 1, window: Span::from_secs(1) }));
    for call in 0..1_000 {
        assert!(found(&store, &log, &["a", "b"], (1 + call) * 10 * SECOND).await.unwrap()[0].verdict.is_fine());
    }
    done.store(true, Ordering::SeqCst);
    let gone = sweeping.await.unwrap();
    println!("{gone} forgotten");
    assert!(gone > 20, "{gone}");
    drop(store);
    schema.drop().await;
}

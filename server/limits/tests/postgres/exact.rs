//! Many at once, in one process and in several, admit exactly the limit; and nobody waits for another for ever.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::store::Remote as _;
use fluxor_limits::{At, Bucket, Log, Ring, Span, Store as _, Strategy};
use sqlx::AssertSqlSafe;

use crate::{Schema, ask, fixed, passes, policy};

/// Nothing of these comes back while a test runs.
fn strategies(limit: u64) -> [(&'static str, Strategy); 4] {
    let day = Span::from_secs(86_400);
    [
        ("fixed", fixed(limit)),
        ("ring", Strategy::Ring(Ring { limit, window: day, slots: 24 })),
        ("log", Strategy::Log(Log { limit, window: day })),
        ("bucket", Strategy::Bucket(Bucket::new(limit, 1, day))),
    ]
}

/// So many tasks at each store, each calling so often, with the keys in the one order or in the other. Tells how many
/// calls passed.
async fn crowd(stores: &[Arc<Postgres>], strategy: &Strategy, sets: &[Vec<String>], tasks: usize, calls: usize) -> u64 {
    let admitted = Arc::new(AtomicU64::new(0));
    let mut all = tokio::task::JoinSet::new();
    for task in 0..tasks * stores.len() {
        let store = Arc::clone(&stores[task % stores.len()]);
        let (admitted, policy) = (Arc::clone(&admitted), policy(strategy.clone()));
        let sets = sets.to_vec();
        all.spawn(async move {
            for call in 0..calls {
                let keys: Vec<&str> = sets[(task + call) % sets.len()].iter().map(String::as_str).collect();
                let passed = passes(&store, &policy, &keys).await.unwrap();
                admitted.fetch_add(u64::from(passed), Ordering::SeqCst);
            }
        });
    }
    while let Some(ended) = all.join_next().await {
        ended.unwrap();
    }
    admitted.load(Ordering::SeqCst)
}

/// Sets of keys that all have `b` in them.
fn overlapping(name: &str) -> Vec<Vec<String>> {
    let sets = [["a", "b", "c"], ["c", "b", "a"], ["d", "b", "a"], ["b", "e", "c"]];
    sets.iter().map(|set| set.iter().map(|key| format!("{name} {key}")).collect()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_admit_exactly_the_limit() {
    let Some(schema) = Schema::new("exact").await else { return };
    let stores = [Arc::new(schema.store().await), Arc::new(schema.store().await)];
    for (name, strategy) in strategies(700) {
        let one = vec![vec![format!("{name} one")]];
        assert_eq!(crowd(&stores, &strategy, &one, 200, 4).await, 700, "{name}");
        assert_eq!(crowd(&stores, &strategy, &overlapping(name), 200, 4).await, 700, "{name}, several keys");
    }
    let traffic = stores[0].traffic();
    assert_eq!(traffic.questions, 4 * 2 * 200 * 4);
    println!("{traffic:?}");
    drop(stores);
    schema.drop().await;
}

const SCHEMA: &str = "FLUXOR_TEST_POSTGRES_SCHEMA";

/// One of several processes: called by the test below.
#[tokio::test]
async fn one_process() {
    let (Ok(name), Some(url)) = (std::env::var(SCHEMA), crate::server()) else { return };
    let store = Postgres::new(&url).unwrap().in_schema(&name);
    store.reconnect().await.unwrap();
    let stores = [Arc::new(store)];
    for (name, strategy) in strategies(900) {
        println!("admitted {name} {}", crowd(&stores, &strategy, &overlapping(name), 50, 20).await);
    }
}

#[tokio::test]
async fn four_processes_admit_exactly_the_limit() {
    // All of them make the tables at once.
    let Some(schema) = Schema::new("processes").await else { return };
    let start = |_| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "exact::one_process", "--nocapture"])
            .env(SCHEMA, &schema.name)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..4).map(start).collect();
    let outputs: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap()).collect();
    for (name, _) in strategies(900) {
        let begin = format!("admitted {name} ");
        let counts: Vec<u64> = outputs
            .iter()
            .map(|output| {
                let text = String::from_utf8_lossy(&output.stdout);
                assert!(output.status.success(), "{text}");
                let counted = text.lines().find_map(|line| line.split_once(&begin)).expect("a count").1;
                counted.trim().parse().unwrap()
            })
            .collect();
        println!("{name}: {counts:?}");
        assert_eq!(counts.iter().sum::<u64>(), 900, "{name}: {counts:?}");
    }
    schema.drop().await;
}

/// What time it is, is asked when the locks are held: a decision that waited for a row is not from before the wait.
#[tokio::test]
async fn time_is_read_after_the_locks() {
    let Some(schema) = Schema::new("time").await else { return };
    let (store, policy) = (schema.store().await, policy(fixed(9)));
    assert_eq!(passes(&store, &policy, &["a"]).await, Ok(true));
    let mut peer = schema.connection().await;
    let hold = format!("BEGIN; SELECT 1 FROM {}.limits_states WHERE key = 'a' FOR UPDATE", schema.name);
    sqlx::raw_sql(AssertSqlSafe(hold)).execute(&mut peer).await.unwrap();
    let asked = ask(&policy, &["a"]);
    let freeing = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";
        let now: i64 = sqlx::query_scalar(now).fetch_one(&mut peer).await.unwrap();
        sqlx::raw_sql("COMMIT").execute(&mut peer).await.unwrap();
        At::from_micros(now.unsigned_abs())
    };
    let (weighed, freed) = tokio::join!(store.weigh(At::default(), &asked, &[]), freeing);
    assert!(weighed.unwrap().at > freed);
    drop(store);
    schema.drop().await;
}

/// Callers that go away in the middle break nothing, and never get more than the limit.
#[tokio::test]
async fn callers_may_go_away() {
    let Some(schema) = Schema::new("gone").await else { return };
    let store = Arc::new(schema.store().await);
    let policy = policy(fixed(1_000));
    for patience in 0..300_u64 {
        let asked = ask(&policy, &["one", "two"]);
        let weighed = store.weigh(At::default(), &asked, &[]);
        let _ = tokio::time::timeout(Duration::from_micros(patience * 10), weighed).await;
    }
    let mut left = 0;
    while passes(&store, &policy, &["one", "two"]).await.unwrap() {
        left += 1;
    }
    assert!((700..=1_000).contains(&left), "{left}");
    drop(store);
    schema.drop().await;
}

/// Replicas are counted as long as they say that they are here.
#[tokio::test]
async fn replicas_are_counted() {
    let Some(schema) = Schema::new("replicas").await else { return };
    let (one, two) = (schema.store().await, schema.store().await);
    let minute = Span::from_secs(60);
    assert_eq!((one.is_shared(), one.replicas()), (true, 1));
    assert_eq!(one.enlist("one's", minute).await, Ok(1));
    assert_eq!(two.enlist("two", Span::from_millis(200)).await, Ok(2));
    assert_eq!(one.enlist("one's", minute).await, Ok(2));
    assert_eq!((one.replicas(), two.replicas()), (2, 2));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(one.enlist("one's", minute).await, Ok(1));
    assert_eq!(one.replicas(), 1);
    drop((one, two));
    schema.drop().await;
}

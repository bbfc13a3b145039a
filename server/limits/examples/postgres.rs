//! What the store in PostgreSQL bears: decisions a second and how long each takes, beside a bare round trip.
//!
//! `FLUXOR_TEST_POSTGRES=postgres://... cargo run --release -p fluxor-limits --features postgres --example postgres`
//!
//! Buckets that never run empty: each decision writes, which is what costs most.

#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used, reason = "a program that measures")]

use std::sync::Arc;
use std::time::Duration;

use fluxor_limits::decide::Asked;
use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::store::Remote as _;
use fluxor_limits::{At, Bucket, Policy, Shift, Span, Store as _, Strategy};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCHEMA: &str = "limits_measured";
const KEYS: u64 = 100_000;
const TIME: Duration = Duration::from_secs(3);

/// What is asked: by how many callers, of how many keys, under how many policies.
#[derive(Clone, Copy)]
struct Load {
    callers: usize,
    keys: u64,
    policies: usize,
}

fn policies(burst: u64) -> Arc<Vec<Policy>> {
    let bucket = || Strategy::Bucket(Bucket::new(burst, 1_000_000, Span::from_secs(3_600)));
    Arc::new(["one", "two", "three"].map(|name| Policy::new(name, &[], bucket())).into())
}

/// What a call asks for: its place among the keys, under each policy.
fn ask(policies: &[Policy], key: u64) -> Vec<Asked<'_>> {
    let one = |policy: &'_ Policy| format!("{}|user:{key}|GET /items/{{id}}", policy.name).into();
    let asked = policies.iter().map(|policy| Asked {
        policy,
        strategy: &policy.strategy,
        key: one(policy),
        takes: 1,
        up_to: 1,
        shift: Shift::default(),
    });
    asked.collect()
}

/// Numbers that look random.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

/// Some callers ask one after the other, for a while. Tells how long each took, sorted.
async fn load(stores: &[Arc<Postgres>], policies: &Arc<Vec<Policy>>, load: Load, time: Duration) -> Vec<Duration> {
    let mut callers = tokio::task::JoinSet::new();
    let end = Instant::now() + time;
    for caller in 0..load.callers {
        let (store, policies) = (Arc::clone(&stores[caller % stores.len()]), Arc::clone(policies));
        callers.spawn(async move {
            let (mut seed, mut took) = (0x9e37_79b9_7f4a_7c15 ^ (caller as u64 + 1), Vec::new());
            while Instant::now() < end {
                let asked = ask(&policies[..load.policies], next(&mut seed) % load.keys);
                let begin = Instant::now();
                store.weigh(At::default(), &asked, &[]).await.expect("a decision");
                took.push(begin.elapsed());
            }
            took
        });
    }
    let mut took: Vec<Duration> = callers.join_all().await.into_iter().flatten().collect();
    took.sort_unstable();
    took
}

async fn line(what: &str, stores: &[Arc<Postgres>], policies: &Arc<Vec<Policy>>, one: Load) {
    let traffic = |stores: &[Arc<Postgres>]| {
        let each = stores.iter().map(|store| store.traffic());
        each.fold((0, 0), |(batches, trips), one| (batches + one.batches, trips + one.round_trips))
    };
    let before = traffic(stores);
    let took = load(stores, policies, one, TIME).await;
    let after = traffic(stores);
    let (batches, trips) = ((after.0 - before.0).max(1) as f64, (after.1 - before.1) as f64);
    let at = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1e3;
    println!(
        "{what:28} {:5} callers {:7} keys {} policies: {:8.0}/s, p50 {:7.3} ms, p99 {:7.3} ms, {:6.1} a batch, {:.2} round trips",
        one.callers,
        one.keys,
        one.policies,
        took.len() as f64 / TIME.as_secs_f64(),
        at(50),
        at(99),
        took.len() as f64 / batches,
        trips / batches
    );
}

/// How long the server takes to answer at all: half of the time, and all but a hundredth.
async fn bare(connection: &mut PgConnection) -> (Duration, Duration) {
    let mut took = Vec::new();
    for _ in 0..5_000 {
        let begin = Instant::now();
        let _: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&mut *connection).await.unwrap();
        took.push(begin.elapsed());
    }
    took.sort_unstable();
    (took[2_500], took[4_950])
}

/// A row for each key, so that none is measured that is new.
async fn fill(store: &Arc<Postgres>, policies: &Arc<Vec<Policy>>) {
    let begin = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..256 {
        let (store, policies) = (Arc::clone(store), Arc::clone(policies));
        tasks.spawn(async move {
            for key in (task..KEYS).step_by(256) {
                store.weigh(At::default(), &ask(&policies, key), &[]).await.expect("a decision");
            }
        });
    }
    tasks.join_all().await;
    println!("new keys: {:.0}/s", (3 * KEYS) as f64 / begin.elapsed().as_secs_f64());
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let url = std::env::var("FLUXOR_TEST_POSTGRES").expect("FLUXOR_TEST_POSTGRES names a server");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let run = async |connection: &mut PgConnection, sql: String| {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
    };
    run(&mut connection, format!("DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")).await;
    let (p50, p99) = bare(&mut connection).await;
    println!(
        "a bare round trip (SELECT 1): p50 {:.3} ms, p99 {:.3} ms",
        p50.as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3
    );

    let mut stores = Vec::new();
    for _ in 0..2 {
        let store = Postgres::new(&url).unwrap().in_schema(SCHEMA);
        store.reconnect().await.unwrap();
        stores.push(Arc::new(store));
    }
    let full = policies(1_000_000_000);
    fill(&stores[0], &full).await;
    for keys in [1, KEYS] {
        for policies in [1, 3] {
            for callers in [1, 32, 512] {
                line("one store", &stores[..1], &full, Load { callers, keys, policies }).await;
            }
        }
    }
    let many = Load { callers: 512, keys: KEYS, policies: 1 };
    line("two stores, keys apart", &stores, &full, many).await;
    line("two stores, one key", &stores, &full, Load { keys: 1, ..many }).await;
    let refusing = policies(1);
    let refused = Load { keys: 1, ..many };
    line("refused, nothing written", &stores[..1], &refusing, refused).await;
    // A transaction that is held open hinders clearing away.
    run(&mut connection, "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1".to_owned()).await;
    for round in 1..=5 {
        line(&format!("an old transaction, part {round}"), &stores[..1], &full, Load { callers: 32, ..refused }).await;
    }
    run(&mut connection, "COMMIT".to_owned()).await;
    line("it has ended", &stores[..1], &full, Load { callers: 32, ..refused }).await;
    let (p50, p99) = bare(&mut connection).await;
    println!(
        "a bare round trip (SELECT 1): p50 {:.3} ms, p99 {:.3} ms",
        p50.as_secs_f64() * 1e3,
        p99.as_secs_f64() * 1e3
    );
    drop(stores);
    run(&mut connection, format!("DROP SCHEMA {SCHEMA} CASCADE")).await;
}

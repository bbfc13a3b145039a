//! What a decision in Redis costs beside a bare PING of the same run, how many round trips it takes, what tokens taken ahead
//! save, and what an outage costs: Redis that stands still, and Redis that dies. It starts a `redis-server` of its own.
//!
//! `cargo run --release -p fluxor-limits --features redis --example redis`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, reason = "it measures, for developers")]

#[allow(dead_code, unreachable_pub, clippy::print_stderr, reason = "tests use more of it")]
#[path = "../tests/support/redis.rs"]
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::shared::{Guard, Guarded};
use fluxor_limits::store::Remote as _;
use fluxor_limits::{
    Bucket, Caller, Fixed, Leases, Limiter, Log, Part, Policies, Policy, Ring, Sliding, Span, Strategy, TokenLease,
    Window,
};
use server::Server;
use tokio::time::Instant;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const MANY: u64 = 1_000_000_000;

fn caller(user: &str) -> Caller<'_> {
    Caller { user: Some(user), ..Caller::default() }
}

/// Policies of three kinds in turn, under which nobody is refused.
fn policies(count: usize) -> Policies {
    let policy = |place: usize| {
        let strategy = match place % 3 {
            0 => Strategy::Bucket(Bucket::new(MANY, MANY, Span::from_secs(1))),
            1 => Strategy::Fixed(Fixed { limit: MANY, window: Window::Every(Span::from_secs(3_600)) }),
            _ => Strategy::Ring(Ring { limit: MANY, window: Span::from_secs(60), slots: 12 }),
        };
        Policy::new(&format!("p{place}"), &[Part::User], strategy)
    };
    Policies::new((0..count).map(policy).collect()).unwrap()
}

fn hot() -> Policies {
    let mut policy = Policy::new("hot", &[Part::User], Strategy::Bucket(Bucket::new(MANY, MANY, Span::from_secs(1))));
    policy.token_lease = Some(TokenLease { tokens: 1_000, time: Span::from_secs(1) });
    Policies::new(vec![policy]).unwrap()
}

/// The sorted times' median, 99th percentile and maximum.
fn spread(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    format!("p50 {:>9.1?}  p99 {:>9.1?}  max {:>9.1?}", at(0.5), at(0.99), at(1.0))
}

async fn guarded(url: &str) -> Guarded<Redis> {
    let guarded = Guarded::new(Redis::new(url).unwrap(), Guard::named("bench"), ());
    guarded.ready().await.unwrap();
    guarded
}

/// How often the script was called, and how long it took in Redis on average, microseconds.
async fn calls(url: &str) -> (u64, f64) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let told: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await.unwrap();
    let line = told.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:")).unwrap_or_default();
    let figure =
        |name: &str| line.split(',').find_map(|pair| pair.strip_prefix(&format!("{name}="))?.parse::<f64>().ok());
    (figure("calls").unwrap_or(0.0) as u64, figure("usec_per_call").unwrap_or(0.0))
}

async fn forget_calls(url: &str) {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = redis::cmd("CONFIG").arg("RESETSTAT").query_async(&mut connection).await.unwrap();
}

async fn one_after_the_other(url: &str) {
    const TIMES: usize = 5_000;
    println!("one caller, {TIMES} calls each in turn:");
    let store = guarded(url).await;
    for count in [1, 3, 10, 32] {
        let limiter = Limiter::new(policies(count), store.clone());
        forget_calls(url).await;
        let (mut pings, mut decisions) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let began = Instant::now();
            store.store().ping().await.unwrap();
            pings.push(began.elapsed());
            let began = Instant::now();
            assert!(limiter.decide(&caller("ann"), 1).await.is_admitted());
            decisions.push(began.elapsed());
        }
        let (trips, micros) = calls(url).await;
        // Once a second the process says that it is here, by a script too.
        let each = trips as f64 / TIMES as f64;
        println!("  PING               {}", spread(pings));
        println!("  {count:>2} policies        {}  round trips {each:.3}, in Redis {micros:.0} us", spread(decisions));
    }
}

/// How long Redis takes for a decision of each strategy, with states of the size that they come to.
async fn by_strategy(url: &str) {
    println!("in Redis, microseconds a decision:");
    let (minute, soon) = (Span::from_secs(60), Span::from_millis(10));
    let hour = Span::from_secs(3_600);
    for (name, strategy, held) in [
        ("fixed", Strategy::Fixed(Fixed { limit: MANY, window: Window::Every(minute) }), 0),
        ("sliding", Strategy::Sliding(Sliding { limit: MANY, window: minute }), 0),
        ("bucket", Strategy::Bucket(Bucket::new(MANY, MANY, minute)), 0),
        ("ring of 12", Strategy::Ring(Ring { limit: MANY, window: minute, slots: 12 }), 0),
        ("ring of 60", Strategy::Ring(Ring { limit: MANY, window: minute, slots: 60 }), 0),
        ("log of the last 10 ms", Strategy::Log(Log { limit: 1_000, window: soon }), 0),
        ("log, 1,000 calls, refused", Strategy::Log(Log { limit: 1_000, window: hour }), 1_000),
        ("leases of 10 ms", Strategy::Leases(Leases { limit: 10_000, lease: soon }), 0),
        ("leases, 1,000 held, refused", Strategy::Leases(Leases { limit: 1_000, lease: hour }), 1_000),
    ] {
        let policies =
            Policies::new(vec![Policy::new(&name.replace([' ', ','], "_"), &[Part::User], strategy)]).unwrap();
        let limiter = Limiter::new(policies, guarded(url).await);
        for _ in 0..held {
            let _ = limiter.decide(&caller("ann"), 1).await;
        }
        forget_calls(url).await;
        for _ in 0..1_000 {
            let _ = limiter.decide(&caller("ann"), 1).await;
        }
        println!("  {name:<28} {:>7.0}", calls(url).await.1);
    }
}

async fn side_by_side(url: &str) {
    println!("side by side, 3 s each:");
    for (name, policies, key) in [
        ("1 policy, a key each", policies(1), None),
        ("3 policies, a key each", policies(3), None),
        ("1 policy, one hot key", policies(1), Some("ann")),
        ("the same, taken ahead", hot(), Some("ann")),
    ] {
        for tasks in [32, 512] {
            let limiter = Arc::new(Limiter::new(policies.clone(), guarded(url).await));
            let done = Arc::new(AtomicU64::new(0));
            forget_calls(url).await;
            let until = Instant::now() + Duration::from_secs(3);
            let asking: Vec<_> = (0..tasks)
                .map(|task| {
                    let (limiter, done) = (limiter.clone(), done.clone());
                    tokio::spawn(async move {
                        let own = format!("user{task}");
                        while Instant::now() < until {
                            let admitted = limiter.decide(&caller(key.unwrap_or(&own)), 1).await.is_admitted();
                            done.fetch_add(u64::from(admitted), Ordering::Relaxed);
                            // Whoever does not wait for anything lets others go on.
                            tokio::task::consume_budget().await;
                        }
                    })
                })
                .collect();
            for one in asking {
                one.await.unwrap();
            }
            let (rate, trips) = (done.load(Ordering::Relaxed) as f64 / 3.0, calls(url).await.0);
            let each = trips as f64 / (rate * 3.0);
            println!("  {name:<24} {tasks:>4} callers  {rate:>9.0} decisions/s, {each:.3} round trips each");
        }
    }
}

/// What decisions cost while `fail` has happened, one every millisecond, and how long it takes until the store decides again
/// after `heal`.
async fn outage(name: &str, server: &mut Server, fail: fn(&mut Server), heal: fn(&mut Server)) {
    let store = guarded(&server.url).await;
    let limiter = Limiter::new(policies(1), store.clone());
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(!limiter.decide(&caller("ann"), 1).await.alone);
    fail(server);
    let (mut times, mut alone) = (Vec::new(), 0);
    for _ in 0..2_000 {
        let began = Instant::now();
        let decision = limiter.decide(&caller("ann"), 1).await;
        times.push(began.elapsed());
        alone += u64::from(decision.alone);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mean = times.iter().sum::<Duration>() / 2_000;
    let over = times.iter().filter(|time| **time > Duration::from_millis(5)).count();
    println!(
        "{name}: 2,000 decisions, {alone} without the store; mean {mean:.1?}, {over} over 5 ms; {}",
        spread(times)
    );
    heal(server);
    let began = Instant::now();
    while limiter.decide(&caller("ann"), 1).await.alone {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    println!("  decided by the store again {:.0?} after it was back", began.elapsed());
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let Some(mut server) = Server::own(&[]) else { return };
    one_after_the_other(&server.url).await;
    by_strategy(&server.url).await;
    side_by_side(&server.url).await;
    outage("Redis stands still", &mut server, Server::pause, Server::resume).await;
    outage("Redis is killed", &mut server, Server::stop, Server::start_again).await;
}

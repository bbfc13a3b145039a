//! Stores that replicas share, and what guards a process against one that is away. A whole service (with the features `net` and
//! `signal` of tokio):
//!
#![cfg_attr(
    feature = "redis",
    doc = r##"
```no_run
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::http::request::Parts;
use axum::routing::get;
use fluxor_limits::jiff::tz::TimeZone;
use fluxor_limits::shared::redis::Redis;
use fluxor_limits::shared::{Guard, Guarded, Watcher};
use fluxor_limits::store::StoreAway;
use fluxor_limits::{Answers, Call, Caller, LimitLayer, Limiter, Settings, Spawned};

const SETTINGS: &str = r#"{"policies": [
    {"name": "calls", "by": ["address"], "strategy": {"bucket": {"burst": 100, "tokens": 10, "per": "1s"}},
     "token_lease": {"tokens": 20, "time": "1s"}},
    {"name": "daily", "by": ["address"], "strategy": {"fixed": {"limit": 10000, "window": "day"}}, "away": "open"}
]}"#;

/// Tells the log.
struct Log;

impl Watcher for Log {
    fn away(&self, why: &StoreAway) {
        eprintln!("{why}");
    }

    fn back(&self, after: Duration, alone: u64) {
        eprintln!("it is back after {after:?}, in which {alone} decisions were made without it");
    }
}

/// Who calls. (Behind proxies, ask `Proxies` for the address.)
fn describe(call: &Parts) -> Option<Call<'_>> {
    let peer = call.extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    Some(Call::of(Caller { address: peer, ..Caller::default() }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let policies = Settings::parse(SETTINGS).map_err(|faults| faults[0].to_string())?.compile(&TimeZone::UTC);
    // Each process has a name of its own.
    let guard = Guard::named(format!("replica-{}", std::process::id()));
    let store = Guarded::new(Redis::new("redis://127.0.0.1:6379/")?, guard, Log);
    // It goes on without the store too: each policy says how. Whoever wants to begin with it waits.
    let _ = store.ready().await;
    let limiter = Arc::new(Limiter::new(policies, store));

    // Once a second: what was taken ahead and not used goes back.
    let tidied = Arc::clone(&limiter);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            tidied.tidy().await;
        }
    });

    let ending = Spawned(|work| drop(tokio::spawn(work)));
    let limit = LimitLayer::with_ending(Arc::clone(&limiter), Answers::new(), describe, ending);
    let router = Router::new().route("/", get(|| async { "well" })).layer(limit);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    // Nothing is asked any more: what was taken ahead goes back, and what ended is told.
    limiter.close().await;
    Ok(())
}
```
"##
)]

pub mod guarded;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;

pub use guarded::{Guard, Guarded, Watcher};

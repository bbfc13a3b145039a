//! Stores that replicas share, and what guards a process against one that is away.
//!
#![cfg_attr(
    feature = "redis",
    doc = r#"
```no_run
use std::time::Duration;

use fluxor_limits::shared::redis::Redis;
use fluxor_limits::shared::{Guard, Guarded, Watcher};
use fluxor_limits::store::StoreAway;
use fluxor_limits::{Caller, Limiter, Policies};

struct Log;

impl Watcher for Log {
    fn away(&self, why: &StoreAway) {
        eprintln!("{why}");
    }

    fn back(&self, after: Duration, alone: u64) {
        eprintln!("it is back after {after:?}, in which {alone} decisions were made without it");
    }
}

# async fn service(policies: Policies) -> Result<(), String> {
let store = Guarded::new(Redis::new("redis://127.0.0.1:6379/")?, Guard::named("replica-1"), Log);
// It goes on without the store too: each policy says how. Whoever wants to begin with it waits.
let _ = store.ready().await;
let limiter = Limiter::new(policies, store);
let caller = Caller { user: Some("ann"), ..Caller::default() };
let decision = limiter.decide(&caller, 1).await;
limiter.settle(decision.ticket, 1).await;
// Once a second or so: what was taken ahead and not used goes back.
limiter.tidy().await;
# Ok(())
# }
```
"#
)]

pub mod guarded;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;

pub use guarded::{Guard, Guarded, Watcher};

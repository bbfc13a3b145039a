//! A Redis to test against (see `../support/redis.rs`), stores in it, and questions.

#[allow(dead_code, unreachable_pub, clippy::print_stderr, reason = "other tests use more of it")]
#[path = "../support/redis.rs"]
mod server;

use std::sync::Arc;

use fluxor_limits::decide::{Asked, Found};
use fluxor_limits::shared::redis::Redis;
use fluxor_limits::store::Remote as _;
use fluxor_limits::{At, Fixed, Part, Policy, Receipt, Shift, Span, Strategy, Verdict, Window, strategy::View};

pub(crate) use server::{Server, free_port};

impl Server {
    /// A store in it that is not connected yet, under a prefix that nobody else has.
    pub(crate) fn store(&self) -> Redis {
        let random = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), 0_u8);
        Redis::new(&self.url).unwrap().with_prefix(&format!("test:{random:016x}"))
    }

    /// A connection to look behind the store.
    pub(crate) fn raw(&self) -> redis::Connection {
        redis::Client::open(&*self.url).unwrap().get_connection().unwrap()
    }
}

/// Runs a test that waits.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    runtime().block_on(work)
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// The store, connected.
pub(crate) async fn connected(store: Redis) -> Redis {
    store.reconnect().await.unwrap();
    store
}

/// A policy to ask by: what matters is in the question.
pub(crate) fn policy(strategy: &Strategy) -> Policy {
    Policy::new("p", &[Part::Tenant], strategy.clone())
}

/// A question about one key of a policy.
pub(crate) fn ask<'a>(policy: &'a Policy, key: &str, takes: u64) -> Asked<'a> {
    Asked { policy, strategy: &policy.strategy, key: Arc::from(key), takes, up_to: takes, shift: Shift::default() }
}

pub(crate) fn fixed(limit: u64, window: Span) -> Strategy {
    Strategy::Fixed(Fixed { limit, window: Window::Every(window) })
}

/// What can be compared of what was found.
pub(crate) fn told(found: &[Found]) -> Vec<(Verdict, View, Option<Receipt>)> {
    found.iter().map(|found| (found.verdict, found.view, found.receipt)).collect()
}

/// Now, by the system.
#[allow(clippy::disallowed_methods)]
pub(crate) fn system_now() -> At {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    At::from_micros(since.as_micros() as u64)
}

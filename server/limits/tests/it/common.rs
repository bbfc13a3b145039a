//! What several processes share in tests: limiters on one `Local`, which can be away, or keep its answers to itself.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Waker};

use fluxor_limits::decide::Asked;
use fluxor_limits::store::{Settling, StoreAway};
use fluxor_limits::{At, Limiter, Local, Part, Policies, Policy, Store, Strategy, TokenLease, Weighed};

use crate::model::{fixed, span};
use crate::several::Turned;

/// What the processes share. It can be away, and keep its answers to itself for a while.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) store: Arc<Local>,
    pub(crate) asked: Arc<AtomicU64>,
    pub(crate) is_away: Arc<AtomicBool>,
    pub(crate) is_slow: Arc<AtomicBool>,
    pub(crate) is_known_away: Arc<AtomicBool>,
    pub(crate) waits_once: Arc<AtomicBool>,
    pub(crate) replicas: u64,
}

impl Common {
    pub(crate) fn new(replicas: u64) -> Common {
        Common {
            store: Arc::new(Local::new(10_000)),
            asked: Arc::default(),
            is_away: Arc::default(),
            is_slow: Arc::default(),
            is_known_away: Arc::default(),
            waits_once: Arc::default(),
            replicas,
        }
    }

    pub(crate) fn limiter(&self, policies: Vec<Policy>, clock: &Turned) -> Limiter<Common> {
        Limiter::new(Policies::new(policies).unwrap(), self.clone()).with_clock(clock.clone())
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::SeqCst)
    }

    async fn there(&self) -> Result<(), StoreAway> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_slow.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.waits_once.swap(false, Ordering::SeqCst) {
            let mut begun = false;
            std::future::poll_fn(|_| {
                let before = std::mem::replace(&mut begun, true);
                if before { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
        }
        let is_away = self.is_away.load(Ordering::SeqCst);
        if is_away { Err(StoreAway("in a test".to_owned())) } else { Ok(()) }
    }
}

impl Store for Common {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        self.there().await?;
        self.store.weigh(now, asked, back).await
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        self.there().await?;
        self.store.settle(now, settling).await
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        self.there().await?;
        self.store.renew(now, renewing).await
    }

    fn is_here(&self) -> bool {
        !self.is_known_away.load(Ordering::SeqCst)
    }

    fn replicas(&self) -> u64 {
        self.replicas
    }
}

/// A policy by user.
pub(crate) fn policy(name: &str, strategy: Strategy) -> Policy {
    Policy::new(name, &[Part::User], strategy)
}

pub(crate) fn leased(strategy: Strategy, tokens: u64, time: u64) -> Policy {
    let mut policy = policy("p", strategy);
    policy.token_lease = Some(TokenLease { tokens, time: span(time) });
    policy
}

pub(crate) fn per_server(name: &str, strategy: Strategy) -> Policy {
    let mut policy = policy(name, strategy);
    policy.per_server = true;
    policy
}

pub(crate) fn minute(limit: u64) -> Strategy {
    fixed(limit, 60_000_000)
}

/// Asks, and goes away before there is an answer.
pub(crate) fn leave(future: impl Future) {
    assert!(pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_pending());
}

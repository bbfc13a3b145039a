//! What a service holds: policies, a store and a clock.
//!
//! How a call is decided where the store is shared with other processes is in `limiter/spread.rs`; what is settled when it
//! ends in `limiter/ticket.rs`; how keys stand in `limiter/look.rs`.

mod ahead;
mod alone;
mod look;
mod spread;
mod ticket;
mod unsettled;

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use crate::at::At;
use crate::decide::{Asked, Decision, conclude};
use crate::key::Caller;
use crate::live::Live;
use crate::local::Local;
use crate::policy::Policies;
use crate::store::{Store, StoreNow, Weighed};
use ahead::Ahead;
pub use look::{Counted, Standing, Unknown};

/// Tells what time it is.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> At;
}

/// Is told each decision: for metrics and reports.
pub trait Observer: Send + Sync {
    /// After a decision. It must not block.
    fn decided(&self, decision: &Decision, cost: u64) {
        let _ = (decision, cost);
    }
}

/// The observer that does nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unobserved;

impl Observer for Unobserved {}

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    // The one place where the clock is read.
    #[allow(clippy::disallowed_methods)]
    fn now(&self) -> At {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        At::from_micros(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }
}

/// Policies, a store and a clock.
pub struct Limiter<S = Local> {
    policies: Arc<Live>,
    store: S,
    clock: Arc<dyn Clock>,
    observer: Arc<dyn Observer>,
    beside: OnceLock<Beside>,
    /// How many keys are remembered in this process beside a shared store.
    keys: usize,
}

/// What this process decides by itself although it shares a store.
struct Beside {
    /// What each server counts for itself.
    near: Local,
    /// What is counted while the store is away.
    alone: Local,
    ahead: Ahead,
}

impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> At {
        self.as_ref().now()
    }
}

impl<O: Observer + ?Sized> Observer for Arc<O> {
    fn decided(&self, decision: &Decision, cost: u64) {
        self.as_ref().decided(decision, cost);
    }
}

impl<S> Limiter<S> {
    /// A limiter on the system's clock.
    pub fn new(policies: Policies, store: S) -> Self {
        Limiter {
            policies: Arc::new(Live::new(policies)),
            store,
            clock: Arc::new(SystemClock),
            observer: Arc::new(Unobserved),
            beside: OnceLock::new(),
            keys: 1_000_000,
        }
    }

    /// On another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// With somebody who is told each decision.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// With so many keys at most that this process remembers beside a shared store: those that each server counts for itself,
    /// and as many again while the store is away.
    #[must_use]
    pub fn with_keys(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }

    fn beside(&self) -> &Beside {
        let made = || Beside { near: Local::new(self.keys), alone: Local::new(self.keys), ahead: Ahead::default() };
        self.beside.get_or_init(made)
    }

    /// Its own policies.
    pub fn live(&self) -> &Arc<Live> {
        &self.policies
    }

    /// The policies in force.
    pub fn policies(&self) -> Arc<Policies> {
        self.policies.current()
    }

    /// Puts other policies in force: at once, without a free burst and without a reset.
    pub fn replace(&self, policies: Policies) {
        self.policies.replace(policies);
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What time it is by the limiter's clock.
    pub fn now(&self) -> At {
        self.clock.now()
    }
}

impl<S: Store> Limiter<S> {
    /// Decides a call. If the store is away, each policy does what it says of that.
    pub async fn decide(&self, caller: &Caller<'_>, cost: u64) -> Decision {
        self.decide_by(&self.policies, caller, cost).await
    }

    /// Decides a call by other policies than the limiter's own: those of its tenant, say. Sets that share a store keep
    /// out of each other's keys by their scope ([`Policies::scoped`]).
    pub async fn decide_by(&self, live: &Arc<Live>, caller: &Caller<'_>, cost: u64) -> Decision {
        let (policies, now) = (live.current(), self.now());
        let asked = ask(&policies, caller, cost);
        let mut decision = if asked.is_empty() {
            conclude(asked, Vec::new(), now, cost)
        } else if self.store.is_shared() {
            self.decide_spread(live, asked, now, cost).await
        } else {
            match self.store.weigh(now, &asked, &[]).await {
                Ok(Weighed { at, found }) => conclude(asked, found, at, cost),
                Err(_) => self.decide_spread(live, ask(&policies, caller, cost), now, cost).await,
            }
        };
        decision.ticket.live = Some(Arc::clone(live));
        self.observer.decided(&decision, cost);
        decision
    }
}

impl<S: StoreNow> Limiter<S> {
    /// Decides a call without an executor.
    pub fn decide_now(&self, caller: &Caller<'_>, cost: u64) -> Decision {
        self.decide_now_by(&self.policies, caller, cost)
    }

    /// Like [`Limiter::decide_by`], without an executor.
    pub fn decide_now_by(&self, live: &Arc<Live>, caller: &Caller<'_>, cost: u64) -> Decision {
        let (policies, now) = (live.current(), self.now());
        let asked = ask(&policies, caller, cost);
        let found = self.store.weigh_now(now, &asked);
        let mut decision = conclude(asked, found, now, cost);
        decision.ticket.live = Some(Arc::clone(live));
        self.observer.decided(&decision, cost);
        decision
    }
}

thread_local! {
    /// Keys are written here first, so that each is allocated once and at its length.
    static KEY: RefCell<String> = RefCell::new(String::with_capacity(256));
}

/// What the policies that apply to a call ask the store.
fn ask<'a>(policies: &'a Policies, caller: &Caller<'_>, cost: u64) -> Vec<Asked<'a>> {
    let mut asked = Vec::with_capacity(policies.len());
    KEY.with(|key| match key.try_borrow_mut() {
        Ok(mut key) => asked.extend(ask_with(policies, &mut key, caller, cost)),
        Err(_) => asked.extend(ask_with(policies, &mut String::new(), caller, cost)),
    });
    asked
}

fn ask_with<'a>(
    policies: &'a Policies,
    key: &mut String,
    caller: &Caller<'_>,
    cost: u64,
) -> impl Iterator<Item = Asked<'a>> {
    policies.shifted(caller).filter_map(move |(policy, shift)| policy.ask_with(key, caller, cost, shift))
}

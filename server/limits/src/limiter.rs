//! What a service holds: policies, a store and a clock.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

use crate::at::{At, Span};
use crate::decide::{Asked, Charge, Decision, Found, Stand, Ticket, Verdict, conclude};
use crate::key::Caller;
use crate::live::Live;
use crate::local::Local;
use crate::policy::{Away, Policies};
use crate::store::{Settling, Store, StoreNow};
use crate::strategy::{Leases, Strategy, View};

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
    /// Decides while the shared store is away.
    alone: OnceLock<Local>,
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
            alone: OnceLock::new(),
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

    /// What a ticket is settled by.
    fn in_force(&self, ticket: &Ticket) -> Arc<Policies> {
        ticket.live.as_ref().unwrap_or(&self.policies).current()
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

/// How long a closed policy lets callers wait while the store is away.
const CLOSED: Span = Span::from_secs(1);

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
        let mut decision = match self.store.weigh(now, &asked).await {
            Ok(found) => conclude(asked, found, now, cost),
            Err(_) => self.decide_alone(asked, now, cost),
        };
        decision.ticket.live = Some(Arc::clone(live));
        self.observer.decided(&decision, cost);
        decision
    }

    /// Decides without the shared store.
    fn decide_alone(&self, mut asked: Vec<Asked<'_>>, now: At, cost: u64) -> Decision {
        asked.retain(|ask| ask.policy.away != Away::Open);
        let closes = |ask: &Asked<'_>| ask.policy.away == Away::Closed && !ask.policy.shadow;
        let found = if asked.iter().any(closes) {
            asked.retain(closes);
            let view = |ask: &Asked<'_>| View { remaining: 0, reset_at: now.plus(CLOSED), ..untouched(ask, now) };
            let refused = |ask| Found { verdict: Verdict::Later(CLOSED), view: view(ask), receipt: None };
            asked.iter().map(refused).collect()
        } else {
            asked.retain(|ask| ask.policy.away == Away::Local);
            self.alone.get_or_init(Local::default).weigh_now(now, &asked)
        };
        let mut decision = conclude(asked, found, now, cost);
        decision.ticket.alone = true;
        decision
    }

    /// Tells the real cost of a call that has ended, and gives its leases back.
    pub async fn settle(&self, ticket: Ticket, real_cost: u64) {
        let policies = self.in_force(&ticket);
        let settling = settle(&policies, &ticket, real_cost);
        match self.alone.get().filter(|_| ticket.alone) {
            Some(alone) => drop(alone.settle_now(self.now(), &settling)),
            // If the store is away, the charge stays as estimated and leases expire.
            None => drop(self.store.settle(self.now(), &settling).await),
        }
    }

    /// A call has ended and cost what was charged: gives its leases back.
    pub async fn release(&self, ticket: Ticket) {
        if ticket.holds_lease() {
            let cost = ticket.cost();
            self.settle(ticket, cost).await;
        }
    }

    /// Keeps the leases of a call that is still under way; `false` if one is not held any more. To be called well before
    /// they expire.
    pub async fn renew(&self, ticket: &Ticket) -> bool {
        let policies = self.in_force(ticket);
        let renewing = leases(&policies, ticket);
        match self.alone.get().filter(|_| ticket.alone) {
            Some(alone) => alone.renew_now(self.now(), &renewing),
            None => self.store.renew(self.now(), &renewing).await.unwrap_or(false),
        }
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

    /// Like [`Limiter::settle`], without an executor. Tells how the keys stand that had something to settle.
    pub fn settle_now(&self, ticket: Ticket, real_cost: u64) -> Vec<Stand> {
        let policies = self.in_force(&ticket);
        let settling = settle(&policies, &ticket, real_cost);
        let views = self.store.settle_now(self.now(), &settling);
        settling.iter().zip(views).map(|(one, view)| (Arc::from(one.key), view)).collect()
    }

    /// Like [`Limiter::release`], without an executor.
    pub fn release_now(&self, ticket: Ticket) {
        if ticket.holds_lease() {
            let cost = ticket.cost();
            self.settle_now(ticket, cost);
        }
    }

    /// Like [`Limiter::renew`], without an executor.
    pub fn renew_now(&self, ticket: &Ticket) -> bool {
        let policies = self.in_force(ticket);
        self.store.renew_now(self.now(), &leases(&policies, ticket))
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
        Ok(mut key) => asked.extend(policies.iter().filter_map(|policy| policy.ask_with(&mut key, caller, cost))),
        Err(_) => asked.extend(policies.iter().filter_map(|policy| policy.ask(caller, cost))),
    });
    asked
}

fn untouched(ask: &Asked<'_>, now: At) -> View {
    ask.strategy.view(&ask.strategy.fresh(now), now)
}

/// What a lease is given back by whose policy is gone.
static GONE: Strategy = Strategy::Leases(Leases { limit: 1, lease: Span::from_secs(1) });

/// The charges of a ticket under the policies in force. Of what is gone or exempt by now only leases are settled: the policy
/// may come back, and nobody holds them any more.
fn charges<'a>(
    policies: &'a Policies,
    ticket: &'a Ticket,
    real: impl Fn(&Charge) -> u64 + 'a,
) -> impl Iterator<Item = (&'a Charge, Settling<'a>)> {
    ticket.charges.iter().filter_map(move |charge| {
        let in_force = policies.owner(&charge.policy, &charge.key).and_then(|policy| policy.strategy_of(&charge.key));
        let strategy = in_force.or(charge.lease.then_some(&GONE))?;
        let settling = Settling { key: &charge.key, strategy, receipt: charge.receipt, real: real(charge) };
        Some((charge, settling))
    })
}

fn settle<'a>(policies: &'a Policies, ticket: &'a Ticket, real_cost: u64) -> Vec<Settling<'a>> {
    let real = move |charge: &Charge| if charge.lease { 0 } else { real_cost };
    let unequal = |(charge, _): &(&Charge, Settling<'_>)| charge.lease || charge.receipt.cost != real_cost;
    charges(policies, ticket, real).filter(unequal).map(|(_, settling)| settling).collect()
}

fn leases<'a>(policies: &'a Policies, ticket: &'a Ticket) -> Vec<Settling<'a>> {
    let held = |(charge, _): &(&Charge, Settling<'_>)| charge.lease;
    charges(policies, ticket, |charge| charge.receipt.cost).filter(held).map(|(_, settling)| settling).collect()
}

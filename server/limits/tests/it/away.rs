//! The store is away: each policy does what it says of that.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use fluxor_limits::decide::Asked;
use fluxor_limits::store::{Settling, StoreAway};
use fluxor_limits::{
    Answers, At, Away, Caller, Leases, Limiter, Local, Outcome, Part, Policies, Policy, Span, Store, Strategy, Weighed,
};

use crate::model::fixed;
use crate::several::{Turned, limiter};

/// A store that is never there.
struct Nowhere;

fn away<T>() -> Result<T, StoreAway> {
    Err(StoreAway("in a test".to_owned()))
}

impl Store for Nowhere {
    async fn weigh<'a>(&'a self, _: At, _: &'a [Asked<'a>], _: &'a [Settling<'a>]) -> Result<Weighed, StoreAway> {
        away()
    }

    async fn settle<'a>(&'a self, _: At, _: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        away()
    }

    async fn renew<'a>(&'a self, _: At, _: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        away()
    }
}

/// Nothing here ever waits.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

fn nowhere(policies: &[(&str, Away, Strategy)]) -> Limiter<Nowhere> {
    let policy = |(name, away, strategy): &(&str, Away, Strategy)| {
        let mut policy = Policy::new(name, &[Part::User], strategy.clone());
        policy.away = *away;
        policy
    };
    let policies = Policies::new(policies.iter().map(policy).collect()).unwrap();
    Limiter::new(policies, Nowhere).with_clock(Turned::default())
}

pub(crate) const ANN: Caller<'static> = Caller {
    tenant: None,
    user: Some("ann"),
    api_key: None,
    address: None,
    route: None,
    method: None,
    object: None,
    class: None,
};

#[test]
fn local_and_open() {
    let limiter = nowhere(&[
        ("here", Away::Local, fixed(2, 60_000_000)),
        ("open", Away::Open, fixed(1, 60_000_000)),
        ("places", Away::Local, Strategy::Leases(Leases { limit: 1, lease: Span::from_secs(9) })),
    ]);
    let first = now(limiter.decide(&ANN, 1));
    assert!(first.is_admitted() && first.lines.len() == 2);
    assert!(now(limiter.renew(&first.ticket)));
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    now(limiter.release(first.ticket));
    let second = now(limiter.decide(&ANN, 1));
    assert!(second.is_admitted());
    now(limiter.settle(second.ticket, 0));
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
}

#[test]
fn closed() {
    let limiter =
        nowhere(&[("here", Away::Local, fixed(2, 60_000_000)), ("closed", Away::Closed, fixed(9, 60_000_000))]);
    let decision = now(limiter.decide(&ANN, 1));
    assert_eq!(decision.outcome, Outcome::Denied { by: "closed".into(), retry_after: Span::from_secs(1) });
    let refusal = Answers::new().refusal(&decision).unwrap();
    assert_eq!((refusal.status().as_u16(), refusal.code(), refusal.retry_after), (503, "reduced_capacity", Some(1)));
    assert_eq!(refusal.violated, ["closed"]);
    assert_eq!((decision.lines[0].quota, decision.lines[0].remaining), (9, 0));
    assert!(decision.ticket.is_empty());
}

/// The async way and the other one are the same on the store in this process.
#[test]
fn local_needs_no_executor() {
    let policies = vec![Policy::new("p", &[Part::User], fixed(2, 60_000_000))];
    let (limiter, _): (Limiter<Local>, _) = limiter(policies);
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    assert!(limiter.decide_now(&ANN, 1).is_admitted());
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
}

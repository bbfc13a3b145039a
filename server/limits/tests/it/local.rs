//! The store in this process: bounded under a million distinct keys, honest callers stay served, threads admit exactly
//! the limit.

use std::sync::atomic::{AtomicU64, Ordering};

use fluxor_limits::{Bucket, Caller, Limiter, Local, Log, Part, Policies, Policy, Ring, Sliding, Span, Strategy};

use crate::model::fixed;
use crate::several::Turned;

fn limiter(strategy: Strategy, capacity: usize) -> (Limiter<Local>, Turned) {
    let clock = Turned::default();
    let policies = Policies::new(vec![Policy::new("p", &[Part::Object], strategy)]).unwrap();
    (Limiter::new(policies, Local::new(capacity)).with_clock(clock.clone()), clock)
}

fn call(limiter: &Limiter<Local>, object: &str) -> bool {
    limiter.decide_now(&Caller { object: Some(object), ..Caller::default() }, 1).is_admitted()
}

/// An honest caller near its limit, while an attacker brings so many keys: its state stays, and it stays served.
fn attacked(strategy: Strategy, keys: u64) {
    const CAPACITY: usize = 6_400;
    let (limiter, clock) = limiter(strategy, CAPACITY);
    let limit = limiter.policies().iter().next().unwrap().strategy.most();
    assert!((1..limit).all(|_| call(&limiter, "honest")));
    for key in 0..keys {
        if key % 1_000 == 0 {
            clock.turn(1);
            // The attacker's own keys are served as well.
            assert!(call(&limiter, &format!("attack {key}, again")));
        }
        call(&limiter, &format!("attack {key}"));
    }
    assert!(limiter.store().len() <= CAPACITY + 64);
    assert!(limiter.store().bytes() <= 256 * (CAPACITY + 64));
    assert!(limiter.store().evicted_live() > keys / 2);
    // One is left, as before.
    assert!(call(&limiter, "honest"));
    assert!(!call(&limiter, "honest"));
}

#[test]
fn a_million_keys() {
    let minute = Span::from_secs(60);
    attacked(Strategy::Bucket(Bucket::new(50, 1, minute)), 1_000_000);
    attacked(fixed(50, 3_600_000_000), 100_000);
    attacked(Strategy::Sliding(Sliding { limit: 50, window: minute }), 100_000);
    attacked(Strategy::Ring(Ring { limit: 50, window: minute, slots: 12 }), 100_000);
    attacked(Strategy::Log(Log { limit: 20, window: minute }), 100_000);
}

/// What nobody would miss is forgotten first, without being counted as lost.
#[test]
fn idle_keys_go_first() {
    let (limiter, clock) = limiter(fixed(5, 1_000), 6_400);
    for key in 0..100_000 {
        clock.turn(1);
        assert!(call(&limiter, &key.to_string()));
    }
    assert!(limiter.store().len() <= 6_464);
    // Of eight that are drawn all may count still, once in a long while.
    assert!(limiter.store().evicted_live() <= 3, "{}", limiter.store().evicted_live());
    // What has counted no more for an hour goes without any need.
    clock.turn(3_700_000_000);
    for key in 0..3_200 {
        clock.turn(1);
        assert!(call(&limiter, &format!("later {key}")));
    }
    assert!(limiter.store().len() <= 4_000, "{}", limiter.store().len());
}

/// A clock that goes back does not find forgotten what it has left behind.
#[test]
fn a_clock_that_goes_back_finds_what_was_counted() {
    let (limiter, clock) = limiter(Strategy::Log(Log { limit: 5, window: Span::from_secs(600) }), 6_400);
    clock.turn(10_000_000_000);
    assert!((0..5).all(|_| call(&limiter, "one")));
    clock.turn(1_800_000_000);
    for key in 0..5_000 {
        assert!(call(&limiter, &key.to_string()));
    }
    clock.0.fetch_sub(1_800_000_000, Ordering::SeqCst);
    assert!(!call(&limiter, "one"));
}

/// States that grow after they were put are bounded too, without throwing out everybody else.
#[test]
fn what_grows_is_bounded() {
    let (limiter, clock) = limiter(Strategy::Log(Log { limit: 1_000, window: Span::from_secs(3_600) }), 6_400);
    let bound = 256 * 6_400;
    for round in 0..400 {
        for key in 0..200 {
            clock.turn(1);
            call(&limiter, &key.to_string());
        }
        // One state more than the bound in each shard, while it grows.
        assert!(limiter.store().bytes() <= bound + 64 * 17_000, "{round}: {}", limiter.store().bytes());
    }
    assert!(limiter.store().bytes() <= bound + bound / 4, "{}", limiter.store().bytes());
    let before = limiter.store().len();
    for key in 0..50 {
        call(&limiter, &format!("new {key}"));
    }
    assert!(limiter.store().len() + 450 >= before, "{} of {before}", limiter.store().len());
}

/// Long keys and large states count by their bytes.
#[test]
fn bytes_are_bounded() {
    let (limiter, _) = limiter(Strategy::Log(Log { limit: 1_000, window: Span::from_secs(60) }), 640);
    for key in 0..2_000 {
        let object = format!("{key}{}", "x".repeat(2_000));
        assert!(call(&limiter, &object));
    }
    assert!(limiter.store().bytes() <= 64 * (10 * 256 + 3_000), "{}", limiter.store().bytes());
}

#[test]
fn threads_admit_exactly_the_limit() {
    let minute = Span::from_secs(60);
    let strategies = [
        fixed(1_000, 60_000_000),
        Strategy::Bucket(Bucket::new(1_000, 1, minute)),
        Strategy::Ring(Ring { limit: 1_000, window: minute, slots: 10 }),
        Strategy::Log(Log { limit: 1_000, window: minute }),
    ];
    for strategy in strategies {
        let clock = Turned::default();
        let by_object = Policy::new("p", &[Part::Object], strategy.clone());
        let by_user = Policy::new("q", &[Part::User], fixed(700, 60_000_000));
        let limiter = Limiter::new(Policies::new(vec![by_object, by_user]).unwrap(), Local::new(100)).with_clock(clock);
        let admitted = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (limiter, admitted) = (&limiter, &admitted);
                // The two users' keys lie in different shards: locks are taken in one order.
                let user = if thread % 2 == 0 { "ann" } else { "bob" };
                scope.spawn(move || {
                    for _ in 0..400 {
                        let caller = Caller { object: Some("one"), user: Some(user), ..Caller::default() };
                        let decision = limiter.decide_now(&caller, 1);
                        admitted.fetch_add(u64::from(decision.is_admitted()), Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(admitted.load(Ordering::SeqCst), 1_000, "{strategy:?}");
    }
}

//! How keys stand: as the next decision would tell, and without any effect on it.

use std::sync::atomic::Ordering;

use fluxor_limits::store::StoreAway;
use fluxor_limits::{
    Away, Bucket, Caller, Counted, Decision, Leases, Limiter, Local, Log, Observer, Part, Policies, Policy, Ring,
    Sliding, Span, Standing, Store, Strategy, Unknown,
};
use proptest::prelude::*;

use crate::away::{ANN, now};
use crate::common::{Common, leased, minute, per_server, policy};
use crate::model::{span, strategy};
use crate::several::{Turned, limiter};
use crate::twins::{Hand, histories, look_at_unknown, same};

const KEY: (&str, &str) = ("p", "p|user=ann");

/// One of each.
pub(crate) fn all(limit: u64, window: Span) -> Vec<Strategy> {
    vec![
        minute(limit),
        Strategy::Sliding(Sliding { limit, window }),
        Strategy::Bucket(Bucket::new(limit, 1, window)),
        Strategy::Ring(Ring { limit, window, slots: 12 }),
        Strategy::Log(Log { limit, window }),
        Strategy::Leases(Leases { limit, lease: window }),
    ]
}

fn look<S: Store>(limiter: &Limiter<S>, (policy, key): (&str, &str)) -> Result<Standing, Unknown> {
    now(limiter.look(&limiter.policies(), &[(policy, key)])).pop().unwrap()
}

fn is_send(_: &impl Send) {}

fn remaining<S: Store>(limiter: &Limiter<S>) -> u64 {
    look(limiter, KEY).unwrap().view.remaining
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn looking_changes_nothing(history in histories(strategy())) {
        let hand = Hand::new();
        let here = Limiter::new(Policies::default(), Local::new(10_000)).with_clock(hand.clone());
        now(same(&here, &hand, "here", history.clone()))?;
        // As a store that is shared.
        let hand = Hand::new();
        let shared = Limiter::new(Policies::default(), Common::new(1)).with_clock(hand.clone());
        now(same(&shared, &hand, "shared", history))?;
    }
}

#[test]
fn unknown_keys_are_as_new_and_stay_unknown() {
    for strategy in all(10, span(60_000_000)) {
        let (limiter, _) = limiter(vec![policy("p", strategy.clone())]);
        assert!(limiter.decide_now(&ANN, 1).is_admitted());
        let before = (limiter.store().len(), limiter.store().bytes());
        now(look_at_unknown(&limiter, &strategy, 10_000));
        assert_eq!((limiter.store().len(), limiter.store().bytes()), before);
    }
}

/// Also a limit as large as numbers are is not charged.
#[test]
fn no_limit_is_too_large() {
    let mut endless = policy("p", minute(5));
    assert!(endless.except(&ANN, Some(minute(u64::MAX))));
    let (limiter, _) = limiter(vec![endless]);
    assert!(limiter.decide_now(&ANN, 7).is_admitted());
    for _ in 0..2 {
        assert_eq!(remaining(&limiter), u64::MAX - 7);
    }
}

#[test]
fn in_order_and_in_few_questions() {
    let (common, clock) = (Common::new(1), Turned::default());
    let all = vec![policy("p", minute(9)), policy("log", Strategy::Log(Log { limit: 500, window: span(9) }))];
    let limiter = common.limiter(all, &clock);
    let policies = limiter.policies();
    let nothing = limiter.look(&policies, &[]);
    is_send(&nothing);
    assert_eq!(now(nothing), []);
    assert_eq!(common.asked(), 0);
    let users: Vec<String> = (0..130).map(|user| format!("u{user}")).collect();
    for (at, user) in users.iter().enumerate() {
        let caller = Caller { user: Some(user), ..ANN };
        assert!(now(limiter.decide(&caller, at as u64 % 9)).is_admitted());
    }
    let texts: Vec<String> = users.iter().map(|user| format!("p|user={user}")).collect();
    let mut keys: Vec<(&str, &str)> = texts.iter().map(|key| ("p", &**key)).collect();
    let asked = |keys: &[(&str, &str)]| {
        let before = common.asked();
        let looks = now(limiter.look(&limiter.policies(), keys));
        (looks, common.asked() - before)
    };
    let (looks, questions) = asked(&keys);
    assert_eq!(questions, 3);
    for (at, look) in looks.iter().enumerate() {
        assert_eq!(look.as_ref().unwrap().view.remaining, 9 - at as u64 % 9);
    }
    assert_eq!(asked(&keys[..64]).1, 1);
    // Large states are asked for in smaller parts; a key may be asked for twice.
    keys.splice(.., [("log", "log|user=u1"); 5]);
    let (looks, questions) = asked(&keys);
    assert_eq!(questions, 3);
    assert!(looks.iter().all(|look| look.as_ref().unwrap().view.remaining == 499));
}

#[test]
fn what_no_policy_counts() {
    let mut exempting = policy("p", minute(9));
    assert!(exempting.except(&ANN, None));
    let policies = Policies::new(vec![exempting, policy("q", minute(9))]).unwrap().scoped("acme");
    let (limiter, _) = limiter(Vec::new());
    let keys = [
        ("q", "acme|q|user=ann"),
        ("p", "acme|p|user=ann"),
        ("p", "acme|p|user=bob"),
        ("q", "q|user=ann"),
        ("q", "acme|p|user=bob"),
        ("none", "acme|none|user=ann"),
    ];
    let known: Vec<bool> = now(limiter.look(&policies, &keys)).iter().map(Result::is_ok).collect();
    assert_eq!(known, [true, false, true, false, false, false]);
}

#[test]
fn what_each_server_counts_stands_here() {
    let (common, clock) = (Common::new(2), Turned::default());
    let limiters = [(); 2].map(|()| common.limiter(vec![per_server("p", minute(9))], &clock));
    drop(now(limiters[0].decide(&ANN, 4)));
    assert_eq!(limiters.each_ref().map(remaining), [5, 9]);
    assert_eq!(look(&limiters[0], KEY).unwrap().counted, Counted::Near);
    assert_eq!((common.asked(), limiters[1].remembered()), (0, (0, 0)));
    // Where no store is shared it is in the store.
    let (limiter, _) = limiter(vec![per_server("p", minute(9))]);
    drop(limiter.decide_now(&ANN, 4));
    assert_eq!((remaining(&limiter), look(&limiter, KEY).unwrap().counted), (5, Counted::Store));
}

#[test]
fn what_was_taken_ahead_and_not_used_is_left() {
    let (common, clock) = (Common::new(2), Turned::default());
    let limiters = [(); 2].map(|()| common.limiter(vec![leased(minute(100), 64, 1_000_000)], &clock));
    let mut tickets = Vec::new();
    for used in 1..=20 {
        tickets.push(now(limiters[0].decide(&ANN, 1)).ticket);
        assert_eq!(remaining(&limiters[0]), 100 - used);
    }
    // Lots of 1, 2, 4, 8 and 16, of which 11 are not used; to others they are.
    assert_eq!(remaining(&limiters[1]), 69);
    now(limiters[0].settle(tickets.pop().unwrap(), 0));
    assert_eq!(limiters.each_ref().map(remaining), [81, 69]);
    // What has still to be told to the store is as well left: the lot is over, and one more is taken.
    clock.turn(1_000_000);
    common.is_known_away.store(true, Ordering::SeqCst);
    tickets.push(now(limiters[0].decide(&ANN, 1)).ticket);
    assert_eq!((remaining(&limiters[0]), limiters[0].unsettled()), (80, 1));
    assert!(remaining(&limiters[1]) < 69);
    common.is_known_away.store(false, Ordering::SeqCst);
    now(limiters[0].close());
    assert_eq!(limiters.each_ref().map(remaining), [80, 80]);
    // In the next window it counts no more, whoever has it.
    clock.turn(57_500_000);
    for _ in 0..2 {
        drop(now(limiters[0].decide(&ANN, 1)));
    }
    clock.turn(500_000);
    drop(now(limiters[1].decide(&ANN, 30)));
    assert_eq!(limiters.each_ref().map(remaining), [70, 70]);
}

#[test]
fn while_the_store_is_away() {
    let (common, clock) = (Common::new(4), Turned::default());
    let with = |name: &str, away: Away| {
        let mut policy = policy(name, minute(8));
        policy.away = away;
        policy
    };
    let all = [with("open", Away::Open), with("closed", Away::Closed), per_server("near", minute(8))];
    let all = || [vec![with("p", Away::Local)], all.to_vec()].concat();
    let keys = ["p", "open", "closed", "near"].map(|name| (name, format!("{name}|user=ann")));
    let keys = keys.each_ref().map(|(name, key)| (*name, &**key));
    let limiter = common.limiter(all(), &clock);
    drop(now(limiter.decide(&ANN, 3)));
    common.is_away.store(true, Ordering::SeqCst);
    limiter.replace(Policies::new(vec![with("p", Away::Local)]).unwrap());
    drop(now(limiter.decide(&ANN, 1)));
    let looks = now(limiter.look(&Policies::new(all()).unwrap(), &keys));
    let away = Unknown::Away(StoreAway("in a test".to_owned()));
    let told = |look: &Result<Standing, Unknown>| {
        look.clone().map(|standing| (standing.counted, standing.view.remaining, standing.view.quota))
    };
    let told: Vec<_> = looks.iter().map(told).collect();
    let expected = [Ok((Counted::Alone, 1, 2)), Err(away.clone()), Err(away), Ok((Counted::Near, 5, 8))];
    assert_eq!(told, expected);
    // It is asked once, whatever the number of keys.
    let before = common.asked();
    let many = [KEY; 500];
    assert!(now(limiter.look(&limiter.policies(), &many)).iter().all(Result::is_ok));
    assert_eq!(common.asked(), before + 1);
}

/// Panics if it is told anything.
struct Deaf;

impl Observer for Deaf {
    fn decided(&self, _: &Decision, _: u64) {
        panic!("nothing is decided");
    }
}

#[test]
fn a_look_is_no_decision() {
    let policies = Policies::new(vec![Policy::new("p", &[Part::User], minute(9))]).unwrap();
    let limiter = Limiter::new(policies, Local::new(10)).with_observer(Deaf);
    assert_eq!(remaining(&limiter), 9);
}

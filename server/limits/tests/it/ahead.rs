//! Tokens that processes take ahead from a store that they share.

use std::future::Future as _;
use std::sync::atomic::Ordering;

use fluxor_limits::{Limiter, Policies, Strategy};
use proptest::prelude::*;

use crate::away::{ANN, now};
use crate::common::{Common, leased, minute};
use crate::model::{Event, promise_and, span, strategy};
use crate::several::Turned;

proptest! {
    /// What is taken ahead over-admits by at most a lot a process, in any window; calls of any cost, settled at any other.
    #[test]
    fn lots_keep_their_bound(
        strategy in strategy(),
        replicas in 1..5_usize,
        tokens in 1..9_u64,
        time in 1..80_u64,
        calls in prop::collection::vec((0..5_usize, 0..15_u64, 0..4_u64, prop::option::of(0..4_u64), any::<bool>()), 1..90),
    ) {
        prop_assume!(!matches!(strategy, Strategy::Log(_) | Strategy::Leases(_)));
        let (common, clock) = (Common::new(1), Turned::default());
        let limiters: Vec<Limiter<Common>> =
            (0..replicas).map(|_| common.limiter(vec![leased(strategy.clone(), tokens, time)], &clock)).collect();
        let mut events = Vec::new();
        for (who, wait, cost, real, tidies) in calls {
            clock.turn(wait);
            let limiter = &limiters[who % replicas];
            let decision = now(limiter.decide(&ANN, cost));
            if decision.is_admitted() {
                // A refund only, here: debts have no bound.
                let real = real.unwrap_or(cost).min(cost);
                now(limiter.settle(decision.ticket, real));
                events.push(Event { at: limiter.now().micros(), cost: real, admitted: true });
            }
            if tidies {
                now(limiter.tidy());
            }
        }
        if let Err(broken) = promise_and(&strategy, &events, replicas as u64 * tokens) {
            prop_assert!(false, "{}", broken);
        }
    }

    /// Nothing that was taken ahead is lost: when all is over the store has charged just what was admitted.
    #[test]
    fn what_is_not_needed_goes_back(
        calls in prop::collection::vec((0..3_usize, 0..400_000_u64, 1..4_u64), 1..60),
        tokens in 1..40_u64,
    ) {
        let (common, clock) = (Common::new(1), Turned::default());
        // The clock begins a second after the epoch, and less than a minute passes.
        let limiters = [(); 3].map(|()| common.limiter(vec![leased(minute(100), tokens, 1_000_000)], &clock));
        let mut admitted = 0;
        for (who, wait, cost) in calls {
            clock.turn(wait);
            if now(limiters[who].decide(&ANN, cost)).is_admitted() {
                admitted += cost;
            }
        }
        clock.turn(1_000_001);
        for limiter in &limiters {
            now(limiter.tidy());
            assert_eq!(limiter.taken_ahead(), 0);
        }
        let used = common.store.state("p|user=ann").map_or(0, |state| state.used(limiters[0].now()));
        prop_assert_eq!(used, admitted);
    }
}

#[test]
fn a_hot_key_seldom_asks_and_a_refused_one_not_at_all() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(1_000), 100, 1_000_000)], &clock);
    let admitted = (0..5_000).filter(|_| now(limiter.decide(&ANN, 1)).is_admitted()).count();
    // 1, 2, 4, ... 64, then 100 at a time, and a last time in vain.
    assert_eq!((admitted, common.asked()), (1_000, 17));
    // Told as the store told it.
    let decision = now(limiter.decide(&ANN, 1));
    assert_eq!((decision.lines[0].remaining, decision.lines[0].quota), (0, 1_000));
    // With more room it asks at once; otherwise after the time, for what may have come back.
    limiter.replace(Policies::new(vec![leased(minute(1_001), 100, 1_000_000)]).unwrap());
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    assert_eq!(common.asked(), 19);
    clock.turn(1_000_001);
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    assert_eq!(common.asked(), 20);
}

#[test]
fn a_seldom_key_takes_nothing_ahead() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(10), 10, 1_000)], &clock);
    for _ in 0..10 {
        assert!(now(limiter.decide(&ANN, 1)).is_admitted());
        clock.turn(2_000);
    }
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
}

#[test]
fn what_a_call_tells_is_what_is_left_for_it() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(100), 50, 1_000_000)], &clock);
    let left: Vec<u64> = (0..20).map(|_| now(limiter.decide(&ANN, 1)).lines[0].remaining).collect();
    assert_eq!(left, (80..100).rev().collect::<Vec<u64>>());
}

#[test]
fn refunds_and_debts_of_what_was_taken_ahead() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(100), 64, 1_000_000)], &clock);
    for _ in 0..7 {
        drop(now(limiter.decide(&ANN, 1)));
    }
    // A lot of 8: one token is given back, then three more are needed than it has.
    let refunded = now(limiter.decide(&ANN, 1)).ticket;
    now(limiter.settle(refunded, 0));
    let debt = now(limiter.decide(&ANN, 1)).ticket;
    now(limiter.settle(debt, 11));
    clock.turn(1_000_001);
    now(limiter.tidy());
    assert_eq!(common.store.state("p|user=ann").unwrap().used(limiter.now()), 7 + 11);
}

#[test]
fn refunds_of_lots_that_are_no_more() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(3_000), 100, 1_000_000)], &clock);
    let mut open = std::collections::VecDeque::new();
    let mut admitted = 0;
    for _ in 0..2_000 {
        let decision = now(limiter.decide(&ANN, 50));
        admitted += u64::from(decision.is_admitted());
        open.push_back(decision.ticket);
        if open.len() > 5 {
            now(limiter.settle(open.pop_front().unwrap(), 1));
        }
    }
    for ticket in open {
        now(limiter.settle(ticket, 1));
    }
    now(limiter.close());
    assert_eq!((admitted, common.store.state("p|user=ann").unwrap().used(limiter.now())), (2_000, 2_000));
}

#[test]
fn who_is_refused_is_told_when_there_is_room() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(10), 4, 1_000_000)], &clock);
    while now(limiter.decide(&ANN, 1)).is_admitted() {}
    let told: Vec<_> = (0..3).map(|_| now(limiter.decide(&ANN, 1)).lines[0].clone()).collect();
    assert_eq!(told[0].verdict, fluxor_limits::Verdict::Later(span(59_000_000)));
    assert!(told.iter().all(|line| line.verdict == told[0].verdict && line.reset_after == told[0].reset_after));
    // A clock that was ahead and is set right keeps nobody out.
    clock.0.store(0, Ordering::SeqCst);
    let before = common.asked();
    clock.turn(61_000_000);
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    clock.0.store(60_500_000, Ordering::SeqCst);
    while now(limiter.decide(&ANN, 1)).is_admitted() {}
    clock.0.store(60_000_001, Ordering::SeqCst);
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    assert!(common.asked() > before);
}

#[test]
fn a_lower_limit_ends_what_was_taken_ahead() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(1_000), 500, 1_000_000)], &clock);
    for _ in 0..300 {
        assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    }
    limiter.replace(Policies::new(vec![leased(minute(10), 5, 1_000_000)]).unwrap());
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
}

/// A larger call is not told the wait of a smaller one, and what comes back is there at once.
#[test]
fn a_refusal_is_remembered_for_just_that() {
    let (common, clock) = (Common::new(1), Turned::default());
    let bucket = Strategy::Bucket(fluxor_limits::Bucket::new(100, 1, span(1_000_000)));
    let limiter = common.limiter(vec![leased(bucket, 10, 60_000_000)], &clock);
    let all = now(limiter.decide(&ANN, 100));
    let wait = |cost: u64| now(limiter.decide(&ANN, cost)).lines[0].verdict;
    assert_eq!(wait(1), fluxor_limits::Verdict::Later(span(1_000_000)));
    assert_eq!(wait(60), fluxor_limits::Verdict::Later(span(60_000_000)));
    now(limiter.settle(all.ticket, 40));
    assert!(now(limiter.decide(&ANN, 60)).is_admitted());
}

/// A lot that is asked for while the policy changes is not kept.
#[test]
fn a_lot_of_old_numbers_goes_back() {
    let (common, clock) = (Common::new(1), Turned::default());
    let limiter = common.limiter(vec![leased(minute(2_000), 1_000, 60_000_000)], &clock);
    for _ in 0..1_023 {
        assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    }
    // The next one asks for a lot; before it is there the policy has other numbers.
    common.waits_once.store(true, Ordering::SeqCst);
    let asking = limiter.decide(&ANN, 1);
    let mut asking = std::pin::pin!(asking);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(asking.as_mut().poll(&mut context).is_pending());
    limiter.replace(Policies::new(vec![leased(minute(2_000), 5, 100_000)]).unwrap());
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    assert!(asking.as_mut().poll(&mut context).is_ready());
    clock.turn(200_000);
    now(limiter.tidy());
    assert_eq!(common.store.state("p|user=ann").unwrap().used(limiter.now()), 1_025);
}

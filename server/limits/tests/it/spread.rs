//! Several processes that share a store: what each decides by itself, and what it does while the store is away.

use std::sync::atomic::Ordering;

use fluxor_limits::{Bucket, Caller, Leases, Limiter, Strategy};
use proptest::prelude::*;

use crate::away::{ANN, now};
use crate::common::{Common, leased, leave, minute, per_server, policy};
use crate::model::{span, strategy};
use crate::several::Turned;

/// Whoever leaves while the store is asked leaves nothing behind in this process.
#[test]
fn a_caller_who_leaves_gives_back_what_it_held_here() {
    let (common, clock) = (Common::new(1), Turned::default());
    let places = Strategy::Leases(Leases { limit: 1, lease: span(3_600_000_000) });
    let policies =
        || vec![per_server("places", places.clone()), leased(minute(9), 8, 1_000_000), policy("q", minute(9))];
    let limiter = common.limiter(policies(), &clock);
    for _ in 0..2 {
        let decision = now(limiter.decide(&ANN, 1));
        assert!(decision.is_admitted() && decision.lines.len() == 3);
        now(limiter.release(decision.ticket));
    }
    common.is_slow.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        leave(limiter.decide(&ANN, 1));
    }
    common.is_slow.store(false, Ordering::SeqCst);
    let decision = now(limiter.decide(&ANN, 1));
    assert!(decision.is_admitted(), "{decision:?}");
}

#[test]
fn the_store_refuses_and_nothing_is_taken_here() {
    let (common, clock) = (Common::new(1), Turned::default());
    let all = vec![
        per_server("here", minute(9)),
        leased(minute(9), 8, 1_000_000),
        policy("tight", minute(2)),
        per_server("shadow", minute(9)).in_shadow(),
    ];
    let limiter = common.limiter(all, &clock);
    for _ in 0..2 {
        assert!(now(limiter.decide(&ANN, 1)).is_admitted());
    }
    for _ in 0..5 {
        let decision = now(limiter.decide(&ANN, 1));
        assert_eq!(decision.violated().map(|line| &*line.policy).collect::<Vec<_>>(), ["tight"]);
        let left: Vec<u64> = decision.lines.iter().map(|line| line.remaining).collect();
        assert_eq!(left, [7, 7, 0]);
        assert!(decision.ticket.is_empty());
    }
}

#[test]
fn each_server_counts_for_itself() {
    let (common, clock) = (Common::new(3), Turned::default());
    let policies = || vec![per_server("here", minute(2)), policy("all", minute(5))];
    let limiters = [(); 3].map(|()| common.limiter(policies(), &clock));
    let by: Vec<Vec<bool>> =
        limiters.iter().map(|limiter| (0..3).map(|_| now(limiter.decide(&ANN, 1)).is_admitted()).collect()).collect();
    assert_eq!(by, [[true, true, false], [true, true, false], [true, false, false]]);
    // What this server refuses it does not ask the store.
    let before = common.asked();
    assert!(!now(limiters[0].decide(&ANN, 1)).is_admitted());
    assert_eq!(common.asked(), before);
    // It counts on while the store is away, and by the whole limit.
    common.is_away.store(true, Ordering::SeqCst);
    let decision = now(limiters[2].decide(&ANN, 1));
    assert!(decision.is_admitted() && decision.alone);
    assert_eq!(decision.lines.iter().map(|line| line.quota).collect::<Vec<_>>(), [2, 1]);
    assert!(!now(limiters[2].decide(&ANN, 1)).is_admitted());
}

#[test]
fn shares_add_up_to_the_limit() {
    let (common, clock) = (Common::new(4), Turned::default());
    let limiters = [(); 4].map(|()| common.limiter(vec![policy("p", minute(10))], &clock));
    common.is_away.store(true, Ordering::SeqCst);
    let admitted = |limiter: &Limiter<Common>| (0..9).filter(|_| now(limiter.decide(&ANN, 1)).is_admitted()).count();
    assert_eq!(limiters.iter().map(admitted).sum::<usize>(), 8);
    // A call that is larger than a share is not told that it can never pass.
    let decision = now(limiters[0].decide(&Caller { user: Some("bob"), ..ANN }, 5));
    assert_eq!(decision.violated().next().unwrap().verdict, fluxor_limits::Verdict::Later(span(1_000_000)));
    assert!(matches!(
        now(limiters[0].decide(&ANN, 11)).violated().next().unwrap().verdict,
        fluxor_limits::Verdict::Never { .. }
    ));
}

#[test]
fn shares_of_each_strategy() {
    proptest!(|(strategy in strategy(), of in 1..6_u64)| {
        let share = strategy.share(of);
        prop_assert!(share.most() * of <= strategy.most().max(of));
        if let (Strategy::Bucket(share), Strategy::Bucket(whole)) = (&share, &strategy) {
            let ((n, p), (tokens, per)) = (share.rate(), whole.rate());
            prop_assert_eq!(n * of * per, tokens * p);
        }
    });
    assert_eq!(Strategy::Bucket(Bucket::new(9, 1, span(5))).share(0).most(), 9);
}

/// What ends while the store is away is told it later: places, refunds, and what was taken ahead.
#[test]
fn what_ends_while_the_store_is_away_is_told_it_later() {
    for known in [true, false] {
        let (common, clock) = (Common::new(1), Turned::default());
        let places = Strategy::Leases(Leases { limit: 2, lease: span(3_600_000_000) });
        let policies = vec![policy("places", places), policy("plain", minute(50)), leased(minute(50), 16, 1_000_000)];
        let limiter = common.limiter(policies, &clock);
        let tickets: Vec<_> = (0..2).map(|_| now(limiter.decide(&ANN, 5)).ticket).collect();
        common.is_away.store(true, Ordering::SeqCst);
        common.is_known_away.store(known, Ordering::SeqCst);
        for (place, ticket) in tickets.into_iter().enumerate() {
            // Also one whose end nobody waits for.
            if place == 1 && !known {
                common.waits_once.store(true, Ordering::SeqCst);
                leave(limiter.settle(ticket, 1));
            } else {
                now(limiter.settle(ticket, 1));
            }
        }
        clock.turn(1_000_001);
        now(limiter.tidy());
        common.is_away.store(false, Ordering::SeqCst);
        common.is_known_away.store(false, Ordering::SeqCst);
        now(limiter.tidy());
        let used = |key: &str| common.store.state(key).map_or(0, |state| state.used(limiter.now()));
        assert_eq!(used("places|user=ann"), 0, "{known}");
        // What may have been done already is not done twice.
        assert_eq!(used("plain|user=ann"), if known { 2 } else { 10 });
        assert_eq!(now(limiter.decide(&ANN, 1)).lines.len(), 3);
    }
}

/// A refund finds its lot, or the store as what the lot was charged.
/// Of a key that is used up, all are told when there is room, also those for whom the store is not asked.
/// Other numbers of a policy hold at once, whatever was taken ahead.
/// A place that was taken while the store was away is given back here, and one from before in the store.
#[test]
fn places_go_back_where_they_were_taken() {
    let (common, clock) = (Common::new(1), Turned::default());
    let places = Strategy::Leases(Leases { limit: 1, lease: span(60_000_000) });
    let limiter = common.limiter(vec![policy("places", places)], &clock);
    let before = now(limiter.decide(&ANN, 1)).ticket;
    common.is_away.store(true, Ordering::SeqCst);
    let meanwhile = now(limiter.decide(&ANN, 1));
    assert!(meanwhile.is_admitted() && !now(limiter.decide(&ANN, 1)).is_admitted());
    // What the store holds counts as held as long as nobody knows better.
    assert!(now(limiter.renew(&meanwhile.ticket)) && now(limiter.renew(&before)));
    now(limiter.release(meanwhile.ticket));
    let again = now(limiter.decide(&ANN, 1));
    assert!(again.is_admitted());
    common.is_away.store(false, Ordering::SeqCst);
    assert!(now(limiter.renew(&before)));
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    now(limiter.release(again.ticket));
    assert!(!now(limiter.decide(&ANN, 1)).is_admitted());
    now(limiter.release(before));
    assert!(now(limiter.decide(&ANN, 1)).is_admitted());
}

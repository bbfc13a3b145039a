//! Sets that decide together, each with costs of its own: nobody makes a call cheaper or dearer for the other set.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fluxor_limits::traffic::{replay, usage};
use fluxor_limits::{
    Answers, Called, Caller, Decision, Limiter, Live, Outcome, Policies, Recorder, Settings, Span, Store, Verdict,
};
use serde_json::{Value, json};

use crate::away::now;
use crate::common::Common;
use crate::several::{Turned, limiter};
use crate::traffic::{call, read};

const LOOK: Caller<'static> = Caller {
    tenant: Some("acme"),
    user: Some("ann"),
    api_key: None,
    address: None,
    route: Some("/v1/tasks"),
    method: Some("GET"),
    object: None,
    class: None,
};

fn set(scope: &str, policies: &[Value], costs: &Value) -> Policies {
    let settings = Settings::read(&json!({ "policies": policies, "costs": costs })).unwrap();
    settings.compile(&fluxor_limits::jiff::tz::TimeZone::UTC).scoped(scope)
}

fn log(name: &str, limit: u64) -> Value {
    json!({ "name": name, "by": ["tenant"], "strategy": { "log": { "limit": limit, "window": "1h" } } })
}

fn costs(cost: u64) -> Value {
    json!([{ "route": "/v1/*", "cost": cost }])
}

/// The server's set, and a tenant's after it.
fn both(theirs: (&[Value], u64), own: (&[Value], u64)) -> Policies {
    set("tenant", own.0, &costs(own.1)).after(set("server", theirs.0, &costs(theirs.1)))
}

/// What is left by each policy.
fn left(decision: &Decision) -> Vec<u64> {
    decision.lines.iter().map(|line| line.remaining).collect()
}

/// A call of the cost that the tenant's set says, and `more`.
async fn ask<S: Store>(limiter: &Limiter<S>, live: &Arc<Live>, more: u64) -> Decision {
    let cost = live.current().cost("GET", "/v1/tasks") + more;
    limiter.decide_by(live, &LOOK, cost).await
}

/// A tenant that says its calls cost nothing is limited by the server all the same.
async fn nothing_is_free_by_the_others<S: Store>(limiter: &Limiter<S>) {
    let live = Arc::new(Live::new(both((&[log("server", 10)], 1), (&[log("own", 5)], 0))));
    let page = ask(limiter, &live, 4).await;
    assert_eq!(left(&page), [5, 1], "a page of 4 more costs the server 5");
    // It had but 2 more: the route's own cost stays.
    limiter.settle(page.ticket, 2).await;
    for place in 0..7 {
        let decision = ask(limiter, &live, 0).await;
        assert_eq!(left(&decision), [6 - place, 3]);
        let cost = decision.ticket.cost();
        limiter.settle(decision.ticket, cost).await;
    }
    let refused = ask(limiter, &live, 0).await;
    assert!(matches!(&refused.outcome, Outcome::Denied { by, .. } if **by == *"server"), "{refused:?}");
    assert_eq!(refused.lines[1].verdict, Verdict::Fine);
}

/// What the server says that a route costs is not what it costs by the tenant's limits.
async fn nothing_is_dearer_for_the_others<S: Store>(limiter: &Limiter<S>) {
    let live = Arc::new(Live::new(both((&[log("server", 100)], 30), (&[log("own", 5)], 1))));
    let page = ask(limiter, &live, 3).await;
    assert_eq!(left(&page), [67, 1]);
    limiter.settle(page.ticket, 1).await;
    let look = ask(limiter, &live, 0).await;
    assert_eq!(left(&look), [40, 3]);
    // It was not made after all.
    limiter.settle(look.ticket, 0).await;
    assert_eq!(left(&ask(limiter, &live, 0).await), [11, 3]);
}

#[test]
fn each_set_counts_by_its_own_costs() {
    let (here, _) = limiter(vec![]);
    now(nothing_is_free_by_the_others(&here));
    let (here, _) = limiter(vec![]);
    now(nothing_is_dearer_for_the_others(&here));
    let shared = || Limiter::new(Policies::default(), Common::new(2)).with_clock(Turned::default());
    now(nothing_is_free_by_the_others(&shared()));
    now(nothing_is_dearer_for_the_others(&shared()));
}

#[test]
fn without_an_executor_it_is_the_same() {
    let (limiter, _) = limiter(vec![]);
    let live = Arc::new(Live::new(both((&[log("server", 100)], 30), (&[log("own", 5)], 0))));
    let decision = limiter.decide_now_by(&live, &LOOK, 4);
    assert_eq!(left(&decision), [66, 1]);
    let stands = limiter.settle_now(decision.ticket, 1);
    assert_eq!(stands.iter().map(|(_, view)| view.remaining).collect::<Vec<_>>(), [69, 4]);
}

/// Tokens that were taken ahead, what each server counts, and what is counted while the store is away.
#[test]
fn also_what_a_process_counts_by_itself() {
    let bucket = json!({ "bucket": { "burst": 1000, "tokens": 1, "per": "1h" } });
    let ahead =
        json!({ "name": "ahead", "by": ["tenant"], "strategy": bucket, "token_lease": { "tokens": 64, "time": "1s" } });
    let near = json!({ "name": "near", "by": ["tenant"], "strategy": bucket, "per_server": true });
    let common = Common::new(1);
    let limiter = Limiter::new(Policies::default(), common.clone()).with_clock(Turned::default());
    let live = Arc::new(Live::new(both((&[ahead, near], 10), (&[log("own", 100)], 0))));
    for place in 1..5 {
        let decision = now(ask(&limiter, &live, 3));
        assert_eq!(left(&decision), [1001 - 11 * place - 3, 1001 - 11 * place - 3, 101 - place - 3], "{place}");
        now(limiter.settle(decision.ticket, 1));
        let stands = now(limiter
            .look(&live.current(), &[("ahead", "server/ahead|tenant=acme"), ("near", "server/near|tenant=acme")]));
        for stand in stands.into_iter().flatten() {
            assert_eq!(stand.view.remaining, 1000 - 11 * place);
        }
    }
    common.is_away.store(true, Ordering::SeqCst);
    let fresh = Arc::new(Live::new(both((&[log("alone", 100)], 10), (&[log("own", 100)], 0))));
    let decision = now(ask(&limiter, &fresh, 3));
    assert!(decision.alone);
    assert_eq!(decision.lines[0].remaining, 87);
    now(limiter.settle(decision.ticket, 1));
    assert_eq!(now(ask(&limiter, &fresh, 0)).lines[0].remaining, 79);
}

#[test]
fn what_never_passes_says_what_it_costs_there() {
    let (limiter, _) = limiter(vec![]);
    let live = Arc::new(Live::new(both((&[log("server", 10)], 30), (&[log("own", 5)], 1))));
    let refusal = Answers::new().refusal(&limiter.decide_now_by(&live, &LOOK, 3)).unwrap();
    assert_eq!((refusal.cost, refusal.most), (Some(32), Some(10)));
    let live = Arc::new(Live::new(both((&[log("server", 1000)], 30), (&[log("own", 5)], 6))));
    let refusal = Answers::new().refusal(&limiter.decide_now_by(&live, &LOOK, 6)).unwrap();
    assert_eq!((refusal.cost, refusal.most), (Some(6), Some(5)));
}

/// Three sets, the last of which is whose costs are told.
#[test]
fn any_number_of_sets_decides_together() {
    let (limiter, _) = limiter(vec![]);
    let of = |name: &str, cost| set(name, &[log(name, 1000)], &costs(cost));
    let left_of = |policies: Policies, cost| left(&limiter.decide_now_by(&Arc::new(Live::new(policies)), &LOOK, cost));
    assert_eq!(left_of(of("c", 1).after(of("b", 10).after(of("a", 100))), 1), [900, 990, 999]);
    assert_eq!(left_of(of("f", 1).after(of("e", 10)).after(of("d", 100)), 2), [899, 989, 998]);
    let none = set("none", &[], &costs(7));
    assert_eq!(left_of(of("h", 1).after(none).after(of("g", 5)), 1), [995, 999]);
}

/// A document with other costs is tried by them.
#[test]
fn a_replay_asks_the_policies_for_what_a_route_costs() {
    let recorder = Recorder::default();
    for place in 0..10_u64 {
        let plain = Called { caller: LOOK, ..call(place * 1_000_000, "ann") };
        // Charged as a page of 3 more that had 1; the last one cost nothing.
        let (cost, real) = if place == 9 { (0, 0) } else { (4, 2) };
        recorder.record("", &Called { cost, real, ..plain });
    }
    let calls = read(&recorder.all());
    let tried = |cost| set("tried", &[log("few", 100)], &costs(cost));
    assert_eq!(replay(&calls, &tried(1)).refused, 0);
    let dear = replay(&calls, &tried(60));
    // 61 of 100 are used after the first, and 63 do not fit.
    assert_eq!((dear.refused, dear.policies[0].never, dear.policies[0].keys[0].peak_used), (8, 0, 63));
    let never = replay(&calls, &tried(98));
    assert_eq!((never.refused, never.policies[0].never), (9, 9));
    let sum = |cost| usage(&calls, &tried(cost), Span::from_secs(60))[0].steps[0].cost;
    assert_eq!((sum(1), sum(60), sum(0)), (9 * 2, 9 * 61, 9));
}

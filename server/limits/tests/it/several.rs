//! Several policies at once: all or nothing, the tightest named, shadows without effect. The reference keeps each
//! policy's states by itself.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use fluxor_limits::{
    At, Caller, Clock, Decision, Fixed, Leases, Limiter, Local, Observer, Outcome, Part, Policies, Policy, Span, State,
    Strategy, Ticket, Verdict, Window,
};
use proptest::prelude::*;

use crate::model::{at, fixed, strategy};

/// A clock that tests turn.
#[derive(Clone, Default)]
pub(crate) struct Turned(pub(crate) Arc<AtomicU64>);

impl Clock for Turned {
    fn now(&self) -> At {
        at(1_000_000 + self.0.load(Ordering::SeqCst))
    }
}

impl Turned {
    pub(crate) fn turn(&self, micros: u64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

pub(crate) fn limiter(policies: Vec<Policy>) -> (Limiter<Local>, Turned) {
    let clock = Turned::default();
    let limiter = Limiter::new(Policies::new(policies).unwrap(), Local::new(10_000)).with_clock(clock.clone());
    (limiter, clock)
}

#[derive(Clone, Debug)]
struct Call {
    wait: u64,
    user: Option<usize>,
    tenant: usize,
    cost: u64,
    /// Settle an open call before this one.
    settle: Option<(usize, u64)>,
}

fn calls() -> impl proptest::strategy::Strategy<Value = Vec<Call>> {
    use proptest::strategy::Strategy as _;
    let settle = prop::option::of((any::<usize>(), 0..8_u64));
    let call = (0..20_u64, prop::option::of(0..3_usize), 0..2_usize, 0..7_u64, settle);
    prop::collection::vec(
        call.prop_map(|(wait, user, tenant, cost, settle)| Call { wait, user, tenant, cost, settle }),
        1..60,
    )
}

fn policies() -> impl proptest::strategy::Strategy<Value = Vec<Policy>> {
    use proptest::strategy::Strategy as _;
    let by = prop::sample::select(vec![vec![Part::User], vec![Part::Tenant], vec![Part::Tenant, Part::User]]);
    prop::collection::vec((strategy(), by, any::<bool>()), 1..5).prop_map(|drawn| {
        let policy = |(place, (strategy, by, shadow)): (usize, (Strategy, Vec<Part>, bool))| {
            let policy = Policy::new(&format!("p{place}"), &by, strategy);
            // The first is never in shadow.
            if shadow && place > 0 { policy.in_shadow() } else { policy }
        };
        drawn.into_iter().enumerate().map(policy).collect()
    })
}

const NAMES: [&str; 3] = ["ann", "bob", "eve"];

fn caller(call: &Call) -> Caller<'static> {
    Caller { user: call.user.map(|user| NAMES[user]), tenant: Some(NAMES[call.tenant]), ..Caller::default() }
}

/// The reference: what each policy by itself would say, and what follows for all.
#[derive(Default)]
struct Reference {
    states: HashMap<Arc<str>, State>,
}

impl Reference {
    fn decide(&mut self, policies: &Policies, call: &Call, now: At) -> (bool, Vec<(Arc<str>, Verdict)>) {
        let asked: Vec<_> = policies.iter().filter_map(|policy| policy.ask(&caller(call), call.cost)).collect();
        let verdict = |ask: &fluxor_limits::decide::Asked<'_>| {
            let state = self.states.entry(Arc::clone(&ask.key)).or_insert_with(|| ask.strategy.fresh(now));
            ask.strategy.check(state, now, ask.takes)
        };
        let verdicts: Vec<Verdict> = asked.iter().map(verdict).collect();
        let admitted = asked.iter().zip(&verdicts).all(|(ask, verdict)| ask.policy.shadow || verdict.is_fine());
        for (ask, verdict) in asked.iter().zip(&verdicts) {
            if admitted && verdict.is_fine() {
                let state = self.states.get_mut(&ask.key).unwrap();
                ask.strategy.charge(state, now, ask.takes);
            }
        }
        (admitted, asked.into_iter().map(|ask| ask.key).zip(verdicts).collect())
    }
}

/// What is in use under each enforced policy. (A state with nothing in use may be forgotten at any time.)
fn in_use(limiter: &Limiter<Local>, decision: &Decision) -> Vec<u64> {
    let state = |key: &Arc<str>| limiter.store().state(key);
    let used = |key| state(key).map_or(0, |state| state.used(limiter.now()));
    decision.lines.iter().map(|line| used(&line.key)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn all_or_nothing(policies in policies(), calls in calls()) {
        let (limiter, clock) = limiter(policies);
        let set = limiter.policies();
        let mut reference = Reference::default();
        for call in &calls {
            clock.turn(call.wait);
            let asked: Vec<_> = set.iter().filter_map(|policy| policy.ask(&caller(call), call.cost)).collect();
            let before: Vec<_> = asked.iter().map(|ask| limiter.store().state(&ask.key)).collect();
            let decision = limiter.decide_now(&caller(call), call.cost);
            let (admitted, verdicts) = reference.decide(&set, call, limiter.now());
            prop_assert_eq!(decision.is_admitted(), admitted);
            for (key, verdict) in verdicts {
                let line = decision.lines.iter().find(|line| line.key == key).map(|line| line.verdict);
                let shadow = decision.shadows.iter().find(|shadow| shadow.key == key).map(|shadow| shadow.verdict);
                prop_assert_eq!(line.or(shadow), Some(verdict));
            }
            if !admitted {
                let after: Vec<_> = asked.iter().map(|ask| limiter.store().state(&ask.key)).collect();
                prop_assert_eq!(before, after);
                prop_assert!(decision.ticket.is_empty());
                waits_are_the_longest(&decision)?;
            }
        }
    }

    /// The same run with and without the policies in shadow: everything else is the same.
    #[test]
    fn shadows_have_no_effect(policies in policies(), calls in calls()) {
        let (with, clock) = limiter(policies.clone());
        let bare = policies.into_iter().filter(|policy| !policy.shadow).collect();
        let (without, other_clock) = limiter(bare);
        let mut open: Vec<(Ticket, Ticket)> = Vec::new();
        for call in &calls {
            clock.turn(call.wait);
            other_clock.turn(call.wait);
            if let Some((which, real)) = call.settle && !open.is_empty() {
                let (one, other) = open.swap_remove(which % open.len());
                with.settle_now(one, real);
                without.settle_now(other, real);
            }
            let one = with.decide_now(&caller(call), call.cost);
            let other = without.decide_now(&caller(call), call.cost);
            prop_assert_eq!(&one.outcome, &other.outcome);
            prop_assert_eq!(&one.lines, &other.lines);
            prop_assert_eq!(one.tightest, other.tightest);
            prop_assert_eq!(in_use(&with, &one), in_use(&without, &other));
            open.push((one.ticket, other.ticket));
        }
    }
}

fn waits_are_the_longest(decision: &Decision) -> Result<(), TestCaseError> {
    let longest = decision.violated().filter_map(|line| match line.verdict {
        Verdict::Later(wait) => Some(wait),
        _ => None,
    });
    let longest = longest.max();
    let never = decision.lines.iter().any(|line| matches!(line.verdict, Verdict::Never { .. }));
    match &decision.outcome {
        Outcome::Denied { by, retry_after } => {
            prop_assert!(!never);
            prop_assert_eq!(Some(*retry_after), longest);
            prop_assert_eq!(by, &decision.tightest().unwrap().policy);
        }
        Outcome::Never { .. } => prop_assert!(never),
        Outcome::Admitted => prop_assert!(false, "refused, yet admitted"),
    }
    Ok(())
}

#[test]
fn the_tightest_is_named() {
    let (limiter, _) = limiter(vec![
        Policy::new("wide", &[Part::Tenant], fixed(100, 1_000_000)),
        Policy::new("narrow", &[Part::User], fixed(4, 500_000)),
    ]);
    let caller = Caller { user: Some("ann"), tenant: Some("acme"), ..Caller::default() };
    let decision = limiter.decide_now(&caller, 3);
    assert_eq!(&*decision.tightest().unwrap().policy, "narrow");
    assert_eq!(decision.tightest().unwrap().remaining, 1);
    let stand = limiter.settle_now(decision.ticket, 1);
    let told: Vec<_> = stand.iter().map(|(key, view)| (&**key, view.quota, view.remaining)).collect();
    assert_eq!(told, [("wide|tenant=acme", 100, 99), ("narrow|user=ann", 4, 3)]);
    assert_eq!(limiter.decide_now(&caller, 0).tightest().unwrap().remaining, 3);
    let never = limiter.decide_now(&caller, 5);
    assert_eq!(never.outcome, Outcome::Never { by: "narrow".into(), most: 4 });
    assert_eq!(limiter.decide_now(&caller, 0).lines[0].remaining, 99);
    // Who is not known is not limited by what he does not have.
    let stranger = limiter.decide_now(&Caller::default(), 1_000);
    assert!(stranger.is_admitted() && stranger.lines.is_empty() && stranger.tightest.is_none());
}

#[test]
fn places_are_given_back() {
    let strategy = Strategy::Leases(Leases { limit: 2, lease: Span::from_secs(30) });
    let (limiter, clock) = limiter(vec![Policy::new("at_once", &[Part::User], strategy)]);
    let caller = Caller { user: Some("ann"), ..Caller::default() };
    // A call holds one place whatever it costs.
    let first = limiter.decide_now(&caller, 50).ticket;
    let second = limiter.decide_now(&caller, 50).ticket;
    assert!(first.holds_lease());
    assert!(!limiter.decide_now(&caller, 1).is_admitted());
    limiter.release_now(first);
    let third = limiter.decide_now(&caller, 1).ticket;
    clock.turn(29_000_000);
    assert!(limiter.renew_now(&second));
    clock.turn(2_000_000);
    // The third has expired; the second goes on.
    assert!(!limiter.renew_now(&third));
    let fourth = limiter.decide_now(&caller, 1);
    assert!(fourth.is_admitted() && !limiter.decide_now(&caller, 1).is_admitted());
    limiter.release_now(third);
    assert!(!limiter.decide_now(&caller, 1).is_admitted());
    limiter.settle_now(fourth.ticket, 7);
    assert!(limiter.decide_now(&caller, 1).is_admitted());
}

#[test]
fn a_change_is_in_force_at_once() {
    let policy = |limit| vec![Policy::new("p", &[Part::User], fixed(limit, 1_000_000))];
    let (limiter, _) = limiter(policy(3));
    let caller = Caller { user: Some("ann"), ..Caller::default() };
    assert!((0..3).all(|_| limiter.decide_now(&caller, 1).is_admitted()));
    limiter.replace(Policies::new(policy(5)).unwrap());
    assert_eq!((0..9).filter(|_| limiter.decide_now(&caller, 1).is_admitted()).count(), 2);
    limiter.replace(Policies::new(policy(2)).unwrap());
    assert!(!limiter.decide_now(&caller, 1).is_admitted());
    limiter.replace(Policies::new(policy(2)).unwrap().scoped("other"));
    assert!(limiter.decide_now(&caller, 1).is_admitted());
}

#[test]
fn single_keys_have_other_limits() {
    let mut policy = Policy::new("p", &[Part::User], fixed(1, 1_000_000));
    let named = |user| Caller { user: Some(user), ..Caller::default() };
    assert!(policy.except(&named("vip"), Some(fixed(3, 1_000_000))));
    assert!(policy.except(&named("robot|x"), None));
    assert!(!policy.except(&Caller::default(), None));
    let (limiter, _) = limiter(vec![policy]);
    let admitted = |user| (0..9).filter(|_| limiter.decide_now(&named(user), 1).is_admitted()).count();
    assert_eq!((admitted("ann"), admitted("vip"), admitted("robot|x")), (1, 3, 9));
}

#[test]
fn the_observer_is_told() {
    struct Count(Arc<AtomicU64>);
    impl Observer for Count {
        fn decided(&self, decision: &Decision, cost: u64) {
            let refused = decision.shadows.iter().filter(|shadow| !shadow.verdict.is_fine()).count();
            self.0.fetch_add(cost * refused as u64, Ordering::SeqCst);
        }
    }
    let seen = Arc::new(AtomicU64::new(0));
    let window = Window::Every(Span::from_secs(60));
    let shadow = Policy::new("p", &[Part::User], Strategy::Fixed(Fixed { limit: 2, window })).in_shadow();
    let limiter = limiter(vec![shadow]).0.with_observer(Count(Arc::clone(&seen)));
    let caller = Caller { user: Some("ann"), ..Caller::default() };
    assert!((0..5).all(|_| limiter.decide_now(&caller, 2).is_admitted()));
    assert_eq!(seen.load(Ordering::SeqCst), 8);
}

/// A lease is given back though its policy is gone meanwhile: when it comes back nobody holds a place.
#[test]
fn leases_come_back_whatever_the_settings() {
    let leases =
        || Policy::new("at_once", &[Part::User], Strategy::Leases(Leases { limit: 1, lease: Span::from_secs(3_600) }));
    let caller = Caller { user: Some("ann"), ..Caller::default() };
    for other in [
        vec![],
        vec![{
            let mut exempt = leases();
            assert!(exempt.except(&caller, None));
            exempt
        }],
    ] {
        let (limiter, _) = limiter(vec![leases()]);
        let held = limiter.decide_now(&caller, 1);
        assert!(held.is_admitted());
        limiter.replace(Policies::new(other).unwrap());
        limiter.release_now(held.ticket);
        limiter.replace(Policies::new(vec![leases()]).unwrap());
        assert!(limiter.decide_now(&caller, 1).is_admitted());
    }
}

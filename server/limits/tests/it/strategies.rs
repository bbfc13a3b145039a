//! One key under one strategy: random calls, settlements and clocks.

use fluxor_limits::{Bucket, Leases, Receipt, State, Strategy, Verdict};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

use crate::model::{Event, at, promise, span, strategy};

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Call(u64),
    /// Settle one of the open calls; the real cost is the charged one less this, or more.
    Less(usize, u64),
    More(usize, u64),
}

fn step() -> impl Generator<Value = Step> {
    prop_oneof![
        3 => (0..25_u64).prop_map(Step::Wait),
        6 => (0..7_u64).prop_map(Step::Call),
        3 => (any::<usize>(), 0..9_u64).prop_map(|(which, less)| Step::Less(which, less)),
        1 => (any::<usize>(), 1..9_u64).prop_map(|(which, more)| Step::More(which, more)),
    ]
}

/// What must be true of every refusal: nothing has changed, and the wait is exact.
fn refused_rightly(strategy: &Strategy, state: &State, now: u64, cost: u64, verdict: Verdict) {
    match verdict {
        Verdict::Later(wait) => {
            assert!(wait.micros() > 0);
            let then = now + wait.micros();
            assert_eq!(strategy.check(state, at(then), cost), Verdict::Fine, "at {then}");
            assert!(!strategy.check(state, at(then - 1), cost).is_fine(), "already before {then}");
        }
        Verdict::Never { most } => assert!(cost > most && most == strategy.most()),
        Verdict::Fine => unreachable!(),
    }
}

/// Charges if there is room, otherwise looks at the refusal.
fn call(strategy: &Strategy, state: &mut State, now: u64, cost: u64) -> Option<Receipt> {
    let before = state.clone();
    let verdict = strategy.check(state, at(now), cost);
    assert_eq!(before, *state);
    assert_eq!(matches!(verdict, Verdict::Never { .. }), cost > strategy.most());
    if verdict.is_fine() {
        return Some(strategy.charge(state, at(now), cost));
    }
    refused_rightly(strategy, state, now, cost, verdict);
    None
}

fn run(strategy: &Strategy, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut now = 1_000_000;
    let mut state = strategy.fresh(at(now));
    let mut events: Vec<Event> = Vec::new();
    let mut open: Vec<(Receipt, usize)> = Vec::new();
    for step in steps {
        match *step {
            Step::Wait(wait) => now += wait,
            Step::Call(cost) => match call(strategy, &mut state, now, cost) {
                Some(receipt) => {
                    open.push((receipt, events.len()));
                    events.push(Event { at: now, cost, admitted: true });
                }
                None => exactly(strategy, &events, now, cost)?,
            },
            Step::Less(which, less) if !open.is_empty() => {
                let (receipt, event) = open.swap_remove(which % open.len());
                let real = events[event].cost.saturating_sub(less);
                strategy.settle(&mut state, at(now), &receipt, real);
                events[event].cost = real;
            }
            // The guarantee of the sliding counter is not over what was charged without room.
            Step::More(which, more) if !open.is_empty() && !matches!(strategy, Strategy::Sliding(_)) => {
                let (receipt, event) = open.swap_remove(which % open.len());
                strategy.settle(&mut state, at(now), &receipt, events[event].cost + more);
                events.push(Event { at: now, cost: more, admitted: false });
            }
            Step::Less(..) | Step::More(..) => {}
        }
    }
    promise(strategy, &events).map_err(TestCaseError::fail)
}

/// A log refuses nobody who kept to the limit.
fn exactly(strategy: &Strategy, events: &[Event], now: u64, cost: u64) -> Result<(), TestCaseError> {
    if let Strategy::Log(log) = strategy {
        let counted = events.iter().filter(|event| event.at + log.window.micros() > now).map(|event| event.cost);
        prop_assert!(counted.sum::<u64>() + cost > log.limit);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn guarantees_hold_in_any_window(strategy in strategy(), steps in prop::collection::vec(step(), 1..80)) {
        if !matches!(strategy, Strategy::Leases(_)) {
            run(&strategy, &steps)?;
        }
    }

    /// At most L places are held at once; what was released or has expired is not released again.
    #[test]
    fn leases_hold(limit in 1..6_u64, lease in 1..50_u64, steps in prop::collection::vec(step(), 1..80)) {
        let strategy = Strategy::Leases(Leases { limit, lease: span(lease) });
        let mut now = 1_000_000;
        let mut state = strategy.fresh(at(now));
        let mut held: Vec<(Receipt, u64, u64)> = Vec::new();
        let mut gone: Vec<Receipt> = Vec::new();
        for step in &steps {
            let (dead, alive) = held.drain(..).partition::<Vec<_>, _>(|&(_, until, _)| until <= now);
            held = alive;
            gone.extend(dead.into_iter().map(|(receipt, ..)| receipt));
            match *step {
                Step::Wait(wait) => now += wait,
                Step::Call(places) => {
                    if let Some(receipt) = call(&strategy, &mut state, now, places) && places > 0 {
                        held.push((receipt, now + lease, places));
                    }
                }
                Step::Less(which, less) if less < 5 && !held.is_empty() => {
                    let (receipt, ..) = held.swap_remove(which % held.len());
                    strategy.settle(&mut state, at(now), &receipt, 0);
                    gone.push(receipt);
                }
                Step::More(which, _) if !held.is_empty() => {
                    let which = which % held.len();
                    prop_assert!(strategy.renew(&mut state, at(now), &held[which].0));
                    held[which].1 = now + lease;
                }
                Step::Less(which, _) if !gone.is_empty() => {
                    let before = state.used(at(now));
                    let receipt = gone[which % gone.len()];
                    strategy.settle(&mut state, at(now), &receipt, 0);
                    prop_assert!(!strategy.renew(&mut state, at(now), &receipt));
                    prop_assert_eq!(before, state.used(at(now)));
                }
                Step::Less(..) | Step::More(..) => {}
            }
            let places: u64 = held.iter().filter(|(_, until, _)| *until > now).map(|(.., places)| places).sum();
            prop_assert!(places <= limit);
            prop_assert_eq!(places, state.used(at(now)));
        }
    }

    /// A clock that goes back admits nothing extra, and freezes nobody for longer than it went back.
    #[test]
    fn clocks_go_back(
        strategy in strategy(),
        steps in prop::collection::vec((-60..40_i64, 1..7_u64), 1..80),
    ) {
        let (mut now, mut latest) = (1_000_000_u64, 0);
        let mut state = strategy.fresh(at(now));
        let mut events: Vec<Event> = Vec::new();
        for (jump, cost) in steps {
            now = now.saturating_add_signed(jump);
            match strategy.check(&state, at(now), cost) {
                Verdict::Fine => {
                    strategy.charge(&mut state, at(now), cost);
                    latest = latest.max(now);
                    events.push(Event { at: latest, cost, admitted: true });
                }
                Verdict::Later(wait) => {
                    let back = latest.saturating_sub(now);
                    let then = match strategy.check(&state, at(now + back), cost) {
                        Verdict::Later(wait) => wait.micros(),
                        _ => 0,
                    };
                    prop_assert!(wait.micros() <= back + then);
                }
                Verdict::Never { .. } => {}
            }
        }
        promise(&strategy, &events).map_err(TestCaseError::fail)?;
    }

    /// "Never more than L in any W", by burst and rate.
    #[test]
    fn a_bucket_for_a_window(limit in 2..40_u64, window in 1..200_u64, share in 0..=100_u8,
                             steps in prop::collection::vec((0..30_u64, 0..9_u64), 1..100)) {
        let Some(bucket) = Bucket::never_more_than(limit, span(window), share) else { return Ok(()) };
        let strategy = Strategy::Bucket(bucket);
        let mut now = 5_000;
        let mut state = strategy.fresh(at(now));
        let mut events: Vec<(u64, u64)> = Vec::new();
        for (wait, cost) in steps {
            now += wait;
            if call(&strategy, &mut state, now, cost).is_some() {
                events.push((now, cost));
            }
        }
        for (first, &(begin, _)) in events.iter().enumerate() {
            let sum: u64 = events[first..].iter().filter(|(at, _)| *at < begin + window).map(|(_, cost)| cost).sum();
            prop_assert!(sum <= limit);
        }
    }
}

/// Numbers at the ends of what fits.
fn extreme() -> impl Generator<Value = u64> {
    let ends = vec![0, 1, 2, 1 << 32, (1 << 62) - 1, 1 << 62, (1 << 62) + 1, 1 << 63, u64::MAX - 1, u64::MAX];
    prop_oneof![4 => prop::sample::select(ends), 1 => any::<u64>()]
}

fn extreme_strategy() -> impl Generator<Value = Strategy> {
    use fluxor_limits::{Calendar, Fixed, Log, Ring, Sliding, Window};
    (0..8, extreme(), extreme(), extreme(), any::<u8>()).prop_map(|(kind, limit, len, other, slots)| {
        let window = span(len);
        let zone = || jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        match kind {
            0 => Strategy::Fixed(Fixed { limit, window: Window::Every(window) }),
            1 => Strategy::Fixed(Fixed { limit, window: Window::Calendar(Calendar::Month, zone()) }),
            2 => Strategy::Fixed(Fixed { limit, window: Window::Calendar(Calendar::Hour, zone()) }),
            3 => Strategy::Sliding(Sliding { limit, window }),
            4 => Strategy::Bucket(Bucket::new(limit, other, window)),
            5 => Strategy::Ring(Ring { limit, window, slots }),
            6 => Strategy::Log(Log { limit, window }),
            _ => Strategy::Leases(Leases { limit, lease: window }),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_overflows(
        strategies in prop::collection::vec(extreme_strategy(), 1..3),
        steps in prop::collection::vec((extreme(), extreme(), extreme(), any::<bool>()), 1..20),
    ) {
        let mut state = strategies[0].fresh(at(steps[0].0));
        let mut receipts: Vec<Receipt> = Vec::new();
        for (place, (now, cost, real, anyway)) in steps.into_iter().enumerate() {
            let strategy = &strategies[place % strategies.len()];
            let verdict = strategy.check(&state, at(now), cost);
            if verdict.is_fine() || anyway {
                receipts.push(strategy.charge(&mut state, at(now), cost));
            }
            if let Some(receipt) = receipts.last() {
                strategy.settle(&mut state, at(now), receipt, real);
                strategy.renew(&mut state, at(real), receipt);
            }
            let view = strategy.view(&state, at(now));
            prop_assert!(view.remaining <= view.quota);
            let _ = (state.used(at(real)), state.untouched_at());
        }
    }
}

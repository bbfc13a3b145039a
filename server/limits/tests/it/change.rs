//! A policy is changed while it is in use: no free burst, no reset, nobody deeper in debt than the new limit.

use fluxor_limits::{Fixed, Leases, Log, Receipt, Ring, Sliding, State, Strategy, Window};
use proptest::prelude::*;

use crate::model::{Event, at, promise, promise_and, strategy};

/// Whether what was counted goes on as it is.
fn same_windows(one: &Strategy, other: &Strategy) -> bool {
    match (one, other) {
        (Strategy::Fixed(one), Strategy::Fixed(other)) => one.window == other.window,
        (Strategy::Sliding(one), Strategy::Sliding(other)) => one.window == other.window,
        (Strategy::Ring(one), Strategy::Ring(other)) => {
            // What counts is how long a slot is, in whole microseconds.
            let slot = |ring: &Ring| (ring.window.micros().div_ceil(u64::from(ring.slots)), ring.slots);
            slot(one) == slot(other)
        }
        (Strategy::Log(one), Strategy::Log(other)) => one.window == other.window,
        _ => false,
    }
}

/// The same strategy with another limit (a bucket: any other).
fn lowered(strategy: &Strategy, by: u64) -> Strategy {
    let lower = |limit: u64| (limit - by.min(limit - 1)).max(1);
    match strategy.clone() {
        Strategy::Fixed(fixed) => Strategy::Fixed(Fixed { limit: lower(fixed.limit), ..fixed }),
        Strategy::Sliding(sliding) => Strategy::Sliding(Sliding { limit: lower(sliding.limit), ..sliding }),
        Strategy::Ring(ring) => Strategy::Ring(Ring { limit: lower(ring.limit), ..ring }),
        Strategy::Log(log) => Strategy::Log(Log { limit: lower(log.limit), ..log }),
        Strategy::Leases(leases) => Strategy::Leases(Leases { limit: lower(leases.limit), ..leases }),
        Strategy::Bucket(bucket) => {
            let (tokens, per) = bucket.rate();
            let per = fluxor_limits::Span::from_micros(per);
            Strategy::Bucket(fluxor_limits::Bucket::new(lower(bucket.burst()), tokens, per))
        }
    }
}

struct Run {
    state: State,
    now: u64,
    events: Vec<Event>,
    open: Vec<(Receipt, usize)>,
}

impl Run {
    fn new(strategy: &Strategy) -> Run {
        let now = 1_000_000;
        Run { state: strategy.fresh(at(now)), now, events: Vec::new(), open: Vec::new() }
    }

    /// As a store does it: carry over, check, charge.
    fn call(&mut self, strategy: &Strategy, cost: u64) {
        strategy.carry_over(&mut self.state, at(self.now));
        if strategy.check(&self.state, at(self.now), cost).is_fine() {
            let receipt = strategy.charge(&mut self.state, at(self.now), cost);
            self.open.push((receipt, self.events.len()));
            self.events.push(Event { at: self.now, cost, admitted: true });
        }
    }

    fn refund(&mut self, strategy: &Strategy, which: usize, less: u64) -> Option<(usize, u64)> {
        if self.open.is_empty() {
            return None;
        }
        let (receipt, event) = self.open.swap_remove(which % self.open.len());
        let cost = self.events[event].cost;
        strategy.settle(&mut self.state, at(self.now), &receipt, cost.saturating_sub(less));
        Some((event, cost.min(less)))
    }
}

type Steps = Vec<(u64, u64, Option<(usize, u64)>)>;

fn steps() -> impl proptest::strategy::Strategy<Value = Steps> {
    let refund = prop::option::of((any::<usize>(), 0..9_u64));
    prop::collection::vec((0..15_u64, 0..7_u64, refund), 1..40)
}

/// Runs under the one, then under the other; afterwards never more than the other's promise minus what was still used.
fn around(p: &Strategy, q: &Strategy, before: &Steps, after: &Steps, wait: u64) -> Result<(), TestCaseError> {
    let mut run = Run::new(p);
    for &(wait, cost, refund) in before {
        run.now += wait;
        run.call(p, cost);
        if let Some((which, less)) = refund
            && let Some((event, less)) = run.refund(p, which, less)
        {
            run.events[event].cost -= less;
        }
    }
    run.now += wait;
    // What counts places and what counts calls know nothing of each other.
    let used = if p.unit() == q.unit() { run.state.used(at(run.now)) } else { 0 };
    let counts = same_windows(p, q);
    let bucket = matches!((p, q), (Strategy::Bucket(_), Strategy::Bucket(_)));
    let capped = used > q.most();
    q.carry_over(&mut run.state, at(run.now));
    // Places that are held stay held until they are given back or expire.
    let held = matches!((p, q), (Strategy::Leases(_), Strategy::Leases(_)));
    if !counts && !held {
        prop_assert!(run.state.used(at(run.now)) <= q.most());
    }
    let changed = run.events.len();
    // Between buckets the fraction of a token stays a fraction.
    let mut carried = used.min(q.most()).saturating_sub(u64::from(bucket));
    for &(wait, cost, refund) in after {
        run.call(q, cost);
        if let Some((which, less)) = refund
            && let Some((event, less)) = run.refund(q, which, less)
        {
            if counts || event >= changed {
                run.events[event].cost -= less;
            } else if bucket && !capped {
                carried = carried.saturating_sub(less);
            }
        }
        run.now += wait;
    }
    let mut events = run.events;
    if counts {
        // The old limit may have let more in; what is judged is what the new one admits.
        events.iter_mut().take(changed).for_each(|event| event.admitted = false);
        if matches!(q, Strategy::Sliding(_)) {
            // What the window before may hold more fades like the rest of it.
            return promise_and(q, &events, p.most().saturating_sub(q.most())).map_err(TestCaseError::fail);
        }
    } else {
        let begin = before.iter().map(|(wait, ..)| wait).sum::<u64>() + 1_000_000 + wait;
        events.splice(..changed, [Event { at: begin, cost: carried, admitted: false }]);
    }
    promise(q, &events).map_err(TestCaseError::fail)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn to_any_other(p in strategy(), q in strategy(), before in steps(), after in steps(), wait in 0..30_u64) {
        around(&p, &q, &before, &after, wait)?;
    }

    #[test]
    fn to_a_lower_limit(p in strategy(), by in 0..10_u64, before in steps(), after in steps(), wait in 0..30_u64) {
        around(&p, &lowered(&p, by), &before, &after, wait)?;
        around(&lowered(&p, by), &p, &before, &after, wait)?;
    }

    /// Who has nothing left has nothing left after a change that raises nothing.
    #[test]
    fn no_reset(p in strategy(), q in strategy(), before in steps(), by in 0..5_u64) {
        for q in [q, lowered(&p, by)] {
            let mut run = Run::new(&p);
            for &(wait, cost, _) in &before {
                run.now += wait;
                run.call(&p, cost);
            }
            let left = p.view(&run.state, at(run.now)).remaining;
            run.call(&p, left);
            let left = p.view(&run.state, at(run.now)).remaining;
            prop_assert_eq!(left, 0);
            if q.most() <= p.most() && q.unit() == p.unit() {
                q.carry_over(&mut run.state, at(run.now));
                prop_assert_eq!(q.view(&run.state, at(run.now)).remaining, 0);
            }
        }
    }

    /// A change and back again is no reset either, however little the other admits.
    #[test]
    fn there_and_back(p in strategy(), q in strategy(), before in steps()) {
        let mut run = Run::new(&p);
        for &(wait, cost, _) in &before {
            run.now += wait;
            run.call(&p, cost);
        }
        let left = |run: &Run| p.view(&run.state, at(run.now)).remaining;
        let before = left(&run);
        q.carry_over(&mut run.state, at(run.now));
        p.carry_over(&mut run.state, at(run.now));
        if p.unit() == q.unit() {
            prop_assert!(left(&run) <= before);
        }
    }

    /// As where some servers know a change already and others do not: at one instant, whoever decides, no more is admitted
    /// than the larger of both.
    #[test]
    fn to_and_fro_at_one_instant(p in strategy(), q in strategy(), calls in prop::collection::vec((any::<bool>(), 1..5_u64), 1..80)) {
        prop_assume!(p.unit() == q.unit());
        let mut run = Run::new(&p);
        for (first, cost) in calls {
            run.call(if first { &p } else { &q }, cost);
        }
        let admitted: u64 = run.events.iter().map(|event| event.cost).sum();
        let held = matches!((&p, &q), (Strategy::Leases(_), Strategy::Leases(_)));
        prop_assert!(admitted <= p.most().max(q.most()) || held, "{admitted}");
    }

    /// And over time, where one of them keeps a promise over a window: no more in it than both together.
    #[test]
    fn to_and_fro_over_time(
        limits in (1..30_u64, 1..30_u64), windows in (2..60_u64, 2..60_u64), steps in prop::collection::vec((any::<bool>(), 0..4_u64, 1..5_u64), 1..120),
    ) {
        let log = |limit, window| Strategy::Log(Log { limit, window: crate::model::span(window) });
        let (p, q) = (log(limits.0, windows.0), log(limits.1, windows.1));
        let mut run = Run::new(&p);
        for (first, wait, cost) in steps {
            run.now += wait;
            run.call(if first { &p } else { &q }, cost);
        }
        let (short, most) = (windows.0.min(windows.1), limits.0.max(limits.1));
        for (place, last) in run.events.iter().enumerate() {
            let within = run.events[..=place].iter().filter(|event| last.at - event.at < short);
            let sum: u64 = within.map(|event| event.cost).sum();
            prop_assert!(sum <= most, "{sum} in {short} up to {}: {:?}", last.at, run.events);
        }
    }

    /// What was let go is found again when the limit is raised, as long as it counts.
    #[test]
    fn lowered_and_raised_again(p in strategy(), q in strategy(), low in 1..4_u64, before in steps(), wait in 0..9_u64) {
        prop_assume!(p.unit() == q.unit() && q.unit() == fluxor_limits::Unit::Requests);
        let narrow = lowered(&q, q.most().saturating_sub(low));
        let (mut changed, mut plain) = (Run::new(&p), Run::new(&p));
        for run in [&mut changed, &mut plain] {
            for &(wait, cost, _) in &before {
                run.now += wait;
                run.call(&p, cost);
            }
        }
        narrow.carry_over(&mut changed.state, at(changed.now));
        let until = changed.state.untouched_at();
        q.carry_over(&mut plain.state, at(plain.now));
        if at(changed.now + wait) < until {
            let (now, q) = (at(changed.now), &q);
            let left = |state: &State| q.view(state, now).remaining;
            prop_assert!(left(&changed.state) <= left(&plain.state) + 1, "{} and {}", left(&changed.state), left(&plain.state));
        }
    }
}

/// A window that is the same by chance goes on: a day in two zones of one offset.
#[test]
fn the_same_window_by_another_name() {
    let day = |zone: &str| {
        let zone = jiff::tz::TimeZone::get(zone).unwrap();
        Strategy::Fixed(Fixed { limit: 10, window: Window::Calendar(fluxor_limits::Calendar::Day, zone) })
    };
    let now = at(1_780_000_000_000_000);
    let (berlin, paris, tokyo) = (day("Europe/Berlin"), day("Europe/Paris"), day("Asia/Tokyo"));
    let mut state = berlin.fresh(now);
    let receipt = berlin.charge(&mut state, now, 7);
    let before = berlin.view(&state, now);
    paris.carry_over(&mut state, now);
    assert_eq!(paris.view(&state, now), before);
    paris.settle(&mut state, now, &receipt, 5);
    assert_eq!(state.used(now), 5);
    tokyo.carry_over(&mut state, now);
    assert_eq!(tokyo.view(&state, now).remaining, 5);
    // It became a charge of now: the receipt from before is void.
    tokyo.settle(&mut state, now, &receipt, 0);
    assert_eq!(state.used(now), 5);
}

/// The charge of the very call that finds the change is settled like any other, and a place so taken is given back.
#[test]
fn the_first_call_after_a_change_is_settled() {
    let hour = fluxor_limits::Span::from_secs(3_600);
    let all = crate::look::all(100, hour);
    for p in &all {
        for q in all.iter().filter(|q| *q != p) {
            let mut state = p.fresh(at(1_000_000));
            let _ = p.charge(&mut state, at(1_000_000), 2);
            let now = at(2_000_000);
            let before = q.view(&state, now).remaining;
            let receipt = q.charge(&mut state, now, q.takes(50));
            q.settle(&mut state, now, &receipt, 0);
            assert_eq!(q.view(&state, now).remaining, before, "{} to {}", p.name(), q.name());
        }
    }
}

/// A call just before the change is not settled after it, even where both are of one instant: what it counted was taken over.
#[test]
fn a_receipt_of_the_very_instant_is_void() {
    let all = crate::look::all(100, fluxor_limits::Span::from_secs(3_600));
    let now = at(2_000_000);
    for p in &all {
        for q in all.iter().filter(|q| *q != p) {
            let mut state = p.fresh(now);
            let receipt = p.charge(&mut state, now, p.takes(50));
            q.carry_over(&mut state, now);
            let before = q.view(&state, now).remaining;
            q.settle(&mut state, now, &receipt, 0);
            assert_eq!(q.view(&state, now).remaining, before, "{} to {}", p.name(), q.name());
            // Nor after a second change, at the same instant.
            let of_q = q.charge(&mut state, now, q.takes(1));
            p.carry_over(&mut state, now);
            let before = p.view(&state, now).remaining;
            p.settle(&mut state, now, &receipt, 0);
            p.settle(&mut state, now, &of_q, 0);
            assert_eq!(p.view(&state, now).remaining, before, "{} to {} and back", p.name(), q.name());
        }
    }
}

/// A clock that goes back when a policy changes makes no receipt good again.
#[test]
fn what_is_void_stays_void() {
    let log = |window| Strategy::Log(Log { limit: 9, window: crate::model::span(window) });
    let mut state = log(5_000).fresh(at(1_000));
    let receipt = log(5_000).charge(&mut state, at(1_000), 3);
    log(6_000).carry_over(&mut state, at(2_000));
    log(7_000).carry_over(&mut state, at(500));
    log(7_000).settle(&mut state, at(500), &receipt, 0);
    assert_eq!(state.used(at(2_000)), 3);
}

/// From the last touch to the first one after the change a bucket drains by the slower of the two rates: nobody knows
/// when between them the change was.
#[test]
fn a_slower_bucket_counts_from_the_last_touch() {
    use fluxor_limits::{Bucket, Span};
    let second = Span::from_secs(1);
    let fast = Strategy::Bucket(Bucket::new(100, 100, second));
    let slow = Strategy::Bucket(Bucket::new(100, 1, second));
    for (p, q) in [(&fast, &slow), (&slow, &fast)] {
        let mut state = p.fresh(at(1_000_000));
        let _ = p.charge(&mut state, at(1_000_000), 100);
        q.carry_over(&mut state, at(3_500_000));
        assert_eq!(q.view(&state, at(3_500_000)).remaining, 2);
        assert_eq!(q.view(&state, at(4_500_000)).remaining, if q == &fast { 100 } else { 3 });
    }
}

proptest! {
    /// Lowered and raised again, a bucket admits no more than if it had never been changed.
    #[test]
    fn a_burst_that_is_lowered_and_raised_again_is_no_gift(
        burst in 2..60_u64, low in 1..60_u64, spent in 0..60_u64, waits in prop::array::uniform3(0..40_u64), late in 0..9_u64,
    ) {
        let bucket = |burst| Strategy::Bucket(fluxor_limits::Bucket::new(burst, 1, fluxor_limits::Span::from_micros(7)));
        let (wide, narrow) = (bucket(burst), bucket(low.min(burst)));
        let (mut changed, mut plain) = (wide.fresh(at(0)), wide.fresh(at(0)));
        let mut now = 0;
        for state in [&mut changed, &mut plain] {
            let _ = wide.charge(state, at(now), spent.min(burst));
        }
        now += waits[0];
        narrow.carry_over(&mut changed, at(now));
        now += waits[1];
        if narrow.check(&changed, at(now), late).is_fine() {
            for (strategy, state) in [(&narrow, &mut changed), (&wide, &mut plain)] {
                let _ = strategy.charge(state, at(now), late);
            }
        }
        now += waits[2];
        wide.carry_over(&mut changed, at(now));
        let (changed, plain) = (wide.view(&changed, at(now)).remaining, wide.view(&plain, at(now)).remaining);
        prop_assert!(changed <= plain, "{changed} instead of {plain}");
        prop_assert!(changed + 1 >= plain, "nor is anything taken: {changed} instead of {plain}");
    }
}

//! What must come out: `decide::weigh` over states in a map that forgets nothing; and sequences of questions.

use std::collections::HashMap;

use fluxor_limits::decide::{Asked, Found, States, weigh};
use fluxor_limits::jiff::tz::TimeZone;
use fluxor_limits::store::Settling;
use fluxor_limits::{At, Bucket, Calendar, Fixed, Leases, Log, Ring, Sliding, Span, State, Strategy, Window, strategy};
use proptest::prelude::*;
use proptest::strategy::Strategy as Generator;

/// The largest whole number that is exact in a double.
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) states: HashMap<String, State>,
    /// Whether there ever was a number that is not exact in a double any more.
    pub(crate) beyond: bool,
}

struct Of<'a>(&'a mut HashMap<String, State>, &'a [Asked<'a>]);

impl States for Of<'_> {
    fn get(&mut self, place: usize) -> Option<&mut State> {
        self.0.get_mut(&*self.1[place].key)
    }

    fn put(&mut self, place: usize, state: State) {
        self.0.insert(self.1[place].key.to_string(), state);
    }
}

impl Model {
    pub(crate) fn weigh(&mut self, now: At, asked: &[Asked<'_>], back: &[Settling<'_>]) -> Vec<Found> {
        self.settle(now, back);
        // What can never pass is only looked at: what is met on the way stands in no state afterwards.
        for ask in asked {
            self.look_beyond(&ask.key, ask.strategy, now);
        }
        let found = weigh(asked, now, &mut Of(&mut self.states, asked));
        self.beyond |= self.is_beyond(now) || found.iter().any(|found| is_beyond(found, now));
        found
    }

    pub(crate) fn settle(&mut self, now: At, settling: &[Settling<'_>]) {
        for one in settling {
            self.look_beyond(one.key, one.strategy, now);
            self.settle_one(now, one);
            self.beyond |= self.is_beyond(now);
        }
    }

    fn settle_one(&mut self, now: At, one: &Settling<'_>) {
        if let Some(state) = self.states.get_mut(one.key) {
            one.strategy.settle(state, now, &one.receipt, one.real);
            return;
        }
        let mut state = one.strategy.fresh(now);
        one.strategy.settle(&mut state, now, &one.receipt, one.real);
        if state.used(now) > 0 {
            self.states.insert(one.key.to_owned(), state);
        }
    }

    pub(crate) fn renew(&mut self, now: At, renewing: &[Settling<'_>]) -> bool {
        let mut held = true;
        for one in renewing {
            self.look_beyond(one.key, one.strategy, now);
            let state = self.states.get_mut(one.key);
            held &= state.is_some_and(|state| one.strategy.renew(state, now, &one.receipt));
            self.beyond |= self.is_beyond(now);
        }
        held
    }

    /// Whether such a number is in it, or comes out of it.
    fn is_beyond(&self, now: At) -> bool {
        self.states.values().any(|state| is_state_beyond(state, now))
    }

    /// Whether there is such a number in a state as a strategy goes on with it, or on the way there: a level in other
    /// units, before what has drained since is taken from it.
    fn look_beyond(&mut self, key: &str, strategy: &Strategy, now: At) {
        let Some(state) = self.states.get(key) else { return };
        let mut carried = state.clone();
        strategy.carry_over(&mut carried, now);
        self.beyond |= is_state_beyond(&carried, now);
        if let (Strategy::Bucket(bucket), Some(level)) = (strategy, state.to_text().strip_prefix("B ")) {
            let level = level.split_once(" + ").map_or(level, |(level, _)| level);
            let numbers: Vec<u128> = level.split(' ').map(|number| number.parse().unwrap()).collect();
            let (owed, per) = (numbers[3], numbers[5]);
            self.beyond |= owed * u128::from(bucket.rate().1) / per > u128::from(LARGEST);
        }
    }
}

/// (The shape of a window is kept as text.)
fn is_state_beyond(state: &State, now: At) -> bool {
    let whole = state.to_text();
    let (text, let_go) = whole.split_once(" + ").unwrap_or((&whole, ""));
    let own = text.split(' ').skip(1).take(if text.starts_with('F') { 4 } else { usize::MAX });
    let mut numbers = own.chain(let_go.split(' ').filter(|number| !number.is_empty()));
    // What a bucket has charged is the last: a counter at the largest number may have run over.
    let ran_over = text.starts_with('B') && text.ends_with(&format!(" {LARGEST}"));
    ran_over || state.used(now) > LARGEST || numbers.any(|number| number.parse::<u64>().unwrap() > LARGEST)
}

/// How large numbers are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Scale {
    /// Every limit is met often, and instants fall together.
    Tiny,
    /// As settings usually are.
    Usual,
    /// As settings allow at most.
    Huge,
}

#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) key: usize,
    pub(crate) shadow: bool,
    /// Of the limit, in thousandths, and a little more.
    pub(crate) cost: (u64, u64),
    /// The same, on top of the cost.
    pub(crate) ahead: Option<(u64, u64)>,
}

/// Which of the charges that were made, what it really cost (in thousandths, and a little more), whether it can be
/// settled again.
pub(crate) type Back = (usize, (u64, u64), bool);

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Weigh(Vec<Ask>, Vec<Back>),
    Settle(Vec<Back>),
    Renew(Vec<usize>),
    Change(usize, Strategy),
    Forward(u64),
    Backward(u64),
    /// A key is gone, as if it had expired.
    Forget(usize),
}

pub(crate) const KEYS: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    pub(crate) begin: u64,
    pub(crate) strategies: Vec<Strategy>,
    pub(crate) steps: Vec<Step>,
}

/// Numbers of all magnitudes up to some power of two.
fn log_uniform(bits: std::ops::Range<u32>) -> impl Generator<Value = u64> + Clone {
    (bits, any::<u64>()).prop_map(|(bits, random)| ((1_u64 << bits) | (random & ((1 << bits) - 1))).min(LARGEST))
}

fn spans(scale: Scale) -> BoxedStrategy<u64> {
    match scale {
        Scale::Tiny => (1..60_u64).boxed(),
        Scale::Usual => prop_oneof![1_000_000..100_000_000_u64, 1_000_000_000..90_000_000_000_u64].boxed(),
        Scale::Huge => prop_oneof![log_uniform(0..45).prop_map(|span| span.min(34_560_000_000_000))].boxed(),
    }
}

fn limits(scale: Scale) -> BoxedStrategy<u64> {
    match scale {
        Scale::Tiny => (1..20_u64).boxed(),
        Scale::Usual => (1..100_000_u64).boxed(),
        Scale::Huge => prop_oneof![3 => log_uniform(30..53), 1 => (0..9_u64).prop_map(|less| LARGEST - less)].boxed(),
    }
}

fn bucket((burst, tokens, per): (u64, u64, u64)) -> Strategy {
    let rate = Bucket::new(1, tokens, Span::from_micros(per)).rate();
    Strategy::Bucket(Bucket::new(burst.min(LARGEST / rate.1), tokens, Span::from_micros(per)))
}

fn calendar() -> impl Generator<Value = Window> {
    let units = [Calendar::Minute, Calendar::Hour, Calendar::Day, Calendar::Week, Calendar::Month];
    let zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
    (prop::sample::select(units.to_vec()), prop::sample::select(zones.to_vec()))
        .prop_map(|(unit, zone)| Window::Calendar(unit, TimeZone::get(zone).unwrap()))
}

pub(crate) fn strategies(scale: Scale) -> BoxedStrategy<Strategy> {
    let span = || spans(scale).prop_map(Span::from_micros);
    let few = || limits(scale).prop_map(|limit| limit % 12 + 1);
    prop_oneof![
        2 => (limits(scale), span())
            .prop_map(|(limit, len)| Strategy::Fixed(Fixed { limit, window: Window::Every(len) })),
        1 => (limits(scale), calendar()).prop_map(|(limit, window)| Strategy::Fixed(Fixed { limit, window })),
        3 => (limits(scale), span()).prop_map(|(limit, window)| Strategy::Sliding(Sliding { limit, window })),
        4 => (limits(scale), limits(scale), spans(scale)).prop_map(bucket),
        2 => (limits(scale), span(), 2..8_u8)
            .prop_map(|(limit, window, slots)| Strategy::Ring(Ring { limit, window, slots })),
        2 => (few(), span()).prop_map(|(limit, window)| Strategy::Log(Log { limit, window })),
        2 => (few(), span()).prop_map(|(limit, lease)| Strategy::Leases(Leases { limit, lease })),
    ]
    .boxed()
}

fn steps(scale: Scale) -> impl Generator<Value = Step> {
    let share = || (prop_oneof![4 => 0..400_u64, 1 => 0..1_100_u64, 1 => Just(1_000_u64)], 0..3_u64);
    let ask = (0..KEYS, prop::bool::weighted(0.2), share(), prop::option::weighted(0.2, share()))
        .prop_map(|(key, shadow, cost, ahead)| Ask { key, shadow, cost, ahead });
    let back = || (any::<usize>(), (prop_oneof![Just(0), 0..1_000_u64, 0..1_600_u64], 0..2_u64), any::<bool>());
    let times = prop_oneof![spans(scale), (0..3_u64), spans(scale).prop_map(|span| span / 3)];
    prop_oneof![
        8 => (prop::collection::vec(ask, 1..5), prop::collection::vec(back(), 0..3))
            .prop_map(|(asks, back)| Step::Weigh(asks, back)),
        2 => prop::collection::vec(back(), 1..4).prop_map(Step::Settle),
        1 => prop::collection::vec(any::<usize>(), 1..4).prop_map(Step::Renew),
        1 => (0..KEYS, strategies(scale)).prop_map(|(key, strategy)| Step::Change(key, strategy)),
        4 => times.clone().prop_map(Step::Forward),
        1 => times.prop_map(Step::Backward),
        1 => (0..KEYS).prop_map(Step::Forget),
    ]
}

/// Sequences of questions about a few keys.
pub(crate) fn sequences() -> impl Generator<Value = Sequence> {
    prop_oneof![2 => Just(Scale::Tiny), 2 => Just(Scale::Usual), 3 => Just(Scale::Huge)].prop_flat_map(|scale| {
        let begin = match scale {
            Scale::Tiny => prop_oneof![0..1_000_u64, Just(1_764_000_000_123_456)].boxed(),
            Scale::Usual | Scale::Huge => (1_764_000_000_000_000..1_800_000_000_000_000_u64).boxed(),
        };
        let first = prop::collection::vec(strategies(scale), KEYS);
        (begin, first, prop::collection::vec(steps(scale), 1..60)).prop_map(|(begin, strategies, steps)| Sequence {
            begin,
            strategies,
            steps,
        })
    })
}

/// So many thousandths, and a little more.
pub(crate) fn share(of: u64, (thousandths, more): (u64, u64)) -> u64 {
    u64::try_from(u128::from(of) * u128::from(thousandths) / 1_000).unwrap() + more
}

/// Whether what a key is told is not exact in doubles.
fn is_beyond(found: &Found, now: At) -> bool {
    let strategy::View { reset_at, .. } = found.view;
    let later = match found.verdict {
        fluxor_limits::Verdict::Later(wait) => now.plus(wait).micros(),
        _ => 0,
    };
    reset_at.micros().max(later) > LARGEST
}

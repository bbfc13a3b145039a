//! Strategies: how a policy counts. Each is a small pure state machine with its guarantee written at the top of its
//! file. Time is an argument and never goes back behind what a state has seen; nothing overflows.

pub mod bucket;
pub mod fixed;
pub mod leases;
pub mod log;
pub mod ring;
mod share;
pub mod sliding;
mod words;

use std::borrow::Cow;

pub use bucket::Bucket;
pub use fixed::{Calendar, Fixed, Window};
pub use leases::Leases;
pub use log::Log;
pub use ring::Ring;
pub use sliding::Sliding;

use crate::at::{At, Span};
use crate::decide::{Unit, Verdict};
use crate::state::{Kind, LetGo, Receipt, State};

/// How a policy counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// At most L in each window.
    Fixed(Fixed),
    /// Under 2L over any window, usually about L.
    Sliding(Sliding),
    /// At most B + r*W in any W.
    Bucket(Bucket),
    /// Never more than L in any window.
    Ring(Ring),
    /// Exactly L in any window, for small L.
    Log(Log),
    /// At most L at once.
    Leases(Leases),
}

/// What a key may still use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The limit, or the burst.
    pub quota: u64,
    /// What is left of it.
    pub remaining: u64,
    /// The window in effect; of a bucket the time in which it fills, of concurrency the lease.
    pub window: Span,
    /// When all of it is there again.
    pub reset_at: At,
}

/// Whether there is room: now, from an instant on, or never (and what the most is).
pub(crate) enum Room {
    Now,
    At(u64),
    Never(u64),
}

impl View {
    pub(crate) fn new(quota: u64, used: u64, window: Span, reset_at: u64) -> View {
        View { quota, remaining: quota.saturating_sub(used), window, reset_at: At::from_micros(reset_at) }
    }
}

impl Strategy {
    /// The name in settings.
    pub fn name(&self) -> &'static str {
        match self {
            Strategy::Fixed(_) => "fixed",
            Strategy::Sliding(_) => "sliding",
            Strategy::Bucket(_) => "bucket",
            Strategy::Ring(_) => "ring",
            Strategy::Log(_) => "log",
            Strategy::Leases(_) => "leases",
        }
    }

    /// What is counted.
    pub fn unit(&self) -> Unit {
        if let Strategy::Leases(_) = self { Unit::ConcurrentRequests } else { Unit::Requests }
    }

    /// Whether a state takes more room with each call.
    pub(crate) fn grows(&self) -> bool {
        matches!(self, Strategy::Log(_) | Strategy::Leases(_))
    }

    /// What a call of that cost takes: a call holds one place at once whatever it costs.
    pub fn takes(&self, cost: u64) -> u64 {
        if let Strategy::Leases(_) = self { 1 } else { cost }
    }

    /// The most that is ever admitted at once.
    pub fn most(&self) -> u64 {
        match self {
            Strategy::Fixed(fixed) => fixed.limit,
            Strategy::Sliding(sliding) => sliding.limit,
            Strategy::Bucket(bucket) => bucket.most(),
            Strategy::Ring(ring) => ring.limit,
            Strategy::Log(log) => log.limit,
            Strategy::Leases(leases) => leases.limit,
        }
    }

    /// The state of a key that was never touched.
    pub fn fresh(&self, now: At) -> State {
        State { since: now.minus(Span::from_micros(1)), kind: self.fresh_kind(now.micros()), let_go: None }
    }

    fn fresh_kind(&self, now: u64) -> Kind {
        match self {
            Strategy::Fixed(fixed) => Kind::Fixed(fixed.fresh(now)),
            Strategy::Sliding(sliding) => Kind::Sliding(sliding.fresh(now)),
            Strategy::Bucket(bucket) => Kind::Bucket(bucket.fresh(now)),
            Strategy::Ring(ring) => Kind::Ring(ring.fresh(now)),
            Strategy::Log(log) => Kind::Log(log.fresh()),
            Strategy::Leases(leases) => Kind::Leases(leases.fresh(now)),
        }
    }

    /// Carries a state over that other parameters wrote; what they wrote themselves stays as it is. Tokens in use
    /// become a charge of now, but nobody is deeper in debt than the new limit: what is more is let go, and found again by the
    /// next change until it would have been gone anyway. What counts places and what counts calls know nothing of each other.
    /// Stores do this at the first touch
    /// after a change, even if the call is then refused: it consumes nothing, and the wait that is told stays true. (Not for
    /// a call that can never pass.)
    pub fn carry_over(&self, state: &mut State, now: At) {
        let at = state.guard(now);
        // Also those of this very instant are void: what is charged after the change is dated behind it.
        let since = At::from_micros(at.max(state.since.micros().saturating_add(1)));
        if self.goes_on(state, at) {
            if let (Strategy::Bucket(bucket), Kind::Bucket(level)) = (self, &mut state.kind)
                && !bucket.keeps(level)
                && !bucket.take_over(level, at)
            {
                // Receipts stay good as long as nothing was let go.
                state.since = since;
            }
            self.find_again(state, at);
            return;
        }
        let owes = if self.is_unit_of(&state.kind) { state.owes(now) } else { 0 };
        let (used, until) = (owes.min(self.most()), state.untouched_at().micros());
        *state = State { since, kind: self.fresh_kind(at), let_go: None };
        self.put(state, at, used);
        if owes > used {
            state.let_go = Some(Box::new(LetGo { amount: owes - used, until, most: self.most() }));
        }
    }

    /// Whether a state is of the same kind, and its numbers go on as they are, or are taken over number by number.
    fn goes_on(&self, state: &mut State, at: u64) -> bool {
        match (self, &mut state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.keeps(counted, at),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.keeps(pair),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.keeps(slots),
            (Strategy::Log(log), Kind::Log(calls)) => log.keeps(calls),
            (Strategy::Leases(_), Kind::Leases(_)) | (Strategy::Bucket(_), Kind::Bucket(_)) => true,
            _ => false,
        }
    }

    /// Charges what was let go as far as more is admitted at once by now.
    fn find_again(&self, state: &mut State, at: u64) {
        let Some(let_go) = state.let_go.as_deref_mut() else { return };
        let (most, gone) = (self.most(), at >= let_go.until);
        if gone || most > let_go.most {
            let found = if gone { let_go.amount } else { let_go.amount.min(most - let_go.most) };
            (let_go.amount, let_go.most) = (let_go.amount - found, most);
            if let_go.amount == 0 {
                state.let_go = None;
            }
            if !gone {
                self.put(state, at, found);
            }
        }
    }

    fn is_unit_of(&self, kind: &Kind) -> bool {
        matches!(self, Strategy::Leases(_)) == matches!(kind, Kind::Leases(_))
    }

    fn fitting<'a>(&self, state: &'a State, now: At) -> Cow<'a, State> {
        let fits = match (self, &state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.keeps(&mut counted.clone(), state.guard(now)),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.keeps(pair),
            (Strategy::Bucket(bucket), Kind::Bucket(level)) => bucket.keeps(level),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.keeps(slots),
            (Strategy::Log(log), Kind::Log(calls)) => log.keeps(calls),
            (Strategy::Leases(_), Kind::Leases(_)) => true,
            _ => false,
        };
        if fits && state.let_go.is_none() {
            return Cow::Borrowed(state);
        }
        let mut carried = state.clone();
        self.carry_over(&mut carried, now);
        Cow::Owned(carried)
    }

    /// Whether there is room for a charge. Changes nothing.
    pub fn check(&self, state: &State, now: At, cost: u64) -> Verdict {
        self.check_carried(&self.fitting(state, now), now, cost)
    }

    /// [`Strategy::check`] of a state that is carried over already.
    pub(crate) fn check_carried(&self, state: &State, now: At, cost: u64) -> Verdict {
        let at = state.guard(now);
        let room = match (self, &state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.check(counted, at, cost),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.check(pair, at, cost),
            (Strategy::Bucket(bucket), Kind::Bucket(level)) => bucket.check(level, at, cost),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.check(slots, at, cost),
            (Strategy::Log(log), Kind::Log(calls)) => log.check(calls, at, cost),
            (Strategy::Leases(leases), Kind::Leases(held)) => leases.check(held, at, cost),
            // Not reached: the state fits.
            _ => Room::Never(0),
        };
        match room {
            Room::Now => Verdict::Fine,
            Room::At(when) => Verdict::Later(At::from_micros(when).since(now)),
            Room::Never(most) => Verdict::Never { most },
        }
    }

    /// Charges, whether there is room or not.
    pub fn charge(&self, state: &mut State, now: At, cost: u64) -> Receipt {
        self.carry_over(state, now);
        self.charge_carried(state, now, cost)
    }

    pub(crate) fn charge_carried(&self, state: &mut State, now: At, cost: u64) -> Receipt {
        let at = state.guard(now);
        let mark = self.put(state, at, cost);
        let dated = at.max(state.since.micros().saturating_add(1));
        Receipt { at: At::from_micros(dated), cost, mark }
    }

    fn put(&self, state: &mut State, at: u64, cost: u64) -> u64 {
        match (self, &mut state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.charge(counted, at, cost),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.charge(pair, at, cost),
            (Strategy::Bucket(bucket), Kind::Bucket(level)) => bucket.charge(level, at, cost),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.charge(slots, at, cost),
            (Strategy::Log(log), Kind::Log(calls)) => log.charge(calls, at, cost),
            (Strategy::Leases(leases), Kind::Leases(held)) => leases.charge(held, at, cost),
            // Not reached: the state fits.
            _ => 0,
        }
    }

    /// Tells what a charge has cost in truth: less is given back where it still counts, more is charged now whether
    /// there is room or not. A lease is given back with 0. Void receipts give nothing back.
    pub fn settle(&self, state: &mut State, now: At, receipt: &Receipt, real_cost: u64) {
        self.carry_over(state, now);
        let at = state.guard(now);
        let good = receipt.at > state.since;
        if let (Strategy::Leases(leases), Kind::Leases(held)) = (self, &mut state.kind) {
            if good {
                leases.resize(held, at, receipt.mark, real_cost);
            }
            return;
        }
        if real_cost > receipt.cost {
            self.put(state, at, real_cost - receipt.cost);
        } else if good && real_cost < receipt.cost {
            self.refund(state, at, receipt.mark, receipt.cost - real_cost);
        }
    }

    fn refund(&self, state: &mut State, at: u64, mark: u64, back: u64) {
        match (self, &mut state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.refund(counted, mark, back),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.refund(pair, at, mark, back),
            (Strategy::Bucket(bucket), Kind::Bucket(level)) => bucket.refund(level, at, mark, back),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.refund(slots, mark, back),
            (Strategy::Log(log), Kind::Log(calls)) => log.refund(calls, mark, back),
            _ => {}
        }
    }

    /// Keeps a lease for a whole time more; `false` if it is not held any more. What is no lease stays as it is.
    pub fn renew(&self, state: &mut State, now: At, receipt: &Receipt) -> bool {
        self.carry_over(state, now);
        let at = state.guard(now);
        match (self, &mut state.kind) {
            (Strategy::Leases(leases), Kind::Leases(held)) => {
                receipt.at > state.since && leases.renew(held, at, receipt.mark)
            }
            _ => true,
        }
    }

    /// What is left for a key.
    pub fn view(&self, state: &State, now: At) -> View {
        self.view_carried(&self.fitting(state, now), now)
    }

    pub(crate) fn view_carried(&self, state: &State, now: At) -> View {
        let at = state.guard(now);
        match (self, &state.kind) {
            (Strategy::Fixed(fixed), Kind::Fixed(counted)) => fixed.view(counted, at),
            (Strategy::Sliding(sliding), Kind::Sliding(pair)) => sliding.view(pair, at),
            (Strategy::Bucket(bucket), Kind::Bucket(level)) => bucket.view(level, at),
            (Strategy::Ring(ring), Kind::Ring(slots)) => ring.view(slots, at),
            (Strategy::Log(log), Kind::Log(calls)) => log.view(calls, at),
            (Strategy::Leases(leases), Kind::Leases(held)) => leases.view(held, at),
            // Not reached: the state fits.
            _ => View::new(0, 0, Span::ZERO, at),
        }
    }
}

//! What is remembered of one key: a few integers that a script in another store could keep as well. Each state tells by
//! itself which parameters wrote it, so that a change of the policy is noticed at the next touch.

mod text;

use crate::at::At;
use crate::strategy::{bucket::Level, fixed::Counted, leases::Held, log::Calls, ring::Slots, sliding::Pair};

/// What is remembered of one key under one policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Receipts up to this instant are void: they were written before this state began, or before the policy changed.
    pub(crate) since: At,
    pub(crate) kind: Kind,
    /// What a change of the policy let go, if it did.
    pub(crate) let_go: Option<Box<LetGo>>,
}

/// What was in use when the policy changed, and more than the new one admits at once. Nobody is deeper in debt than that;
/// but who changes the policy again, or raises it, finds it: otherwise a change there and back would be a free burst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LetGo {
    pub(crate) amount: u64,
    /// Until when it counts: by then it would have been gone without the change.
    pub(crate) until: u64,
    /// The most that was admitted at once by whatever let it go.
    pub(crate) most: u64,
}

/// What each strategy keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Fixed(Counted),
    Sliding(Pair),
    Bucket(Level),
    Ring(Slots),
    Log(Calls),
    Leases(Held),
}

/// How much it would matter to forget a state: first by the share of the quota that is used, whatever the quota and its window
/// (what goes beyond is owed, and counts as the whole), then by how long that still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Weight {
    share: u32,
    rest: u64,
}

impl Weight {
    /// That of a state which counts no more: it goes first of all.
    pub(crate) const NONE: Weight = Weight { share: 0, rest: 0 };
}

/// The whole quota, as a share.
const WHOLE: f32 = 16_777_216.0;

/// What a charge needs to be settled later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// When it was charged, by the guarded clock; behind the last change of the policy, should both be of one instant.
    pub(crate) at: At,
    /// How much.
    pub(crate) cost: u64,
    /// Where: start of the window, slot, counter of the bucket, instant of the call, id of the lease.
    pub(crate) mark: u64,
}

impl State {
    /// The last instant that the state has seen. The clock does not go back behind it.
    pub(crate) fn last(&self) -> u64 {
        match &self.kind {
            Kind::Fixed(counted) => counted.start,
            Kind::Sliding(pair) => pair.start,
            Kind::Bucket(level) => level.at,
            Kind::Ring(slots) => slots.newest.saturating_mul(slots.len),
            Kind::Log(calls) => calls.calls.last().map_or(0, |&(at, _)| at),
            Kind::Leases(held) => held.at,
        }
    }

    /// `now`, but never before what the state has seen.
    pub(crate) fn guard(&self, now: At) -> u64 {
        now.micros().max(self.last())
    }

    /// What still counts at `now`, by the parameters that wrote the state.
    pub fn used(&self, now: At) -> u64 {
        let now = self.guard(now);
        match &self.kind {
            Kind::Fixed(counted) => counted.in_use(now),
            Kind::Sliding(pair) => pair.in_use(now),
            Kind::Bucket(level) => level.in_use(now),
            Kind::Ring(slots) => slots.in_use(now),
            Kind::Log(calls) => calls.in_use(now),
            Kind::Leases(held) => held.in_use(now),
        }
    }

    /// What counts at `now` for whatever policy takes the state over: with what was let go, and of a bucket with what it owes.
    pub(crate) fn owes(&self, now: At) -> u64 {
        let at = self.guard(now);
        let own = match &self.kind {
            Kind::Bucket(level) => level.owes(at),
            _ => self.used(now),
        };
        own.saturating_add(self.let_go(at).map_or(0, |let_go| let_go.amount))
    }

    /// What was let go and counts still.
    pub(crate) fn let_go(&self, at: u64) -> Option<&LetGo> {
        self.let_go.as_deref().filter(|let_go| at < let_go.until)
    }

    /// When the state will be as if nobody had ever called: then it can be forgotten without anybody noticing.
    pub fn untouched_at(&self) -> At {
        let of_kind = At::from_micros(match &self.kind {
            Kind::Fixed(counted) => counted.untouched_at(),
            Kind::Sliding(pair) => pair.untouched_at(),
            Kind::Bucket(level) => level.untouched_at(),
            Kind::Ring(slots) => slots.untouched_at(),
            Kind::Log(calls) => calls.untouched_at(),
            Kind::Leases(held) => held.untouched_at(),
        });
        let let_go = At::from_micros(self.let_go.as_ref().map_or(0, |let_go| let_go.until));
        // What counts nothing still knows which receipts are void.
        of_kind.max(let_go).max(self.since)
    }

    /// How long it is until then, in microseconds.
    pub(crate) fn rest(&self, now: At) -> u64 {
        self.untouched_at().since(now).micros()
    }

    /// How much it would matter to forget the state of a key that may use so much at most. What is owed, or only remembers what
    /// time it was, matters a little too.
    pub(crate) fn weight(&self, now: At, most: f32) -> Weight {
        match self.rest(now) {
            0 => Weight::NONE,
            rest => {
                let share = (self.used(now).max(1) as f32 / most.max(1.0)).min(1.0);
                Weight { share: (share * WHOLE) as u32, rest }
            }
        }
    }

    /// Bytes beyond the state itself.
    pub(crate) fn heap(&self) -> usize {
        let let_go = self.let_go.as_ref().map_or(0, |_| size_of::<LetGo>());
        let_go
            + match &self.kind {
                Kind::Fixed(_) | Kind::Sliding(_) | Kind::Bucket(_) => 0,
                Kind::Ring(slots) => size_of_val(&*slots.counts),
                Kind::Log(calls) => calls.calls.capacity() * size_of::<(u64, u64)>(),
                Kind::Leases(held) => held.heap(),
            }
    }
}

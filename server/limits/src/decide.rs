//! Deciding over several policies at once: all or nothing, and pure. Whoever holds the states (a store) hands them in.

mod weigh;

use std::sync::Arc;

pub use weigh::{Asked, Found, States, Weighs, weigh};

use crate::at::{At, Span};
use crate::live::Live;
use crate::policy::Shift;
use crate::state::Receipt;
use crate::strategy::View;

/// What became of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It may go on, and is counted.
    Admitted,
    /// It may not, and nothing was counted anywhere. The same call passes this policy after `retry_after`, if nobody
    /// else calls.
    Denied {
        /// The policy that makes it wait longest.
        by: Arc<str>,
        /// How long.
        retry_after: Span,
    },
    /// It asks for more than the policy ever admits: waiting does not help.
    Never {
        /// The policy.
        by: Arc<str>,
        /// The most that it admits at once.
        most: u64,
    },
}

/// What one policy says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is room.
    Fine,
    /// There is none now; the earliest wait after which the same call, alone, passes.
    Later(Span),
    /// The call asks for more than the policy ever admits.
    Never {
        /// The most that it admits at once.
        most: u64,
    },
}

/// What a policy counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Requests, or their cost.
    Requests,
    /// Requests that are under way at once.
    ConcurrentRequests,
}

/// One enforced policy that applied to the call, as it stands after the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The policy's name.
    pub policy: Arc<str>,
    /// The key under which the call is counted.
    pub key: Arc<str>,
    /// What the key may use (limit, or burst).
    pub quota: u64,
    /// The window in effect; of a bucket the time in which it fills, of concurrency the lease.
    pub window: Span,
    /// What is left now.
    pub remaining: u64,
    /// How long until the whole quota is there again.
    pub reset_after: Span,
    /// What is counted.
    pub unit: Unit,
    /// Whether this policy refused, and its own wait.
    pub verdict: Verdict,
    /// What makes of the call's cost what it costs by this policy.
    pub shift: Shift,
}

/// One policy in shadow that applied to the call. It never changes what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadow {
    /// The policy's name.
    pub policy: Arc<str>,
    /// The key under which the call would be counted.
    pub key: Arc<str>,
    /// What the policy would have said.
    pub verdict: Verdict,
}

/// What must come back when the call's real cost is known, or when it ends. Lost tickets cost what was estimated;
/// leases in them expire.
#[derive(Debug, Default)]
#[must_use = "settle or release it, otherwise leases are held until they expire"]
pub struct Ticket {
    pub(crate) charges: Vec<Charge>,
    /// The policies it is settled by; the limiter's own if none are said.
    pub(crate) live: Option<Arc<Live>>,
    pub(crate) cost: u64,
}

/// Where a charge is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the store.
    #[default]
    Store,
    /// In this process: the policy counts for each server.
    Near,
    /// In this process, because the store was away; by the share of one of so many.
    Alone(u64),
    /// Among the tokens that were taken ahead: in the lot of that number, which was charged so.
    Ahead(u64, Receipt),
}

/// One charge in a ticket.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) place: Place,
    pub(crate) policy: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) receipt: Receipt,
    pub(crate) lease: bool,
    pub(crate) shift: Shift,
}

/// A key, and how it stands.
pub type Stand = (Arc<str>, View);

/// The answer of a limiter to one call.
#[derive(Debug)]
#[must_use]
pub struct Decision {
    /// What became of the call.
    pub outcome: Outcome,
    /// The enforced policies that applied, in the order of the settings.
    pub lines: Vec<Line>,
    /// Which line is the tightest: of a refused call the one that makes it wait longest ("never" before all), else
    /// the one with the least share of its quota left. Nothing if no policy applied.
    pub tightest: Option<usize>,
    /// The policies in shadow that applied.
    pub shadows: Vec<Shadow>,
    /// To settle or release; empty if the call was refused.
    pub ticket: Ticket,
    /// Whether the shared store was away, so that policies did what they say of that.
    pub alone: bool,
    /// Whether it was refused for that alone: some policy lets nobody pass then.
    pub closed: bool,
}

impl Verdict {
    /// Whether there is room.
    pub fn is_fine(&self) -> bool {
        matches!(self, Verdict::Fine)
    }
}

impl Ticket {
    /// The same of a call that is not made after all: its cost is then 0 by every policy.
    pub(crate) fn undone(mut self) -> Ticket {
        self.charges.iter_mut().for_each(|charge| charge.shift = Shift::default());
        self
    }

    /// A ticket that only knows what was charged.
    pub(crate) fn of_cost(cost: u64) -> Ticket {
        Ticket { cost, ..Ticket::default() }
    }

    /// Whether a place is held that should be given back as soon as the call ends.
    pub fn holds_lease(&self) -> bool {
        self.charges.iter().any(|charge| charge.lease)
    }

    /// The cost that was charged.
    pub fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether nothing was charged.
    pub fn is_empty(&self) -> bool {
        self.charges.is_empty()
    }
}

impl Decision {
    /// Whether the call may go on.
    pub fn is_admitted(&self) -> bool {
        self.outcome == Outcome::Admitted
    }

    /// The tightest line.
    pub fn tightest(&self) -> Option<&Line> {
        self.lines.get(self.tightest?)
    }

    /// The lines that refused.
    pub fn violated(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !line.verdict.is_fine())
    }
}

/// Makes the answer of what a store found.
pub fn conclude(asked: Vec<Asked<'_>>, found: Vec<Found>, now: At, cost: u64) -> Decision {
    let mut decision = Decision::admitted(cost, asked.len());
    for (ask, found) in asked.into_iter().zip(found) {
        decision.add(ask, found, now, Place::Store);
    }
    decision.name_tightest();
    decision
}

impl Decision {
    pub(crate) fn admitted(cost: u64, policies: usize) -> Decision {
        let ticket = Ticket { charges: Vec::with_capacity(policies), cost, live: None };
        let lines = Vec::with_capacity(policies);
        Decision {
            outcome: Outcome::Admitted,
            lines,
            tightest: None,
            shadows: Vec::new(),
            ticket,
            alone: false,
            closed: false,
        }
    }

    /// Adds what was found for one policy, by the clock of whoever found it.
    pub(crate) fn add(&mut self, ask: Asked<'_>, found: Found, at: At, place: Place) {
        let policy = Arc::clone(&ask.policy.name);
        if let Some(receipt) = found.receipt {
            let lease = ask.strategy.unit() == Unit::ConcurrentRequests;
            let (policy, key, shift) = (Arc::clone(&policy), Arc::clone(&ask.key), ask.shift);
            let charge = Charge { place, policy, key, receipt, lease, shift };
            self.ticket.charges.push(charge);
        }
        if ask.policy.shadow {
            self.shadows.push(Shadow { policy, key: ask.key, verdict: found.verdict });
            return;
        }
        self.lines.push(Line {
            policy,
            key: ask.key,
            quota: found.view.quota,
            window: found.view.window,
            remaining: found.view.remaining,
            reset_after: found.view.reset_at.since(at),
            unit: ask.strategy.unit(),
            verdict: found.verdict,
            shift: ask.shift,
        });
    }

    /// Makes of the lines what became of the call.
    pub(crate) fn name_tightest(&mut self) {
        let tightest = self.lines.iter().enumerate().reduce(|a, b| if b.1.is_tighter(a.1) { b } else { a });
        let Some((place, line)) = tightest else { return };
        self.tightest = Some(place);
        let by = Arc::clone(&line.policy);
        self.outcome = match line.verdict {
            Verdict::Fine => Outcome::Admitted,
            Verdict::Later(retry_after) => Outcome::Denied { by, retry_after },
            Verdict::Never { most } => Outcome::Never { by, most },
        };
    }

    /// How things stand when an admitted call has cost `real`, and these keys stand so by now. Where a key is not told,
    /// what is left alone is corrected by what came back, up to the quota.
    ///
    /// A place is given back by then.
    pub(crate) fn settled(&self, keys: &[Stand], real: u64, now: At) -> Decision {
        let charged = self.ticket.cost;
        let mut lines = self.lines.clone();
        for line in &mut lines {
            match keys.iter().find(|(key, _)| *key == line.key) {
                Some((_, view)) => line.stand(view, now),
                None => {
                    let (charged, real) = (line.shift.of(charged), line.shift.of(real));
                    let back = match line.unit {
                        Unit::Requests => charged,
                        Unit::ConcurrentRequests => real.saturating_add(1),
                    };
                    let left = line.remaining.saturating_add(back).saturating_sub(real);
                    line.remaining = left.min(line.quota);
                }
            }
        }
        let ticket = Ticket::of_cost(real);
        let shadows = Vec::new();
        let mut decision = Decision {
            outcome: Outcome::Admitted,
            lines,
            tightest: None,
            shadows,
            ticket,
            alone: self.alone,
            closed: false,
        };
        decision.name_tightest();
        decision
    }
}

impl Line {
    fn stand(&mut self, view: &View, now: At) {
        self.quota = view.quota;
        self.window = view.window;
        self.remaining = view.remaining;
        self.reset_after = view.reset_at.since(now);
    }

    /// "Never" before "later", the longer wait before the shorter, less of the quota left before more.
    pub(crate) fn is_tighter(&self, other: &Line) -> bool {
        match (self.verdict, other.verdict) {
            (Verdict::Fine, Verdict::Fine) => {
                u128::from(self.remaining) * u128::from(other.quota)
                    < u128::from(other.remaining) * u128::from(self.quota)
            }
            (Verdict::Later(wait), Verdict::Later(others)) => wait > others,
            (Verdict::Never { most }, Verdict::Never { most: others }) => most < others,
            (Verdict::Fine, _) | (Verdict::Later(_), Verdict::Never { .. }) => false,
            (Verdict::Later(_) | Verdict::Never { .. }, _) => true,
        }
    }
}

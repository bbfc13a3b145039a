//! Deciding over several policies at once: all or nothing, and pure. Whoever holds the states (a store) hands them in.

use std::sync::Arc;

use crate::at::{At, Span};
use crate::live::Live;
use crate::policy::Policy;
use crate::state::{Receipt, State};
use crate::strategy::{Strategy, View};

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
    /// Whether it was decided without the shared store.
    pub(crate) alone: bool,
}

/// One charge in a ticket.
#[derive(Clone, Debug)]
pub(crate) struct Charge {
    pub(crate) policy: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) receipt: Receipt,
    pub(crate) lease: bool,
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
}

impl Verdict {
    /// Whether there is room.
    pub fn is_fine(&self) -> bool {
        matches!(self, Verdict::Fine)
    }
}

impl Ticket {
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

/// One policy that applies to a call: what a store is asked.
#[derive(Debug)]
pub struct Asked<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Its strategy for this key (an override may have another limit).
    pub strategy: &'a Strategy,
    /// The key.
    pub key: Arc<str>,
    /// What the call takes.
    pub takes: u64,
}

/// What a store answers for one policy.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the policy says.
    pub verdict: Verdict,
    /// How the key stands after the decision.
    pub view: View,
    /// The charge, if there was one.
    pub receipt: Option<Receipt>,
}

/// The states of the keys that are asked for, by their place in the question.
pub trait States {
    /// The state of a key, if it has one.
    fn get(&mut self, place: usize) -> Option<&mut State>;
    /// Gives a key its first state.
    fn put(&mut self, place: usize, state: State);
}

/// Checks all policies, and charges all or none. A policy in shadow is charged only if the call is admitted and it has
/// room itself; it changes nothing for the others.
pub fn weigh(asked: &[Asked<'_>], now: At, states: &mut impl States) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::with_capacity(asked.len());
    let mut admitted = true;
    for (place, ask) in asked.iter().enumerate() {
        let verdict = match states.get(place) {
            Some(state) => {
                ask.strategy.carry_over(state, now);
                ask.strategy.check_carried(state, now, ask.takes)
            }
            None if ask.takes <= ask.strategy.most() => Verdict::Fine,
            None => Verdict::Never { most: ask.strategy.most() },
        };
        admitted &= ask.policy.shadow || verdict.is_fine();
        found.push(Found { verdict, view: View::new(0, 0, Span::ZERO, 0), receipt: None });
    }
    for (place, (ask, found)) in asked.iter().zip(&mut found).enumerate() {
        let charges = admitted && found.verdict.is_fine();
        match states.get(place) {
            Some(state) => {
                found.receipt = charges.then(|| ask.strategy.charge_carried(state, now, ask.takes));
                found.view = ask.strategy.view_carried(state, now);
            }
            None => {
                let mut state = ask.strategy.fresh(now);
                found.receipt = charges.then(|| ask.strategy.charge_carried(&mut state, now, ask.takes));
                found.view = ask.strategy.view_carried(&state, now);
                if charges {
                    states.put(place, state);
                }
            }
        }
    }
    found
}

/// Makes the answer of what a store found.
pub fn conclude(asked: Vec<Asked<'_>>, found: Vec<Found>, now: At, cost: u64) -> Decision {
    let mut decision = Decision::admitted(cost, asked.len());
    for (ask, found) in asked.into_iter().zip(found) {
        let policy = Arc::clone(&ask.policy.name);
        if let Some(receipt) = found.receipt {
            let lease = ask.strategy.unit() == Unit::ConcurrentRequests;
            let charge = Charge { policy: Arc::clone(&policy), key: Arc::clone(&ask.key), receipt, lease };
            decision.ticket.charges.push(charge);
        }
        if ask.policy.shadow {
            decision.shadows.push(Shadow { policy, key: ask.key, verdict: found.verdict });
            continue;
        }
        decision.lines.push(Line {
            policy,
            key: ask.key,
            quota: found.view.quota,
            window: found.view.window,
            remaining: found.view.remaining,
            reset_after: found.view.reset_at.since(now),
            unit: ask.strategy.unit(),
            verdict: found.verdict,
        });
    }
    decision.name_tightest();
    decision
}

impl Decision {
    fn admitted(cost: u64, policies: usize) -> Decision {
        let ticket = Ticket { charges: Vec::with_capacity(policies), cost, alone: false, live: None };
        let lines = Vec::with_capacity(policies);
        Decision { outcome: Outcome::Admitted, lines, tightest: None, shadows: Vec::new(), ticket }
    }

    fn name_tightest(&mut self) {
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
    /// A lease is told as it was decided, also when it was given back meanwhile: the answer speaks of the call, and the
    /// call did hold the place.
    pub(crate) fn settled(&self, keys: &[Stand], real: u64, now: At) -> Decision {
        let charged = self.ticket.cost;
        let mut lines = self.lines.clone();
        for line in lines.iter_mut().filter(|line| line.unit == Unit::Requests) {
            match keys.iter().find(|(key, _)| *key == line.key) {
                Some((_, view)) => line.stand(view, now),
                None => {
                    let left = line.remaining.saturating_add(charged).saturating_sub(real);
                    line.remaining = left.min(line.quota);
                }
            }
        }
        let ticket = Ticket::of_cost(real);
        let mut decision = Decision { outcome: Outcome::Admitted, lines, tightest: None, shadows: Vec::new(), ticket };
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
    fn is_tighter(&self, other: &Line) -> bool {
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

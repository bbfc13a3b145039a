//! Where an instance may go by several arrows: a graph in which each arrow stands once, at the state whose it is.
//!
//! What is around a state is come to from it, for its arrows may be taken there; so a thousand states with ten arrows around them
//! have ten roads. Every walk goes over each road once, and all walks together have a bound: no file takes minutes.

use std::cell::Cell;
use std::sync::Arc;

use crate::definition::chart::{Arrow, DONE, Definition, OUTCOMES, StateIx, StateKind};

use super::steps::{is_end, leads, own_steps, states};

/// How many states and arrows are looked at: what is behind a hundred approvals among thousands of states.
const MOST_LOOKED: usize = 4_000_000;

/// Which states were come to, by their place.
pub(super) type Seen = Vec<bool>;

/// An arrow that leads on.
pub(super) struct Road<'d> {
    pub(super) owner: StateIx,
    /// Where it is taken: at that state; but when all regions of one have ended, where a region ends.
    from: Vec<StateIx>,
    pub(super) event: Option<&'d Arc<str>>,
    pub(super) arrow: &'d Arrow,
    /// The states without states inside that it enters.
    pub(super) to: Vec<StateIx>,
    /// Whether it enters one of them: that which was left. Else it enters all, in regions beside each other.
    pub(super) one: bool,
}

impl Road<'_> {
    /// Whether it is taken when all regions of its state have ended.
    pub(super) fn ends_regions(&self, definition: &Definition) -> bool {
        ends_regions(definition, self.owner, self.event)
    }

    /// Whether people decide against it by this.
    pub(super) fn declines(&self) -> bool {
        self.event.is_some_and(|event| **event != *OUTCOMES[0] && OUTCOMES.contains(&&**event))
    }
}

/// Where an arrow that enters all of `to`, or one of them, arrives without being stopped in any.
pub(super) fn arrives(to: &[StateIx], one: bool, stops: impl Fn(StateIx) -> bool) -> Vec<&StateIx> {
    let free: Vec<_> = to.iter().filter(|&&to| !stops(to)).collect();
    if one || free.len() == to.len() { free } else { Vec::new() }
}

/// All of them.
pub(super) struct Roads<'d> {
    pub(super) definition: &'d Definition,
    all: Vec<Road<'d>>,
    /// By the state that they lead from.
    out: Vec<Vec<usize>>,
    /// By those that they lead to.
    into: Vec<Vec<usize>>,
    /// The states inside each.
    inside: Vec<Vec<StateIx>>,
    looked: Cell<usize>,
}

impl<'d> Roads<'d> {
    pub(super) fn of(definition: &'d Definition) -> Self {
        let none = || vec![Vec::new(); definition.states.len()];
        let (mut all, mut out, mut into, mut inside) =
            (Vec::new(), none(), none(), vec![Vec::new(); definition.states.len()]);
        for owner in states(definition) {
            for step in own_steps(definition, owner) {
                let to = leads(definition, owner, step.arrow);
                if to.is_empty() {
                    continue;
                }
                let from =
                    if ends_regions(definition, owner, step.event) { ends_of(definition, owner) } else { vec![owner] };
                from.iter().for_each(|from| out[from.0].push(all.len()));
                to.iter().for_each(|to| into[to.0].push(all.len()));
                let one = step.go().is_some_and(|go| go.history.is_some());
                all.push(Road { owner, from, event: step.event, arrow: step.arrow, to, one });
            }
            if let Some(around) = definition.state(owner).parent {
                inside[around.0].push(owner);
            }
        }
        Self { definition, all, out, into, inside, looked: Cell::new(0) }
    }

    /// Notes that so many were looked at.
    pub(super) fn look(&self, many: usize) {
        self.looked.set(self.looked.get().saturating_add(many));
    }

    /// Whether no more is to be looked at.
    pub(super) fn is_spent(&self) -> bool {
        self.looked.get() > MOST_LOOKED
    }

    /// Those of a state itself.
    pub(super) fn from(&self, at: StateIx) -> impl Iterator<Item = &Road<'d>> {
        self.out[at.0].iter().map(|&road| &self.all[road])
    }

    /// The state around one whose arrows may be taken in it.
    pub(super) fn up(&self, at: StateIx) -> Option<StateIx> {
        self.definition.state(at).parent.filter(|_| !is_end(self.definition, at))
    }

    /// The good ends.
    pub(super) fn ends(&self) -> impl Iterator<Item = StateIx> {
        let is_good = |&ix: &StateIx| is_end(self.definition, ix) && !self.definition.state(ix).failed;
        states(self.definition).filter(is_good)
    }

    /// Where instances begin.
    pub(super) fn starts(&self) -> impl Iterator<Item = StateIx> {
        self.definition.starts.iter().flat_map(|start| self.definition.arrival(None, start.to))
    }

    /// What may be come to from some states, those among it, by such roads and into such states.
    pub(super) fn forward(
        &self,
        from: impl IntoIterator<Item = StateIx>,
        enters: impl Fn(StateIx) -> bool,
        takes: impl Fn(&Road<'d>) -> bool,
    ) -> Seen {
        let mut seen = vec![false; self.definition.states.len()];
        let mut todo: Vec<_> = from.into_iter().filter(|&ix| enters(ix)).collect();
        while let Some(at) = todo.pop() {
            if std::mem::replace(&mut seen[at.0], true) {
                continue;
            }
            self.look(1 + self.out[at.0].len());
            let to = self.from(at).filter(|road| takes(road)).flat_map(|road| road.to.iter().copied());
            todo.extend(to.filter(|&to| enters(to)).chain(self.up(at)));
        }
        seen
    }

    /// What some states may be come to from, those among it, by such roads and by way of such states.
    pub(super) fn backward(
        &self,
        from: impl IntoIterator<Item = StateIx>,
        passes: impl Fn(StateIx) -> bool,
        takes: impl Fn(&Road<'d>) -> bool,
    ) -> Seen {
        let mut seen = vec![false; self.definition.states.len()];
        let mut todo: Vec<_> = from.into_iter().collect();
        while let Some(at) = todo.pop() {
            if std::mem::replace(&mut seen[at.0], true) {
                continue;
            }
            self.look(1 + self.into[at.0].len());
            let roads = self.into[at.0].iter().map(|&road| &self.all[road]).filter(|road| takes(road));
            let inside = self.inside[at.0].iter().copied().filter(|&ix| !is_end(self.definition, ix));
            todo.extend(roads.flat_map(|road| road.from.iter().copied()).chain(inside).filter(|&ix| passes(ix)));
        }
        seen
    }
}

/// Whether an arrow is taken when all regions of a state have ended.
fn ends_regions(definition: &Definition, owner: StateIx, event: Option<&Arc<str>>) -> bool {
    let regions = matches!(definition.state(owner).kind, StateKind::Parallel(_));
    regions && event.is_some_and(|event| **event == *DONE)
}

/// Where the regions of a state end.
fn ends_of(definition: &Definition, around: StateIx) -> Vec<StateIx> {
    let is_final = |&ix: &StateIx| matches!(definition.state(ix).kind, StateKind::Final);
    let own =
        |&ix: &StateIx| definition.region(ix).is_some_and(|region| definition.state(region).parent == Some(around));
    states(definition).filter(is_final).filter(own).collect()
}

/// Whether a state is one in which people decide.
pub(super) fn decides(definition: &Definition, ix: StateIx) -> bool {
    matches!(&definition.state(ix).kind, StateKind::Approval(asks) if asks.form.is_none())
}

//! What is wrong with the chart as a whole: what is never reached, never left, never taken.
//!
//! The lints look at an [`Outline`]: states and edges, also those of arrows that are wrong by themselves, so that one
//! mistake is not reported a second time as its consequence.

mod always;
mod approved;
mod asked;
mod behind;
mod dead;
mod events;
mod movers;
mod reach;
mod roads;
mod steps;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub(super) use approved::approved;

use super::chart::{Event, State, StateIx, StateKind, upwards};
use super::read::Found;
use crate::diagnostic::Span;

/// How an arrow comes to be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// Something happened.
    Event(Arc<str>),
    /// It is tried on entry and after each change.
    Always,
    /// Time has passed: the n-th timer of its state.
    After(usize),
}

/// Where an arrow leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// Nowhere.
    Stay,
    /// Into a state.
    To(StateIx),
    /// Into a state that does not exist; reported.
    Unknown,
}

/// The condition of an arrow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// There is none.
    None,
    /// `true`
    True,
    /// `false`
    False,
    /// One, as text with single blanks.
    Some(String),
    /// One that does not compile; reported.
    Broken,
}

/// An arrow, as far as lints look at it.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) from: StateIx,
    pub(super) trigger: Trigger,
    pub(super) goes: Goes,
    pub(super) guard: Guard,
    /// Who may, where it is not everybody.
    pub(super) by: Option<String>,
    pub(super) refuses: bool,
    /// It leads nowhere and does nothing.
    pub(super) idle: bool,
    pub(super) guard_span: Span,
    pub(super) span: Span,
}

impl Edge {
    /// An arrow for `event` that could not be looked at.
    pub(super) fn unknown(from: StateIx, event: Arc<str>, span: Span) -> Self {
        let (trigger, goes, guard) = (Trigger::Event(event), Goes::Unknown, Guard::Broken);
        Self { from, trigger, goes, guard, by: None, refuses: false, idle: false, guard_span: span, span }
    }

    /// Whether it is taken whenever it is tried.
    pub(super) fn is_sure(&self) -> bool {
        matches!(self.guard, Guard::None | Guard::True) && self.by.is_none()
    }

    /// Whether nothing can be said about it.
    pub(super) fn is_broken(&self) -> bool {
        self.guard == Guard::Broken
    }
}

/// What the lints see.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    pub(super) states: &'a [State],
    pub(super) edges: &'a [Edge],
    /// The places of each state's edges among them: see [`by_state`].
    pub(super) by_state: &'a [Vec<usize>],
    /// Where instances begin; none if that is not known.
    pub(super) starts: &'a [StateIx],
    pub(super) events: &'a BTreeMap<Arc<str>, Event>,
    /// Events that the file declares, with their places.
    pub(super) declared: &'a [(String, Span)],
    /// Results of messages that the file never sends, each with its message.
    pub(super) unsent: &'a [(Arc<str>, Arc<str>)],
    /// States in whose text something has the wrong shape: what is missing there may have been meant to be there.
    pub(super) tainted: &'a [bool],
    /// Events that the engine alone raises, where something comes to an end.
    pub(super) outcomes: &'a BTreeSet<Arc<str>>,
    /// Whether a state is an approval, even one whose policy is wrong.
    pub(super) approvals: &'a [StateIx],
}

impl<'a> Outline<'a> {
    fn is_final(&self, ix: usize) -> bool {
        matches!(self.states[ix].kind, StateKind::Final)
    }

    /// Whether the instance ends there, and not a region of it only.
    fn is_end(&self, ix: usize) -> bool {
        self.is_final(ix) && !self.upwards(ix).any(|at| matches!(self.states[at].kind, StateKind::Parallel(_)))
    }

    fn is_leaf(&self, ix: usize) -> bool {
        !matches!(self.states[ix].kind, StateKind::Compound(_) | StateKind::Parallel(_))
    }

    fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.states.len()).filter(|&ix| self.is_leaf(ix))
    }

    /// The state itself and those around it, inmost first.
    fn upwards(&self, ix: usize) -> impl Iterator<Item = usize> + '_ {
        upwards(self.states, StateIx(ix)).map(|at| at.0)
    }

    /// The state without states inside in which entering `ix` ends.
    fn settled(&self, mut ix: usize) -> usize {
        while let StateKind::Compound(first) = self.states[ix].kind {
            ix = first.0;
        }
        ix
    }

    /// Whether something in the state, or around it, is not what its author meant.
    fn is_tainted(&self, ix: usize) -> bool {
        self.upwards(ix).any(|at| self.tainted.get(at) == Some(&true))
    }

    /// Whether nothing can be said about the whole.
    fn any_tainted(&self) -> bool {
        self.tainted.contains(&true)
    }

    fn edges_of(&self, ix: usize) -> impl Iterator<Item = &'a Edge> + '_ {
        self.by_state.get(ix).into_iter().flatten().map(|&at| &self.edges[at])
    }

    /// The states `all` for a sentence: not more of them than anybody reads.
    fn names(&self, all: &[usize]) -> String {
        const MOST: usize = 8;
        let names =
            all.iter().take(MOST).map(|&ix| format!("`{}`", self.states[ix].path)).collect::<Vec<_>>().join(", ");
        match all.len().checked_sub(MOST) {
            None | Some(0) => names,
            Some(more) => format!("{names} and {more} more"),
        }
    }
}

/// The places of the edges of each of `states` states.
pub(super) fn by_state(edges: &[Edge], states: usize) -> Vec<Vec<usize>> {
    let mut places = vec![Vec::new(); states];
    for (at, edge) in edges.iter().enumerate() {
        if let Some(own) = places.get_mut(edge.from.0) {
            own.push(at);
        }
    }
    places
}

/// Runs all lints.
pub(super) fn lint(outline: &Outline<'_>, found: &mut Found) {
    if outline.states.is_empty() {
        return;
    }
    let map = reach::Map::of(outline);
    reach::unreachable(outline, &map, found);
    let circling = always::cycles(outline, found);
    reach::traps(outline, &map, &circling, found);
    dead::dead(outline, found);
    dead::idle(outline, found);
    events::deaf(outline, found);
    events::never_sent(outline, found);
}

//! Where somebody is asked: at once, or sooner or later whatever happens.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::chart::{Arrow, Definition, StateIx, StateKind};

/// The states of a definition in which somebody is asked.
pub(super) struct Asking<'d> {
    definition: &'d Definition,
    /// States that call a workflow which ends well only by what somebody gives.
    pub(super) calls: BTreeSet<StateIx>,
}

/// What lies before whoever goes to a state, up to where somebody is asked.
#[derive(Default)]
struct Ahead {
    /// Innermost states in which nobody is asked.
    free: BTreeSet<StateIx>,
    /// Of those, the ones out of which an arrow leads to where somebody is asked.
    before: Vec<StateIx>,
    /// From where arrows lead to a free state.
    back: BTreeMap<StateIx, Vec<StateIx>>,
}

impl<'d> Asking<'d> {
    pub(super) const fn new(definition: &'d Definition, calls: BTreeSet<StateIx>) -> Self {
        Self { definition, calls }
    }

    /// Whether whoever goes there is asked for something at once.
    pub(super) fn at_once(&self, to: StateIx) -> bool {
        self.definition.arrival(None, to).iter().any(|&ix| self.is_asked(ix))
    }

    fn is_asked(&self, ix: StateIx) -> bool {
        matches!(self.definition.state(ix).kind, StateKind::Approval(_)) || self.calls.contains(&ix)
    }

    /// Whether whoever goes from `at` to `to` is asked for something sooner or later: nothing else goes on from there but to
    /// where somebody is asked, back to `at`, or to an end.
    pub(super) fn in_the_end(&self, at: Option<StateIx>, to: StateIx) -> bool {
        if self.at_once(to) {
            return true;
        }
        let ahead = self.ahead(at, to);
        let mut sure: BTreeSet<StateIx> = ahead.before.iter().copied().collect();
        let mut todo = ahead.before;
        if todo.is_empty() {
            return false;
        }
        while let Some(ix) = todo.pop() {
            let earlier = ahead.back.get(&ix).into_iter().flatten();
            todo.extend(earlier.copied().filter(|ix| sure.insert(*ix)));
        }
        let definition = self.definition;
        let is_over = |ix: StateIx| matches!(definition.state(ix).kind, StateKind::Final);
        let is_back = |ix: StateIx| at.is_some_and(|at| definition.is_within(ix, at));
        ahead.free.iter().all(|&ix| sure.contains(&ix) || is_over(ix) || is_back(ix))
    }

    /// Follows all arrows from `to`, but those out of `at`.
    fn ahead(&self, at: Option<StateIx>, to: StateIx) -> Ahead {
        let definition = self.definition;
        let leaves = |to: StateIx| -> Vec<StateIx> {
            let inner =
                |ix: &StateIx| !matches!(definition.state(*ix).kind, StateKind::Compound(_) | StateKind::Parallel(_));
            definition.arrival(None, to).into_iter().filter(inner).collect()
        };
        let mut ahead = Ahead { free: leaves(to).into_iter().collect(), ..Ahead::default() };
        let mut todo: Vec<StateIx> = ahead.free.iter().copied().collect();
        while let Some(ix) = todo.pop() {
            let around = definition.upwards(ix).filter(|&up| Some(up) != at);
            let targets: BTreeSet<StateIx> =
                around.flat_map(|up| definition.state(up).arrows()).filter_map(Arrow::to).collect();
            for target in targets {
                if self.at_once(target) {
                    ahead.before.push(ix);
                    continue;
                }
                for leaf in leaves(target) {
                    ahead.back.entry(leaf).or_default().push(ix);
                    if ahead.free.insert(leaf) {
                        todo.push(leaf);
                    }
                }
            }
        }
        ahead
    }
}

//! States without return: whoever has been in one is taken only to where arrows lead from there.

use std::collections::BTreeSet;

use crate::definition::chart::{Arrow, Definition, StateIx};
use crate::domain::Domain;
use crate::refusal::Refusal;

use super::super::run::Run;

/// The states that are inside `from`, or that arrows lead to from there; `from` itself, if one does.
fn beyond(definition: &Definition, from: StateIx) -> BTreeSet<StateIx> {
    let inside = |&ix: &StateIx| ix != from && definition.is_within(ix, from);
    let mut found: BTreeSet<StateIx> = (0..definition.states.len()).map(StateIx).filter(inside).collect();
    let mut todo: Vec<StateIx> = found.iter().copied().chain([from]).collect();
    while let Some(at) = todo.pop() {
        for up in definition.upwards(at) {
            for target in definition.state(up).arrows().filter_map(Arrow::to) {
                let entered = definition.arrival(definition.around(up, target), target);
                todo.extend(entered.into_iter().filter(|ix| found.insert(*ix)));
            }
        }
    }
    found
}

impl<D: Domain> Run<'_, '_, D> {
    /// Whether `entered` may be entered by whoever repairs, after what it has passed.
    pub(super) fn may_return(&self, entered: &[StateIx]) -> Result<(), Refusal> {
        match self.left_behind(entered, &BTreeSet::new()) {
            None => Ok(()),
            Some(why) => Err(Refusal::NotRepairable(why)),
        }
    }

    /// Why one of `entered` lies behind a state without return in which it has been, as a sentence. Those of `still` it has not
    /// left: it may stay there.
    pub(in crate::decide) fn left_behind(&self, entered: &[StateIx], still: &BTreeSet<StateIx>) -> Option<String> {
        let definition = self.definition;
        self.work.detail.passed.iter().find_map(|passed| {
            let from = definition.find(passed)?;
            let why = definition.state(from).no_return.as_ref()?;
            let beyond = beyond(definition, from);
            let stays = |ix: &StateIx| *ix == from && still.contains(ix);
            let behind = definition.state(*entered.iter().find(|ix| !beyond.contains(ix) && !stays(ix))?);
            Some(format!("{why} Nothing leads from `{passed}` back to `{}`.", behind.path))
        })
    }
}

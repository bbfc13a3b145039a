//! The arrows that lead on from each state without states inside, and where they arrive. Where an instance may go by several is in
//! `roads.rs`.
//!
//! Conditions are taken to hold. What an arrow does not leave stays as it is: it arrives in no region beside its own.

use std::sync::Arc;

use crate::definition::chart::{Arrow, Definition, Go, History, Outcome, State, StateIx, StateKind};

/// An arrow that may be taken in a state without states inside.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step<'d> {
    /// Where an instance is.
    pub(super) leaf: StateIx,
    /// Whose arrow it is: that state's, or one's around it.
    pub(super) owner: StateIx,
    /// What it is taken on; `None`: it waits for none.
    pub(super) event: Option<&'d Arc<str>>,
    pub(super) arrow: &'d Arrow,
}

impl<'d> Step<'d> {
    /// What it does, if it does not refuse.
    pub(super) const fn go(&self) -> Option<&'d Go> {
        match &self.arrow.outcome {
            Outcome::Go(go) => Some(go),
            Outcome::Refuse(_) => None,
        }
    }

    /// The states without states inside in which an instance is that has taken it.
    pub(super) fn leads(&self, definition: &Definition) -> Vec<StateIx> {
        match self.arrow.to() {
            Some(_) => leads(definition, self.owner, self.arrow),
            None => vec![self.leaf],
        }
    }
}

/// The states without states inside that an arrow of a state enters.
pub(super) fn leads(definition: &Definition, owner: StateIx, arrow: &Arrow) -> Vec<StateIx> {
    let mut found = entered(definition, owner, arrow);
    found.retain(|&ix| is_leaf(definition, ix));
    found
}

/// The states that an arrow of a state enters, innermost and around; back to where one was left: all that this may be.
pub(super) fn entered(definition: &Definition, owner: StateIx, arrow: &Arrow) -> Vec<StateIx> {
    let Outcome::Go(Go { to: Some(to), history, .. }) = &arrow.outcome else { return Vec::new() };
    let mut found = definition.arrival(definition.around(owner, *to), *to);
    found.extend(history.map_or_else(Vec::new, |history| left_in(definition, *to, history)));
    found
}

/// The states inside one that it may have been left in.
fn left_in(definition: &Definition, around: StateIx, history: History) -> Vec<StateIx> {
    let mut found: Vec<StateIx> = match (history, &definition.state(around).kind) {
        (History::Deep, _) => {
            states(definition).filter(|&ix| ix != around && definition.is_within(ix, around)).collect()
        }
        (History::Shallow, StateKind::Compound(_)) => {
            let inside = states(definition).filter(|&ix| definition.state(ix).parent == Some(around));
            let inside = inside.filter(|&ix| !is_end(definition, ix));
            inside.flat_map(|ix| definition.arrival(Some(around), ix)).collect()
        }
        // All regions begin anew.
        (History::Shallow, _) => Vec::new(),
    };
    found.retain(|&ix| !is_end(definition, ix));
    found
}

/// All states.
pub(super) fn states(definition: &Definition) -> impl Iterator<Item = StateIx> + use<> {
    (0..definition.states.len()).map(StateIx)
}

/// Whether there are no states inside.
pub(super) fn is_leaf(definition: &Definition, ix: StateIx) -> bool {
    !matches!(definition.state(ix).kind, StateKind::Compound(_) | StateKind::Parallel(_))
}

/// Whether the instance ends here, and not a region of it: nothing is left any more.
pub(super) fn is_end(definition: &Definition, ix: StateIx) -> bool {
    matches!(definition.state(ix).kind, StateKind::Final) && definition.region(ix).is_none()
}

/// The arrows of the state itself, as if an instance could be in it alone.
pub(super) fn own_steps(definition: &Definition, owner: StateIx) -> impl Iterator<Item = Step<'_>> {
    own(definition.state(owner)).map(move |(event, arrow)| Step { leaf: owner, owner, event, arrow })
}

fn own(state: &State) -> impl Iterator<Item = (Option<&Arc<str>>, &Arrow)> {
    let on = state.on.iter().flat_map(|(event, arrows)| arrows.iter().map(move |arrow| (Some(event), arrow)));
    let of_time = state.timers.iter().flat_map(|timer| &timer.arrows);
    on.chain(state.always.iter().chain(of_time).map(|arrow| (None, arrow)))
}

/// The states without states inside of all regions beside those that a state is in: they go on whatever becomes of it.
pub(super) fn beside(definition: &Definition, at: StateIx) -> Vec<StateIx> {
    let apart = |&ix: &StateIx| {
        let both = definition.upwards(at).find(|&up| definition.is_within(ix, up));
        both.is_some_and(|up| matches!(definition.state(up).kind, StateKind::Parallel(_)))
    };
    match definition.region(at) {
        Some(_) => states(definition).filter(|&ix| is_leaf(definition, ix)).filter(apart).collect(),
        None => Vec::new(),
    }
}

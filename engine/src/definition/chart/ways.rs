//! Where the events of a chart lead whoever sends them: on, out, or neither.

use std::collections::VecDeque;

use super::{Arrow, Definition, StateIx, StateKind};

/// Where an event leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// Farther from where instances begin than they are: what a workflow is for.
    On,
    /// Nowhere else, or back.
    Aside,
    /// To an end of the instance, whichever of its arrows is taken.
    Out,
}

impl Definition {
    /// Where an event leads that is sent to who is in the state `at`, of whose arrows, or of those around it, it takes one.
    #[must_use]
    pub fn way(&self, at: StateIx, event: &str) -> Way {
        let arrows = self.upwards(at).filter_map(|ix| self.state(ix).on.get(event)).flatten();
        let targets: Vec<StateIx> = arrows.filter_map(Arrow::to).collect();
        let (ends, goes): (Vec<StateIx>, Vec<StateIx>) = targets.into_iter().partition(|to| self.is_end(*to));
        let far = self.distances();
        if goes.iter().any(|to| far[to.0] > far[at.0]) {
            Way::On
        } else if goes.is_empty() && !ends.is_empty() {
            Way::Out
        } else {
            Way::Aside
        }
    }

    /// Whether the instance ends there, as against a region of it.
    fn is_end(&self, ix: StateIx) -> bool {
        matches!(self.state(ix).kind, StateKind::Final) && self.region(ix).is_none()
    }

    /// How many arrows lead at least from where instances begin to each state. Whoever is in a state is in those around it, too.
    fn distances(&self) -> Vec<usize> {
        let mut far = vec![usize::MAX; self.states.len()];
        let mut open: VecDeque<(StateIx, usize)> = self.starts.iter().map(|start| (start.to, 0)).collect();
        while let Some((at, steps)) = open.pop_front() {
            if far[at.0] <= steps {
                continue;
            }
            far[at.0] = steps;
            let state = self.state(at);
            let inside: &[StateIx] = match &state.kind {
                StateKind::Compound(first) => std::slice::from_ref(first),
                StateKind::Parallel(regions) => regions,
                StateKind::Simple | StateKind::Approval(_) | StateKind::Call(_) | StateKind::Final => &[],
            };
            for near in inside.iter().chain(&state.parent) {
                open.push_front((*near, steps));
            }
            open.extend(state.arrows().filter_map(Arrow::to).map(|to| (to, steps + 1)));
        }
        far
    }
}

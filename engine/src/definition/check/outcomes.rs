//! Outcomes of approvals, tasks, calls and parallel states: each leads somewhere, whatever the conditions say.

use std::collections::BTreeSet;

use crate::definition::chart::{State, StateIx, StateKind, region, upwards};
use crate::definition::codes;
use crate::definition::lint::{Edge, Goes, Trigger, by_state};
use crate::diagnostic::Diagnostic;

use super::{Checker, DONE, EXPIRED, FAILED, OUTCOMES};

impl Checker<'_> {
    /// Looks at every approval, every task, every call, every parallel state, and every arrow for an outcome.
    pub(super) fn outcomes(&mut self, states: &[State]) {
        let by_state = by_state(&self.edges, states.len());
        // A state that is two things at once has been told of: which outcomes it has nobody knows.
        let all = [&self.approvals, &self.tasks, &self.calls];
        let torn = |ix: &StateIx| all.iter().filter(|kind| kind.contains(ix)).count() > 1;
        let torn: Vec<StateIx> = self.approvals.iter().chain(&self.tasks).copied().filter(torn).collect();
        let kinds: [(Vec<StateIx>, &str, &[&str]); 3] = [
            (self.approvals.clone(), "an approval", &OUTCOMES),
            (self.tasks.clone(), "a task", &[DONE, EXPIRED]),
            (self.calls.clone(), "a call", &[DONE, FAILED]),
        ];
        for (all, what, outcomes) in kinds {
            for ix in all.into_iter().filter(|ix| !torn.contains(ix)) {
                let kind = &states[ix.0].kind;
                for outcome in outcomes.iter().filter(|outcome| is_raised(outcome, kind)) {
                    self.outcome(states, &by_state, ix, what, outcome);
                }
            }
        }
        let mut parallels = Vec::new();
        for (ix, state) in states.iter().enumerate() {
            if let StateKind::Parallel(regions) = &state.kind {
                parallels.push(StateIx(ix));
                self.regions(states, &by_state, StateIx(ix), regions);
            }
        }
        self.elsewhere(states, &parallels);
    }

    /// Arrows for outcomes of what is not there.
    fn elsewhere(&mut self, states: &[State], parallels: &[StateIx]) {
        // `done` and `failed` are raised by many: each state handles its own.
        let own = |all: &[StateIx]| -> BTreeSet<usize> { all.iter().map(|ix| ix.0).collect() };
        let (own_tasks, own_calls, own_parallels) = (own(&self.tasks), own(&self.calls), own(parallels));
        let around = |all: &[StateIx]| -> BTreeSet<usize> {
            all.iter().flat_map(|&ix| upwards(states, ix)).map(|at| at.0).collect()
        };
        let (approvals, tasks) = (around(&self.approvals), around(&self.tasks));
        let none = BTreeSet::new();
        for (from, event) in std::mem::take(&mut self.outcome_keys) {
            let (whose, what) = match event.value.as_str() {
                DONE => ([&own_parallels, &own_tasks, &own_calls], "a task, a call or a parallel state"),
                FAILED => ([&own_calls, &none, &none], "a call"),
                EXPIRED => ([&approvals, &tasks, &none], "an approval or a task"),
                _ => ([&approvals, &none, &none], "an approval"),
            };
            if !whose.iter().any(|around| around.contains(&from.0)) {
                let help = match () {
                    () if tasks.contains(&from.0) => "a task ends in `done`, or `expired`: whoever is asked gives data",
                    () if own_calls.contains(&from.0) => "a call ends in `done` or `failed`",
                    () if [DONE, FAILED].contains(&event.value.as_str()) => {
                        "write it in that very state, or give the event another name"
                    }
                    () => "move it to that state or a state around it, or give the event another name",
                };
                self.error(
                    codes::OUTCOME_ELSEWHERE,
                    event.span,
                    format!(
                        "`{}` is the outcome of {what}, and there is none in `{}`",
                        event.value, states[from.0].path
                    ),
                    help,
                );
            }
        }
    }

    /// A parallel state is done when all its regions have ended: then something must be there for that.
    fn regions(&mut self, states: &[State], by_state: &[Vec<usize>], ix: StateIx, regions: &[StateIx]) {
        // The end of a region is a final state in it that is in no region further inside.
        let finals = (0..states.len()).map(StateIx).filter(|at| matches!(states[at.0].kind, StateKind::Final));
        let ended: BTreeSet<StateIx> = finals.filter_map(|at| region(states, at)).collect();
        let endless: Vec<StateIx> = regions.iter().copied().filter(|region| !ended.contains(region)).collect();
        let done = |edge: &&Edge| matches!(&edge.trigger, Trigger::Event(name) if **name == *DONE);
        let handled = by_state[ix.0].iter().map(|&at| &self.edges[at]).find(done).map(|edge| edge.span);
        if endless.is_empty() {
            return self.outcome(states, by_state, ix, "a parallel state", DONE);
        }
        let (Some(handled), false) = (handled, self.found.iter().any(|found| found.code < "FLX0100")) else { return };
        for region in endless {
            let state = &states[region.0];
            self.found.push(
                Diagnostic::error(codes::NEVER_DONE, state.span, format!("the region `{}` never ends", state.path))
                    .related(handled, "so this is never taken")
                    .help("write a state with `final: true` in it that its last arrow leads to"),
            );
        }
    }

    fn outcome(&mut self, states: &[State], by_state: &[Vec<usize>], ix: StateIx, what: &str, outcome: &str) {
        // In the order of the file: those of the states around stand before.
        let alone = [DONE, FAILED].contains(&outcome);
        let levels = if alone { 1 } else { usize::MAX };
        let mut places: Vec<usize> =
            upwards(states, ix).take(levels).flat_map(|at| by_state[at.0].iter().copied()).collect();
        places.sort_unstable();
        let handled: Vec<&Edge> = places
            .into_iter()
            .map(|at| &self.edges[at])
            .filter(|edge| matches!(&edge.trigger, Trigger::Event(name) if **name == *outcome))
            .collect();
        let state = &states[ix.0];
        let mut found = Vec::new();
        if handled.is_empty() {
            found.push(
                Diagnostic::error(
                    codes::OUTCOME_MISSING,
                    state.span,
                    format!("`{}` has no arrow for `{outcome}`", state.path),
                )
                .label(what)
                .help(format!(
                    "write `on: {{ {outcome}: {{ to: ... }} }}` here{}",
                    if alone { "" } else { " or in a state around it" }
                )),
            );
        } else if !handled.iter().any(|edge| edge.is_sure() || edge.is_broken()) {
            let last = handled.last().map_or(state.span, |edge| edge.span);
            found.push(
                Diagnostic::error(codes::OUTCOME_GUARDED, last, format!("every arrow for `{outcome}` has a condition"))
                    .help("let the last one have none: a decision must lead somewhere"),
            );
        }
        for edge in handled.iter().filter(|edge| edge.goes == Goes::Stay && !edge.refuses) {
            found.push(
                Diagnostic::error(
                    codes::OUTCOME_MISSING,
                    edge.span,
                    format!("the arrow for `{outcome}` leads nowhere"),
                )
                .help("write `to:`; what is done or decided has nothing more to wait for"),
            );
        }
        // Where it would lead nobody knows: what lies behind it is not blamed.
        if handled.is_empty() {
            self.edges.push(Edge::unknown(ix, outcome.into(), state.span));
        }
        self.found.extend(found);
    }
}

/// Whether what is of that kind may come to that outcome of its own.
fn is_raised(outcome: &str, kind: &StateKind) -> bool {
    match (outcome, kind) {
        (EXPIRED, StateKind::Approval(asks)) => asks.policy.expires().is_some(),
        (FAILED, StateKind::Call(call)) => call.workflow.states.iter().any(|state| state.failed),
        (EXPIRED | FAILED, _) => false,
        _ => true,
    }
}

//! Outcomes of approvals: each leads somewhere, whatever the conditions say.

use crate::definition::chart::{State, StateIx, StateKind};
use crate::definition::codes;
use crate::definition::lint::{Edge, Goes, Trigger};
use crate::diagnostic::Diagnostic;

use super::{Checker, EXPIRED, OUTCOMES, around};

impl Checker<'_> {
    /// Looks at every approval and at every arrow for an outcome.
    pub(super) fn outcomes(&mut self, states: &[State]) {
        let approvals = self.approvals.clone();
        for &ix in &approvals {
            let expires = matches!(
                &states[ix.0].kind,
                StateKind::Approval(approval) if approval.policy.expires_after_hours.is_some()
            );
            for outcome in OUTCOMES.into_iter().filter(|&o| o != EXPIRED || expires) {
                self.outcome(states, ix, outcome);
            }
        }
        for (from, event) in std::mem::take(&mut self.outcome_keys) {
            if !approvals.iter().any(|&inner| around(states, from, inner)) {
                self.error(
                    codes::OUTCOME_ELSEWHERE,
                    event.span,
                    format!(
                        "`{}` is the outcome of an approval, and there is none in `{}`",
                        event.value, states[from.0].path
                    ),
                    "move it to the approval's state or a state around it, or give the event another name",
                );
            }
        }
    }

    fn outcome(&mut self, states: &[State], ix: StateIx, outcome: &str) {
        let handled: Vec<&Edge> = self
            .edges
            .iter()
            .filter(|edge| matches!(&edge.trigger, Trigger::Event(name) if **name == *outcome))
            .filter(|edge| around(states, edge.from, ix))
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
                .label("an approval")
                .help(format!("write `on: {{ {outcome}: {{ to: ... }} }}` here or in a state around it")),
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
                .help("write `to:`; a decided approval has nothing more to wait for"),
            );
        }
        self.found.extend(found);
    }
}

//! What kind of state each is, and what each kind wants.

use crate::definition::chart::{StateIx, StateKind};
use crate::definition::codes;
use crate::definition::file::{Name, StateFile};
use crate::diagnostic::{Diagnostic, Span};

use super::Checker;

impl Checker<'_> {
    /// What a state is: it waits, has states inside, asks, calls, or is the end.
    pub(super) fn kind(&mut self, file: &StateFile, ix: StateIx) -> StateKind {
        if let Some(at) = file.is_final {
            if let Some(key) = &file.leaves {
                let message = format!("a final state has no `{}`", key.value);
                self.found.push(
                    Diagnostic::error(codes::FINAL_LEAVES, key.span, message)
                        .related(at, "final here")
                        .help("leave it out, or let another state be the final one"),
                );
            }
            return StateKind::Final;
        }
        self.one_kind(file);
        if let Some(call) = &file.call {
            if file.approval.is_some() {
                self.approvals.push(ix);
            }
            self.calls.push(ix);
            return self.calling(call, ix).map_or(StateKind::Simple, |call| StateKind::Call(Box::new(call)));
        }
        if file.task.is_some() && file.approval.is_some() {
            self.approvals.push(ix);
            self.tasks.push(ix);
            return StateKind::Simple;
        }
        if let (Some((at, node)), None) = (&file.task, &file.states) {
            self.tasks.push(ix);
            let task = self.task(*at, node, ix);
            return task.map_or(StateKind::Simple, |task| StateKind::Approval(Box::new(task)));
        }
        if file.approval.is_some() {
            self.approvals.push(ix);
        }
        let approval = file.approval.as_ref().and_then(|(at, node)| self.approval(*at, node));
        if let (Some(at), Some(regions)) = (file.parallel, &file.states) {
            return self.parallel(file, at, regions, ix);
        }
        match (&file.states, &file.start) {
            (Some(states), start) => self.compound(file, states, start.as_ref(), ix),
            (None, Some(start)) => {
                let help = "write the `states` inside, or leave `start` out";
                self.error(codes::START_WITHOUT_STATES, start.span, "there are no states inside to start in", help);
                StateKind::Simple
            }
            (None, None) => match approval {
                Some(approval) => StateKind::Approval(Box::new(approval)),
                None => StateKind::Simple,
            },
        }
    }

    /// A state does one thing: it asks for a decision, asks for data, calls, or has states inside.
    fn one_kind(&mut self, file: &StateFile) {
        let kinds = [
            file.call.as_ref().map(|call| (call.span, "a call")),
            file.task.as_ref().map(|(at, _)| (*at, "a task")),
            file.approval.as_ref().map(|(at, _)| (*at, "an approval")),
            file.states.as_ref().map(|_| (file.name.span, "a state with states inside")),
        ];
        let mut kinds = kinds.into_iter().flatten();
        let Some((first, what)) = kinds.next() else { return };
        for (other, beside) in kinds {
            self.found.push(
                Diagnostic::error(codes::CONFLICT, first, format!("{what} is not at the same time {beside}"))
                    .related(other, beside)
                    .help("write a state of its own for each, inside this one or after it"),
            );
        }
    }

    /// A state that is in all its regions at once.
    fn parallel(&mut self, file: &StateFile, at: Span, regions: &[StateFile], ix: StateIx) -> StateKind {
        if let [only] = regions {
            let message = format!("`{}` has one region only", file.name.value);
            let help =
                format!("write a second one, or `start: {0}` and `states:` instead of `parallel:`", only.name.value);
            self.error(codes::ONE_REGION, at, message, help);
        }
        for region in regions.iter().filter(|region| region.states.is_none()) {
            let name = &region.name.value;
            let message = format!("the region `{name}` has no states inside");
            let help = "write `start:` and `states:` in it, one of them with `final: true`, where it ends";
            self.error(codes::REGION_WITHOUT_STATES, region.name.span, message, help);
        }
        StateKind::Parallel(self.names.inside(ix))
    }

    fn compound(&mut self, file: &StateFile, inside: &[StateFile], start: Option<&Name>, ix: StateIx) -> StateKind {
        let names: Vec<&str> = inside.iter().map(|state| state.name.value.as_str()).collect();
        let first = names.first().and_then(|first| self.names.child(Some(ix.0), first));
        let Some(start) = start else {
            if let Some(first) = names.first() {
                let message = format!("`{}` does not say in which of its states it begins", file.name.value);
                self.error(codes::NO_START, file.name.span, message, format!("write `start: {first}` beside `states`"));
            }
            return first.map_or(StateKind::Simple, |first| StateKind::Compound(StateIx(first)));
        };
        match self.names.child(Some(ix.0), &start.value) {
            Some(child) => StateKind::Compound(StateIx(child)),
            None => {
                let help = super::known(&start.value, "state inside", names.iter().copied());
                let message = format!("`{}` is not a state inside `{}`", start.value, file.name.value);
                self.error(codes::BAD_START, start.span, message, help);
                first.map_or(StateKind::Simple, |first| StateKind::Compound(StateIx(first)))
            }
        }
    }
}

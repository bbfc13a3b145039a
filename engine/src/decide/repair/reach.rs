//! Where an instance may be without an approval that nobody has given: a move that would lead past one is none.
//!
//! A state is within reach if it can be reached from the start when every arrow is taken away that an approval, a task or a
//! called workflow with such in it would have to open, and has not. A condition that leads past an approval counts as it holds
//! for the document as it is; all others are taken to hold.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval::State;
use crate::definition::chart::{Arrow, Condition, DONE, Definition, Outcome, StateIx, StateKind};
use crate::domain::Domain;
use crate::effect::Record;
use crate::expression::Value;
use crate::instance::Instance;
use crate::refusal::Refusal;

use super::super::Halt;
use super::super::run::Run;

/// What is known of whoever is asked about.
trait Known {
    /// Why nothing is known.
    type Unknown;

    /// Whether the approval, or the task, of this state was given.
    fn is_given(&self, path: &str) -> bool;

    /// Whether the workflow that this state calls has ended well.
    fn has_returned(&self, path: &str) -> bool;

    /// Whether a condition that leads past an approval holds.
    fn holds(&mut self, condition: &Condition) -> Result<bool, Self::Unknown>;
}

/// An instance that has nothing yet.
struct Nobody;

impl Known for Nobody {
    type Unknown = std::convert::Infallible;

    fn is_given(&self, _: &str) -> bool {
        false
    }

    fn has_returned(&self, _: &str) -> bool {
        false
    }

    fn holds(&mut self, _: &Condition) -> Result<bool, Self::Unknown> {
        Ok(false)
    }
}

impl<D: Domain> Known for Run<'_, '_, D> {
    type Unknown = Halt<D::Need>;

    fn is_given(&self, path: &str) -> bool {
        is_given(&self.work, path)
    }

    fn has_returned(&self, path: &str) -> bool {
        self.work.detail.returned.contains(path)
    }

    fn holds(&mut self, condition: &Condition) -> Result<bool, Self::Unknown> {
        // What somebody would bring is not known: whether it leads past an approval neither.
        let brought = |path: &String| matches!(path.split('.').next(), Some("event" | "actor"));
        if condition.expr.fields_read().iter().any(brought) {
            return Ok(false);
        }
        match self.eval(&condition.expr) {
            Ok(value) => Ok(value == Value::Bool(true)),
            Err(Halt::Broken(..)) => Ok(false),
            Err(halt) => Err(halt),
        }
    }
}

/// Whether the newest review of this state approved the document as it is.
pub(super) fn is_given(instance: &Instance, path: &str) -> bool {
    let newest = instance.tasks.iter().rev().find(|task| *task.state == *path);
    newest.is_some_and(|task| task.detail.review.state == State::Approved)
}

/// The states within reach.
struct Reach<'d> {
    definition: &'d Definition,
    found: BTreeSet<StateIx>,
    /// States that call a workflow which ends well only by what somebody gives.
    calls: BTreeSet<StateIx>,
    /// States in which whoever goes there is asked for something.
    asking: BTreeSet<StateIx>,
}

impl<'d> Reach<'d> {
    fn of<K: Known>(definition: &'d Definition, known: &mut K) -> Result<BTreeSet<StateIx>, K::Unknown> {
        let all = || (0..definition.states.len()).map(StateIx);
        let calls = all().filter(|&ix| calls_approval(definition, ix)).collect();
        let mut reach = Self { definition, found: BTreeSet::new(), calls, asking: BTreeSet::new() };
        reach.asking = all().filter(|&ix| reach.asks(ix)).collect();
        let past = definition.starts.iter().any(|start| reach.asking.contains(&start.to));
        for start in &definition.starts {
            if reach.passes(start.guard.as_ref(), past, known)? {
                reach.enter(None, start.to);
            }
        }
        loop {
            let before = reach.found.len();
            for ix in reach.found.clone() {
                reach.go_on(ix, known)?;
            }
            if reach.found.len() == before {
                return Ok(reach.found);
            }
        }
    }

    fn enter(&mut self, around: Option<StateIx>, to: StateIx) {
        self.found.extend(self.definition.arrival(around, to));
        self.found.extend(self.definition.upwards(to));
    }

    /// Whether whoever goes there is asked for something.
    fn asks(&self, to: StateIx) -> bool {
        let asked =
            |ix: &StateIx| matches!(self.definition.state(*ix).kind, StateKind::Approval(_)) || self.calls.contains(ix);
        self.definition.arrival(None, to).iter().any(asked)
    }

    /// Whether a condition lets one pass; only those that lead past an approval are looked at.
    fn passes<K: Known>(&self, guard: Option<&Condition>, past: bool, known: &mut K) -> Result<bool, K::Unknown> {
        match guard {
            Some(condition) if past => known.holds(condition),
            _ => Ok(true),
        }
    }

    fn go_on<K: Known>(&mut self, at: StateIx, known: &mut K) -> Result<(), K::Unknown> {
        let state = self.definition.state(at);
        let asks = |arrows: &[Arrow]| arrows.iter().filter_map(to).any(|to| self.asking.contains(&to));
        // Arrows without an event compete with all others of their state.
        let anything = state.arrows().filter_map(to).any(|to| self.asking.contains(&to));
        let mut lists: Vec<(&[Arrow], bool)> = Vec::new();
        for (event, arrows) in &state.on {
            if self.comes(at, event, known) {
                lists.push((arrows, asks(arrows)));
            }
        }
        lists.push((&state.always, anything));
        lists.extend(state.timers.iter().map(|timer| (timer.arrows.as_slice(), asks(&timer.arrows))));
        for (arrows, past) in lists {
            for arrow in arrows {
                let Some(to) = to(arrow) else {
                    // What is refused on the way to those who decide is refused to whoever would be put there, too.
                    match arrow.guard.as_ref().filter(|_| past) {
                        Some(condition) if known.holds(condition)? => break,
                        _ => continue,
                    }
                };
                if self.passes(arrow.guard.as_ref(), past, known)? {
                    self.enter(self.definition.around(at, to), to);
                }
            }
        }
        Ok(())
    }

    /// Whether `event` can come to `at` or a state inside it: of outcomes, only those that were given.
    fn comes(&self, at: StateIx, event: &str, known: &impl Known) -> bool {
        let definition = self.definition;
        let inside = || self.found.iter().copied().filter(|&ix| definition.is_within(ix, at));
        match event {
            "approved" => inside().any(|ix| match &definition.state(ix).kind {
                StateKind::Approval(approval) => approval.form.is_none() && known.is_given(&definition.state(ix).path),
                _ => false,
            }),
            DONE => inside().any(|ix| self.is_done(ix, known)),
            _ => true,
        }
    }

    /// Whether what `ix` waits for may have come to its end.
    fn is_done(&self, ix: StateIx, known: &impl Known) -> bool {
        let definition = self.definition;
        let path = &definition.state(ix).path;
        match &definition.state(ix).kind {
            StateKind::Approval(approval) => approval.form.is_some() && known.is_given(path),
            StateKind::Call(_) => known.has_returned(path) || !self.calls.contains(&ix),
            StateKind::Parallel(regions) => regions.iter().all(|&region| {
                let ends = |&ix: &StateIx| matches!(definition.state(ix).kind, StateKind::Final);
                self.found.iter().filter(|ix| ends(ix)).any(|&ix| definition.is_within(ix, region))
            }),
            _ => false,
        }
    }
}

fn to(arrow: &Arrow) -> Option<StateIx> {
    match &arrow.outcome {
        Outcome::Go(go) => go.to,
        Outcome::Refuse(_) => None,
    }
}

fn calls_approval(definition: &Definition, ix: StateIx) -> bool {
    match &definition.state(ix).kind {
        StateKind::Call(calling) => needs_approval(&calling.workflow),
        _ => false,
    }
}

/// Whether from `from` on somebody is asked, on some way.
pub(in crate::decide) fn leads_to_asking(definition: &Definition, from: StateIx) -> bool {
    let (mut seen, mut todo) = (BTreeSet::from([from]), vec![from]);
    while let Some(at) = todo.pop() {
        if matches!(definition.state(at).kind, StateKind::Approval(_)) || calls_approval(definition, at) {
            return true;
        }
        let arrows = definition.upwards(at).flat_map(|ix| definition.state(ix).arrows()).filter_map(to);
        todo.extend(arrows.flat_map(|to| definition.arrival(None, to)).filter(|ix| seen.insert(*ix)));
    }
    false
}

/// Whether an instance may come to a good end only by what somebody has given.
fn needs_approval(definition: &Definition) -> bool {
    let Ok(reach) = Reach::of(definition, &mut Nobody);
    let well = |&ix: &StateIx| {
        let state = definition.state(ix);
        matches!(state.kind, StateKind::Final) && !state.failed && definition.region(ix).is_none()
    };
    !reach.iter().any(well)
}

impl<D: Domain> Run<'_, '_, D> {
    /// The states in which it may be by what has been approved so far.
    pub(in crate::decide) fn within_reach(&mut self) -> Result<BTreeSet<StateIx>, Halt<D::Need>> {
        let record: Record = self.record.clone();
        let reach = Reach::of(self.definition, self);
        // What was only looked at is no part of what happens.
        self.record = record;
        reach
    }

    /// Whether it may be moved from `active` to `to`: every state that it would enter is within reach.
    pub(super) fn may_arrive(
        &self,
        active: &[StateIx],
        to: StateIx,
        within: &BTreeSet<StateIx>,
    ) -> Result<(), Refusal> {
        let definition = self.definition;
        let (around, _) = definition.displaced(active, to);
        let entered = definition.arrival(around, to);
        match entered.iter().find(|ix| !within.contains(ix)) {
            None => Ok(()),
            Some(&past) => Err(Refusal::NeverApproves(self.past(past, within))),
        }
    }

    /// Why nobody may be in `past`, as a sentence.
    pub(in crate::decide) fn past(&self, past: StateIx, within: &BTreeSet<StateIx>) -> String {
        let definition = self.definition;
        let missing = |&&ix: &&StateIx| {
            let state = definition.state(ix);
            match state.kind {
                StateKind::Approval(_) => !is_given(&self.work, &state.path),
                _ => calls_approval(definition, ix) && !self.work.detail.returned.contains(&state.path),
            }
        };
        let missing: Vec<Arc<str>> =
            within.iter().filter(missing).map(|&ix| definition.state(ix).path.clone()).collect();
        let path = &definition.state(past).path;
        match missing.as_slice() {
            [] => format!("No way from the start leads to `{path}` for this document."),
            missing => {
                format!("`{path}` is reached only by what was not given in `{}`: move it there.", missing.join("`, `"))
            }
        }
    }
}

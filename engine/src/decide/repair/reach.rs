//! Where an instance may be without an approval that nobody has given: a move that would lead past one is none.
//!
//! A state is within reach if it can be reached from the start when every arrow is taken away that an approval, a task or a
//! called workflow with such in it would have to open, and has not. A condition that leads past an approval, at once or further
//! on, counts as it holds for the document as it is; all others are taken to hold.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::approval::State;
use crate::definition::chart::{Arrow, Condition, DONE, Definition, StateIx, StateKind};
use crate::domain::Domain;
use crate::effect::Record;
use crate::expression::Value;
use crate::instance::Instance;
use crate::refusal::Refusal;

use super::super::Halt;
use super::super::run::Run;
use super::asking::Asking;

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
        if is_brought(condition) {
            return Ok(false);
        }
        match self.eval(&condition.expr) {
            Ok(value) => Ok(value == Value::Bool(true)),
            Err(Halt::Broken(..)) => Ok(false),
            Err(halt) => Err(halt),
        }
    }
}

/// Whether it hangs on who comes, or on what he brings.
fn is_brought(condition: &Condition) -> bool {
    let brought = |path: &String| matches!(path.split('.').next(), Some("event" | "actor" | "on_behalf_of"));
    condition.expr.fields_read().iter().any(brought)
}

/// Whether the newest review of this state approved the document as it is.
pub(super) fn is_given(instance: &Instance, path: &str) -> bool {
    let newest = instance.tasks.iter().rev().find(|task| *task.state == *path);
    newest.map(|task| &task.detail.review).is_some_and(|review| {
        // What the workflow has changed since, nobody has approved.
        review.state == State::Approved && !review.subject.has_moved_on()
    })
}

/// The states within reach.
struct Reach<'d> {
    definition: &'d Definition,
    found: BTreeSet<StateIx>,
    asking: Asking<'d>,
    /// Which lists of arrows lead past an approval, by their state and what begins them.
    past: BTreeMap<(StateIx, &'d str), bool>,
}

impl<'d> Reach<'d> {
    fn of<K: Known>(definition: &'d Definition, known: &mut K) -> Result<BTreeSet<StateIx>, K::Unknown> {
        let all = || (0..definition.states.len()).map(StateIx);
        let calls = all().filter(|&ix| calls_approval(definition, ix)).collect();
        let asking = Asking::new(definition, calls);
        let mut reach = Self { definition, found: BTreeSet::new(), asking, past: BTreeMap::new() };
        let past = definition.starts.iter().any(|start| start.guard.is_some())
            && definition.starts.iter().any(|start| reach.asking.in_the_end(None, start.to));
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

    /// Whether a condition lets one pass; only those that lead past an approval are looked at.
    fn passes<K: Known>(&self, guard: Option<&Condition>, past: bool, known: &mut K) -> Result<bool, K::Unknown> {
        match guard {
            Some(condition) if past => known.holds(condition),
            _ => Ok(true),
        }
    }

    /// Whether one of the arrows out of `at`, which compete with `arrows`, leads to where somebody is asked.
    fn leads_past<'a>(
        &mut self,
        at: StateIx,
        begun: &'d str,
        arrows: &[Arrow],
        competing: impl Iterator<Item = &'a Arrow>,
    ) -> bool {
        if !arrows.iter().any(|arrow| arrow.guard.is_some()) {
            return false;
        }
        let asking = &self.asking;
        *self
            .past
            .entry((at, begun))
            .or_insert_with(|| competing.filter_map(Arrow::to).any(|to| asking.in_the_end(Some(at), to)))
    }

    fn go_on<K: Known>(&mut self, at: StateIx, known: &mut K) -> Result<(), K::Unknown> {
        let state = self.definition.state(at);
        for (event, arrows) in &state.on {
            if self.comes(at, event, known) {
                let past = self.leads_past(at, event, arrows, arrows.iter());
                // Who comes decides nothing where there is one way only.
                let alone = arrows.iter().filter_map(Arrow::to).count() == 1;
                self.follow(at, arrows, past, alone, known)?;
            }
        }
        // Arrows without an event compete with all others of their state.
        let past = self.leads_past(at, "", &state.always, state.arrows());
        self.follow(at, &state.always, past, false, known)?;
        for timer in &state.timers {
            let past = self.leads_past(at, &timer.name, &timer.arrows, timer.arrows.iter());
            self.follow(at, &timer.arrows, past, false, known)?;
        }
        Ok(())
    }

    /// Enters what arrows out of `at` lead to, as far as they do.
    fn follow<K: Known>(
        &mut self,
        at: StateIx,
        arrows: &[Arrow],
        past: bool,
        alone: bool,
        known: &mut K,
    ) -> Result<(), K::Unknown> {
        for arrow in arrows {
            let Some(to) = arrow.to() else {
                // What is refused on the way to those who decide is refused to whoever would be put there, too.
                match arrow.guard.as_ref().filter(|_| past) {
                    Some(condition) if known.holds(condition)? => break,
                    _ => continue,
                }
            };
            let guard = arrow.guard.as_ref().filter(|guard| !(alone && is_brought(guard)));
            if self.passes(guard, past, known)? {
                self.enter(self.definition.around(at, to), to);
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
            // The very state that ends so hears it, none around it.
            DONE => self.is_done(at, known),
            _ => true,
        }
    }

    /// Whether what `ix` waits for may have come to its end.
    fn is_done(&self, ix: StateIx, known: &impl Known) -> bool {
        let definition = self.definition;
        let path = &definition.state(ix).path;
        match &definition.state(ix).kind {
            StateKind::Approval(approval) => approval.form.is_some() && known.is_given(path),
            StateKind::Call(_) => known.has_returned(path) || !self.asking.calls.contains(&ix),
            StateKind::Parallel(regions) => regions.iter().all(|&region| {
                let ends = |&ix: &StateIx| matches!(definition.state(ix).kind, StateKind::Final);
                self.found.iter().filter(|ix| ends(ix)).any(|&ix| definition.region(ix) == Some(region))
            }),
            _ => false,
        }
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
    let asks = |at| matches!(definition.state(at).kind, StateKind::Approval(_)) || calls_approval(definition, at);
    leads(definition, from, asks)
}

/// Whether some way from `from` on, or `from` itself, is in such a state; conditions are taken to hold.
fn leads(definition: &Definition, from: StateIx, such: impl Fn(StateIx) -> bool) -> bool {
    let (mut seen, mut todo) = (BTreeSet::from([from]), vec![from]);
    while let Some(at) = todo.pop() {
        if such(at) {
            return true;
        }
        let arrows = definition.upwards(at).flat_map(|ix| definition.state(ix).arrows()).filter_map(Arrow::to);
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
        self.may_return(&entered)?;
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
        // What comes after it, and does not lead back, is not what is missing.
        let before = |&&ix: &&StateIx| leads(definition, ix, |at| at == past);
        let all = within.iter().filter(missing).filter(before);
        let missing: Vec<Arc<str>> = all.map(|&ix| definition.state(ix).path.clone()).collect();
        let path = &definition.state(past).path;
        match missing.as_slice() {
            [] => format!("No way from the start leads to `{path}` for this document."),
            missing => {
                format!("`{path}` is reached only by what was not given in `{}`: move it there.", missing.join("`, `"))
            }
        }
    }
}

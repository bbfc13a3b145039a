//! The work on one command, until nothing moves any more. `asked` is who sets it in motion, `choose` which arrows are
//! taken, `walk` what is left and entered, `values` what expressions, actions and messages see on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::command::Command;
use crate::definition::chart::{Definition, StateIx};
use crate::domain::Domain;
use crate::effect::{Decision, Effect, Record};
use crate::expression::Value;
use crate::instance::{Document, Instance, Status, Undo};

use super::incident::Tried;
use super::notices;
use super::{Ground, Halt, Layer};

/// Who has an arrow walked.
#[derive(Clone, Copy)]
pub(super) enum Asking<'r> {
    /// Somebody outside, who gave a reason or none: rules apply, and a refusal is heard.
    Outside(Option<&'r str>),
    /// A review's outcome: whose vote it was hears a refusal.
    Outcome,
    /// The engine itself: nobody hears a refusal, so the arrow is not taken.
    Itself,
}

impl Asking<'_> {
    pub(super) const fn is_heard(self) -> bool {
        !matches!(self, Self::Itself)
    }

    pub(super) fn lacks_reason(self) -> bool {
        matches!(self, Self::Outside(reason) if reason.is_none_or(|r| r.trim().is_empty()))
    }
}

/// What a state inside has come to, and the arrows of `at` or around it are to be walked for.
#[derive(Clone)]
pub(super) struct Raised {
    /// The state.
    pub(super) at: StateIx,
    /// The outcome, as an event.
    pub(super) event: &'static str,
    /// What it brings.
    pub(super) payload: Value,
}

/// What is being tried.
#[derive(Clone, Default)]
pub(super) struct Trying {
    pub(super) state: Option<StateIx>,
    /// Its timer, if time has come for one.
    pub(super) timer: Option<Arc<str>>,
    /// The ordinal of the task that time has come for.
    pub(super) task: Option<u32>,
    /// What is being taken back.
    pub(super) undo: Option<Undo>,
}

/// The work on one command: the instance as it becomes.
pub(super) struct Run<'a, 'f, D: Domain> {
    pub(super) ground: &'a Ground<'a, D>,
    pub(super) definition: &'a Definition,
    pub(super) command: &'a Command,
    pub(super) work: Instance,
    pub(super) layer: &'a mut Layer<'f, D>,
    /// The event's payload or the start's input, as it came and typed.
    pub(super) payload: Document,
    pub(super) event: Value,
    pub(super) effects: Vec<Effect<D::Op>>,
    pub(super) record: Record,
    /// Outcomes that wait to be walked.
    pub(super) raised: Vec<Raised>,
    /// The arrow being walked is the engine's own: an outcome, `always`, a timer, a result.
    pub(super) by_engine: bool,
    /// How many instances around this one are being started by one another.
    pub(super) depth: usize,
    /// How many instances it has started so far.
    pub(super) children: usize,
    /// The names of the messages that it has told itself so far.
    pub(super) told: BTreeSet<Arc<str>>,
    pub(super) trying: Trying,
    /// How many arrows were walked.
    pub(super) steps: usize,
    /// The instance before; none of a start.
    before: Option<&'a Instance>,
    /// The fields that arrows have set, as against what actions computed.
    pub(super) written: BTreeSet<Arc<str>>,
    pub(super) moved: bool,
    /// Messages, and their answers, that states have waited for which were left.
    pub(super) unawaited: Vec<(Arc<str>, Arc<str>)>,
    /// An operator corrects the document: fields that are locked in review do not bind him.
    pub(super) corrects: bool,
}

impl<'a, 'f, D: Domain> Run<'a, 'f, D> {
    /// The instance as it was before; none of a start.
    pub(super) const fn before(&self) -> Option<&'a Instance> {
        self.before
    }

    pub(super) fn new(
        ground: &'a Ground<'a, D>,
        definition: &'a Definition,
        command: &'a Command,
        work: Instance,
        before: Option<&'a Instance>,
        layer: &'a mut Layer<'f, D>,
    ) -> Self {
        Self {
            ground,
            definition,
            command,
            layer,
            payload: Document::new(),
            event: Value::record(BTreeMap::<Arc<str>, Value>::new()),
            effects: Vec::new(),
            record: Record::default(),
            raised: Vec::new(),
            written: BTreeSet::new(),
            unawaited: Vec::new(),
            by_engine: false,
            depth: 0,
            children: 0,
            told: BTreeSet::new(),
            trying: Trying::default(),
            steps: 0,
            before,
            moved: false,
            corrects: false,
            work,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ground.now
    }

    /// The innermost states that the instance is in, in the order of the file.
    pub(super) fn active(&self) -> Result<Vec<StateIx>, Halt<D::Need>> {
        let unknown = || {
            let paths = self.work.inside().join("`, `");
            Halt::Broken("state_unknown", format!("the definition has no state `{paths}`"))
        };
        self.definition.active(&self.work).ok_or_else(unknown)
    }

    /// What was being tried when it broke.
    pub(super) fn tried(&self) -> Tried {
        let Trying { state, timer, task, undo } = self.trying.clone();
        let of_task = |ordinal: u32| self.work.tasks.iter().find(|t| t.id.ordinal == ordinal).map(|t| t.state.clone());
        let at = state.map(|ix| self.definition.state(ix).path.clone()).or_else(|| task.and_then(of_task));
        Tried { at, timer, task, undo }
    }

    /// Everything that the command brought about.
    pub(super) fn finish(mut self) -> Decision<D::Op> {
        self.withdraw();
        self.tell_requester();
        let mut after = self.work;
        // Time may lead through several states at once: nobody is asked in one that is left again.
        self.effects.retain(|effect| match effect {
            Effect::Notice(notice) => notices::stands(notice, &after.tasks),
            _ => true,
        });
        let same = |before: &Instance| before.inside() == after.inside() && before.subject == after.subject;
        if self.moved || !self.before.is_some_and(same) {
            after.state_revision += 1;
        }
        let mut record = self.record;
        if let Some(used) = &self.definition.calendar {
            record.calendar = used.named.as_ref().map(|named| (used.name.clone(), named.hash));
        }
        Decision { after, effects: self.effects, record }
    }

    /// Until nothing moves: tells reviews of a changed subject, walks their outcomes, then arrows without an event.
    pub(super) fn settle(&mut self) -> Result<(), Halt<D::Need>> {
        loop {
            self.tell_reviews()?;
            if let Some(raised) = self.raised.pop() {
                self.outcome(raised)?;
                continue;
            }
            if self.work.status == Status::Final {
                return Ok(());
            }
            let active = self.active()?;
            let chosen = self.choose(&active, |state| Some(state.always.as_slice()), Asking::Itself)?;
            if !self.take_all(chosen, Asking::Itself)? {
                self.note_barred();
                return Ok(());
            }
        }
    }

    /// Something came to an end in the state `at`: walks the arrow of that outcome.
    fn outcome(&mut self, raised: Raised) -> Result<(), Halt<D::Need>> {
        let Raised { at, event, payload } = raised;
        let active = self.active()?;
        if self.work.status == Status::Final || !active.iter().any(|&ix| self.definition.is_within(ix, at)) {
            return Ok(());
        }
        self.trying.state = Some(at);
        let kept = std::mem::replace(&mut self.event, payload);
        let taken = self.answer(&[at], event, Asking::Outcome);
        self.event = kept;
        if !taken? {
            let path = &self.definition.state(at).path;
            let message = format!("`{path}` ended with `{event}`, and there is no way on from there");
            return Err(Halt::Broken("outcome_unhandled", message));
        }
        if !self.record.outcomes.contains(&event) {
            self.record.outcomes.push(event);
        }
        Ok(())
    }
}

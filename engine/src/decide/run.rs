//! Walking: which arrow is taken, what is left and entered. `asked` is who sets a walk in motion, `values` what
//! expressions, actions and messages see on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::command::Command;
use crate::definition::chart::{Arrow, Definition, Go, Outcome, StateIx, StateKind};
use crate::domain::Domain;
use crate::effect::{Decision, Effect, Record};
use crate::expression::Value;
use crate::instance::{Document, Instance, Status};
use crate::refusal::Refusal;

use super::{Ground, Halt, Layer};

/// How many arrows one command may walk before it is taken for a loop.
const MOST_STEPS: usize = 100;

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
    const fn is_heard(self) -> bool {
        !matches!(self, Self::Itself)
    }

    fn lacks_reason(self) -> bool {
        matches!(self, Self::Outside(reason) if reason.is_none_or(|r| r.trim().is_empty()))
    }
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
    /// Outcomes of reviews that wait to be walked.
    pub(super) raised: Vec<(StateIx, &'static str, Option<Arc<str>>)>,
    /// The arrow being walked is the engine's own: an outcome, `always`, a timer, a result.
    pub(super) by_engine: bool,
    /// How many instances around this one are being started by one another.
    pub(super) depth: usize,
    /// How many instances it has started so far.
    pub(super) children: usize,
    /// The names of the messages that it has told itself so far.
    pub(super) told: BTreeSet<Arc<str>>,
    steps: usize,
    /// The instance before; none of a start.
    before: Option<&'a Instance>,
    moved: bool,
}

impl<'a, 'f, D: Domain> Run<'a, 'f, D> {
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
            by_engine: false,
            depth: 0,
            children: 0,
            told: BTreeSet::new(),
            steps: 0,
            before,
            moved: false,
            work,
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.ground.now
    }

    /// The state that the instance is in.
    pub(super) fn here(&self) -> Result<StateIx, Halt<D::Need>> {
        self.definition
            .find(&self.work.state)
            .ok_or_else(|| Halt::Broken("state_unknown", format!("the definition has no state `{}`", self.work.state)))
    }

    /// Everything that the command brought about.
    pub(super) fn finish(self) -> Decision<D::Op> {
        let mut after = self.work;
        let same = |before: &Instance| before.state == after.state && before.subject == after.subject;
        if self.moved || !self.before.is_some_and(same) {
            after.state_revision += 1;
        }
        Decision { after, effects: self.effects, record: self.record }
    }

    /// Offers `event` to the state and to those around it. `true`: an arrow was taken.
    pub(super) fn answer(&mut self, here: StateIx, event: &str, asking: Asking<'_>) -> Result<bool, Halt<D::Need>> {
        let definition = self.definition;
        for at in definition.upwards(here) {
            if let Some(arrows) = definition.state(at).on.get(event)
                && self.first_that_holds(at, arrows, asking)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the first arrow whose condition holds and that the actor may take.
    pub(super) fn first_that_holds(
        &mut self,
        at: StateIx,
        arrows: &'a [Arrow],
        asking: Asking<'_>,
    ) -> Result<bool, Halt<D::Need>> {
        let mut rule = None;
        for arrow in arrows {
            if let Some(guard) = &arrow.guard
                && self.eval(guard)? != Value::Bool(true)
            {
                continue;
            }
            let mut allowed = None;
            if let Asking::Outside(_) = asking {
                match self.permission(&arrow.by)? {
                    Ok(met) => allowed = Some(met),
                    Err(unmet) => {
                        rule.get_or_insert(unmet);
                        continue;
                    }
                }
            }
            match &arrow.outcome {
                Outcome::Refuse(sentence) if asking.is_heard() => return Err(Refusal::Guard(sentence.clone()).into()),
                Outcome::Refuse(_) => return Ok(false),
                Outcome::Go(go) => {
                    if arrow.reason_required && asking.lacks_reason() {
                        return Err(Refusal::ReasonRequired.into());
                    }
                    self.by_engine = !matches!(asking, Asking::Outside(_));
                    self.record.allowed = self.record.allowed.take().or(allowed);
                    self.go(at, arrow, go)?;
                    return Ok(true);
                }
            }
        }
        match rule {
            Some(rule) => Err(Refusal::NotAllowed { rule: rule.into() }.into()),
            None => Ok(false),
        }
    }

    /// Takes an arrow.
    fn go(&mut self, at: StateIx, arrow: &'a Arrow, go: &'a Go) -> Result<(), Halt<D::Need>> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(Halt::Broken(
                "endless_loop",
                format!("more than {MOST_STEPS} arrows were walked for one event"),
            ));
        }
        self.record.walked.push(arrow.ix.0);
        let from = self.here()?;
        let around = go.to.map(|to| self.common(at, to));
        if let Some(around) = around {
            self.leave(from, around)?;
        }
        self.set(&go.set)?;
        self.act(&go.actions)?;
        self.send(&go.sends)?;
        if let (Some(to), Some(around)) = (go.to, around) {
            self.moved = true;
            self.clear_incident();
            self.enter(around, to)?;
        }
        Ok(())
    }

    /// The nearest state around both, never one of the two themselves; `None`: the whole chart.
    fn common(&self, at: StateIx, to: StateIx) -> Option<StateIx> {
        let outside: Vec<StateIx> = self.definition.upwards(at).skip(1).collect();
        self.definition.upwards(to).skip(1).find(|s| outside.contains(s))
    }

    /// Leaves states from `from` up to, not including, `around`.
    pub(super) fn leave(&mut self, from: StateIx, around: Option<StateIx>) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        for ix in definition.upwards(from).take_while(|s| Some(*s) != around) {
            let state = definition.state(ix);
            for timer in &state.timers {
                self.work.detail.timers.remove(&timer.name);
            }
            if matches!(state.kind, StateKind::Approval(_)) {
                self.leave_task(&state.path)?;
            }
            self.act(&state.exit)?;
        }
        Ok(())
    }

    /// Enters states from below `around` down to `to`, and on into the first states inside.
    pub(super) fn enter(&mut self, around: Option<StateIx>, to: StateIx) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let mut path: Vec<StateIx> = definition.upwards(to).take_while(|s| Some(*s) != around).collect();
        path.reverse();
        let mut next = path.into_iter();
        let mut inside = None;
        while let Some(ix) = next.next().or_else(|| inside.take()) {
            let state = definition.state(ix);
            self.work.state = state.path.clone();
            self.work.detail.entered_at = self.now();
            for timer in &state.timers {
                self.work.detail.timers.insert(timer.name.clone(), self.now().plus_micros(timer.after));
            }
            self.act(&state.entry)?;
            self.send(&state.sends)?;
            match &state.kind {
                StateKind::Simple => {}
                StateKind::Compound(first) => {
                    if next.len() == 0 {
                        inside = Some(*first);
                    }
                }
                StateKind::Approval(approval) => self.enter_task(ix, approval)?,
                StateKind::Final => {
                    self.work.status = Status::Final;
                    self.work.detail.timers.clear();
                    self.work.detail.incident = None;
                    self.close_tasks();
                }
            }
        }
        Ok(())
    }

    /// Until nothing moves: tells reviews of a changed subject, walks their outcomes, then arrows without an event.
    pub(super) fn settle(&mut self) -> Result<(), Halt<D::Need>> {
        loop {
            self.tell_reviews()?;
            if let Some((at, outcome, reason)) = self.raised.pop() {
                self.outcome(at, outcome, reason)?;
                continue;
            }
            if self.work.status == Status::Final {
                return Ok(());
            }
            let here = self.here()?;
            let definition = self.definition;
            let mut taken = false;
            for at in definition.upwards(here) {
                if self.first_that_holds(at, &definition.state(at).always, Asking::Itself)? {
                    taken = true;
                    break;
                }
            }
            if !taken {
                return Ok(());
            }
        }
    }

    /// A review in state `at` came to an end: walks the arrow of that outcome.
    fn outcome(&mut self, at: StateIx, outcome: &'static str, reason: Option<Arc<str>>) -> Result<(), Halt<D::Need>> {
        if self.here()? != at {
            return Ok(());
        }
        let event = Value::record([("reason", reason.clone().map_or(Value::Null, Value::Text))]);
        let kept = std::mem::replace(&mut self.event, event);
        let taken = self.answer(at, outcome, Asking::Outcome);
        self.event = kept;
        if !taken? {
            let message =
                format!("the review ended with `{outcome}`, and the state `{}` has no way for it", self.work.state);
            return Err(Halt::Broken("outcome_unhandled", message));
        }
        Ok(())
    }

    fn clear_incident(&mut self) {
        if self.work.status == Status::Incident {
            self.work.status = Status::Active;
        }
        self.work.detail.incident = None;
    }
}

//! Walking: which arrow is taken, what is left and entered, what happens on the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::command::Command;
use crate::definition::chart::{ActionCall, Arrow, Definition, Go, Outcome, Send, StateIx, StateKind};
use crate::domain::{Call, Domain};
use crate::effect::{Decision, Effect, Outgoing, Record};
use crate::expression::{Expr, Type, Value};
use crate::instance::{Document, Instance, Status};
use crate::refusal::Refusal;

use super::{Ground, Halt, Layer};

/// How many arrows one command may walk before it is taken for a loop.
const MOST_STEPS: usize = 100;

/// The work on one command: the instance as it becomes.
pub(super) struct Run<'a, 'f, D: Domain> {
    pub(super) ground: &'a Ground<'a, D>,
    pub(super) definition: &'a Definition,
    pub(super) command: &'a Command,
    pub(super) work: Instance,
    layer: &'a mut Layer<'f, D>,
    /// The event's payload or the start's input, as it came and typed.
    payload: Document,
    event: Value,
    pub(super) effects: Vec<Effect<D::Op>>,
    pub(super) record: Record,
    /// Outcomes of reviews that wait to be walked.
    pub(super) raised: Vec<(StateIx, &'static str, Option<Arc<str>>)>,
    steps: usize,
    subject_before: Document,
    state_before: Arc<str>,
    moved: bool,
}

impl<'a, 'f, D: Domain> Run<'a, 'f, D> {
    pub(super) fn new(
        ground: &'a Ground<'a, D>,
        definition: &'a Definition,
        command: &'a Command,
        work: Instance,
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
            steps: 0,
            subject_before: work.subject.clone(),
            state_before: work.state.clone(),
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
        if self.moved || after.subject != self.subject_before || after.state != self.state_before {
            after.state_revision += 1;
        }
        Decision { after, effects: self.effects, record: self.record }
    }

    // --- what may be asked ---

    /// Begins: types the input, runs the start's actions, enters the first state.
    pub(super) fn start(&mut self, key: Option<Arc<str>>, input: &Document) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let vocabulary = self.ground.domain.vocabulary();
        let skip = super::input::own_keys(vocabulary, definition.start_do.iter());
        let mut may_miss = definition.subject.computed.clone();
        let mut given = input.clone();
        if let (Some(field), Some(person)) =
            (definition.subject.record.fields.get("requester"), self.command.actor.person())
            && field.ty == Type::Person
        {
            given.entry("requester").or_insert_with(|| person.as_str().into());
        }
        may_miss.retain(|name| !given.contains_key(&**name));
        self.event = super::input::typed(&given, &definition.subject.record, &skip, &may_miss)?;
        self.work.subject = given
            .iter()
            .filter(|(name, _)| !skip.iter().any(|s| **s == ***name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        self.payload = input.clone();
        self.record.request = input.clone();
        self.work.key = key;
        if let Some(rule) = self.forbids(&definition.start_by)? {
            return Err(Refusal::NotAllowed { rule: rule.into() }.into());
        }
        self.act(&definition.start_do)?;
        self.complete()?;
        self.enter(None, definition.start)?;
        self.settle()
    }

    /// Every field that must have a value has one once the start's actions ran.
    fn complete(&self) -> Result<(), Halt<D::Need>> {
        for (name, field) in &self.definition.subject.record.fields {
            let name: &str = name.as_ref();
            if !field.nullable && self.work.subject.get(name).is_none_or(serde_json::Value::is_null) {
                return Err(Refusal::Invalid(vec![(format!("/{name}"), format!("`{name}` has no value"))]).into());
            }
        }
        Ok(())
    }

    /// An event from outside.
    pub(super) fn signal(
        &mut self,
        event: &Arc<str>,
        payload: &Document,
        reason: Option<&str>,
        state_revision: Option<i64>,
    ) -> Result<(), Halt<D::Need>> {
        let here = self.here()?;
        let Some(declared) = self.definition.events.get(event) else {
            let nearest = crate::diagnostic::nearest(event, self.definition.events.keys().map(AsRef::as_ref));
            return Err(Refusal::UnknownEvent {
                event: event.clone(),
                nearest: nearest.map(Into::into),
                accepts: self.definition.accepts(here),
            }
            .into());
        };
        if let Some(brought) = state_revision.filter(|r| *r != self.work.state_revision) {
            return Err(Refusal::StaleState { brought, current: self.work.state_revision }.into());
        }
        if self.work.status == Status::Final {
            return Err(Refusal::Ended { state: self.work.state.clone() }.into());
        }
        let skip =
            super::input::own_keys(self.ground.domain.vocabulary(), super::input::actions_of(self.definition, event));
        self.event = super::input::typed(payload, &declared.payload, &skip, &[])?;
        self.payload = payload.clone();
        self.record.event = Some(event.clone());
        self.record.request = payload.clone();
        self.record.reason = reason.map(str::to_owned);
        if !self.answer(here, event, reason)? {
            let accepts = self.definition.accepts(here);
            return Err(Refusal::NotAccepted { event: event.clone(), state: self.work.state.clone(), accepts }.into());
        }
        self.settle()
    }

    /// A result that the instance waited for; one that comes too late is kept in the trail and changes nothing.
    pub(super) fn message(&mut self, event: &Arc<str>, payload: &Document) -> Result<(), Halt<D::Need>> {
        self.record.event = Some(event.clone());
        self.record.request = payload.clone();
        self.payload = payload.clone();
        if self.work.status == Status::Final {
            return Ok(());
        }
        if &**event == "delivery_failed" {
            let told = |key: &str| payload.get(key).and_then(|v| v.as_str()).unwrap_or("?").to_owned();
            let message = format!("`{}` could not be delivered: {}", told("destination"), told("error"));
            return Err(Halt::Broken("delivery_failed", message));
        }
        let here = self.here()?;
        if let Some(declared) = self.definition.events.get(event) {
            self.event = super::input::typed(payload, &declared.payload, &[], &[])?;
        }
        if self.answer(here, event, None)? {
            self.settle()?;
        }
        Ok(())
    }

    /// Time has come: rungs of tasks, then timers, oldest first.
    pub(super) fn wake(&mut self) -> Result<(), Halt<D::Need>> {
        let now = self.now();
        let mut did = false;
        if self.work.status == Status::Final {
            return Err(Halt::Stop(super::Stop::Nothing));
        }
        for ordinal in self.work.tasks.iter().map(|t| t.id.ordinal).collect::<Vec<_>>() {
            did |= self.time_passes(ordinal)?;
        }
        self.settle()?;
        while let Some((name, due)) =
            self.work.detail.timers.iter().filter(|(_, due)| **due <= now).min_by_key(|(_, due)| **due)
        {
            let (name, due) = (name.clone(), *due);
            self.work.detail.timers.remove(&name);
            self.record.timers.push((name.clone(), due));
            did = true;
            let definition = self.definition;
            let found = definition
                .states
                .iter()
                .enumerate()
                .find_map(|(ix, s)| s.timers.iter().find(|t| t.name == name).map(|t| (StateIx(ix), t)));
            if let Some((at, timer)) = found {
                self.first_that_holds(at, &timer.arrows, None)?;
                self.settle()?;
            }
        }
        if did { Ok(()) } else { Err(Halt::Stop(super::Stop::Nothing)) }
    }

    // --- arrows ---

    /// Offers `event` to the state and to those around it. `true`: an arrow was taken.
    fn answer(&mut self, here: StateIx, event: &str, reason: Option<&str>) -> Result<bool, Halt<D::Need>> {
        let definition = self.definition;
        for at in definition.upwards(here) {
            if let Some(arrows) = definition.state(at).on.get(event)
                && self.first_that_holds(at, arrows, Some(reason))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes the first arrow whose condition holds and that the actor may take. `asked`: somebody waits for an answer.
    fn first_that_holds(
        &mut self,
        at: StateIx,
        arrows: &'a [Arrow],
        asked: Option<Option<&str>>,
    ) -> Result<bool, Halt<D::Need>> {
        let mut rule = None;
        for arrow in arrows {
            if let Some(guard) = &arrow.guard
                && self.eval(guard)? != Value::Bool(true)
            {
                continue;
            }
            if let Some(unmet) = self.forbids(&arrow.by)? {
                rule.get_or_insert(unmet);
                continue;
            }
            match &arrow.outcome {
                Outcome::Refuse(sentence) if asked.is_some() => return Err(Refusal::Guard(sentence.clone()).into()),
                Outcome::Refuse(_) => return Ok(false),
                Outcome::Go(go) => {
                    let given = asked.flatten().is_some_and(|r| !r.trim().is_empty());
                    if arrow.reason_required && asked.is_some() && !given {
                        return Err(Refusal::ReasonRequired.into());
                    }
                    self.go(at, arrow, go)?;
                    return Ok(true);
                }
            }
        }
        match rule {
            Some(rule) if asked.is_some() => Err(Refusal::NotAllowed { rule: rule.into() }.into()),
            _ => Ok(false),
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
    fn leave(&mut self, from: StateIx, around: Option<StateIx>) -> Result<(), Halt<D::Need>> {
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
    fn enter(&mut self, around: Option<StateIx>, to: StateIx) -> Result<(), Halt<D::Need>> {
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
                if self.first_that_holds(at, &definition.state(at).always, None)? {
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
        let taken = self.answer(at, outcome, Some(reason.as_deref().unwrap_or("-")));
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

    // --- expressions, fields, actions, messages ---

    /// The value of an expression over subject, event, actor, time and facts.
    pub(super) fn eval(&mut self, expr: &Expr) -> Result<Value, Halt<D::Need>> {
        let mut facts: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        let roots: Vec<&str> = expr.fields_read().iter().map(|p| p.split('.').next().unwrap_or(p)).collect();
        for name in &self.definition.facts {
            if roots.contains(&&**name) {
                let empty = BTreeMap::new();
                let value = self.ground.domain.fact(name, &self.call(&empty))?;
                facts.insert(name.clone(), value);
            }
        }
        let subject = if roots.contains(&&*self.definition.subject.variable) { Some(self.subject()?) } else { None };
        let actor = self.command.actor.person().map_or(Value::Null, |p| Value::Person(p.clone()));
        let scope = |name: &str| match name {
            "event" => Some(self.event.clone()),
            "actor" => Some(actor.clone()),
            "now" => Some(Value::Timestamp(self.ground.now)),
            name if *name == *self.definition.subject.variable => subject.clone(),
            name => facts.get(name).cloned(),
        };
        expr.eval(&scope).map_err(|why| {
            Halt::Broken(
                "expression_failed",
                format!("an expression of state `{}` has no value: {}", self.work.state, why.message),
            )
        })
    }

    /// The subject as a typed record.
    fn subject(&self) -> Result<Value, Halt<D::Need>> {
        let record = &self.definition.subject.record;
        let mut fields: BTreeMap<Arc<str>, Value> = BTreeMap::new();
        for (name, field) in &record.fields {
            let name: &str = name.as_ref();
            let value = match self.work.subject.get(name) {
                None | Some(serde_json::Value::Null) => Value::Null,
                Some(json) => Value::from_json(json, &field.ty)
                    .map_err(|why| Halt::Broken("subject_unreadable", format!("the field `{name}`: {why}")))?,
            };
            fields.insert(name.into(), value);
        }
        Ok(Value::record(fields))
    }

    fn set(&mut self, fields: &'a [(Arc<str>, Expr)]) -> Result<(), Halt<D::Need>> {
        for (name, expr) in fields {
            let value = self.eval(expr)?;
            let nullable = self.definition.subject.record.fields.get(&**name).is_some_and(|f| f.nullable);
            if value == Value::Null && !nullable {
                return Err(Halt::Broken("expression_failed", format!("`{name}` was to be set to nothing")));
            }
            self.work.subject.insert(name.to_string(), value.to_json());
        }
        Ok(())
    }

    fn call<'c>(&'c self, params: &'c BTreeMap<Arc<str>, Value>) -> Call<'c, D::Facts> {
        Call {
            tenant: self.work.tenant,
            instance: Some(self.work.id),
            key: self.work.key.as_deref(),
            subject: &self.work.subject,
            params,
            payload: &self.payload,
            actor: self.command.actor.person().map(crate::ids::PersonId::as_str),
            facts: self.layer.facts,
            now: self.ground.now,
        }
    }

    fn act(&mut self, actions: &'a [ActionCall]) -> Result<(), Halt<D::Need>> {
        for action in actions {
            let mut params = BTreeMap::new();
            for (name, expr) in &action.params {
                params.insert(name.clone(), self.eval(expr)?);
            }
            let done = self.ground.domain.act(&action.name, &self.call(&params))?;
            for op in done.ops {
                self.layer.apply(self.work.tenant, &op);
                self.effects.push(Effect::Row(op));
            }
            self.work.subject.extend(done.set);
        }
        Ok(())
    }

    fn send(&mut self, sends: &'a [Send]) -> Result<(), Halt<D::Need>> {
        for send in sends {
            let empty = BTreeMap::new();
            let payload = self.ground.domain.message(&send.message, &self.call(&empty))?;
            let declared = self.ground.domain.vocabulary().messages.get(&send.message);
            self.effects.push(Effect::Send(Outgoing {
                message: send.message.clone(),
                payload,
                retry: send.retry,
                sent_event: declared.and_then(|m| m.sent_event.clone()),
            }));
        }
        Ok(())
    }
}

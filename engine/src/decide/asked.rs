//! What may be asked of an instance: its start, an event, a result, time.

use std::sync::Arc;

use crate::command::Actor;
use crate::definition::chart::{OUTCOMES, StartArrow, StateIx};
use crate::diagnostic::nearest;
use crate::domain::Domain;
use crate::effect::WITHDRAWN_ARRIVED;
use crate::instance::{Document, Status};
use crate::refusal::Refusal;

use super::choose::{also, not_allowed};
use super::incident::{DELIVERY_FAILED, also_untold};
use super::run::{Asking, Run, Trying};
use super::{Conditional, Halt};

impl<'a, D: Domain> Run<'a, '_, D> {
    /// Begins: types the input, runs the start's actions, enters the first state.
    pub(super) fn start(&mut self, key: Option<Arc<str>>, input: &Document) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let vocabulary = self.ground.domain.vocabulary();
        let skip = super::input::own_keys(vocabulary, definition.start_actions());
        let mut may_miss = definition.subject.computed.clone();
        let given = super::input::asked_by(definition, input, self.command.actor.person());
        self.may_start_for(&given)?;
        let given_though: Vec<(String, String)> = (definition.subject.computed.iter())
            .filter(|name| given.contains_key(&***name) && !skip.contains(name))
            .map(|name| (format!("/{name}"), format!("`{name}` is computed: leave it out")))
            .collect();
        if !given_though.is_empty() {
            return Err(Refusal::Invalid(given_though).into());
        }
        may_miss.retain(|name| !given.contains_key(&**name));
        let read = if self.record.parent.is_some() { super::input::passed_on } else { super::input::typed };
        let typed = read(&given, &definition.subject.record, &skip, &may_miss);
        self.event = self.with_people(typed, (&given, &definition.subject.record), &skip)?;
        // As it is written later on: else the first correction would seem to change what it leaves alone.
        if let serde_json::Value::Object(subject) = self.event.to_json() {
            self.work.subject = subject;
        }
        self.payload = input.clone();
        self.record.request = input.clone();
        self.work.key = key;
        if let (Actor::Timer, Some(key)) = (&self.command.actor, &self.work.key) {
            let due = definition.schedules.iter().find_map(|s| Some((s.name.clone(), s.due(key)?)));
            self.record.timers.extend(due);
        }
        let start = self.way_to_begin()?;
        self.act(&start.actions)?;
        self.complete()?;
        self.enter(None, start.to, None)?;
        self.settle()
    }

    /// The first way whose condition holds for the input and that the starter may take.
    fn way_to_begin(&mut self) -> Result<&'a StartArrow, Halt<D::Need>> {
        let definition = self.definition;
        let mut rules = Vec::new();
        for (number, bar) in definition.barred.iter().enumerate() {
            if self.holds(Conditional::Bar(number), &bar.guard)? {
                return Err(Refusal::Guard(bar.refuse.clone()).into());
            }
        }
        for (number, start) in definition.starts.iter().enumerate() {
            if let Some(guard) = &start.guard
                && !self.holds(Conditional::Start(number), guard)?
            {
                continue;
            }
            // An instance that an action starts is the engine's doing.
            match self.permission(&start.by)? {
                Ok(met) => {
                    self.record.allowed = Some(met).filter(|_| self.record.parent.is_none());
                    return Ok(start);
                }
                Err(_) if self.record.parent.is_some() => return Ok(start),
                Err(unmet) => also(&mut rules, unmet),
            }
        }
        if !rules.is_empty() {
            return Err(not_allowed(&rules).into());
        }
        let name = &definition.name;
        let held: Vec<String> =
            definition.starts.iter().filter_map(|start| Some(format!("`{}`", start.guard.as_ref()?.text))).collect();
        let sentence = format!("This does not fit: a `{name}` begins only where {} holds.", held.join(" or "));
        Err(Refusal::Guard(sentence.into()).into())
    }

    /// Whoever starts something is its requester: else the one who wrote it could decide about it.
    fn may_start_for(&self, given: &Document) -> Result<(), Halt<D::Need>> {
        let requester = given.get("requester").and_then(serde_json::Value::as_str);
        let (Some(requester), true) = (requester, super::input::has_requester(self.definition)) else { return Ok(()) };
        if self.ground.organisation().organisation.person(&requester.into()).is_none() {
            let why = format!("nobody in the organisation has the id `{requester}`");
            return Err(Refusal::Invalid(vec![("/requester".to_owned(), why)]).into());
        }
        match self.command.actor.person() {
            Some(actor) if actor.as_str() != requester && self.record.parent.is_none() => {
                let rule = format!("the requester (`{requester}`) to start it in person");
                Err(Refusal::NotAllowed { rule: rule.into() }.into())
            }
            _ => Ok(()),
        }
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
        let active = self.active()?;
        let Some(declared) = self.definition.events.get(event) else {
            let accepts = self.definition.accepts(&active);
            // What would be taken now is meant rather than what would not.
            let near = nearest(event, accepts.iter().map(AsRef::as_ref))
                .or_else(|| nearest(event, self.definition.events.keys().map(AsRef::as_ref)));
            return Err(Refusal::UnknownEvent { event: event.clone(), nearest: near.map(Into::into), accepts }.into());
        };
        if let Some(brought) = state_revision.filter(|r| *r != self.work.state_revision) {
            return Err(Refusal::StaleState { brought, current: self.work.state_revision }.into());
        }
        if self.work.status == Status::Final {
            return Err(Refusal::Ended { state: self.work.state.clone() }.into());
        }
        let skip =
            super::input::own_keys(self.ground.domain.vocabulary(), super::input::actions_of(self.definition, event));
        let typed = super::input::typed(payload, &declared.payload, &skip, &[]);
        self.event = self.with_people(typed, (payload, &declared.payload), &skip)?;
        self.payload = payload.clone();
        self.record.event = Some(event.clone());
        self.record.request = payload.clone();
        self.record.reason = reason.map(str::to_owned);
        if !self.answer(&active, event, Asking::Outside(reason))? {
            let accepts = self.definition.accepts(&active);
            return Err(Refusal::NotAccepted { event: event.clone(), state: self.work.state.clone(), accepts }.into());
        }
        self.settle()
    }

    /// A result that the instance waited for; one that comes too late is kept in the trail and changes nothing.
    /// What the instance told itself is work that is not done yet: that must not be lost without a word.
    pub(super) fn message(&mut self, message: &str, event: &Arc<str>, payload: &Document) -> Result<(), Halt<D::Need>> {
        self.record.event = Some(event.clone());
        self.record.request = payload.clone();
        self.payload = payload.clone();
        if self.work.status == Status::Final {
            return Ok(());
        }
        if let Some(told) = self.reported(event, payload) {
            return told;
        }
        if &**event == DELIVERY_FAILED {
            let told = |key: &str| payload.get(key).and_then(|v| v.as_str()).unwrap_or("?").to_owned();
            let message = format!("`{}` could not be delivered: {}", told("destination"), told("error"));
            if told("destination") != crate::effect::NOTICES {
                return Err(Halt::Broken(DELIVERY_FAILED, message));
            }
            return match &self.work.detail.incident {
                None => Err(Halt::Broken(DELIVERY_FAILED, message)),
                Some(known) => match also_untold(known, &told("error")) {
                    Some(message) => Err(Halt::Broken(DELIVERY_FAILED, message)),
                    // Somebody was not told. Where something else needs help, that is what must stay in sight.
                    None => Ok(()),
                },
            };
        }
        if &**event == WITHDRAWN_ARRIVED {
            return Ok(());
        }
        if OUTCOMES.contains(&&**event) {
            // Nobody decides by a message: an outcome is raised by the review alone.
            let why = format!("a message says `{event}`, which only a review's own decision can be");
            return Err(Halt::Broken("outcome_by_message", why));
        }
        let active = self.active()?;
        if let Some(declared) = self.definition.events.get(event) {
            let vocabulary = self.ground.domain.vocabulary();
            let skip = super::input::own_keys(vocabulary, super::input::actions_of(self.definition, event));
            self.event = super::input::passed_on(payload, &declared.payload, &skip, &[])?;
        }
        if self.answer(&active, event, Asking::Itself)? {
            return self.settle();
        }
        if crate::effect::is_tell(message) {
            let why = format!("in state `{}` the event `{event}` that it told itself is not taken", self.work.state);
            return Err(Halt::Broken("tell_not_taken", why));
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
            self.trying = Trying { task: Some(ordinal), ..Trying::default() };
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
                self.trying = Trying { state: Some(at), timer: Some(name.clone()), ..Trying::default() };
                self.take_first(at, &timer.arrows, Asking::Itself)?;
                self.settle()?;
            }
        }
        if did { Ok(()) } else { Err(Halt::Stop(super::Stop::Nothing)) }
    }
}

//! Fields of the document that an operator corrects: an edit like any other, except that what is locked in review does not
//! bind him. Approvals that the change takes back are given anew, before anything stands on it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::definition::chart::{Arrow, Outcome, StateIx};
use crate::diagnostic::nearest;
use crate::domain::Domain;
use crate::expression::Value;
use crate::ids::PersonId;
use crate::instance::{Document, Instance};
use crate::refusal::Refusal;

use super::super::Halt;
use super::super::bounds::too_much;
use super::super::by::has_decided;
use super::super::input::below;
use super::super::run::Run;

/// Whoever sets data does not decide about it any more, and has not decided yet.
pub(super) fn handle(work: &mut Instance, person: Option<&PersonId>) -> Result<(), Refusal> {
    let Some(person) = person else { return Ok(()) };
    if has_decided(work, person) {
        let rule =
            "somebody else to set data of it: you have decided about it, and your word would stand for what you set";
        return Err(Refusal::NotAllowed { rule: rule.into() });
    }
    work.detail.handled.insert(person.clone());
    Ok(())
}

/// What events are called, each once.
fn names<'e>(events: impl Iterator<Item = &'e (StateIx, Arc<str>)>) -> String {
    let names: BTreeSet<&str> = events.map(|(_, event)| &**event).collect();
    names.into_iter().collect::<Vec<_>>().join("` or `")
}

impl<D: Domain> Run<'_, '_, D> {
    /// Sets fields.
    pub(super) fn correct(&mut self, set: &Document) -> Result<(), Halt<D::Need>> {
        let wrong = |at: String, why: String| (at, why);
        let mut errors = Vec::new();
        let mut given = Document::new();
        if set.is_empty() {
            errors.push(wrong("/set".to_owned(), "name at least one field with its new value".to_owned()));
        }
        for (name, json) in set {
            match self.corrected(name, json) {
                Ok(value) => {
                    too_much(&below("/set", name), &value, &mut errors);
                    given.insert(name.clone(), value);
                }
                Err(why) => {
                    errors.push(wrong(below("/set", name), why));
                }
            }
        }
        if !errors.is_empty() {
            return Err(Refusal::Invalid(errors).into());
        }
        let active = self.active()?;
        let before = self.within_reach()?;
        self.corrects = true;
        self.work.subject.extend(given);
        self.tell_reviews()?;
        self.stands(&active, &before)?;
        self.handles()?;
        self.settle()?;
        self.gains_no_seat()?;
        Ok(())
    }

    /// The actor sets data.
    pub(in crate::decide) fn handles(&mut self) -> Result<(), Halt<D::Need>> {
        Ok(handle(&mut self.work, self.command.actor.person())?)
    }

    /// The field's new value, if it may have one.
    fn corrected(&self, name: &str, json: &Json) -> Result<Json, String> {
        let fields = &self.definition.subject.record.fields;
        let Some(field) = fields.get(name) else {
            let near = nearest(name, fields.keys().map(AsRef::as_ref));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            return Err(format!("there is no field `{name}`{hint}"));
        };
        if let Some(why) = self.fixed(name) {
            return Err(why);
        }
        match json {
            Json::Null if field.nullable => Ok(Json::Null),
            Json::Null => Err(format!("`{name}` must have a value: one of type {}", field.ty.name())),
            json => {
                let value = Value::from_json(json, &field.ty)?;
                self.exists(&value).map(|()| value.to_json())
            }
        }
    }

    /// People exist.
    fn exists(&self, value: &Value) -> Result<(), String> {
        match value {
            Value::Person(id) if self.ground.organisation().organisation.person(id).is_none() => {
                Err(format!("nobody in the organisation has the id `{id}`"))
            }
            Value::List(items) => items.iter().try_for_each(|item| self.exists(item)),
            Value::Map(entries) => entries.values().try_for_each(|value| self.exists(value)),
            _ => Ok(()),
        }
    }

    /// Why nobody may set the field; `None`: an administrator may.
    pub(super) fn fixed(&self, name: &str) -> Option<String> {
        let definition = self.definition;
        if name == "requester" {
            return Some(format!(
                "`{name}` says who asked, which nobody changes: cancel it, and let the right one ask"
            ));
        }
        if definition.key.as_ref().is_some_and(|key| definition.reads(key, name)) {
            return Some(format!(
                "`{name}` is part of its business key, which never changes: cancel it, and start another"
            ));
        }
        if let Some(call) = definition.found_by(name) {
            return Some(format!(
                "`{name}` is what the workflow called in `{call}` has found: move it there, to have it found anew"
            ));
        }
        let detail = &self.work.detail;
        let stands = |path: &&Arc<str>| detail.called.contains_key(*path) || detail.returned.contains(*path);
        if let Some(call) = definition.given_to(name).find(stands) {
            return Some(format!(
                "`{name}` is what the workflow called in `{call}` is about, and its answer would stand for what you set: \
                 change it by an event of this workflow, or cancel it"
            ));
        }
        if definition.answered_by(name) {
            return Some(format!("`{name}` is what a task has found: move it back there, to have it answered anew"));
        }
        if definition.approved_by(name) {
            return Some(format!("`{name}` is what people approve: nobody sets it past them"));
        }
        if definition.keeps_out(name) {
            return Some(format!("`{name}` says who may not decide, which nobody corrects"));
        }
        if self.work.detail.caller.is_some() && !definition.is_written(name) {
            return Some(format!(
                "`{name}` was given by the workflow that called this one: correct it there, and have it called anew"
            ));
        }
        let vocabulary = self.ground.domain.vocabulary();
        let of_domain = vocabulary.subjects.get(&*definition.subject.record.name).filter(|subject| {
            definition
                .vocabulary
                .iter()
                .any(|n| **n == *format!("{}@{}", definition.subject.record.name, subject.major))
        });
        let mirrored = of_domain.and_then(|subject| subject.mirrored.iter().find(|(field, _)| **field == *name));
        let computed = definition.subject.computed.iter().any(|field| **field == *name);
        let action = match mirrored {
            None if computed => return Some(format!("`{name}` is computed by the workflow's own actions")),
            None => return None,
            Some((_, action)) => action.as_ref(),
        };
        let how = action.map_or_else(|| self.changed_by(&[]), |action| self.changed_by(&self.events_with(action)));
        Some(format!("`{name}` stands in the books as well, {how}"))
    }

    /// How these events change what stands in the books: where the instance is, or where it is to be moved first.
    fn changed_by(&self, events: &[(StateIx, Arc<str>)]) -> String {
        let active = self.definition.active(&self.work).unwrap_or_default();
        let here = |at: StateIx| active.iter().any(|&leaf| self.definition.is_within(leaf, at));
        let taken = names(events.iter().filter(|(at, _)| here(*at)));
        if events.is_empty() {
            return "and no event of this workflow changes it".to_owned();
        }
        if !taken.is_empty() {
            return format!("which this would not change: use the event `{taken}`");
        }
        let mut places: Vec<&str> = events.iter().map(|(at, _)| &*self.definition.state(*at).path).collect();
        places.dedup();
        format!(
            "which this would not change: the event `{}` does, which is accepted in `{}`: move it there first, if it may be moved there",
            names(events.iter()),
            places.join("` or `")
        )
    }

    /// The events whose arrows run the action, and where they are accepted, in the order of the file.
    fn events_with(&self, action: &str) -> Vec<(StateIx, Arc<str>)> {
        let runs = |arrow: &Arrow| match &arrow.outcome {
            Outcome::Go(go) => go.actions.iter().any(|call| *call.name == *action),
            Outcome::Refuse(_) => false,
        };
        let mut events = Vec::new();
        for (at, state) in self.definition.states.iter().enumerate() {
            let known = state.on.iter().filter(|(event, _)| self.definition.events.contains_key(*event));
            let running = known.filter(|(_, arrows)| arrows.iter().any(runs));
            events.extend(running.map(|(event, _)| (StateIx(at), event.clone())));
        }
        events
    }

    /// Whatever was approved and is not any more must not be what it stands on.
    fn stands(&mut self, active: &[StateIx], before: &BTreeSet<StateIx>) -> Result<(), Halt<D::Need>> {
        let within = self.within_reach()?;
        let lost = active.iter().find(|ix| before.contains(ix) && !within.contains(ix));
        match lost {
            None => Ok(()),
            Some(&past) => {
                let why = format!("The change takes back what was approved. {}", self.past(past, &within));
                Err(Refusal::NeverApproves(why).into())
            }
        }
    }
}

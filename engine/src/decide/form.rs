//! Tasks that ask for data: whoever may act gives it, typed and within the form's rules, and the workflow goes on.
//!
//! Completing passes the approval core as the one approval of the task's one step: who may, in whose place and until
//! when, is said by the same rules as for a decision.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use crate::approval::{self, Ballot};
use crate::clock::Timestamp;
use crate::command::COMPLETE;
use crate::definition::chart::{DONE, Definition, Form, TASK_STEP};
use crate::domain::Domain;
use crate::expression::{Expr, RecordType, Value};
use crate::ids::{PersonId, TaskId};
use crate::instance::{Document, Screen, Task, TaskStatus};
use crate::refusal::Refusal;

use super::input::below;
use super::run::{Raised, Run};
use super::task::not_a_decision;
use super::values::Seen;
use super::{Halt, by};

/// How many earlier documents of a task hold at most: who has an older one looks again.
const MOST_EARLIER: usize = 20;

/// A field that a task asks for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AskedFor {
    /// Its name in the data.
    pub name: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// What to enter.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub help: Arc<str>,
    /// Its type, as definitions write it.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it must be given.
    pub required: bool,
    /// The values to choose from; none: any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Json>,
    /// What must hold, as sentences.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Arc<str>>,
    /// What stands there at first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<Json>,
}

/// What a task asks for; `None`: a decision.
#[must_use]
pub fn asked_for(definition: &Definition, task: &Task, subject: &Document, now: Timestamp) -> Option<Vec<AskedFor>> {
    let form = form_of(definition, task)?;
    let record = record(subject, &definition.subject.record).ok();
    let scope = seen(definition, now, record);
    let field = |field: &crate::definition::chart::FormField| AskedFor {
        name: field.name.clone(),
        title: field.title.clone(),
        help: field.help.clone(),
        ty: field.ty.name(),
        required: field.required,
        options: field.options.clone(),
        rules: field.sentences(&scope),
        default: field.default.as_ref().and_then(|expr| expr.eval(&scope).ok()).map(|v| v.to_json()),
    };
    Some(form.fields.iter().map(field).collect())
}

/// Whether a task asks for data, and not for a decision.
#[must_use]
pub fn asks_for_data(definition: &Definition, task: &Task) -> bool {
    form_of(definition, task).is_some()
}

pub(super) fn form_of<'d>(definition: &'d Definition, task: &Task) -> Option<&'d Form> {
    definition.approval(&task.state)?.form.as_ref()
}

/// What the expressions of a form see: the document, if it can be read, the time and the calendar of the file.
fn seen(definition: &Definition, now: Timestamp, subject: Option<Value>) -> Seen<'_> {
    let subject = subject.map(|subject| (definition.subject.variable.clone(), subject));
    let values = subject.into_iter().chain([("now".into(), Value::Timestamp(now))]).collect();
    Seen { values, calendar: definition.working() }
}

/// A stored document as a typed record.
///
/// # Errors
/// A sentence about the first field that is not of its type.
pub(super) fn record(document: &Document, ty: &RecordType) -> Result<Value, String> {
    let field = |(name, field): (&String, &crate::expression::Field)| {
        let value = match document.get(name) {
            None | Some(Json::Null) => Value::Null,
            Some(json) => Value::from_json(json, &field.ty).map_err(|why| format!("the field `{name}`: {why}"))?,
        };
        Ok((Arc::<str>::from(name.as_str()), value))
    };
    let fields: Result<Vec<_>, String> = ty.fields.iter().map(field).collect();
    Ok(Value::record(fields?))
}

/// Why a value does not compare with the bounds of its field, with what to write: `USD and EUR cannot be compared`.
fn comparable(value: &Value, why: String) -> String {
    let Some((one, other)) = why.strip_suffix(" cannot be compared").and_then(|both| both.split_once(" and ")) else {
        return why;
    };
    let wanted = |own: &str| if one == own { other } else { one };
    let write = match value {
        Value::Money(money) => format!("an amount in {}", wanted(money.currency.code())),
        Value::Duration(length) => match wanted(length.sort()) {
            "elapsed time" => "a length of elapsed time, such as 48 hours".to_owned(),
            working => format!("it in {working}, such as 2 {working}"),
        },
        _ => return why,
    };
    format!("{why}: write {write}")
}

impl<'a, D: Domain> Run<'a, '_, D> {
    /// What the task asks for, if it asks for data.
    pub(super) fn form(&self, at: usize) -> Option<&'a Form> {
        form_of(self.definition, &self.work.tasks[at])
    }

    /// Gives a task its data.
    pub(super) fn complete_task(
        &mut self,
        id: TaskId,
        etag: Option<&str>,
        on_behalf_of: Option<&PersonId>,
        data: &Document,
    ) -> Result<(), Halt<D::Need>> {
        let Some(at) = self.place(id.ordinal) else { return Err(Refusal::UnknownTask(id).into()) };
        let Some(person) = self.command.actor.person().cloned() else {
            return Err(Refusal::NotAllowed { rule: "a person".into() }.into());
        };
        if self.definition.approval(&self.work.tasks[at].state).is_none() {
            return Err(Refusal::TaskClosed { state: self.work.state.clone() }.into());
        }
        let Some(form) = self.form(at) else {
            return Err(not_a_decision("This task asks for a decision, not for data: approve or reject it.").into());
        };
        self.record.event = Some(COMPLETE.into());
        self.record.request = data.clone();
        self.payload = data.clone();
        // Who may not hears that, before what is wrong with his data.
        let filled = self.filled(form, data);
        self.event = filled.as_ref().ok().cloned().unwrap_or(Value::Null);
        let ballot = Ballot { step: TASK_STEP.into(), on_behalf_of: on_behalf_of.cloned(), seen: None, reason: None };
        self.act_on(at, &person, etag, &approval::Verb::Approve(ballot))?;
        if by::keeps_out(self.definition, &self.work.tasks[at]) {
            by::decides_alone(&self.work, &person, self.record.behalf.as_ref())?;
        }
        filled?;
        self.settle()
    }

    /// The data as the form wants it, with everything that is wrong with it at its place.
    fn filled(&self, form: &Form, data: &Document) -> Result<Value, Halt<D::Need>> {
        let subject = record(&self.work.subject, &self.definition.subject.record)
            .map_err(|why| Halt::Broken("subject_unreadable", why))?;
        let (filled, mut wrong) = match super::input::typed(data, &form.record, &[], &[]) {
            Ok(filled) => (Some(filled), Vec::new()),
            Err(Refusal::Invalid(errors)) => (None, errors),
            Err(other) => return Err(other.into()),
        };
        for field in &form.fields {
            let Some(Ok(value)) = data.get(&*field.name).map(|json| Value::from_json(json, &field.ty)) else {
                continue;
            };
            let mut scope = seen(self.definition, self.ground.now, Some(subject.clone()));
            scope.values.insert("value".into(), value.clone());
            let said = |((rule, _), sentence): (&(Expr, _), Arc<str>)| match rule.eval_bool(&scope) {
                Ok(true) => None,
                Ok(false) => Some(sentence.to_string()),
                Err(why) => Some(comparable(&value, why.message)),
            };
            let mut broken: Vec<String> = field
                .rules
                .iter()
                .zip(field.sentences(&scope))
                .filter_map(said)
                .chain(self.unfit(field.required, &value))
                .collect();
            // What compares with neither bound is said once.
            broken.dedup();
            wrong.extend(broken.into_iter().map(|why| (format!("/{}", field.name), why)));
        }
        let under = |(at, why): (String, String)| (format!("/data{at}"), why);
        match filled {
            Some(filled) if wrong.is_empty() => Ok(filled),
            _ => Err(Refusal::Invalid(wrong.into_iter().map(under).collect()).into()),
        }
    }

    /// What no type says: a text that must be given says something, and people exist.
    fn unfit(&self, required: bool, value: &Value) -> Option<String> {
        let known = |id: &PersonId| self.ground.organisation().organisation.person(id).is_some();
        match value {
            Value::Text(text) if required && text.trim().is_empty() => Some("it must not be empty".to_owned()),
            Value::Person(id) if !known(id) => Some(format!("nobody in the organisation has the id `{id}`")),
            Value::List(items) => items.iter().find_map(|item| self.unfit(false, item)),
            Value::Map(entries) => entries.values().find_map(|value| self.unfit(false, value)),
            _ => None,
        }
    }

    /// The input or payload as it was `typed`, if everybody is there whom it names: else nobody would be asked, later. Whoever is
    /// not is told beside what is of no type. `skip`: what an action reads itself.
    pub(super) fn with_people(
        &self,
        typed: Result<Value, Refusal>,
        (document, record): (&Document, &RecordType),
        skip: &[Arc<str>],
    ) -> Result<Value, Halt<D::Need>> {
        let unknown = |(name, json): (&String, &Json)| {
            let field = record.fields.get(name).filter(|_| skip.iter().all(|own| **own != *name.as_str()))?;
            let value = Value::from_json(json, &field.ty).ok()?;
            Some((below("", name), self.unfit(false, &value)?))
        };
        let unknown: Vec<(String, String)> = document.iter().filter_map(unknown).collect();
        match typed {
            typed if unknown.is_empty() => Ok(typed?),
            Ok(_) => Err(Refusal::Invalid(unknown).into()),
            Err(Refusal::Invalid(mut wrong)) => {
                wrong.extend(unknown);
                Err(Refusal::Invalid(wrong).into())
            }
            Err(other) => Err(other.into()),
        }
    }

    /// Which pages of a task still hold now that it was told of a change, if it has another document or round than before.
    ///
    /// What others give (at their tasks, in their decisions, by a called workflow) makes stale nobody who gives his own beside
    /// them; what somebody sets by an event, a repair or a migration does.
    pub(super) fn keeps_screens(&mut self, at: usize, (before, round): (Screen, i64)) {
        let (asks_data, is_given) = (self.form(at).is_some(), self.by_engine && !self.corrects);
        let task = &mut self.work.tasks[at];
        if asks_data && (task.document, task.revision) == (before.document, round) {
            return;
        }
        let stays_open = task.status == TaskStatus::Open && task.revision == round;
        let earlier = &mut task.detail.earlier;
        // Whoever decides sees all of it, also where a migration has made a decision of what asked for data.
        if !(asks_data && is_given && stays_open) {
            return earlier.clear();
        }
        earlier.push(before);
        let too_many = earlier.len().saturating_sub(MOST_EARLIER);
        earlier.drain(..too_many);
    }

    /// The task has its data: the workflow goes on with it.
    pub(super) fn given(&mut self, at: usize) {
        if let Some(ix) = self.definition.find(&self.work.tasks[at].state) {
            self.raised.push(Raised { at: ix, event: DONE, payload: self.event.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_compare_says_what_to_write() {
        let told = |value: Value, why: &str| comparable(&value, format!("{why} cannot be compared"));
        let days = Value::Duration("2 working days".parse().unwrap());
        let hours = Value::Duration("48 hours".parse().unwrap());
        let usd = Value::Money("5 USD".parse().unwrap());
        for (value, why, write) in [
            (days.clone(), "working days and elapsed time", "a length of elapsed time, such as 48 hours"),
            (hours, "working days and elapsed time", "it in working days, such as 2 working days"),
            (usd.clone(), "USD and EUR", "an amount in EUR"),
            (usd, "EUR and USD", "an amount in EUR"),
        ] {
            assert_eq!(told(value, why), format!("{why} cannot be compared: write {write}"));
        }
        assert_eq!(comparable(&days, "the number is too large".to_owned()), "the number is too large");
    }
}

//! Answers: made with a decision, kept in its entry, given again to a repeat.

use serde_json::Value as Json;
use serde_json::value::RawValue;

use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::command::Answer;
use crate::decide::OrganisationAt;
use crate::definition::chart::Definition;
use crate::instance::{Instance, Status};

/// The answer that an entry's body holds: what a repeat gets.
#[must_use]
pub fn answer_in(entry: &Entry) -> Option<Answer> {
    #[derive(serde::Deserialize)]
    struct Held<'a> {
        #[serde(borrow)]
        answer: &'a RawValue,
    }
    let held: Held<'_> = serde_json::from_str(&entry.body).ok()?;
    serde_json::from_str(held.answer.get()).ok()
}

/// The answer that shows an instance; without an organisation its tasks are left out. Its entry's number is filled in by
/// `Plan::accept`.
#[must_use]
pub fn answer_of(
    definition: &Definition,
    instance: &Instance,
    organisation: Option<&OrganisationAt>,
    now: Timestamp,
) -> Answer {
    let accepts = match instance.status {
        Status::Final => Vec::new(),
        Status::Active | Status::Incident => {
            definition.active(instance).map_or_else(Vec::new, |active| definition.accepts(&active))
        }
    };
    Answer {
        instance: Some(instance.id),
        workflow: Some(instance.workflow.clone()),
        key: instance.key.clone(),
        state: Some(instance.state.clone()),
        inside: instance.detail.inside.clone(),
        status: Some(instance.status),
        incident: instance.detail.incident.clone().map(Box::new),
        state_revision: instance.state_revision,
        seq: instance.seq,
        tasks: organisation.map_or_else(Vec::new, |o| crate::decide::summaries(definition, instance, o, now)),
        accepts,
        record: Json::Null,
        at: now,
    }
}

/// The answer of a change that no instance is about.
#[must_use]
pub fn blank_answer(now: Timestamp) -> Answer {
    Answer {
        instance: None,
        workflow: None,
        key: None,
        state: None,
        inside: Vec::new(),
        status: None,
        incident: None,
        state_revision: 0,
        seq: 0,
        tasks: Vec::new(),
        accepts: Vec::new(),
        record: Json::Null,
        at: now,
    }
}

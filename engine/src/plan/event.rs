//! What whoever hears of transitions is told of one: a row of the outbox beside the entry, only for tenants of whom somebody
//! wants to hear.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::Plan;
use super::notice::Told;
use crate::clock::Timestamp;
use crate::ids::TenantId;
use crate::instance::{Document, Instance, TaskStatus};

/// What is heard of a tenant's transitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// That they happened.
    Events,
    /// The document as it became, too.
    Documents,
}

impl<Op> Plan<Op> {
    /// The tenants of whose transitions somebody wants to hear.
    #[must_use]
    pub fn heard(self, heard: Vec<(TenantId, Hearing)>) -> Self {
        Self { heard, ..self }
    }
}

impl Told<'_> {
    /// The payload. `from` is the state before; nothing: the instance has started.
    pub(super) fn event(&self, hearing: Hearing, before: Option<&Instance>) -> Document {
        let Self { command, definition, record, after, at } = self;
        let open = after.tasks.iter().filter(|task| task.status == TaskStatus::Open);
        let tasks: Vec<Json> = open.map(|task| json!({ "id": task.id.to_string(), "state": task.state })).collect();
        let outcomes: BTreeSet<&str> = record.outcomes.iter().copied().collect();
        let mut told = json!({
            "instance": after.id,
            "seq": after.seq,
            "at": at.to_string(),
            "workflow": after.workflow,
            "definition": definition.hash.to_string(),
            "key": after.key,
            "verb": command.verb.name(),
            "event": record.event,
            "outcomes": outcomes,
            "from": before.map(|before| &before.state),
            "to": after.state,
            "inside": after.detail.inside,
            "entered": self.entered(before),
            "status": after.status,
            "state_revision": after.state_revision,
            "incident": after.detail.incident.as_ref().map(|incident| &incident.code),
            "actor": command.actor.kind(),
            "person": command.actor.person(),
            "on_behalf_of": record.behalf,
            "tasks": tasks,
        });
        if hearing == Hearing::Documents {
            told["document"] = Json::Object(after.subject.clone());
        }
        match told {
            Json::Object(told) => told,
            _ => Document::new(),
        }
    }

    /// The states that were entered, each once; where a migration has led to one without an arrow, that one.
    fn entered(&self, before: Option<&Instance>) -> Vec<&str> {
        let was_in = |path: &Arc<str>| before.is_some_and(|before| before.inside().contains(path));
        let now_in = self.after.inside().iter().filter(|path| !was_in(path));
        let mut seen = BTreeSet::new();
        self.record.entered.iter().chain(now_in).map(AsRef::as_ref).filter(|path| seen.insert(*path)).collect()
    }
}

/// When it was, of a payload.
///
/// # Errors
/// If the payload is none of this engine's.
pub fn event_at(payload: &Document) -> Result<Timestamp, String> {
    let text = payload.get("at").and_then(Json::as_str).ok_or("it does not say when")?;
    Timestamp::parse(text)
}

//! What templates see: always the same names, empty where there is nothing to say, so that a template that is right once
//! is right always.

use std::collections::BTreeSet;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::definition::Library;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{InstanceId, PersonId};
use fluxor_engine::instance::Document;
use fluxor_workflows::Procurement;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::contacts::Contacts;

/// A notice as its outbox row carries it.
#[derive(Debug, Deserialize)]
pub(super) struct Payload {
    pub(super) notice: Notice,
    #[serde(default)]
    pub(super) at: Option<String>,
    #[serde(default)]
    by: Option<PersonId>,
    #[serde(default)]
    behalf: Option<PersonId>,
    workflow: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    key: Option<String>,
    state: String,
    #[serde(default)]
    asks_data: bool,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    subject: Document,
}

/// Its inner part.
#[derive(Debug, Deserialize)]
pub(super) struct Notice {
    pub(super) kind: String,
    task: u32,
    #[serde(default)]
    step: Option<String>,
    pub(super) people: Vec<PersonId>,
    #[serde(default)]
    stands_for: Option<PersonId>,
    #[serde(default)]
    due: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

impl Payload {
    /// # Errors
    /// A sentence.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|e| format!("the notice cannot be read: {e}"))
    }

    /// When it was decided.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at.as_deref().and_then(|at| Timestamp::parse(at).ok())
    }

    fn is_due(&self) -> bool {
        let due = self.notice.due.as_deref().and_then(|due| Timestamp::parse(due).ok());
        matches!((self.at(), due), (Some(at), Some(due)) if at >= due)
    }
}

/// What a template sees. The names are explained in definitions/templates/README.md.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Facts {
    kind: String,
    at: Option<String>,
    zone: String,
    name: String,
    requester: Option<String>,
    by: Option<String>,
    behalf: Option<String>,
    stands_for: Option<String>,
    workflow: String,
    title: String,
    key: Option<String>,
    state: String,
    step: Option<String>,
    reference: String,
    reason: Option<String>,
    due: Option<String>,
    overdue: bool,
    asks_data: bool,
    task: String,
    instance: String,
    link: Option<String>,
    subject: Document,
}

/// The fields that a subject may have: those of the vocabulary and of the definitions.
pub(crate) fn fields(definitions: impl IntoIterator<Item = Arc<Definition>>) -> BTreeSet<String> {
    let domain = Procurement::new();
    let vocabulary = domain.vocabulary().subjects.values().map(|subject| subject.record.clone());
    let records = definitions.into_iter().map(|definition| definition.subject.record.clone()).chain(vocabulary);
    records.flat_map(|record| record.fields.keys().map(ToString::to_string).collect::<Vec<_>>()).collect()
}

/// Those of a loaded library.
pub(crate) fn fields_of(library: &Library) -> BTreeSet<String> {
    fields(library.names().filter_map(|name| library.current(name).cloned()))
}

/// Every name with nothing behind it: what templates are checked with.
pub(super) fn blank(fields: &BTreeSet<String>) -> Facts {
    let mut facts = Facts { zone: "UTC".to_owned(), ..Facts::default() };
    facts.complete(fields);
    facts
}

impl Facts {
    /// Gives fields that this subject does not have an empty value.
    pub(super) fn complete(&mut self, fields: &BTreeSet<String>) {
        for field in fields {
            self.subject.entry(field.clone()).or_insert(Json::Null);
        }
    }
}

/// What there is to say to one person.
pub(super) fn of(
    payload: &Payload,
    instance: InstanceId,
    contacts: &Contacts,
    person: &PersonId,
    public_url: Option<&str>,
) -> Facts {
    let name = |person: &Option<PersonId>| person.as_ref().map(|person| contacts.name(person));
    let subject = &payload.subject;
    let text = |field: &str| subject.get(field).and_then(Json::as_str).filter(|text| !text.trim().is_empty());
    let notice = &payload.notice;
    let task = payload.task.clone().unwrap_or_else(|| format!("{instance}.{}", notice.task));
    let asked = matches!(&*notice.kind, "task_opened" | "reminder" | "escalated");
    let place = if asked { format!("tasks/{task}") } else { format!("instances/{instance}") };
    Facts {
        kind: notice.kind.clone(),
        at: payload.at.clone(),
        zone: contacts.zone.clone(),
        name: contacts.name(person),
        requester: text("requester").map(|id| contacts.name(&id.into())),
        by: name(&payload.by),
        behalf: name(&payload.behalf),
        stands_for: name(&notice.stands_for),
        workflow: payload.workflow.clone(),
        title: payload.title.clone().unwrap_or_else(|| words(&payload.workflow)),
        key: payload.key.clone(),
        state: payload.state.clone(),
        step: notice.step.as_deref().map(words),
        reference: text("number").map_or_else(|| short(instance), str::to_owned),
        reason: notice.reason.clone().filter(|reason| !reason.trim().is_empty()),
        due: notice.due.clone(),
        overdue: payload.is_due(),
        asks_data: payload.asks_data,
        task,
        instance: instance.to_string(),
        link: public_url.map(|url| format!("{url}/{place}")),
        subject: subject.clone(),
    }
}

/// A short reference for what has no number yet: the end of the id, which is random (its beginning is the time).
fn short(instance: InstanceId) -> String {
    let id = instance.0.simple().to_string();
    id[id.len() - 8..].to_ascii_uppercase()
}

fn words(name: &str) -> String {
    name.replace('_', " ")
}

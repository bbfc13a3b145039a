//! How an instance is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{DefinitionHash, InstanceId};
use fluxor_engine::instance::{Document, Incident, Instance, Status};
use serde::Serialize;
use utoipa::ToSchema;

use super::json;
use super::tasks::OpenTask;
use crate::desk::Look;

/// An instance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Instance)]
pub(crate) struct Shown {
    #[schema(value_type = String)]
    id: InstanceId,
    #[schema(value_type = String)]
    workflow: Arc<str>,
    /// The definition it is pinned to.
    #[schema(value_type = String)]
    definition: DefinitionHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    #[schema(value_type = String)]
    state: Arc<str>,
    /// In a parallel state: the innermost states that it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    inside: Vec<Arc<str>>,
    /// `active`, `incident` or `final`.
    #[schema(value_type = String)]
    status: Status,
    state_revision: i64,
    /// How many audit entries it has.
    seq: i64,
    /// What it is about.
    #[schema(value_type = Object)]
    subject: Document,
    /// Why it needs a person, if it does: code, message, since.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<Trouble>,
    /// In a parallel state: those of other regions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_incidents: Vec<Trouble>,
    /// The instance that called this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    caller: Option<InstanceId>,
    /// The instances that it has called and waits for, by the states that wait.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    called: BTreeMap<Arc<str>, InstanceId>,
    /// Why it was ended where it stood, in a state that is not final.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    stopped: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by: Option<String>,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    started_at: Timestamp,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

/// Why an instance needs a person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
pub(crate) struct Trouble {
    #[schema(value_type = String)]
    code: Arc<str>,
    message: String,
    /// The state that it is about, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    state: Option<Arc<str>>,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    since: Timestamp,
}

impl From<Incident> for Trouble {
    fn from(Incident { code, message, since, at, tried: _ }: Incident) -> Self {
        Self { code, message, since, state: at }
    }
}

impl From<Instance> for Shown {
    fn from(row: Instance) -> Self {
        Self {
            id: row.id,
            workflow: row.workflow,
            definition: row.definition,
            key: row.key,
            state: row.state,
            inside: row.detail.inside,
            status: row.status,
            state_revision: row.state_revision,
            seq: row.seq,
            subject: row.subject,
            incident: row.detail.incident.map(Trouble::from),
            other_incidents: row.detail.others.into_iter().map(Trouble::from).collect(),
            caller: row.detail.caller,
            called: row.detail.called,
            stopped: row.detail.stopped,
            started_by: row.detail.started_by.map(|person| person.to_string()),
            started_at: row.started_at,
            changed_at: row.changed_at,
        }
    }
}

/// An instance with what it asks for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Whole {
    #[serde(flatten)]
    instance: Shown,
    /// Open tasks.
    tasks: Vec<OpenTask>,
    /// Events it accepts now.
    #[schema(value_type = Vec<String>)]
    accepts: Vec<Arc<str>>,
}

impl From<Look> for Whole {
    fn from(Look { instance, answer }: Look) -> Self {
        let tasks = answer.tasks.into_iter().map(OpenTask::from).collect();
        Self { instance: instance.into(), tasks, accepts: answer.accepts }
    }
}

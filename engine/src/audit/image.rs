//! An instance as the JSON that entries tell changes of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value as Json;

use crate::clock::Timestamp;
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId};
use crate::instance::{Detail, Document, Holder, Incident, Instance, Status, Task, TaskDetail, TaskStatus, Undo};

/// The parts of an instance that entries carry, to be written. What is left out when it has its default must be so in `told`, too.
#[derive(Serialize)]
pub(super) struct Shown<'a> {
    workflow: &'a str,
    definition: DefinitionHash,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    state: &'a str,
    status: Status,
    state_revision: i64,
    subject: &'a Document,
    detail: ShownDetail<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tasks: BTreeMap<u32, ShownTask<'a>>,
}

#[derive(Serialize)]
struct ShownDetail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    started_by: Option<&'a PersonId>,
    entered_at: Timestamp,
    #[serde(skip_serializing_if = "<[Arc<str>]>::is_empty")]
    inside: &'a [Arc<str>],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    history: &'a BTreeMap<Arc<str>, Vec<Arc<str>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller: Option<InstanceId>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    called: &'a BTreeMap<Arc<str>, InstanceId>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    returned: &'a BTreeSet<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<&'a str>,
    #[serde(skip_serializing_if = "<[Undo]>::is_empty")]
    undo: &'a [Undo],
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    timers: &'a BTreeMap<Arc<str>, Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a Incident>,
    #[serde(skip_serializing_if = "<[Incident]>::is_empty")]
    others: &'a [Incident],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    passed: &'a BTreeSet<Arc<str>>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    handled: &'a BTreeSet<PersonId>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    kept_out: &'a BTreeSet<PersonId>,
}

/// A task of an image.
#[derive(Serialize)]
pub(super) struct ShownTask<'a> {
    state: &'a str,
    status: TaskStatus,
    revision: i64,
    document: Digest,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "<[Holder]>::is_empty")]
    holders: &'a [Holder],
    detail: &'a TaskDetail,
    opened_at: Timestamp,
}

impl<'a> From<&'a Task> for ShownTask<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            state: &task.state,
            status: task.status,
            revision: task.revision,
            document: task.document,
            due_at: task.due_at,
            holders: &task.holders,
            detail: &task.detail,
            opened_at: task.opened_at,
        }
    }
}

/// An instance's image, to be written.
pub(super) fn shown(instance: &Instance) -> Shown<'_> {
    let Detail {
        started_by,
        entered_at,
        inside,
        history,
        caller,
        called,
        returned,
        stopped,
        undo,
        timers,
        incident,
        others,
        passed,
        handled,
        kept_out,
        requests: _,
    } = &instance.detail;
    Shown {
        workflow: &instance.workflow,
        definition: instance.definition,
        key: instance.key.as_deref(),
        state: &instance.state,
        status: instance.status,
        state_revision: instance.state_revision,
        subject: &instance.subject,
        detail: ShownDetail {
            started_by: started_by.as_ref(),
            entered_at: *entered_at,
            inside,
            history,
            caller: *caller,
            called,
            returned,
            stopped: stopped.as_deref(),
            undo,
            timers,
            incident: incident.as_ref(),
            others,
            passed,
            handled,
            kept_out,
        },
        tasks: instance.tasks.iter().map(|t| (t.id.ordinal, t.into())).collect(),
    }
}

/// The instance as the JSON that changes are told of.
#[must_use]
pub fn image(instance: &Instance) -> Json {
    serde_json::to_value(shown(instance)).unwrap_or_default()
}

//! What may be asked of the engine, and what it answers. Every write of Fluxor is one of these commands.

mod repair;

mod change;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::approval;
use crate::clock::Timestamp;
use crate::ids::{Digest, InstanceId, PersonId, RequestId, TaskId, TenantId};
use crate::instance::{Document, Incident, Status};
use crate::migrate::Mapping;

pub use change::{Basis, Change, SessionEvent};

pub use repair::Repair;

/// One thing asked, by somebody, once.
#[derive(Clone, Debug)]
pub struct Command {
    /// Whose data.
    pub tenant: TenantId,
    /// The same id twice is one command (invariant 2).
    pub request: RequestId,
    /// SHA-256 over what was asked: a repeat with another hash is refused.
    pub request_hash: Digest,
    /// Who asks.
    pub actor: Actor,
    /// What.
    pub verb: Verb,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person, through some door (`http`, `cli`).
    Person {
        /// Who.
        id: PersonId,
        /// By which door.
        via: Arc<str>,
        /// May edit the organisation and keys.
        administrator: bool,
    },
    /// Time.
    Timer,
    /// Another part of the engine: a delivery result, a child's result.
    Message,
    /// The operator at the machine's own console.
    System,
}

impl Actor {
    /// The person, if it is one.
    #[must_use]
    pub fn person(&self) -> Option<&PersonId> {
        match self {
            Self::Person { id, .. } => Some(id),
            Self::Timer | Self::Message | Self::System => None,
        }
    }

    /// `person`, `timer`, `message` or `system`, as entries have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Person { .. } => "person",
            Self::Timer => "timer",
            Self::Message => "message",
            Self::System => "system",
        }
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub enum Verb {
    /// Start an instance of a workflow.
    Start {
        /// The definition's name.
        workflow: Arc<str>,
        /// A business key; else the definition's `key`, else none.
        key: Option<Arc<str>>,
        /// The subject's fields.
        input: Document,
    },
    /// Tell an instance that something happened. `recall` and `cancel` are events too.
    Signal {
        /// Which.
        instance: InstanceId,
        /// The event's name.
        event: Arc<str>,
        /// Its payload.
        payload: Document,
        /// Why, where the arrow asks for it.
        reason: Option<String>,
        /// The state revision that the caller saw.
        state_revision: Option<i64>,
    },
    /// Decide, or do something else about, an approval task.
    Decide {
        /// Which task.
        task: TaskId,
        /// The etag that the caller saw; `None` where the verb needs none (`remind`).
        etag: Option<String>,
        /// A verb of `approvals.md`, section 10.
        act: approval::Verb,
    },
    /// Give the data that a task asks for.
    Complete {
        /// Which task.
        task: TaskId,
        /// The etag that the caller saw.
        etag: Option<String>,
        /// For whom, where several could be meant.
        on_behalf_of: Option<PersonId>,
        /// The fields of its form.
        data: Document,
    },
    /// Time has come for a timer or a task of this instance.
    Wake {
        /// Which.
        instance: InstanceId,
    },
    /// A row of the inbox: a result that the instance waits for.
    Message {
        /// Which.
        instance: InstanceId,
        /// The inbox row to remove; also the request id.
        message: Arc<str>,
        /// The event it becomes; `delivery_failed` becomes an incident.
        event: Arc<str>,
        /// Its payload.
        payload: Document,
    },
    /// Help an instance that cannot go on, or must not go on as it is.
    Repair {
        /// Which.
        instance: InstanceId,
        /// How.
        repair: Repair,
        /// Why: never blank.
        reason: String,
        /// The state revision that the caller saw.
        state_revision: Option<i64>,
    },
    /// Move an instance to another definition.
    Migrate {
        /// Which.
        instance: InstanceId,
        /// Where what goes.
        mapping: Arc<Mapping>,
        /// Why: never blank.
        reason: String,
        /// The state revision that the caller saw.
        state_revision: Option<i64>,
    },
    /// Change a record that is not an instance.
    Change(Change),
}

/// The name of [`Verb::Complete`].
pub const COMPLETE: &str = "complete";

impl Verb {
    /// The verb's name in entries.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start { .. } => "start",
            Self::Signal { .. } => "signal",
            Self::Decide { act, .. } => act_name(act),
            Self::Complete { .. } => COMPLETE,
            Self::Wake { .. } => "wake",
            Self::Message { .. } => "message",
            Self::Repair { repair, .. } => repair.name(),
            Self::Migrate { .. } => "migrate",
            Self::Change(change) => change.name(),
        }
    }

    /// The existing instance it is for.
    #[must_use]
    pub fn instance(&self) -> Option<InstanceId> {
        match self {
            Self::Signal { instance, .. }
            | Self::Wake { instance }
            | Self::Message { instance, .. }
            | Self::Repair { instance, .. }
            | Self::Migrate { instance, .. } => Some(*instance),
            Self::Decide { task, .. } | Self::Complete { task, .. } => Some(task.instance),
            Self::Start { .. } | Self::Change(_) => None,
        }
    }

    /// The task's etag that it brings.
    #[must_use]
    pub fn etag(&self) -> Option<&str> {
        match self {
            Self::Decide { etag, .. } | Self::Complete { etag, .. } => etag.as_deref(),
            _ => None,
        }
    }
}

/// What came of a command. A repeat gets the very same answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The instance, or nothing for a change of a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<InstanceId>,
    /// The workflow's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<str>>,
    /// Its business key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// The path of its state afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Arc<str>>,
    /// In a parallel state: the paths of the innermost states that it is in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Arc<str>>,
    /// Whether it lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Why it needs a person, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Box<Incident>>,
    /// Its state revision.
    pub state_revision: i64,
    /// The number of the entry that was written, in its stream.
    pub seq: i64,
    /// Its open tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskSummary>,
    /// The events it accepts now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepts: Vec<Arc<str>>,
    /// What a change of a record has to say (`revision` of the organisation).
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub record: Json,
    /// When.
    pub at: Timestamp,
}

/// An open task, as answers show it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// Its id.
    pub id: TaskId,
    /// What a decision must bring as `If-Match`.
    pub etag: String,
    /// The path of the state that opened it.
    pub state: Arc<str>,
    /// Who may act now, by step.
    pub open: Vec<OpenSeat>,
    /// By when it should be decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

/// Who may act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSeat {
    /// The step.
    pub step: Arc<str>,
    /// Who.
    pub person: PersonId,
    /// On whose behalf, if not in one's own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
}

/// The name of a verb of `approvals.md`, section 10.
#[must_use]
pub const fn act_name(act: &approval::Verb) -> &'static str {
    use approval::Verb as V;
    match act {
        V::Approve(_) => "approve",
        V::Reject(_) => "reject",
        V::Abstain(_) => "abstain",
        V::RequestChanges(_) => "request_changes",
        V::Ask { .. } => "ask",
        V::Answer { .. } => "answer",
        V::Delegate { .. } => "delegate",
        V::Reassign { .. } => "reassign",
        V::AddApprover { .. } => "add_approver",
        V::Escalate { .. } => "escalate",
        V::Remind { .. } => "remind",
        V::Look { .. } => "look",
        V::AddWatcher { .. } => "add_watcher",
        V::Edit { .. } => "edit",
        V::Submit => "submit",
        V::Recall => "recall",
        V::Repair { .. } => "repair",
        V::Time => "time",
        V::Organisation => "organisation",
    }
}

//! Stored columns as plain structs, and what they mean. Rows are parsed, not trusted: a combination that cannot have been
//! written is [`StoreError::Inconsistent`], naming table and row.

use uuid::Uuid;

use super::StoreError;
use crate::clock::Timestamp;
use crate::effect::WITHDRAWN_ARRIVED;
use crate::ids::{DefinitionHash, Digest, InstanceId, TaskId, TenantId};
use crate::instance::{Instance, Status, Task, TaskStatus};

/// What an instance and its tasks are read by: 14 columns of the instance `i`, then 10 of the task `t`.
macro_rules! instance_columns {
    () => {
        "i.tenant, i.id, i.workflow, i.definition, i.key, i.state, i.status, i.seq, i.state_revision, i.subject, \
         i.detail, i.head, i.started_at, i.changed_at, t.ordinal, t.state, t.status, t.revision, t.document, t.due_at, \
         t.holders, t.detail, t.opened_at, t.seq"
    };
}
pub(super) use instance_columns;

/// Open seats of some people. What was asked is `a (tenant, person)`; $1 and what follows it belong to the dialect.
macro_rules! held_by {
    ($asked:literal, $instance:literal, $ordinal:literal, $limit:literal) => {
        concat!(
            "SELECT ",
            crate::store::rows::instance_columns!(),
            ", p.ordinal FROM (
               SELECT h.tenant, h.instance, h.ordinal
               FROM ",
            $asked,
            "
               JOIN task_holder AS h ON h.tenant = a.tenant AND h.person = a.person
                 AND (h.instance, h.ordinal) > (",
            $instance,
            ", ",
            $ordinal,
            ")
               JOIN task AS o ON o.tenant = h.tenant AND o.instance = h.instance AND o.ordinal = h.ordinal
                 AND o.status = 'open'
               GROUP BY h.tenant, h.instance, h.ordinal
               ORDER BY h.instance, h.ordinal
               LIMIT ",
            $limit,
            "
             ) AS p
             JOIN instance AS i ON i.tenant = p.tenant AND i.id = p.instance
             LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
             ORDER BY p.instance, p.ordinal, t.ordinal"
        )
    };
}
pub(super) use held_by;

/// A row of `instance`.
pub(super) struct InstanceRow {
    pub(super) tenant: i64,
    pub(super) id: Uuid,
    pub(super) workflow: String,
    pub(super) definition: Vec<u8>,
    pub(super) key: Option<String>,
    pub(super) state: String,
    pub(super) status: String,
    pub(super) seq: i64,
    pub(super) state_revision: i64,
    pub(super) subject: String,
    pub(super) detail: String,
    pub(super) head: Vec<u8>,
    pub(super) started_at: i64,
    pub(super) changed_at: i64,
}

/// A row of `task`.
pub(super) struct TaskRow {
    pub(super) instance: Uuid,
    pub(super) ordinal: i64,
    pub(super) state: String,
    pub(super) status: String,
    pub(super) revision: i64,
    pub(super) document: Vec<u8>,
    pub(super) due_at: Option<i64>,
    pub(super) holders: String,
    pub(super) detail: String,
    pub(super) opened_at: i64,
    pub(super) seq: i64,
}

impl TryFrom<InstanceRow> for Instance {
    type Error = StoreError;

    fn try_from(row: InstanceRow) -> Result<Self, StoreError> {
        let wrong = |what: String| inconsistent("instance", format!("{} {}", row.tenant, row.id), what);
        if row.seq < 1 {
            return Err(wrong(format!("seq is {}, but a row comes with its first entry", row.seq)));
        }
        Ok(Self {
            tenant: TenantId(row.tenant),
            id: InstanceId(row.id),
            definition: DefinitionHash(
                bytes(&row.definition).ok_or_else(|| wrong("definition has not 32 bytes".into()))?,
            ),
            status: Status::parse(&row.status).ok_or_else(|| wrong(format!("status `{}`", row.status)))?,
            subject: serde_json::from_str(&row.subject).map_err(|e| wrong(format!("subject: {e}")))?,
            detail: serde_json::from_str(&row.detail).map_err(|e| wrong(format!("detail: {e}")))?,
            head: Digest(bytes(&row.head).ok_or_else(|| wrong("head has not 32 bytes".into()))?),
            workflow: row.workflow.into(),
            key: row.key.map(Into::into),
            state: row.state.into(),
            seq: row.seq,
            state_revision: row.state_revision,
            tasks: Vec::new(),
            started_at: Timestamp::from_micros(row.started_at),
            changed_at: Timestamp::from_micros(row.changed_at),
        })
    }
}

impl TryFrom<TaskRow> for Task {
    type Error = StoreError;

    fn try_from(row: TaskRow) -> Result<Self, StoreError> {
        let wrong = |what: String| inconsistent("task", format!("{}.{}", row.instance, row.ordinal), what);
        let ordinal = u32::try_from(row.ordinal).ok().filter(|n| *n > 0);
        Ok(Self {
            id: TaskId {
                instance: InstanceId(row.instance),
                ordinal: ordinal.ok_or_else(|| wrong("ordinals are from 1".into()))?,
            },
            status: TaskStatus::parse(&row.status).ok_or_else(|| wrong(format!("status `{}`", row.status)))?,
            document: Digest(bytes(&row.document).ok_or_else(|| wrong("document has not 32 bytes".into()))?),
            holders: serde_json::from_str(&row.holders).map_err(|e| wrong(format!("holders: {e}")))?,
            detail: serde_json::from_str(&row.detail).map_err(|e| wrong(format!("detail: {e}")))?,
            state: row.state.into(),
            revision: row.revision,
            due_at: row.due_at.map(Timestamp::from_micros),
            opened_at: Timestamp::from_micros(row.opened_at),
            seq: row.seq,
        })
    }
}

/// Puts a task to its instance; its guard cannot be ahead of the instance's.
pub(super) fn attach(instance: &mut Instance, task: Task) -> Result<(), StoreError> {
    if task.seq < 1 || task.seq > instance.seq {
        let what = format!("seq is {}, its instance's {}", task.seq, instance.seq);
        return Err(inconsistent("task", task.id.to_string(), what));
    }
    instance.tasks.push(task);
    Ok(())
}

/// An error that names table and row.
pub(super) fn inconsistent(table: &'static str, id: impl Into<String>, what: impl Into<String>) -> StoreError {
    StoreError::Inconsistent { table, id: id.into(), what: what.into() }
}

/// Thirty-two bytes.
pub(super) fn bytes(stored: &[u8]) -> Option<[u8; 32]> {
    stored.try_into().ok()
}

/// Any value of the engine's as JSON text.
pub(super) fn json(value: &impl serde::Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|e| StoreError::Unavailable(format!("cannot be written as JSON: {e}")))
}

/// What is due, from rows in order of their instants (one more than `limit` were asked for).
pub(super) fn due(
    rows: impl IntoIterator<Item = (i64, TenantId, InstanceId)>,
    now: Timestamp,
    limit: i64,
) -> super::Due {
    let mut due = super::Due::default();
    for (n, (at, tenant, instance)) in rows.into_iter().enumerate() {
        if at > now.micros() || i64::try_from(n).is_ok_and(|n| n >= limit) {
            due.next = Some(Timestamp::from_micros(at));
            break;
        }
        if !due.instances.contains(&(tenant, instance)) {
            due.instances.push((tenant, instance));
        }
    }
    due
}

/// What the instance is told when a delivery ends: event and payload, if anything. The answer of a message that was withdrawn is none to
/// `another` that it sent since.
pub(super) fn told(
    claimed: &super::Claimed,
    result: &super::Delivery,
    another: bool,
) -> Option<(std::sync::Arc<str>, String)> {
    match result {
        super::Delivery::Sent { reply } => {
            let payload = serde_json::Value::Object(reply.clone()).to_string();
            let event = claimed.row.sent_event.clone()?;
            Some((if another { WITHDRAWN_ARRIVED.into() } else { event }, payload))
        }
        super::Delivery::Again { .. } | super::Delivery::Held { .. } => None,
        super::Delivery::GivenUp { error } => {
            let destination = &*claimed.row.destination;
            // Its key: somebody may want it sent after all.
            let (id, seq) = (claimed.row.id, claimed.row.seq);
            let payload = serde_json::json!({
                "attempts": claimed.attempt, "destination": destination, "error": error, "id": id, "seq": seq,
            });
            Some(("delivery_failed".into(), payload.to_string()))
        }
    }
}

/// The id of that message: one for each time that the delivery ends, since what was given up may be sent after all.
pub(super) fn told_id(claimed: &super::Claimed) -> String {
    format!("delivery:{}:{}", claimed.row.id, claimed.epoch)
}

/// Drops rows that are both removed and added: nothing changes about them.
pub(super) fn net<T: Ord>(change: &crate::commit::IndexChange<T>) -> (Vec<&T>, Vec<&T>) {
    let removed: std::collections::BTreeSet<&T> = change.remove.iter().collect();
    let added: std::collections::BTreeSet<&T> = change.add.iter().collect();
    (removed.difference(&added).copied().collect(), added.difference(&removed).copied().collect())
}

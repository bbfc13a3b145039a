//! An entry's body: each changed field before and after, what was asked, answered, done and sent, and why.

use std::sync::Arc;

use serde::Serialize;

use crate::approval::{Fired, WhyAsked};
use crate::clock::Timestamp;
use crate::command::Answer;
use crate::decide::Acted;
use crate::effect::{Effect, Record};
use crate::ids::{CalendarHash, InstanceId};
use crate::instance::{Document, Instance};

/// What most bodies stay below, in bytes.
const LENGTH: usize = 4_096;

/// What an entry's body holds, in the order of its keys.
#[derive(Serialize)]
struct Body<'a, Change, Op> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acted: Vec<Act<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'a Answer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asked: Vec<Asked<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calendar: Option<Counted<'a>>,
    #[serde(skip_serializing_if = "<[Change]>::is_empty")]
    changes: &'a [Change],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fired: Vec<Fell<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notices: Vec<&'a crate::effect::Notice>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ops: Vec<&'a Op>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent: Option<&'a crate::effect::Parent>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Document::is_empty")]
    request: &'a Document,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reports: Vec<Reported<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resumed: Vec<Resumed<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sent: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    started: Vec<Started<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<Chosen<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tells: Vec<Told<'a>>,
    #[serde(skip_serializing_if = "<[(Arc<str>, Timestamp)]>::is_empty")]
    timers: &'a [(Arc<str>, Timestamp)],
    #[serde(skip_serializing_if = "<[usize]>::is_empty")]
    walked: &'a [usize],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    withdrawn: Vec<&'a str>,
}

/// An act on a task.
#[derive(Serialize)]
struct Act<'a> {
    task: u32,
    #[serde(flatten)]
    act: &'a Acted,
}

/// Who is asked, and why.
#[derive(Serialize)]
struct Asked<'a> {
    #[serde(flatten)]
    seat: &'a WhyAsked,
    task: u32,
}

/// A rung that fell due.
#[derive(Serialize)]
struct Fell<'a> {
    #[serde(flatten)]
    fired: &'a Fired,
    task: u32,
}

/// An instance that was started on the way.
#[derive(Serialize)]
struct Started<'a> {
    id: InstanceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    workflow: &'a str,
}

/// What the instance tells itself; what it carries is in the entry that it becomes.
#[derive(Serialize)]
struct Told<'a> {
    event: &'a str,
    message: &'a str,
}

/// The calendar that working time was counted in.
#[derive(Serialize)]
struct Counted<'a> {
    hash: CalendarHash,
    name: &'a str,
}

/// Rows of a table, from 1 as people count them.
#[derive(Serialize)]
struct Chosen<'a> {
    rows: Vec<usize>,
    table: &'a str,
}

/// What another instance is told.
#[derive(Serialize)]
struct Reported<'a> {
    event: &'a str,
    to: InstanceId,
}

/// A message that was given up, and what becomes of it.
#[derive(Serialize)]
struct Resumed<'a> {
    again: bool,
    id: uuid::Uuid,
    message: &'a str,
}

fn chosen((table, rows): &(Arc<str>, Vec<usize>)) -> Chosen<'_> {
    Chosen { rows: rows.iter().map(|row| row + 1).collect(), table }
}

/// The body as JSON.
pub(super) fn body<Change: Serialize, Op: Serialize>(
    answer: Option<&Answer>,
    changes: &[Change],
    effects: &[Effect<Op>],
    record: &Record,
) -> String {
    let mut parts = Body {
        acted: record.acted.iter().map(|(task, act)| Act { task: *task, act }).collect(),
        allowed: record.allowed.as_deref(),
        answer,
        asked: record.asked.iter().map(|(task, seat)| Asked { task: *task, seat }).collect(),
        calendar: record.calendar.as_ref().map(|(name, hash)| Counted { hash: *hash, name }),
        changes,
        fired: record.fired.iter().map(|(task, fired)| Fell { task: *task, fired }).collect(),
        notices: Vec::new(),
        ops: Vec::new(),
        parent: record.parent.as_ref(),
        reason: record.reason.as_deref(),
        request: &record.request,
        reports: Vec::new(),
        resumed: Vec::new(),
        sent: Vec::new(),
        started: Vec::new(),
        tables: record.tables.iter().map(chosen).collect(),
        tells: Vec::new(),
        timers: &record.timers,
        walked: &record.walked,
        withdrawn: Vec::new(),
    };
    for effect in effects {
        match effect {
            Effect::Row(op) => parts.ops.push(op),
            Effect::Send(out) => parts.sent.push(&out.message),
            Effect::Notice(notice) => parts.notices.push(notice),
            Effect::Start(child) => {
                let Instance { id, key, workflow, .. } = &child.decision.after;
                parts.started.push(Started { id: *id, key: key.as_deref(), workflow });
            }
            Effect::Report(report) => parts.reports.push(Reported { event: report.event, to: report.to }),
            Effect::Resume(resume) => {
                let message = &resume.message;
                let (again, id, message) = (resume.again, message.id, &*message.destination);
                parts.resumed.push(Resumed { again, id, message });
            }
            Effect::Withdraw(message) => parts.withdrawn.push(message),
            Effect::Tell(tell) => parts.tells.push(Told { event: &tell.event, message: &tell.message }),
        }
    }
    let mut text = Vec::with_capacity(LENGTH);
    match serde_json::to_writer(&mut text, &parts) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(e) => serde_json::json!({ "unwritable": e.to_string() }).to_string(),
    }
}

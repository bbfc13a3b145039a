//! What entries say about a row: each body lists the fields that changed, before and after; folding them gives the row.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::{Entry, Header};
use crate::clock::Timestamp;
use crate::ids::{DefinitionHash, Digest, InstanceId, TaskId};
use crate::instance::{Detail, Document, Holder, Instance, MOST_REQUESTS, Status, Task, TaskDetail, TaskStatus};

/// One changed field. A side that is absent did not exist, which is not the same as `null`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// JSON Pointer (RFC 6901) into the image.
    pub at: String,
    /// Before.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub from: Option<Json>,
    /// After.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub to: Option<Json>,
}

fn present<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(d).map(Some)
}

/// The parts of an instance that entries carry, read back: the rest follows from the headers.
#[derive(Deserialize)]
struct Image {
    workflow: Arc<str>,
    definition: DefinitionHash,
    #[serde(default)]
    key: Option<Arc<str>>,
    state: Arc<str>,
    status: Status,
    state_revision: i64,
    subject: Document,
    detail: Detail,
    #[serde(default)]
    tasks: BTreeMap<u32, TaskImage>,
}

#[derive(Deserialize)]
struct TaskImage {
    state: Arc<str>,
    status: TaskStatus,
    revision: i64,
    document: Digest,
    #[serde(default)]
    due_at: Option<Timestamp>,
    #[serde(default)]
    holders: Vec<Holder>,
    detail: TaskDetail,
    opened_at: Timestamp,
}

/// The fields that differ, in the order of their pointers. Objects are compared member by member, all else as a whole; but a list
/// of a task, such as the votes, that has grown and hardly changed otherwise is compared element by element, so that a long review's
/// entries do not grow with its length.
#[must_use]
pub fn diff(before: &Json, after: &Json) -> Vec<Change> {
    diff_at("", Some(before), Some(after))
}

/// The same of what stands at `at`; a side may be missing.
pub(super) fn diff_at(at: &str, before: Option<&Json>, after: Option<&Json>) -> Vec<Change> {
    let mut changes = Vec::new();
    walk(&mut at.to_owned(), before, after, &mut changes);
    changes
}

/// Lengthens a JSON Pointer by a member's name.
pub(super) fn pointer(at: &mut String, name: &str) {
    at.push('/');
    if !name.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return at.push_str(name);
    }
    for c in name.chars() {
        match c {
            '~' => at.push_str("~0"),
            '/' => at.push_str("~1"),
            c => at.push(c),
        }
    }
}

/// The same by a place in a list.
pub(super) fn place_at(at: &mut String, place: usize) {
    let _ = write!(at, "/{place}");
}

/// So many elements of a list may have changed besides those that are new.
const APART: usize = 2;

/// Whether a list is told element by element.
pub(super) fn is_told_apart<T: PartialEq>(at: &str, before: &[T], after: &[T]) -> bool {
    let differ = || before.iter().zip(after).filter(|(before, after)| before != after).take(APART + 1).count();
    at.starts_with("/tasks/") && !before.is_empty() && after.len() >= before.len() && differ() <= APART
}

fn walk(at: &mut String, before: Option<&Json>, after: Option<&Json>, changes: &mut Vec<Change>) {
    match (before, after) {
        (Some(Json::Object(b)), Some(Json::Object(a))) => maps(at, b, a, changes),
        (Some(Json::Array(b)), Some(Json::Array(a))) if is_told_apart(at, b, a) => {
            for (place, new) in a.iter().enumerate() {
                let length = at.len();
                place_at(at, place);
                walk(at, b.get(place), Some(new), changes);
                at.truncate(length);
            }
        }
        (b, a) if b == a => {}
        (b, a) => changes.push(Change { at: at.clone(), from: b.cloned(), to: a.cloned() }),
    }
}

/// What differs between two objects that stand at `at`.
pub(super) fn maps(at: &mut String, before: &Map<String, Json>, after: &Map<String, Json>, changes: &mut Vec<Change>) {
    let old = before.iter().filter(|(name, value)| after.get(*name) != Some(*value));
    let new = after.keys().filter(|name| !before.contains_key(*name));
    let mut keys: Vec<&String> = old.map(|(name, _)| name).chain(new).collect();
    keys.sort();
    for key in keys {
        let length = at.len();
        pointer(at, key);
        walk(at, before.get(key), after.get(key), changes);
        at.truncate(length);
    }
}

/// Applies changes to an image.
///
/// # Errors
/// The first change whose "before" is not what the image has.
pub fn apply(image: &mut Json, changes: &[Change]) -> Result<(), String> {
    for change in changes {
        if change.at.is_empty() {
            if Some(&*image) != change.from.as_ref() {
                return Err("the whole record is not what the entry found".to_owned());
            }
            *image = change.to.clone().unwrap_or(Json::Null);
            continue;
        }
        let (parent, key) = change.at.rsplit_once('/').unwrap_or(("", &change.at));
        let key = key.replace("~1", "/").replace("~0", "~");
        let parent = match image.pointer_mut(parent) {
            Some(Json::Object(members)) => members,
            Some(Json::Array(list)) => {
                let place = key.parse().unwrap_or(usize::MAX);
                match (&change.from, &change.to) {
                    (None, Some(value)) if place == list.len() => list.push(value.clone()),
                    (Some(old), Some(value)) if list.get(place) == Some(old) => list[place] = value.clone(),
                    _ => return Err(format!("{} is not what the entry found", change.at)),
                }
                continue;
            }
            _ => return Err(format!("{} lies in nothing", change.at)),
        };
        if parent.get(&key) != change.from.as_ref() {
            return Err(format!("{} is not what the entry found", change.at));
        }
        match &change.to {
            Some(value) => parent.insert(key, value.clone()),
            None => parent.remove(&key),
        };
    }
    Ok(())
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    changes: Vec<Change>,
}

/// What an entry of an instance says, as far as `B` asks for it.
///
/// # Errors
/// A sentence: it cannot be read, or its body was purged.
pub(super) fn read<B: serde::de::DeserializeOwned>(entry: &Entry) -> Result<(Header, B), String> {
    if entry.body.is_empty() {
        return Err(problem(entry, "its body was purged"));
    }
    let header = entry.parsed().map_err(|what| problem(entry, &what))?;
    let body = serde_json::from_str(&entry.body).map_err(|what| problem(entry, &what.to_string()))?;
    Ok((header, body))
}

/// A sentence about an entry.
pub(super) fn problem(entry: &Entry, what: &str) -> String {
    format!("entry {} of stream {}: {what}", entry.seq, entry.stream)
}

/// Folds the entries of an instance's stream one by one, from the first on.
#[derive(Debug, Default)]
pub struct Folding {
    json: Json,
    requests: Vec<Arc<str>>,
    task_seq: BTreeMap<String, i64>,
    first: Option<(crate::ids::TenantId, crate::ids::StreamId, Timestamp)>,
    last: Option<(i64, Digest, Timestamp)>,
    organisation: Option<i64>,
}

impl Folding {
    /// The next entry.
    ///
    /// # Errors
    /// A sentence: it does not fit, or its body was purged.
    pub fn take(&mut self, entry: &Entry) -> Result<(), String> {
        let (header, body): (Header, Body) = read(entry)?;
        apply(&mut self.json, &body.changes).map_err(|what| problem(entry, &what))?;
        remember(&mut self.requests, header.request.as_ref().map(crate::ids::RequestId::as_str));
        for change in &body.changes {
            touched(change, entry.seq, &mut self.task_seq);
        }
        self.first.get_or_insert((entry.tenant, entry.stream, entry.at));
        self.last = Some((entry.seq, entry.hash, entry.at));
        self.organisation = Some(header.organisation.unwrap_or(0));
        Ok(())
    }

    /// By which revision of the organisation the last entry was decided; `None`: there is no entry yet.
    #[must_use]
    pub const fn organisation(&self) -> Option<i64> {
        self.organisation
    }

    /// The instance as the entries so far make it.
    ///
    /// # Errors
    /// A sentence: there are none, or they make no instance.
    pub fn finish(self) -> Result<Instance, String> {
        let (Some((tenant, stream, began)), Some((seq, head, changed_at))) = (self.first, self.last) else {
            return Err("the stream has no entries".to_owned());
        };
        let image: Image = serde_json::from_value(self.json).map_err(|e| format!("stream {stream}: {e}"))?;
        let (id, task_seq) = (InstanceId(stream.0), self.task_seq);
        let task = |(ordinal, t): (u32, TaskImage)| Task {
            id: TaskId { instance: id, ordinal },
            state: t.state,
            status: t.status,
            revision: t.revision,
            document: t.document,
            due_at: t.due_at,
            holders: t.holders,
            detail: t.detail,
            opened_at: t.opened_at,
            seq: task_seq.get(&ordinal.to_string()).copied().unwrap_or(0),
        };
        Ok(Instance {
            tenant,
            id,
            workflow: image.workflow,
            definition: image.definition,
            key: image.key,
            state: image.state,
            status: image.status,
            seq,
            state_revision: image.state_revision,
            subject: image.subject,
            detail: Detail { requests: self.requests, ..image.detail },
            tasks: image.tasks.into_iter().map(task).collect(),
            head,
            started_at: began,
            changed_at,
        })
    }
}

/// The instance that the entries of its stream describe, from the first on.
///
/// # Errors
/// A sentence naming the entry that does not fit, or whose body was purged.
pub fn fold(entries: &[Entry]) -> Result<Instance, String> {
    let mut folding = Folding::default();
    entries.iter().try_for_each(|entry| folding.take(entry))?;
    folding.finish()
}

/// What the entries of a record's stream say of it, beginning with `start`.
///
/// # Errors
/// A sentence naming the entry that does not fit.
pub fn fold_record(start: Json, entries: &[Entry]) -> Result<Json, String> {
    let mut json = start;
    for entry in entries {
        let body: Body = serde_json::from_str(&entry.body).map_err(|what| problem(entry, &what.to_string()))?;
        apply(&mut json, &body.changes).map_err(|what| problem(entry, &what))?;
    }
    Ok(json)
}

/// Notes which task rows a change touches.
fn touched(change: &Change, seq: i64, task_seq: &mut BTreeMap<String, i64>) {
    if let Some(rest) = change.at.strip_prefix("/tasks/") {
        let ordinal = rest.split('/').next().unwrap_or(rest);
        task_seq.insert(ordinal.to_owned(), seq);
    } else if let ("" | "/tasks", Some(to)) = (change.at.as_str(), &change.to) {
        let tasks = if change.at.is_empty() { to.get("tasks") } else { Some(to) };
        for ordinal in tasks.and_then(Json::as_object).into_iter().flat_map(Map::keys) {
            task_seq.insert(ordinal.clone(), seq);
        }
    }
}

/// Adds a request id's mark to those an instance remembers.
pub fn remember(requests: &mut Vec<Arc<str>>, request: Option<&str>) {
    if let (Some(request), true) = (request, requests.len() < MOST_REQUESTS) {
        requests.push(mark(request));
    }
}

/// A request id's mark: the first eight bytes of its SHA-256, as hexadecimal text.
#[must_use]
pub fn mark(request: &str) -> Arc<str> {
    Digest::of(request).to_string()[..16].into()
}

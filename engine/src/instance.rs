//! What is stored of a workflow instance: its row and its task rows.
//!
//! Folding the entries of its stream gives exactly this (invariant 11). Index rows (holders, timers, due times) follow
//! from it and hold no truth of their own.

mod attempt;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::approval::{Rates, Review};
use crate::clock::Timestamp;
use crate::effect::NOTICES;
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, TaskId, TenantId};

pub use attempt::{Attempt, Undelivered, What};

/// A document: field name to JSON value, money and decimals as text.
pub type Document = serde_json::Map<String, serde_json::Value>;

/// An instance with its tasks.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id and that of its audit stream.
    pub id: InstanceId,
    /// The definition's name.
    pub workflow: Arc<str>,
    /// The definition it is pinned to.
    pub definition: DefinitionHash,
    /// Its business key, unique among the instances of the workflow.
    pub key: Option<Arc<str>>,
    /// The path of the state it is in: the innermost, or the parallel state in which it is in several at once.
    pub state: Arc<str>,
    /// Whether it lives.
    pub status: Status,
    /// How many entries its stream has: the guard of every write.
    pub seq: i64,
    /// Raised when the state or the subject changes, not by votes.
    pub state_revision: i64,
    /// What it is about.
    pub subject: Document,
    /// When the state it is in was entered, and what else the row keeps as one JSON text.
    pub detail: Detail,
    /// Its tasks, by ordinal.
    pub tasks: Vec<Task>,
    /// The hash of its last entry.
    pub head: Digest,
    /// When it was started.
    pub started_at: Timestamp,
    /// When its last entry was written.
    pub changed_at: Timestamp,
}

impl Instance {
    /// The paths of the innermost states that it is in: one, unless it is in a parallel state.
    #[must_use]
    pub fn inside(&self) -> &[Arc<str>] {
        if self.detail.inside.is_empty() { std::slice::from_ref(&self.state) } else { &self.detail.inside }
    }
}

/// The parts of an instance that no query looks into: one JSON text in the row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Who started it; `None`: the engine itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_by: Option<PersonId>,
    /// When the innermost state was entered.
    pub entered_at: Timestamp,
    /// The innermost states it is in, where there is a parallel state around them; in the order of the definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inside: Vec<Arc<str>>,
    /// By state that an arrow leads back into: the innermost states it was in when it was left last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub history: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// Which instance called this one, if one did, and waits for its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller: Option<InstanceId>,
    /// The instances that it has called and waits for, by the paths of the states that wait.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub called: BTreeMap<Arc<str>, InstanceId>,
    /// The paths of states whose called workflow has ended well when it was called last.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub returned: BTreeSet<Arc<str>>,
    /// The paths of states without return (`no_return`) in which it has been.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub passed: BTreeSet<Arc<str>>,
    /// Who has set its data by a repair or a migration: he decides about it no more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub handled: BTreeSet<PersonId>,
    /// Of one that was called: who asked for the caller or may decide nothing there, as it was then. He changes nothing here by a
    /// repair or a migration.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub kept_out: BTreeSet<PersonId>,
    /// Why it was ended where it stood, in a state that is not final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Arc<str>>,
    /// What takes back what was done so far, in the order in which that was done.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undo: Vec<Undo>,
    /// Running timers by name, with their due times.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub timers: BTreeMap<Arc<str>, Timestamp>,
    /// Why it needs a person, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Incident>,
    /// Further ones, of other states: in a parallel state each region may need somebody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Incident>,
    /// The first eight bytes of SHA-256 of each request id so far, as hexadecimal text, up to [`MOST_REQUESTS`]: a hit
    /// leads to the entries, a miss proves a new request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<Arc<str>>,
}

/// What takes back what an action or a message did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The action or the message that is taken back.
    pub of: Arc<str>,
    /// The action or the message that does it.
    pub by: Arc<str>,
    /// The action's parameters, as they were then; `None`: it is a message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<Document>,
}

/// How many of these an instance keeps; who needs more goes round in a circle that undoes nothing.
pub const MOST_UNDOS: usize = 500;

/// How many request ids the row remembers; beyond that the entries are always asked.
pub const MOST_REQUESTS: usize = 200;

/// Whether an instance lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It waits for an event, a task or a timer.
    Active,
    /// It needs a person to repair it; events that it accepts are still taken.
    Incident,
    /// It has ended.
    Final,
}

impl Status {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Incident => "incident",
            Self::Final => "final",
        }
    }

    /// From what is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Active, Self::Incident, Self::Final].into_iter().find(|s| s.as_str() == text)
    }
}

/// Why an instance needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Stable code: `delivery_failed`, `expression_failed`, `approval_incident`, ...
    pub code: Arc<str>,
    /// A sentence.
    pub message: String,
    /// Since when.
    pub since: Timestamp,
    /// The state that it is about, where that is known: it is over when that is left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Arc<str>>,
    /// What was tried, where that is known: what a retry tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<Box<Attempt>>,
}

impl Incident {
    /// Whether it stops nothing: somebody was not told, and that is all.
    #[must_use]
    pub fn stops_nothing(&self) -> bool {
        let Some(What::Delivery { messages }) = self.tried.as_ref().map(|tried| &tried.what) else { return false };
        messages.iter().all(|message| *message.destination == *NOTICES)
    }
}

impl Detail {
    /// Every incident, the first that came first.
    pub fn incidents(&self) -> impl Iterator<Item = &Incident> + Clone {
        self.incident.iter().chain(&self.others)
    }

    /// Notes an incident: of one state the newest, and outside parallel states the newest of all.
    pub fn note(&mut self, incident: Incident) {
        if self.inside.is_empty() {
            self.others.clear();
            self.incident = Some(incident);
            return;
        }
        if self.incident.is_none() {
            self.incident = Some(incident);
            return;
        }
        let mut known = self.incident.iter_mut().chain(&mut self.others);
        match known.find(|known| known.at == incident.at) {
            Some(known) => *known = incident,
            None => self.others.push(incident),
        }
    }

    /// Forgets the incidents that are over.
    pub fn forget(&mut self, over: impl Fn(&Incident) -> bool) {
        self.incident = self.incident.take().filter(|incident| !over(incident));
        self.others.retain(|incident| !over(incident));
        if self.incident.is_none() && !self.others.is_empty() {
            self.incident = Some(self.others.remove(0));
        }
    }
}

/// An approval task of an instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its instance and ordinal.
    pub id: TaskId,
    /// The path of the state that opened it.
    pub state: Arc<str>,
    /// Open, suspended or closed.
    pub status: TaskStatus,
    /// Raised when it is asked anew (round, document); other people's votes leave it.
    pub revision: i64,
    /// The digest of the document under review.
    pub document: Digest,
    /// When time alone next does something: a rung, the expiry. Indexed.
    pub due_at: Option<Timestamp>,
    /// Who holds an open seat that has not voted, by step. Indexed for inboxes.
    pub holders: Vec<Holder>,
    /// The review, and the rates stored at submission: one JSON text in the row.
    pub detail: TaskDetail,
    /// When it was opened first.
    pub opened_at: Timestamp,
    /// The instance's `seq` when this row last changed: the guard of its write.
    pub seq: i64,
}

/// One JSON text in the task row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDetail {
    /// Votes, seats, rounds, versions.
    pub review: Review,
    /// Currency to exact rate, as stored at submission.
    #[serde(default)]
    pub rates: Rates,
    /// The organisation's revision that the review has seen last.
    #[serde(default)]
    pub organisation: i64,
    /// When those asked in a step were last reminded, by somebody or by time.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reminded: BTreeMap<Arc<str>, Timestamp>,
    /// Who has passed on a seat that was another's, by the seat's number in the review: he does not decide in it himself.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub passed_on: BTreeMap<u32, BTreeSet<PersonId>>,
    /// Of a task that asks for data: the document as it was before what others gave meanwhile, the newest last. Whoever has one of
    /// these before him is not stale.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Screen>,
}

/// A document as somebody may have it before him.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Screen {
    /// The version that the review counts.
    pub version: u32,
    /// The digest of the whole document.
    pub document: Digest,
}

/// Who holds an open seat in a step.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The person.
    pub person: PersonId,
    /// The step's name.
    pub step: Arc<str>,
}

/// Whether a task can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Somebody may decide.
    Open,
    /// Recalled or sent back: comes back with its votes where the policy says so.
    Suspended,
    /// Decided or left behind.
    Closed,
}

impl TaskStatus {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suspended => "suspended",
            Self::Closed => "closed",
        }
    }

    /// From what is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Open, Self::Suspended, Self::Closed].into_iter().find(|s| s.as_str() == text)
    }
}

impl Task {
    /// What a decision must bring as `If-Match` (without the quotes): the document's digest, whole, since whoever asks writes the
    /// document and would find two that a part of it does not tell apart; and the task's revision.
    #[must_use]
    pub fn etag(&self) -> String {
        self.etag_of(self.screen())
    }

    /// The document as it is.
    #[must_use]
    pub fn screen(&self) -> Screen {
        Screen { version: self.detail.review.subject.version(), document: self.document }
    }

    /// What was before whoever brings this etag; nothing: he is stale.
    #[must_use]
    pub fn seen_by(&self, etag: &str) -> Option<Screen> {
        let known = std::iter::once(self.screen()).chain(self.detail.earlier.iter().rev().copied());
        known.into_iter().find(|screen| self.etag_of(*screen) == etag)
    }

    fn etag_of(&self, screen: Screen) -> String {
        format!("{}-{}", screen.document, self.revision)
    }
}

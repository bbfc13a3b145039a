//! The seam to the domain. The engine knows states, tasks, entries; what they are about, it learns here.
//!
//! Deciding is pure: facts and actions see rows that were loaded, and yield row changes (`Op`) as data. Reading and
//! writing happen for a whole batch, in the batch's transaction (see `store::Persist`, feature `runtime`).

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use serde::Serialize;

use crate::clock::Timestamp;
use crate::decide::OrganisationAt;
use crate::definition::chart::Told;
use crate::expression::{RecordType, Type, Value};
use crate::ids::{InstanceId, PersonId, TenantId};
use crate::instance::Document;

/// The names that definitions may use: plain data, so that a file can be checked without the domain's code.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    /// Subject types by name.
    pub subjects: BTreeMap<Arc<str>, SubjectType>,
    /// Facts by name.
    pub facts: BTreeMap<Arc<str>, FactType>,
    /// Actions by name.
    pub actions: BTreeMap<Arc<str>, ActionType>,
    /// Messages by name.
    pub messages: BTreeMap<Arc<str>, MessageType>,
    /// Roles that the organisation knows; empty: any name goes.
    pub roles: Vec<Arc<str>>,
    /// Units that the organisation has; empty: any name goes.
    pub units: Vec<Arc<str>>,
}

/// A subject type of the vocabulary.
#[derive(Clone, Debug)]
pub struct SubjectType {
    /// Raised when its meaning changes: `leave_request@1`.
    pub major: u32,
    /// What expressions call it unless the file says otherwise: `po`.
    pub variable: Arc<str>,
    /// Its fields.
    pub record: Arc<RecordType>,
    /// Fields that an action fills: a starter need not give them.
    pub computed: Vec<Arc<str>>,
    /// Fields that have one of these values and no other: what a form offers. An action of the domain refuses others.
    pub options: Vec<(Arc<str>, Vec<Arc<str>>)>,
    /// What fields are called and what they mean, for people.
    pub told: Vec<(Arc<str>, Told)>,
    /// The field that says in words what an instance is about.
    pub about: Option<Arc<str>>,
    /// Fields that rows of the domain hold as well, with the action that changes both, where there is one: nothing else may
    /// change them.
    pub mirrored: Vec<(Arc<str>, Option<Arc<str>>)>,
}

/// A fact: a typed value that is loaded for the whole batch.
#[derive(Clone, Debug)]
pub struct FactType {
    /// Raised when its meaning changes.
    pub major: u32,
    /// Its type.
    pub ty: Type,
    /// Whether it may have no value.
    pub nullable: bool,
    /// Fields of the subject that it is told from, those among them that it reads in rows of the domain which hold them too:
    /// whoever reads the fact reads these.
    pub reads: Vec<Arc<str>>,
    /// One line for authors.
    pub help: Arc<str>,
}

/// An action: a pure function from facts and typed parameters to row changes.
#[derive(Clone, Debug)]
pub struct ActionType {
    /// Raised when its meaning changes.
    pub major: u32,
    /// Parameters: name, type, required.
    pub params: Vec<(Arc<str>, Type, bool)>,
    /// Subject types it works on; empty: any.
    pub subjects: Vec<Arc<str>>,
    /// Keys of the start's input or the event's payload that it reads and validates itself (`lines`).
    pub payload: Vec<Arc<str>>,
    /// Fields of the subject that it writes by what somebody brings, each with what it takes it from; from several, once for
    /// each. What it notes beside that, or finds in rows alone, is not among them.
    pub writes: Vec<(Arc<str>, Source)>,
    /// One line for authors.
    pub help: Arc<str>,
}

/// What an action takes a field of the subject from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A key of the event's payload, where the event has it or the action reads it itself.
    Payload(Arc<str>),
    /// A parameter.
    Param(Arc<str>),
    /// Another field.
    Field(Arc<str>),
}

/// A message to the outside.
#[derive(Clone, Debug)]
pub struct MessageType {
    /// Raised when its meaning changes.
    pub major: u32,
    /// Events that its result becomes: on success, and when it gave up (then also an incident).
    pub sent_event: Option<Arc<str>>,
    /// One line for authors.
    pub help: Arc<str>,
}

/// What an action or a fact sees of the command.
#[derive(Debug)]
pub struct Call<'a, F> {
    /// Whose data.
    pub tenant: TenantId,
    /// The instance, or `None` for a change of a record.
    pub instance: Option<InstanceId>,
    /// The instance's business key.
    pub key: Option<&'a str>,
    /// The subject as it stands.
    pub subject: &'a Document,
    /// Parameters by name.
    pub params: &'a BTreeMap<Arc<str>, Value>,
    /// The event's payload, or the start's input: what a list of lines comes in.
    pub payload: &'a Document,
    /// Who acts; `None`: the engine.
    pub actor: Option<&'a str>,
    /// The organisation as the batch found it.
    pub organisation: &'a OrganisationAt,
    /// Rows that were loaded, with the changes of earlier commands of the batch.
    pub facts: &'a F,
    /// The batch's instant.
    pub now: Timestamp,
}

/// What an action yields.
#[derive(Clone, Debug, PartialEq)]
pub struct Done<Op> {
    /// Row changes, in order.
    pub ops: Vec<Op>,
    /// Subject fields that it fills or changes.
    pub set: Document,
    /// Instances that start in the same commit, after the row changes.
    pub starts: Vec<Start>,
    /// What the instance tells itself later, in commits of their own: an action on a record has nobody to tell.
    pub tells: Vec<Tell>,
}

impl<Op> Default for Done<Op> {
    fn default() -> Self {
        Self { ops: Vec::new(), set: Document::new(), starts: Vec::new(), tells: Vec::new() }
    }
}

/// An instance that an action starts. If it is refused, so is the command that the action is part of.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The definition's name.
    pub workflow: Arc<str>,
    /// A business key that nobody has yet; else the definition's `key`, else none.
    pub key: Option<Arc<str>>,
    /// In whose name: the subject's `requester`, where it has one.
    pub requester: PersonId,
    /// The subject's fields.
    pub input: Document,
}

/// A part of the work that the instance does later: an event that it tells itself, behind everybody who waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Tell {
    /// Its name, unique in the command.
    pub message: Arc<str>,
    /// The event it becomes.
    pub event: Arc<str>,
    /// Its payload.
    pub payload: Document,
}

/// Why a fact or an action gave nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum NotDone<Need> {
    /// Rows are missing: load them and ask again.
    Needs(Vec<Need>),
    /// A rule says no.
    Refused {
        /// Stable code.
        code: &'static str,
        /// One sentence that a buyer understands.
        sentence: String,
    },
    /// It cannot be computed: an incident, never a quiet default.
    Failed(String),
}

/// What a domain must bring for deciding.
pub trait Domain: Send + Sync + 'static {
    /// A row, or a range of rows, that deciding wants to see. Ordered by lock rank, then key.
    type Need: Clone + Debug + Ord + Send + Sync;
    /// The rows loaded for a batch (of any number of tenants), as changed so far.
    type Facts: Debug + Default + Send + Sync;
    /// A row change with the full new image, as data: stored, shown in the entry, applied to facts.
    type Op: Clone + Debug + PartialEq + Serialize + Send + Sync;
    /// What [`Domain::apply`] replaced.
    type Undo: Send;

    /// The names that definitions may use.
    fn vocabulary(&self) -> &Vocabulary;

    /// Whether somebody who is no administrator may run the action on the record of this kind whose key is he himself.
    fn is_own_record(&self, kind: &str, action: &str) -> bool {
        let _ = (kind, action);
        false
    }

    /// The value of a fact.
    ///
    /// # Errors
    /// Rows to load first, or why it cannot be told.
    fn fact(&self, name: &str, call: &Call<'_, Self::Facts>) -> Result<Value, NotDone<Self::Need>>;

    /// Runs an action. Pure.
    ///
    /// # Errors
    /// Rows to load first, a refusal, or why it cannot be computed.
    fn act(&self, name: &str, call: &Call<'_, Self::Facts>) -> Result<Done<Self::Op>, NotDone<Self::Need>>;

    /// Shows the change to the rest of the batch; returns what undoes it.
    fn apply(&self, facts: &mut Self::Facts, tenant: TenantId, op: &Self::Op) -> Self::Undo;

    /// Takes a change back (in reverse order of applying).
    fn undo(&self, facts: &mut Self::Facts, undo: Self::Undo);

    /// What a message carries, computed from the subject and loaded rows.
    ///
    /// # Errors
    /// As [`Domain::act`].
    fn message(&self, name: &str, call: &Call<'_, Self::Facts>) -> Result<Document, NotDone<Self::Need>>;
}

//! A batch's decisions as rows: plain data that says everything that will be written. The store decides nothing.

use std::sync::Arc;

use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::definition::chart::Definition;
use crate::effect::Resume;
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, StreamId, TenantId};
use crate::instance::{Instance, Task};

/// Everything one transaction writes. At most one image a row: the last of the batch.
#[derive(Clone, Debug)]
pub struct Commit<Op> {
    /// Instance rows (without their tasks).
    pub instances: Vec<InstanceWrite>,
    /// Task rows that changed.
    pub tasks: Vec<TaskWrite>,
    /// Index rows: who holds an open seat.
    pub holders: IndexChange<HolderRow>,
    /// Index rows: timers.
    pub timers: IndexChange<TimerRow>,
    /// Start keys to insert: a conflict means that somebody else was first.
    pub keys: Vec<KeyRow>,
    /// Heads of streams that are no instance.
    pub records: Vec<RecordWrite>,
    /// Audit entries, in order.
    pub entries: Vec<Entry>,
    /// Messages to the outside.
    pub outbox: Vec<OutboxRow>,
    /// Messages to the outside that were given up, and what becomes of them: each must be there.
    pub resumed: Vec<ResumedRow>,
    /// Messages to the outside for which nobody waits any more: each name may have none left.
    pub withdrawn: Vec<WithdrawnRow>,
    /// Inbox rows to insert.
    pub tells: Vec<InboxRow>,
    /// Inbox rows that were handled: tenant, target, message id.
    pub told: Vec<(TenantId, InstanceId, Arc<str>)>,
    /// New revisions of the organisation.
    pub organisations: Vec<OrganisationRow>,
    /// API keys made or revoked.
    pub api_keys: Vec<ApiKeyRow>,
    /// Definitions that instances of this batch are pinned to and the store may not have yet.
    pub definitions: Vec<DefinitionRow>,
    /// The domain's row changes, in order.
    pub ops: Vec<(TenantId, Op)>,
}

impl<Op> Default for Commit<Op> {
    fn default() -> Self {
        Self {
            instances: Vec::new(),
            tasks: Vec::new(),
            holders: IndexChange::default(),
            timers: IndexChange::default(),
            keys: Vec::new(),
            records: Vec::new(),
            entries: Vec::new(),
            outbox: Vec::new(),
            resumed: Vec::new(),
            withdrawn: Vec::new(),
            tells: Vec::new(),
            told: Vec::new(),
            organisations: Vec::new(),
            api_keys: Vec::new(),
            definitions: Vec::new(),
            ops: Vec::new(),
        }
    }
}

/// An instance's new row.
#[derive(Clone, Debug)]
pub struct InstanceWrite {
    /// The `seq` that was loaded; 0: a new row, which must not exist.
    pub base: i64,
    /// The new image.
    pub row: Arc<Instance>,
    /// Whether the image has all the instance's tasks as they become, so that it may be kept for the next command.
    pub whole: bool,
}

/// A task's new row.
#[derive(Clone, Debug)]
pub struct TaskWrite {
    /// Whose.
    pub tenant: TenantId,
    /// The task's `seq` that was loaded; 0: a new row.
    pub base: i64,
    /// The new image.
    pub row: Task,
}

/// Rows of an index table to remove and to add.
#[derive(Clone, Debug)]
pub struct IndexChange<T> {
    /// To delete; each must exist.
    pub remove: Vec<T>,
    /// To insert.
    pub add: Vec<T>,
}

impl<T> Default for IndexChange<T> {
    fn default() -> Self {
        Self { remove: Vec::new(), add: Vec::new() }
    }
}

/// A person holds an open seat.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HolderRow {
    /// Whose.
    pub tenant: TenantId,
    /// Who.
    pub person: PersonId,
    /// In which instance.
    pub instance: InstanceId,
    /// In which of its tasks.
    pub ordinal: u32,
    /// In which step.
    pub step: Arc<str>,
}

/// A timer runs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimerRow {
    /// Whose.
    pub tenant: TenantId,
    /// Which instance.
    pub instance: InstanceId,
    /// The timer's name.
    pub name: Arc<str>,
    /// When it is due.
    pub due_at: Timestamp,
}

/// What makes a start happen once.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// `request`, or `workflow:<name>` for business keys.
    pub scope: Arc<str>,
    /// The request id or the business key.
    pub key: Arc<str>,
    /// The instance that was started.
    pub instance: InstanceId,
}

/// Which index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Index {
    /// When timers are due.
    Timers,
    /// Who holds open seats.
    Holders,
    /// Whose request ids and business keys there are.
    Keys,
}

impl Index {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Timers, Self::Holders, Self::Keys];
}

/// A row of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndexRow {
    /// A timer runs.
    Timer(TimerRow),
    /// A person holds an open seat.
    Holder(HolderRow),
    /// A key is taken.
    Key(KeyRow),
}

/// The head of a stream that is no instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordHead {
    /// Whose.
    pub tenant: TenantId,
    /// [`StreamId::of_record`].
    pub stream: StreamId,
    /// The record's kind.
    pub kind: Arc<str>,
    /// Its key.
    pub key: Arc<str>,
    /// How many entries it has.
    pub seq: i64,
    /// The hash of the last one.
    pub head: Digest,
}

/// A record's new head.
#[derive(Clone, Debug)]
pub struct RecordWrite {
    /// The `seq` that was loaded; 0: a new row.
    pub base: i64,
    /// The new image.
    pub row: RecordHead,
}

/// A message to the outside.
#[derive(Clone, Debug, PartialEq)]
pub struct OutboxRow {
    /// Whose.
    pub tenant: TenantId,
    /// A UUID of version 7: also the idempotency key that the receiver gets.
    pub id: uuid::Uuid,
    /// The instance that sends it.
    pub instance: InstanceId,
    /// The message's name: in order per instance and destination.
    pub destination: Arc<str>,
    /// The entry's number: the order.
    pub seq: i64,
    /// What is sent, JSON.
    pub payload: String,
    /// Attempts in all.
    pub times: u32,
    /// First wait between attempts, microseconds; doubles.
    pub from: i64,
    /// Longest wait, microseconds.
    pub to: i64,
    /// The event that success becomes, if the instance waits for it.
    pub sent_event: Option<Arc<str>>,
    /// When it may be tried.
    pub next_at: Timestamp,
}

/// A message to the outside that was given up: it is tried again, or nobody wants it any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumedRow {
    /// Whose.
    pub tenant: TenantId,
    /// The instance that sent it.
    pub instance: InstanceId,
    /// Which.
    pub resume: Resume,
    /// When it may be tried.
    pub next_at: Timestamp,
}

/// Messages of one name that do not go out any more, unless an attempt is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawnRow {
    /// Whose.
    pub tenant: TenantId,
    /// The instance that sent them.
    pub instance: InstanceId,
    /// The message's name.
    pub destination: Arc<str>,
    /// Those of entries before this one.
    pub before: i64,
    /// When.
    pub at: Timestamp,
}

impl<Op> Commit<Op> {
    /// Messages do not go out any more: those of this very commit are not written at all.
    pub(crate) fn withdraw(&mut self, row: WithdrawnRow) {
        self.outbox.retain(|sent| !row.concerns(sent));
        self.withdrawn.push(row);
    }
}

impl WithdrawnRow {
    fn concerns(&self, sent: &OutboxRow) -> bool {
        (sent.tenant, sent.instance, &sent.destination) == (self.tenant, self.instance, &self.destination)
            && sent.seq < self.before
    }

    /// Those that the instance, as it now is, has sent before.
    pub(crate) fn of(after: &Instance, destination: Arc<str>, at: Timestamp) -> Self {
        Self { tenant: after.tenant, instance: after.id, destination, before: after.seq, at }
    }
}

/// A command for an existing instance, waiting.
#[derive(Clone, Debug, PartialEq)]
pub struct InboxRow {
    /// Whose.
    pub tenant: TenantId,
    /// For which instance.
    pub target: InstanceId,
    /// Unique for the target; becomes the request id.
    pub message: Arc<str>,
    /// The event it becomes.
    pub event: Arc<str>,
    /// Its payload, JSON.
    pub payload: String,
    /// Since when.
    pub at: Timestamp,
}

/// A revision of the organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganisationRow {
    /// Whose.
    pub tenant: TenantId,
    /// The revision: one more than the one before.
    pub revision: i64,
    /// Since when.
    pub at: Timestamp,
    /// The whole organisation, JSON.
    pub document: Arc<str>,
}

/// An API key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// Whose.
    pub tenant: TenantId,
    /// Its public id.
    pub id: Arc<str>,
    /// SHA-256 of the secret.
    pub secret_hash: Digest,
    /// Whom it acts as.
    pub person: PersonId,
    /// For people.
    pub label: String,
    /// May edit the organisation and keys.
    pub administrator: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

impl DefinitionRow {
    /// The row of `definition`, stored first at `stored_at`.
    #[must_use]
    pub fn of(definition: &Definition, stored_at: Timestamp) -> Self {
        Self {
            hash: definition.hash,
            name: definition.name.clone(),
            version: definition.version,
            source: definition.stored(),
            stored_at,
        }
    }
}

/// A definition as it was pinned. Shared by all tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinitionRow {
    /// The identity.
    pub hash: DefinitionHash,
    /// Its name.
    pub name: Arc<str>,
    /// For people.
    pub version: u32,
    /// The file, with those of the workflows that it calls.
    pub source: Arc<str>,
    /// When it was stored first.
    pub stored_at: Timestamp,
}

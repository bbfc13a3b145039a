//! Where rows live: one trait, three implementations (memory, SQLite, PostgreSQL), one public suite for all of them.
//!
//! A [`Writer`] runs one batch at a time: `open` looks up, `facts` loads the domain's rows, `finish` writes and commits.
//! It decides nothing and retries nothing.

mod any;
mod attempt;
mod error;
mod index;
mod memory;
mod migrations;
mod page;
pub mod postgres;
mod reads;
mod rows;
pub mod sqlite;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{ApiKeyRow, Commit, DefinitionRow, InboxRow, OrganisationRow, RecordHead};
use crate::domain::Domain;
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TenantId};
use crate::instance::{Instance, Status};

pub use any::{AnyStore, AnyWriter, Aside, Reader};
pub use attempt::{Claimed, Delivery};
pub use error::StoreError;
pub use memory::{MemoryStore, MemoryWriter};
pub use migrations::{ENGINE, Migration};
pub use page::InstancePage;
pub use postgres::{PostgresStore, PostgresWriter};
pub use sqlite::{SqliteStore, SqliteWriter};

/// How a store uses its database.
#[derive(Clone, Debug)]
pub struct Options {
    /// Writers side by side (PostgreSQL; SQLite has one).
    pub lanes: usize,
    /// Connections for reading.
    pub readers: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { lanes: 2, readers: 4 }
    }
}

/// The open connection of a batch, for the domain's own statements.
pub enum Connection<'c, M> {
    /// The domain's tables in memory.
    Memory(&'c mut M),
    /// Inside the writer's transaction.
    Sqlite(&'c mut sqlx::SqliteConnection),
    /// Inside the writer's transaction.
    Postgres(&'c mut sqlx::PgConnection),
}

/// What a domain must bring for reading and writing its rows, besides [`Domain`].
pub trait Persist: Domain {
    /// The domain's tables in the in-memory store.
    type Memory: Clone + Default + Send + Sync;

    /// Reads, and locks in the order of `Need`, the rows of the whole batch into `facts`.
    fn load(
        &self,
        connection: Connection<'_, Self::Memory>,
        needs: &BTreeSet<(TenantId, Self::Need)>,
        facts: &mut Self::Facts,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Writes the changes of the whole batch: the last image per row and all appends, one multi-row statement a table,
    /// each guarded by the version that was loaded, rows counted. A database rolls back what failed; in memory every guard
    /// is checked before the first change, so that a write that fails has changed nothing.
    fn write(
        &self,
        connection: Connection<'_, Self::Memory>,
        ops: &[(TenantId, Self::Op)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A start key: whose, its scope, and the key.
pub type StartKey = (TenantId, Arc<str>, Arc<str>);

/// What a batch wants to see. The tenant is a column of each list, never a constant of a statement.
#[derive(Clone, Debug, Default)]
pub struct Want {
    /// Instances; see [`Want::careful`].
    pub instances: BTreeSet<(TenantId, InstanceId)>,
    /// Start keys: scope and key.
    pub keys: BTreeSet<StartKey>,
    /// Heads of other streams, to be locked.
    pub records: BTreeSet<(TenantId, StreamId)>,
    /// API keys by public id.
    pub api_keys: BTreeSet<(TenantId, Arc<str>)>,
    /// Tenants whose organisation's revision is asked.
    pub tenants: BTreeSet<TenantId>,
    /// Somebody else was faster the last time: whatever is looked up is locked at once. Otherwise a store that several
    /// programs write may leave instances unlocked until rows of the domain are loaded, since every write is guarded.
    pub careful: bool,
}

/// What a batch saw.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The batch's instant where the database gives it (PostgreSQL's clock), else `None`.
    pub now: Option<Timestamp>,
    /// Instances that exist, with their tasks.
    pub instances: Vec<Arc<Instance>>,
    /// Start keys that exist.
    pub keys: BTreeMap<StartKey, InstanceId>,
    /// Heads that exist.
    pub records: Vec<RecordHead>,
    /// When the last entries of those are dated.
    pub dated: BTreeMap<(TenantId, StreamId), Timestamp>,
    /// API keys that exist.
    pub api_keys: Vec<ApiKeyRow>,
    /// The organisation's current revision (0: none yet) by tenant.
    pub organisations: BTreeMap<TenantId, i64>,
}

/// One writer: a connection of its own, one batch at a time.
pub trait Writer<D: Persist>: Send {
    /// Begins the batch and looks everything up. Locks come to instances first, then records, then rows of the domain.
    fn open(&mut self, want: &Want) -> impl Future<Output = Result<Loaded, StoreError>> + Send;

    /// Loads (and locks) rows of the domain.
    fn facts(
        &mut self,
        needs: &BTreeSet<(TenantId, D::Need)>,
        into: &mut D::Facts,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Start keys that exist: scope and key, as in [`Want`].
    fn keys(
        &mut self,
        keys: &BTreeSet<StartKey>,
    ) -> impl Future<Output = Result<BTreeMap<StartKey, InstanceId>, StoreError>> + Send;

    /// The entry of `stream` that the request id wrote, if any.
    fn repeat(
        &mut self,
        tenant: TenantId,
        stream: StreamId,
        request: &RequestId,
    ) -> impl Future<Output = Result<Option<Entry>, StoreError>> + Send;

    /// The organisation at `revision`.
    fn organisation(
        &mut self,
        tenant: TenantId,
        revision: i64,
    ) -> impl Future<Output = Result<Option<OrganisationRow>, StoreError>> + Send;

    /// A definition by its hash.
    fn definition(
        &mut self,
        hash: DefinitionHash,
    ) -> impl Future<Output = Result<Option<DefinitionRow>, StoreError>> + Send;

    /// Writes and commits.
    fn finish(&mut self, commit: &Commit<D::Op>) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Rolls back.
    fn abandon(&mut self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A store: makes writers, and reads.
pub trait Store<D: Persist>: Clone + Send + Sync + 'static {
    /// Its writer.
    type Writer: Writer<D> + 'static;

    /// How many writers may run side by side (an instance always goes to the lane its id hashes to).
    fn lanes(&self) -> usize;

    /// Opens a writer. Call it on the runtime that will drive it.
    fn writer(&self) -> impl Future<Output = Result<Self::Writer, StoreError>> + Send;

    /// An instance with its tasks.
    fn instance(
        &self,
        tenant: TenantId,
        id: InstanceId,
    ) -> impl Future<Output = Result<Option<Instance>, StoreError>> + Send;

    /// Instances of a tenant, newest first, after the keyset position.
    fn instances(&self, page: &InstancePage) -> impl Future<Output = Result<Vec<Instance>, StoreError>> + Send;

    /// How many live instances there are by workflow, state and status, with the oldest change.
    fn counts(&self, tenant: TenantId) -> impl Future<Output = Result<Vec<StateCount>, StoreError>> + Send;

    /// How many live instances there are by the definition that they are pinned to.
    fn pinned_counts(&self, tenant: TenantId) -> impl Future<Output = Result<Vec<PinnedCount>, StoreError>> + Send;

    /// Entries of a stream, `seq` rising, after `after`, at most `limit`.
    fn entries(
        &self,
        tenant: TenantId,
        stream: StreamId,
        after: i64,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Entry>, StoreError>> + Send;

    /// All streams with their heads as the rows of instances and records claim them, after the position: for verifying.
    fn heads(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<RecordHead>, StoreError>> + Send;

    /// Streams that have entries, after the position: for finding entries without a head.
    fn streams(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<StreamId>, StoreError>> + Send;

    /// Tenants that have a row anywhere.
    fn tenants(&self) -> impl Future<Output = Result<Vec<TenantId>, StoreError>> + Send;

    /// Instances with an open task in which one of `people` holds an open seat; keyset by instance id.
    fn held_by(
        &self,
        tenant: TenantId,
        people: &[PersonId],
        after: Option<(InstanceId, u32)>,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<(Instance, u32)>, StoreError>> + Send;

    /// Instances with a timer or task due at or before `now`, oldest first, and the next due time after those.
    fn due(&self, now: Timestamp, limit: i64) -> impl Future<Output = Result<Due, StoreError>> + Send;

    /// Inbox rows, oldest first, without those that instances tell themselves.
    fn inbox(&self, limit: i64) -> impl Future<Output = Result<Vec<InboxRow>, StoreError>> + Send;

    /// Inbox rows that instances have told themselves: of each at most `each`, in order of their ids; one may have many.
    fn parts(&self, limit: i64, each: i64) -> impl Future<Output = Result<Vec<InboxRow>, StoreError>> + Send;

    /// Takes messages that may be sent now, at most one per instance and destination (the oldest): a lease until
    /// `lease_until`, which becomes the row's `next_at`, with a fresh epoch. `SKIP LOCKED` on PostgreSQL.
    fn claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send {
        self.claim_besides(now, lease_until, limit, &[])
    }

    /// The same without the messages for some destinations.
    fn claim_besides(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
        besides: &[Arc<str>],
    ) -> impl Future<Output = Result<Vec<Claimed>, StoreError>> + Send;

    /// Ends an attempt, if the epoch is still the one claimed (returns whether it was). The row and the inbox row change together.
    fn settle(
        &self,
        claimed: &Claimed,
        result: &Delivery,
        now: Timestamp,
    ) -> impl Future<Output = Result<bool, StoreError>> + Send;

    /// Ends several attempts likewise; where the store has transactions, in one.
    fn settle_all(
        &self,
        results: &[(Claimed, Delivery)],
        now: Timestamp,
    ) -> impl Future<Output = Result<(), StoreError>> + Send {
        async move {
            for (claimed, result) in results {
                self.settle(claimed, result, now).await?;
            }
            Ok(())
        }
    }

    /// Reads rows of the domain outside any batch: nothing is decided on them that is written.
    fn rows(
        &self,
        needs: &BTreeSet<(TenantId, D::Need)>,
        into: &mut D::Facts,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Leaves everything in the database's own files: a file can be copied afterwards. Nothing is written after it.
    fn close(&self) -> impl Future<Output = ()> + Send {
        async {}
    }

    /// The number of the organisation's newest revision; 0: there is none.
    fn revision(&self, tenant: TenantId) -> impl Future<Output = Result<i64, StoreError>> + Send;

    /// The organisation's newest revision.
    fn organisation(
        &self,
        tenant: TenantId,
    ) -> impl Future<Output = Result<Option<OrganisationRow>, StoreError>> + Send;

    /// The organisation at `revision`.
    fn organisation_at(
        &self,
        tenant: TenantId,
        revision: i64,
    ) -> impl Future<Output = Result<Option<OrganisationRow>, StoreError>> + Send;

    /// The newest revision of the organisation that is not younger than `at`; 0: there was none.
    fn revision_at(&self, tenant: TenantId, at: Timestamp) -> impl Future<Output = Result<i64, StoreError>> + Send;

    /// A key that is not revoked, by the hash of its secret.
    fn api_key(&self, secret_hash: Digest) -> impl Future<Output = Result<Option<ApiKeyRow>, StoreError>> + Send;

    /// Keys of a tenant, by id.
    fn api_keys(&self, tenant: TenantId) -> impl Future<Output = Result<Vec<ApiKeyRow>, StoreError>> + Send;

    /// A definition by its hash.
    fn definition(&self, hash: DefinitionHash) -> impl Future<Output = Found<DefinitionRow>> + Send;

    /// The definition of a workflow that was stored last: nobody began with a later one.
    fn newest_definition(&self, name: &str) -> impl Future<Output = Found<DefinitionRow>> + Send;

    /// Definitions that live instances are pinned to.
    fn pinned(&self) -> impl Future<Output = Result<Vec<DefinitionRow>, StoreError>> + Send;

    /// Answers if the database does.
    fn ping(&self) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// A row, if there is one.
pub type Found<T> = Result<Option<T>, StoreError>;

/// How many live instances are pinned to a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinnedCount {
    /// The definition's name.
    pub workflow: Arc<str>,
    /// The definition.
    pub definition: DefinitionHash,
    /// How many.
    pub count: i64,
}

/// Live instances in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The definition's name.
    pub workflow: Arc<str>,
    /// The state.
    pub state: Arc<str>,
    /// Active or incident.
    pub status: Status,
    /// How many.
    pub count: i64,
    /// When the longest waiting one last changed.
    pub oldest: Timestamp,
}

/// What is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Instances to wake.
    pub instances: Vec<(TenantId, InstanceId)>,
    /// When something is due next, after those.
    pub next: Option<Timestamp>,
}

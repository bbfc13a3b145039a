//! One of the three stores, chosen by an address at run time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use tokio::sync::OwnedMutexGuard;

use super::{
    Claimed, Connection, Delivery, Due, InstancePage, Loaded, MemoryStore, MemoryWriter, Migration, Options, Persist,
    PinnedCount, PostgresStore, PostgresWriter, SqliteStore, SqliteWriter, StartKey, StateCount, Store, StoreError,
    Want, Writer,
};
use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{ApiKeyRow, Commit, DefinitionRow, InboxRow, OrganisationRow, RecordHead};
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TenantId};
use crate::instance::Instance;

/// One of the three.
#[allow(clippy::large_enum_variant, reason = "there is one a program, and it is cloned by its handles")]
pub enum AnyStore<D: Persist> {
    /// In memory.
    Memory(MemoryStore<D>),
    /// In a file.
    Sqlite(SqliteStore<D>),
    /// In PostgreSQL.
    Postgres(PostgresStore<D>),
}

/// One of the three's writer.
pub enum AnyWriter<D: Persist> {
    /// In memory.
    Memory(MemoryWriter<D>),
    /// In a file.
    Sqlite(Box<SqliteWriter<D>>),
    /// In PostgreSQL.
    Postgres(Box<PostgresWriter<D>>),
}

/// A connection for the domain's own reads, outside any batch.
pub enum Reader<M> {
    /// The domain's tables in memory.
    Memory(OwnedMutexGuard<M>),
    /// From the pool.
    Sqlite(PoolConnection<sqlx::Sqlite>),
    /// From the pool.
    Postgres(PoolConnection<sqlx::Postgres>),
}

impl<M> Reader<M> {
    /// As the domain's statements take it.
    pub fn connection(&mut self) -> Connection<'_, M> {
        match self {
            Self::Memory(memory) => Connection::Memory(memory),
            Self::Sqlite(connection) => Connection::Sqlite(connection),
            Self::Postgres(connection) => Connection::Postgres(connection),
        }
    }
}

/// A turn to write what belongs to no workflow and no trail: one transaction, beside those of the engine. Dropped without
/// [`Aside::commit`], nothing has happened (in memory there is no way back).
pub enum Aside<M> {
    /// The domain's tables in memory.
    Memory(OwnedMutexGuard<M>),
    /// The file's one writer.
    Sqlite(super::sqlite::Aside),
    /// From the pool.
    Postgres(sqlx::Transaction<'static, sqlx::Postgres>),
}

impl<M> Aside<M> {
    /// As the domain's statements take it.
    pub fn connection(&mut self) -> Connection<'_, M> {
        match self {
            Self::Memory(memory) => Connection::Memory(memory),
            Self::Sqlite(turn) => Connection::Sqlite(turn.connection()),
            Self::Postgres(transaction) => Connection::Postgres(&mut *transaction),
        }
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// If it cannot be kept, or nobody knows.
    pub async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sqlite(turn) => turn.commit().await,
            Self::Postgres(transaction) => super::postgres::commit(transaction).await,
        }
    }
}

impl<D: Persist> Clone for AnyStore<D> {
    fn clone(&self) -> Self {
        match self {
            Self::Memory(store) => Self::Memory(store.clone()),
            Self::Sqlite(store) => Self::Sqlite(store.clone()),
            Self::Postgres(store) => Self::Postgres(store.clone()),
        }
    }
}

impl<D: Persist> AnyStore<D> {
    /// Opens `memory:`, `sqlite:PATH` or a plain path, `postgres://...`. `migrations` are the domain's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the address is none of these, or what is there cannot be used.
    pub async fn open(
        domain: Arc<D>,
        address: &str,
        migrations: &[Migration],
        options: &Options,
    ) -> Result<Self, StoreError> {
        let scheme = address.split_once(':').map(|(scheme, _)| scheme).filter(|s| !s.contains(['/', '.']));
        match scheme {
            Some("memory") => Ok(Self::Memory(MemoryStore::new(domain))),
            Some("postgres" | "postgresql") => {
                PostgresStore::open(domain, address, migrations, options).await.map(Self::Postgres)
            }
            Some("sqlite") | None if !address.is_empty() && !address.ends_with(":memory:") => {
                let path = address.strip_prefix("sqlite:").unwrap_or(address);
                let path = path.strip_prefix("//").unwrap_or(path);
                SqliteStore::open(domain, path, migrations, options).await.map(Self::Sqlite)
            }
            _ => Err(StoreError::Unavailable(format!(
                "`{address}` is no database: write memory:, sqlite:PATH (or a path), or postgres://USER@HOST/NAME"
            ))),
        }
    }

    /// A connection for the domain's own reads.
    ///
    /// # Errors
    /// If none becomes free.
    pub async fn reader(&self) -> Result<Reader<D::Memory>, StoreError> {
        Ok(match self {
            Self::Memory(store) => Reader::Memory(store.read().await),
            Self::Sqlite(store) => Reader::Sqlite(store.reader().await?),
            Self::Postgres(store) => Reader::Postgres(store.reader().await?),
        })
    }

    /// Writes a megabyte that nobody needs and takes it away again: what a full disk, or a database that is read only, refuses.
    ///
    /// # Errors
    /// What it says.
    pub async fn try_to_write(&self) -> Result<(), StoreError> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Sqlite(store) => store.try_to_write().await,
            Self::Postgres(store) => store.try_to_write().await,
        }
    }

    /// A turn to write what belongs to no workflow and no trail. On SQLite the engine waits meanwhile: be short.
    ///
    /// # Errors
    /// If there is none.
    pub async fn aside(&self) -> Result<Aside<D::Memory>, StoreError> {
        Ok(match self {
            Self::Memory(store) => Aside::Memory(store.read().await),
            Self::Sqlite(store) => Aside::Sqlite(store.aside().await?),
            Self::Postgres(store) => Aside::Postgres(store.aside().await?),
        })
    }
}

/// The same call of whichever it is.
macro_rules! each {
    ($self:ident, $it:ident => $call:expr) => {
        match $self {
            Self::Memory($it) => $call.await,
            Self::Sqlite($it) => $call.await,
            // Large beside the others, which are moved with room for it, and waits for its server anyway.
            Self::Postgres($it) => Box::pin($call).await,
        }
    };
}

impl<D: Persist> Writer<D> for AnyWriter<D> {
    async fn open(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        each!(self, w => w.open(want))
    }

    async fn facts(&mut self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        each!(self, w => w.facts(needs, into))
    }

    async fn keys(&mut self, keys: &BTreeSet<StartKey>) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
        each!(self, w => w.keys(keys))
    }

    async fn repeat(
        &mut self,
        tenant: TenantId,
        stream: StreamId,
        request: &RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        each!(self, w => w.repeat(tenant, stream, request))
    }

    async fn organisation(&mut self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        each!(self, w => w.organisation(tenant, revision))
    }

    async fn definition(&mut self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        each!(self, w => w.definition(hash))
    }

    async fn finish(&mut self, commit: &Commit<D::Op>) -> Result<(), StoreError> {
        each!(self, w => w.finish(commit))
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        each!(self, w => w.abandon())
    }
}

impl<D: Persist> Store<D> for AnyStore<D> {
    type Writer = AnyWriter<D>;

    fn lanes(&self) -> usize {
        match self {
            Self::Memory(store) => store.lanes(),
            Self::Sqlite(store) => store.lanes(),
            Self::Postgres(store) => store.lanes(),
        }
    }

    async fn writer(&self) -> Result<AnyWriter<D>, StoreError> {
        Ok(match self {
            Self::Memory(store) => AnyWriter::Memory(store.writer().await?),
            Self::Sqlite(store) => AnyWriter::Sqlite(Box::new(store.writer().await?)),
            Self::Postgres(store) => AnyWriter::Postgres(Box::new(store.writer().await?)),
        })
    }

    async fn instance(&self, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        each!(self, s => s.instance(tenant, id))
    }

    async fn instances(&self, page: &InstancePage) -> Result<Vec<Instance>, StoreError> {
        each!(self, s => s.instances(page))
    }

    async fn counts(&self, tenant: TenantId) -> Result<Vec<StateCount>, StoreError> {
        each!(self, s => s.counts(tenant))
    }

    async fn pinned_counts(&self, tenant: TenantId) -> Result<Vec<PinnedCount>, StoreError> {
        each!(self, s => s.pinned_counts(tenant))
    }

    async fn entries(
        &self,
        tenant: TenantId,
        stream: StreamId,
        after: i64,
        limit: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        each!(self, s => s.entries(tenant, stream, after, limit))
    }

    async fn heads(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> Result<Vec<RecordHead>, StoreError> {
        each!(self, s => s.heads(tenant, after, limit))
    }

    async fn streams(
        &self,
        tenant: TenantId,
        after: Option<StreamId>,
        limit: i64,
    ) -> Result<Vec<StreamId>, StoreError> {
        each!(self, s => s.streams(tenant, after, limit))
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        each!(self, s => s.tenants())
    }

    async fn held_by(
        &self,
        tenant: TenantId,
        people: &[PersonId],
        after: Option<(InstanceId, u32)>,
        limit: i64,
    ) -> Result<Vec<(Instance, u32)>, StoreError> {
        each!(self, s => s.held_by(tenant, people, after, limit))
    }

    async fn due(&self, now: Timestamp, limit: i64) -> Result<Due, StoreError> {
        each!(self, s => s.due(now, limit))
    }

    async fn inbox(&self, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        each!(self, s => s.inbox(limit))
    }

    async fn parts(&self, limit: i64, each: i64) -> Result<Vec<InboxRow>, StoreError> {
        each!(self, s => s.parts(limit, each))
    }

    async fn claim_besides(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
        besides: &[Arc<str>],
    ) -> Result<Vec<Claimed>, StoreError> {
        each!(self, s => s.claim_besides(now, lease_until, limit, besides))
    }

    async fn settle(&self, claimed: &Claimed, result: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        each!(self, s => s.settle(claimed, result, now))
    }

    async fn settle_all(&self, results: &[(Claimed, Delivery)], now: Timestamp) -> Result<(), StoreError> {
        each!(self, s => s.settle_all(results, now))
    }

    async fn rows(&self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        each!(self, s => s.rows(needs, into))
    }

    async fn close(&self) {
        each!(self, s => s.close())
    }

    async fn revision(&self, tenant: TenantId) -> Result<i64, StoreError> {
        each!(self, s => s.revision(tenant))
    }

    async fn organisation(&self, tenant: TenantId) -> Result<Option<OrganisationRow>, StoreError> {
        each!(self, s => s.organisation(tenant))
    }

    async fn organisation_at(&self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        each!(self, s => s.organisation_at(tenant, revision))
    }

    async fn revision_at(&self, tenant: TenantId, at: Timestamp) -> Result<i64, StoreError> {
        each!(self, s => s.revision_at(tenant, at))
    }

    async fn api_key(&self, secret_hash: Digest) -> Result<Option<ApiKeyRow>, StoreError> {
        each!(self, s => s.api_key(secret_hash))
    }

    async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKeyRow>, StoreError> {
        each!(self, s => s.api_keys(tenant))
    }

    async fn definition(&self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        each!(self, s => s.definition(hash))
    }

    async fn newest_definition(&self, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
        each!(self, s => s.newest_definition(name))
    }

    async fn pinned(&self) -> Result<Vec<DefinitionRow>, StoreError> {
        each!(self, s => s.pinned())
    }

    async fn ping(&self) -> Result<(), StoreError> {
        each!(self, s => s.ping())
    }
}

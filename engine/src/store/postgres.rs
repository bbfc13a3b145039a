//! The store in PostgreSQL: each writer has a connection of its own, a pool reads and delivers.
//!
//! What must hold: what is written is guarded by the versions that were loaded; rows of the domain are loaded under
//! the locks of their instances, locks are taken in a fixed rank; a writer that stands still holds no lock for
//! longer than the session's time-outs; after an error the connection is rolled back or replaced.

mod batch;
mod dialect;
mod load;
mod lookups;
mod numbering;
#[path = "sql/mod.rs"]
#[allow(clippy::duplicate_mod, reason = "statements are written once and mounted by each driver")]
pub(crate) mod sql;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgConnection as Conn, PgPool, PgPoolOptions, PgRow as Row, Postgres as Db};
use sqlx::{Acquire as _, ConnectOptions as _, Transaction};

use super::migrations::{Migration, migrate};
use super::{
    Claimed, Connection, Delivery, Due, InstancePage, Loaded, Options, Persist, PinnedCount, StartKey, StateCount,
    Store, StoreError, Want, Writer,
};
use crate::audit::Entry;
use crate::clock::Timestamp;
use crate::commit::{ApiKeyRow, Commit, DefinitionRow, InboxRow, OrganisationRow, RecordHead};
use crate::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TenantId};
use crate::instance::Instance;
use dialect::{commit_failed, failed};
use lookups::Lookups;

/// Settings of a writer's session. No plan that reads more than the rows of the batch's arrays, whatever the tables held
/// when it was made (and no compiling of plans, which the penalties on the others would set off).
pub const WRITER_SETTINGS: &[(&str, &str)] = &[
    ("idle_in_transaction_session_timeout", "2000"),
    ("lock_timeout", "1000"),
    ("statement_timeout", "10000"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("plan_cache_mode", "force_generic_plan"),
    ("jit", "off"),
];

/// Settings of the others: a plan for each question, because filters come and go.
const READER_SETTINGS: &[(&str, &str)] = &[
    ("idle_in_transaction_session_timeout", "2000"),
    ("lock_timeout", "1000"),
    ("statement_timeout", "30000"),
    ("plan_cache_mode", "force_custom_plan"),
    ("jit", "off"),
];

/// A store in one PostgreSQL database.
pub struct PostgresStore<D: Persist> {
    domain: Arc<D>,
    server: Arc<PgConnectOptions>,
    readers: PgPool,
    lookups: Lookups,
    lanes: usize,
}

impl<D: Persist> Clone for PostgresStore<D> {
    fn clone(&self) -> Self {
        let (domain, server) = (self.domain.clone(), self.server.clone());
        Self { domain, server, readers: self.readers.clone(), lookups: self.lookups.clone(), lanes: self.lanes }
    }
}

impl<D: Persist> PostgresStore<D> {
    /// Connects, and brings the database up to date. `migrations` are the domain's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be reached or its migrations are newer or others than this program's.
    pub async fn open(
        domain: Arc<D>,
        url: &str,
        migrations: &[Migration],
        options: &Options,
    ) -> Result<Self, StoreError> {
        let server = PgConnectOptions::from_str(url).map_err(failed)?.application_name("fluxor");
        let mut connection = server.connect().await.map_err(failed)?;
        migrate(&mut connection, migrations, |m| m.postgres).await?;
        let readers = PgPoolOptions::new()
            .max_connections(options.readers)
            .connect_with(server.clone().options(READER_SETTINGS.iter().copied()))
            .await
            .map_err(failed)?;
        let lookups = Lookups::new(&server, options.readers);
        Ok(Self { domain, server: Arc::new(server), readers, lookups, lanes: options.lanes.max(1) })
    }

    /// A connection for the domain's own reads.
    ///
    /// # Errors
    /// If none becomes free.
    pub async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.readers.acquire().await.map_err(failed)
    }

    /// A transaction for what belongs to no batch.
    pub(super) async fn aside(&self) -> Result<Transaction<'static, Db>, StoreError> {
        self.readers.begin().await.map_err(failed)
    }

    /// Writes something and takes it away again.
    pub(super) async fn try_to_write(&self) -> Result<(), StoreError> {
        let mut aside = self.aside().await?;
        sqlx::raw_sql(TRY_TO_WRITE).execute(&mut *aside).await.map_err(failed)?;
        commit(aside).await
    }

    async fn connect(&self) -> Result<Conn, StoreError> {
        let options = PgConnectOptions::clone(&self.server).statement_cache_capacity(512);
        options.options(WRITER_SETTINGS.iter().copied()).connect().await.map_err(failed)
    }
}

// What is not compressed: a megabyte of the same would be next to nothing.
const TRY_TO_WRITE: &str = "CREATE TABLE write_tried (bytes TEXT);
     ALTER TABLE write_tried ALTER COLUMN bytes SET STORAGE EXTERNAL;
     INSERT INTO write_tried (bytes) VALUES (repeat('x', 1048576));
     DROP TABLE write_tried";

/// Keeps what was written.
pub(super) async fn commit(transaction: Transaction<'static, Db>) -> Result<(), StoreError> {
    transaction.commit().await.map_err(failed)
}

/// The statements whose plans must be good on empty tables, by name.
#[must_use]
pub fn statements() -> Vec<(&'static str, String)> {
    let mut all = [load::STATEMENTS, write::STATEMENTS].concat();
    all.push(("HELD_BY", dialect::HELD_BY));
    all.extend(sql::statements());
    all.into_iter().map(|(name, sql)| (name, sql.to_owned())).collect()
}

/// The writer of a [`PostgresStore`].
pub struct PostgresWriter<D: Persist> {
    store: PostgresStore<D>,
    /// `None` after it was lost: the next batch connects anew.
    connection: Option<Conn>,
    /// Whether a batch is open.
    open: bool,
    /// Whether its transaction is.
    begun: bool,
    /// The versions that were seen without a lock.
    seen: Vec<load::Version>,
}

impl<D: Persist> PostgresWriter<D> {
    fn connection(&mut self) -> Result<&mut Conn, StoreError> {
        let open = self.connection.as_mut().filter(|_| self.open);
        open.ok_or_else(|| StoreError::Unavailable("the writer has no open batch".to_owned()))
    }

    /// Ends what is open, so that the next batch can begin.
    async fn reset(&mut self) {
        if let (true, Some(connection)) = (self.begun, &mut self.connection)
            && sqlx::query("ROLLBACK").execute(connection).await.is_err()
        {
            self.connection = None;
        }
        (self.open, self.begun) = (false, false);
        self.seen.clear();
    }

    async fn begin(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(self.store.connect().await?),
        };
        self.open = true;
        if !want.careful && want.records.is_empty() && want.api_keys.is_empty() {
            let loaded = load::glance(connection, want).await;
            match &loaded {
                Ok(loaded) => self.seen.extend(loaded.instances.iter().map(|i| (i.tenant, i.id, i.seq))),
                Err(StoreError::Unavailable(_)) => self.connection = None, // as below
                Err(_) => {}
            }
            return loaded;
        }
        self.begun = true;
        if let Err(error) = sqlx::query("BEGIN").execute(&mut *connection).await {
            self.connection = None; // it was idle and has been closed meanwhile
            return Err(failed(error));
        }
        load::load(connection, want).await
    }

    /// Begins the transaction, if there is none yet, and locks what was seen without a lock.
    async fn lock(&mut self) -> Result<(), StoreError> {
        if self.begun {
            return Ok(());
        }
        let seen = std::mem::take(&mut self.seen);
        let connection = self.connection()?;
        sqlx::query("BEGIN").execute(&mut *connection).await.map_err(failed)?;
        self.begun = true;
        let connection = self.connection()?;
        if seen.is_empty() { Ok(()) } else { load::lock(connection, &seen).await }
    }

    async fn write(&mut self, commit: &Commit<D::Op>) -> Result<(), StoreError> {
        let domain = self.store.domain.clone();
        let rare = commit.organisations.len() + commit.api_keys.len() + commit.definitions.len();
        let rare = rare + commit.resumed.len() + commit.withdrawn.len() + commit.ops.len();
        if !self.begun && rare == 0 {
            // One statement is a transaction of its own, and undoes itself where a guard does not hold.
            return write::batch(commit)?.run(self.connection()?, commit_failed).await;
        }
        self.lock().await?;
        let connection = self.connection()?;
        if !commit.ops.is_empty() {
            domain.write(Connection::Postgres(connection), &commit.ops).await?;
        }
        sql::organisation::add(connection, &commit.organisations).await?;
        sql::api_key::put(connection, &commit.api_keys).await?;
        sql::definition::add(connection, &commit.definitions).await?;
        sql::delivery::resume(connection, &commit.resumed).await?;
        sql::delivery::withdraw(connection, &commit.withdrawn).await?;
        write::batch(commit)?.run(connection, failed).await?;
        sqlx::query("COMMIT").execute(connection).await.map(|_| ()).map_err(commit_failed)
    }
}

impl<D: Persist> Writer<D> for PostgresWriter<D> {
    async fn open(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        self.reset().await;
        let kept = self.connection.is_some();
        let mut loaded = self.begin(want).await;
        if kept && self.connection.is_none() {
            loaded = self.begin(want).await;
        }
        if loaded.is_err() {
            self.reset().await;
        }
        loaded
    }

    async fn facts(&mut self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        let domain = self.store.domain.clone();
        self.lock().await?;
        domain.load(Connection::Postgres(self.connection()?), needs, into).await
    }

    async fn keys(&mut self, keys: &BTreeSet<StartKey>) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
        load::keys(self.connection()?, keys).await
    }

    async fn repeat(
        &mut self,
        tenant: TenantId,
        stream: StreamId,
        request: &RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        sql::entry::repeat(self.connection()?, tenant, stream, request).await
    }

    async fn organisation(&mut self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        sql::organisation::at(self.connection()?, tenant, Some(revision)).await
    }

    async fn definition(&mut self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        sql::definition::one(self.connection()?, hash).await
    }

    async fn finish(&mut self, commit: &Commit<D::Op>) -> Result<(), StoreError> {
        let written = self.write(commit).await;
        match written {
            Ok(()) => {
                (self.open, self.begun) = (false, false);
                self.seen.clear();
            }
            Err(_) => self.reset().await,
        }
        written
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        self.reset().await;
        Ok(())
    }
}

impl<D: Persist> Store<D> for PostgresStore<D> {
    type Writer = PostgresWriter<D>;

    fn lanes(&self) -> usize {
        self.lanes
    }

    async fn writer(&self) -> Result<PostgresWriter<D>, StoreError> {
        let connection = Some(self.connect().await?);
        Ok(PostgresWriter { connection, store: self.clone(), open: false, begun: false, seen: Vec::new() })
    }

    async fn claim_besides(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
        besides: &[Arc<str>],
    ) -> Result<Vec<Claimed>, StoreError> {
        sql::delivery::claim(&mut *self.reader().await?, now, lease_until, limit, besides).await
    }

    async fn settle(&self, claimed: &Claimed, result: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let mut connection = self.reader().await?;
        let mut transaction = connection.begin().await.map_err(failed)?;
        let settled = sql::delivery::settle(&mut transaction, claimed, result, now).await?;
        transaction.commit().await.map_err(commit_failed)?;
        Ok(settled)
    }

    async fn settle_all(&self, results: &[(Claimed, Delivery)], now: Timestamp) -> Result<(), StoreError> {
        let mut connection = self.reader().await?;
        let mut transaction = connection.begin().await.map_err(failed)?;
        sql::delivery::settle_all(&mut transaction, results, now).await?;
        transaction.commit().await.map_err(commit_failed)
    }

    async fn rows(&self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        self.domain.load(Connection::Postgres(&mut *self.reader().await?), needs, into).await
    }

    async fn instance(&self, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        let mut held = self.lookups.take().await;
        let first = sql::instance::one(held.connection().await?, tenant, id).await;
        match held.was_closed(&first) {
            true => sql::instance::one(held.connection().await?, tenant, id).await,
            false => first,
        }
    }

    async fn revision(&self, tenant: TenantId) -> Result<i64, StoreError> {
        let mut held = self.lookups.take().await;
        let first = sql::organisation::revision(held.connection().await?, tenant).await;
        match held.was_closed(&first) {
            true => sql::organisation::revision(held.connection().await?, tenant).await,
            false => first,
        }
    }

    super::reads::reads!();
}

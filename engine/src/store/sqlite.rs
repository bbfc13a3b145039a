//! The store in one SQLite file: one connection writes, a pool reads.
//!
//! What must hold: whoever holds `turn` is the only writer of this program; a batch begins with `BEGIN IMMEDIATE`; a turn
//! that was left in the middle (a dropped future, an error) is rolled back before the next one begins.

mod dialect;
mod hot;
mod json;
mod load;
mod script;
#[path = "sql/mod.rs"]
pub(crate) mod sql;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    Sqlite as Db, SqliteConnectOptions, SqliteConnection as Conn, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteRow as Row, SqliteSynchronous,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

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
use dialect::failed;
use hot::{Hot, Newest};

/// The writing connection.
struct Turn {
    connection: Conn,
    /// Whether a transaction may be open.
    open: bool,
}

/// A store in one file.
pub struct SqliteStore<D: Persist> {
    domain: Arc<D>,
    turn: Arc<Mutex<Turn>>,
    readers: SqlitePool,
    /// This program is the only one that writes, so that what it wrote last is what is there.
    hot: Arc<Hot>,
}

impl<D: Persist> Clone for SqliteStore<D> {
    fn clone(&self) -> Self {
        Self {
            domain: self.domain.clone(),
            turn: self.turn.clone(),
            readers: self.readers.clone(),
            hot: self.hot.clone(),
        }
    }
}

impl<D: Persist> SqliteStore<D> {
    /// Opens the file, makes it if there is none, and brings it up to date. `migrations` are the domain's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it cannot be opened or its migrations are newer or others than this program's.
    pub async fn open(
        domain: Arc<D>,
        path: impl AsRef<Path>,
        migrations: &[Migration],
        options: &Options,
    ) -> Result<Self, StoreError> {
        let file = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .page_size(4096)
            .pragma("wal_autocheckpoint", "1000")
            .pragma("cache_size", "-16000")
            // Any statement that calls a function keeps a journal of its own; beyond 64 KiB it would go to a file.
            .pragma("temp_store", "memory")
            .statement_cache_capacity(512)
            .row_buffer_size(1024);
        let mut connection = file.connect().await.map_err(failed)?;
        migrate(&mut connection, migrations, |m| m.sqlite).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers)
            .test_before_acquire(false) // there is no server that could go away
            .connect_with(file.create_if_missing(false).pragma("query_only", "1"))
            .await
            .map_err(failed)?;
        let turn = Arc::new(Mutex::new(Turn { connection, open: false }));
        Ok(Self { domain, turn, readers, hot: Arc::default() })
    }

    /// Writes a consistent copy to a file that does not exist yet.
    ///
    /// # Errors
    /// If the file exists or cannot be written.
    pub async fn backup(&self, path: impl AsRef<Path>) -> Result<(), StoreError> {
        let path = path.as_ref().to_str().ok_or_else(|| StoreError::Unavailable("the path is not UTF-8".to_owned()))?;
        let mut turn = self.turn().await?;
        sqlx::query("VACUUM INTO $1").bind(path).execute(&mut turn.connection).await.map_err(failed).map(|_| ())
    }

    /// A connection for the domain's own reads.
    ///
    /// # Errors
    /// If none becomes free.
    pub async fn reader(&self) -> Result<PoolConnection<Db>, StoreError> {
        self.readers.acquire().await.map_err(failed)
    }

    /// A turn to write what belongs to no batch.
    pub(super) async fn aside(&self) -> Result<Aside, StoreError> {
        let mut turn = self.turn().await?;
        turn.open = true;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut turn.connection).await.map_err(failed)?;
        Ok(Aside(turn))
    }

    /// Writes something and takes it away again, in two commits: what is taken away before it is kept never comes to the disk.
    pub(super) async fn try_to_write(&self) -> Result<(), StoreError> {
        for sql in TRY_TO_WRITE {
            let mut turn = self.aside().await?;
            sqlx::raw_sql(sql).execute(turn.connection()).await.map_err(failed)?;
            turn.commit().await?;
        }
        Ok(())
    }

    /// The turn to write; what another one left open is rolled back.
    async fn turn(&self) -> Result<OwnedMutexGuard<Turn>, StoreError> {
        let mut turn = self.turn.clone().lock_owned().await;
        rollback(&mut turn).await?;
        Ok(turn)
    }
}

const TRY_TO_WRITE: [&str; 2] = [
    "DROP TABLE IF EXISTS write_tried;
     CREATE TABLE write_tried (bytes BLOB);
     INSERT INTO write_tried (bytes) VALUES (zeroblob(1048576))",
    "DROP TABLE write_tried",
];

/// A turn with a transaction that is open. Whoever has the next one rolls it back if it was not kept.
pub struct Aside(OwnedMutexGuard<Turn>);

impl Aside {
    pub(super) fn connection(&mut self) -> &mut Conn {
        &mut self.0.connection
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.0.connection).await.map_err(failed)?;
        self.0.open = false;
        Ok(())
    }
}

/// Ends what is open. `OR ROLLBACK` may have done so already, which SQLite reports as an error.
async fn rollback(turn: &mut Turn) -> Result<(), StoreError> {
    if turn.open {
        match sqlx::query("ROLLBACK").execute(&mut turn.connection).await {
            Err(error) if error.as_database_error().is_none() => return Err(failed(error)),
            _ => turn.open = false,
        }
    }
    Ok(())
}

/// The statements whose plans must be good on empty tables, by name.
#[must_use]
pub fn statements() -> Vec<(&'static str, String)> {
    let mut all = [load::STATEMENTS, write::STATEMENTS].concat();
    all.extend([("HELD_BY", dialect::HELD_BY), ("MAY_CLAIM", dialect::MAY_CLAIM)]);
    all.extend(sql::statements());
    let rows = write::VALUES.iter().map(|(name, sql, columns)| (*name, script::expanded(sql, *columns, 2)));
    all.into_iter().map(|(name, sql)| (name, sql.to_owned())).chain(rows).collect()
}

/// The writer of a [`SqliteStore`].
pub struct SqliteWriter<D: Persist> {
    store: SqliteStore<D>,
    turn: Option<OwnedMutexGuard<Turn>>,
}

impl<D: Persist> SqliteWriter<D> {
    fn connection(&mut self) -> Result<&mut Conn, StoreError> {
        let open = self.turn.as_mut().map(|turn| &mut turn.connection);
        open.ok_or_else(|| StoreError::Unavailable("the writer has no open batch".to_owned()))
    }
}

impl<D: Persist> Writer<D> for SqliteWriter<D> {
    async fn open(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        self.abandon().await?;
        let mut turn = self.store.turn().await?;
        turn.open = true;
        let (hot, cold) = self.store.hot.find(&want.instances);
        let mut loaded = load::load(&mut turn.connection, want, &cold).await;
        if let Ok(loaded) = &mut loaded {
            loaded.instances.extend(hot);
            loaded.instances.sort_unstable_by_key(|i| (i.tenant, i.id));
        }
        match loaded {
            Ok(_) => self.turn = Some(turn),
            Err(_) => rollback(&mut turn).await?,
        }
        loaded
    }

    async fn facts(&mut self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        let domain = self.store.domain.clone();
        domain.load(Connection::Sqlite(self.connection()?), needs, into).await
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
        let domain = self.store.domain.clone();
        let written = async {
            let connection = self.connection()?;
            if !commit.ops.is_empty() {
                domain.write(Connection::Sqlite(connection), &commit.ops).await?;
            }
            sql::organisation::add(connection, &commit.organisations).await?;
            sql::api_key::put(connection, &commit.api_keys).await?;
            sql::definition::add(connection, &commit.definitions).await?;
            sql::delivery::resume(connection, &commit.resumed).await?;
            sql::delivery::withdraw(connection, &commit.withdrawn).await?;
            for script in write::scripts(commit)? {
                script.run(connection).await?;
            }
            Ok(())
        };
        let written = written.await;
        match (&written, &mut self.turn) {
            (Ok(()), Some(turn)) => {
                turn.open = false;
                self.store.hot.publish(commit);
            }
            _ => {
                self.store.hot.forget(commit);
                self.abandon().await?;
            }
        }
        self.turn = None;
        written
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        match self.turn.take() {
            Some(mut turn) => rollback(&mut turn).await,
            None => Ok(()),
        }
    }
}

impl<D: Persist> Store<D> for SqliteStore<D> {
    type Writer = SqliteWriter<D>;

    fn lanes(&self) -> usize {
        1
    }

    async fn writer(&self) -> Result<SqliteWriter<D>, StoreError> {
        Ok(SqliteWriter { store: self.clone(), turn: None })
    }

    // One turn to write: an UPDATE is a transaction of its own. A look first spares the turn when nothing may go.
    async fn claim_besides(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
        besides: &[Arc<str>],
    ) -> Result<Vec<Claimed>, StoreError> {
        let look = sqlx::query(dialect::MAY_CLAIM).bind(now.micros());
        if look.fetch_optional(&mut *self.reader().await?).await.map_err(failed)?.is_none() {
            return Ok(Vec::new());
        }
        sql::delivery::claim(&mut self.turn().await?.connection, now, lease_until, limit, besides).await
    }

    async fn settle(&self, claimed: &Claimed, result: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        let mut turn = self.turn().await?;
        turn.open = true;
        sqlx::query("BEGIN IMMEDIATE").execute(&mut turn.connection).await.map_err(failed)?;
        let settled = sql::delivery::settle(&mut turn.connection, claimed, result, now).await?;
        sqlx::query("COMMIT").execute(&mut turn.connection).await.map_err(failed)?;
        turn.open = false;
        Ok(settled)
    }

    async fn settle_all(&self, results: &[(Claimed, Delivery)], now: Timestamp) -> Result<(), StoreError> {
        let mut aside = self.aside().await?;
        sql::delivery::settle_all(aside.connection(), results, now).await?;
        aside.commit().await
    }

    async fn rows(&self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        self.domain.load(Connection::Sqlite(&mut *self.reader().await?), needs, into).await
    }

    async fn instance(&self, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        match self.hot.get(tenant, id) {
            Some(row) => Ok(Some(Instance::clone(&row))),
            None => Box::pin(async { sql::instance::one(&mut *self.reader().await?, tenant, id).await }).await,
        }
    }

    async fn close(&self) {
        self.readers.close().await;
        let Ok(mut turn) = self.turn().await else { return };
        let kept = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut turn.connection).await;
        if let Err(error) = kept {
            tracing::warn!(%error, "what was written last stays in the file's -wal: copy both, or use `backup`");
        }
    }

    async fn revision(&self, tenant: TenantId) -> Result<i64, StoreError> {
        let since = match self.hot.revision(tenant) {
            Newest::Is(known) => return Ok(known),
            Newest::Unknown(since) => since,
        };
        let looked = async { sql::organisation::revision(&mut *self.reader().await?, tenant).await };
        let found = Box::pin(looked).await?;
        self.hot.found(tenant, found, since);
        Ok(found)
    }

    super::reads::reads!();
}

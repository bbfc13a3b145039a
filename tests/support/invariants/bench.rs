//! A store that tests can open empty, dump whole and read the domain's rows of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::store::{
    Connection, InstancePage, MemoryStore, Options, Persist as _, PostgresStore, SqliteStore, Store,
};
use fluxor_workflows::{BudgetKey, Facts, MIGRATIONS, Need, OrderRow, Procurement, SeriesKey, orders};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};

use super::rows::normal;
use crate::databases::Fresh;
use crate::scenario::TENANT;

/// Every row of every table, as text.
pub type Dump = BTreeMap<String, BTreeSet<String>>;

/// One empty store and its reader.
#[allow(async_fn_in_trait, reason = "tests only")]
pub trait Bench: Sized {
    /// The store.
    type Store: Store<Procurement>;
    /// For people.
    const NAME: &'static str;

    /// Opens one with that many lanes; `None`: its server is not there.
    async fn open(domain: Arc<Procurement>, lanes: usize) -> Option<Self>;

    /// Another handle to the same rows, as another replica would have.
    async fn store(&self) -> Self::Store;

    /// Every row.
    async fn dump(&mut self) -> Dump;

    /// The domain's rows.
    async fn domain(&mut self, needs: &BTreeSet<(TenantId, Need)>) -> (Facts, Vec<OrderRow>);

    /// Removes it.
    async fn close(self);
}

/// All instances.
pub async fn instances<S: Store<Procurement>>(store: &S) -> BTreeMap<InstanceId, Instance> {
    let page = InstancePage::all(TENANT, 9999);
    store.instances(&page).await.unwrap().into_iter().map(|i| (i.id, i)).collect()
}

/// Budgets and series that histories use.
#[must_use]
pub fn domain_needs() -> BTreeSet<(TenantId, Need)> {
    let budget = |unit: &str, currency: &str| {
        (TENANT, Need::Budget(BudgetKey { unit: unit.into(), currency: currency.parse().unwrap() }))
    };
    BTreeSet::from([
        budget("u1", "EUR"),
        budget("u2", "EUR"),
        budget("u1", "USD"),
        budget("u2", "USD"),
        (TENANT, Need::Series(SeriesKey { series: "PO".into(), year: 2026 })),
    ])
}

/// In memory.
#[allow(missing_debug_implementations, reason = "tests only")]
pub struct InMemory(MemoryStore<Procurement>);

impl InMemory {
    /// Keeps every batch from beginning while the guard lives.
    pub async fn hold(&self) -> impl Drop + use<> {
        Held { _turn: self.0.read().await }
    }
}

struct Held<T> {
    _turn: T,
}

impl<T> Drop for Held<T> {
    fn drop(&mut self) {}
}

impl Bench for InMemory {
    type Store = MemoryStore<Procurement>;
    const NAME: &'static str = "memory";

    async fn open(domain: Arc<Procurement>, _: usize) -> Option<Self> {
        Some(Self(MemoryStore::new(domain)))
    }

    async fn store(&self) -> Self::Store {
        self.0.clone()
    }

    async fn dump(&mut self) -> Dump {
        let store = &self.0;
        let mut dump = Dump::new();
        let mut put = |table: &str, rows: BTreeSet<String>| drop(dump.insert(table.to_owned(), rows));
        put("instance", instances(store).await.values().map(|i| format!("{i:?}")).collect());
        let mut entries = BTreeSet::new();
        for stream in store.streams(TENANT, None, 9999).await.unwrap() {
            let found = store.entries(TENANT, stream, 0, 9999).await.unwrap();
            entries.extend(found.iter().map(|e| format!("{e:?}")));
        }
        put("audit_entry", entries);
        let heads = store.heads(TENANT, None, 9999).await.unwrap();
        let records = heads.iter().filter(|head| head.kind.as_ref() != "instance").map(|h| format!("{h:?}"));
        put("record", records.collect());
        put("inbox", store.inbox(9999).await.unwrap().iter().map(|r| format!("{r:?}")).collect());
        let newest = store.organisation(TENANT).await.unwrap();
        put("organisation", newest.iter().map(|o| format!("{o:?}")).collect());
        let due = store.due(Timestamp::from_micros(i64::MAX / 4), 9999).await.unwrap();
        put("due", due.instances.iter().map(|d| format!("{d:?}")).collect());
        put("domain", BTreeSet::from([format!("{:?}", *store.read().await)]));
        dump
    }

    async fn domain(&mut self, needs: &BTreeSet<(TenantId, Need)>) -> (Facts, Vec<OrderRow>) {
        let (mut facts, mut memory) = (Facts::default(), self.0.read().await);
        Procurement::new().load(Connection::Memory(&mut memory), needs, &mut facts).await.unwrap();
        let all = orders(Connection::Memory(&mut memory), TENANT, None, 9999).await.unwrap();
        (facts, all)
    }

    async fn close(self) {}
}

/// In a file.
#[allow(missing_debug_implementations, reason = "tests only")]
pub struct OnSqlite {
    domain: Arc<Procurement>,
    file: PathBuf,
    reader: SqliteConnection,
    _folder: tempfile::TempDir,
}

impl Bench for OnSqlite {
    type Store = SqliteStore<Procurement>;
    const NAME: &'static str = "SQLite";

    async fn open(domain: Arc<Procurement>, _: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("store.db");
        drop(SqliteStore::open(domain.clone(), &file, MIGRATIONS, &Options::default()).await.unwrap());
        let reader = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&file)).await.unwrap();
        Some(Self { domain, file, reader, _folder: folder })
    }

    async fn store(&self) -> Self::Store {
        SqliteStore::open(self.domain.clone(), &self.file, MIGRATIONS, &Options::default()).await.unwrap()
    }

    async fn dump(&mut self) -> Dump {
        const TABLES: &str = "SELECT m.name, group_concat('quote(' || c.name || ')', ' || '','' || ')
            FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c
            WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name";
        let tables = sqlx::query(TABLES).fetch_all(&mut self.reader).await.unwrap();
        let parts: Vec<String> = tables
            .iter()
            .map(|t| (t.get::<String, _>(0), t.get::<String, _>(1)))
            .map(|(table, columns)| format!("SELECT '{table}', {columns} FROM {table}"))
            .collect();
        let rows = sqlx::query(AssertSqlSafe(parts.join(" UNION ALL "))).fetch_all(&mut self.reader).await.unwrap();
        gather(rows.iter().map(|row| (row.get(0), row.get(1))))
    }

    async fn domain(&mut self, needs: &BTreeSet<(TenantId, Need)>) -> (Facts, Vec<OrderRow>) {
        let mut facts = Facts::default();
        let mut reading = self.reader.begin().await.unwrap();
        self.domain.load(Connection::Sqlite(&mut reading), needs, &mut facts).await.unwrap();
        let all = orders(Connection::Sqlite(&mut reading), TENANT, None, 9999).await.unwrap();
        reading.rollback().await.unwrap();
        (facts, all)
    }

    async fn close(self) {}
}

/// In a database of its own.
#[derive(Debug)]
pub struct OnPostgres {
    domain: Arc<Procurement>,
    lanes: usize,
    fresh: Fresh,
    reader: PgConnection,
}

impl OnPostgres {
    /// A plain connection.
    pub async fn connect(&self) -> PgConnection {
        self.fresh.connect().await
    }
}

impl Bench for OnPostgres {
    type Store = PostgresStore<Procurement>;
    const NAME: &'static str = "PostgreSQL";

    async fn open(domain: Arc<Procurement>, lanes: usize) -> Option<Self> {
        let fresh = Fresh::new("invariants").await?;
        let options = Options { lanes, ..Options::default() };
        drop(PostgresStore::open(domain.clone(), &fresh.url, MIGRATIONS, &options).await.unwrap());
        let reader = fresh.connect().await;
        Some(Self { domain, lanes, fresh, reader })
    }

    async fn store(&self) -> Self::Store {
        let options = Options { lanes: self.lanes, ..Options::default() };
        PostgresStore::open(self.domain.clone(), &self.fresh.url, MIGRATIONS, &options).await.unwrap()
    }

    async fn dump(&mut self) -> Dump {
        let tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
        let tables = sqlx::query(tables).fetch_all(&mut self.reader).await.unwrap();
        let parts: Vec<String> = tables
            .iter()
            .map(|t| t.get::<String, _>(0))
            .map(|table| format!("SELECT '{table}', t::text FROM {table} AS t"))
            .collect();
        let rows = sqlx::query(AssertSqlSafe(parts.join(" UNION ALL "))).fetch_all(&mut self.reader).await.unwrap();
        gather(rows.iter().map(|row| (row.get(0), row.get(1))))
    }

    async fn domain(&mut self, needs: &BTreeSet<(TenantId, Need)>) -> (Facts, Vec<OrderRow>) {
        let mut facts = Facts::default();
        let mut reading = self.reader.begin().await.unwrap();
        self.domain.load(Connection::Postgres(&mut reading), needs, &mut facts).await.unwrap();
        let all = orders(Connection::Postgres(&mut reading), TENANT, None, 9999).await.unwrap();
        // It holds locks: it must end now, not when the connection is used next.
        reading.rollback().await.unwrap();
        (facts, all)
    }

    async fn close(self) {
        drop(self.reader);
        self.fresh.remove().await;
    }
}

fn gather(rows: impl Iterator<Item = (String, String)>) -> Dump {
    let mut dump = Dump::new();
    for (table, row) in rows {
        let row = normal(&table, row);
        dump.entry(table).or_default().insert(row);
    }
    dump
}

//! Empty databases for tests.

use std::sync::atomic::{AtomicU32, Ordering};

use fluxor_engine::store::{Options, PostgresStore, SqliteStore};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Executor as _, PgConnection};

use crate::counter::{CounterDomain, MIGRATIONS, domain};

/// Names a superuser's URL on a server that tests may make databases in.
pub const POSTGRES: &str = "FLUXOR_TEST_POSTGRES";

/// A store in a file that goes with the folder.
pub async fn sqlite() -> (tempfile::TempDir, SqliteStore<CounterDomain>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(domain(), path, MIGRATIONS, &Options::default()).await.unwrap();
    (folder, store)
}

/// A database of its own.
#[derive(Debug)]
pub struct Fresh {
    server: sqlx::postgres::PgConnectOptions,
    name: String,
    /// Its URL.
    pub url: String,
}

impl Fresh {
    /// Makes one, or says in one line that the test is skipped.
    pub async fn new(test: &str) -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(url) = std::env::var(POSTGRES) else {
            eprintln!("skipped: {test} on PostgreSQL ({POSTGRES} names no server)");
            return None;
        };
        let server: sqlx::postgres::PgConnectOptions = url.parse().unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Process ids come again on a server that outlives a run.
        let random = u32::from_be_bytes(fluxor_engine::ids::Mint::from_os().unwrap().bytes());
        let name = format!("fluxor_test_{}_{number}_{random:08x}", std::process::id());
        let mut connection = server.connect().await.unwrap();
        connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let (address, _) = url.rsplit_once('/').unwrap();
        let url = format!("{address}/{name}");
        Some(Self { server, name, url })
    }

    /// A plain connection to it.
    pub async fn connect(&self) -> PgConnection {
        self.server.clone().database(&self.name).connect().await.unwrap()
    }

    /// A store in it.
    pub async fn store(&self) -> PostgresStore<CounterDomain> {
        PostgresStore::open(domain(), &self.url, MIGRATIONS, &Options::default()).await.unwrap()
    }

    /// Removes it.
    pub async fn remove(self) {
        let mut connection = self.server.connect().await.unwrap();
        connection.execute(AssertSqlSafe(format!("DROP DATABASE {} WITH (FORCE)", self.name))).await.unwrap();
    }
}

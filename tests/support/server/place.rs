//! Where a server's data is: a SQLite file or a database on a PostgreSQL server.

use std::sync::Arc;

use fluxor_engine::store::{AnyStore, Options};
use fluxor_workflows::{MIGRATIONS, Procurement};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, SqliteConnection};

use crate::databases::Fresh;

/// An empty database.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one a test")]
pub enum Place {
    /// A file in a folder that goes with it.
    Sqlite(tempfile::TempDir),
    /// One of its own.
    Postgres(Fresh),
}

impl Place {
    /// A SQLite file.
    #[must_use]
    pub fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// A PostgreSQL database, or says in one line that the test is skipped.
    pub async fn postgres(test: &str) -> Option<Self> {
        Fresh::new(test).await.map(Self::Postgres)
    }

    /// As `--database` takes it.
    #[must_use]
    pub fn address(&self) -> String {
        match self {
            Self::Sqlite(folder) => folder.path().join("fluxor.sqlite").to_str().unwrap().to_owned(),
            Self::Postgres(fresh) => fresh.url.clone(),
        }
    }

    /// Whether it is a SQLite file.
    #[must_use]
    pub const fn is_sqlite(&self) -> bool {
        matches!(self, Self::Sqlite(_))
    }

    /// The store, opened by the library while no server runs.
    pub async fn store(&self) -> AnyStore<Procurement> {
        let domain = Arc::new(Procurement::new());
        AnyStore::open(domain, &self.address(), MIGRATIONS, &Options::default()).await.unwrap()
    }

    async fn file(&self) -> SqliteConnection {
        let options: SqliteConnectOptions = format!("sqlite://{}", self.address()).parse().unwrap();
        options.connect().await.unwrap()
    }

    /// What a statement counts.
    pub async fn count(&self, statement: &str) -> i64 {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(_) => sqlx::query_scalar(statement).fetch_one(&mut self.file().await).await.unwrap(),
            Self::Postgres(fresh) => sqlx::query_scalar(statement).fetch_one(&mut fresh.connect().await).await.unwrap(),
        }
    }

    /// Runs plain SQL and returns how many rows it touched.
    pub async fn sql(&self, statement: &str) -> u64 {
        let statement = AssertSqlSafe(statement.to_owned());
        match self {
            Self::Sqlite(_) => {
                let mut connection = self.file().await;
                let done = connection.execute(statement).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
            Self::Postgres(fresh) => {
                let mut connection = fresh.connect().await;
                let done = connection.execute(statement).await.unwrap();
                connection.close().await.unwrap();
                done.rows_affected()
            }
        }
    }

    /// An id as a literal of its SQL.
    #[must_use]
    pub fn id(&self, id: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("X'{}'", id.replace('-', "")),
            Self::Postgres(_) => format!("'{id}'::uuid"),
        }
    }

    /// Gives the disk back.
    pub async fn remove(self) {
        if let Self::Postgres(fresh) = self {
            fresh.remove().await;
        }
    }
}

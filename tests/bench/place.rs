//! A fresh database for every measurement.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// A database that nobody else uses.
pub(crate) struct Place {
    /// As `--database` takes it.
    pub(crate) address: String,
    server: Option<(String, String)>,
    file: Option<PathBuf>,
}

impl Place {
    /// `kind` is `sqlite`, `memory:` or the URL of a PostgreSQL server.
    pub(crate) async fn new(kind: &str, folder: &std::path::Path) -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("fluxor_bench_{}_{number}", std::process::id());
        if kind.starts_with("postgres") {
            let mut admin = PgConnection::connect(kind).await.expect("the server answers");
            admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.expect("a database can be made");
            let (base, _) = kind.rsplit_once('/').expect("a URL with a database");
            let address = format!("{base}/{name}");
            return Self { address, server: Some((kind.to_owned(), name)), file: None };
        }
        if kind == "sqlite" {
            let file = folder.join(format!("{name}.sqlite"));
            return Self { address: file.display().to_string(), server: None, file: Some(file) };
        }
        Self { address: kind.to_owned(), server: None, file: None }
    }

    /// Removes it.
    pub(crate) async fn drop(self) {
        if let Some((url, name)) = self.server {
            let mut admin = PgConnection::connect(&url).await.expect("the server answers");
            let _ = admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await;
        }
        if let Some(file) = self.file {
            for end in ["", "-wal", "-shm", ".lock"] {
                let _ = std::fs::remove_file(format!("{}{end}", file.display()));
            }
        }
    }
}

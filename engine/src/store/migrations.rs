//! The migrator: forward only, and a database that this program does not know is refused.

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migrate, MigrateError, MigrationType, Migrator};

use super::StoreError;

/// One migration, once for each database.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its number: rises, never used twice.
    pub version: i64,
    /// Its name, as in the file's name.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

/// The engine's own migrations; the domain adds its list behind them.
pub const ENGINE: &[Migration] = &[Migration {
    version: 1,
    name: "engine",
    sqlite: include_str!("../../../migrations/sqlite/0001_engine.sql"),
    postgres: include_str!("../../../migrations/postgres/0001_engine.sql"),
}];

/// Brings the database up to date, or says why it cannot be used.
pub(super) async fn migrate<C: Migrate>(
    connection: &mut C,
    extra: &[Migration],
    text: fn(&Migration) -> &'static str,
) -> Result<(), StoreError> {
    let all = ENGINE.iter().chain(extra).map(|m| {
        let sql = text(m).into_sql_str();
        sqlx::migrate::Migration::new(m.version, m.name.into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(all.collect()).run_direct(None, connection, false).await.map_err(explain)
}

fn explain(error: MigrateError) -> StoreError {
    StoreError::Unavailable(match error {
        MigrateError::VersionMissing(version) => format!(
            "it holds migration {version:04}, which this program does not know: it was written by a newer one, run that"
        ),
        MigrateError::VersionMismatch(version) => {
            format!(
                "its migration {version:04} differs from this program's: the file was changed after it had been applied"
            )
        }
        MigrateError::Dirty(version) => format!("its migration {version:04} was applied in part: restore a backup"),
        other => other.to_string(),
    })
}

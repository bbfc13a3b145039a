//! The statements of the domain: each noun has a file, each statement its two texts side by side.
//!
//! Every batch statement has one parameter: the rows of the batch as a JSON array, the tenant among their columns. So the
//! code that binds is written once; what differs between the texts is how the array is read (`json_each`,
//! `json_to_recordset`), and that PostgreSQL locks what is loaded (SQLite's writer is alone).

pub(crate) mod budgets;
pub(crate) mod columns;
pub(crate) mod lines;
pub(crate) mod orders;
pub mod reads;
pub(crate) mod series;

use fluxor_engine::store::StoreError;
use serde::Serialize;
use sqlx::{PgConnection, SqliteConnection};

use columns::Columns;

/// The domain's migrations: version, name, SQLite's text, PostgreSQL's text. Version 1 is the engine's.
pub const MIGRATIONS: &[(i64, &str, &str, &str)] = &[(
    2,
    "procurement",
    include_str!("../../migrations/sqlite/0002_procurement.sql"),
    include_str!("../../migrations/postgres/0002_procurement.sql"),
)];

/// A statement in both dialects.
#[derive(Clone, Copy, Debug)]
pub struct Sql {
    /// The table that it is about, for conflicts.
    pub table: &'static str,
    /// SQLite's text.
    pub sqlite: &'static str,
    /// PostgreSQL's text.
    pub postgres: &'static str,
}

impl Sql {
    /// A statement whose text is the same for both.
    pub(crate) const fn same(table: &'static str, text: &'static str) -> Self {
        Self { table, sqlite: text, postgres: text }
    }
}

/// All batch statements, for a test that looks at their plans. Each takes one JSON array as text.
pub const STATEMENTS: &[Sql] = &[
    orders::LOAD,
    orders::READ,
    orders::INSERT,
    orders::UPDATE,
    lines::READ,
    lines::DELETE,
    lines::INSERT,
    budgets::LOAD,
    budgets::INSERT,
    budgets::UPDATE,
    series::LOAD,
    series::INSERT,
    series::UPDATE,
];

/// An open connection of either database.
pub(crate) enum Link<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// The same typed body for each driver.
macro_rules! both {
    ($link:expr, $statement:expr => |$connection:ident, $sql:ident| $body:expr) => {
        match $link {
            $crate::sql::Link::Sqlite($connection) => {
                let $sql = $statement.sqlite;
                $body
            }
            $crate::sql::Link::Postgres($connection) => {
                let $sql = $statement.postgres;
                $body
            }
        }
    };
}
pub(crate) use both;

/// Runs a query with the rows of `batch`.
pub(crate) async fn fetch<T>(
    link: &mut Link<'_>,
    statement: &Sql,
    batch: &[impl Serialize],
    decode: fn(&dyn Columns) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let batch = array(batch)?;
    both!(link, statement => |connection, sql| {
        let rows = sqlx::query(sql).bind(batch).fetch_all(&mut **connection).await;
        let rows = rows.map_err(|error| broken(error, statement.table))?;
        rows.iter().map(|row| decode(row)).collect()
    })
}

/// Writes the rows of `batch`, each of which must be there to write.
pub(crate) async fn write(
    link: &mut Link<'_>,
    statement: &Sql,
    batch: &[impl Serialize],
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let written = execute(link, statement, array(batch)?).await?;
    if usize::try_from(written) == Ok(batch.len()) {
        Ok(())
    } else {
        Err(StoreError::Conflict(statement.table.to_owned()))
    }
}

/// Removes what the rows of `batch` name, however much that is.
pub(crate) async fn remove(
    link: &mut Link<'_>,
    statement: &Sql,
    batch: &[impl Serialize],
) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    execute(link, statement, array(batch)?).await.map(drop)
}

async fn execute(link: &mut Link<'_>, statement: &Sql, batch: String) -> Result<u64, StoreError> {
    both!(link, statement => |connection, sql| {
        let done = sqlx::query(sql).bind(batch).execute(&mut **connection).await;
        done.map(|done| done.rows_affected()).map_err(|error| broken(error, statement.table))
    })
}

fn array(batch: &[impl Serialize]) -> Result<String, StoreError> {
    serde_json::to_string(batch).map_err(|error| StoreError::Unavailable(format!("a batch cannot be written: {error}")))
}

/// What went wrong, in the store's terms.
pub(crate) fn broken(error: sqlx::Error, table: &'static str) -> StoreError {
    let Some(database) = error.as_database_error() else {
        return StoreError::Unavailable(error.to_string());
    };
    if database.is_unique_violation() {
        return StoreError::Conflict(table.to_owned());
    }
    // PostgreSQL: serialization failure, deadlock, lock not available, cancelled by a time-out.
    // SQLite: busy, locked, busy snapshot (their extended codes have the primary code in the low byte).
    let busy = match database.code().as_deref() {
        Some("40001" | "40P01" | "55P03" | "57014") => true,
        Some(code) if code.len() < 5 => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6)),
        _ => false,
    };
    if busy { StoreError::Busy(database.message().to_owned()) } else { StoreError::Unavailable(error.to_string()) }
}

//! Everything that a batch writes as one statement: a `WITH` of one part a table that changed.

use sqlx::encode::Encode;
use sqlx::postgres::{PgArguments, Postgres};
use sqlx::{Arguments as _, AssertSqlSafe, PgConnection, Type};

use super::dialect::failed;
use super::numbering::append;
use crate::store::StoreError;

/// Parts and their parameters.
pub(super) struct Batch {
    parts: String,
    guards: String,
    arguments: PgArguments,
}

/// The arrays of one part.
pub(super) struct Arrays<'a>(&'a mut PgArguments);

impl Arrays<'_> {
    /// The next parameter: one value a row.
    pub(super) fn array<T>(&mut self, values: impl Iterator<Item = T>) -> Result<&mut Self, StoreError>
    where
        Vec<T>: for<'q> Encode<'q, Postgres> + Type<Postgres>,
    {
        self.0.add(values.collect::<Vec<T>>()).map_err(sqlx::Error::Encode).map_err(failed)?;
        Ok(self)
    }
}

impl Batch {
    pub(super) fn new() -> Self {
        let (parts, guards) = (String::with_capacity(4096), String::new());
        Self { parts, guards, arguments: PgArguments::default() }
    }

    /// Adds a part; its parameters are then given as arrays.
    pub(super) fn part(&mut self, name: &str, sql: &str) -> Arrays<'_> {
        self.parts.push_str(if self.parts.is_empty() { "WITH " } else { ",\n" });
        self.parts.push_str(name);
        self.parts.push_str(" AS (");
        append(&mut self.parts, sql, self.arguments.len());
        self.parts.push(')');
        Arrays(&mut self.arguments)
    }

    /// The part named must return as many rows.
    pub(super) fn guard(&mut self, name: &str, rows: usize) -> Result<(), StoreError> {
        let rows = i64::try_from(rows).unwrap_or(i64::MAX);
        self.arguments.add(rows).map_err(sqlx::Error::Encode).map_err(failed)?;
        let joint = if self.guards.is_empty() { "" } else { " AND " };
        self.guards.push_str(&format!("{joint}(SELECT count(*) FROM {name}) = ${}", self.arguments.len()));
        Ok(())
    }

    /// Runs it. Where a guard does not hold the last SELECT divides by zero, so that the statement undoes itself.
    pub(super) async fn run(
        self,
        c: &mut PgConnection,
        failed: fn(sqlx::Error) -> StoreError,
    ) -> Result<(), StoreError> {
        if self.parts.is_empty() {
            return Ok(());
        }
        let guards = if self.guards.is_empty() { "true" } else { &self.guards };
        let sql = format!("{}\nSELECT 1 / CASE WHEN {guards} THEN 1 ELSE 0 END", self.parts);
        let done = sqlx::query_with(AssertSqlSafe(sql), self.arguments).execute(c).await;
        done.map(|_| ()).map_err(|error| match error.as_database_error().and_then(|e| e.code()).as_deref() {
            Some("22012") => StoreError::Conflict("an instance, task, record or one of their index rows".to_owned()),
            _ => failed(error),
        })
    }
}

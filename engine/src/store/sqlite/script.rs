//! Several statements in one call: each call of sqlx costs two thread switches, a statement next to nothing.
//!
//! Parameters are `?` only: with numbers SQLite would look up the name of each by walking through all of them.

use std::future::poll_fn;

use sqlx::encode::Encode;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Either, Executor as _, SqliteConnection, Type};

use super::dialect::failed;
use super::json::Rows;
use crate::store::StoreError;

/// Fails unless the statement before changed as many rows as were asked.
pub(super) const GUARD: &str = "SELECT CASE WHEN changes() = ? THEN 1 ELSE abs(-9223372036854775808) END";

/// What stands in a statement where its rows go.
pub(super) const ROWS: &str = "{rows}";

/// How many rows a statement takes: it is filled up with rows of nulls, so that few statements are enough and stay
/// prepared.
const SIZES: [usize; 4] = [1, 4, 16, MOST];

/// The most rows of one statement.
pub(super) const MOST: usize = 64;

enum Step {
    Statement,
    Guard(&'static str),
    Commit,
}

/// Statements to be run one after the other, until one fails.
pub(super) struct Script {
    sql: String,
    arguments: SqliteArguments,
    steps: Vec<Step>,
}

/// The columns of one row, from left to right.
pub(super) struct Row<'a>(&'a mut Script, Result<(), StoreError>);

impl Row<'_> {
    pub(super) fn put<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> &mut Self {
        if self.1.is_ok() {
            self.1 = self.0.argument(value);
        }
        self
    }
}

impl Script {
    pub(super) fn new() -> Self {
        Self { sql: String::with_capacity(4096), arguments: SqliteArguments::default(), steps: Vec::new() }
    }

    /// A statement without parameters.
    pub(super) fn plain(&mut self, sql: &str) {
        self.push(sql, Step::Statement);
    }

    /// `COMMIT`: if this one fails, the outcome may be unknown.
    pub(super) fn commit(&mut self) {
        self.push("COMMIT", Step::Commit);
    }

    /// A statement over rows as one JSON text; left out when there are none. Returns its step.
    pub(super) fn rows(&mut self, sql: &str, rows: Rows) -> Result<Option<usize>, StoreError> {
        if rows.count == 0 {
            return Ok(None);
        }
        self.push(sql, Step::Statement);
        self.argument(rows.finish())?;
        Ok(Some(self.steps.len() - 1))
    }

    /// As [`Script::rows`], and as many rows must change.
    pub(super) fn guarded(&mut self, table: &'static str, sql: &str, rows: Rows) -> Result<(), StoreError> {
        let count = rows.count;
        match self.rows(sql, rows)? {
            Some(_) => self.guard(table, count),
            None => Ok(()),
        }
    }

    /// A statement over at most [`MOST`] rows as `VALUES`: three to ten times as fast as JSON where rows are large.
    pub(super) fn values<T>(
        &mut self,
        sql: &str,
        columns: usize,
        rows: &[T],
        write: impl Fn(&mut Row<'_>, &T),
    ) -> Result<(), StoreError> {
        let size = SIZES.into_iter().find(|size| *size >= rows.len()).unwrap_or(MOST);
        self.push(&expanded(sql, columns, size), Step::Statement);
        for item in rows {
            let mut row = Row(self, Ok(()));
            write(&mut row, item);
            row.1?;
        }
        for _ in rows.len() * columns..size * columns {
            self.argument(None::<i64>)?;
        }
        Ok(())
    }

    /// The statement before must have changed as many rows.
    pub(super) fn guard(&mut self, table: &'static str, count: i64) -> Result<(), StoreError> {
        self.push(GUARD, Step::Guard(table));
        self.argument(count)
    }

    fn push(&mut self, sql: &str, step: Step) {
        self.sql.push_str(sql);
        self.sql.push_str(";\n");
        self.steps.push(step);
    }

    fn argument<'q, T: Encode<'q, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<(), StoreError> {
        self.arguments.add(value).map_err(sqlx::Error::Encode).map_err(failed)
    }

    /// Runs everything; rows with the step they come from.
    pub(super) async fn run(self, c: &mut SqliteConnection) -> Result<Vec<(usize, SqliteRow)>, StoreError> {
        let (mut step, mut rows) = (0, Vec::new());
        let mut results = c.fetch_many(sqlx::query_with(AssertSqlSafe(self.sql), self.arguments));
        while let Some(result) = poll_fn(|context| results.as_mut().poll_next(context)).await {
            match result {
                Ok(Either::Left(_)) => step += 1,
                Ok(Either::Right(row)) => rows.push((step, row)),
                Err(error) => return Err(blame(self.steps.get(step), error)),
            }
        }
        Ok(rows)
    }
}

/// The statement with room for some rows.
pub(super) fn expanded(sql: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    sql.replace(ROWS, &vec![row; rows].join(","))
}

fn blame(step: Option<&Step>, error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    match step {
        Some(Step::Guard(table)) if code.is_some() => StoreError::Conflict((*table).to_owned()),
        // Not the database's word, or SQLITE_IOERR: it may or may not be on the disk.
        Some(Step::Commit) if code.is_none_or(|code| code & 0xff == 10) => StoreError::Unknown(error.to_string()),
        _ => failed(error),
    }
}

//! Several statements in one call: each call of sqlx costs two thread switches, a statement next to nothing.

use std::future::poll_fn;

use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments as _, AssertSqlSafe, Either, Executor as _, SqliteConnection};

use super::dialect::failed;
use super::json::Rows;
use crate::store::StoreError;
use crate::store::script::append;

/// Fails unless the statement before changed as many rows as were asked.
pub(super) const GUARD: &str = "SELECT CASE WHEN changes() = $1 THEN 1 ELSE abs(-9223372036854775808) END";

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

    /// A statement over rows; left out when there are none. Returns its step.
    pub(super) fn rows(&mut self, sql: &str, rows: Rows) -> Result<Option<usize>, StoreError> {
        if rows.count == 0 {
            return Ok(None);
        }
        self.push(sql, Step::Statement);
        self.arguments.add(rows.finish()).map_err(sqlx::Error::Encode).map_err(failed)?;
        Ok(Some(self.steps.len() - 1))
    }

    /// As [`Script::rows`], and as many rows must change.
    pub(super) fn guarded(&mut self, table: &'static str, sql: &str, rows: Rows) -> Result<(), StoreError> {
        let count = rows.count;
        if self.rows(sql, rows)?.is_some() {
            self.push(GUARD, Step::Guard(table));
            self.arguments.add(count).map_err(sqlx::Error::Encode).map_err(failed)?;
        }
        Ok(())
    }

    fn push(&mut self, sql: &str, step: Step) {
        append(&mut self.sql, sql, self.arguments.len());
        self.sql.push_str(";\n");
        self.steps.push(step);
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

fn blame(step: Option<&Step>, error: sqlx::Error) -> StoreError {
    let database = error.as_database_error().is_some();
    let input_output = || {
        let code = error.as_database_error().and_then(|e| e.code());
        code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 10)
    };
    match step {
        Some(Step::Guard(table)) if database => StoreError::Conflict((*table).to_owned()),
        Some(Step::Commit) if !database || input_output() => StoreError::Unknown(error.to_string()),
        _ => failed(error),
    }
}

//! The domain's statements on SQLite.

use sqlx::sqlite::{Sqlite as Db, SqliteArguments as Arguments, SqliteConnection as Conn, SqliteRow as Row};

use crate::statement::Sql;

#[path = "sql/mod.rs"]
pub(crate) mod sql;

/// The dialect's text.
const fn text(statement: &Sql) -> &'static str {
    statement.sqlite
}

//! The domain's statements on PostgreSQL.

use sqlx::postgres::{PgArguments as Arguments, PgConnection as Conn, PgRow as Row, Postgres as Db};

use crate::statement::Sql;

#[path = "sql/mod.rs"]
pub(crate) mod sql;

/// The dialect's text.
const fn text(statement: &Sql) -> &'static str {
    statement.postgres
}

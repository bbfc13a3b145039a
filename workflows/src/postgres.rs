//! The domain's statements on PostgreSQL.

use sqlx::postgres::{PgConnection as Conn, PgRow as Row};

use crate::statement::Sql;

#[path = "sql/mod.rs"]
pub(crate) mod sql;

/// The dialect's text.
const fn text(statement: &Sql) -> &'static str {
    statement.postgres
}

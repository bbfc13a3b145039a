//! What was called over HTTP, and what limits refused of it: rows that are kept for some days beside the books, so that limits
//! can be explained and tried. Nothing is decided on them, and they are no part of the audit trail.
#![allow(
    clippy::missing_errors_doc,
    reason = "each fails when the database does not answer, or its rows are impossible"
)]

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, StoreError};
use uuid::Uuid;

use crate::memory::Memory;
use crate::{postgres, sqlite};

/// Calls of a tenant in one minute, as `fluxor_limits::traffic` writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficRow {
    /// Whose.
    pub tenant: TenantId,
    /// When the minute began.
    pub minute: Timestamp,
    /// Several servers, or one several times, keep calls of the same minute.
    pub part: Uuid,
    /// The calls.
    pub calls: Vec<u8>,
}

/// A call that limits refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCall {
    /// Whose.
    pub tenant: TenantId,
    /// When.
    pub at: Timestamp,
    /// The id of the request.
    pub request: String,
    /// Who asked, where that is known.
    pub person: Option<String>,
    /// The policies that refused it.
    pub policies: Vec<String>,
    /// All about it, as JSON.
    pub told: String,
}

/// A stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Of one tenant, or of all.
    pub tenant: Option<TenantId>,
    /// From that minute on.
    pub from: Timestamp,
    /// Before that minute.
    pub to: Timestamp,
}

/// Which refusals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedCalls {
    /// Before then, the newest first.
    pub before: Timestamp,
    /// Of one request id.
    pub request: Option<String>,
    /// Of one person.
    pub person: Option<String>,
    /// By one policy.
    pub policy: Option<String>,
    /// How many at most.
    pub limit: i64,
}

impl Stretch {
    /// Whether it holds that minute of a tenant.
    #[must_use]
    pub fn has(&self, tenant: TenantId, minute: Timestamp) -> bool {
        self.tenant.is_none_or(|own| own == tenant) && self.from <= minute && minute < self.to
    }
}

impl RefusedCalls {
    /// Whether a refusal, of whichever tenant, is asked for.
    #[must_use]
    pub fn fits(&self, row: &RefusedCall) -> bool {
        row.at < self.before
            && self.request.as_ref().is_none_or(|one| row.request == *one)
            && self.person.as_ref().is_none_or(|one| row.person.as_ref() == Some(one))
            && self.policy.as_ref().is_none_or(|one| row.policies.contains(one))
    }
}

/// Does it on the store that is connected; memory does it at once.
macro_rules! ask {
    ($connection:expr, $function:ident($($argument:expr),*), $memory:ident => $answer:expr) => {
        match $connection {
            Connection::Memory($memory) => Ok($answer),
            Connection::Sqlite(connection) => sqlite::sql::traffic::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::traffic::$function(connection, $($argument),*).await,
        }
    };
}

/// Keeps calls. Rows that are there already stay as they are.
pub async fn keep_traffic(connection: Connection<'_, Memory>, rows: &[TrafficRow]) -> Result<(), StoreError> {
    ask!(connection, keep(rows), memory => memory.keep_traffic(rows))
}

/// Keeps refusals. Rows that are there already stay as they are.
pub async fn keep_refused(connection: Connection<'_, Memory>, rows: &[RefusedCall]) -> Result<(), StoreError> {
    ask!(connection, keep_refused(rows), memory => memory.keep_refused(rows))
}

/// How many bytes of calls there are, minute by minute, newest first.
pub async fn traffic_sizes(
    connection: Connection<'_, Memory>,
    asked: &Stretch,
) -> Result<Vec<(Timestamp, i64)>, StoreError> {
    ask!(connection, sizes(asked), memory => memory.traffic_sizes(asked))
}

/// The calls, as they were kept.
pub async fn traffic(connection: Connection<'_, Memory>, asked: &Stretch) -> Result<Vec<Vec<u8>>, StoreError> {
    ask!(connection, calls(asked), memory => memory.traffic(asked))
}

/// Refusals, newest first.
pub async fn refused_calls(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    asked: &RefusedCalls,
) -> Result<Vec<RefusedCall>, StoreError> {
    ask!(connection, refused(tenant, asked), memory => memory.refused_calls(tenant, asked))
}

/// Forgets what is older than that, of all tenants.
pub async fn forget_traffic(connection: Connection<'_, Memory>, before: Timestamp) -> Result<(), StoreError> {
    ask!(connection, forget(before), memory => memory.forget_traffic(before))
}

/// Forgets a tenant's oldest calls beyond so many bytes, and its oldest refusals beyond so many. (Whole minutes; refusals of one
/// instant together.)
pub async fn forget_traffic_beyond(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    bytes: i64,
    refused: i64,
) -> Result<(), StoreError> {
    ask!(connection, forget_beyond(tenant, bytes, refused), memory => memory.forget_traffic_beyond(tenant, bytes, refused))
}

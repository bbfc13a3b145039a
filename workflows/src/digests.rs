//! What waits for somebody who wants his mail together: kept beside the books, no part of the audit trail.
//!
//! What must hold: an item is there once, however often its message comes; of two who want to send somebody's digest one may;
//! what is under way keeps its name (`batch`) until it is sent, so that it is the same mail however often it is tried.
#![allow(
    clippy::missing_errors_doc,
    reason = "each fails when the database does not answer, or its rows are impossible"
)]

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_engine::store::{Connection, StoreError};
use uuid::Uuid;

use crate::memory::Memory;
use crate::{postgres, sqlite};

/// For how long it is known what was sent: longer than a message is tried again.
pub(crate) const REMEMBERED_MICROS: i64 = 2 * 86_400_000_000;

/// A notice that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestItem {
    /// Whose data.
    pub tenant: TenantId,
    /// Whom it is for.
    pub person: PersonId,
    /// The id of its message.
    pub id: Uuid,
    /// What it is about.
    pub instance: InstanceId,
    /// When it happened.
    pub at: Timestamp,
    /// The notice, as its message has it.
    pub payload: String,
}

/// Somebody for whom something waits that nobody is sending just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestWaiting {
    /// Whose data.
    pub tenant: TenantId,
    /// Who.
    pub person: PersonId,
    /// When the oldest of it happened.
    pub since: Timestamp,
    /// Whether a digest was begun and not sent.
    pub begun: bool,
}

/// A digest that the caller alone may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestClaim {
    /// Its name: the same until it is sent.
    pub batch: Uuid,
    /// When it was begun.
    pub began: Timestamp,
    /// What stands in it, oldest first; no more than was asked for.
    pub items: Vec<DigestItem>,
    /// How many more there are.
    pub more: i64,
}

/// Does it on the store that is connected; memory does it at once.
macro_rules! ask {
    ($connection:expr, $function:ident($($argument:expr),*), $memory:ident => $answer:expr) => {
        match $connection {
            Connection::Memory($memory) => Ok($answer),
            Connection::Sqlite(connection) => sqlite::sql::digests::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::digests::$function(connection, $($argument),*).await,
        }
    };
}

/// Puts an item aside. One that is there already, or was sent, stays as it is.
pub async fn put_digest_item(connection: Connection<'_, Memory>, item: &DigestItem) -> Result<(), StoreError> {
    ask!(connection, put(item), memory => memory.put_digest_item(item))
}

/// For whom something waits that nobody is sending at `now`; of all tenants, by tenant and person, behind `after`.
pub async fn digests_waiting(
    connection: Connection<'_, Memory>,
    now: Timestamp,
    after: Option<(TenantId, &PersonId)>,
    limit: i64,
) -> Result<Vec<DigestWaiting>, StoreError> {
    ask!(connection, waiting(now, after, limit), memory => memory.digests_waiting(now, after, limit))
}

/// Takes somebody's digest until the instant `until`: all that waits, under the name `batch`; or what was begun before under
/// its own. Nothing: another has it, or nothing waits.
pub async fn claim_digest(
    connection: Connection<'_, Memory>,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    (now, until): (Timestamp, Timestamp),
    most: i64,
) -> Result<Option<DigestClaim>, StoreError> {
    ask!(
        connection,
        claim((tenant, person), batch, (now, until), most),
        memory => memory.claim_digest((tenant, person), batch, (now, until), most)
    )
}

/// A digest was sent at `now`. What was sent long before is forgotten.
pub async fn finish_digest(
    connection: Connection<'_, Memory>,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    now: Timestamp,
) -> Result<(), StoreError> {
    ask!(
        connection,
        finish((tenant, person), batch, now),
        memory => memory.finish_digest((tenant, person), batch, now)
    )
}

/// A digest could not be sent, and nobody tries before `until`.
pub async fn postpone_digest(
    connection: Connection<'_, Memory>,
    (tenant, person): (TenantId, &PersonId),
    batch: Uuid,
    until: Timestamp,
) -> Result<(), StoreError> {
    ask!(
        connection,
        postpone((tenant, person), batch, until),
        memory => memory.postpone_digest((tenant, person), batch, until)
    )
}

//! What only SQLite says this way.

use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::json::Rows;
use crate::ids::{PersonId, TenantId};
use crate::store::StoreError;
use crate::store::rows::held_by;

/// What a failed statement means.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Busy(error.to_string());
    }
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<u32>().ok());
    match (code, code.map(|code| code & 0xff)) {
        (_, Some(5 | 6)) => StoreError::Busy(error.to_string()),
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE: only the message names the table.
        (Some(1555 | 2067), _) => {
            let text = error.to_string();
            let table = text.split("failed: ").nth(1).and_then(|rest| rest.split('.').next());
            StoreError::Conflict(table.unwrap_or("a row").to_owned())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

// The header is canonical JSON text. PostgreSQL has to cast it first.
pub(crate) const REPEAT: &str = "SELECT tenant, stream, seq, at, header, hash, body_digest, salt, body
     FROM audit_entry
     WHERE tenant = $1
       AND stream = $2
       AND header ->> 'request' = $3
     ORDER BY seq
     LIMIT 1";

// One writer at a time: nothing to skip, unlike PostgreSQL. While an attempt is under way, no error is known.
pub(crate) const CLAIM: &str = "UPDATE outbox
     SET next_at = $2, attempt = attempt + 1, epoch = epoch + 1, error = NULL
     WHERE (tenant, instance, destination, seq, id) IN (
       SELECT o.tenant, o.instance, o.destination, o.seq, o.id
       FROM outbox AS o
       WHERE o.next_at <= $1
         AND o.given_up_at IS NULL
         AND instr($4, char(10) || o.destination || char(10)) = 0
         AND o.id = (
           SELECT b.id
           FROM outbox AS b
           WHERE b.tenant = o.tenant
             AND b.instance = o.instance
             AND b.destination = o.destination
             AND (b.given_up_at IS NULL OR b.next_at > $1)
           ORDER BY b.seq, b.id
           LIMIT 1
         )
       ORDER BY o.next_at, o.tenant, o.instance, o.destination, o.seq, o.id
       LIMIT $3
     )
     RETURNING tenant, instance, destination, seq, id, payload, times, wait_from, wait_to, sent_event, next_at, attempt,
       epoch";

/// Whether the text of a detail has an incident of a code.
macro_rules! has_incident {
    ($detail:literal, $code:literal) => {
        concat!(
            "(",
            $detail,
            " ->> '$.incident.code' = ",
            $code,
            " OR EXISTS (SELECT 1 FROM json_each(",
            $detail,
            ", '$.others') AS o WHERE o.value ->> '$.code' = ",
            $code,
            "))"
        )
    };
}
pub(crate) use has_incident;

pub(crate) const MAY_CLAIM: &str = "SELECT 1
     FROM outbox
     WHERE next_at <= $1
       AND given_up_at IS NULL
     LIMIT 1";

pub(crate) const HELD_BY: &str =
    held_by!("(SELECT value ->> 0 AS tenant, value ->> 1 AS person FROM json_each($1)) AS a", "$2", "$3", "$4");

/// Who is asked goes in as one array.
pub(crate) fn held_by(
    tenant: TenantId,
    people: &[PersonId],
) -> Result<Query<'static, Sqlite, SqliteArguments>, StoreError> {
    let asked = Rows::of(people, |row, person| {
        row.int(tenant.0).text(person.as_str());
    });
    Ok(sqlx::query(HELD_BY).bind(asked.finish()))
}

// Which rows they are is told by an index that has the whole key: the table's own pages are full of what they carry.
// CROSS JOIN: SQLite then keeps the order.
pub(super) const PARTS: &str = "SELECT i.tenant, i.target, i.message, i.event, i.payload, i.at
     FROM (
       SELECT k.tenant, k.target, k.message,
         row_number() OVER (PARTITION BY k.tenant, k.target ORDER BY k.message) AS place
       FROM inbox AS k INDEXED BY inbox_at
       WHERE substr(k.message, 1, 5) = 'tell:'
     ) AS f
     CROSS JOIN inbox AS i ON i.tenant = f.tenant AND i.target = f.target AND i.message = f.message
     WHERE f.place <= $2
     ORDER BY f.place, f.tenant, f.target
     LIMIT $1";

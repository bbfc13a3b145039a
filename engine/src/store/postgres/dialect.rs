//! What only PostgreSQL says this way.

use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;

use crate::ids::{PersonId, TenantId};
use crate::store::StoreError;
use crate::store::rows::held_by;

/// What a failed statement means.
pub(crate) fn failed(error: sqlx::Error) -> StoreError {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        return StoreError::Busy(error.to_string());
    }
    let Some(database) = error.as_database_error() else { return StoreError::Unavailable(error.to_string()) };
    let message = database.message();
    match database.code().as_deref() {
        Some("23505") => StoreError::Conflict(database.table().unwrap_or("a row").to_owned()),
        // Serialization failure, deadlock, lock time-out, statement time-out, idle in the transaction for too long.
        Some("40001" | "40P01" | "55P03" | "57014" | "25P03") => StoreError::Busy(message.to_owned()),
        Some("3D000") => StoreError::Unavailable(format!("{message}: make it first (createdb), or name another")),
        Some("28P01" | "28000") => StoreError::Unavailable(format!(
            "{message}: look at the name and the password in the address of the database"
        )),
        // What the error says of itself adds a line of the database's own source.
        _ => StoreError::Unavailable(message.to_owned()),
    }
}

/// What a failed `COMMIT` means: only an answer of the database that it was rolled back is one.
pub(super) fn commit_failed(error: sqlx::Error) -> StoreError {
    let code = error.as_database_error().and_then(|e| e.code());
    match code.as_deref() {
        Some(code) if !code.starts_with("57P") && !code.starts_with("08") => failed(error),
        _ => StoreError::Unknown(error.to_string()),
    }
}

// JSON text has to be cast first; SQLite looks into it as it is.
pub(crate) const REPEAT: &str = "SELECT tenant, stream, seq, at, header, hash, body_digest, salt, body
     FROM audit_entry
     WHERE tenant = $1
       AND stream = $2
       AND CAST(header AS jsonb) ->> 'request' = $3
     ORDER BY seq
     LIMIT 1";

// Claimers pass by what another one holds, unlike on SQLite, where they take turns. While an attempt is under way, no error is known.
pub(crate) const CLAIM: &str = "WITH taken AS MATERIALIZED (
       SELECT o.tenant, o.instance, o.destination, o.seq, o.id
       FROM outbox AS o
       WHERE o.next_at <= $1
         AND o.given_up_at IS NULL
         AND strpos($4, chr(10) || o.destination || chr(10)) = 0
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
       FOR NO KEY UPDATE OF o SKIP LOCKED
     )
     UPDATE outbox AS u
     SET next_at = $2, attempt = u.attempt + 1, epoch = u.epoch + 1, error = NULL
     FROM taken AS t
     WHERE u.tenant = t.tenant
       AND u.instance = t.instance
       AND u.destination = t.destination
       AND u.seq = t.seq
       AND u.id = t.id
     RETURNING u.tenant, u.instance, u.destination, u.seq, u.id, u.payload, u.times, u.wait_from, u.wait_to, u.sent_event,
       u.next_at, u.attempt, u.epoch";

/// Whether the text of a detail has an incident of a code. What the incident tells besides may hold NUL characters, which
/// PostgreSQL does not take out of JSON: for this look they are blanks.
macro_rules! has_incident {
    ($detail:literal, $code:literal) => {
        concat!(
            "(CAST(replace(",
            $detail,
            ", '\\u0000', '\\u0020') AS json) #>> '{incident,code}' = ",
            $code,
            " OR EXISTS (SELECT 1 FROM json_array_elements(CAST(replace(",
            $detail,
            ", '\\u0000', '\\u0020') AS json) -> 'others') AS o WHERE o.value ->> 'code' = ",
            $code,
            "))"
        )
    };
}
pub(crate) use has_incident;

pub(crate) const HELD_BY: &str = held_by!("unnest($1::bigint[], $2::text[]) AS a (tenant, person)", "$3", "$4", "$5");

/// Who is asked goes in as arrays.
pub(crate) fn held_by(
    tenant: TenantId,
    people: &[PersonId],
) -> Result<Query<'static, Postgres, PgArguments>, StoreError> {
    let names: Vec<String> = people.iter().map(|person| person.as_str().to_owned()).collect();
    Ok(sqlx::query(HELD_BY).bind(vec![tenant.0; names.len()]).bind(names))
}

// Which rows they are is told by the key alone, in its order: what they carry may be long.
pub(super) const PARTS: &str = "SELECT i.tenant, i.target, i.message, i.event, i.payload, i.at
     FROM (
       SELECT k.tenant, k.target, k.message,
         row_number() OVER (PARTITION BY k.tenant, k.target ORDER BY k.message) AS place
       FROM inbox AS k
       WHERE substr(k.message, 1, 5) = 'tell:'
     ) AS f
     JOIN inbox AS i ON i.tenant = f.tenant AND i.target = f.target AND i.message = f.message
     WHERE f.place <= $2
     ORDER BY f.place, f.tenant, f.target
     LIMIT $1";

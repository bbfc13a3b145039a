//! What was called, and what limits refused: kept for some days, read in stretches of time, forgotten.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;

use super::columns::Reader;
use super::{Conn, Row};
use crate::statement::{Sql, broken};
use crate::traffic::{RefusedCall, RefusedCalls, Stretch, TrafficRow};

const TRAFFIC: &str = "traffic";
const REFUSED: &str = "refused_call";

/// One row; one that is there already stays as it is (it is written again when nobody knows whether it was).
const KEEP: Sql = Sql::same(
    TRAFFIC,
    "
        INSERT INTO traffic (
            tenant, minute, part, calls
        )
        VALUES ($1, $2, $3, $4)
        ON CONFLICT DO NOTHING",
);

const KEEP_REFUSED: Sql = Sql::same(
    REFUSED,
    "
        INSERT INTO refused_call (
            tenant, at, request, person, policies, told
        )
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT DO NOTHING",
);

/// How many bytes there are, minute by minute, newest first.
const SIZES: Sql = Sql::same(
    TRAFFIC,
    "
        SELECT t.minute, CAST(SUM(LENGTH(t.calls)) AS BIGINT) AS bytes
        FROM traffic AS t
        WHERE t.tenant = $1
        AND t.minute >= $2
        AND t.minute < $3
        GROUP BY t.minute
        ORDER BY t.minute DESC",
);

const SIZES_OF_ALL: Sql = Sql::same(
    TRAFFIC,
    "
        SELECT t.minute, CAST(SUM(LENGTH(t.calls)) AS BIGINT) AS bytes
        FROM traffic AS t
        WHERE t.minute >= $1
        AND t.minute < $2
        GROUP BY t.minute
        ORDER BY t.minute DESC",
);

const CALLS: Sql = Sql::same(
    TRAFFIC,
    "
        SELECT t.calls
        FROM traffic AS t
        WHERE t.tenant = $1
        AND t.minute >= $2
        AND t.minute < $3
        ORDER BY t.minute, t.part",
);

const CALLS_OF_ALL: Sql = Sql::same(
    TRAFFIC,
    "
        SELECT t.calls
        FROM traffic AS t
        WHERE t.minute >= $1
        AND t.minute < $2
        ORDER BY t.minute, t.part",
);

/// The newest before an instant, of one person or policy where one is named.
const REFUSED_BEFORE: Sql = Sql::same(
    REFUSED,
    "
        SELECT t.at, t.request, t.person, t.policies, t.told
        FROM refused_call AS t
        WHERE t.tenant = $1
        AND t.at < $2
        AND (CAST($3 AS TEXT) IS NULL OR t.person = $3)
        AND (CAST($4 AS TEXT) IS NULL OR REPLACE(t.policies, $4, '') <> t.policies)
        ORDER BY t.at DESC, t.request DESC
        LIMIT $5",
);

/// Likewise, of one request id.
const REFUSED_REQUEST: Sql = Sql::same(
    REFUSED,
    "
        SELECT t.at, t.request, t.person, t.policies, t.told
        FROM refused_call AS t
        WHERE t.tenant = $1
        AND t.request = $6
        AND t.at < $2
        AND (CAST($3 AS TEXT) IS NULL OR t.person = $3)
        AND (CAST($4 AS TEXT) IS NULL OR REPLACE(t.policies, $4, '') <> t.policies)
        ORDER BY t.at DESC
        LIMIT $5",
);

const FORGET: Sql = Sql::same(TRAFFIC, "DELETE FROM traffic WHERE minute < $1");
const FORGET_REFUSED: Sql = Sql::same(REFUSED, "DELETE FROM refused_call WHERE at < $1");

/// All of a tenant's minutes that are older than so many bytes of newer ones.
const FORGET_BEYOND: Sql = Sql::same(
    TRAFFIC,
    "
        DELETE FROM traffic
        WHERE tenant = $1
        AND minute <= (
            SELECT MAX(s.minute)
            FROM (
                SELECT t.minute, SUM(SUM(LENGTH(t.calls))) OVER (ORDER BY t.minute DESC) AS held
                FROM traffic AS t
                WHERE t.tenant = $1
                GROUP BY t.minute
            ) AS s
            WHERE s.held > $2
        )",
);

/// All of a tenant's refusals beyond so many newer ones.
const FORGET_REFUSED_BEYOND: Sql = Sql::same(
    REFUSED,
    "
        DELETE FROM refused_call
        WHERE tenant = $1
        AND at <= (
            SELECT t.at
            FROM refused_call AS t
            WHERE t.tenant = $1
            ORDER BY t.at DESC
            LIMIT 1 OFFSET $2
        )",
);

/// Keeps rows.
pub(crate) async fn keep(connection: &mut Conn, rows: &[TrafficRow]) -> Result<(), StoreError> {
    for row in rows {
        let query = sqlx::query(super::super::text(&KEEP)).bind(row.tenant.0).bind(row.minute.micros());
        let kept = query.bind(row.part).bind(&row.calls).execute(&mut *connection).await;
        kept.map_err(|error| broken(error, TRAFFIC))?;
    }
    Ok(())
}

/// Names, each between bars: they hold none.
fn joined(names: &[String]) -> String {
    names.iter().fold("|".to_owned(), |all, name| format!("{all}{name}|"))
}

/// Keeps refusals.
pub(crate) async fn keep_refused(connection: &mut Conn, rows: &[RefusedCall]) -> Result<(), StoreError> {
    for row in rows {
        let query = sqlx::query(super::super::text(&KEEP_REFUSED)).bind(row.tenant.0).bind(row.at.micros());
        let query = query.bind(&row.request).bind(&row.person).bind(joined(&row.policies)).bind(&row.told);
        query.execute(&mut *connection).await.map_err(|error| broken(error, REFUSED))?;
    }
    Ok(())
}

/// How many bytes there are, minute by minute, newest first; of one tenant or of all.
pub(crate) async fn sizes(connection: &mut Conn, asked: &Stretch) -> Result<Vec<(Timestamp, i64)>, StoreError> {
    let query = match asked.tenant {
        Some(tenant) => sqlx::query(super::super::text(&SIZES)).bind(tenant.0),
        None => sqlx::query(super::super::text(&SIZES_OF_ALL)),
    };
    let query = query.bind(asked.from.micros()).bind(asked.to.micros());
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, TRAFFIC))?;
    rows.iter()
        .map(|row| {
            let row = Reader::new(TRAFFIC, &["minute"], row);
            Ok((Timestamp::from_micros(row.int("minute")?), row.int("bytes")?))
        })
        .collect()
}

/// The calls of minutes, oldest first; of one tenant or of all.
pub(crate) async fn calls(connection: &mut Conn, asked: &Stretch) -> Result<Vec<Vec<u8>>, StoreError> {
    let query = match asked.tenant {
        Some(tenant) => sqlx::query(super::super::text(&CALLS)).bind(tenant.0),
        None => sqlx::query(super::super::text(&CALLS_OF_ALL)),
    };
    let query = query.bind(asked.from.micros()).bind(asked.to.micros());
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, TRAFFIC))?;
    rows.iter().map(|row| sqlx::Row::try_get(row, "calls").map_err(|error| broken(error, TRAFFIC))).collect()
}

/// Refusals of a tenant, newest first.
pub(crate) async fn refused(
    connection: &mut Conn,
    tenant: TenantId,
    asked: &RefusedCalls,
) -> Result<Vec<RefusedCall>, StoreError> {
    let statement = if asked.request.is_some() { &REFUSED_REQUEST } else { &REFUSED_BEFORE };
    let query = sqlx::query(super::super::text(statement)).bind(tenant.0).bind(asked.before.micros());
    let mut query =
        query.bind(&asked.person).bind(asked.policy.as_ref().map(|name| format!("|{name}|"))).bind(asked.limit);
    if let Some(request) = &asked.request {
        query = query.bind(request);
    }
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, REFUSED))?;
    rows.iter().map(|row| decode(tenant, row)).collect()
}

fn decode(tenant: TenantId, row: &Row) -> Result<RefusedCall, StoreError> {
    let row = Reader::new(REFUSED, &["request"], row);
    Ok(RefusedCall {
        tenant,
        at: Timestamp::from_micros(row.int("at")?),
        request: row.text("request")?.to_string(),
        person: row.maybe_text("person")?.map(|person| person.to_string()),
        policies: row.text("policies")?.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        told: row.text("told")?.to_string(),
    })
}

/// Forgets what is older, of all tenants.
pub(crate) async fn forget(connection: &mut Conn, before: Timestamp) -> Result<(), StoreError> {
    for (statement, table) in [(&FORGET, TRAFFIC), (&FORGET_REFUSED, REFUSED)] {
        let query = sqlx::query(super::super::text(statement)).bind(before.micros());
        query.execute(&mut *connection).await.map_err(|error| broken(error, table))?;
    }
    Ok(())
}

/// Forgets a tenant's oldest, beyond so many bytes and so many refusals.
pub(crate) async fn forget_beyond(
    connection: &mut Conn,
    tenant: TenantId,
    bytes: i64,
    refused: i64,
) -> Result<(), StoreError> {
    for (statement, table, most) in [(&FORGET_BEYOND, TRAFFIC, bytes), (&FORGET_REFUSED_BEYOND, REFUSED, refused)] {
        let query = sqlx::query(super::super::text(statement)).bind(tenant.0).bind(most);
        query.execute(&mut *connection).await.map_err(|error| broken(error, table))?;
    }
    Ok(())
}

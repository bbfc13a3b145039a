//! What a batch looks up: at a glance, without a lock, or locked, then instances first and records after them.
//!
//! A task is changed only together with its instance, so that the instance's lock is the tasks' too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::dialect::failed;
use super::sql::{self, Columns};
use crate::clock::Timestamp;
use crate::commit::RecordHead;
use crate::ids::{InstanceId, StreamId, TenantId};
use crate::instance::Instance;
use crate::store::rows::{inconsistent, instance_columns};
use crate::store::{Loaded, StartKey, StoreError, Want};

/// For the test that reads plans.
pub(super) const STATEMENTS: &[(&str, &str)] =
    &[("LOAD_INSTANCES", INSTANCES), ("LOCK", LOCK), ("GLANCE", GLANCE), ("LOOK_UP", LOOK_UP), ("KEYS", KEYS)];

// A lock waits, and returns the row as it is then; the rest of the statement sees the rows of its beginning. Where the
// two differ, the statement is run again, now that nobody else can change them: one round trip in the common case.
const INSTANCES: &str = concat!(
    "WITH locked AS MATERIALIZED (
       SELECT l.tenant, l.id, l.seq
       FROM unnest($1::bigint[], $2::uuid[]) AS a (tenant, id)
       JOIN instance AS l ON l.tenant = a.tenant AND l.id = a.id
       ORDER BY l.tenant, l.id
       FOR NO KEY UPDATE OF l
     )
     SELECT ",
    instance_columns!(),
    ", k.seq
     FROM locked AS k
     JOIN instance AS i ON i.tenant = k.tenant AND i.id = k.id
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     ORDER BY i.tenant, i.id, t.ordinal"
);

async fn instances(c: &mut PgConnection, want: &Want) -> Result<Vec<Instance>, StoreError> {
    let tenants: Vec<i64> = want.instances.iter().map(|(tenant, _)| tenant.0).collect();
    let ids: Vec<Uuid> = want.instances.iter().map(|(_, id)| id.0).collect();
    for _ in 0..3 {
        let rows = sqlx::query(INSTANCES).bind(&tenants).bind(&ids).fetch_all(&mut *c).await.map_err(failed)?;
        let seq = |row, at| Columns::from(row, "instance", at).next::<i64>();
        let mut same = true;
        for row in &rows {
            same &= seq(row, 7)? == seq(row, 24)?;
        }
        if same {
            return sql::instance::gather(&rows);
        }
    }
    Err(StoreError::Busy("instances changed while they were being locked".to_owned()))
}

// Without a lock, and in one round trip: what is written is guarded by the versions seen here. Other rows take the
// columns of an instance: start keys (tenant, id, workflow: the scope, key), revisions and the clock (tenant, seq).
const GLANCE: &str = concat!(
    "(SELECT ",
    instance_columns!(),
    ", 'instance'
     FROM unnest($1::bigint[], $2::uuid[]) AS a (tenant, id)
     JOIN instance AS i ON i.tenant = a.tenant AND i.id = a.id
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     ORDER BY i.tenant, i.id, t.ordinal)
     UNION ALL
     SELECT k.tenant, k.instance, k.scope, NULL, k.key, NULL, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'key'
     FROM unnest($3::bigint[], $4::text[], $5::text[]) AS a (tenant, scope, key)
     JOIN start_key AS k ON k.tenant = a.tenant AND k.scope = a.scope AND k.key = a.key
     UNION ALL
     SELECT a.tenant, NULL, NULL, NULL, NULL, NULL, NULL, coalesce((
       SELECT o.revision
       FROM organisation AS o
       WHERE o.tenant = a.tenant
         AND o.revision > 0
       ORDER BY o.revision DESC
       LIMIT 1
     ), 0), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'revision'
     FROM unnest($6::bigint[]) AS a (tenant)
     UNION ALL
     SELECT 0, NULL, NULL, NULL, NULL, NULL, NULL, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint),
       NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'now'"
);

/// Where `GLANCE` says what a row is.
const WHAT: usize = 24;

/// Looks instances, keys and revisions up and locks nothing.
pub(super) async fn glance(c: &mut PgConnection, want: &Want) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    let (tenants, scopes, names) = columns_of(&want.keys);
    let rows = sqlx::query(GLANCE)
        .bind(want.instances.iter().map(|i| i.0.0).collect::<Vec<_>>())
        .bind(want.instances.iter().map(|i| i.1.0).collect::<Vec<_>>())
        .bind(tenants)
        .bind(scopes)
        .bind(names)
        .bind(want.tenants.iter().map(|t| t.0).collect::<Vec<_>>())
        .fetch_all(c)
        .await
        .map_err(failed)?;
    let mut instances = Vec::with_capacity(rows.len());
    for row in rows {
        let what = Columns::from(&row, "instance", WHAT).next::<&str>()?;
        let mut other = Columns::of(&row, "start_key");
        match what {
            "instance" => instances.push(row),
            "key" => {
                let (tenant, instance) = (TenantId(other.next()?), InstanceId(other.next()?));
                let scope = other.text()?;
                other.skip(1);
                loaded.keys.insert((tenant, scope, other.text()?), instance);
            }
            _ => {
                let tenant = TenantId(other.next()?);
                other.skip(6);
                let number = other.next()?;
                match what {
                    "now" => loaded.now = Some(Timestamp::from_micros(number)),
                    _ => drop(loaded.organisations.insert(tenant, number)),
                }
            }
        }
    }
    loaded.instances = sql::instance::gather(&instances)?.into_iter().map(Arc::new).collect();
    Ok(loaded)
}

const LOCK: &str = "SELECT l.tenant, l.id, l.seq
     FROM unnest($1::bigint[], $2::uuid[]) AS a (tenant, id)
     JOIN instance AS l ON l.tenant = a.tenant AND l.id = a.id
     ORDER BY l.tenant, l.id
     FOR NO KEY UPDATE OF l";

/// An instance, and the version that was seen of it.
pub(super) type Version = (TenantId, InstanceId, i64);

/// Locks what a glance has seen; somebody may have been faster.
pub(super) async fn lock(c: &mut PgConnection, seen: &[Version]) -> Result<(), StoreError> {
    let tenants: Vec<i64> = seen.iter().map(|v| v.0.0).collect();
    let ids: Vec<Uuid> = seen.iter().map(|v| v.1.0).collect();
    let rows = sqlx::query(LOCK).bind(tenants).bind(ids).fetch_all(c).await.map_err(failed)?;
    let version = |row: &PgRow| {
        let mut row = Columns::of(row, "instance");
        Ok((TenantId(row.next()?), InstanceId(row.next()?), row.next()?))
    };
    let now: Vec<Version> = rows.iter().map(version).collect::<Result<_, StoreError>>()?;
    if now == seen { Ok(()) } else { Err(StoreError::Conflict("an instance".to_owned())) }
}

// The clock comes last: after the locks, so that it is not before the entries of whoever held them. An entry that was written
// while a lock was waited for is not seen: that record comes without the instant of its last entry.
const LOOK_UP: &str = "WITH locked AS MATERIALIZED (
       SELECT r.tenant, r.stream, r.kind, r.key, r.seq, r.head
       FROM unnest($4::bigint[], $5::uuid[]) AS a (tenant, stream)
       JOIN record AS r ON r.tenant = a.tenant AND r.stream = a.stream
       ORDER BY r.tenant, r.stream
       FOR NO KEY UPDATE OF r
     )
     SELECT 'record', l.tenant, l.kind, l.key, l.stream, l.seq, l.head, (
       SELECT e.at
       FROM audit_entry AS e
       WHERE e.tenant = l.tenant
         AND e.stream = l.stream
         AND e.seq = l.seq
     )
     FROM locked AS l
     UNION ALL
     SELECT 'key', k.tenant, k.scope, k.key, k.instance, 0, NULL, NULL
     FROM unnest($1::bigint[], $2::text[], $3::text[]) AS a (tenant, scope, key)
     JOIN start_key AS k ON k.tenant = a.tenant AND k.scope = a.scope AND k.key = a.key
     UNION ALL
     SELECT 'revision', a.tenant, NULL, NULL, NULL, coalesce((
       SELECT o.revision
       FROM organisation AS o
       WHERE o.tenant = a.tenant
         AND o.revision > 0
       ORDER BY o.revision DESC
       LIMIT 1
     ), 0), NULL, NULL
     FROM unnest($6::bigint[]) AS a (tenant)
     UNION ALL
     SELECT 'now', 0, NULL, NULL, NULL, CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint), NULL, NULL";

async fn look_up(c: &mut PgConnection, want: &Want, loaded: &mut Loaded) -> Result<(), StoreError> {
    let (tenants, scopes, names) = columns_of(&want.keys);
    let rows = sqlx::query(LOOK_UP)
        .bind(tenants)
        .bind(scopes)
        .bind(names)
        .bind(want.records.iter().map(|r| r.0.0).collect::<Vec<_>>())
        .bind(want.records.iter().map(|r| r.1.0).collect::<Vec<_>>())
        .bind(want.tenants.iter().map(|t| t.0).collect::<Vec<_>>())
        .fetch_all(c)
        .await
        .map_err(failed)?;
    rows.iter().try_for_each(|row| found(row, loaded))
}

/// Start keys as arrays: tenants, scopes, keys.
fn columns_of(keys: &BTreeSet<StartKey>) -> (Vec<i64>, Vec<&str>, Vec<&str>) {
    (keys.iter().map(|k| k.0.0).collect(), keys.iter().map(|k| &*k.1).collect(), keys.iter().map(|k| &*k.2).collect())
}

const KEYS: &str = "SELECT k.tenant, k.scope, k.key, k.instance
     FROM unnest($1::bigint[], $2::text[], $3::text[]) AS a (tenant, scope, key)
     JOIN start_key AS k ON k.tenant = a.tenant AND k.scope = a.scope AND k.key = a.key";

/// Looks more start keys up, inside the transaction.
pub(super) async fn keys(
    c: &mut PgConnection,
    keys: &BTreeSet<StartKey>,
) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
    let (tenants, scopes, names) = columns_of(keys);
    let rows = sqlx::query(KEYS).bind(tenants).bind(scopes).bind(names).fetch_all(c).await.map_err(failed)?;
    let key = |row: &PgRow| {
        let mut row = Columns::of(row, "start_key");
        Ok(((TenantId(row.next()?), row.text()?, row.text()?), InstanceId(row.next()?)))
    };
    rows.iter().map(key).collect()
}

fn found(row: &PgRow, loaded: &mut Loaded) -> Result<(), StoreError> {
    let mut row = Columns::of(row, "record");
    let (what, tenant) = (row.next::<&str>()?, TenantId(row.next()?));
    match what {
        "key" => {
            let (scope, key) = (row.text()?, row.text()?);
            loaded.keys.insert((tenant, scope, key), InstanceId(row.next()?));
        }
        "record" => {
            let (kind, key, stream) = (row.text()?, row.text()?, StreamId(row.next()?));
            loaded.records.push(RecordHead { tenant, stream, kind, key, seq: row.next()?, head: row.digest()? });
            let dated = row.next::<Option<i64>>()?.map(Timestamp::from_micros);
            loaded.dated.extend(dated.map(|at| ((tenant, stream), at)));
        }
        "revision" | "now" => {
            row.skip(3);
            let number = row.next()?;
            match what {
                "now" => loaded.now = Some(Timestamp::from_micros(number)),
                _ => drop(loaded.organisations.insert(tenant, number)),
            }
        }
        other => return Err(inconsistent("record", other, "no such kind of row was asked for")),
    }
    Ok(())
}

/// Looks everything up, inside the transaction.
pub(super) async fn load(c: &mut PgConnection, want: &Want) -> Result<Loaded, StoreError> {
    let mut loaded = Loaded::default();
    if !want.instances.is_empty() {
        loaded.instances = instances(c, want).await?.into_iter().map(Arc::new).collect();
    }
    look_up(c, want, &mut loaded).await?;
    if !want.api_keys.is_empty() {
        loaded.api_keys = sql::api_key::by_id(c, want.api_keys.iter().map(|(tenant, id)| (*tenant, &**id))).await?;
    }
    Ok(loaded)
}

//! What a batch looks up: one call, whatever is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::json::Rows;
use super::script::Script;
use super::sql::{self, Columns};
use crate::clock::Timestamp;
use crate::commit::RecordHead;
use crate::ids::{InstanceId, StreamId, TenantId};
use crate::store::rows::instance_columns;
use crate::store::{Loaded, StartKey, StoreError, Want};

/// For the test that reads plans.
pub(super) const STATEMENTS: &[(&str, &str)] =
    &[("LOAD_INSTANCES", INSTANCES), ("LOAD_KEYS", KEYS), ("LOAD_RECORDS", RECORDS), ("LOAD_REVISIONS", REVISIONS)];

// CROSS JOIN: SQLite then keeps the order, the array first. `BEGIN IMMEDIATE` has locked everything.
const INSTANCES: &str = concat!(
    "SELECT ",
    instance_columns!(),
    "
     FROM json_each(?) AS a
     CROSS JOIN instance AS i ON i.tenant = a.value ->> 0 AND i.id = unhex(a.value ->> 1)
     LEFT JOIN task AS t ON t.tenant = i.tenant AND t.instance = i.id
     ORDER BY a.id, t.ordinal"
);

const KEYS: &str = "SELECT k.tenant, k.scope, k.key, k.instance
     FROM json_each(?) AS a
     CROSS JOIN start_key AS k ON k.tenant = a.value ->> 0 AND k.scope = a.value ->> 1 AND k.key = a.value ->> 2";

const RECORDS: &str = "SELECT r.tenant, r.stream, r.kind, r.key, r.seq, r.head, (
       SELECT e.at
       FROM audit_entry AS e
       WHERE e.tenant = r.tenant
         AND e.stream = r.stream
         AND e.seq = r.seq
     )
     FROM json_each(?) AS a
     CROSS JOIN record AS r ON r.tenant = a.value ->> 0 AND r.stream = unhex(a.value ->> 1)
     ORDER BY a.id";

const REVISIONS: &str = "SELECT a.value ->> 0, coalesce((
       SELECT o.revision
       FROM organisation AS o
       WHERE o.tenant = a.value ->> 0
         AND o.revision > 0
       ORDER BY o.revision DESC
       LIMIT 1
     ), 0)
     FROM json_each(?) AS a";

/// Begins the transaction and looks everything up; of the instances those that are `cold`.
pub(super) async fn load(
    c: &mut SqliteConnection,
    want: &Want,
    cold: &BTreeSet<(TenantId, InstanceId)>,
) -> Result<Loaded, StoreError> {
    let mut script = Script::new();
    script.plain("BEGIN IMMEDIATE");
    let instances = script.rows(
        INSTANCES,
        Rows::of(cold, |row, (tenant, id)| {
            row.int(tenant.0).bytes(id.0.as_bytes());
        }),
    )?;
    let keys = script.rows(KEYS, key_rows(&want.keys))?;
    let records = script.rows(
        RECORDS,
        Rows::of(&want.records, |row, (tenant, stream)| {
            row.int(tenant.0).bytes(stream.0.as_bytes());
        }),
    )?;
    let revisions = script.rows(
        REVISIONS,
        Rows::of(&want.tenants, |row, tenant| {
            row.int(tenant.0);
        }),
    )?;
    let rows = script.run(c).await?;
    let of = |step: Option<usize>| rows.iter().filter(move |(n, _)| Some(*n) == step).map(|(_, row)| row);
    let instances = sql::instance::gather(of(instances))?.into_iter().map(Arc::new).collect();
    let mut loaded = Loaded { instances, ..Loaded::default() };
    loaded.keys = of(keys).map(key).collect::<Result<_, _>>()?;
    for row in of(records) {
        let (head, dated) = record(row)?;
        loaded.dated.extend(dated.map(|at| ((head.tenant, head.stream), at)));
        loaded.records.push(head);
    }
    for row in of(revisions) {
        let mut row = Columns::of(row, "organisation");
        loaded.organisations.insert(TenantId(row.next()?), row.next()?);
    }
    if !want.api_keys.is_empty() {
        loaded.api_keys = sql::api_key::by_id(c, want.api_keys.iter().map(|(tenant, id)| (*tenant, &**id))).await?;
    }
    Ok(loaded)
}

fn key_rows(keys: &BTreeSet<StartKey>) -> Rows {
    Rows::of(keys, |row, (tenant, scope, key)| {
        row.int(tenant.0).text(scope).text(key);
    })
}

fn key(row: &SqliteRow) -> Result<(StartKey, InstanceId), StoreError> {
    let mut row = Columns::of(row, "start_key");
    Ok(((TenantId(row.next()?), row.text()?, row.text()?), InstanceId(row.next()?)))
}

/// Looks more start keys up, inside the transaction.
pub(super) async fn keys(
    c: &mut SqliteConnection,
    keys: &BTreeSet<StartKey>,
) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
    let mut script = Script::new();
    script.rows(KEYS, key_rows(keys))?;
    script.run(c).await?.iter().map(|(_, row)| key(row)).collect()
}

/// A head, and the instant of its last entry if that is there.
fn record(row: &SqliteRow) -> Result<(RecordHead, Option<Timestamp>), StoreError> {
    let mut row = Columns::of(row, "record");
    let head = RecordHead {
        tenant: TenantId(row.next()?),
        stream: StreamId(row.next()?),
        kind: row.text()?,
        key: row.text()?,
        seq: row.next()?,
        head: row.digest()?,
    };
    Ok((head, row.next::<Option<i64>>()?.map(Timestamp::from_micros)))
}

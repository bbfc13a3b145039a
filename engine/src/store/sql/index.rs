//! The rows of the indexes, as verifying reads them: in the order of their keys, and one by one.

use uuid::Uuid;

use super::{Columns, Conn, Row, failed};
use crate::commit::{HolderRow, Index, IndexRow, KeyRow, TimerRow};
use crate::ids::{InstanceId, TenantId};
use crate::store::StoreError;

const TIMERS: &str = "SELECT instance, name, due_at
     FROM timer
     WHERE tenant = $1
       AND (instance, name) > ($2, $3)
     ORDER BY instance, name
     LIMIT $4";

const HOLDERS: &str = "SELECT person, instance, ordinal, step
     FROM task_holder
     WHERE tenant = $1
       AND (person, instance, ordinal, step) > ($2, $3, $4, $5)
     ORDER BY person, instance, ordinal, step
     LIMIT $6";

const KEYS: &str = "SELECT scope, key, instance
     FROM start_key
     WHERE tenant = $1
       AND (scope, key) > ($2, $3)
     ORDER BY scope, key
     LIMIT $4";

/// Reads a row of one of them.
type Read = fn(TenantId, &Row) -> Result<IndexRow, StoreError>;

pub(crate) async fn page(
    c: &mut Conn,
    tenant: TenantId,
    index: Index,
    after: Option<&IndexRow>,
    limit: i64,
) -> Result<Vec<IndexRow>, StoreError> {
    let (query, read): (_, Read) = match index {
        Index::Timers => {
            let (instance, name) = match after {
                Some(IndexRow::Timer(last)) => (last.instance.0, &*last.name),
                _ => (Uuid::nil(), ""),
            };
            (sqlx::query(TIMERS).bind(tenant.0).bind(instance).bind(name).bind(limit), timer)
        }
        Index::Holders => {
            let (person, instance, ordinal, step) = match after {
                Some(IndexRow::Holder(last)) => {
                    (last.person.as_str(), last.instance.0, i64::from(last.ordinal), &*last.step)
                }
                _ => ("", Uuid::nil(), -1, ""),
            };
            let query = sqlx::query(HOLDERS).bind(tenant.0).bind(person).bind(instance).bind(ordinal).bind(step);
            (query.bind(limit), holder)
        }
        Index::Keys => {
            let (scope, key) = match after {
                Some(IndexRow::Key(last)) => (&*last.scope, &*last.key),
                _ => ("", ""),
            };
            (sqlx::query(KEYS).bind(tenant.0).bind(scope).bind(key).bind(limit), key_row)
        }
    };
    query.fetch_all(c).await.map_err(failed)?.iter().map(|row| read(tenant, row)).collect()
}

fn timer(tenant: TenantId, row: &Row) -> Result<IndexRow, StoreError> {
    let mut row = Columns::of(row, "timer");
    let (instance, name, due_at) = (InstanceId(row.next()?), row.text()?, row.instant()?);
    Ok(IndexRow::Timer(TimerRow { tenant, instance, name, due_at }))
}

fn holder(tenant: TenantId, row: &Row) -> Result<IndexRow, StoreError> {
    let mut row = Columns::of(row, "task_holder");
    let (person, instance) = (row.next::<&str>()?.into(), InstanceId(row.next()?));
    let (ordinal, step) = (row.number()?, row.text()?);
    Ok(IndexRow::Holder(HolderRow { tenant, person, instance, ordinal, step }))
}

fn key_row(tenant: TenantId, row: &Row) -> Result<IndexRow, StoreError> {
    let mut row = Columns::of(row, "start_key");
    let (scope, key, instance) = (row.text()?, row.text()?, InstanceId(row.next()?));
    Ok(IndexRow::Key(KeyRow { tenant, scope, key, instance }))
}

const HAS_TIMER: &str = "SELECT count(*)
     FROM timer
     WHERE tenant = $1
       AND instance = $2
       AND name = $3
       AND due_at = $4";

const HAS_HOLDER: &str = "SELECT count(*)
     FROM task_holder
     WHERE tenant = $1
       AND person = $2
       AND instance = $3
       AND ordinal = $4
       AND step = $5";

const HAS_KEY: &str = "SELECT count(*)
     FROM start_key
     WHERE tenant = $1
       AND scope = $2
       AND key = $3
       AND instance = $4";

pub(crate) async fn has(c: &mut Conn, row: &IndexRow) -> Result<bool, StoreError> {
    let query = match row {
        IndexRow::Timer(row) => {
            let query = sqlx::query(HAS_TIMER).bind(row.tenant.0).bind(row.instance.0);
            query.bind(&*row.name).bind(row.due_at.micros())
        }
        IndexRow::Holder(row) => {
            let query = sqlx::query(HAS_HOLDER).bind(row.tenant.0).bind(row.person.as_str()).bind(row.instance.0);
            query.bind(i64::from(row.ordinal)).bind(&*row.step)
        }
        IndexRow::Key(row) => {
            sqlx::query(HAS_KEY).bind(row.tenant.0).bind(&*row.scope).bind(&*row.key).bind(row.instance.0)
        }
    };
    let row = query.fetch_one(c).await.map_err(failed)?;
    Ok(Columns::of(&row, "an index").next::<i64>()? > 0)
}

//! What time alone sets going, and what waits in the inbox: polled over all tenants.

use super::{Columns, Conn, Row, dialect, failed};
use crate::clock::Timestamp;
use crate::commit::InboxRow;
use crate::ids::{InstanceId, TenantId};
use crate::store::rows::due as settle;
use crate::store::{Due, StoreError};

/// Read at each poll, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[("DUE", DUE), ("INBOX", INBOX), ("PARTS", dialect::PARTS)];

const DUE: &str = "SELECT d.due_at, d.tenant, d.instance
     FROM (
       SELECT a.due_at, a.tenant, a.instance
       FROM (
         SELECT due_at, tenant, instance
         FROM task
         WHERE due_at IS NOT NULL
         ORDER BY due_at, tenant, instance
         LIMIT $1
       ) AS a
       UNION ALL
       SELECT b.due_at, b.tenant, b.instance
       FROM (
         SELECT due_at, tenant, instance
         FROM timer
         ORDER BY due_at, tenant, instance
         LIMIT $1
       ) AS b
     ) AS d
     ORDER BY d.due_at, d.tenant, d.instance
     LIMIT $1";

pub(crate) async fn due(c: &mut Conn, now: Timestamp, limit: i64) -> Result<Due, StoreError> {
    let rows = sqlx::query(DUE).bind(limit.saturating_add(1)).fetch_all(c).await.map_err(failed)?;
    let read = |row: &Row| -> Result<_, StoreError> {
        let mut row = Columns::of(row, "timer");
        Ok((row.next()?, TenantId(row.next()?), InstanceId(row.next()?)))
    };
    Ok(settle(rows.iter().map(read).collect::<Result<Vec<_>, _>>()?, now, limit))
}

const INBOX: &str = "SELECT tenant, target, message, event, payload, at
     FROM inbox
     WHERE substr(message, 1, 5) <> 'tell:'
     ORDER BY at, tenant, target, message
     LIMIT $1";

pub(crate) async fn inbox(c: &mut Conn, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
    sqlx::query(INBOX).bind(limit).fetch_all(c).await.map_err(failed)?.iter().map(told).collect()
}

pub(crate) async fn parts(c: &mut Conn, limit: i64, each: i64) -> Result<Vec<InboxRow>, StoreError> {
    let rows = sqlx::query(dialect::PARTS).bind(limit).bind(each).fetch_all(c).await.map_err(failed)?;
    rows.iter().map(told).collect()
}

fn told(row: &Row) -> Result<InboxRow, StoreError> {
    let mut row = Columns::of(row, "inbox");
    Ok(InboxRow {
        tenant: TenantId(row.next()?),
        target: InstanceId(row.next()?),
        message: row.text()?,
        event: row.text()?,
        payload: row.next()?,
        at: row.instant()?,
    })
}

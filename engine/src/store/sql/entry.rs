//! Entries, and the heads of their streams.

use uuid::Uuid;

use super::{Columns, Conn, Row, dialect, failed};
use crate::audit::Entry;
use crate::commit::RecordHead;
use crate::ids::{RequestId, StreamId, TenantId};
use crate::store::StoreError;
use crate::store::rows::inconsistent;

/// Read at each step, so their plans are tested.
pub(crate) const STATEMENTS: &[(&str, &str)] = &[("ENTRIES", ENTRIES), ("REPEAT", dialect::REPEAT)];

const ENTRIES: &str = "SELECT tenant, stream, seq, at, header, hash, body_digest, salt, body
     FROM audit_entry
     WHERE tenant = $1
       AND stream = $2
       AND seq > $3
     ORDER BY seq
     LIMIT $4";

pub(crate) async fn entries(
    c: &mut Conn,
    tenant: TenantId,
    stream: StreamId,
    after: i64,
    limit: i64,
) -> Result<Vec<Entry>, StoreError> {
    let query = sqlx::query(ENTRIES).bind(tenant.0).bind(stream.0).bind(after).bind(limit);
    query.fetch_all(c).await.map_err(failed)?.iter().map(entry).collect()
}

pub(crate) async fn repeat(
    c: &mut Conn,
    tenant: TenantId,
    stream: StreamId,
    request: &RequestId,
) -> Result<Option<Entry>, StoreError> {
    let query = sqlx::query(dialect::REPEAT).bind(tenant.0).bind(stream.0).bind(request.as_str());
    query.fetch_optional(c).await.map_err(failed)?.as_ref().map(entry).transpose()
}

fn entry(row: &Row) -> Result<Entry, StoreError> {
    let mut row = Columns::of(row, "audit_entry");
    let (tenant, stream, seq) = (TenantId(row.next()?), StreamId(row.next()?), row.next()?);
    columns(&mut row, tenant, stream, seq).map_err(|error| match error {
        // Verifying names the entry.
        StoreError::Inconsistent { table, what, .. } => inconsistent(table, format!("{tenant} {stream} {seq}"), what),
        other => other,
    })
}

fn columns(row: &mut Columns<'_>, tenant: TenantId, stream: StreamId, seq: i64) -> Result<Entry, StoreError> {
    let entry = Entry {
        tenant,
        stream,
        seq,
        at: row.instant()?,
        header: row.next()?,
        hash: row.digest()?,
        body_digest: row.digest()?,
        salt: row.next()?,
        body: row.next()?,
    };
    if entry.seq < 1 || (entry.salt.is_empty() && !entry.body.is_empty()) {
        return Err(inconsistent("audit_entry", "", "seq is below 1, or a body has no salt"));
    }
    Ok(entry)
}

const HEADS: &str = "SELECT h.stream, h.kind, h.key, h.seq, h.head
     FROM (
       SELECT i.stream, i.kind, i.key, i.seq, i.head
       FROM (
         SELECT id AS stream, 'instance' AS kind, NULL AS key, seq, head
         FROM instance
         WHERE tenant = $1 AND id > $2
         ORDER BY id
         LIMIT $3
       ) AS i
       UNION ALL
       SELECT r.stream, r.kind, r.key, r.seq, r.head
       FROM (
         SELECT stream, kind, key, seq, head
         FROM record
         WHERE tenant = $1 AND stream > $2
         ORDER BY stream
         LIMIT $3
       ) AS r
     ) AS h
     ORDER BY h.stream
     LIMIT $3";

pub(crate) async fn heads(
    c: &mut Conn,
    tenant: TenantId,
    after: Option<StreamId>,
    limit: i64,
) -> Result<Vec<RecordHead>, StoreError> {
    let query = sqlx::query(HEADS).bind(tenant.0).bind(after.map_or(Uuid::nil(), |s| s.0)).bind(limit);
    let head = |row: &Row| {
        let mut row = Columns::of(row, "record");
        let stream = StreamId(row.next()?);
        let (kind, key) = (row.text()?, row.next::<Option<&str>>()?);
        let key = key.map_or_else(|| stream.to_string().into(), Into::into);
        Ok(RecordHead { tenant, stream, kind, key, seq: row.next()?, head: row.digest()? })
    };
    query.fetch_all(c).await.map_err(failed)?.iter().map(head).collect()
}

const STREAMS: &str = "SELECT DISTINCT stream
     FROM audit_entry
     WHERE tenant = $1
       AND stream > $2
     ORDER BY stream
     LIMIT $3";

pub(crate) async fn streams(
    c: &mut Conn,
    tenant: TenantId,
    after: Option<StreamId>,
    limit: i64,
) -> Result<Vec<StreamId>, StoreError> {
    let query = sqlx::query(STREAMS).bind(tenant.0).bind(after.map_or(Uuid::nil(), |s| s.0)).bind(limit);
    let stream = |row: &Row| Columns::of(row, "audit_entry").next().map(StreamId);
    query.fetch_all(c).await.map_err(failed)?.iter().map(stream).collect()
}

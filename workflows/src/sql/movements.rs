//! The ledger: found by reference, listed, appended in one statement.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::row::{MovementRow, StockKey};
use crate::statement::Sql;

const TABLE: &str = "stock_movement";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    reference: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    item: &'a str,
    location: &'a str,
    seq: i64,
    at: i64,
    kind: &'static str,
    quantity: i64,
    reference: Option<&'a str>,
    order_id: Option<InstanceId>,
    line: Option<i64>,
    note: Option<&'a str>,
    person: Option<&'a str>,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "stock_movement",
    sqlite: "
        SELECT t.tenant, t.item, t.location, t.seq, t.at, t.kind, t.quantity, t.reference, t.order_id, t.line,
          t.note, t.person
        FROM json_each($1) AS b
        CROSS JOIN stock_movement AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.reference = b.value ->> 'reference'
        ORDER BY t.tenant, t.reference",
    postgres: "
        SELECT t.tenant, t.item, t.location, t.seq, t.at, t.kind, t.quantity, t.reference, t.order_id, t.line,
          t.note, t.person
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, reference text)
        JOIN stock_movement AS t
        ON t.tenant = b.tenant
        AND t.reference = b.reference
        ORDER BY t.tenant, t.reference",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &Arc<str>)],
) -> Result<Vec<(TenantId, MovementRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, reference: key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "stock_movement",
    sqlite: "
        INSERT OR ROLLBACK INTO stock_movement (
            tenant, item, location, seq, at, kind, quantity, reference, order_id, line, note, person
        )
        SELECT
            value ->> 'tenant', value ->> 'item', value ->> 'location', value ->> 'seq', value ->> 'at',
            value ->> 'kind', value ->> 'quantity', value ->> 'reference', unhex(value ->> 'order_id', '-'),
            value ->> 'line', value ->> 'note', value ->> 'person'
        FROM json_each($1)",
    postgres: "
        INSERT INTO stock_movement (
            tenant, item, location, seq, at, kind, quantity, reference, order_id, line, note, person
        )
        SELECT
            b.tenant, b.item, b.location, b.seq, b.at, b.kind, b.quantity, b.reference, b.order_id, b.line,
            b.note, b.person
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, location text, seq bigint, at bigint, kind text, quantity bigint,
            reference text, order_id uuid, line bigint, note text, person text
        )",
};

/// Appends rows, in one statement.
pub(crate) async fn append(connection: &mut Conn, rows: &[(TenantId, &MovementRow)]) -> Result<(), StoreError> {
    let images = rows.iter().map(|(tenant, row)| Image {
        tenant: *tenant,
        item: &row.key.item,
        location: &row.key.location,
        seq: row.seq,
        at: row.at.micros(),
        kind: row.kind.as_str(),
        quantity: row.quantity.0,
        reference: row.reference.as_deref(),
        order_id: row.order_id,
        line: row.line,
        note: row.note.as_deref(),
        person: row.person.as_ref().map(PersonId::as_str),
    });
    write(connection, &INSERT, &images.collect::<Vec<_>>()).await
}

/// Movements of an item at a location, newest first.
pub(crate) const PAGE: Sql = Sql::same(
    "stock_movement",
    "
        SELECT t.tenant, t.item, t.location, t.seq, t.at, t.kind, t.quantity, t.reference, t.order_id, t.line,
          t.note, t.person
        FROM stock_movement AS t
        WHERE t.tenant = $1
        AND t.item = $2
        AND t.location = $3
        AND t.seq < $4
        ORDER BY t.seq DESC
        LIMIT $5",
);

/// Reads movements for people, those before `before`.
pub(crate) async fn newest(
    connection: &mut Conn,
    tenant: TenantId,
    key: &StockKey,
    before: i64,
    limit: i64,
) -> Result<Vec<MovementRow>, StoreError> {
    let query = sqlx::query(text(&PAGE))
        .bind(tenant.0)
        .bind(key.item.to_string())
        .bind(key.location.to_string())
        .bind(before)
        .bind(limit);
    page(connection, query, &PAGE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, MovementRow), StoreError> {
    let row = Reader::new(TABLE, &["item", "location", "seq"], row);
    let found = MovementRow {
        key: StockKey { item: row.text("item")?, location: row.text("location")? },
        seq: row.int("seq")?,
        at: Timestamp::from_micros(row.int("at")?),
        kind: row.parsed("kind")?,
        quantity: row.quantity("quantity")?,
        reference: row.maybe_text("reference")?,
        order_id: row.maybe_instance("order_id")?,
        line: row.maybe_int("line")?,
        note: row.maybe_text("note")?,
        person: row.maybe_text("person")?.map(PersonId),
    };
    Ok((row.tenant()?, found))
}

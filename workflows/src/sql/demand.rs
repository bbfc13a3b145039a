//! Demand: loaded, listed, inserted, updated.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{DemandRow, StockKey};
use crate::statement::Sql;

const TABLE: &str = "demand";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    reference: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    reference: &'a str,
    version: i64,
    item: &'a str,
    location: &'a str,
    quantity: i64,
    ordered_on: jiff::civil::Date,
    due_on: Option<jiff::civil::Date>,
    done_at: Option<i64>,
}

/// Loads rows and locks them.
pub(crate) const LOAD: Sql = Sql {
    table: "demand",
    sqlite: "
        SELECT t.tenant, t.reference, t.version, t.item, t.location, t.quantity, t.ordered_on, t.due_on, t.done_at
        FROM json_each($1) AS b
        CROSS JOIN demand AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.reference = b.value ->> 'reference'
        ORDER BY t.tenant, t.reference",
    postgres: "
        SELECT t.tenant, t.reference, t.version, t.item, t.location, t.quantity, t.ordered_on, t.due_on, t.done_at
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, reference text)
        JOIN demand AS t
        ON t.tenant = b.tenant
        AND t.reference = b.reference
        ORDER BY t.tenant, t.reference
        FOR NO KEY UPDATE OF t",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &Arc<str>)],
) -> Result<Vec<(TenantId, DemandRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, reference: key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "demand",
    sqlite: "
        INSERT OR ROLLBACK INTO demand (
            tenant, reference, version, item, location, quantity, ordered_on, due_on, done_at
        )
        SELECT
            value ->> 'tenant', value ->> 'reference', value ->> 'version', value ->> 'item',
            value ->> 'location', value ->> 'quantity', value ->> 'ordered_on', value ->> 'due_on',
            value ->> 'done_at'
        FROM json_each($1)",
    postgres: "
        INSERT INTO demand (
            tenant, reference, version, item, location, quantity, ordered_on, due_on, done_at
        )
        SELECT
            b.tenant, b.reference, b.version, b.item, b.location, b.quantity, b.ordered_on, b.due_on, b.done_at
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, reference text, version bigint, item text, location text, quantity bigint,
            ordered_on text, due_on text, done_at bigint
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "demand",
    sqlite: "
        UPDATE OR ROLLBACK demand AS t
        SET version = b.version, item = b.item, location = b.location, quantity = b.quantity,
            ordered_on = b.ordered_on, due_on = b.due_on, done_at = b.done_at
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'reference' AS reference, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'item' AS item, value ->> 'location' AS location,
                value ->> 'quantity' AS quantity, value ->> 'ordered_on' AS ordered_on,
                value ->> 'due_on' AS due_on, value ->> 'done_at' AS done_at
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.reference = b.reference
        AND t.version = b.guard",
    postgres: "
        UPDATE demand AS t
        SET version = b.version, item = b.item, location = b.location, quantity = b.quantity,
            ordered_on = b.ordered_on, due_on = b.due_on, done_at = b.done_at
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, reference text, guard bigint, version bigint, item text, location text,
            quantity bigint, ordered_on text, due_on text, done_at bigint
        )
        WHERE t.tenant = b.tenant
        AND t.reference = b.reference
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, DemandRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        reference: &row.reference,
        version: row.version,
        item: &row.item,
        location: &row.location,
        quantity: row.quantity.0,
        ordered_on: row.ordered_on,
        due_on: row.due_on,
        done_at: row.done_at.map(Timestamp::micros),
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Demand that is not done, of an item at a location.
pub(crate) const OPEN: Sql = Sql::same(
    "demand",
    "
        SELECT t.tenant, t.reference, t.version, t.item, t.location, t.quantity, t.ordered_on, t.due_on, t.done_at
        FROM demand AS t
        WHERE t.tenant = $1
        AND t.item = $2
        AND t.location = $3
        AND t.reference > $4
        AND t.done_at IS NULL
        ORDER BY t.reference
        LIMIT $5",
);

/// Reads open demand for people.
pub(crate) async fn open(
    connection: &mut Conn,
    tenant: TenantId,
    key: &StockKey,
    after: &str,
    limit: i64,
) -> Result<Vec<DemandRow>, StoreError> {
    let query = sqlx::query(text(&OPEN))
        .bind(tenant.0)
        .bind(key.item.to_string())
        .bind(key.location.to_string())
        .bind(after.to_owned())
        .bind(limit);
    page(connection, query, &OPEN, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, DemandRow), StoreError> {
    let row = Reader::new(TABLE, &["reference"], row);
    let found = DemandRow {
        reference: row.text("reference")?,
        version: row.int("version")?,
        item: row.text("item")?,
        location: row.text("location")?,
        quantity: row.quantity("quantity")?,
        ordered_on: row.day("ordered_on")?,
        due_on: row.maybe_day("due_on")?,
        done_at: row.maybe_int("done_at")?.map(Timestamp::from_micros),
    };
    Ok((row.tenant()?, found))
}

//! The lines of orders: read, and replaced as a whole. The order's row guards and locks them.

use std::collections::BTreeMap;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, remove, write};
use crate::row::{LineRow, LineSet, OrderStatus, StockKey};
use crate::statement::Sql;

const TABLE: &str = "purchase_order_line";

#[derive(Serialize)]
struct Key {
    tenant: TenantId,
    order_id: InstanceId,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    order_id: InstanceId,
    line: i64,
    item: &'a str,
    description: Option<&'a str>,
    quantity: i64,
    unit: &'a str,
    currency: String,
    price: i64,
    total: i64,
    location: Option<&'a str>,
    received: i64,
    numerator: Option<i64>,
    denominator: Option<i64>,
    /// JSON as text.
    why: Option<String>,
}

/// Reads the lines of orders, in order. No lock: the order's row is locked first.
pub(crate) const READ: Sql = Sql {
    table: "purchase_order_line",
    sqlite: "
        SELECT l.tenant, l.order_id, l.line, l.item, l.description, l.quantity, l.unit, l.currency, l.price, l.total,
          l.location, l.received, l.numerator, l.denominator, l.why
        FROM json_each($1) AS b
        CROSS JOIN purchase_order_line AS l
        ON l.tenant = b.value ->> 'tenant'
        AND l.order_id = unhex(b.value ->> 'order_id', '-')
        ORDER BY l.tenant, l.order_id, l.line",
    postgres: "
        SELECT l.tenant, l.order_id, l.line, l.item, l.description, l.quantity, l.unit, l.currency, l.price, l.total,
          l.location, l.received, l.numerator, l.denominator, l.why
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, order_id uuid)
        JOIN purchase_order_line AS l
        ON l.tenant = b.tenant
        AND l.order_id = b.order_id
        ORDER BY l.tenant, l.order_id, l.line",
};

/// Reads the lines of orders.
pub(crate) async fn read(
    connection: &mut Conn,
    orders: &[(TenantId, &InstanceId)],
) -> Result<Vec<(TenantId, InstanceId, LineRow)>, StoreError> {
    let keys: Vec<Key> = orders.iter().map(|(tenant, id)| Key { tenant: *tenant, order_id: **id }).collect();
    fetch(connection, &READ, &keys, decode).await
}

/// Removes all lines of orders. SQLite's DELETE has no USING.
pub(crate) const DELETE: Sql = Sql {
    table: "purchase_order_line",
    sqlite: "
        DELETE FROM purchase_order_line
        WHERE (tenant, order_id) IN (
            SELECT value ->> 'tenant', unhex(value ->> 'order_id', '-')
            FROM json_each($1)
        )",
    postgres: "
        DELETE FROM purchase_order_line AS l
        USING json_to_recordset($1::text::json) AS b(tenant bigint, order_id uuid)
        WHERE l.tenant = b.tenant
        AND l.order_id = b.order_id",
};

/// Inserts lines.
pub(crate) const INSERT: Sql = Sql {
    table: "purchase_order_line",
    // Left to itself, SQLite puts each row's text together again for every column.
    sqlite: "
        WITH batch(value) AS MATERIALIZED (SELECT value FROM json_each($1))
        INSERT OR ROLLBACK INTO purchase_order_line (
            tenant, order_id, line, item, description, quantity, unit, currency, price, total,
            location, received, numerator, denominator, why
        )
        SELECT
            value ->> 'tenant', unhex(value ->> 'order_id', '-'), value ->> 'line', value ->> 'item',
            value ->> 'description', value ->> 'quantity', value ->> 'unit', value ->> 'currency',
            value ->> 'price', value ->> 'total', value ->> 'location', value ->> 'received', value ->> 'numerator',
            value ->> 'denominator', value ->> 'why'
        FROM batch",
    postgres: "
        INSERT INTO purchase_order_line (
            tenant, order_id, line, item, description, quantity, unit, currency, price, total,
            location, received, numerator, denominator, why
        )
        SELECT
            b.tenant, b.order_id, b.line, b.item, b.description, b.quantity, b.unit, b.currency, b.price,
            b.total, b.location, b.received, b.numerator, b.denominator, b.why
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, order_id uuid, line bigint, item text, description text, quantity bigint, unit text,
            currency text, price bigint, total bigint, location text, received bigint,
            numerator bigint, denominator bigint, why text
        )",
};

/// Replaces the lines of the orders of a batch; `is_new` tells orders that cannot have lines yet.
pub(crate) async fn save(
    connection: &mut Conn,
    sets: &BTreeMap<(TenantId, InstanceId), &LineSet>,
    is_new: impl Fn(TenantId, InstanceId) -> bool,
) -> Result<(), StoreError> {
    let old = sets.keys().filter(|(tenant, order)| !is_new(*tenant, *order));
    let old: Vec<Key> = old.map(|(tenant, order)| Key { tenant: *tenant, order_id: *order }).collect();
    remove(connection, &DELETE, &old).await?;
    let images = sets.iter().flat_map(|((tenant, _), set)| {
        set.lines.iter().map(|row| Image {
            tenant: *tenant,
            order_id: set.order,
            line: row.line,
            item: &row.item,
            description: row.description.as_deref(),
            quantity: row.quantity.0,
            unit: &row.unit,
            currency: row.price.currency.to_string(),
            price: row.price.units,
            total: row.total.units,
            location: row.location.as_deref(),
            received: row.received.0,
            numerator: row.factor.map(|factor| factor.numerator),
            denominator: row.factor.map(|factor| factor.denominator),
            why: row.why.as_ref().map(ToString::to_string),
        })
    });
    write(connection, &INSERT, &images.collect::<Vec<_>>()).await
}

#[derive(Serialize)]
struct PlaceKey<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a StockKey,
}

/// What is open of orders that are not closed, of items at places. No lock: for a reorder run.
pub(crate) const OPEN: Sql = Sql {
    table: "purchase_order_line",
    // Left to itself, SQLite reads all lines of the tenant rather than look each of these up by its key.
    sqlite: "
        SELECT l.tenant, l.order_id, l.line, l.item, l.description, l.quantity, l.unit, l.currency, l.price, l.total,
          l.location, l.received, l.numerator, l.denominator, NULL AS why, o.status
        FROM json_each($1) AS b
        CROSS JOIN purchase_order_line AS l INDEXED BY purchase_order_line_item
        ON l.tenant = b.value ->> 'tenant'
        AND l.item = b.value ->> 'item'
        AND l.location = b.value ->> 'location'
        AND l.received < l.quantity
        CROSS JOIN purchase_order AS o
        ON o.tenant = l.tenant
        AND o.id = l.order_id
        WHERE o.status IN ('draft', 'in_review', 'approved', 'ordered')",
    postgres: "
        SELECT l.tenant, l.order_id, l.line, l.item, l.description, l.quantity, l.unit, l.currency, l.price, l.total,
          l.location, l.received, l.numerator, l.denominator, NULL::text AS why, o.status
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, location text)
        JOIN purchase_order_line AS l
        ON l.tenant = b.tenant
        AND l.item = b.item
        AND l.location = b.location
        AND l.received < l.quantity
        JOIN purchase_order AS o
        ON o.tenant = l.tenant
        AND o.id = l.order_id
        WHERE o.status IN ('draft', 'in_review', 'approved', 'ordered')",
};

/// Reads what is open of items at places, with the status of its order.
pub(crate) async fn open(
    connection: &mut Conn,
    tenant: TenantId,
    keys: &[&StockKey],
) -> Result<Vec<(OrderStatus, LineRow)>, StoreError> {
    let keys: Vec<PlaceKey<'_>> = keys.iter().map(|key| PlaceKey { tenant, key }).collect();
    let with_status = |row: &Row| {
        let reader = Reader::new(TABLE, &["order_id", "line"], row);
        let status = OrderStatus::parse(&reader.text("status")?).ok_or_else(|| reader.wrong("no such status"))?;
        Ok((status, decode(row)?.2))
    };
    fetch(connection, &OPEN, &keys, with_status).await
}

fn decode(row: &Row) -> Result<(TenantId, InstanceId, LineRow), StoreError> {
    let row = Reader::new(TABLE, &["order_id", "line"], row);
    let line = LineRow {
        line: row.int("line")?,
        item: row.text("item")?,
        description: row.maybe_text("description")?,
        quantity: row.quantity("quantity")?,
        unit: row.text("unit")?,
        price: row.money("price")?,
        total: row.money("total")?,
        location: row.maybe_text("location")?,
        received: row.quantity("received")?,
        factor: row.maybe_factor()?,
        why: row.maybe_json("why")?,
    };
    Ok((row.tenant()?, row.instance("order_id")?, line))
}

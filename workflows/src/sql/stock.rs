//! Stock levels: loaded, listed, summed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{StockKey, StockRow};
use crate::statement::Sql;

const TABLE: &str = "stock_level";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a StockKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    item: &'a str,
    location: &'a str,
    version: i64,
    on_hand: i64,
    on_order: i64,
    reserved: i64,
    in_transit: i64,
    movements: i64,
}

/// Loads rows and locks them.
pub(crate) const LOAD: Sql = Sql {
    table: "stock_level",
    sqlite: "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM json_each($1) AS b
        CROSS JOIN stock_level AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.item = b.value ->> 'item'
        AND t.location = b.value ->> 'location'
        ORDER BY t.tenant, t.item, t.location",
    postgres: "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, location text)
        JOIN stock_level AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        ORDER BY t.tenant, t.item, t.location
        FOR NO KEY UPDATE OF t",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &StockKey)],
) -> Result<Vec<(TenantId, StockRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Reads rows without a lock.
pub(crate) const READ: Sql = Sql {
    table: "stock_level",
    // SQLite has no row locks: its statement is the same.
    sqlite: LOAD.sqlite,
    postgres: "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, location text)
        JOIN stock_level AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        ORDER BY t.tenant, t.item, t.location",
};

/// Reads a stock level for people.
pub(crate) async fn read(
    connection: &mut Conn,
    tenant: TenantId,
    key: &StockKey,
) -> Result<Option<StockRow>, StoreError> {
    Ok(read_all(connection, tenant, &[key]).await?.pop())
}

/// Reads stock levels for a reorder run.
pub(crate) async fn read_all(
    connection: &mut Conn,
    tenant: TenantId,
    keys: &[&StockKey],
) -> Result<Vec<StockRow>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|key| Key { tenant, key }).collect();
    Ok(fetch(connection, &READ, &keys, decode).await?.into_iter().map(|(_, row)| row).collect())
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "stock_level",
    sqlite: "
        INSERT OR ROLLBACK INTO stock_level (
            tenant, item, location, version, on_hand, on_order, reserved, in_transit, movements
        )
        SELECT
            value ->> 'tenant', value ->> 'item', value ->> 'location', value ->> 'version',
            value ->> 'on_hand', value ->> 'on_order', value ->> 'reserved', value ->> 'in_transit',
            value ->> 'movements'
        FROM json_each($1)",
    postgres: "
        INSERT INTO stock_level (
            tenant, item, location, version, on_hand, on_order, reserved, in_transit, movements
        )
        SELECT
            b.tenant, b.item, b.location, b.version, b.on_hand, b.on_order, b.reserved, b.in_transit,
            b.movements
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, location text, version bigint, on_hand bigint, on_order bigint,
            reserved bigint, in_transit bigint, movements bigint
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "stock_level",
    // Left to itself, SQLite puts each row's text together again for every column.
    sqlite: "
        WITH batch(value) AS MATERIALIZED (SELECT value FROM json_each($1))
        UPDATE OR ROLLBACK stock_level AS t
        SET version = b.version, on_hand = b.on_hand, on_order = b.on_order, reserved = b.reserved,
            in_transit = b.in_transit, movements = b.movements
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'item' AS item, value ->> 'location' AS location,
                value ->> 'guard' AS guard, value ->> 'version' AS version, value ->> 'on_hand' AS on_hand,
                value ->> 'on_order' AS on_order, value ->> 'reserved' AS reserved,
                value ->> 'in_transit' AS in_transit, value ->> 'movements' AS movements
            FROM batch
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        AND t.version = b.guard",
    postgres: "
        UPDATE stock_level AS t
        SET version = b.version, on_hand = b.on_hand, on_order = b.on_order, reserved = b.reserved,
            in_transit = b.in_transit, movements = b.movements
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, location text, guard bigint, version bigint, on_hand bigint,
            on_order bigint, reserved bigint, in_transit bigint, movements bigint
        )
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, StockRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        item: &row.key.item,
        location: &row.key.location,
        version: row.version,
        on_hand: row.on_hand.0,
        on_order: row.on_order.0,
        reserved: row.reserved.0,
        in_transit: row.in_transit.0,
        movements: row.movements,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Where an item is.
pub(crate) const OF_ITEM: Sql = Sql::same(
    "stock_level",
    "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM stock_level AS t
        WHERE t.tenant = $1
        AND t.item = $2
        AND t.location > $3
        ORDER BY t.location
        LIMIT $4",
);

/// Reads where an item is, for people.
pub(crate) async fn of_item(
    connection: &mut Conn,
    tenant: TenantId,
    item: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    let query = sqlx::query(text(&OF_ITEM)).bind(tenant.0).bind(item.to_owned()).bind(after.to_owned()).bind(limit);
    page(connection, query, &OF_ITEM, decode).await
}

/// What is at a location.
pub(crate) const AT_LOCATION: Sql = Sql::same(
    "stock_level",
    "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM stock_level AS t
        WHERE t.tenant = $1
        AND t.location = $2
        AND t.item > $3
        ORDER BY t.item
        LIMIT $4",
);

/// Reads what is at a location, for people.
pub(crate) async fn at_location(
    connection: &mut Conn,
    tenant: TenantId,
    location: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    let query =
        sqlx::query(text(&AT_LOCATION)).bind(tenant.0).bind(location.to_owned()).bind(after.to_owned()).bind(limit);
    page(connection, query, &AT_LOCATION, decode).await
}

/// Stock levels of a tenant by item and location.
pub(crate) const PAGE: Sql = Sql::same(
    "stock_level",
    "
        SELECT t.tenant, t.item, t.location, t.version, t.on_hand, t.on_order, t.reserved, t.in_transit, t.movements
        FROM stock_level AS t
        WHERE t.tenant = $1
        AND (t.item, t.location) > ($2, $3)
        ORDER BY t.item, t.location
        LIMIT $4",
);

/// Reads stock levels for people.
pub(crate) async fn after(
    connection: &mut Conn,
    tenant: TenantId,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    let query = sqlx::query(text(&PAGE)).bind(tenant.0).bind(after.0.to_owned()).bind(after.1.to_owned()).bind(limit);
    page(connection, query, &PAGE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, StockRow), StoreError> {
    let row = Reader::new(TABLE, &["item", "location"], row);
    let found = StockRow {
        key: StockKey { item: row.text("item")?, location: row.text("location")? },
        version: row.int("version")?,
        on_hand: row.quantity("on_hand")?,
        on_order: row.quantity("on_order")?,
        reserved: row.quantity("reserved")?,
        in_transit: row.quantity("in_transit")?,
        movements: row.int("movements")?,
    };
    Ok((row.tenant()?, found))
}

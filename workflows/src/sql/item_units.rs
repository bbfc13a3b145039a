//! Units of items: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{ItemUnitKey, ItemUnitRow};
use crate::statement::Sql;

const TABLE: &str = "item_unit";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a ItemUnitKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    item: &'a str,
    unit: &'a str,
    version: i64,
    numerator: i64,
    denominator: i64,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "item_unit",
    sqlite: "
        SELECT t.tenant, t.item, t.unit, t.version, t.numerator, t.denominator
        FROM json_each($1) AS b
        CROSS JOIN item_unit AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.item = b.value ->> 'item'
        AND t.unit = b.value ->> 'unit'
        ORDER BY t.tenant, t.item, t.unit",
    postgres: "
        SELECT t.tenant, t.item, t.unit, t.version, t.numerator, t.denominator
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, unit text)
        JOIN item_unit AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        AND t.unit = b.unit
        ORDER BY t.tenant, t.item, t.unit",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &ItemUnitKey)],
) -> Result<Vec<(TenantId, ItemUnitRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "item_unit",
    sqlite: "
        INSERT OR ROLLBACK INTO item_unit (
            tenant, item, unit, version, numerator, denominator
        )
        SELECT
            value ->> 'tenant', value ->> 'item', value ->> 'unit', value ->> 'version', value ->> 'numerator',
            value ->> 'denominator'
        FROM json_each($1)",
    postgres: "
        INSERT INTO item_unit (
            tenant, item, unit, version, numerator, denominator
        )
        SELECT
            b.tenant, b.item, b.unit, b.version, b.numerator, b.denominator
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, unit text, version bigint, numerator bigint, denominator bigint
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "item_unit",
    sqlite: "
        UPDATE OR ROLLBACK item_unit AS t
        SET version = b.version, numerator = b.numerator, denominator = b.denominator
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'item' AS item, value ->> 'unit' AS unit,
                value ->> 'guard' AS guard, value ->> 'version' AS version, value ->> 'numerator' AS numerator,
                value ->> 'denominator' AS denominator
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.unit = b.unit
        AND t.version = b.guard",
    postgres: "
        UPDATE item_unit AS t
        SET version = b.version, numerator = b.numerator, denominator = b.denominator
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, unit text, guard bigint, version bigint, numerator bigint,
            denominator bigint
        )
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.unit = b.unit
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, ItemUnitRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        item: &row.key.item,
        unit: &row.key.unit,
        version: row.version,
        numerator: row.factor.numerator,
        denominator: row.factor.denominator,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Units of an item.
pub(crate) const PAGE: Sql = Sql::same(
    "item_unit",
    "
        SELECT t.tenant, t.item, t.unit, t.version, t.numerator, t.denominator
        FROM item_unit AS t
        WHERE t.tenant = $1
        AND t.item = $2
        AND t.unit > $3
        ORDER BY t.unit
        LIMIT $4",
);

/// Reads the units of an item for people.
pub(crate) async fn of_item(
    connection: &mut Conn,
    tenant: TenantId,
    item: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<ItemUnitRow>, StoreError> {
    let query = sqlx::query(text(&PAGE)).bind(tenant.0).bind(item.to_owned()).bind(after.to_owned()).bind(limit);
    page(connection, query, &PAGE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, ItemUnitRow), StoreError> {
    let row = Reader::new(TABLE, &["item", "unit"], row);
    let found = ItemUnitRow {
        key: ItemUnitKey { item: row.text("item")?, unit: row.text("unit")? },
        version: row.int("version")?,
        factor: row.factor()?,
    };
    Ok((row.tenant()?, found))
}

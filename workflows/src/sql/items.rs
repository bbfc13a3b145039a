//! Items: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::by_code::by_code;
use super::columns::Reader;
use super::{Conn, Row, write};
use crate::fold::{Images, Write};
use crate::row::ItemRow;
use crate::statement::Sql;

const TABLE: &str = "item";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    code: &'a str,
    version: i64,
    name: &'a str,
    category: Option<&'a str>,
    stock_unit: &'a str,
    active: bool,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "item",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.name, t.category, t.stock_unit, t.active
        FROM json_each($1) AS b
        CROSS JOIN item AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.code = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.name, t.category, t.stock_unit, t.active
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN item AS t
        ON t.tenant = b.tenant
        AND t.code = b.code
        ORDER BY t.tenant, t.code",
};

by_code!(ItemRow);

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "item",
    sqlite: "
        INSERT OR ROLLBACK INTO item (
            tenant, code, version, name, category, stock_unit, active
        )
        SELECT
            value ->> 'tenant', value ->> 'code', value ->> 'version', value ->> 'name', value ->> 'category',
            value ->> 'stock_unit', value ->> 'active'
        FROM json_each($1)",
    postgres: "
        INSERT INTO item (
            tenant, code, version, name, category, stock_unit, active
        )
        SELECT
            b.tenant, b.code, b.version, b.name, b.category, b.stock_unit, b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, version bigint, name text, category text, stock_unit text, active boolean
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "item",
    sqlite: "
        UPDATE OR ROLLBACK item AS t
        SET version = b.version, name = b.name, category = b.category, stock_unit = b.stock_unit,
            active = b.active
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'code' AS code, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'name' AS name, value ->> 'category' AS category,
                value ->> 'stock_unit' AS stock_unit, value ->> 'active' AS active
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
    postgres: "
        UPDATE item AS t
        SET version = b.version, name = b.name, category = b.category, stock_unit = b.stock_unit,
            active = b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, guard bigint, version bigint, name text, category text, stock_unit text,
            active boolean
        )
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, ItemRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        code: &row.code,
        version: row.version,
        name: &row.name,
        category: row.category.as_deref(),
        stock_unit: &row.stock_unit,
        active: row.active,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Rows of a tenant by their codes.
pub(crate) const PAGE: Sql = Sql::same(
    "item",
    "
        SELECT t.tenant, t.code, t.version, t.name, t.category, t.stock_unit, t.active
        FROM item AS t
        WHERE t.tenant = $1
        AND t.code > $2
        ORDER BY t.code
        LIMIT $3",
);

fn decode(row: &Row) -> Result<(TenantId, ItemRow), StoreError> {
    let row = Reader::new(TABLE, &["code"], row);
    let found = ItemRow {
        code: row.text("code")?,
        version: row.int("version")?,
        name: row.text("name")?,
        category: row.maybe_text("category")?,
        stock_unit: row.text("stock_unit")?,
        active: row.flag("active")?,
    };
    Ok((row.tenant()?, found))
}

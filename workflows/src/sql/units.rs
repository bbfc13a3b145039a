//! Units of measure: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::by_code::by_code;
use super::columns::Reader;
use super::{Conn, Row, write};
use crate::fold::{Images, Write};
use crate::row::UnitRow;
use crate::statement::Sql;

const TABLE: &str = "unit_of_measure";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    code: &'a str,
    version: i64,
    name: &'a str,
    grid: i64,
    base: Option<&'a str>,
    numerator: i64,
    denominator: i64,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "unit_of_measure",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.name, t.grid, t.base, t.numerator, t.denominator
        FROM json_each($1) AS b
        CROSS JOIN unit_of_measure AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.code = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.name, t.grid, t.base, t.numerator, t.denominator
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN unit_of_measure AS t
        ON t.tenant = b.tenant
        AND t.code = b.code
        ORDER BY t.tenant, t.code",
};

by_code!(UnitRow);

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "unit_of_measure",
    sqlite: "
        INSERT OR ROLLBACK INTO unit_of_measure (
            tenant, code, version, name, grid, base, numerator, denominator
        )
        SELECT
            value ->> 'tenant', value ->> 'code', value ->> 'version', value ->> 'name', value ->> 'grid',
            value ->> 'base', value ->> 'numerator', value ->> 'denominator'
        FROM json_each($1)",
    postgres: "
        INSERT INTO unit_of_measure (
            tenant, code, version, name, grid, base, numerator, denominator
        )
        SELECT
            b.tenant, b.code, b.version, b.name, b.grid, b.base, b.numerator, b.denominator
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, version bigint, name text, grid bigint, base text, numerator bigint,
            denominator bigint
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "unit_of_measure",
    sqlite: "
        UPDATE OR ROLLBACK unit_of_measure AS t
        SET version = b.version, name = b.name, grid = b.grid, base = b.base, numerator = b.numerator,
            denominator = b.denominator
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'code' AS code, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'name' AS name, value ->> 'grid' AS grid,
                value ->> 'base' AS base, value ->> 'numerator' AS numerator,
                value ->> 'denominator' AS denominator
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
    postgres: "
        UPDATE unit_of_measure AS t
        SET version = b.version, name = b.name, grid = b.grid, base = b.base, numerator = b.numerator,
            denominator = b.denominator
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, guard bigint, version bigint, name text, grid bigint, base text,
            numerator bigint, denominator bigint
        )
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, UnitRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        code: &row.code,
        version: row.version,
        name: &row.name,
        grid: row.grid.0,
        base: row.base.as_deref(),
        numerator: row.factor.numerator,
        denominator: row.factor.denominator,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Rows of a tenant by their codes.
pub(crate) const PAGE: Sql = Sql::same(
    "unit_of_measure",
    "
        SELECT t.tenant, t.code, t.version, t.name, t.grid, t.base, t.numerator, t.denominator
        FROM unit_of_measure AS t
        WHERE t.tenant = $1
        AND t.code > $2
        ORDER BY t.code
        LIMIT $3",
);

fn decode(row: &Row) -> Result<(TenantId, UnitRow), StoreError> {
    let row = Reader::new(TABLE, &["code"], row);
    let found = UnitRow {
        code: row.text("code")?,
        version: row.int("version")?,
        name: row.text("name")?,
        grid: row.quantity("grid")?,
        base: row.maybe_text("base")?,
        factor: row.factor()?,
    };
    Ok((row.tenant()?, found))
}

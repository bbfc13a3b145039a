//! Locations: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::by_code::by_code;
use super::columns::Reader;
use super::{Conn, Row, write};
use crate::fold::{Images, Write};
use crate::row::LocationRow;
use crate::statement::Sql;

const TABLE: &str = "location";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    code: &'a str,
    version: i64,
    name: &'a str,
    active: bool,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "location",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.name, t.active
        FROM json_each($1) AS b
        CROSS JOIN location AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.code = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.name, t.active
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN location AS t
        ON t.tenant = b.tenant
        AND t.code = b.code
        ORDER BY t.tenant, t.code",
};

by_code!(LocationRow);

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "location",
    sqlite: "
        INSERT OR ROLLBACK INTO location (
            tenant, code, version, name, active
        )
        SELECT
            value ->> 'tenant', value ->> 'code', value ->> 'version', value ->> 'name', value ->> 'active'
        FROM json_each($1)",
    postgres: "
        INSERT INTO location (
            tenant, code, version, name, active
        )
        SELECT
            b.tenant, b.code, b.version, b.name, b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, version bigint, name text, active boolean
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "location",
    sqlite: "
        UPDATE OR ROLLBACK location AS t
        SET version = b.version, name = b.name, active = b.active
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'code' AS code, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'name' AS name, value ->> 'active' AS active
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
    postgres: "
        UPDATE location AS t
        SET version = b.version, name = b.name, active = b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, guard bigint, version bigint, name text, active boolean
        )
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, LocationRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        code: &row.code,
        version: row.version,
        name: &row.name,
        active: row.active,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Rows of a tenant by their codes.
pub(crate) const PAGE: Sql = Sql::same(
    "location",
    "
        SELECT t.tenant, t.code, t.version, t.name, t.active
        FROM location AS t
        WHERE t.tenant = $1
        AND t.code > $2
        ORDER BY t.code
        LIMIT $3",
);

fn decode(row: &Row) -> Result<(TenantId, LocationRow), StoreError> {
    let row = Reader::new(TABLE, &["code"], row);
    let found = LocationRow {
        code: row.text("code")?,
        version: row.int("version")?,
        name: row.text("name")?,
        active: row.flag("active")?,
    };
    Ok((row.tenant()?, found))
}

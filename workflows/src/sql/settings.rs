//! Settings: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::by_code::by_code;
use super::columns::Reader;
use super::{Conn, Row, write};
use crate::fold::{Images, Write};
use crate::row::SettingRow;
use crate::statement::Sql;

const TABLE: &str = "setting";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    code: &'a str,
    version: i64,
    document: &'a str,
}

/// Loads rows. No lock: the version guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "setting",
    sqlite: "
        SELECT t.tenant, t.code, t.version, t.document
        FROM json_each($1) AS b
        CROSS JOIN setting AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.code = b.value ->> 'code'
        ORDER BY t.tenant, t.code",
    postgres: "
        SELECT t.tenant, t.code, t.version, t.document
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, code text)
        JOIN setting AS t
        ON t.tenant = b.tenant
        AND t.code = b.code
        ORDER BY t.tenant, t.code",
};

by_code!(SettingRow);

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "setting",
    sqlite: "
        INSERT OR ROLLBACK INTO setting (
            tenant, code, version, document
        )
        SELECT
            value ->> 'tenant', value ->> 'code', value ->> 'version', value ->> 'document'
        FROM json_each($1)",
    postgres: "
        INSERT INTO setting (
            tenant, code, version, document
        )
        SELECT
            b.tenant, b.code, b.version, b.document
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, version bigint, document text
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "setting",
    sqlite: "
        UPDATE OR ROLLBACK setting AS t
        SET version = b.version, document = b.document
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'code' AS code, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'document' AS document
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
    postgres: "
        UPDATE setting AS t
        SET version = b.version, document = b.document
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, code text, guard bigint, version bigint, document text
        )
        WHERE t.tenant = b.tenant
        AND t.code = b.code
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, SettingRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        code: &row.code,
        version: row.version,
        document: row.document.text(),
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Rows of a tenant by their codes.
pub(crate) const PAGE: Sql = Sql::same(
    "setting",
    "
        SELECT t.tenant, t.code, t.version, t.document
        FROM setting AS t
        WHERE t.tenant = $1
        AND t.code > $2
        ORDER BY t.code
        LIMIT $3",
);

fn decode(row: &Row) -> Result<(TenantId, SettingRow), StoreError> {
    let row = Reader::new(TABLE, &["code"], row);
    let found =
        SettingRow { code: row.text("code")?, version: row.int("version")?, document: row.written("document")? };
    Ok((row.tenant()?, found))
}

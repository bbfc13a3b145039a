//! How people want to be written to: loaded, inserted, updated.

use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, page, text, write};
use crate::fold::{Images, Write};
use crate::row::PreferenceRow;
use crate::statement::Sql;

const TABLE: &str = "preference";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    person: &'a str,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    person: &'a str,
    version: i64,
    document: &'a str,
}

/// Loads rows. No lock: the version guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "preference",
    sqlite: "
        SELECT t.tenant, t.person, t.version, t.document
        FROM json_each($1) AS b
        CROSS JOIN preference AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.person = b.value ->> 'person'
        ORDER BY t.tenant, t.person",
    postgres: "
        SELECT t.tenant, t.person, t.version, t.document
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, person text)
        JOIN preference AS t
        ON t.tenant = b.tenant
        AND t.person = b.person
        ORDER BY t.tenant, t.person",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &Arc<str>)],
) -> Result<Vec<(TenantId, PreferenceRow)>, StoreError> {
    let keys: Vec<_> = keys.iter().map(|(tenant, person)| Key { tenant: *tenant, person }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Reads a row for people.
pub(crate) async fn read(
    connection: &mut Conn,
    tenant: TenantId,
    person: &Arc<str>,
) -> Result<Option<PreferenceRow>, StoreError> {
    Ok(load(connection, &[(tenant, person)]).await?.into_iter().next().map(|(_, row)| row))
}

/// Rows of a tenant by their people.
pub(crate) const PAGE: Sql = Sql::same(
    "preference",
    "
        SELECT t.tenant, t.person, t.version, t.document
        FROM preference AS t
        WHERE t.tenant = $1
        AND t.person > $2
        ORDER BY t.person
        LIMIT $3",
);

/// Reads the rows of those behind a person.
pub(crate) async fn after(
    connection: &mut Conn,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<PreferenceRow>, StoreError> {
    let query = sqlx::query(text(&PAGE)).bind(tenant.0).bind(after.to_owned()).bind(limit);
    page(connection, query, &PAGE, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "preference",
    sqlite: "
        INSERT OR ROLLBACK INTO preference (
            tenant, person, version, document
        )
        SELECT
            value ->> 'tenant', value ->> 'person', value ->> 'version', value ->> 'document'
        FROM json_each($1)",
    postgres: "
        INSERT INTO preference (
            tenant, person, version, document
        )
        SELECT
            b.tenant, b.person, b.version, b.document
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, person text, version bigint, document text
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "preference",
    sqlite: "
        UPDATE OR ROLLBACK preference AS t
        SET version = b.version, document = b.document
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'person' AS person, value ->> 'guard' AS guard,
                value ->> 'version' AS version, value ->> 'document' AS document
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.person = b.person
        AND t.version = b.guard",
    postgres: "
        UPDATE preference AS t
        SET version = b.version, document = b.document
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, person text, guard bigint, version bigint, document text
        )
        WHERE t.tenant = b.tenant
        AND t.person = b.person
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, PreferenceRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        person: &row.person,
        version: row.version,
        document: row.document.text(),
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

fn decode(row: &Row) -> Result<(TenantId, PreferenceRow), StoreError> {
    let row = Reader::new(TABLE, &["person"], row);
    let found =
        PreferenceRow { person: row.text("person")?, version: row.int("version")?, document: row.written("document")? };
    Ok((row.tenant()?, found))
}

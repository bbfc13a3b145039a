//! The company: loaded, read, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::money::Currency;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, write};
use crate::fold::{Images, Write};
use crate::row::CompanyRow;
use crate::statement::Sql;

const TABLE: &str = "company";

#[derive(Serialize)]
struct Key {
    tenant: TenantId,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    version: i64,
    name: &'a str,
    currency: Currency,
    zone: &'a str,
    today: Option<String>,
}

/// Loads rows. No lock: the version guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: TABLE,
    sqlite: "
        SELECT t.tenant, t.version, t.name, t.currency, t.zone, t.today
        FROM json_each($1) AS b
        CROSS JOIN company AS t
        ON t.tenant = b.value ->> 'tenant'
        ORDER BY t.tenant",
    postgres: "
        SELECT t.tenant, t.version, t.name, t.currency, t.zone, t.today
        FROM json_to_recordset($1::text::json) AS b(tenant bigint)
        JOIN company AS t
        ON t.tenant = b.tenant
        ORDER BY t.tenant",
};

/// Loads rows, for deciding and for people.
pub(crate) async fn load(
    connection: &mut Conn,
    tenants: &[TenantId],
) -> Result<Vec<(TenantId, CompanyRow)>, StoreError> {
    let keys: Vec<Key> = tenants.iter().map(|tenant| Key { tenant: *tenant }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: TABLE,
    sqlite: "
        INSERT OR ROLLBACK INTO company (
            tenant, version, name, currency, zone, today
        )
        SELECT
            value ->> 'tenant', value ->> 'version', value ->> 'name', value ->> 'currency', value ->> 'zone',
            value ->> 'today'
        FROM json_each($1)",
    postgres: "
        INSERT INTO company (
            tenant, version, name, currency, zone, today
        )
        SELECT
            b.tenant, b.version, b.name, b.currency, b.zone, b.today
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, version bigint, name text, currency text, zone text, today text
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: TABLE,
    sqlite: "
        UPDATE OR ROLLBACK company AS t
        SET version = b.version, name = b.name, currency = b.currency, zone = b.zone, today = b.today
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'guard' AS guard, value ->> 'version' AS version,
                value ->> 'name' AS name, value ->> 'currency' AS currency, value ->> 'zone' AS zone,
                value ->> 'today' AS today
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.version = b.guard",
    postgres: "
        UPDATE company AS t
        SET version = b.version, name = b.name, currency = b.currency, zone = b.zone, today = b.today
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, guard bigint, version bigint, name text, currency text, zone text, today text
        )
        WHERE t.tenant = b.tenant
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, CompanyRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        version: row.version,
        name: &row.name,
        currency: row.currency,
        zone: &row.zone,
        today: row.today.map(|day| day.to_string()),
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

fn decode(row: &Row) -> Result<(TenantId, CompanyRow), StoreError> {
    let row = Reader::new(TABLE, &["tenant"], row);
    let found = CompanyRow {
        version: row.int("version")?,
        name: row.text("name")?,
        currency: row.parsed("currency")?,
        zone: row.text("zone")?,
        today: row.maybe_day("today")?,
    };
    Ok((row.tenant()?, found))
}

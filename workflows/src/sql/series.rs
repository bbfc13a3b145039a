//! Number series: loaded last of all rows, because everybody who issues waits for them.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, write};
use crate::fold::Images;
use crate::row::{SeriesKey, SeriesRow};
use crate::statement::Sql;

const TABLE: &str = "number_series";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a SeriesKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    base: i64,
    #[serde(flatten)]
    row: &'a SeriesRow,
}

/// Loads number series and locks them.
pub(crate) const LOAD: Sql = Sql {
    table: "number_series",
    sqlite: "
        SELECT s.tenant, s.series, s.year, s.version, s.next
        FROM json_each($1) AS b
        CROSS JOIN number_series AS s
        ON s.tenant = b.value ->> 'tenant'
        AND s.series = b.value ->> 'series'
        AND s.year = b.value ->> 'year'
        ORDER BY s.tenant, s.series, s.year",
    postgres: "
        SELECT s.tenant, s.series, s.year, s.version, s.next
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, series text, year bigint)
        JOIN number_series AS s
        ON s.tenant = b.tenant
        AND s.series = b.series
        AND s.year = b.year
        ORDER BY s.tenant, s.series, s.year
        FOR NO KEY UPDATE OF s",
};

/// Loads number series for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &SeriesKey)],
) -> Result<Vec<(TenantId, SeriesRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts number series; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "number_series",
    sqlite: "
        INSERT OR ROLLBACK INTO number_series (
            tenant, series, year, version, next
        )
        SELECT
            value ->> 'tenant', value ->> 'series', value ->> 'year', value ->> 'version', value ->> 'next'
        FROM json_each($1)",
    postgres: "
        INSERT INTO number_series (
            tenant, series, year, version, next
        )
        SELECT
            b.tenant, b.series, b.year, b.version, b.next
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, series text, year bigint, version bigint, next bigint
        )",
};

/// Updates number series that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "number_series",
    sqlite: "
        UPDATE OR ROLLBACK number_series AS s
        SET version = b.version, next = b.next
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'series' AS series, value ->> 'year' AS year,
                value ->> 'base' AS base, value ->> 'version' AS version, value ->> 'next' AS next
            FROM json_each($1)
        ) AS b
        WHERE s.tenant = b.tenant
        AND s.series = b.series
        AND s.year = b.year
        AND s.version = b.base",
    postgres: "
        UPDATE number_series AS s
        SET version = b.version, next = b.next
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, series text, year bigint, base bigint, version bigint, next bigint
        )
        WHERE s.tenant = b.tenant
        AND s.series = b.series
        AND s.year = b.year
        AND s.version = b.base",
};

/// Writes the last images of a batch: one range of numbers a series.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, SeriesRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|write| Image { tenant: write.tenant, base: write.base, row: write.row });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.base == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

fn decode(row: &Row) -> Result<(TenantId, SeriesRow), StoreError> {
    let row = Reader::new(TABLE, &["series", "year"], row);
    let key = SeriesKey { series: row.text("series")?, year: row.int("year")? };
    Ok((row.tenant()?, SeriesRow { key, version: row.int("version")?, next: row.int("next")? }))
}

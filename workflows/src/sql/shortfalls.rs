//! What reorder runs found short and did not order: appended, listed.

use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, page, write};
use crate::row::{ShortfallRow, StockKey};
use crate::statement::Sql;

const TABLE: &str = "reorder_shortfall";

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    run: InstanceId,
    item: &'a str,
    location: &'a str,
    reason: &'a str,
    why: String,
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: TABLE,
    sqlite: "
        INSERT OR ROLLBACK INTO reorder_shortfall (
            tenant, run, item, location, reason, why
        )
        SELECT
            value ->> 'tenant', unhex(value ->> 'run', '-'), value ->> 'item', value ->> 'location',
            value ->> 'reason', value ->> 'why'
        FROM json_each($1)",
    postgres: "
        INSERT INTO reorder_shortfall (
            tenant, run, item, location, reason, why
        )
        SELECT
            b.tenant, b.run, b.item, b.location, b.reason, b.why
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, run uuid, item text, location text, reason text, why text
        )",
};

/// Appends rows, in one statement.
pub(crate) async fn append(connection: &mut Conn, rows: &[(TenantId, &ShortfallRow)]) -> Result<(), StoreError> {
    let images = rows.iter().map(|(tenant, row)| Image {
        tenant: *tenant,
        run: row.run,
        item: &row.key.item,
        location: &row.key.location,
        reason: &row.reason,
        why: row.why.to_string(),
    });
    write(connection, &INSERT, &images.collect::<Vec<_>>()).await
}

/// What a run did not order, by item and location.
pub(crate) const PAGE: Sql = Sql::same(
    TABLE,
    "
        SELECT t.tenant, t.run, t.item, t.location, t.reason, t.why
        FROM reorder_shortfall AS t
        WHERE t.tenant = $1
        AND t.run = $2
        AND (t.item, t.location) > ($3, $4)
        ORDER BY t.item, t.location
        LIMIT $5",
);

/// Reads rows for people, those behind `after`.
pub(crate) async fn of_run(
    connection: &mut Conn,
    tenant: TenantId,
    run: InstanceId,
    after: Option<&StockKey>,
    limit: i64,
) -> Result<Vec<ShortfallRow>, StoreError> {
    let none: Arc<str> = "".into();
    let (item, location) = after.map_or((&none, &none), |key| (&key.item, &key.location));
    let query = sqlx::query(text(&PAGE))
        .bind(tenant.0)
        .bind(run.0)
        .bind(item.to_string())
        .bind(location.to_string())
        .bind(limit);
    page(connection, query, &PAGE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, ShortfallRow), StoreError> {
    let row = Reader::new(TABLE, &["run", "item", "location"], row);
    let found = ShortfallRow {
        run: row.instance("run")?,
        key: StockKey { item: row.text("item")?, location: row.text("location")? },
        reason: row.text("reason")?,
        why: row.maybe_json("why")?.unwrap_or_default(),
    };
    Ok((row.tenant()?, found))
}

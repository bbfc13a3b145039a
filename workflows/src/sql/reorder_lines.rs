//! What reorder runs ordered, and why: appended, read with the lines of their orders.

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, write};
use crate::row::{LineRow, ReorderLineRow, StockKey};
use crate::statement::Sql;

const TABLE: &str = "reorder_line";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    run: InstanceId,
    #[serde(flatten)]
    key: &'a StockKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    run: InstanceId,
    item: &'a str,
    location: &'a str,
    line: i64,
    /// JSON as text: SQLite would put it together again for each column that it takes out of the row.
    why: &'a str,
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: TABLE,
    sqlite: "
        INSERT OR ROLLBACK INTO reorder_line (
            tenant, run, item, location, line, why
        )
        SELECT
            value ->> 'tenant', unhex(value ->> 'run', '-'), value ->> 'item', value ->> 'location',
            value ->> 'line', value ->> 'why'
        FROM json_each($1)",
    postgres: "
        INSERT INTO reorder_line (
            tenant, run, item, location, line, why
        )
        SELECT
            b.tenant, b.run, b.item, b.location, b.line, b.why
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, run uuid, item text, location text, line bigint, why text
        )",
};

/// Appends rows, in one statement.
pub(crate) async fn append(connection: &mut Conn, rows: &[(TenantId, &ReorderLineRow)]) -> Result<(), StoreError> {
    let images = rows.iter().map(|(tenant, row)| Image {
        tenant: *tenant,
        run: row.run,
        item: &row.key.item,
        location: &row.key.location,
        line: row.line,
        why: row.why.text(),
    });
    write(connection, &INSERT, &images.collect::<Vec<_>>()).await
}

/// Reads what a run ordered of items at places.
pub(crate) const READ: Sql = Sql {
    table: TABLE,
    sqlite: "
        SELECT t.tenant, t.run, t.item, t.location, t.line, t.why
        FROM json_each($1) AS b
        CROSS JOIN reorder_line AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.run = unhex(b.value ->> 'run', '-')
        AND t.item = b.value ->> 'item'
        AND t.location = b.value ->> 'location'",
    postgres: "
        SELECT t.tenant, t.run, t.item, t.location, t.line, t.why
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, run uuid, item text, location text)
        JOIN reorder_line AS t
        ON t.tenant = b.tenant
        AND t.run = b.run
        AND t.item = b.item
        AND t.location = b.location",
};

/// Reads why a run ordered these lines.
pub(crate) async fn of_lines(
    connection: &mut Conn,
    tenant: TenantId,
    run: InstanceId,
    lines: &[LineRow],
) -> Result<Vec<ReorderLineRow>, StoreError> {
    let places: Vec<StockKey> = lines.iter().filter_map(LineRow::stock).collect();
    let keys: Vec<Key<'_>> = places.iter().map(|key| Key { tenant, run, key }).collect();
    fetch(connection, &READ, &keys, decode).await
}

fn decode(row: &Row) -> Result<ReorderLineRow, StoreError> {
    let row = Reader::new(TABLE, &["run", "item", "location"], row);
    Ok(ReorderLineRow {
        run: row.instance("run")?,
        key: StockKey { item: row.text("item")?, location: row.text("location")? },
        line: row.int("line")?,
        why: row.written("why")?,
    })
}

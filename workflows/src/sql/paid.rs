//! What was paid for items, in the orders before one: for whoever decides about it.

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, page};
use crate::row::PaidRow;
use crate::statement::Sql;

const TABLE: &str = "purchase_order_line";

/// Of each item the newest line of an issued order of this supplier, and the newest of any other. Bounded: of each item so many
/// of its newest lines are looked at, each by its key, issued or not.
pub(crate) const BEFORE: Sql = Sql {
    table: TABLE,
    // It has no LATERAL, and left to itself may begin with the lines.
    sqlite: "
        SELECT p.tenant, p.id, p.number, p.supplier, p.line, p.item, p.unit, p.currency, p.price
        FROM (
            SELECT o.tenant, o.id, o.number, o.supplier, l.line, l.item, l.unit, l.currency, l.price,
                ROW_NUMBER() OVER (PARTITION BY l.item, o.supplier = $3 ORDER BY o.id DESC, l.line) AS place
            FROM json_each($4) AS i
            CROSS JOIN purchase_order_line AS l
            ON l.tenant = $1
            AND l.item = i.value
            AND l.order_id IN (
                SELECT n.order_id
                FROM purchase_order_line AS n
                WHERE n.tenant = $1
                AND n.item = i.value
                AND n.order_id < $2
                ORDER BY n.order_id DESC, n.line DESC
                LIMIT $5
            )
            CROSS JOIN purchase_order AS o
            ON o.tenant = $1
            AND o.id = l.order_id
            WHERE o.status IN ('ordered', 'received', 'closed')
        ) AS p
        WHERE p.place = 1
        ORDER BY p.id DESC, p.line",
    postgres: "
        SELECT p.tenant, p.id, p.number, p.supplier, p.line, p.item, p.unit, p.currency, p.price
        FROM (
            SELECT o.tenant, o.id, o.number, o.supplier, l.line, l.item, l.unit, l.currency, l.price,
                ROW_NUMBER() OVER (PARTITION BY l.item, o.supplier = $3 ORDER BY o.id DESC, l.line) AS place
            FROM json_array_elements_text($4::text::json) AS i(code)
            CROSS JOIN LATERAL (
                SELECT n.order_id, n.line, n.item, n.unit, n.currency, n.price
                FROM purchase_order_line AS n
                WHERE n.tenant = $1
                AND n.item = i.code
                AND n.order_id < $2
                ORDER BY n.order_id DESC, n.line DESC
                LIMIT $5
            ) AS l
            JOIN purchase_order AS o
            ON o.tenant = $1
            AND o.id = l.order_id
            WHERE o.status IN ('ordered', 'received', 'closed')
        ) AS p
        WHERE p.place = 1
        ORDER BY p.id DESC, p.line",
};

/// Reads them, newest first. `items`: a JSON array of codes; of each so many `lines` are looked at.
pub(crate) async fn before(
    connection: &mut Conn,
    (tenant, order, supplier): (TenantId, InstanceId, &str),
    items: String,
    lines: i64,
) -> Result<Vec<PaidRow>, StoreError> {
    let query = sqlx::query(text(&BEFORE)).bind(tenant.0).bind(order.0).bind(supplier).bind(items).bind(lines);
    page(connection, query, &BEFORE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, PaidRow), StoreError> {
    let row = Reader::new(TABLE, &["id", "line"], row);
    let paid = PaidRow {
        order: row.instance("id")?,
        number: row.maybe_text("number")?,
        supplier: row.text("supplier")?,
        item: row.text("item")?,
        unit: row.text("unit")?,
        price: row.money("price")?,
    };
    Ok((row.tenant()?, paid))
}

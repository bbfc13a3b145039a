//! What was paid for items, in the orders before one: for whoever decides about it.

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, page};
use crate::row::PaidRow;
use crate::statement::Sql;

const TABLE: &str = "purchase_order_line";

/// Lines of these items in the newest orders that were issued. Bounded: so many orders are looked at, each by its key, and so
/// many lines are read.
pub(crate) const BEFORE: Sql = Sql {
    table: TABLE,
    // Left to itself, SQLite may begin with the lines.
    sqlite: "
        SELECT o.tenant, o.id, o.number, o.supplier, l.line, l.item, l.unit, l.currency, l.price
        FROM (
            SELECT tenant, id, number, supplier, status
            FROM purchase_order
            WHERE tenant = $1
            AND id < $2
            ORDER BY id DESC
            LIMIT $3
        ) AS o
        CROSS JOIN purchase_order_line AS l
        ON l.tenant = o.tenant
        AND l.order_id = o.id
        WHERE o.status IN ('ordered', 'received', 'closed')
        AND l.item IN (SELECT value FROM json_each($4))
        ORDER BY o.id DESC, l.line
        LIMIT $5",
    postgres: "
        SELECT o.tenant, o.id, o.number, o.supplier, l.line, l.item, l.unit, l.currency, l.price
        FROM (
            SELECT tenant, id, number, supplier, status
            FROM purchase_order
            WHERE tenant = $1
            AND id < $2
            ORDER BY id DESC
            LIMIT $3
        ) AS o
        JOIN purchase_order_line AS l
        ON l.tenant = o.tenant
        AND l.order_id = o.id
        WHERE o.status IN ('ordered', 'received', 'closed')
        AND l.item IN (SELECT json_array_elements_text($4::text::json))
        ORDER BY o.id DESC, l.line
        LIMIT $5",
};

/// Reads them, newest first. `items`: a JSON array of codes; of so many `orders`, so many `lines`.
pub(crate) async fn before(
    connection: &mut Conn,
    (tenant, order): (TenantId, InstanceId),
    items: String,
    (orders, lines): (i64, i64),
) -> Result<Vec<PaidRow>, StoreError> {
    let query = sqlx::query(text(&BEFORE)).bind(tenant.0).bind(order.0).bind(orders).bind(items).bind(lines);
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

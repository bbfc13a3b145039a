//! Orders: loaded, read, inserted, updated.

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_engine::money::Money;
use fluxor_engine::store::StoreError;
use jiff::civil::Date;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{OrderRow, OrderStatus, Reservation};
use crate::statement::{Sql, broken};

const TABLE: &str = "purchase_order";

#[derive(Serialize)]
struct Key {
    tenant: TenantId,
    id: InstanceId,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    id: InstanceId,
    base: i64,
    version: i64,
    requester: &'a str,
    supplier: &'a str,
    category: Option<&'a str>,
    unit: Option<&'a str>,
    note: Option<&'a str>,
    number: Option<&'a str>,
    status: &'static str,
    currency: String,
    amount: i64,
    lines: i64,
    lines_digest: String,
    reserved_unit: Option<&'a str>,
    reserved_currency: Option<String>,
    reserved: Option<i64>,
    created_at: i64,
    changed_at: i64,
    ordered_on: Option<Date>,
    expected_on: Option<Date>,
    source: Option<&'a str>,
}

impl<'a> Image<'a> {
    fn new(write: &Write<&'a OrderRow>) -> Self {
        let (row, reserved) = (write.row, write.row.reserved.as_ref());
        Self {
            tenant: write.tenant,
            id: row.id,
            base: write.base,
            version: row.version,
            requester: row.requester.as_str(),
            supplier: &row.supplier,
            category: row.category.as_deref(),
            unit: row.unit.as_deref(),
            note: row.note.as_deref(),
            number: row.number.as_deref(),
            status: row.status.as_str(),
            currency: row.amount.currency.to_string(),
            amount: row.amount.units,
            lines: row.lines,
            lines_digest: row.lines_digest.to_string(),
            reserved_unit: reserved.map(|held| &*held.unit),
            reserved_currency: reserved.map(|held| held.amount.currency.to_string()),
            reserved: reserved.map(|held| held.amount.units),
            created_at: row.created_at.micros(),
            changed_at: row.changed_at.micros(),
            ordered_on: row.ordered_on,
            expected_on: row.expected_on,
            source: row.source.as_deref(),
        }
    }
}

/// Loads orders and locks them.
pub(crate) const LOAD: Sql = Sql {
    table: "purchase_order",
    sqlite: "
        SELECT o.tenant, o.id, o.version, o.requester, o.supplier, o.category, o.unit, o.note, o.number, o.status,
          o.currency, o.amount, o.lines, o.lines_digest, o.reserved_unit, o.reserved_currency, o.reserved,
          o.created_at, o.changed_at, o.ordered_on, o.expected_on, o.source
        FROM json_each($1) AS b
        CROSS JOIN purchase_order AS o
        ON o.tenant = b.value ->> 'tenant'
        AND o.id = unhex(b.value ->> 'id', '-')
        ORDER BY o.tenant, o.id",
    postgres: "
        SELECT o.tenant, o.id, o.version, o.requester, o.supplier, o.category, o.unit, o.note, o.number, o.status,
          o.currency, o.amount, o.lines, o.lines_digest, o.reserved_unit, o.reserved_currency, o.reserved,
          o.created_at, o.changed_at, o.ordered_on, o.expected_on, o.source
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, id uuid)
        JOIN purchase_order AS o
        ON o.tenant = b.tenant
        AND o.id = b.id
        ORDER BY o.tenant, o.id
        FOR NO KEY UPDATE OF o",
};

/// Loads orders for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &InstanceId)],
) -> Result<Vec<(TenantId, OrderRow)>, StoreError> {
    let keys: Vec<Key> = keys.iter().map(|(tenant, id)| Key { tenant: *tenant, id: **id }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Reads orders without a lock.
pub(crate) const READ: Sql = Sql {
    table: "purchase_order",
    // SQLite has no row locks: its statement is the same.
    sqlite: LOAD.sqlite,
    postgres: "
        SELECT o.tenant, o.id, o.version, o.requester, o.supplier, o.category, o.unit, o.note, o.number, o.status,
          o.currency, o.amount, o.lines, o.lines_digest, o.reserved_unit, o.reserved_currency, o.reserved,
          o.created_at, o.changed_at, o.ordered_on, o.expected_on, o.source
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, id uuid)
        JOIN purchase_order AS o
        ON o.tenant = b.tenant
        AND o.id = b.id
        ORDER BY o.tenant, o.id",
};

/// Reads an order for people.
pub(crate) async fn read(
    connection: &mut Conn,
    tenant: TenantId,
    id: InstanceId,
) -> Result<Option<OrderRow>, StoreError> {
    let rows = fetch(connection, &READ, &[Key { tenant, id }], decode).await?;
    Ok(rows.into_iter().next().map(|(_, row)| row))
}

/// Orders of a tenant, newest first.
pub(crate) const PAGE: Sql = Sql::same(
    "purchase_order",
    "
        SELECT o.tenant, o.id, o.version, o.requester, o.supplier, o.category, o.unit, o.note, o.number, o.status,
          o.currency, o.amount, o.lines, o.lines_digest, o.reserved_unit, o.reserved_currency, o.reserved,
          o.created_at, o.changed_at, o.ordered_on, o.expected_on, o.source
        FROM purchase_order AS o
        WHERE o.tenant = $1
        AND o.id < $2
        ORDER BY o.id DESC
        LIMIT $3",
);

/// Reads orders for people.
pub(crate) async fn newest(
    connection: &mut Conn,
    tenant: TenantId,
    before: InstanceId,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let query = sqlx::query(text(&PAGE)).bind(tenant.0).bind(before.0).bind(limit);
    page(connection, query, &PAGE, decode).await
}

/// Orders that came from one source, oldest first.
pub(crate) const FROM_SOURCE: Sql = Sql::same(
    "purchase_order",
    "
        SELECT o.tenant, o.id, o.version, o.requester, o.supplier, o.category, o.unit, o.note, o.number, o.status,
          o.currency, o.amount, o.lines, o.lines_digest, o.reserved_unit, o.reserved_currency, o.reserved,
          o.created_at, o.changed_at, o.ordered_on, o.expected_on, o.source
        FROM purchase_order AS o
        WHERE o.tenant = $1
        AND o.source = $2
        AND o.id > $3
        ORDER BY o.id
        LIMIT $4",
);

/// Reads orders of one source, for people.
pub(crate) async fn from_source(
    connection: &mut Conn,
    tenant: TenantId,
    source: &str,
    after: InstanceId,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let query = sqlx::query(text(&FROM_SOURCE)).bind(tenant.0).bind(source.to_owned()).bind(after.0).bind(limit);
    page(connection, query, &FROM_SOURCE, decode).await
}

/// The order with an official number.
pub(crate) const BY_NUMBER: Sql = Sql::same(
    "purchase_order",
    "
        SELECT id
        FROM purchase_order
        WHERE tenant = $1
        AND number = $2",
);

/// Finds an order by its official number.
pub(crate) async fn by_number(
    connection: &mut Conn,
    tenant: TenantId,
    number: &str,
) -> Result<Option<InstanceId>, StoreError> {
    let query = sqlx::query_scalar(text(&BY_NUMBER)).bind(tenant.0).bind(number.to_owned());
    query.fetch_optional(connection).await.map(|id| id.map(InstanceId)).map_err(|error| broken(error, TABLE))
}

/// Inserts orders; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "purchase_order",
    sqlite: "
        INSERT OR ROLLBACK INTO purchase_order (
            tenant, id, version, requester, supplier, category, unit, note, number, status, currency, amount,
            lines, lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at,
            ordered_on, expected_on, source
        )
        SELECT
            value ->> 'tenant', unhex(value ->> 'id', '-'), value ->> 'version', value ->> 'requester',
            value ->> 'supplier', value ->> 'category', value ->> 'unit', value ->> 'note', value ->> 'number',
            value ->> 'status', value ->> 'currency', value ->> 'amount', value ->> 'lines',
            unhex(value ->> 'lines_digest'), value ->> 'reserved_unit', value ->> 'reserved_currency',
            value ->> 'reserved', value ->> 'created_at', value ->> 'changed_at', value ->> 'ordered_on',
            value ->> 'expected_on', value ->> 'source'
        FROM json_each($1)",
    postgres: "
        INSERT INTO purchase_order (
            tenant, id, version, requester, supplier, category, unit, note, number, status, currency, amount,
            lines, lines_digest, reserved_unit, reserved_currency, reserved, created_at, changed_at,
            ordered_on, expected_on, source
        )
        SELECT
            b.tenant, b.id, b.version, b.requester, b.supplier, b.category, b.unit, b.note, b.number, b.status,
            b.currency, b.amount, b.lines, decode(b.lines_digest, 'hex'), b.reserved_unit, b.reserved_currency, b.reserved,
            b.created_at, b.changed_at, b.ordered_on, b.expected_on, b.source
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, id uuid, version bigint, requester text, supplier text, category text, unit text,
            note text, number text, status text, currency text, amount bigint, lines bigint, lines_digest text,
            reserved_unit text, reserved_currency text, reserved bigint, created_at bigint, changed_at bigint,
            ordered_on text, expected_on text, source text
        )",
};

/// Updates orders that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "purchase_order",
    sqlite: "
        UPDATE OR ROLLBACK purchase_order AS o
        SET version = b.version, supplier = b.supplier, category = b.category, unit = b.unit, note = b.note,
            number = b.number, status = b.status, currency = b.currency, amount = b.amount, lines = b.lines,
            lines_digest = b.lines_digest, reserved_unit = b.reserved_unit,
            reserved_currency = b.reserved_currency, reserved = b.reserved, changed_at = b.changed_at,
            ordered_on = b.ordered_on, expected_on = b.expected_on, source = b.source
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, unhex(value ->> 'id', '-') AS id, value ->> 'base' AS base,
                value ->> 'version' AS version, value ->> 'supplier' AS supplier,
                value ->> 'category' AS category, value ->> 'unit' AS unit, value ->> 'note' AS note,
                value ->> 'number' AS number, value ->> 'status' AS status, value ->> 'currency' AS currency,
                value ->> 'amount' AS amount, value ->> 'lines' AS lines,
                unhex(value ->> 'lines_digest') AS lines_digest, value ->> 'reserved_unit' AS reserved_unit,
                value ->> 'reserved_currency' AS reserved_currency, value ->> 'reserved' AS reserved,
                value ->> 'changed_at' AS changed_at, value ->> 'ordered_on' AS ordered_on,
                value ->> 'expected_on' AS expected_on, value ->> 'source' AS source
            FROM json_each($1)
        ) AS b
        WHERE o.tenant = b.tenant
        AND o.id = b.id
        AND o.version = b.base",
    postgres: "
        UPDATE purchase_order AS o
        SET version = b.version, supplier = b.supplier, category = b.category, unit = b.unit, note = b.note,
            number = b.number, status = b.status, currency = b.currency, amount = b.amount, lines = b.lines,
            lines_digest = decode(b.lines_digest, 'hex'), reserved_unit = b.reserved_unit,
            reserved_currency = b.reserved_currency, reserved = b.reserved, changed_at = b.changed_at,
            ordered_on = b.ordered_on, expected_on = b.expected_on, source = b.source
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, id uuid, base bigint, version bigint, supplier text, category text, unit text,
            note text, number text, status text, currency text, amount bigint, lines bigint, lines_digest text,
            reserved_unit text, reserved_currency text, reserved bigint, changed_at bigint,
            ordered_on text, expected_on text, source text
        )
        WHERE o.tenant = b.tenant
        AND o.id = b.id
        AND o.version = b.base",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, OrderRow>) -> Result<(), StoreError> {
    let (new, old): (Vec<_>, Vec<_>) = writes.values().map(Image::new).partition(|image| image.base == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

fn decode(row: &Row) -> Result<(TenantId, OrderRow), StoreError> {
    let row = Reader::new(TABLE, &["id"], row);
    let status = row.text("status")?;
    let held = (row.maybe_text("reserved_unit")?, row.maybe_text("reserved_currency")?, row.maybe_int("reserved")?);
    let reserved = match held {
        (None, None, None) => None,
        (Some(unit), Some(currency), Some(units)) => {
            let currency = currency.parse().map_err(|why: String| row.wrong(why))?;
            Some(Reservation { unit, amount: Money { units, currency } })
        }
        _ => return Err(row.wrong("a reservation lacks its unit, currency or amount")),
    };
    let order = OrderRow {
        id: row.instance("id")?,
        version: row.int("version")?,
        requester: PersonId(row.text("requester")?),
        supplier: row.text("supplier")?,
        category: row.maybe_text("category")?,
        unit: row.maybe_text("unit")?,
        note: row.maybe_text("note")?,
        number: row.maybe_text("number")?,
        status: OrderStatus::parse(&status).ok_or_else(|| row.wrong(format!("no status `{status}`")))?,
        amount: row.money("amount")?,
        lines: row.int("lines")?,
        lines_digest: row.digest("lines_digest")?,
        reserved,
        created_at: Timestamp::from_micros(row.int("created_at")?),
        changed_at: Timestamp::from_micros(row.int("changed_at")?),
        ordered_on: row.maybe_day("ordered_on")?,
        expected_on: row.maybe_day("expected_on")?,
        source: row.maybe_text("source")?,
    };
    Ok((row.tenant()?, order))
}

//! Suppliers' terms: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{Factor, Percent, TermKey, TermRow};
use crate::statement::Sql;

const TABLE: &str = "supplier_term";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a TermKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    item: &'a str,
    supplier: &'a str,
    term: &'a str,
    version: i64,
    unit: &'a str,
    currency: String,
    price: i64,
    price_per: i64,
    discount: i64,
    break_quantity: i64,
    minimum: i64,
    multiple: Option<i64>,
    maximum: Option<i64>,
    lead_time_days: Option<i64>,
    valid_from: Option<jiff::civil::Date>,
    valid_to: Option<jiff::civil::Date>,
    sequence: i64,
    active: bool,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "supplier_term",
    sqlite: "
        SELECT t.tenant, t.item, t.supplier, t.term, t.version, t.unit, t.currency, t.price, t.price_per, t.discount,
          t.break_quantity, t.minimum, t.multiple, t.maximum, t.lead_time_days, t.valid_from, t.valid_to,
          t.sequence, t.active
        FROM json_each($1) AS b
        CROSS JOIN supplier_term AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.item = b.value ->> 'item'
        AND t.supplier = b.value ->> 'supplier'
        AND t.term = b.value ->> 'term'
        ORDER BY t.tenant, t.item, t.supplier, t.term",
    postgres: "
        SELECT t.tenant, t.item, t.supplier, t.term, t.version, t.unit, t.currency, t.price, t.price_per, t.discount,
          t.break_quantity, t.minimum, t.multiple, t.maximum, t.lead_time_days, t.valid_from, t.valid_to,
          t.sequence, t.active
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, supplier text, term text)
        JOIN supplier_term AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        AND t.supplier = b.supplier
        AND t.term = b.term
        ORDER BY t.tenant, t.item, t.supplier, t.term",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &TermKey)],
) -> Result<Vec<(TenantId, TermRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "supplier_term",
    sqlite: "
        INSERT OR ROLLBACK INTO supplier_term (
            tenant, item, supplier, term, version, unit, currency, price, price_per, discount, break_quantity,
            minimum, multiple, maximum, lead_time_days, valid_from, valid_to, sequence, active
        )
        SELECT
            value ->> 'tenant', value ->> 'item', value ->> 'supplier', value ->> 'term', value ->> 'version',
            value ->> 'unit', value ->> 'currency', value ->> 'price', value ->> 'price_per',
            value ->> 'discount', value ->> 'break_quantity', value ->> 'minimum', value ->> 'multiple',
            value ->> 'maximum', value ->> 'lead_time_days', value ->> 'valid_from', value ->> 'valid_to',
            value ->> 'sequence', value ->> 'active'
        FROM json_each($1)",
    postgres: "
        INSERT INTO supplier_term (
            tenant, item, supplier, term, version, unit, currency, price, price_per, discount, break_quantity,
            minimum, multiple, maximum, lead_time_days, valid_from, valid_to, sequence, active
        )
        SELECT
            b.tenant, b.item, b.supplier, b.term, b.version, b.unit, b.currency, b.price, b.price_per,
            b.discount, b.break_quantity, b.minimum, b.multiple, b.maximum, b.lead_time_days, b.valid_from,
            b.valid_to, b.sequence, b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, supplier text, term text, version bigint, unit text, currency text,
            price bigint, price_per bigint, discount bigint, break_quantity bigint, minimum bigint,
            multiple bigint, maximum bigint, lead_time_days bigint, valid_from text, valid_to text,
            sequence bigint, active boolean
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "supplier_term",
    sqlite: "
        UPDATE OR ROLLBACK supplier_term AS t
        SET version = b.version, unit = b.unit, currency = b.currency, price = b.price, price_per = b.price_per,
            discount = b.discount, break_quantity = b.break_quantity, minimum = b.minimum,
            multiple = b.multiple, maximum = b.maximum, lead_time_days = b.lead_time_days,
            valid_from = b.valid_from, valid_to = b.valid_to, sequence = b.sequence, active = b.active
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'item' AS item, value ->> 'supplier' AS supplier,
                value ->> 'term' AS term, value ->> 'guard' AS guard, value ->> 'version' AS version,
                value ->> 'unit' AS unit, value ->> 'currency' AS currency, value ->> 'price' AS price,
                value ->> 'price_per' AS price_per, value ->> 'discount' AS discount,
                value ->> 'break_quantity' AS break_quantity, value ->> 'minimum' AS minimum,
                value ->> 'multiple' AS multiple, value ->> 'maximum' AS maximum,
                value ->> 'lead_time_days' AS lead_time_days, value ->> 'valid_from' AS valid_from,
                value ->> 'valid_to' AS valid_to, value ->> 'sequence' AS sequence, value ->> 'active' AS active
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.supplier = b.supplier
        AND t.term = b.term
        AND t.version = b.guard",
    postgres: "
        UPDATE supplier_term AS t
        SET version = b.version, unit = b.unit, currency = b.currency, price = b.price, price_per = b.price_per,
            discount = b.discount, break_quantity = b.break_quantity, minimum = b.minimum,
            multiple = b.multiple, maximum = b.maximum, lead_time_days = b.lead_time_days,
            valid_from = b.valid_from, valid_to = b.valid_to, sequence = b.sequence, active = b.active
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, supplier text, term text, guard bigint, version bigint, unit text,
            currency text, price bigint, price_per bigint, discount bigint, break_quantity bigint,
            minimum bigint, multiple bigint, maximum bigint, lead_time_days bigint, valid_from text,
            valid_to text, sequence bigint, active boolean
        )
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.supplier = b.supplier
        AND t.term = b.term
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, TermRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        item: &row.key.item,
        supplier: &row.key.supplier,
        term: &row.key.term,
        version: row.version,
        unit: &row.unit,
        currency: row.price.currency.to_string(),
        price: row.price.units,
        price_per: row.price_per.0,
        discount: row.discount.0,
        break_quantity: row.break_quantity.0,
        minimum: row.minimum.0,
        multiple: row.multiple.map(|q| q.0),
        maximum: row.maximum.map(|q| q.0),
        lead_time_days: row.lead_time_days,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
        sequence: row.sequence,
        active: row.active,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Terms of an item.
pub(crate) const PAGE: Sql = Sql::same(
    "supplier_term",
    "
        SELECT t.tenant, t.item, t.supplier, t.term, t.version, t.unit, t.currency, t.price, t.price_per, t.discount,
          t.break_quantity, t.minimum, t.multiple, t.maximum, t.lead_time_days, t.valid_from, t.valid_to,
          t.sequence, t.active
        FROM supplier_term AS t
        WHERE t.tenant = $1
        AND t.item = $2
        AND (t.supplier, t.term) > ($3, $4)
        ORDER BY t.supplier, t.term
        LIMIT $5",
);

/// Reads the terms of an item for people.
pub(crate) async fn of_item(
    connection: &mut Conn,
    tenant: TenantId,
    item: &str,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<TermRow>, StoreError> {
    let query = sqlx::query(text(&PAGE))
        .bind(tenant.0)
        .bind(item.to_owned())
        .bind(after.0.to_owned())
        .bind(after.1.to_owned())
        .bind(limit);
    page(connection, query, &PAGE, decode).await
}

#[derive(Serialize)]
struct ItemKey<'a> {
    tenant: TenantId,
    item: &'a str,
}

/// Terms of items, each with the item's own factor for its unit. No lock: for a reorder run.
pub(crate) const OFFERS: Sql = Sql {
    table: "supplier_term",
    sqlite: "
        SELECT t.tenant, t.item, t.supplier, t.term, t.version, t.unit, t.currency, t.price, t.price_per, t.discount,
          t.break_quantity, t.minimum, t.multiple, t.maximum, t.lead_time_days, t.valid_from, t.valid_to,
          t.sequence, t.active, u.numerator, u.denominator
        FROM json_each($1) AS b
        CROSS JOIN supplier_term AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.item = b.value ->> 'item'
        LEFT JOIN item_unit AS u
        ON u.tenant = t.tenant
        AND u.item = t.item
        AND u.unit = t.unit
        ORDER BY t.item, t.supplier, t.term",
    postgres: "
        SELECT t.tenant, t.item, t.supplier, t.term, t.version, t.unit, t.currency, t.price, t.price_per, t.discount,
          t.break_quantity, t.minimum, t.multiple, t.maximum, t.lead_time_days, t.valid_from, t.valid_to,
          t.sequence, t.active, u.numerator, u.denominator
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text)
        JOIN supplier_term AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        LEFT JOIN item_unit AS u
        ON u.tenant = t.tenant
        AND u.item = t.item
        AND u.unit = t.unit
        ORDER BY t.item, t.supplier, t.term",
};

/// Reads the terms of items for a reorder run.
pub(crate) async fn offers(
    connection: &mut Conn,
    tenant: TenantId,
    items: &[&str],
) -> Result<Vec<(TermRow, Option<Factor>)>, StoreError> {
    let keys: Vec<ItemKey<'_>> = items.iter().map(|item| ItemKey { tenant, item }).collect();
    let with_factor = |row: &Row| {
        let factor = Reader::new(TABLE, &["item", "supplier", "term"], row).maybe_factor()?;
        Ok((decode(row)?.1, factor))
    };
    fetch(connection, &OFFERS, &keys, with_factor).await
}

fn decode(row: &Row) -> Result<(TenantId, TermRow), StoreError> {
    let row = Reader::new(TABLE, &["item", "supplier", "term"], row);
    let found = TermRow {
        key: TermKey { item: row.text("item")?, supplier: row.text("supplier")?, term: row.text("term")? },
        version: row.int("version")?,
        unit: row.text("unit")?,
        price: row.money("price")?,
        price_per: row.quantity("price_per")?,
        discount: Percent(row.int("discount")?),
        break_quantity: row.quantity("break_quantity")?,
        minimum: row.quantity("minimum")?,
        multiple: row.maybe_quantity("multiple")?,
        maximum: row.maybe_quantity("maximum")?,
        lead_time_days: row.maybe_int("lead_time_days")?,
        valid_from: row.maybe_day("valid_from")?,
        valid_to: row.maybe_day("valid_to")?,
        sequence: row.int("sequence")?,
        active: row.flag("active")?,
    };
    Ok((row.tenant()?, found))
}

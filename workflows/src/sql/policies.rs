//! Reorder policies: loaded, listed, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::super::text;
use super::columns::Reader;
use super::{Conn, Row, fetch, page, write};
use crate::fold::{Images, Write};
use crate::row::{PolicyRow, StockKey};
use crate::statement::Sql;

const TABLE: &str = "reorder_policy";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a StockKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    guard: i64,
    item: &'a str,
    location: &'a str,
    version: i64,
    method: &'static str,
    trigger: &'static str,
    order_point: i64,
    order_up_to: Option<i64>,
    quantity: Option<i64>,
    maximum: Option<i64>,
    maximum_rule: &'static str,
    active: bool,
    snoozed_until: Option<jiff::civil::Date>,
}

/// Loads rows. No lock: the version, or the unique reference, guards what is written.
pub(crate) const LOAD: Sql = Sql {
    table: "reorder_policy",
    sqlite: "
        SELECT t.tenant, t.item, t.location, t.version, t.method, t.trigger, t.order_point, t.order_up_to,
          t.quantity, t.maximum, t.maximum_rule, t.active, t.snoozed_until
        FROM json_each($1) AS b
        CROSS JOIN reorder_policy AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.item = b.value ->> 'item'
        AND t.location = b.value ->> 'location'
        ORDER BY t.tenant, t.item, t.location",
    postgres: "
        SELECT t.tenant, t.item, t.location, t.version, t.method, t.trigger, t.order_point, t.order_up_to,
          t.quantity, t.maximum, t.maximum_rule, t.active, t.snoozed_until
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, item text, location text)
        JOIN reorder_policy AS t
        ON t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        ORDER BY t.tenant, t.item, t.location",
};

/// Loads rows for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &StockKey)],
) -> Result<Vec<(TenantId, PolicyRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Reads a row for people.
pub(crate) async fn read(
    connection: &mut Conn,
    tenant: TenantId,
    key: &StockKey,
) -> Result<Option<PolicyRow>, StoreError> {
    Ok(load(connection, &[(tenant, key)]).await?.into_iter().next().map(|(_, row)| row))
}

/// Inserts rows; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "reorder_policy",
    sqlite: "
        INSERT OR ROLLBACK INTO reorder_policy (
            tenant, item, location, version, method, trigger, order_point, order_up_to, quantity, maximum,
            maximum_rule, active, snoozed_until
        )
        SELECT
            value ->> 'tenant', value ->> 'item', value ->> 'location', value ->> 'version', value ->> 'method',
            value ->> 'trigger', value ->> 'order_point', value ->> 'order_up_to', value ->> 'quantity',
            value ->> 'maximum', value ->> 'maximum_rule', value ->> 'active', value ->> 'snoozed_until'
        FROM json_each($1)",
    postgres: "
        INSERT INTO reorder_policy (
            tenant, item, location, version, method, trigger, order_point, order_up_to, quantity, maximum,
            maximum_rule, active, snoozed_until
        )
        SELECT
            b.tenant, b.item, b.location, b.version, b.method, b.trigger, b.order_point, b.order_up_to,
            b.quantity, b.maximum, b.maximum_rule, b.active, b.snoozed_until
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, location text, version bigint, method text, trigger text,
            order_point bigint, order_up_to bigint, quantity bigint, maximum bigint, maximum_rule text,
            active boolean, snoozed_until text
        )",
};

/// Updates rows that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "reorder_policy",
    sqlite: "
        UPDATE OR ROLLBACK reorder_policy AS t
        SET version = b.version, method = b.method, trigger = b.trigger, order_point = b.order_point,
            order_up_to = b.order_up_to, quantity = b.quantity, maximum = b.maximum,
            maximum_rule = b.maximum_rule, active = b.active, snoozed_until = b.snoozed_until
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'item' AS item, value ->> 'location' AS location,
                value ->> 'guard' AS guard, value ->> 'version' AS version, value ->> 'method' AS method,
                value ->> 'trigger' AS trigger, value ->> 'order_point' AS order_point,
                value ->> 'order_up_to' AS order_up_to, value ->> 'quantity' AS quantity,
                value ->> 'maximum' AS maximum, value ->> 'maximum_rule' AS maximum_rule,
                value ->> 'active' AS active, value ->> 'snoozed_until' AS snoozed_until
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        AND t.version = b.guard",
    postgres: "
        UPDATE reorder_policy AS t
        SET version = b.version, method = b.method, trigger = b.trigger, order_point = b.order_point,
            order_up_to = b.order_up_to, quantity = b.quantity, maximum = b.maximum,
            maximum_rule = b.maximum_rule, active = b.active, snoozed_until = b.snoozed_until
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, item text, location text, guard bigint, version bigint, method text, trigger text,
            order_point bigint, order_up_to bigint, quantity bigint, maximum bigint, maximum_rule text,
            active boolean, snoozed_until text
        )
        WHERE t.tenant = b.tenant
        AND t.item = b.item
        AND t.location = b.location
        AND t.version = b.guard",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, PolicyRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|Write { tenant, base, row }| Image {
        tenant: *tenant,
        guard: *base,
        item: &row.key.item,
        location: &row.key.location,
        version: row.version,
        method: row.method.as_str(),
        trigger: row.trigger.as_str(),
        order_point: row.order_point.0,
        order_up_to: row.order_up_to.map(|q| q.0),
        quantity: row.quantity.map(|q| q.0),
        maximum: row.maximum.map(|q| q.0),
        maximum_rule: row.maximum_rule.as_str(),
        active: row.active,
        snoozed_until: row.snoozed_until,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.guard == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

/// Policies of a tenant by item and location.
pub(crate) const PAGE: Sql = Sql::same(
    "reorder_policy",
    "
        SELECT t.tenant, t.item, t.location, t.version, t.method, t.trigger, t.order_point, t.order_up_to,
          t.quantity, t.maximum, t.maximum_rule, t.active, t.snoozed_until
        FROM reorder_policy AS t
        WHERE t.tenant = $1
        AND (t.item, t.location) > ($2, $3)
        ORDER BY t.item, t.location
        LIMIT $4",
);

/// Reads policies for people.
pub(crate) async fn after(
    connection: &mut Conn,
    tenant: TenantId,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<PolicyRow>, StoreError> {
    let query = sqlx::query(text(&PAGE)).bind(tenant.0).bind(after.0.to_owned()).bind(after.1.to_owned()).bind(limit);
    page(connection, query, &PAGE, decode).await
}

fn decode(row: &Row) -> Result<(TenantId, PolicyRow), StoreError> {
    let row = Reader::new(TABLE, &["item", "location"], row);
    let found = PolicyRow {
        key: StockKey { item: row.text("item")?, location: row.text("location")? },
        version: row.int("version")?,
        method: row.parsed("method")?,
        trigger: row.parsed("trigger")?,
        order_point: row.quantity("order_point")?,
        order_up_to: row.maybe_quantity("order_up_to")?,
        quantity: row.maybe_quantity("quantity")?,
        maximum: row.maybe_quantity("maximum")?,
        maximum_rule: row.parsed("maximum_rule")?,
        active: row.flag("active")?,
        snoozed_until: row.maybe_day("snoozed_until")?,
    };
    Ok((row.tenant()?, found))
}

//! Budgets: loaded, inserted, updated.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::columns::Reader;
use super::{Conn, Row, fetch, write};
use crate::fold::Images;
use crate::row::{BudgetKey, BudgetRow};
use crate::statement::Sql;

const TABLE: &str = "budget";

#[derive(Serialize)]
struct Key<'a> {
    tenant: TenantId,
    #[serde(flatten)]
    key: &'a BudgetKey,
}

#[derive(Serialize)]
struct Image<'a> {
    tenant: TenantId,
    unit: &'a str,
    currency: String,
    base: i64,
    version: i64,
    amount: i64,
    reserved: i64,
}

/// Loads budgets and locks them.
pub(crate) const LOAD: Sql = Sql {
    table: "budget",
    sqlite: "
        SELECT t.tenant, t.unit, t.currency, t.version, t.amount, t.reserved
        FROM json_each($1) AS b
        CROSS JOIN budget AS t
        ON t.tenant = b.value ->> 'tenant'
        AND t.unit = b.value ->> 'unit'
        AND t.currency = b.value ->> 'currency'
        ORDER BY t.tenant, t.unit, t.currency",
    postgres: "
        SELECT t.tenant, t.unit, t.currency, t.version, t.amount, t.reserved
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, unit text, currency text)
        JOIN budget AS t
        ON t.tenant = b.tenant
        AND t.unit = b.unit
        AND t.currency = b.currency
        ORDER BY t.tenant, t.unit, t.currency
        FOR NO KEY UPDATE OF t",
};

/// Loads budgets for deciding.
pub(crate) async fn load(
    connection: &mut Conn,
    keys: &[(TenantId, &BudgetKey)],
) -> Result<Vec<(TenantId, BudgetRow)>, StoreError> {
    let keys: Vec<Key<'_>> = keys.iter().map(|(tenant, key)| Key { tenant: *tenant, key }).collect();
    fetch(connection, &LOAD, &keys, decode).await
}

/// Reads budgets without a lock.
pub(crate) const READ: Sql = Sql {
    table: "budget",
    // SQLite has no row locks: its statement is the same.
    sqlite: LOAD.sqlite,
    postgres: "
        SELECT t.tenant, t.unit, t.currency, t.version, t.amount, t.reserved
        FROM json_to_recordset($1::text::json) AS b(tenant bigint, unit text, currency text)
        JOIN budget AS t
        ON t.tenant = b.tenant
        AND t.unit = b.unit
        AND t.currency = b.currency
        ORDER BY t.tenant, t.unit, t.currency",
};

/// Reads a budget for people.
pub(crate) async fn read(
    connection: &mut Conn,
    tenant: TenantId,
    key: &BudgetKey,
) -> Result<Option<BudgetRow>, StoreError> {
    let rows = fetch(connection, &READ, &[Key { tenant, key }], decode).await?;
    Ok(rows.into_iter().next().map(|(_, row)| row))
}

/// Inserts budgets; each must be new.
pub(crate) const INSERT: Sql = Sql {
    table: "budget",
    sqlite: "
        INSERT OR ROLLBACK INTO budget (
            tenant, unit, currency, version, amount, reserved
        )
        SELECT
            value ->> 'tenant', value ->> 'unit', value ->> 'currency', value ->> 'version',
            value ->> 'amount', value ->> 'reserved'
        FROM json_each($1)",
    postgres: "
        INSERT INTO budget (
            tenant, unit, currency, version, amount, reserved
        )
        SELECT
            b.tenant, b.unit, b.currency, b.version, b.amount, b.reserved
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, unit text, currency text, version bigint, amount bigint, reserved bigint
        )",
};

/// Updates budgets that are still at the version they were loaded with.
pub(crate) const UPDATE: Sql = Sql {
    table: "budget",
    sqlite: "
        UPDATE OR ROLLBACK budget AS t
        SET version = b.version, amount = b.amount, reserved = b.reserved
        FROM (
            SELECT
                value ->> 'tenant' AS tenant, value ->> 'unit' AS unit, value ->> 'currency' AS currency,
                value ->> 'base' AS base, value ->> 'version' AS version, value ->> 'amount' AS amount,
                value ->> 'reserved' AS reserved
            FROM json_each($1)
        ) AS b
        WHERE t.tenant = b.tenant
        AND t.unit = b.unit
        AND t.currency = b.currency
        AND t.version = b.base",
    postgres: "
        UPDATE budget AS t
        SET version = b.version, amount = b.amount, reserved = b.reserved
        FROM json_to_recordset($1::text::json) AS b(
            tenant bigint, unit text, currency text, base bigint, version bigint, amount bigint,
            reserved bigint
        )
        WHERE t.tenant = b.tenant
        AND t.unit = b.unit
        AND t.currency = b.currency
        AND t.version = b.base",
};

/// Writes the last images of a batch.
pub(crate) async fn save(connection: &mut Conn, writes: &Images<'_, BudgetRow>) -> Result<(), StoreError> {
    let images = writes.values().map(|write| Image {
        tenant: write.tenant,
        unit: &write.row.unit,
        currency: write.row.amount.currency.to_string(),
        base: write.base,
        version: write.row.version,
        amount: write.row.amount.units,
        reserved: write.row.reserved.units,
    });
    let (new, old): (Vec<_>, Vec<_>) = images.partition(|image| image.base == 0);
    write(connection, &INSERT, &new).await?;
    write(connection, &UPDATE, &old).await
}

fn decode(row: &Row) -> Result<(TenantId, BudgetRow), StoreError> {
    let row = Reader::new(TABLE, &["unit", "currency"], row);
    let budget = BudgetRow {
        unit: row.text("unit")?,
        version: row.int("version")?,
        amount: row.money("amount")?,
        reserved: row.money("reserved")?,
    };
    Ok((row.tenant()?, budget))
}

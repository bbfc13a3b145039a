//! The statements of the domain, a file a noun, each with its two texts side by side. This folder is mounted twice, by
//! `sqlite.rs` and by `postgres.rs`, each naming its driver (`Conn`, `Row`) and its dialect (`text`).
//!
//! Every batch statement has one parameter: the rows of the batch as a JSON array, the tenant among their columns. So the
//! code that binds is written once; what differs between the texts is how the array is read (`json_each`,
//! `json_to_recordset`), and that PostgreSQL locks what is loaded (SQLite's writer
//! is alone). `OR ROLLBACK` spares SQLite the statement journal: what fails takes its transaction with it.

pub(crate) mod budgets;
pub(crate) mod columns;
pub(crate) mod lines;
pub(crate) mod orders;
pub(crate) mod series;

use std::collections::BTreeSet;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use super::{Conn, Row, text};
use crate::facts::Facts;
use crate::fold::Batch;
use crate::row::{LineRow, LineSet, Need, Op, OrderRow};
use crate::statement::{Sql, broken};

/// All batch statements, for a test that looks at their plans. Each takes one JSON array as text.
#[allow(dead_code, reason = "one of the two mounts is asked for both texts")]
pub(crate) const STATEMENTS: &[Sql] = &[
    orders::LOAD,
    orders::READ,
    orders::INSERT,
    orders::UPDATE,
    lines::READ,
    lines::DELETE,
    lines::INSERT,
    budgets::LOAD,
    budgets::INSERT,
    budgets::UPDATE,
    series::LOAD,
    series::INSERT,
    series::UPDATE,
];

/// Reads, and locks, table by table in the order of [`Need`], keys rising: the order of the locks.
pub(crate) async fn load(
    connection: &mut Conn,
    needs: &BTreeSet<(TenantId, Need)>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let (mut order_keys, mut line_keys, mut budget_keys, mut series_keys) = (vec![], vec![], vec![], vec![]);
    for (tenant, need) in needs {
        match need {
            Need::Order(id) => order_keys.push((*tenant, *id)),
            Need::Lines(id) => line_keys.push((*tenant, *id)),
            Need::Budget(key) => budget_keys.push((*tenant, key)),
            Need::Series(key) => series_keys.push((*tenant, key)),
        }
    }
    if !order_keys.is_empty() {
        for (tenant, row) in orders::load(connection, order_keys.into_iter()).await? {
            facts.loaded(tenant, Op::PurchaseOrder(Box::new(row)));
        }
    }
    if !line_keys.is_empty() {
        let rows = lines::read(connection, line_keys.into_iter()).await?;
        for rows in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((tenant, order, _)) = rows.first() else { continue };
            let lines = rows.iter().map(|(_, _, line)| line.clone()).collect();
            facts.loaded(*tenant, Op::PurchaseOrderLine(LineSet { order: *order, lines }));
        }
    }
    if !budget_keys.is_empty() {
        for (tenant, row) in budgets::load(connection, budget_keys.into_iter()).await? {
            facts.loaded(tenant, Op::Budget(row));
        }
    }
    if !series_keys.is_empty() {
        for (tenant, row) in series::load(connection, series_keys.into_iter()).await? {
            facts.loaded(tenant, Op::NumberSeries(row));
        }
    }
    Ok(())
}

/// Writes the last images of a batch, table by table in the same order.
pub(crate) async fn save(connection: &mut Conn, batch: &Batch<'_>) -> Result<(), StoreError> {
    orders::save(connection, &batch.orders).await?;
    lines::save(connection, &batch.lines, |tenant, order| batch.is_new(tenant, order)).await?;
    budgets::save(connection, &batch.budgets).await?;
    series::save(connection, &batch.series).await
}

/// An order with its lines, for people.
pub(crate) async fn order(
    connection: &mut Conn,
    tenant: TenantId,
    id: InstanceId,
) -> Result<Option<(OrderRow, Vec<LineRow>)>, StoreError> {
    let Some(row) = orders::read(connection, tenant, id).await? else {
        return Ok(None);
    };
    let lines = lines::read(connection, std::iter::once((tenant, id))).await?;
    Ok(Some((row, lines.into_iter().map(|(_, _, line)| line).collect())))
}

/// Runs a query with the rows of `batch`.
async fn fetch<T>(
    connection: &mut Conn,
    statement: &Sql,
    batch: &[impl Serialize],
    decode: fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    let rows = sqlx::query(text(statement)).bind(array(batch)?).fetch_all(connection).await;
    rows.map_err(|error| broken(error, statement.table))?.iter().map(decode).collect()
}

/// Writes the rows of `batch`, each of which must be there to write.
async fn write(connection: &mut Conn, statement: &Sql, batch: &[impl Serialize]) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    let written = execute(connection, statement, array(batch)?).await?;
    if usize::try_from(written) == Ok(batch.len()) {
        Ok(())
    } else {
        Err(StoreError::Conflict(statement.table.to_owned()))
    }
}

/// Removes what the rows of `batch` name, however much that is.
async fn remove(connection: &mut Conn, statement: &Sql, batch: &[impl Serialize]) -> Result<(), StoreError> {
    if batch.is_empty() {
        return Ok(());
    }
    execute(connection, statement, array(batch)?).await.map(drop)
}

async fn execute(connection: &mut Conn, statement: &Sql, batch: String) -> Result<u64, StoreError> {
    let done = sqlx::query(text(statement)).bind(batch).execute(connection).await;
    done.map(|done| done.rows_affected()).map_err(|error| broken(error, statement.table))
}

fn array(batch: &[impl Serialize]) -> Result<String, StoreError> {
    serde_json::to_string(batch).map_err(|error| StoreError::Unavailable(format!("a batch cannot be written: {error}")))
}

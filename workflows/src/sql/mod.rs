//! The statements of the domain, a file a noun, each with its two texts side by side. This folder is mounted twice, by
//! `sqlite.rs` and by `postgres.rs`, each naming its driver (`Conn`, `Row`) and its dialect (`text`).
//!
//! Every batch statement has one parameter: the rows of the batch as a JSON array, the tenant among their columns. So the
//! code that binds is written once; what differs between the texts is how the array is read (`json_each`,
//! `json_to_recordset`), and that PostgreSQL locks what is loaded (SQLite's writer
//! is alone). `OR ROLLBACK` spares SQLite the statement journal: what fails takes its transaction with it.

pub(crate) mod budgets;
mod by_code;
pub(crate) mod columns;
pub(crate) mod company;
pub(crate) mod demand;
pub(crate) mod digests;
pub(crate) mod item_units;
pub(crate) mod items;
pub(crate) mod lines;
pub(crate) mod locations;
pub(crate) mod movements;
pub(crate) mod orders;
pub(crate) mod paid;
pub(crate) mod policies;
pub(crate) mod preferences;
pub(crate) mod reorder_lines;
pub(crate) mod series;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod shortfalls;
pub(crate) mod stock;
pub(crate) mod suppliers;
pub(crate) mod terms;
pub(crate) mod totals;
pub(crate) mod traffic;
pub(crate) mod units;
pub(crate) mod webhooks;

use std::collections::BTreeSet;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;
use sqlx::query::Query;

use super::{Arguments, Conn, Db, Row, text};
use crate::facts::Facts;
use crate::fold::Batch;
use crate::row::{LineRow, LineSet, Need, Op, OrderRow, ReorderLineRow, Rows, run_of};
use crate::statement::{Sql, broken};

/// All batch statements, for a test that looks at their plans. Each takes one JSON array as text.
#[allow(dead_code, reason = "one of the two mounts is asked for both texts")]
pub(crate) const STATEMENTS: &[Sql] = &[
    orders::LOAD,
    orders::READ,
    orders::INSERT,
    orders::UPDATE,
    lines::READ,
    lines::OPEN,
    lines::DELETE,
    lines::INSERT,
    budgets::LOAD,
    budgets::INSERT,
    budgets::UPDATE,
    company::LOAD,
    company::INSERT,
    company::UPDATE,
    settings::LOAD,
    settings::INSERT,
    settings::UPDATE,
    preferences::LOAD,
    preferences::INSERT,
    preferences::UPDATE,
    suppliers::LOAD,
    suppliers::LOAD_ALIKE,
    suppliers::INSERT,
    suppliers::UPDATE,
    items::LOAD,
    items::INSERT,
    items::UPDATE,
    units::LOAD,
    units::INSERT,
    units::UPDATE,
    item_units::LOAD,
    item_units::INSERT,
    item_units::UPDATE,
    locations::LOAD,
    locations::INSERT,
    locations::UPDATE,
    terms::LOAD,
    terms::OFFERS,
    terms::INSERT,
    terms::UPDATE,
    policies::LOAD,
    policies::INSERT,
    policies::UPDATE,
    stock::LOAD,
    stock::READ,
    stock::INSERT,
    stock::UPDATE,
    movements::LOAD,
    movements::INSERT,
    demand::LOAD,
    demand::INSERT,
    demand::UPDATE,
    shortfalls::INSERT,
    reorder_lines::INSERT,
    reorder_lines::READ,
    series::LOAD,
    series::INSERT,
    series::UPDATE,
];

/// The keys of one kind of need, rising.
fn keys<'n, K>(needs: &'n BTreeSet<(TenantId, Need)>, pick: fn(&'n Need) -> Option<&'n K>) -> Vec<(TenantId, &'n K)> {
    needs.iter().filter_map(|(tenant, need)| Some((*tenant, pick(need)?))).collect()
}

/// The key of a need of one kind.
macro_rules! pick {
    ($kind:ident) => {
        |need| match need {
            Need::$kind(key) => Some(key),
            _ => None,
        }
    };
}

/// Reads, and locks, table by table in the order of [`Need`], keys rising: the order of the locks.
pub(crate) async fn load(
    connection: &mut Conn,
    needs: &BTreeSet<(TenantId, Need)>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    load_orders(connection, needs, facts).await?;
    for (tenant, row) in budgets::load(connection, &keys(needs, pick!(Budget))).await? {
        facts.loaded(tenant, Op::Budget(row));
    }
    load_master_data(connection, needs, facts).await?;
    for (tenant, row) in stock::load(connection, &keys(needs, pick!(Stock))).await? {
        facts.loaded(tenant, Op::StockLevel(Rows(vec![row])));
    }
    for (tenant, row) in movements::load(connection, &keys(needs, pick!(Movement))).await? {
        facts.loaded(tenant, Op::StockMovement(Rows(vec![row])));
    }
    for (tenant, row) in demand::load(connection, &keys(needs, pick!(Demand))).await? {
        facts.loaded(tenant, Op::Demand(Rows(vec![row])));
    }
    for (tenant, row) in series::load(connection, &keys(needs, pick!(Series))).await? {
        facts.loaded(tenant, Op::NumberSeries(row));
    }
    Ok(())
}

async fn load_orders(
    connection: &mut Conn,
    needs: &BTreeSet<(TenantId, Need)>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    for (tenant, row) in orders::load(connection, &keys(needs, pick!(Order))).await? {
        facts.loaded(tenant, Op::PurchaseOrder(Box::new(row)));
    }
    let rows = lines::read(connection, &keys(needs, pick!(Lines))).await?;
    for rows in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        let Some((tenant, order, _)) = rows.first() else { continue };
        let lines = rows.iter().map(|(_, _, line)| line.clone()).collect();
        facts.loaded(*tenant, Op::PurchaseOrderLine(LineSet { order: *order, lines }));
    }
    Ok(())
}

async fn load_master_data(
    connection: &mut Conn,
    needs: &BTreeSet<(TenantId, Need)>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    let asked = needs.iter().filter(|(_, need)| *need == Need::Company).map(|(tenant, _)| *tenant);
    for (tenant, row) in company::load(connection, &asked.collect::<Vec<_>>()).await? {
        facts.loaded(tenant, Op::Company(row));
    }
    for (tenant, row) in settings::load(connection, &keys(needs, pick!(Setting))).await? {
        facts.loaded(tenant, Op::Setting(row));
    }
    for (tenant, row) in preferences::load(connection, &keys(needs, pick!(Preference))).await? {
        facts.loaded(tenant, Op::Preference(row));
    }
    for (tenant, row) in suppliers::load(connection, &keys(needs, pick!(Supplier))).await? {
        facts.loaded(tenant, Op::Supplier(Box::new(row)));
    }
    for (tenant, row) in suppliers::load_alike(connection, &keys(needs, pick!(SupplierLike))).await? {
        facts.loaded(tenant, Op::Supplier(Box::new(row)));
    }
    for (tenant, row) in items::load(connection, &keys(needs, pick!(Item))).await? {
        facts.loaded(tenant, Op::Item(row));
    }
    for (tenant, row) in units::load(connection, &keys(needs, pick!(Unit))).await? {
        facts.loaded(tenant, Op::UnitOfMeasure(row));
    }
    for (tenant, row) in item_units::load(connection, &keys(needs, pick!(ItemUnit))).await? {
        facts.loaded(tenant, Op::ItemUnit(row));
    }
    for (tenant, row) in locations::load(connection, &keys(needs, pick!(Location))).await? {
        facts.loaded(tenant, Op::Location(row));
    }
    for (tenant, row) in terms::load(connection, &keys(needs, pick!(Term))).await? {
        facts.loaded(tenant, Op::SupplierTerm(Box::new(row)));
    }
    for (tenant, row) in policies::load(connection, &keys(needs, pick!(Policy))).await? {
        facts.loaded(tenant, Op::ReorderPolicy(Box::new(row)));
    }
    Ok(())
}

/// Writes the last images of a batch, table by table in the same order.
pub(crate) async fn save(connection: &mut Conn, batch: &Batch<'_>) -> Result<(), StoreError> {
    orders::save(connection, &batch.orders).await?;
    lines::save(connection, &batch.lines, |tenant, order| batch.is_new(tenant, order)).await?;
    budgets::save(connection, &batch.budgets).await?;
    company::save(connection, &batch.company).await?;
    settings::save(connection, &batch.settings).await?;
    preferences::save(connection, &batch.preferences).await?;
    suppliers::save(connection, &batch.suppliers).await?;
    items::save(connection, &batch.items).await?;
    units::save(connection, &batch.units).await?;
    item_units::save(connection, &batch.item_units).await?;
    locations::save(connection, &batch.locations).await?;
    terms::save(connection, &batch.terms).await?;
    policies::save(connection, &batch.policies).await?;
    stock::save(connection, &batch.stock).await?;
    movements::append(connection, &batch.movements).await?;
    demand::save(connection, &batch.demand).await?;
    shortfalls::append(connection, &batch.shortfalls).await?;
    reorder_lines::append(connection, &batch.reorder_lines).await?;
    series::save(connection, &batch.series).await
}

/// An order with its lines, for people. Why a run ordered them stands beside the run.
pub(crate) async fn order(
    connection: &mut Conn,
    tenant: TenantId,
    id: InstanceId,
) -> Result<Option<(OrderRow, Vec<LineRow>)>, StoreError> {
    let Some(row) = orders::read(connection, tenant, id).await? else {
        return Ok(None);
    };
    let lines = lines::read(connection, &[(tenant, &id)]).await?;
    let mut lines: Vec<LineRow> = lines.into_iter().map(|(_, _, line)| line).collect();
    if let Some(run) = run_of(&row) {
        let whys = reorder_lines::of_lines(connection, tenant, run, &lines).await?;
        ReorderLineRow::explain(whys, &row, &mut lines);
    }
    Ok(Some((row, lines)))
}

/// Runs a query with the rows of `batch`.
async fn fetch<T>(
    connection: &mut Conn,
    statement: &Sql,
    batch: &[impl Serialize],
    decode: fn(&Row) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    if batch.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(text(statement)).bind(array(batch)?).fetch_all(connection).await;
    rows.map_err(|error| broken(error, statement.table))?.iter().map(decode).collect()
}

/// Runs a query of people.
async fn page<T>(
    connection: &mut Conn,
    query: Query<'_, Db, Arguments>,
    statement: &Sql,
    decode: fn(&Row) -> Result<(TenantId, T), StoreError>,
) -> Result<Vec<T>, StoreError> {
    let rows = query.fetch_all(connection).await.map_err(|error| broken(error, statement.table))?;
    rows.iter().map(|row| decode(row).map(|(_, row)| row)).collect()
}

/// Runs a query that has one row.
async fn fetch_one(connection: &mut Conn, query: Query<'_, Db, Arguments>, statement: &Sql) -> Result<Row, StoreError> {
    query.fetch_one(connection).await.map_err(|error| broken(error, statement.table))
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

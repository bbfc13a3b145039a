//! Reading and writing for a whole batch, in the batch's transaction.

use std::collections::BTreeSet;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, Persist, StoreError};

use crate::facts::Facts;
use crate::fold::Batch;
use crate::memory::Memory;
use crate::procurement::Procurement;
use crate::row::{LineSet, Need, Op};
use crate::sql::{Link, budgets, lines, orders, series};

impl Persist for Procurement {
    type Memory = Memory;

    async fn load(
        &self,
        connection: Connection<'_, Memory>,
        needs: &BTreeSet<(TenantId, Need)>,
        facts: &mut Facts,
    ) -> Result<(), StoreError> {
        match connection {
            Connection::Memory(memory) => memory.load(needs, facts),
            Connection::Sqlite(connection) => load(Link::Sqlite(connection), needs, facts).await?,
            Connection::Postgres(connection) => load(Link::Postgres(connection), needs, facts).await?,
        }
        for (tenant, need) in needs {
            facts.looked_up(*tenant, need);
        }
        Ok(())
    }

    async fn write(&self, connection: Connection<'_, Memory>, ops: &[(TenantId, Op)]) -> Result<(), StoreError> {
        if ops.is_empty() {
            return Ok(());
        }
        let batch = Batch::of(ops);
        match connection {
            Connection::Memory(memory) => memory.write(&batch),
            Connection::Sqlite(connection) => write(Link::Sqlite(connection), &batch).await,
            Connection::Postgres(connection) => write(Link::Postgres(connection), &batch).await,
        }
    }
}

/// Table by table in the order of [`Need`], keys rising: the order of the locks.
async fn load(
    mut link: Link<'_>,
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
        for (tenant, row) in orders::load(&mut link, order_keys.into_iter()).await? {
            facts.loaded(tenant, Op::PurchaseOrder(Box::new(row)));
        }
    }
    if !line_keys.is_empty() {
        let rows = lines::read(&mut link, line_keys.into_iter()).await?;
        for rows in rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let Some((tenant, order, _)) = rows.first() else { continue };
            let lines = rows.iter().map(|(_, _, line)| line.clone()).collect();
            facts.loaded(*tenant, Op::PurchaseOrderLine(LineSet { order: *order, lines }));
        }
    }
    if !budget_keys.is_empty() {
        for (tenant, row) in budgets::load(&mut link, budget_keys.into_iter()).await? {
            facts.loaded(tenant, Op::Budget(row));
        }
    }
    if !series_keys.is_empty() {
        for (tenant, row) in series::load(&mut link, series_keys.into_iter()).await? {
            facts.loaded(tenant, Op::NumberSeries(row));
        }
    }
    Ok(())
}

async fn write(mut link: Link<'_>, batch: &Batch<'_>) -> Result<(), StoreError> {
    orders::save(&mut link, &batch.orders).await?;
    lines::save(&mut link, &batch.lines, |tenant, order| batch.is_new(tenant, order)).await?;
    budgets::save(&mut link, &batch.budgets).await?;
    series::save(&mut link, &batch.series).await
}

//! The domain's tables in memory: what simulations and scenarios run on. Same guards, same conflicts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use crate::facts::Facts;
use crate::fold::{Batch, Write};
use crate::row::{BudgetKey, BudgetRow, LineRow, LineSet, Need, Op, OrderRow, SeriesKey, SeriesRow};

/// The tables, by tenant and key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    orders: BTreeMap<(TenantId, InstanceId), OrderRow>,
    lines: BTreeMap<(TenantId, InstanceId), Vec<LineRow>>,
    numbers: BTreeMap<(TenantId, Arc<str>), InstanceId>,
    budgets: BTreeMap<(TenantId, BudgetKey), BudgetRow>,
    series: BTreeMap<(TenantId, SeriesKey), SeriesRow>,
}

impl Memory {
    pub(crate) fn load(&self, needs: &BTreeSet<(TenantId, Need)>, facts: &mut Facts) {
        for (tenant, need) in needs {
            let op = match need {
                Need::Order(id) => self.orders.get(&(*tenant, *id)).map(|row| Op::PurchaseOrder(Box::new(row.clone()))),
                Need::Lines(id) => self
                    .lines
                    .get(&(*tenant, *id))
                    .map(|lines| Op::PurchaseOrderLine(LineSet { order: *id, lines: lines.clone() })),
                Need::Budget(key) => self.budgets.get(&(*tenant, key.clone())).cloned().map(Op::Budget),
                Need::Series(key) => self.series.get(&(*tenant, key.clone())).cloned().map(Op::NumberSeries),
            };
            if let Some(op) = op {
                facts.loaded(*tenant, op);
            }
        }
    }

    pub(crate) fn order(&self, tenant: TenantId, id: InstanceId) -> Option<(OrderRow, Vec<LineRow>)> {
        let row = self.orders.get(&(tenant, id)).cloned()?;
        Some((row, self.lines.get(&(tenant, id)).cloned().unwrap_or_default()))
    }

    pub(crate) fn by_number(&self, tenant: TenantId, number: &str) -> Option<InstanceId> {
        self.numbers.get(&(tenant, number.into())).copied()
    }

    /// Newest first, older than `before`.
    pub(crate) fn page(&self, tenant: TenantId, before: InstanceId, most: usize) -> Vec<OrderRow> {
        let older = self.orders.range((tenant, InstanceId(uuid::Uuid::nil()))..(tenant, before));
        older.rev().take(most).map(|(_, row)| row.clone()).collect()
    }

    /// Checks every guard, then changes: all or nothing.
    pub(crate) fn write(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        for Write { tenant, base, row } in &batch.orders {
            guard("purchase_order", *base, self.orders.get(&(*tenant, row.id)).map(|row| row.version))?;
            let owner = row.number.clone().and_then(|number| self.numbers.get(&(*tenant, number)));
            if owner.is_some_and(|owner| *owner != row.id) {
                return Err(StoreError::Conflict("purchase_order".to_owned()));
            }
        }
        for Write { tenant, base, row } in &batch.budgets {
            guard("budget", *base, self.budgets.get(&(*tenant, row.key())).map(|row| row.version))?;
        }
        for Write { tenant, base, row } in &batch.series {
            guard("number_series", *base, self.series.get(&(*tenant, row.key.clone())).map(|row| row.version))?;
        }
        for write in &batch.orders {
            let (tenant, row) = (write.tenant, write.row);
            if let Some(number) = row.number.clone() {
                self.numbers.insert((tenant, number), row.id);
            }
            self.orders.insert((tenant, row.id), row.clone());
        }
        for (tenant, set) in &batch.lines {
            self.lines.insert((*tenant, set.order), set.lines.clone());
        }
        for write in &batch.budgets {
            self.budgets.insert((write.tenant, write.row.key()), write.row.clone());
        }
        for write in &batch.series {
            self.series.insert((write.tenant, write.row.key.clone()), write.row.clone());
        }
        Ok(())
    }
}

fn guard(table: &'static str, base: i64, stored: Option<i64>) -> Result<(), StoreError> {
    if stored.unwrap_or(0) == base { Ok(()) } else { Err(StoreError::Conflict(table.to_owned())) }
}

//! Orders, their lines and their numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use super::{Memory, guard, put};
use crate::fold::{Batch, Write};
use crate::row::{LineRow, OrderRow, OrderStatus, PaidRow, ReorderLineRow, run_of};

impl Memory {
    pub(crate) fn order(&self, tenant: TenantId, id: InstanceId) -> Option<(OrderRow, Vec<LineRow>)> {
        let row = self.orders.get(&(tenant, id)).cloned()?;
        let mut lines = self.lines.get(&(tenant, id)).cloned().unwrap_or_default();
        if let Some(run) = run_of(&row) {
            let whys = lines.iter().filter_map(|line| self.reorder_lines.get(&(tenant, run, line.stock()?)).cloned());
            ReorderLineRow::explain(whys.collect(), &row, &mut lines);
        }
        Some((row, lines))
    }

    pub(crate) fn by_number(&self, tenant: TenantId, number: &str) -> Option<InstanceId> {
        self.numbers.get(&(tenant, number.into())).copied()
    }

    /// Newest first, older than `before`.
    pub(crate) fn page(&self, tenant: TenantId, before: InstanceId, most: usize) -> Vec<OrderRow> {
        let older = self.orders.range((tenant, InstanceId(uuid::Uuid::nil()))..(tenant, before));
        older.rev().take(most).map(|(_, row)| row.clone()).collect()
    }

    /// What was paid for items in the orders before one that were issued, newest first; of each item so many of its newest lines
    /// are looked at, issued or not.
    pub(crate) fn paid_before(
        &self,
        (tenant, before): (TenantId, InstanceId),
        items: &BTreeSet<Arc<str>>,
        lines: i64,
    ) -> Vec<PaidRow> {
        let issued = [OrderStatus::Ordered, OrderStatus::Received, OrderStatus::Closed];
        let mut left: BTreeMap<&Arc<str>, i64> = items.iter().map(|item| (item, lines)).collect();
        let mut paid = Vec::new();
        for (key, row) in self.orders.range((tenant, InstanceId(uuid::Uuid::nil()))..(tenant, before)).rev() {
            for line in self.lines.get(key).into_iter().flatten() {
                let Some(left) = left.get_mut(&line.item).filter(|left| **left > 0) else { continue };
                *left -= 1;
                if issued.contains(&row.status) {
                    paid.push(PaidRow {
                        order: row.id,
                        number: row.number.clone(),
                        supplier: row.supplier.clone(),
                        item: line.item.clone(),
                        unit: line.unit.clone(),
                        price: line.price,
                    });
                }
            }
            if left.values().all(|left| *left == 0) {
                break;
            }
        }
        paid
    }

    pub(super) fn check_orders(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        guard("purchase_order", &batch.orders, &self.orders)?;
        for Write { tenant, row, .. } in batch.orders.values() {
            let owner = row.number.clone().and_then(|number| self.numbers.get(&(*tenant, number)));
            if owner.is_some_and(|owner| *owner != row.id) {
                return Err(StoreError::Conflict("purchase_order".to_owned()));
            }
        }
        Ok(())
    }

    pub(super) fn put_orders(&mut self, batch: &Batch<'_>) {
        for Write { tenant, row, .. } in batch.orders.values() {
            if let Some(number) = row.number.clone() {
                self.numbers.insert((*tenant, number), row.id);
            }
        }
        put(&batch.orders, &mut self.orders);
        self.lines.extend(batch.lines.iter().map(|(key, set)| (*key, set.lines.clone())));
    }
}

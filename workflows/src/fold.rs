//! The changes of a batch as rows to write: the last image per row, guarded by the version before the first image.

use std::collections::BTreeMap;

use fluxor_engine::ids::{InstanceId, TenantId};

use crate::row::{BudgetKey, BudgetRow, LineSet, Op, OrderRow, SeriesKey, SeriesRow};

/// A row's last image in a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Write<R> {
    /// Whose.
    pub(crate) tenant: TenantId,
    /// The version that was loaded; 0: a new row, which must not exist.
    pub(crate) base: i64,
    /// The new image.
    pub(crate) row: R,
}

/// What a batch writes, each table in the order of its keys.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    pub(crate) orders: Vec<Write<&'a OrderRow>>,
    pub(crate) lines: Vec<(TenantId, &'a LineSet)>,
    pub(crate) budgets: Vec<Write<&'a BudgetRow>>,
    pub(crate) series: Vec<Write<&'a SeriesRow>>,
}

impl<'a> Batch<'a> {
    /// Folds the changes, in order.
    pub(crate) fn of(ops: &'a [(TenantId, Op)]) -> Self {
        let mut orders: BTreeMap<(TenantId, InstanceId), Write<&OrderRow>> = BTreeMap::new();
        let mut lines: BTreeMap<(TenantId, InstanceId), &LineSet> = BTreeMap::new();
        let mut budgets: BTreeMap<(TenantId, BudgetKey), Write<&BudgetRow>> = BTreeMap::new();
        let mut series: BTreeMap<(TenantId, &SeriesKey), Write<&SeriesRow>> = BTreeMap::new();
        for (tenant, op) in ops {
            let tenant = *tenant;
            match op {
                Op::PurchaseOrder(row) => last(&mut orders, (tenant, row.id), tenant, row.version, row),
                Op::PurchaseOrderLine(set) => drop(lines.insert((tenant, set.order), set)),
                Op::Budget(row) => last(&mut budgets, (tenant, row.key()), tenant, row.version, row),
                Op::NumberSeries(row) => last(&mut series, (tenant, &row.key), tenant, row.version, row),
            }
        }
        Self {
            orders: orders.into_values().collect(),
            lines: lines.into_iter().map(|((tenant, _), set)| (tenant, set)).collect(),
            budgets: budgets.into_values().collect(),
            series: series.into_values().collect(),
        }
    }

    /// Whether the batch inserts this order, which can have no lines yet.
    pub(crate) fn is_new(&self, tenant: TenantId, order: InstanceId) -> bool {
        let found = self.orders.binary_search_by_key(&(tenant, order), |write| (write.tenant, write.row.id));
        found.is_ok_and(|i| self.orders[i].base == 0)
    }
}

fn last<'a, K: Ord, R>(rows: &mut BTreeMap<K, Write<&'a R>>, key: K, tenant: TenantId, version: i64, row: &'a R) {
    rows.entry(key).and_modify(|write| write.row = row).or_insert(Write { tenant, base: version - 1, row });
}

//! The rows that were loaded for a batch, as its commands have changed them so far.
//!
//! What must hold: "loaded and absent" and "not loaded" are told apart; [`Facts::undo`] is the exact inverse of
//! [`Facts::apply`]; loading never overwrites what is there (it may hold changes of the batch).

use std::collections::BTreeMap;

use fluxor_engine::ids::{InstanceId, TenantId};

use crate::row::{BudgetKey, BudgetRow, LineRow, Need, Op, OrderRow, SeriesKey, SeriesRow};

/// Rows of one table by tenant and key: no entry, not loaded; `None`, loaded and absent.
type Known<K, R> = BTreeMap<(TenantId, K), Option<R>>;

/// The rows loaded for a batch, of any number of tenants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    orders: Known<InstanceId, OrderRow>,
    /// An order without lines has an empty list.
    lines: Known<InstanceId, Vec<LineRow>>,
    budgets: Known<BudgetKey, BudgetRow>,
    series: Known<SeriesKey, SeriesRow>,
}

/// What [`Facts::apply`] replaced.
#[derive(Debug)]
pub enum Undo {
    /// An order.
    Order((TenantId, InstanceId), Option<Option<OrderRow>>),
    /// The lines of an order.
    Lines((TenantId, InstanceId), Option<Option<Vec<LineRow>>>),
    /// A budget.
    Budget((TenantId, BudgetKey), Option<Option<BudgetRow>>),
    /// A number series.
    Series((TenantId, SeriesKey), Option<Option<SeriesRow>>),
}

impl Facts {
    /// The order of an instance.
    ///
    /// # Errors
    /// What to load first.
    pub fn order(&self, tenant: TenantId, id: InstanceId) -> Result<Option<&OrderRow>, Need> {
        self.orders.get(&(tenant, id)).map(Option::as_ref).ok_or(Need::Order(id))
    }

    /// The lines of an order; an order without lines has an empty list.
    ///
    /// # Errors
    /// What to load first.
    pub fn lines(&self, tenant: TenantId, id: InstanceId) -> Result<&[LineRow], Need> {
        let known = self.lines.get(&(tenant, id)).ok_or(Need::Lines(id))?;
        Ok(known.as_deref().unwrap_or_default())
    }

    /// A budget.
    ///
    /// # Errors
    /// What to load first.
    pub fn budget(&self, tenant: TenantId, key: &BudgetKey) -> Result<Option<&BudgetRow>, Need> {
        self.budgets.get(&(tenant, key.clone())).map(Option::as_ref).ok_or_else(|| Need::Budget(key.clone()))
    }

    /// A number series.
    ///
    /// # Errors
    /// What to load first.
    pub fn series(&self, tenant: TenantId, key: &SeriesKey) -> Result<Option<&SeriesRow>, Need> {
        self.series.get(&(tenant, key.clone())).map(Option::as_ref).ok_or_else(|| Need::Series(key.clone()))
    }

    /// Whether the rows of `need` are there.
    #[must_use]
    pub fn has(&self, tenant: TenantId, need: &Need) -> bool {
        match need {
            Need::Order(id) => self.orders.contains_key(&(tenant, *id)),
            Need::Lines(id) => self.lines.contains_key(&(tenant, *id)),
            Need::Budget(key) => self.budgets.contains_key(&(tenant, key.clone())),
            Need::Series(key) => self.series.contains_key(&(tenant, key.clone())),
        }
    }

    /// Notes that `need` was looked up: what [`Facts::loaded`] has not brought is absent.
    pub(crate) fn looked_up(&mut self, tenant: TenantId, need: &Need) {
        match need {
            Need::Order(id) => {
                self.orders.entry((tenant, *id)).or_insert(None);
            }
            Need::Lines(id) => {
                self.lines.entry((tenant, *id)).or_insert_with(|| Some(Vec::new()));
            }
            Need::Budget(key) => {
                self.budgets.entry((tenant, key.clone())).or_insert(None);
            }
            Need::Series(key) => {
                self.series.entry((tenant, key.clone())).or_insert(None);
            }
        }
    }

    /// Notes a row as it is stored, unless it is known already.
    pub(crate) fn loaded(&mut self, tenant: TenantId, op: Op) {
        match op {
            Op::PurchaseOrder(row) => {
                self.orders.entry((tenant, row.id)).or_insert(Some(*row));
            }
            Op::PurchaseOrderLine(set) => {
                self.lines.entry((tenant, set.order)).or_insert(Some(set.lines));
            }
            Op::Budget(row) => {
                self.budgets.entry((tenant, row.key())).or_insert(Some(row));
            }
            Op::NumberSeries(row) => {
                self.series.entry((tenant, row.key.clone())).or_insert(Some(row));
            }
        }
    }

    /// Shows a change to the rest of the batch.
    pub fn apply(&mut self, tenant: TenantId, op: &Op) -> Undo {
        fn put<K: Ord + Clone, R>(
            known: &mut Known<K, R>,
            key: (TenantId, K),
            row: R,
        ) -> ((TenantId, K), Option<Option<R>>) {
            let before = known.insert(key.clone(), Some(row));
            (key, before)
        }
        match op {
            Op::PurchaseOrder(row) => {
                let (key, before) = put(&mut self.orders, (tenant, row.id), OrderRow::clone(row));
                Undo::Order(key, before)
            }
            Op::PurchaseOrderLine(set) => {
                let (key, before) = put(&mut self.lines, (tenant, set.order), set.lines.clone());
                Undo::Lines(key, before)
            }
            Op::Budget(row) => {
                let (key, before) = put(&mut self.budgets, (tenant, row.key()), row.clone());
                Undo::Budget(key, before)
            }
            Op::NumberSeries(row) => {
                let (key, before) = put(&mut self.series, (tenant, row.key.clone()), row.clone());
                Undo::Series(key, before)
            }
        }
    }

    /// Takes a change back, in reverse order of applying.
    pub fn undo(&mut self, undo: Undo) {
        fn put_back<K: Ord, R>(known: &mut Known<K, R>, key: (TenantId, K), before: Option<Option<R>>) {
            match before {
                Some(row) => known.insert(key, row),
                None => known.remove(&key),
            };
        }
        match undo {
            Undo::Order(key, before) => put_back(&mut self.orders, key, before),
            Undo::Lines(key, before) => put_back(&mut self.lines, key, before),
            Undo::Budget(key, before) => put_back(&mut self.budgets, key, before),
            Undo::Series(key, before) => put_back(&mut self.series, key, before),
        }
    }
}

#[cfg(test)]
mod tests;

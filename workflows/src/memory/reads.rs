//! Pages for people, as the databases give them.

use std::ops::Bound;
use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};

use super::{Memory, Table, row};
use crate::quantity::Quantity;
use crate::reads::Totals;
use crate::row::{
    BudgetKey, BudgetRow, CompanyRow, DemandRow, ItemRow, ItemUnitKey, ItemUnitRow, Keyed, LocationRow, MovementRow,
    OrderRow, PolicyRow, PreferenceRow, SettingRow, StockKey, StockRow, SupplierRow, TermKey, TermRow, UnitRow,
};

/// Rows behind a key, while they belong to it.
fn page<R: Keyed + Clone>(
    table: &Table<R>,
    tenant: TenantId,
    after: R::Key,
    most: usize,
    belongs: impl Fn(&R) -> bool,
) -> Vec<R> {
    let behind = table.range((Bound::Excluded((tenant, after)), Bound::Unbounded));
    let own = behind.take_while(|((of, _), _)| *of == tenant).map(|(_, row)| row);
    own.filter(|row| belongs(row)).take(most).cloned().collect()
}

fn place(item: &str, location: &str) -> StockKey {
    StockKey { item: item.into(), location: location.into() }
}

impl Memory {
    pub(crate) fn company(&self, tenant: TenantId) -> Option<CompanyRow> {
        row(&self.company, tenant, &())
    }

    pub(crate) fn orders_from(&self, tenant: TenantId, source: &str, after: InstanceId, most: usize) -> Vec<OrderRow> {
        page(&self.orders, tenant, after, usize::MAX, |row| row.source.as_deref() == Some(source))
            .into_iter()
            .take(most)
            .collect()
    }

    pub(crate) fn budget(&self, tenant: TenantId, key: &BudgetKey) -> Option<BudgetRow> {
        row(&self.budgets, tenant, key)
    }

    pub(crate) fn supplier(&self, tenant: TenantId, code: &Arc<str>) -> Option<SupplierRow> {
        row(&self.suppliers, tenant, code)
    }

    pub(crate) fn suppliers(&self, tenant: TenantId, after: &str, most: usize) -> Vec<SupplierRow> {
        page(&self.suppliers, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn item(&self, tenant: TenantId, code: &Arc<str>) -> Option<ItemRow> {
        row(&self.items, tenant, code)
    }

    pub(crate) fn items(&self, tenant: TenantId, after: &str, most: usize) -> Vec<ItemRow> {
        page(&self.items, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn unit(&self, tenant: TenantId, code: &Arc<str>) -> Option<UnitRow> {
        row(&self.units, tenant, code)
    }

    pub(crate) fn units(&self, tenant: TenantId, after: &str, most: usize) -> Vec<UnitRow> {
        page(&self.units, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn setting(&self, tenant: TenantId, code: &Arc<str>) -> Option<SettingRow> {
        row(&self.settings, tenant, code)
    }

    pub(crate) fn preference(&self, tenant: TenantId, person: &Arc<str>) -> Option<PreferenceRow> {
        row(&self.preferences, tenant, person)
    }

    pub(crate) fn preferences(&self, tenant: TenantId, after: &str, most: usize) -> Vec<PreferenceRow> {
        page(&self.preferences, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn settings(&self, tenant: TenantId, after: &str, most: usize) -> Vec<SettingRow> {
        page(&self.settings, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn location(&self, tenant: TenantId, code: &Arc<str>) -> Option<LocationRow> {
        row(&self.locations, tenant, code)
    }

    pub(crate) fn locations(&self, tenant: TenantId, after: &str, most: usize) -> Vec<LocationRow> {
        page(&self.locations, tenant, after.into(), most, |_| true)
    }

    pub(crate) fn item_units(&self, tenant: TenantId, item: &str, after: &str, most: usize) -> Vec<ItemUnitRow> {
        let after = ItemUnitKey { item: item.into(), unit: after.into() };
        page(&self.item_units, tenant, after, most, |row| &*row.key.item == item)
    }

    pub(crate) fn terms(&self, tenant: TenantId, item: &str, after: (&str, &str), most: usize) -> Vec<TermRow> {
        let after = TermKey { item: item.into(), supplier: after.0.into(), term: after.1.into() };
        page(&self.terms, tenant, after, most, |row| &*row.key.item == item)
    }

    pub(crate) fn policy(&self, tenant: TenantId, key: &StockKey) -> Option<PolicyRow> {
        row(&self.policies, tenant, key)
    }

    pub(crate) fn policies(&self, tenant: TenantId, after: (&str, &str), most: usize) -> Vec<PolicyRow> {
        page(&self.policies, tenant, place(after.0, after.1), most, |_| true)
    }

    pub(crate) fn stock_level(&self, tenant: TenantId, key: &StockKey) -> Option<StockRow> {
        row(&self.stock, tenant, key)
    }

    pub(crate) fn stock_of(&self, tenant: TenantId, item: &str, after: &str, most: usize) -> Vec<StockRow> {
        page(&self.stock, tenant, place(item, after), most, |row| &*row.key.item == item)
    }

    pub(crate) fn stock_at(&self, tenant: TenantId, location: &str, after: &str, most: usize) -> Vec<StockRow> {
        let here = |row: &StockRow| &*row.key.location == location && &*row.key.item > after;
        page(&self.stock, tenant, place(after, ""), most, here)
    }

    pub(crate) fn stock_levels(&self, tenant: TenantId, after: (&str, &str), most: usize) -> Vec<StockRow> {
        page(&self.stock, tenant, place(after.0, after.1), most, |_| true)
    }

    pub(crate) fn newest(&self, tenant: TenantId, key: &StockKey, before: i64, most: usize) -> Vec<MovementRow> {
        let older = self.movements.range((tenant, key.clone(), 0)..(tenant, key.clone(), before));
        older.rev().take(most).map(|(_, row)| row.clone()).collect()
    }

    pub(crate) fn open_demand(&self, tenant: TenantId, key: &StockKey, after: &str, most: usize) -> Vec<DemandRow> {
        page(&self.demand, tenant, after.into(), most, |row| row.done_at.is_none() && row.stock() == *key)
    }

    pub(crate) fn totals(&self, tenant: TenantId) -> Totals {
        let mut totals = Totals::default();
        let add = |count: &mut i64, sums: &mut [(&mut Quantity, Quantity)]| {
            *count += 1;
            sums.iter_mut().for_each(|(sum, more)| sum.0 += more.0);
        };
        for row in self.stock.iter().filter(|((of, _), _)| *of == tenant).map(|(_, row)| row) {
            let (on_hand, on_order, reserved) = (&mut totals.on_hand, &mut totals.on_order, &mut totals.reserved);
            let sums = &mut [(on_hand, row.on_hand), (on_order, row.on_order), (reserved, row.reserved)];
            add(&mut totals.stock_levels, sums);
        }
        for row in self.movements.iter().filter(|((of, ..), _)| *of == tenant).map(|(_, row)| row) {
            add(&mut totals.movements, &mut [(&mut totals.moved, row.quantity)]);
        }
        for row in self.demand.iter().filter(|((of, _), _)| *of == tenant).map(|(_, row)| row) {
            add(&mut totals.demand, &mut [(&mut totals.demanded, row.quantity)]);
            if row.done_at.is_none() {
                add(&mut totals.demand_open, &mut [(&mut totals.demanded_open, row.quantity)]);
            }
        }
        totals
    }
}

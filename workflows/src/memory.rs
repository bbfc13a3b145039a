//! The domain's tables in memory: what simulations and scenarios run on. Same guards, same conflicts.

mod digests;
mod inventory;
mod orders;
mod reads;
mod reorder;
mod sessions;
mod traffic;
mod webhooks;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use crate::facts::Facts;
use crate::fold::{Batch, Images};
use crate::row::{
    BudgetRow, CompanyRow, DemandRow, ItemRow, ItemUnitRow, Keyed, LineRow, LineSet, LocationRow, MovementRow, Need,
    Op, OrderRow, PolicyRow, PreferenceRow, ReorderLineRow, Rows, SeriesRow, SettingRow, ShortfallRow, StockKey,
    StockRow, SupplierRow, TermRow, UnitRow,
};

/// Rows of one table, by tenant and key.
type Table<R> = BTreeMap<(TenantId, <R as Keyed>::Key), R>;

/// The tables.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    orders: Table<OrderRow>,
    lines: BTreeMap<(TenantId, InstanceId), Vec<LineRow>>,
    numbers: BTreeMap<(TenantId, Arc<str>), InstanceId>,
    budgets: Table<BudgetRow>,
    company: Table<CompanyRow>,
    settings: Table<SettingRow>,
    preferences: Table<PreferenceRow>,
    suppliers: Table<SupplierRow>,
    items: Table<ItemRow>,
    units: Table<UnitRow>,
    item_units: Table<ItemUnitRow>,
    locations: Table<LocationRow>,
    terms: Table<TermRow>,
    policies: Table<PolicyRow>,
    stock: Table<StockRow>,
    movements: BTreeMap<(TenantId, StockKey, i64), MovementRow>,
    references: BTreeMap<(TenantId, Arc<str>), (StockKey, i64)>,
    demand: Table<DemandRow>,
    shortfalls: BTreeMap<(TenantId, InstanceId, StockKey), ShortfallRow>,
    reorder_lines: BTreeMap<(TenantId, InstanceId, StockKey), ReorderLineRow>,
    series: Table<SeriesRow>,
    traffic: traffic::Traffic,
    sessions: sessions::Sessions,
    pub(crate) webhooks: webhooks::Webhooks,
    digests: digests::Digests,
}

impl Memory {
    pub(crate) fn load(&self, needs: &BTreeSet<(TenantId, Need)>, facts: &mut Facts) {
        for (tenant, need) in needs {
            if let Some(op) = self.find(*tenant, need) {
                facts.loaded(*tenant, op);
            }
        }
    }

    fn find(&self, tenant: TenantId, need: &Need) -> Option<Op> {
        Some(match need {
            Need::Order(id) => Op::PurchaseOrder(Box::new(row(&self.orders, tenant, id)?)),
            Need::Lines(id) => {
                let lines = self.lines.get(&(tenant, *id)).cloned()?;
                Op::PurchaseOrderLine(LineSet { order: *id, lines })
            }
            Need::Budget(key) => Op::Budget(row(&self.budgets, tenant, key)?),
            Need::Company => Op::Company(row(&self.company, tenant, &())?),
            Need::Setting(key) => Op::Setting(row(&self.settings, tenant, key)?),
            Need::Preference(key) => Op::Preference(row(&self.preferences, tenant, key)?),
            Need::Supplier(key) => Op::Supplier(Box::new(row(&self.suppliers, tenant, key)?)),
            Need::SupplierLike(code) => {
                let alike =
                    |((of, key), _): &(&(TenantId, Arc<str>), _)| *of == tenant && key.eq_ignore_ascii_case(code);
                Op::Supplier(Box::new(self.suppliers.iter().find(alike)?.1.clone()))
            }
            Need::Item(key) => Op::Item(row(&self.items, tenant, key)?),
            Need::Unit(key) => Op::UnitOfMeasure(row(&self.units, tenant, key)?),
            Need::ItemUnit(key) => Op::ItemUnit(row(&self.item_units, tenant, key)?),
            Need::Location(key) => Op::Location(row(&self.locations, tenant, key)?),
            Need::Term(key) => Op::SupplierTerm(Box::new(row(&self.terms, tenant, key)?)),
            Need::Policy(key) => Op::ReorderPolicy(Box::new(row(&self.policies, tenant, key)?)),
            Need::Stock(key) => Op::StockLevel(Rows(vec![row(&self.stock, tenant, key)?])),
            Need::Movement(reference) => {
                let (key, seq) = self.references.get(&(tenant, reference.clone())).cloned()?;
                Op::StockMovement(Rows(vec![self.movements.get(&(tenant, key, seq)).cloned()?]))
            }
            Need::Demand(key) => Op::Demand(Rows(vec![row(&self.demand, tenant, key)?])),
            Need::Series(key) => Op::NumberSeries(row(&self.series, tenant, key)?),
        })
    }

    /// Checks every guard, then changes: all or nothing.
    pub(crate) fn write(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.check_orders(batch)?;
        guard("budget", &batch.budgets, &self.budgets)?;
        guard("company", &batch.company, &self.company)?;
        guard("setting", &batch.settings, &self.settings)?;
        guard("preference", &batch.preferences, &self.preferences)?;
        guard("supplier", &batch.suppliers, &self.suppliers)?;
        guard("item", &batch.items, &self.items)?;
        guard("unit_of_measure", &batch.units, &self.units)?;
        guard("item_unit", &batch.item_units, &self.item_units)?;
        guard("location", &batch.locations, &self.locations)?;
        guard("supplier_term", &batch.terms, &self.terms)?;
        guard("reorder_policy", &batch.policies, &self.policies)?;
        guard("stock_level", &batch.stock, &self.stock)?;
        guard("demand", &batch.demand, &self.demand)?;
        guard("number_series", &batch.series, &self.series)?;
        self.check_movements(batch)?;
        self.check_shortfalls(batch)?;
        self.check_reorder_lines(batch)?;
        self.put_orders(batch);
        put(&batch.budgets, &mut self.budgets);
        put(&batch.company, &mut self.company);
        put(&batch.settings, &mut self.settings);
        put(&batch.preferences, &mut self.preferences);
        put(&batch.suppliers, &mut self.suppliers);
        put(&batch.items, &mut self.items);
        put(&batch.units, &mut self.units);
        put(&batch.item_units, &mut self.item_units);
        put(&batch.locations, &mut self.locations);
        put(&batch.terms, &mut self.terms);
        put(&batch.policies, &mut self.policies);
        put(&batch.stock, &mut self.stock);
        self.put_movements(batch);
        self.put_shortfalls(batch);
        self.put_reorder_lines(batch);
        put(&batch.demand, &mut self.demand);
        put(&batch.series, &mut self.series);
        Ok(())
    }
}

fn row<R: Keyed + Clone>(table: &Table<R>, tenant: TenantId, key: &R::Key) -> Option<R> {
    table.get(&(tenant, key.clone())).cloned()
}

fn guard<R: Keyed>(name: &'static str, images: &Images<'_, R>, table: &Table<R>) -> Result<(), StoreError> {
    for (key, write) in images {
        if table.get(key).map_or(0, Keyed::version) != write.base {
            return Err(StoreError::Conflict(name.to_owned()));
        }
    }
    Ok(())
}

fn put<R: Keyed + Clone>(images: &Images<'_, R>, table: &mut Table<R>) {
    table.extend(images.iter().map(|(key, write)| (key.clone(), write.row.clone())));
}

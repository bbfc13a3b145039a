//! The changes of a batch as rows to write: the last image per row, guarded by the version before the first image.

use std::collections::BTreeMap;

use fluxor_engine::ids::{InstanceId, TenantId};

use crate::row::{
    BudgetRow, CompanyRow, DemandRow, ItemRow, ItemUnitRow, Keyed, LineSet, LocationRow, MovementRow, Op, OrderRow,
    PolicyRow, PreferenceRow, ReorderLineRow, SeriesRow, SettingRow, ShortfallRow, StockRow, SupplierRow, TermRow,
    UnitRow,
};

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

/// The last images of one table's rows, in the order of their keys.
pub(crate) type Images<'a, R> = BTreeMap<(TenantId, <R as Keyed>::Key), Write<&'a R>>;

/// What a batch writes, each table in the order of its keys.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    pub(crate) orders: Images<'a, OrderRow>,
    pub(crate) lines: BTreeMap<(TenantId, InstanceId), &'a LineSet>,
    pub(crate) budgets: Images<'a, BudgetRow>,
    pub(crate) company: Images<'a, CompanyRow>,
    pub(crate) settings: Images<'a, SettingRow>,
    pub(crate) preferences: Images<'a, PreferenceRow>,
    pub(crate) suppliers: Images<'a, SupplierRow>,
    pub(crate) items: Images<'a, ItemRow>,
    pub(crate) units: Images<'a, UnitRow>,
    pub(crate) item_units: Images<'a, ItemUnitRow>,
    pub(crate) locations: Images<'a, LocationRow>,
    pub(crate) terms: Images<'a, TermRow>,
    pub(crate) policies: Images<'a, PolicyRow>,
    pub(crate) stock: Images<'a, StockRow>,
    /// Appended, in the order in which they were decided.
    pub(crate) movements: Vec<(TenantId, &'a MovementRow)>,
    pub(crate) demand: Images<'a, DemandRow>,
    /// Appended.
    pub(crate) shortfalls: Vec<(TenantId, &'a ShortfallRow)>,
    /// Appended.
    pub(crate) reorder_lines: Vec<(TenantId, &'a ReorderLineRow)>,
    pub(crate) series: Images<'a, SeriesRow>,
}

impl<'a> Batch<'a> {
    /// Folds the changes, in order.
    pub(crate) fn of(ops: &'a [(TenantId, Op)]) -> Self {
        let mut batch = Self::default();
        for (tenant, op) in ops {
            batch.take(*tenant, op);
        }
        batch
    }

    fn take(&mut self, tenant: TenantId, op: &'a Op) {
        match op {
            Op::PurchaseOrder(row) => last(&mut self.orders, tenant, &**row),
            Op::PurchaseOrderLine(set) => drop(self.lines.insert((tenant, set.order), set)),
            Op::Budget(row) => last(&mut self.budgets, tenant, row),
            Op::Company(row) => last(&mut self.company, tenant, row),
            Op::Setting(row) => last(&mut self.settings, tenant, row),
            Op::Preference(row) => last(&mut self.preferences, tenant, row),
            Op::Supplier(row) => last(&mut self.suppliers, tenant, &**row),
            Op::Item(row) => last(&mut self.items, tenant, row),
            Op::UnitOfMeasure(row) => last(&mut self.units, tenant, row),
            Op::ItemUnit(row) => last(&mut self.item_units, tenant, row),
            Op::Location(row) => last(&mut self.locations, tenant, row),
            Op::SupplierTerm(row) => last(&mut self.terms, tenant, &**row),
            Op::ReorderPolicy(row) => last(&mut self.policies, tenant, &**row),
            Op::StockLevel(rows) => rows.0.iter().for_each(|row| last(&mut self.stock, tenant, row)),
            Op::StockMovement(rows) => self.movements.extend(rows.0.iter().map(|row| (tenant, row))),
            Op::Demand(rows) => rows.0.iter().for_each(|row| last(&mut self.demand, tenant, row)),
            Op::ReorderShortfall(rows) => self.shortfalls.extend(rows.0.iter().map(|row| (tenant, row))),
            Op::ReorderLine(rows) => self.reorder_lines.extend(rows.0.iter().map(|row| (tenant, row))),
            Op::NumberSeries(row) => last(&mut self.series, tenant, row),
        }
    }

    /// Whether the batch inserts this order, which can have no lines yet.
    pub(crate) fn is_new(&self, tenant: TenantId, order: InstanceId) -> bool {
        self.orders.get(&(tenant, order)).is_some_and(|write| write.base == 0)
    }
}

fn last<'a, R: Keyed>(rows: &mut Images<'a, R>, tenant: TenantId, row: &'a R) {
    let first = Write { tenant, base: row.version() - 1, row };
    rows.entry((tenant, row.key())).and_modify(|write| write.row = row).or_insert(first);
}

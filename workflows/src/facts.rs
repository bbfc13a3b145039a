//! The rows that were loaded for a batch, as its commands have changed them so far.
//!
//! What must hold: "loaded and absent" and "not loaded" are told apart; [`Facts::undo`] is the exact inverse of
//! [`Facts::apply`]; loading never overwrites what is there (it may hold changes of the batch). Each noun is a field
//! here and an arm in `facts/change.rs`.

mod change;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use fluxor_engine::ids::{InstanceId, TenantId};

use crate::row::{
    BudgetKey, BudgetRow, CompanyRow, DemandRow, ItemRow, ItemUnitKey, ItemUnitRow, LineRow, LocationRow, MovementRow,
    Need, OrderRow, PolicyRow, PreferenceRow, SeriesKey, SeriesRow, SettingRow, StockKey, StockRow, SupplierRow,
    TermKey, TermRow, UnitRow,
};

pub use change::Undo;

/// Rows of one table by tenant and key: no entry, not loaded; `None`, loaded and absent.
type Known<K, R> = BTreeMap<(TenantId, K), Option<R>>;

/// The rows loaded for a batch, of any number of tenants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    orders: Known<InstanceId, OrderRow>,
    /// An order without lines has an empty list.
    lines: Known<InstanceId, Vec<LineRow>>,
    budgets: Known<BudgetKey, BudgetRow>,
    company: Known<(), CompanyRow>,
    settings: Known<Arc<str>, SettingRow>,
    preferences: Known<Arc<str>, PreferenceRow>,
    suppliers: Known<Arc<str>, SupplierRow>,
    /// The codes in small letters of which all suppliers were loaded that are written so.
    alike: BTreeSet<(TenantId, Arc<str>)>,
    items: Known<Arc<str>, ItemRow>,
    units: Known<Arc<str>, UnitRow>,
    item_units: Known<ItemUnitKey, ItemUnitRow>,
    locations: Known<Arc<str>, LocationRow>,
    terms: Known<TermKey, TermRow>,
    policies: Known<StockKey, PolicyRow>,
    stock: Known<StockKey, StockRow>,
    /// By reference; those without one are not looked up.
    movements: Known<Arc<str>, MovementRow>,
    demand: Known<Arc<str>, DemandRow>,
    series: Known<SeriesKey, SeriesRow>,
}

fn get<'a, K: Ord + Clone, R>(
    known: &'a Known<K, R>,
    tenant: TenantId,
    key: &K,
    need: fn(K) -> Need,
) -> Result<Option<&'a R>, Need> {
    known.get(&(tenant, key.clone())).map(Option::as_ref).ok_or_else(|| need(key.clone()))
}

/// Each answers with the row, with `None` where there is none, or with what to load first.
#[allow(clippy::missing_errors_doc, reason = "said once, above")]
impl Facts {
    /// The order of an instance.
    pub fn order(&self, tenant: TenantId, id: InstanceId) -> Result<Option<&OrderRow>, Need> {
        get(&self.orders, tenant, &id, Need::Order)
    }

    /// The lines of an order; an order without lines has an empty list.
    pub fn lines(&self, tenant: TenantId, id: InstanceId) -> Result<&[LineRow], Need> {
        Ok(get(&self.lines, tenant, &id, Need::Lines)?.map_or(&[], Vec::as_slice))
    }

    /// A budget.
    pub fn budget(&self, tenant: TenantId, key: &BudgetKey) -> Result<Option<&BudgetRow>, Need> {
        get(&self.budgets, tenant, key, Need::Budget)
    }

    /// The company.
    pub fn company(&self, tenant: TenantId) -> Result<Option<&CompanyRow>, Need> {
        get(&self.company, tenant, &(), |()| Need::Company)
    }

    /// A setting.
    pub fn setting(&self, tenant: TenantId, code: &Arc<str>) -> Result<Option<&SettingRow>, Need> {
        get(&self.settings, tenant, code, Need::Setting)
    }

    /// How a person wants to be written to.
    pub fn preference(&self, tenant: TenantId, person: &Arc<str>) -> Result<Option<&PreferenceRow>, Need> {
        get(&self.preferences, tenant, person, Need::Preference)
    }

    /// A supplier.
    pub fn supplier(&self, tenant: TenantId, code: &Arc<str>) -> Result<Option<&SupplierRow>, Need> {
        get(&self.suppliers, tenant, code, Need::Supplier)
    }

    /// The supplier whose code differs from this one by capitals at most: there may be two of old.
    pub fn supplier_like(&self, tenant: TenantId, code: &str) -> Result<Option<&SupplierRow>, Need> {
        let small: Arc<str> = code.to_ascii_lowercase().into();
        if !self.alike.contains(&(tenant, small.clone())) {
            return Err(Need::SupplierLike(small));
        }
        let rows = self.suppliers.range((tenant, "".into())..).take_while(|((of, _), _)| *of == tenant);
        Ok(rows.filter_map(|(_, row)| row.as_ref()).find(|row| row.code.eq_ignore_ascii_case(code)))
    }

    /// An item.
    pub fn item(&self, tenant: TenantId, code: &Arc<str>) -> Result<Option<&ItemRow>, Need> {
        get(&self.items, tenant, code, Need::Item)
    }

    /// A unit of measure.
    pub fn unit(&self, tenant: TenantId, code: &Arc<str>) -> Result<Option<&UnitRow>, Need> {
        get(&self.units, tenant, code, Need::Unit)
    }

    /// A unit of an item.
    pub fn item_unit(&self, tenant: TenantId, key: &ItemUnitKey) -> Result<Option<&ItemUnitRow>, Need> {
        get(&self.item_units, tenant, key, Need::ItemUnit)
    }

    /// A location.
    pub fn location(&self, tenant: TenantId, code: &Arc<str>) -> Result<Option<&LocationRow>, Need> {
        get(&self.locations, tenant, code, Need::Location)
    }

    /// A supplier's term.
    pub fn term(&self, tenant: TenantId, key: &TermKey) -> Result<Option<&TermRow>, Need> {
        get(&self.terms, tenant, key, Need::Term)
    }

    /// A reorder policy.
    pub fn policy(&self, tenant: TenantId, key: &StockKey) -> Result<Option<&PolicyRow>, Need> {
        get(&self.policies, tenant, key, Need::Policy)
    }

    /// How an item stands at a place; no row: nothing was ever there.
    pub fn stock(&self, tenant: TenantId, key: &StockKey) -> Result<Option<&StockRow>, Need> {
        get(&self.stock, tenant, key, Need::Stock)
    }

    /// The movement with this reference.
    pub fn movement(&self, tenant: TenantId, reference: &Arc<str>) -> Result<Option<&MovementRow>, Need> {
        get(&self.movements, tenant, reference, Need::Movement)
    }

    /// The demand with this reference.
    pub fn demand(&self, tenant: TenantId, reference: &Arc<str>) -> Result<Option<&DemandRow>, Need> {
        get(&self.demand, tenant, reference, Need::Demand)
    }

    /// A number series.
    pub fn series(&self, tenant: TenantId, key: &SeriesKey) -> Result<Option<&SeriesRow>, Need> {
        get(&self.series, tenant, key, Need::Series)
    }

    /// Whether the rows of `need` are there.
    #[must_use]
    pub fn has(&self, tenant: TenantId, need: &Need) -> bool {
        fn there<K: Ord + Clone, R>(known: &Known<K, R>, tenant: TenantId, key: &K) -> bool {
            known.contains_key(&(tenant, key.clone()))
        }
        match need {
            Need::Order(id) => there(&self.orders, tenant, id),
            Need::Lines(id) => there(&self.lines, tenant, id),
            Need::Budget(key) => there(&self.budgets, tenant, key),
            Need::Company => there(&self.company, tenant, &()),
            Need::Setting(key) => there(&self.settings, tenant, key),
            Need::Preference(key) => there(&self.preferences, tenant, key),
            Need::Supplier(key) => there(&self.suppliers, tenant, key),
            Need::SupplierLike(code) => self.alike.contains(&(tenant, code.clone())),
            Need::Item(key) => there(&self.items, tenant, key),
            Need::Unit(key) => there(&self.units, tenant, key),
            Need::ItemUnit(key) => there(&self.item_units, tenant, key),
            Need::Location(key) => there(&self.locations, tenant, key),
            Need::Term(key) => there(&self.terms, tenant, key),
            Need::Policy(key) => there(&self.policies, tenant, key),
            Need::Stock(key) => there(&self.stock, tenant, key),
            Need::Movement(key) => there(&self.movements, tenant, key),
            Need::Demand(key) => there(&self.demand, tenant, key),
            Need::Series(key) => there(&self.series, tenant, key),
        }
    }

    /// Notes that `need` was looked up: what [`Facts::loaded`] has not brought is absent.
    pub(crate) fn looked_up(&mut self, tenant: TenantId, need: &Need) {
        fn absent<K: Ord + Clone, R>(known: &mut Known<K, R>, tenant: TenantId, key: &K) {
            known.entry((tenant, key.clone())).or_insert(None);
        }
        match need {
            Need::Order(id) => absent(&mut self.orders, tenant, id),
            // An order without lines has an empty list.
            Need::Lines(id) => {
                self.lines.entry((tenant, *id)).or_insert_with(|| Some(Vec::new()));
            }
            Need::Budget(key) => absent(&mut self.budgets, tenant, key),
            Need::Company => absent(&mut self.company, tenant, &()),
            Need::Setting(key) => absent(&mut self.settings, tenant, key),
            Need::Preference(key) => absent(&mut self.preferences, tenant, key),
            Need::Supplier(key) => absent(&mut self.suppliers, tenant, key),
            Need::SupplierLike(code) => drop(self.alike.insert((tenant, code.clone()))),
            Need::Item(key) => absent(&mut self.items, tenant, key),
            Need::Unit(key) => absent(&mut self.units, tenant, key),
            Need::ItemUnit(key) => absent(&mut self.item_units, tenant, key),
            Need::Location(key) => absent(&mut self.locations, tenant, key),
            Need::Term(key) => absent(&mut self.terms, tenant, key),
            Need::Policy(key) => absent(&mut self.policies, tenant, key),
            Need::Stock(key) => absent(&mut self.stock, tenant, key),
            Need::Movement(key) => absent(&mut self.movements, tenant, key),
            Need::Demand(key) => absent(&mut self.demand, tenant, key),
            Need::Series(key) => absent(&mut self.series, tenant, key),
        }
    }
}

#[cfg(test)]
mod tests;

//! Rows that come in, and changes that are made and taken back.

use fluxor_engine::ids::TenantId;

use super::{Facts, Known};
use crate::row::{Keyed, Op};

/// What takes an [`Facts::apply`] back.
pub struct Undo(Box<dyn FnOnce(&mut Facts) + Send>);

impl std::fmt::Debug for Undo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Undo")
    }
}

/// Where a table's rows are.
type At<K, R> = fn(&mut Facts) -> &mut Known<K, R>;

fn put<K, R>(facts: &mut Facts, at: At<K, R>, rows: impl Iterator<Item = ((TenantId, K), R)>) -> Undo
where
    K: Ord + Clone + Send + 'static,
    R: Send + 'static,
{
    let known = at(facts);
    let put = |(key, row): ((TenantId, K), R)| {
        let before = known.insert(key.clone(), Some(row));
        (key, before)
    };
    let replaced: Vec<_> = rows.map(put).collect();
    Undo(Box::new(move |facts| {
        let known = at(facts);
        for (key, before) in replaced.into_iter().rev() {
            match before {
                Some(row) => known.insert(key, row),
                None => known.remove(&key),
            };
        }
    }))
}

fn one<R: Keyed + Clone + Send + 'static>(facts: &mut Facts, at: At<R::Key, R>, tenant: TenantId, row: &R) -> Undo {
    put(facts, at, std::iter::once(((tenant, row.key()), row.clone())))
}

fn many<R: Keyed + Clone + Send + 'static>(facts: &mut Facts, at: At<R::Key, R>, tenant: TenantId, rows: &[R]) -> Undo {
    put(facts, at, rows.iter().map(|row| ((tenant, row.key()), row.clone())))
}

fn keep<R: Keyed>(known: &mut Known<R::Key, R>, tenant: TenantId, row: R) {
    known.entry((tenant, row.key())).or_insert(Some(row));
}

impl Facts {
    /// Notes a row as it is stored, unless it is known already.
    pub(crate) fn loaded(&mut self, tenant: TenantId, op: Op) {
        match op {
            Op::PurchaseOrder(row) => keep(&mut self.orders, tenant, *row),
            Op::PurchaseOrderLine(set) => {
                self.lines.entry((tenant, set.order)).or_insert(Some(set.lines));
            }
            Op::Budget(row) => keep(&mut self.budgets, tenant, row),
            Op::Company(row) => keep(&mut self.company, tenant, row),
            Op::Setting(row) => keep(&mut self.settings, tenant, row),
            Op::Preference(row) => keep(&mut self.preferences, tenant, row),
            Op::Supplier(row) => keep(&mut self.suppliers, tenant, *row),
            Op::Item(row) => keep(&mut self.items, tenant, row),
            Op::UnitOfMeasure(row) => keep(&mut self.units, tenant, row),
            Op::ItemUnit(row) => keep(&mut self.item_units, tenant, row),
            Op::Location(row) => keep(&mut self.locations, tenant, row),
            Op::SupplierTerm(row) => keep(&mut self.terms, tenant, *row),
            Op::ReorderPolicy(row) => keep(&mut self.policies, tenant, *row),
            Op::StockLevel(rows) => rows.0.into_iter().for_each(|row| keep(&mut self.stock, tenant, row)),
            Op::StockMovement(rows) => {
                for row in rows.0 {
                    if let Some(reference) = row.reference.clone() {
                        self.movements.entry((tenant, reference)).or_insert(Some(row));
                    }
                }
            }
            Op::Demand(rows) => rows.0.into_iter().for_each(|row| keep(&mut self.demand, tenant, row)),
            // Nothing is decided on them.
            Op::ReorderShortfall(_) | Op::ReorderLine(_) => {}
            Op::NumberSeries(row) => keep(&mut self.series, tenant, row),
        }
    }

    /// Shows a change to the rest of the batch.
    pub fn apply(&mut self, tenant: TenantId, op: &Op) -> Undo {
        match op {
            Op::PurchaseOrder(row) => one(self, |f| &mut f.orders, tenant, &**row),
            Op::PurchaseOrderLine(set) => {
                put(self, |f| &mut f.lines, std::iter::once(((tenant, set.order), set.lines.clone())))
            }
            Op::Budget(row) => one(self, |f| &mut f.budgets, tenant, row),
            Op::Company(row) => one(self, |f| &mut f.company, tenant, row),
            Op::Setting(row) => one(self, |f| &mut f.settings, tenant, row),
            Op::Preference(row) => one(self, |f| &mut f.preferences, tenant, row),
            Op::Supplier(row) => one(self, |f| &mut f.suppliers, tenant, &**row),
            Op::Item(row) => one(self, |f| &mut f.items, tenant, row),
            Op::UnitOfMeasure(row) => one(self, |f| &mut f.units, tenant, row),
            Op::ItemUnit(row) => one(self, |f| &mut f.item_units, tenant, row),
            Op::Location(row) => one(self, |f| &mut f.locations, tenant, row),
            Op::SupplierTerm(row) => one(self, |f| &mut f.terms, tenant, &**row),
            Op::ReorderPolicy(row) => one(self, |f| &mut f.policies, tenant, &**row),
            Op::StockLevel(rows) => many(self, |f| &mut f.stock, tenant, &rows.0),
            Op::StockMovement(rows) => {
                let named = rows.0.iter().filter_map(|row| Some(((tenant, row.reference.clone()?), row.clone())));
                put(self, |f| &mut f.movements, named)
            }
            Op::Demand(rows) => many(self, |f| &mut f.demand, tenant, &rows.0),
            Op::ReorderShortfall(_) | Op::ReorderLine(_) => Undo(Box::new(|_| ())),
            Op::NumberSeries(row) => one(self, |f| &mut f.series, tenant, row),
        }
    }

    /// Takes a change back, in reverse order of applying.
    pub fn undo(&mut self, undo: Undo) {
        (undo.0)(self);
    }
}

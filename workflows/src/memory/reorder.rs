//! What a reorder run looks at, and why it ordered what it did.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;

use super::{Memory, row};
use crate::fold::Batch;
use crate::row::{Factor, ItemUnitKey, LineRow, OrderStatus, ReorderLineRow, StockKey, StockRow, TermKey, TermRow};

impl Memory {
    pub(super) fn check_reorder_lines(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let taken = |(tenant, row): &(_, &ReorderLineRow)| {
            self.reorder_lines.contains_key(&(*tenant, row.run, row.key.clone()))
        };
        match batch.reorder_lines.iter().any(taken) {
            true => Err(StoreError::Conflict("reorder_line".to_owned())),
            false => Ok(()),
        }
    }

    pub(super) fn put_reorder_lines(&mut self, batch: &Batch<'_>) {
        for (tenant, row) in &batch.reorder_lines {
            self.reorder_lines.insert((*tenant, row.run, row.key.clone()), (*row).clone());
        }
    }

    pub(crate) fn stock_all(&self, tenant: TenantId, keys: &[&StockKey]) -> Vec<StockRow> {
        keys.iter().filter_map(|key| row(&self.stock, tenant, key)).collect()
    }

    /// Terms of items, each with the item's own factor for its unit.
    pub(crate) fn offers(&self, tenant: TenantId, items: &[&str]) -> Vec<(TermRow, Option<Factor>)> {
        let of = |item: &&str| {
            let first = TermKey { item: (*item).into(), supplier: "".into(), term: "".into() };
            let behind = self.terms.range((tenant, first)..).map(|(_, term)| term);
            behind.take_while(|term| *term.key.item == **item).cloned().collect::<Vec<_>>()
        };
        let with_factor = |term: TermRow| {
            let key = ItemUnitKey { item: term.key.item.clone(), unit: term.unit.clone() };
            let factor = row(&self.item_units, tenant, &key).map(|unit| unit.factor);
            (term, factor)
        };
        items.iter().flat_map(of).map(with_factor).collect()
    }

    /// What is open of orders that are not closed, with their status.
    pub(crate) fn open_lines(&self, tenant: TenantId, keys: &[&StockKey]) -> Vec<(OrderStatus, LineRow)> {
        let own = self.orders.iter().filter(|((of, _), order)| *of == tenant && !order.status.is_closed());
        let lines = own.flat_map(|(key, order)| {
            self.lines.get(key).into_iter().flatten().map(|line| (order.status, line.clone()))
        });
        let open = lines.filter(|(_, line)| line.received < line.quantity);
        open.filter(|(_, line)| line.stock().is_some_and(|key| keys.contains(&&key))).collect()
    }
}

//! What a reorder run looks at.

use fluxor_engine::ids::TenantId;

use super::{Memory, row};
use crate::row::{Factor, ItemUnitKey, LineRow, OrderStatus, StockKey, StockRow, TermKey, TermRow};

impl Memory {
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

//! Where the rows of a reorder run come from: one consistent view of the store, a few statements a page.
//!
//! Suppliers, units and locations are few beside items: each is read once and kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, StoreError};

use super::shortage::OnOrder;
use crate::memory::Memory;
use crate::quantity::Quantity;
use crate::row::{
    Factor, ItemRow, LineRow, LocationRow, OrderStatus, PolicyRow, StockKey, StockRow, SupplierRow, TermRow, UnitRow,
};
use crate::{postgres, sqlite};

type Kept<R> = BTreeMap<Arc<str>, Option<R>>;

/// A tenant's rows.
pub(super) struct Source<'c> {
    connection: Connection<'c, Memory>,
    tenant: TenantId,
    suppliers: Kept<SupplierRow>,
    units: Kept<UnitRow>,
    locations: Kept<LocationRow>,
}

/// Asks the store that is connected; memory answers at once.
macro_rules! ask {
    ($source:expr, $noun:ident::$function:ident($($argument:expr),*), $memory:ident => $answer:expr) => {
        match &mut $source.connection {
            Connection::Memory($memory) => Ok($answer),
            Connection::Sqlite(connection) => sqlite::sql::$noun::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::$noun::$function(connection, $($argument),*).await,
        }
    };
}

/// Reads those rows by their codes that have not been read yet.
macro_rules! keep {
    ($source:expr, $kept:ident, $codes:expr, $one:ident) => {{
        let mut missing: Vec<Arc<str>> = $codes.filter(|code| !$source.$kept.contains_key(code)).collect();
        missing.sort_unstable();
        missing.dedup();
        let keys: Vec<(TenantId, &Arc<str>)> = missing.iter().map(|code| ($source.tenant, code)).collect();
        let found: Result<Vec<_>, StoreError> = ask!($source, $kept::load(&keys), memory => {
            keys.iter().filter_map(|(tenant, code)| Some((*tenant, memory.$one(*tenant, code)?))).collect()
        });
        $source.$kept.extend(missing.iter().map(|code| (code.clone(), None)));
        $source.$kept.extend(found?.into_iter().map(|(_, row)| (row.code.clone(), Some(row))));
        Ok::<(), StoreError>(())
    }};
}

impl<'c> Source<'c> {
    pub(super) fn new(connection: Connection<'c, Memory>, tenant: TenantId) -> Self {
        let (suppliers, units, locations) = (Kept::new(), Kept::new(), Kept::new());
        Self { connection, tenant, suppliers, units, locations }
    }

    /// Policies behind a key, by item and location.
    pub(super) async fn policies(&mut self, after: (&str, &str), most: i64) -> Result<Vec<PolicyRow>, StoreError> {
        let count = usize::try_from(most).unwrap_or(0);
        ask!(self, policies::after(self.tenant, after, most), memory => memory.policies(self.tenant, after, count))
    }

    pub(super) async fn policy(&mut self, key: &StockKey) -> Result<Option<PolicyRow>, StoreError> {
        ask!(self, policies::read(self.tenant, key), memory => memory.policy(self.tenant, key))
    }

    pub(super) async fn stock(&mut self, keys: &[&StockKey]) -> Result<BTreeMap<StockKey, StockRow>, StoreError> {
        let rows: Result<Vec<StockRow>, StoreError> =
            ask!(self, stock::read_all(self.tenant, keys), memory => memory.stock_all(self.tenant, keys));
        Ok(rows?.into_iter().map(|row| (row.key.clone(), row)).collect())
    }

    pub(super) async fn items(&mut self, codes: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, ItemRow>, StoreError> {
        let keys: Vec<(TenantId, &Arc<str>)> = codes.iter().map(|code| (self.tenant, code)).collect();
        let rows: Result<Vec<_>, StoreError> = ask!(self, items::load(&keys), memory => {
            keys.iter().filter_map(|(tenant, code)| Some((*tenant, memory.item(*tenant, code)?))).collect()
        });
        Ok(rows?.into_iter().map(|(_, row)| (row.code.clone(), row)).collect())
    }

    /// Terms of items by item, each with the item's own factor for its unit.
    pub(super) async fn terms(
        &mut self,
        items: &[&str],
    ) -> Result<BTreeMap<Arc<str>, Vec<(TermRow, Option<Factor>)>>, StoreError> {
        let rows: Result<Vec<_>, StoreError> =
            ask!(self, terms::offers(self.tenant, items), memory => memory.offers(self.tenant, items));
        let mut by_item = BTreeMap::<Arc<str>, Vec<_>>::new();
        for row in rows? {
            by_item.entry(row.0.key.item.clone()).or_default().push(row);
        }
        Ok(by_item)
    }

    /// What is on order at places, by how far the order is.
    pub(super) async fn on_order(&mut self, keys: &[&StockKey]) -> Result<BTreeMap<StockKey, OnOrder>, StoreError> {
        let rows: Result<Vec<(OrderStatus, LineRow)>, StoreError> =
            ask!(self, lines::open(self.tenant, keys), memory => memory.open_lines(self.tenant, keys));
        let mut by_place = BTreeMap::<StockKey, OnOrder>::new();
        for (status, line) in rows? {
            let Some(key) = line.stock() else { continue };
            let kinds = by_place.entry(key).or_default();
            let kind = match status {
                OrderStatus::Draft => &mut kinds.draft,
                OrderStatus::InReview => &mut kinds.in_approval,
                OrderStatus::Approved => &mut kinds.approved,
                _ => &mut kinds.sent,
            };
            // As the stock level counts it: all of the line less what has come, each rounded once.
            let counted = |quantity: Quantity| Some(line.factor?.apply(quantity)?.0);
            if let Some((all, come)) = counted(line.quantity).zip(counted(line.received)) {
                kind.0 = kind.0.saturating_add(all.saturating_sub(come));
            }
        }
        Ok(by_place)
    }

    pub(super) async fn keep_suppliers(&mut self, codes: impl Iterator<Item = Arc<str>>) -> Result<(), StoreError> {
        keep!(self, suppliers, codes, supplier)
    }

    pub(super) async fn keep_units(&mut self, codes: impl Iterator<Item = Arc<str>>) -> Result<(), StoreError> {
        keep!(self, units, codes, unit)
    }

    pub(super) async fn keep_locations(&mut self, codes: impl Iterator<Item = Arc<str>>) -> Result<(), StoreError> {
        keep!(self, locations, codes, location)
    }

    pub(super) fn supplier(&self, code: &str) -> Option<&SupplierRow> {
        self.suppliers.get(code)?.as_ref()
    }

    pub(super) fn unit(&self, code: &str) -> Option<&UnitRow> {
        self.units.get(code)?.as_ref()
    }

    pub(super) fn location(&self, code: &str) -> Option<&LocationRow> {
        self.locations.get(code)?.as_ref()
    }
}

//! The ledger: appended, never changed, and a reference is there once.

use std::collections::BTreeSet;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::StoreError;

use super::Memory;
use crate::fold::Batch;
use crate::row::{ShortfallRow, StockKey};

impl Memory {
    pub(super) fn check_movements(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let taken = || StoreError::Conflict("stock_movement".to_owned());
        let (mut places, mut named) = (BTreeSet::new(), BTreeSet::new());
        for (tenant, row) in &batch.movements {
            let place = (*tenant, row.key.clone(), row.seq);
            if self.movements.contains_key(&place) || !places.insert(place) {
                return Err(taken());
            }
            let Some(reference) = row.reference.clone() else { continue };
            let reference = (*tenant, reference);
            if self.references.contains_key(&reference) || !named.insert(reference) {
                return Err(taken());
            }
        }
        Ok(())
    }

    pub(super) fn check_shortfalls(&self, batch: &Batch<'_>) -> Result<(), StoreError> {
        let taken =
            |(tenant, row): &(_, &ShortfallRow)| self.shortfalls.contains_key(&(*tenant, row.run, row.key.clone()));
        match batch.shortfalls.iter().any(taken) {
            true => Err(StoreError::Conflict("reorder_shortfall".to_owned())),
            false => Ok(()),
        }
    }

    pub(super) fn put_shortfalls(&mut self, batch: &Batch<'_>) {
        for (tenant, row) in &batch.shortfalls {
            self.shortfalls.insert((*tenant, row.run, row.key.clone()), (*row).clone());
        }
    }

    /// What a run did not order, behind `after`.
    pub(crate) fn shortfalls(
        &self,
        tenant: TenantId,
        run: InstanceId,
        after: Option<&StockKey>,
        most: usize,
    ) -> Vec<ShortfallRow> {
        let rows = self
            .shortfalls
            .iter()
            .filter(|((whose, of, key), _)| (*whose, *of) == (tenant, run) && after.is_none_or(|after| key > after));
        rows.take(most).map(|(_, row)| row.clone()).collect()
    }

    pub(super) fn put_movements(&mut self, batch: &Batch<'_>) {
        for (tenant, row) in &batch.movements {
            if let Some(reference) = row.reference.clone() {
                self.references.insert((*tenant, reference), (row.key.clone(), row.seq));
            }
            self.movements.insert((*tenant, row.key.clone(), row.seq), (*row).clone());
        }
    }
}

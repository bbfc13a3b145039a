//! The ledger: appended, never changed, and a reference is there once.

use std::collections::BTreeSet;

use fluxor_engine::store::StoreError;

use super::Memory;
use crate::fold::Batch;

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

    pub(super) fn put_movements(&mut self, batch: &Batch<'_>) {
        for (tenant, row) in &batch.movements {
            if let Some(reference) = row.reference.clone() {
                self.references.insert((*tenant, reference), (row.key.clone(), row.seq));
            }
            self.movements.insert((*tenant, row.key.clone(), row.seq), (*row).clone());
        }
    }
}

//! The store in memory: what tests, scenarios and simulations run on. The third implementation of the trait, held to the
//! same suite as the databases.

mod index;
mod reads;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Connection, Loaded, Persist, StartKey, Store, StoreError, Want, Writer};
use crate::audit::Entry;
use crate::commit::{Commit, DefinitionRow, OrganisationRow};
use crate::ids::{DefinitionHash, InstanceId, RequestId, StreamId, TenantId};
use tables::Tables;

/// A store that forgets everything when its last handle goes.
pub struct MemoryStore<D: Persist> {
    domain: Arc<D>,
    tables: Arc<RwLock<Tables>>,
    /// The domain's tables, and the turn to write: whoever holds them runs a batch.
    turn: Arc<Mutex<D::Memory>>,
}

impl<D: Persist> Clone for MemoryStore<D> {
    fn clone(&self) -> Self {
        Self { domain: self.domain.clone(), tables: self.tables.clone(), turn: self.turn.clone() }
    }
}

impl<D: Persist> MemoryStore<D> {
    /// An empty store.
    #[must_use]
    pub fn new(domain: Arc<D>) -> Self {
        Self { domain, tables: Arc::default(), turn: Arc::default() }
    }

    /// The domain's tables, for its own reads. Waits while a batch is open.
    pub async fn read(&self) -> OwnedMutexGuard<D::Memory> {
        self.turn.clone().lock_owned().await
    }

    fn tables(&self) -> RwLockReadGuard<'_, Tables> {
        self.tables.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The writer of a [`MemoryStore`].
pub struct MemoryWriter<D: Persist> {
    store: MemoryStore<D>,
    turn: Option<OwnedMutexGuard<D::Memory>>,
}

impl<D: Persist> MemoryWriter<D> {
    pub(super) fn new(store: MemoryStore<D>) -> Self {
        Self { store, turn: None }
    }
}

fn not_open() -> StoreError {
    StoreError::Unavailable("the writer has no open batch".to_owned())
}

impl<D: Persist> Writer<D> for MemoryWriter<D> {
    async fn open(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        self.turn = None;
        self.turn = Some(self.store.turn.clone().lock_owned().await);
        let tables = self.store.tables();
        let newest = |tenant: &TenantId| (*tenant, tables.newest(*tenant).map_or(0, |row| row.revision));
        Ok(Loaded {
            now: None,
            instances: want
                .instances
                .iter()
                .filter_map(|(tenant, id)| tables.instance(*tenant, *id).map(Arc::new))
                .collect(),
            keys: want.keys.iter().filter_map(|key| Some((key.clone(), *tables.keys.get(key)?))).collect(),
            records: want.records.iter().filter_map(|key| tables.records.get(key).cloned()).collect(),
            dated: want.records.iter().filter_map(|key| Some((*key, tables.dated(*key)?))).collect(),
            api_keys: want.api_keys.iter().filter_map(|key| tables.api_keys.get(key).cloned()).collect(),
            organisations: want.tenants.iter().map(newest).collect(),
        })
    }

    async fn facts(&mut self, needs: &BTreeSet<(TenantId, D::Need)>, into: &mut D::Facts) -> Result<(), StoreError> {
        let memory = self.turn.as_mut().ok_or_else(not_open)?;
        self.store.domain.load(Connection::Memory(memory), needs, into).await
    }

    async fn keys(&mut self, keys: &BTreeSet<StartKey>) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
        let tables = self.store.tables();
        Ok(keys.iter().filter_map(|key| Some((key.clone(), *tables.keys.get(key)?))).collect())
    }

    async fn repeat(
        &mut self,
        tenant: TenantId,
        stream: StreamId,
        request: &RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        let tables = self.store.tables();
        let mut entries =
            tables.entries.range((tenant, stream, 0)..=(tenant, stream, i64::MAX)).map(|(_, entry)| entry);
        Ok(entries.find(|e| e.parsed().is_ok_and(|header| header.request.as_ref() == Some(request))).cloned())
    }

    async fn organisation(&mut self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        Ok(self.store.tables().organisations.get(&(tenant, revision)).cloned())
    }

    async fn definition(&mut self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        Ok(self.store.tables().definitions.get(&hash).cloned())
    }

    async fn finish(&mut self, commit: &Commit<D::Op>) -> Result<(), StoreError> {
        // The turn ends with this call, whatever comes of it.
        let mut memory = self.turn.take().ok_or_else(not_open)?;
        self.store.tables().check(commit)?;
        if !commit.ops.is_empty() {
            // All or nothing: there is no copy to go back to, since one a batch would cost as much as all rows there are.
            self.store.domain.write(Connection::Memory(&mut memory), &commit.ops).await?;
        }
        self.store.tables.write().unwrap_or_else(PoisonError::into_inner).apply(commit);
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        self.turn = None;
        Ok(())
    }
}

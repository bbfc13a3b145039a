//! What a batch has at hand before it decides: the instant, organisations, definitions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::decide::{self, Keys, OrganisationAt};
use crate::definition::Library;
use crate::ids::TenantId;
use crate::instance::Instance;
use crate::plan::Plan;
use crate::store::{Loaded, Persist, Store, StoreError, Want, Writer};

use super::{Batcher, Work};

impl<D: Persist, S: Store<D>> Batcher<D, S> {
    /// One instant a batch: the database's where replicas share it, else this machine's.
    pub(super) fn instant(&self, loaded: &Loaded) -> crate::clock::Timestamp {
        let here = self.shared.clock.now();
        let Some(there) = loaded.now.filter(|_| self.shared.options.database_clock) else { return here };
        self.shared.ahead.store(there.micros().saturating_sub(here.micros()), Ordering::Relaxed);
        there
    }

    /// The batch's instant, the organisations and the definitions that it needs.
    pub(super) async fn prepare(
        &mut self,
        want: &Want,
        mut loaded: Loaded,
        mut library: Arc<Library>,
    ) -> Result<Work<D>, StoreError> {
        let instances = std::mem::take(&mut loaded.instances);
        let (records, dated) = (std::mem::take(&mut loaded.records), std::mem::take(&mut loaded.dated));
        let now = self.instant(&loaded);
        let mut organisations = Vec::new();
        for &tenant in &want.tenants {
            let current = loaded.organisations.get(&tenant).copied().unwrap_or(0);
            let seen = instances
                .iter()
                .filter(|i| i.tenant == tenant)
                .flat_map(|i| decide::revisions_seen(i))
                .min()
                .unwrap_or(current)
                .min(current);
            let mut known = Vec::new();
            for revision in seen..=current {
                known.push(self.organisation(tenant, revision).await?);
            }
            organisations.push((tenant, known));
        }
        for instance in &instances {
            self.definition(instance, &mut library).await?;
        }
        let heard = self.shared.events.as_ref().map_or_else(Vec::new, |sink| {
            want.tenants.iter().filter_map(|tenant| Some((*tenant, sink.hears(*tenant)?))).collect()
        });
        let plan = Plan::new(now, self.shared.sinks.clone(), instances, records).dated(dated).heard(heard);
        Ok(Work { library, plan, facts: D::Facts::default(), loaded, organisations, now, keys: Keys::default() })
    }

    async fn organisation(&mut self, tenant: TenantId, revision: i64) -> Result<Arc<OrganisationAt>, StoreError> {
        if let Some(known) = self.shared.organisations.get(tenant, revision) {
            return Ok(known);
        }
        let row = if revision == 0 { None } else { self.writer.organisation(tenant, revision).await? };
        self.shared.organisations.at(tenant, revision, row.as_ref())
    }

    /// Adds what an instance is pinned to, if it can be loaded.
    async fn definition(&mut self, instance: &Instance, library: &mut Arc<Library>) -> Result<(), StoreError> {
        let (hash, shared) = (instance.definition, &self.shared);
        if library.pinned(hash).is_some() {
            return Ok(());
        }
        if shared.library().pinned(hash).is_none() && shared.definitions.why_unloadable(hash).is_none() {
            match self.writer.definition(hash).await? {
                Some(row) => shared.take_definition(&row),
                None => shared.no_definition(hash),
            }
        }
        if let Some(definition) = shared.library().pinned(hash) {
            *library = Arc::new(library.with(definition.clone()));
        }
        Ok(())
    }
}

//! Whose turn it is to look at much: reports read and count for seconds, one at a time on a server.
//!
//! What must hold: a tenant has one report under way, so that others wait for one of each at most; only few wait at all, and the
//! rest is told so at once, so that nobody takes places that others need.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fluxor_engine::ids::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::desk::NotDone;

/// How long a report waits for those before it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many of a tenant are there at once, the one under way included.
const OF_TENANT: usize = 4;

/// The turns.
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
}

struct Tenant {
    own: Arc<Semaphore>,
    there: usize,
}

/// A turn, until it is dropped.
pub(crate) struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    _place: Place,
}

/// A place among those who wait.
struct Place {
    tenants: Arc<Mutex<HashMap<TenantId, Tenant>>>,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tenant) = tenants.get_mut(&self.tenant) {
            tenant.there -= 1;
            if tenant.there == 0 {
                tenants.remove(&self.tenant);
            }
        }
    }
}

impl Default for Turns {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(1)), tenants: Arc::default() }
    }
}

impl Turns {
    /// Waits for the turn of a tenant.
    ///
    /// # Errors
    /// If there are too many of them, or it takes too long.
    pub(crate) async fn take(&self, tenant: TenantId) -> Result<Turn, NotDone> {
        let busy = || NotDone::Busy("others look at what was called".to_owned());
        let (own, place) = self.place(tenant).ok_or_else(busy)?;
        let both = async {
            let own = own.acquire_owned().await;
            (own, self.all.clone().acquire_owned().await)
        };
        match timeout(PATIENCE, both).await {
            Ok((Ok(own), Ok(all))) => Ok(Turn { _own: own, _all: all, _place: place }),
            _ => Err(busy()),
        }
    }

    fn place(&self, tenant: TenantId) -> Option<(Arc<Semaphore>, Place)> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = tenants.entry(tenant).or_insert_with(|| Tenant { own: Arc::new(Semaphore::new(1)), there: 0 });
        (entry.there < OF_TENANT).then(|| {
            entry.there += 1;
            (entry.own.clone(), Place { tenants: self.tenants.clone(), tenant })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_tenant_has_one_and_few_wait() {
        let turns = Arc::new(Turns::default());
        let (one, other) = (TenantId(1), TenantId(2));
        let first = turns.take(one).await.unwrap();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take(one).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(turns.take(one).await.is_err(), "a fifth is refused at once");
        let theirs = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(other).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(first);
        assert!(theirs.await.unwrap(), "before the others of the first tenant, or after one of them");
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(turns.tenants.lock().unwrap().is_empty(), "nothing is left of those who went");
        let held = turns.take(one).await.unwrap();
        assert!(turns.take(other).await.is_err(), "nobody waits for ever");
        drop(held);
    }
}

//! Policies that can be replaced while calls are under way.

use std::sync::{Arc, PoisonError, RwLock};

use crate::policy::Policies;

/// The policies in force. A service that limits several tenants has one of these for each; a ticket keeps it, so that
/// what is settled later is settled by what is in force then.
#[derive(Debug, Default)]
pub struct Live(RwLock<Arc<Policies>>);

impl Live {
    /// With these.
    #[must_use]
    pub fn new(policies: Policies) -> Self {
        Self(RwLock::new(Arc::new(policies)))
    }

    /// The ones in force.
    #[must_use]
    pub fn current(&self) -> Arc<Policies> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts others in force: at once, without a free burst and without a reset.
    pub fn replace(&self, policies: Policies) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policies);
    }
}

//! Pages of rows.

use std::sync::Arc;

use crate::ids::{InstanceId, TenantId};
use crate::instance::Status;

/// Which instances are asked for.
#[derive(Clone, Debug)]
pub struct InstancePage {
    /// Whose.
    pub tenant: TenantId,
    /// Only of this workflow.
    pub workflow: Option<Arc<str>>,
    /// Only in this state, or in one inside of it.
    pub state: Option<Arc<str>>,
    /// Only with this status.
    pub status: Option<Status>,
    /// Only with an incident of this code.
    pub incident: Option<Arc<str>>,
    /// Only with this business key.
    pub key: Option<Arc<str>>,
    /// Older than this one (ids rise with time).
    pub after: Option<InstanceId>,
    /// At most.
    pub limit: i64,
}

impl InstancePage {
    /// All of a tenant's, the newest first.
    #[must_use]
    pub const fn all(tenant: TenantId, limit: i64) -> Self {
        Self { tenant, workflow: None, state: None, status: None, incident: None, key: None, after: None, limit }
    }

    /// Whether the state with this path is asked for: the one that is named, or one inside of it.
    #[must_use]
    pub fn wants(&self, path: &str) -> bool {
        let inside = |rest: &str| rest.is_empty() || rest.starts_with('.');
        self.state.as_deref().is_none_or(|state| path.strip_prefix(state).is_some_and(inside))
    }
}

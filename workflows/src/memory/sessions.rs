//! Sessions and links.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, PersonId, TenantId};

use super::Memory;
use crate::sessions::{LinkRow, SessionRow};

/// Rows by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sessions {
    sessions: BTreeMap<(TenantId, Arc<str>), SessionRow>,
    links: BTreeMap<(TenantId, Arc<str>), LinkRow>,
}

impl Memory {
    pub(crate) fn begin_session(&mut self, row: &SessionRow) {
        self.sessions.sessions.insert((row.tenant, row.id.clone()), row.clone());
    }

    pub(crate) fn session(&self, hash: Digest) -> Option<SessionRow> {
        self.sessions.sessions.values().find(|row| row.secret_hash == hash).cloned()
    }

    pub(crate) fn sessions_of(&self, tenant: TenantId, person: &PersonId) -> Vec<SessionRow> {
        let own = self.sessions.sessions.values().filter(|row| row.tenant == tenant && row.person == *person);
        let mut own: Vec<SessionRow> = own.cloned().collect();
        own.sort_by(|a, b| b.began_at.cmp(&a.began_at).then_with(|| a.id.cmp(&b.id)));
        own.truncate(100);
        own
    }

    pub(crate) fn session_seen(&mut self, tenant: TenantId, id: &str, (at, revision): (Timestamp, i64)) {
        let row = self.sessions.sessions.get_mut(&(tenant, id.into()));
        if let Some(row) = row.filter(|row| row.seen_at <= at && row.revision <= revision) {
            (row.seen_at, row.revision) = (at, revision);
        }
    }

    pub(crate) fn end_session(&mut self, tenant: TenantId, person: &PersonId, id: &str) -> bool {
        let key = (tenant, id.into());
        let own = self.sessions.sessions.get(&key).is_some_and(|row| row.person == *person);
        own && self.sessions.sessions.remove(&key).is_some()
    }

    pub(crate) fn end_sessions_of_key(&mut self, tenant: TenantId, key: &str) {
        self.sessions.sessions.retain(|_, row| row.tenant != tenant || row.api_key.as_deref() != Some(key));
        self.sessions.links.retain(|_, row| row.tenant != tenant || row.api_key.as_deref() != Some(key));
    }

    pub(crate) fn keep_link(&mut self, row: &LinkRow) {
        self.sessions.links.insert((row.tenant, row.id.clone()), row.clone());
    }

    pub(crate) fn link(&self, hash: Digest) -> Option<LinkRow> {
        self.sessions.links.values().find(|row| row.secret_hash == hash).cloned()
    }

    pub(crate) fn use_link(&mut self, hash: Digest, now: Timestamp) -> Option<LinkRow> {
        let row = self.sessions.links.values_mut().find(|row| row.secret_hash == hash)?;
        if row.used_at.is_some() || row.ends_at <= now {
            return None;
        }
        row.used_at = Some(now);
        Some(row.clone())
    }

    pub(crate) fn forget_sessions(&mut self, before: Timestamp) {
        self.sessions.sessions.retain(|_, row| row.ends_at >= before);
        self.sessions.links.retain(|_, row| row.ends_at >= before);
    }
}

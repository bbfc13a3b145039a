//! Its doors.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::OrganisationAt;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_workflows::{LinkRow, SessionRow};

use super::{Stub, ready};
use crate::desk::{Desk as _, Doors, Reply};

impl Doors for Stub {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(0)
    }

    fn organisation_at(&self, tenant: TenantId, _: i64) -> Reply<'_, Arc<OrganisationAt>> {
        Box::pin(async move { Ok(self.company(tenant).await?.at) })
    }

    fn begin_session(&self, row: SessionRow) -> Reply<'_, ()> {
        self.kept().sessions.push(row);
        ready(())
    }

    fn session(&self, hash: Digest) -> Reply<'_, Option<SessionRow>> {
        ready(self.kept().sessions.iter().find(|row| row.secret_hash == hash).cloned())
    }

    fn sessions_of(&self, _: TenantId, person: PersonId) -> Reply<'_, Vec<SessionRow>> {
        ready(self.kept().sessions.iter().filter(|row| row.person == person).cloned().collect())
    }

    fn session_seen(&self, _: TenantId, _: Arc<str>, _: (Timestamp, i64)) -> Reply<'_, ()> {
        ready(())
    }

    fn end_session(&self, _: TenantId, _: PersonId, id: Arc<str>) -> Reply<'_, bool> {
        let sessions = &mut self.kept().sessions;
        let before = sessions.len();
        sessions.retain(|row| row.id != id);
        ready(sessions.len() < before)
    }

    fn end_sessions_of_key(&self, _: TenantId, key: Arc<str>) -> Reply<'_, ()> {
        self.kept().sessions.retain(|row| row.api_key.as_ref() != Some(&key));
        ready(())
    }

    fn keep_link(&self, _: LinkRow) -> Reply<'_, ()> {
        ready(())
    }

    fn link(&self, _: Digest) -> Reply<'_, Option<LinkRow>> {
        ready(None)
    }

    fn use_link(&self, _: Digest, _: Timestamp) -> Reply<'_, Option<LinkRow>> {
        ready(None)
    }

    fn forget_sessions(&self, _: Timestamp) -> Reply<'_, ()> {
        ready(())
    }
}

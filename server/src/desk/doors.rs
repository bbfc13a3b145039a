//! Who is signed in to pages, and links that are good for once: rows beside the books.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::OrganisationAt;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_workflows::{self as rows, LinkRow, SessionRow};

use super::beside::{aside, beside};
use super::{Office, Reply};

/// What pages ask of the database beside the engine.
pub(crate) trait Doors: Send + Sync {
    /// What time it is.
    fn now(&self) -> Timestamp;

    /// The organisation as it was at a revision that there is.
    fn organisation_at(&self, tenant: TenantId, revision: i64) -> Reply<'_, Arc<OrganisationAt>>;

    /// Keeps a session that has begun.
    fn begin_session(&self, row: SessionRow) -> Reply<'_, ()>;

    /// The session with this cookie, ended or not.
    fn session(&self, hash: Digest) -> Reply<'_, Option<SessionRow>>;

    /// Somebody's sessions, the newest first.
    fn sessions_of(&self, tenant: TenantId, person: PersonId) -> Reply<'_, Vec<SessionRow>>;

    /// Notes when a session was used, and up to which revision of the organisation its people were there.
    fn session_seen(&self, tenant: TenantId, id: Arc<str>, noted: (Timestamp, i64)) -> Reply<'_, ()>;

    /// Ends a person's session; whether there was one.
    fn end_session(&self, tenant: TenantId, person: PersonId, id: Arc<str>) -> Reply<'_, bool>;

    /// Ends the sessions that were begun with a key or with its links, and these links.
    fn end_sessions_of_key(&self, tenant: TenantId, key: Arc<str>) -> Reply<'_, ()>;

    /// Keeps a link.
    fn keep_link(&self, row: LinkRow) -> Reply<'_, ()>;

    /// The link with this secret, used or not, ended or not.
    fn link(&self, hash: Digest) -> Reply<'_, Option<LinkRow>>;

    /// Uses a link up; nothing: it is unknown, has ended, or was used before.
    fn use_link(&self, hash: Digest, now: Timestamp) -> Reply<'_, Option<LinkRow>>;

    /// Forgets what ended before then.
    fn forget_sessions(&self, before: Timestamp) -> Reply<'_, ()>;
}

impl Doors for Office {
    fn now(&self) -> Timestamp {
        self.0.clock().now()
    }

    fn organisation_at(&self, tenant: TenantId, revision: i64) -> Reply<'_, Arc<OrganisationAt>> {
        Box::pin(async move { Ok(self.0.organisation_at(tenant, revision).await?) })
    }

    fn begin_session(&self, row: SessionRow) -> Reply<'_, ()> {
        aside!(self, |connection| rows::begin_session(connection, &row))
    }

    fn session(&self, hash: Digest) -> Reply<'_, Option<SessionRow>> {
        beside!(self, |connection| rows::session(connection, hash))
    }

    fn sessions_of(&self, tenant: TenantId, person: PersonId) -> Reply<'_, Vec<SessionRow>> {
        beside!(self, |connection| rows::sessions_of(connection, tenant, &person))
    }

    fn session_seen(&self, tenant: TenantId, id: Arc<str>, noted: (Timestamp, i64)) -> Reply<'_, ()> {
        aside!(self, |connection| rows::session_seen(connection, tenant, &id, noted))
    }

    fn end_session(&self, tenant: TenantId, person: PersonId, id: Arc<str>) -> Reply<'_, bool> {
        aside!(self, |connection| rows::end_session(connection, tenant, &person, &id))
    }

    fn end_sessions_of_key(&self, tenant: TenantId, key: Arc<str>) -> Reply<'_, ()> {
        aside!(self, |connection| rows::end_sessions_of_key(connection, tenant, &key))
    }

    fn keep_link(&self, row: LinkRow) -> Reply<'_, ()> {
        aside!(self, |connection| rows::keep_link(connection, &row))
    }

    fn link(&self, hash: Digest) -> Reply<'_, Option<LinkRow>> {
        beside!(self, |connection| rows::link(connection, hash))
    }

    fn use_link(&self, hash: Digest, now: Timestamp) -> Reply<'_, Option<LinkRow>> {
        aside!(self, |connection| rows::use_link(connection, hash, now))
    }

    fn forget_sessions(&self, before: Timestamp) -> Reply<'_, ()> {
        aside!(self, |connection| rows::forget_sessions(connection, before))
    }
}

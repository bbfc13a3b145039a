//! Who is signed in to pages, and links that are good for once: rows beside the books. That somebody came in is in the audit
//! trail; these rows are forgotten when they have ended. Only hashes are kept of what browsers and mails hold.
#![allow(
    clippy::missing_errors_doc,
    reason = "each fails when the database does not answer, or its rows are impossible"
)]

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_engine::store::{Connection, StoreError};

use crate::memory::Memory;
use crate::{postgres, sqlite};

/// A browser that somebody is signed in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// Whose data.
    pub tenant: TenantId,
    /// Its public id.
    pub id: Arc<str>,
    /// SHA-256 of the cookie.
    pub secret_hash: Digest,
    /// Who.
    pub person: PersonId,
    /// Whether it was begun with an administrator's rights.
    pub administrator: bool,
    /// The public id of the key that it was begun with, or that made its link: it ends with it.
    pub api_key: Option<Arc<str>>,
    /// Whose key that is: it ends with him, too.
    pub key_person: Option<PersonId>,
    /// The revision of the organisation up to which they were there all the time; 0: it was not looked yet.
    pub revision: i64,
    /// What the browser calls itself.
    pub agent: String,
    /// Since when.
    pub began_at: Timestamp,
    /// When it was used last, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, whatever is done with it.
    pub ends_at: Timestamp,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// It begins a session; its target is the page to go on to.
    SignIn,
    /// It shows a task, and takes one act about it; its target is the task.
    Task,
}

impl Purpose {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Task => "task",
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = [Self::SignIn, Self::Task].into_iter().find(|purpose| purpose.as_str() == text);
        found.ok_or_else(|| format!("`{text}` is no purpose of a link"))
    }
}

/// A link that is good for once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkRow {
    /// Whose data.
    pub tenant: TenantId,
    /// Its public id.
    pub id: Arc<str>,
    /// SHA-256 of its secret.
    pub secret_hash: Digest,
    /// Whose it is.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// Where to.
    pub target: Arc<str>,
    /// Whether the session has an administrator's rights.
    pub administrator: bool,
    /// The public id of the key that made it: it ends with it, as the session does.
    pub api_key: Option<Arc<str>>,
    /// Whose key that is: it ends with him, too.
    pub key_person: Option<PersonId>,
    /// The organisation's revision when it was made; 0: unknown.
    pub revision: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// When it is no good any more.
    pub ends_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Does it on the store that is connected; memory does it at once.
macro_rules! ask {
    ($connection:expr, $function:ident($($argument:expr),*), $memory:ident => $answer:expr) => {
        match $connection {
            Connection::Memory($memory) => Ok($answer),
            Connection::Sqlite(connection) => sqlite::sql::sessions::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::sessions::$function(connection, $($argument),*).await,
        }
    };
}

/// Keeps a session that has begun.
pub async fn begin_session(connection: Connection<'_, Memory>, row: &SessionRow) -> Result<(), StoreError> {
    ask!(connection, begin(row), memory => memory.begin_session(row))
}

/// The session with this cookie, ended or not.
pub async fn session(connection: Connection<'_, Memory>, hash: Digest) -> Result<Option<SessionRow>, StoreError> {
    ask!(connection, session(hash), memory => memory.session(hash))
}

/// Somebody's sessions, the newest first, at most 100.
pub async fn sessions_of(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    person: &PersonId,
) -> Result<Vec<SessionRow>, StoreError> {
    ask!(connection, sessions_of(tenant, person), memory => memory.sessions_of(tenant, person))
}

/// Notes when a session was used, and up to which revision of the organisation its people were there all the time.
pub async fn session_seen(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    id: &str,
    (at, revision): (Timestamp, i64),
) -> Result<(), StoreError> {
    ask!(connection, seen(tenant, id, (at, revision)), memory => memory.session_seen(tenant, id, (at, revision)))
}

/// Ends a person's session; whether there was one.
pub async fn end_session(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    person: &PersonId,
    id: &str,
) -> Result<bool, StoreError> {
    ask!(connection, end(tenant, person, id), memory => memory.end_session(tenant, person, id))
}

/// Ends the sessions that were begun with a key, and those that came of its links; and these links.
pub async fn end_sessions_of_key(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    key: &str,
) -> Result<(), StoreError> {
    ask!(connection, end_of_key(tenant, key), memory => memory.end_sessions_of_key(tenant, key))
}

/// Keeps a link.
pub async fn keep_link(connection: Connection<'_, Memory>, row: &LinkRow) -> Result<(), StoreError> {
    ask!(connection, keep_link(row), memory => memory.keep_link(row))
}

/// The link with this secret, used or not, ended or not.
pub async fn link(connection: Connection<'_, Memory>, hash: Digest) -> Result<Option<LinkRow>, StoreError> {
    ask!(connection, link(hash), memory => memory.link(hash))
}

/// Uses a link up; nothing: it is unknown, has ended, or was used before.
pub async fn use_link(
    connection: Connection<'_, Memory>,
    hash: Digest,
    now: Timestamp,
) -> Result<Option<LinkRow>, StoreError> {
    ask!(connection, use_link(hash, now), memory => memory.use_link(hash, now))
}

/// Forgets sessions and links of all tenants that ended before then.
pub async fn forget_sessions(connection: Connection<'_, Memory>, before: Timestamp) -> Result<(), StoreError> {
    ask!(connection, forget(before), memory => memory.forget_sessions(before))
}

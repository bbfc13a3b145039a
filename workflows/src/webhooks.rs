//! What is delivered to the endpoints of tenants: rows that are kept for some weeks beside the books. What endpoints there are is
//! the setting `webhooks`; what is delivered to them, and when, is the server's to say.
//!
//! What must hold: an event is delivered to an endpoint under one id, however often it is written; whoever holds a delivery is
//! told apart by its epoch, so that what comes late changes nothing. Nothing is decided on these rows.
#![allow(
    clippy::missing_errors_doc,
    reason = "each fails when the database does not answer, or its rows are impossible"
)]

use std::str::FromStr;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, StoreError};

use crate::memory::Memory;
use crate::{postgres, sqlite};

/// How many secrets of an endpoint are valid at a time, at most: each signs.
pub const MOST_SECRETS: i64 = 5;

/// Whose endpoint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WebhookEndpoint {
    /// Whose.
    pub tenant: TenantId,
    /// Its name in the setting.
    pub endpoint: Arc<str>,
}

/// Something to deliver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewWebhook {
    /// To whom.
    pub to: WebhookEndpoint,
    /// The event's id.
    pub id: Arc<str>,
    /// When it happened.
    pub at: Timestamp,
    /// What is sent.
    pub body: String,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WebhookState {
    /// It is to be tried, or tried again.
    Waiting,
    /// It has arrived.
    Delivered,
    /// It was given up.
    Failed,
}

impl WebhookState {
    /// As it is stored and told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl FromStr for WebhookState {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::Waiting, Self::Delivered, Self::Failed];
        let found = all.into_iter().find(|state| state.name() == text);
        found.ok_or_else(|| "write waiting, delivered or failed".to_owned())
    }
}

/// A delivery, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookRow {
    /// The event's id.
    pub id: Arc<str>,
    /// When it happened.
    pub at: Timestamp,
    /// How far it is.
    pub state: WebhookState,
    /// Attempts so far.
    pub attempt: i64,
    /// When it is tried next, if it is.
    pub next_at: Option<Timestamp>,
    /// When it arrived or was given up.
    pub settled_at: Option<Timestamp>,
    /// The HTTP status of the last answer.
    pub status: Option<i64>,
    /// How that answer began.
    pub answer: Option<Arc<str>>,
    /// Why the last attempt failed.
    pub error: Option<Arc<str>>,
}

/// A delivery that this server may try until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimedWebhook {
    /// The event's id.
    pub id: Arc<str>,
    /// Attempts so far.
    pub attempt: i64,
    /// Who holds it: one more at each claim.
    pub epoch: i64,
    /// What is sent.
    pub body: String,
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledWebhook {
    /// Whose.
    pub to: WebhookEndpoint,
    /// The claim's epoch: if another one holds it by now, nothing changes.
    pub epoch: i64,
    /// The row as it becomes.
    pub row: WebhookRow,
    /// Until when it is kept; none: it waits.
    pub keep_until: Option<Timestamp>,
}

/// How an endpoint fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookHealth {
    /// When something arrived last.
    pub success_at: Option<Timestamp>,
    /// When something did not, last.
    pub error_at: Option<Timestamp>,
    /// Why it did not.
    pub error: Option<Arc<str>>,
    /// What the endpoint was when it answered that it is gone for good.
    pub gone: Option<Arc<str>>,
}

/// A secret of an endpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret {
    /// As it was shown: `whsec_...`.
    pub secret: Arc<str>,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it signs; none: until another one is made.
    pub ends_at: Option<Timestamp>,
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSecret").field("made_at", &self.made_at).finish_non_exhaustive()
    }
}

/// Which deliveries, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhooksAsked {
    /// How far they are; none: all.
    pub state: Option<WebhookState>,
    /// Those before this one in the order of the list.
    pub before: (Timestamp, Arc<str>),
    /// How many at most.
    pub limit: i64,
}

/// Which of those that failed are tried again: of events in this stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedWebhooks {
    /// From then on.
    pub since: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// How many at most, the oldest first.
    pub limit: i64,
}

/// How many deliveries there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WebhookCounts {
    /// To be tried, or tried again.
    pub waiting: i64,
    /// Given up.
    pub failed: i64,
    /// Arrived.
    pub delivered: i64,
}

/// Does it on the store that is connected; memory does it at once.
macro_rules! ask {
    ($connection:expr, $function:ident($($argument:expr),*)) => {
        match $connection {
            Connection::Memory(memory) => Ok(memory.webhooks.$function($($argument),*)),
            Connection::Sqlite(connection) => sqlite::sql::webhooks::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::webhooks::$function(connection, $($argument),*).await,
        }
    };
}

/// Keeps deliveries, due at `now`. Those that are there already stay as they are.
pub async fn keep_webhooks(
    connection: Connection<'_, Memory>,
    rows: &[NewWebhook],
    now: Timestamp,
) -> Result<(), StoreError> {
    ask!(connection, keep(rows, now))
}

/// When the next delivery to an endpoint is due.
pub async fn webhook_due(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
) -> Result<Option<Timestamp>, StoreError> {
    ask!(connection, due(to))
}

/// Takes what is due at `now`, up to `limit`, the most overdue first: nobody else gets it before `lease_until`.
pub async fn claim_webhooks(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    now: Timestamp,
    lease_until: Timestamp,
    limit: i64,
) -> Result<Vec<ClaimedWebhook>, StoreError> {
    ask!(connection, claim(to, now, lease_until, limit))
}

/// Writes what became of attempts, as far as whoever made them still holds the delivery.
pub async fn settle_webhooks(connection: Connection<'_, Memory>, rows: &[SettledWebhook]) -> Result<(), StoreError> {
    ask!(connection, settle(rows))
}

/// How an endpoint fares.
pub async fn webhook_health(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
) -> Result<WebhookHealth, StoreError> {
    ask!(connection, health(to))
}

/// Writes how an endpoint fares: what is none stays as it was.
pub async fn note_webhook(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    health: &WebhookHealth,
) -> Result<(), StoreError> {
    ask!(connection, note(to, health))
}

/// How many deliveries to an endpoint there are.
pub async fn webhook_counts(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
) -> Result<WebhookCounts, StoreError> {
    ask!(connection, counts(to))
}

/// Deliveries to an endpoint, newest first.
pub async fn webhook_deliveries(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    asked: &WebhooksAsked,
) -> Result<Vec<WebhookRow>, StoreError> {
    ask!(connection, page(to, asked))
}

/// One delivery, and what is sent.
pub async fn webhook_delivery(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    id: &str,
) -> Result<Option<(WebhookRow, String)>, StoreError> {
    ask!(connection, one(to, id))
}

/// Has these delivered again, due at `now`, as if they were new. Returns how many of them there are.
pub async fn replay_webhooks(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    ids: &[Arc<str>],
    now: Timestamp,
) -> Result<u64, StoreError> {
    ask!(connection, replay(to, ids, now))
}

/// Likewise those that failed.
pub async fn replay_failed_webhooks(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    asked: &FailedWebhooks,
    now: Timestamp,
) -> Result<u64, StoreError> {
    ask!(connection, replay_failed(to, asked, now))
}

/// The secrets of an endpoint that sign at `now`, newest first.
pub async fn webhook_secrets(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    now: Timestamp,
) -> Result<Vec<WebhookSecret>, StoreError> {
    ask!(connection, secrets(to, now))
}

/// Adds a secret; those before it sign until `others_end`, the newest [`MOST_SECRETS`] of all. Whether it was new: the same
/// instant says that it was added before.
pub async fn add_webhook_secret(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    secret: &WebhookSecret,
    others_end: Timestamp,
) -> Result<bool, StoreError> {
    ask!(connection, add_secret(to, secret, others_end))
}

/// Forgets what is kept no longer, of all tenants.
pub async fn forget_webhooks(connection: Connection<'_, Memory>, now: Timestamp) -> Result<(), StoreError> {
    ask!(connection, forget(now))
}

/// Forgets the oldest deliveries to an endpoint beyond so many newer ones, whatever their state. (Those of one instant together.)
/// Returns how many of them had not arrived.
pub async fn forget_webhooks_beyond(
    connection: Connection<'_, Memory>,
    to: &WebhookEndpoint,
    most: i64,
) -> Result<u64, StoreError> {
    ask!(connection, forget_beyond(to, most))
}

/// Forgets everything about endpoints of a tenant that are not among these.
pub async fn forget_other_webhooks(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    endpoints: &[Arc<str>],
) -> Result<(), StoreError> {
    ask!(connection, forget_others(tenant, endpoints))
}

/// The tenants that have set a setting, and its version.
pub async fn settings_of_all(
    connection: Connection<'_, Memory>,
    code: &str,
) -> Result<Vec<(TenantId, i64)>, StoreError> {
    match connection {
        Connection::Memory(memory) => Ok(memory.settings_of_all(code)),
        Connection::Sqlite(connection) => sqlite::sql::webhooks::settings_of_all(connection, code).await,
        Connection::Postgres(connection) => postgres::sql::webhooks::settings_of_all(connection, code).await,
    }
}

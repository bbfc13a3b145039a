//! What is told of endpoints and deliveries, over HTTP and on the command line.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::definition::Library;
use fluxor_workflows::{WebhookCounts, WebhookRow};
use serde::Serialize;
use utoipa::ToSchema;

use super::named;
use super::send::Target;

/// How an endpoint fares.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub(crate) struct EndpointTold {
    /// Its name.
    #[schema(value_type = String)]
    name: Arc<str>,
    /// Where it is.
    url: String,
    /// `ready`; `no_secret`: nothing is sent until a secret is made; `paused`: it said that it is gone (410), and nothing is sent
    /// until its setting or its secret changes; `inactive`: the setting says so.
    state: &'static str,
    /// When its newest secret was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_made_at: Option<String>,
    /// How many secrets sign.
    secrets: usize,
    /// When something arrived last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success_at: Option<String>,
    /// When something did not, last.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_error_at: Option<String>,
    /// Why it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    last_error: Option<Arc<str>>,
    /// Deliveries to be tried, or tried again.
    waiting: i64,
    /// Deliveries that were given up.
    failed: i64,
    /// Deliveries that arrived, as far as they are kept.
    delivered: i64,
    /// Names in its filters that nothing in force has, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unknown: Vec<String>,
}

fn text(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl EndpointTold {
    pub(super) fn new(target: &Target, counts: WebhookCounts, library: &Library) -> Self {
        let Target { endpoint, secrets, health, .. } = target;
        let state = match () {
            () if !endpoint.active => "inactive",
            () if secrets.is_empty() => "no_secret",
            () if target.is_paused() => "paused",
            () => "ready",
        };
        Self {
            name: endpoint.name.clone(),
            url: endpoint.url.clone(),
            state,
            secret_made_at: secrets.first().map(|secret| secret.made_at.to_string()),
            secrets: secrets.len(),
            last_success_at: text(health.success_at),
            last_error_at: text(health.error_at),
            last_error: health.error.clone(),
            waiting: counts.waiting,
            failed: counts.failed,
            delivered: counts.delivered,
            unknown: named::unknown(endpoint, library),
        }
    }
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
pub(crate) struct Delivered {
    /// The event's id, as in `webhook-id`.
    #[schema(value_type = String)]
    id: Arc<str>,
    /// When it happened.
    at: String,
    /// `waiting`, `delivered` or `failed`.
    state: &'static str,
    /// Attempts so far.
    attempts: i64,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
    /// When it arrived or was given up.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<String>,
    /// The HTTP status of the last answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i64>,
    /// How that answer began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    answer: Option<Arc<str>>,
    /// Why the last attempt failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    error: Option<Arc<str>>,
}

impl From<WebhookRow> for Delivered {
    fn from(row: WebhookRow) -> Self {
        Self {
            id: row.id,
            at: row.at.to_string(),
            state: row.state.name(),
            attempts: row.attempt,
            next_at: text(row.next_at),
            settled_at: text(row.settled_at),
            status: row.status,
            answer: row.answer,
            error: row.error,
        }
    }
}

/// A delivery with what is sent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookDeliveryWhole)]
pub(crate) struct One {
    #[serde(flatten)]
    pub(super) delivery: Delivered,
    /// The body, as it is signed.
    pub(super) body: String,
}

/// A secret that was made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookSecret)]
pub(crate) struct SecretTold {
    /// Whose.
    pub(super) endpoint: String,
    /// The secret, shown this once; a repeat of the request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    /// When it was made.
    pub(super) made_at: String,
    /// Until when those before it sign, too, where there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) others_end: Option<String>,
}

impl SecretTold {
    /// Whether it had been made before, by the same request.
    pub(crate) const fn is_repeat(&self) -> bool {
        self.secret.is_none()
    }
}

/// What is delivered again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhooksReplayed)]
pub(crate) struct Replayed {
    /// How many deliveries.
    pub(crate) replayed: u64,
    /// Whether there may be more of them: ask again.
    pub(super) more: bool,
}

/// What came of trying an endpoint out.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebhookTried)]
pub(crate) struct Tried {
    /// The event's id.
    pub(super) id: String,
    /// Whether it has arrived.
    pub(super) delivered: bool,
    /// The HTTP status of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    /// How the answer began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<String>,
    /// Why it has not arrived.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<String>,
    /// How long it took, milliseconds.
    pub(super) took_ms: u64,
}

//! Who hears of a transition: the engine's sink for events. What it takes becomes a delivery for each endpoint that wants it, and
//! is done; nothing here waits for an endpoint.

use std::sync::Arc;

use fluxor_engine::commit::OutboxRow;
use fluxor_engine::ids::TenantId;
use fluxor_engine::plan::{Hearing, event_at};
use fluxor_engine::runtime::{Delivering, Reply, Sink, Undelivered};
use fluxor_workflows::{NewWebhook, WebhookEndpoint};
use serde_json::{Map, Value};

use super::{Webhooks, event, now};

/// How long it waits where the database does not take it, microseconds. That counts as no attempt.
const LATER: i64 = 2_000_000;

impl Sink for Webhooks {
    fn deliver<'a>(&'a self, message: &'a OutboxRow) -> Delivering<'a> {
        Box::pin(async move {
            let rows = match self.rows(message) {
                Ok(rows) => rows,
                Err(why) => {
                    // No instance is to blame, and none needs anybody.
                    tracing::error!(id = %message.id, instance = %message.instance, why, "nobody hears of {}: {why}", message.id);
                    return Ok(Reply::new());
                }
            };
            if rows.is_empty() {
                return Ok(Reply::new());
            }
            let to: Vec<WebhookEndpoint> = rows.iter().map(|row| row.to.clone()).collect();
            self.writes.keep(rows).await.map_err(|why| Undelivered::Held(now().plus_micros(LATER), why))?;
            to.iter().for_each(|to| self.ring(to));
            Ok(Reply::new())
        })
    }

    fn hears(&self, tenant: TenantId) -> Option<Hearing> {
        self.of(tenant)?.hearing
    }
}

impl Webhooks {
    /// A delivery for each endpoint that wants to hear of it.
    fn rows(&self, message: &OutboxRow) -> Result<Vec<NewWebhook>, String> {
        let Some(known) = self.of(message.tenant) else { return Ok(Vec::new()) };
        let told: Map<String, Value> = serde_json::from_str(&message.payload).map_err(|error| error.to_string())?;
        let at = event_at(&told)?;
        let id: Arc<str> = event::id(&told).ok_or("it does not say which transition it is")?.into();
        let source = event::source(self.public_url.as_deref(), message.tenant);
        let hear = known.endpoints.iter().filter(|endpoint| endpoint.hears(&told));
        let row = |endpoint: &Arc<super::Endpoint>| NewWebhook {
            to: WebhookEndpoint { tenant: message.tenant, endpoint: endpoint.name.clone() },
            id: id.clone(),
            at,
            body: event::body(&source, &told, endpoint.subject),
        };
        Ok(hear.map(row).collect())
    }
}

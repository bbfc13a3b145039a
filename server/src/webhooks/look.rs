//! What administrators ask: how endpoints fare, what was delivered, new secrets, deliveries once more.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::Change;
use fluxor_engine::definition::Library;
use fluxor_engine::ids::TenantId;
use fluxor_engine::refusal::Refusal;
use fluxor_workflows::{
    FailedWebhooks, WebhookEndpoint, WebhookSecret, WebhookState, WebhooksAsked, add_webhook_secret,
    replay_failed_webhooks, replay_webhooks, webhook_counts, webhook_deliveries, webhook_delivery, webhook_secrets,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Delivered, Endpoint, EndpointTold, One, RECORD, REPLAY, Replayed, SecretTold, Tried, Webhooks, event, locked, now,
    sign,
};
use crate::desk::NotDone;

/// How many deliveries one request has delivered again, at most.
const MOST_REPLAYED: usize = 1_000;
/// How long secrets sign after another one was made, microseconds.
const OTHERS_END: i64 = 86_400_000_000;

/// Where a page of deliveries ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cursor(Timestamp, Arc<str>);

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not what the page before gave as `next`");
        let (at, id) = text.split_once('.').ok_or_else(wrong)?;
        Ok(Self(Timestamp::from_micros(at.parse().map_err(|_| wrong())?), id.into()))
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0.micros(), self.1)
    }
}

/// A page of deliveries.
pub(crate) struct Listed {
    /// Newest first.
    pub(crate) items: Vec<(Cursor, Delivered)>,
}

/// What is delivered again: these, or those that failed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhooksToReplay)]
pub(crate) struct Replay {
    /// Ids of deliveries, at most 1,000; those that have arrived, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ids: Option<Vec<String>>,
    /// All that failed, instead; at most 1,000 at a time, the oldest first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<ReplayState>,
    /// Of events since then (RFC 3339).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<String>,
    /// Of events before then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
}

/// What is asked for, read.
enum Which {
    These(Vec<Arc<str>>),
    Failed(FailedWebhooks),
}

impl Replay {
    fn which(&self) -> Result<Which, NotDone> {
        match self {
            Self { ids: Some(ids), state: None, since: None, until: None } => {
                if ids.len() > MOST_REPLAYED {
                    return Err(invalid("/ids", format!("there are at most {MOST_REPLAYED} at a time")));
                }
                Ok(Which::These(ids.iter().map(|id| id.as_str().into()).collect()))
            }
            Self { ids: None, state: Some(ReplayState::Failed), since, until } => Ok(Which::Failed(FailedWebhooks {
                since: instant("/since", since.as_deref(), i64::MIN)?,
                until: instant("/until", until.as_deref(), i64::MAX)?,
                limit: i64::try_from(MOST_REPLAYED).unwrap_or(i64::MAX),
            })),
            _ => {
                let why = "send either {\"ids\": [...]} or {\"state\": \"failed\", \"since\": ..., \"until\": ...}";
                Err(invalid("", why))
            }
        }
    }

    /// The change that notes it in the trail, before anything is sent again: who asked for what.
    ///
    /// # Errors
    /// What is wrong with what is asked for.
    pub(crate) fn change(&self, name: &str) -> Result<Change, NotDone> {
        self.which()?;
        let state = self.state.map(|ReplayState::Failed| "failed".to_owned());
        let ids = self.ids.as_ref().map(|ids| ids.join(" "));
        let told = [("ids", ids), ("state", state), ("since", self.since.clone()), ("until", self.until.clone())];
        let told = told.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
        Ok(Change::Record { kind: RECORD.into(), key: name.into(), action: REPLAY.into(), params: told.collect() })
    }
}

/// Which deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ReplayState {
    /// Those that were given up.
    Failed,
}

fn invalid(at: &str, why: impl Into<String>) -> NotDone {
    NotDone::Refused(Refusal::Invalid(vec![(at.to_owned(), why.into())]))
}

fn no_record(code: &'static str, sentence: String) -> NotDone {
    NotDone::Refused(Refusal::Record { code, sentence })
}

/// An instant of a body; what stands for none.
fn instant(at: &str, text: Option<&str>, none: i64) -> Result<Timestamp, NotDone> {
    let Some(text) = text else { return Ok(Timestamp::from_micros(none)) };
    Timestamp::parse(text).map_err(|_| invalid(at, "write an instant, such as 2026-03-02T09:00:00Z"))
}

impl Webhooks {
    /// The endpoint of that name.
    async fn named(&self, tenant: TenantId, name: &str) -> Result<(WebhookEndpoint, Arc<Endpoint>), NotDone> {
        let to = WebhookEndpoint { tenant, endpoint: name.into() };
        if self.endpoint(&to).is_none() {
            // Another server may have taken the change a moment ago.
            self.read().await?;
        }
        let shown: String = name.chars().take(80).collect();
        let unknown =
            || no_record("unknown_webhook", format!("There is no endpoint `{shown}` in the setting `webhooks`."));
        let endpoint = self.endpoint(&to).ok_or_else(unknown)?;
        Ok((to, endpoint))
    }

    /// All endpoints of a tenant, and how they fare.
    pub(crate) async fn list(&self, tenant: TenantId, library: &Library) -> Result<Vec<EndpointTold>, NotDone> {
        self.read().await?;
        let mut told = Vec::new();
        for endpoint in self.of(tenant).iter().flat_map(|known| &known.endpoints) {
            let to = WebhookEndpoint { tenant, endpoint: endpoint.name.clone() };
            let target = self.target(&to, endpoint.clone()).await?;
            let counts = webhook_counts(self.store.reader().await?.connection(), &to).await?;
            told.push(EndpointTold::new(&target, counts, library));
        }
        Ok(told)
    }

    /// Deliveries to an endpoint, newest first.
    pub(crate) async fn deliveries(
        &self,
        tenant: TenantId,
        name: &str,
        (state, after, limit): (Option<WebhookState>, Option<Cursor>, i64),
    ) -> Result<Listed, NotDone> {
        let (to, _) = self.named(tenant, name).await?;
        let Cursor(at, id) = after.unwrap_or_else(|| Cursor(Timestamp::from_micros(i64::MAX), "".into()));
        let asked = WebhooksAsked { state, before: (at, id), limit };
        let rows = webhook_deliveries(self.store.reader().await?.connection(), &to, &asked).await?;
        let items = rows.into_iter().map(|row| (Cursor(row.at, row.id.clone()), row.into()));
        Ok(Listed { items: items.collect() })
    }

    /// One of them.
    pub(crate) async fn delivery(&self, tenant: TenantId, name: &str, id: &str) -> Result<One, NotDone> {
        let (to, _) = self.named(tenant, name).await?;
        // No database keeps such an id, and not every one can be asked for it.
        let id = if id.contains('\0') { "" } else { id };
        let found = webhook_delivery(self.store.reader().await?.connection(), &to, id).await?;
        let (row, body) = found.ok_or_else(|| unknown_delivery(name, id))?;
        Ok(One { delivery: row.into(), body })
    }

    /// Adds a secret of which the trail tells that it was made at `made_at`. Others sign for another day, or not any more.
    pub(crate) async fn add_secret(
        &self,
        tenant: TenantId,
        name: &str,
        made_at: Timestamp,
        at_once: bool,
    ) -> Result<SecretTold, NotDone> {
        let to = WebhookEndpoint { tenant, endpoint: name.into() };
        let secret = sign::secret(&locked(&self.mint).bytes());
        let others_end = if at_once { made_at } else { made_at.plus_micros(OTHERS_END) };
        let others = webhook_secrets(self.store.reader().await?.connection(), &to, now()).await?;
        let are_others = others.iter().any(|other| *other.secret != *secret && other.made_at != made_at);
        let row = WebhookSecret { secret: secret.as_str().into(), made_at, ends_at: None };
        let mut aside = self.store.aside().await?;
        let added = add_webhook_secret(aside.connection(), &to, &row, others_end).await?;
        aside.commit().await?;
        self.ring(&to);
        Ok(SecretTold {
            endpoint: name.to_owned(),
            secret: added.then_some(secret),
            made_at: made_at.to_string(),
            others_end: are_others.then(|| others_end.to_string()),
        })
    }

    /// Has deliveries delivered again.
    pub(crate) async fn replay(&self, tenant: TenantId, name: &str, asked: &Replay) -> Result<Replayed, NotDone> {
        let (to, _) = self.named(tenant, name).await?;
        let which = asked.which()?;
        let mut aside = self.store.aside().await?;
        let replayed = match &which {
            Which::These(ids) => replay_webhooks(aside.connection(), &to, ids, now()).await?,
            Which::Failed(failed) => replay_failed_webhooks(aside.connection(), &to, failed, now()).await?,
        };
        aside.commit().await?;
        if let (Which::These(ids), 0) = (&which, replayed)
            && let Some(first) = ids.first()
        {
            return Err(unknown_delivery(name, first));
        }
        let more = matches!(which, Which::Failed(_)) && replayed >= MOST_REPLAYED as u64;
        self.replayed(&to, replayed, more)
    }

    fn replayed(&self, to: &WebhookEndpoint, replayed: u64, more: bool) -> Result<Replayed, NotDone> {
        let (tenant, endpoint) = (to.tenant, &to.endpoint);
        tracing::info!(%tenant, %endpoint, replayed, "{replayed} events are delivered to `{endpoint}` again");
        self.ring(to);
        Ok(Replayed { replayed, more })
    }

    /// Tries an endpoint out, now.
    pub(crate) async fn try_out(&self, tenant: TenantId, name: &str) -> Result<Tried, NotDone> {
        let (to, endpoint) = self.named(tenant, name).await?;
        let target = self.target(&to, endpoint).await?;
        if target.secrets.is_empty() {
            let sentence = format!("`{name}` has no secret to sign with: POST /v1/webhooks/{name}/secret makes one.");
            return Err(no_record("no_secret", sentence));
        }
        let id = format!("test_{:032x}", u128::from_be_bytes(locked(&self.mint).bytes()));
        let source = event::source(self.public_url.as_deref(), tenant);
        let (began, body) = (Instant::now(), event::test_body(&source, &id, &now().to_string(), name));
        let sent = self.send(&to, &target, &id, body).await;
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let delivered = sent.error.is_none();
        Ok(Tried { id, delivered, status: sent.status, answer: sent.answer, error: sent.error, took_ms })
    }
}

fn unknown_delivery(name: &str, id: &str) -> NotDone {
    let shown: String = id.chars().take(80).collect();
    no_record("unknown_delivery", format!("There is no delivery `{shown}` to `{name}`, or not any more."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let cursor = Cursor(Timestamp::from_micros(-5), "a.b.7".into());
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "7", "x.y", ".a"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}

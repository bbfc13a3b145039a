//! One attempt: signed, to an address that was looked up, checked, and is the one that is connected to.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::bail;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::Digest;
use fluxor_engine::store::StoreError;
use fluxor_limits::At;
use fluxor_workflows::{WebhookEndpoint, WebhookHealth, WebhookSecret, webhook_health, webhook_secrets};

use super::{Endpoint, Webhooks, event, locked, now, sign};
use crate::sink::{Address, Answer};

/// What is kept of an answer, bytes.
const ANSWER: usize = 1024;

/// An endpoint with all that delivering needs.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) secrets: Vec<WebhookSecret>,
    pub(super) health: WebhookHealth,
    /// What it is now: another one after a change of its setting or its secret.
    pub(super) mark: Arc<str>,
}

impl Target {
    /// Whether it said that it is gone for good, and nothing has changed since.
    pub(super) fn is_paused(&self) -> bool {
        self.health.gone.as_ref() == Some(&self.mark)
    }
}

/// What came of an attempt.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// The status of the answer, if there was one.
    pub(super) status: Option<u16>,
    /// How the answer began.
    pub(super) answer: Option<String>,
    /// Why it has not arrived; none: it has.
    pub(super) error: Option<String>,
    /// Until when the other side wants to be left alone.
    pub(super) until: Option<Timestamp>,
}

impl Webhooks {
    /// An endpoint with all that delivering needs.
    pub(super) async fn target(&self, to: &WebhookEndpoint, endpoint: Arc<Endpoint>) -> Result<Target, StoreError> {
        let mut reader = self.store.reader().await?;
        let secrets = webhook_secrets(reader.connection(), to, now()).await?;
        let health = webhook_health(reader.connection(), to).await?;
        let document = serde_json::to_string(&endpoint).unwrap_or_default();
        let newest = secrets.first().map_or(0, |secret| secret.made_at.micros());
        let mark = Digest::of(format!("{document}\0{newest}")).to_string().into();
        Ok(Target { endpoint, secrets, health, mark })
    }

    /// Tries once.
    pub(super) async fn send(&self, to: &WebhookEndpoint, target: &Target, id: &str, body: String) -> Sent {
        match self.exchange(target, id, body).await {
            Err(why) => Sent { error: Some(without_nul(&format!("{why:#}"))), ..Sent::default() },
            Ok(answer) => {
                let status = answer.status.as_u16();
                let until = locked(&self.pacer).heard(&destination(to), status, &answer.headers, at(now()));
                let moved = if answer.status.is_redirection() { ", and redirections are not followed" } else { "" };
                let error = (!answer.status.is_success()).then(|| format!("it answered {status}{moved}"));
                Sent { status: Some(status), answer: Some(beginning(&answer)), error, until: until.map(timestamp) }
            }
        }
    }

    async fn exchange(&self, target: &Target, id: &str, body: String) -> anyhow::Result<Answer> {
        let address = Address::new(&target.endpoint.url)?;
        let found = address.resolve().await?;
        let refused = found.iter().find_map(|one| self.allowed.refusal(one.ip()));
        let public: Vec<SocketAddr> =
            found.into_iter().filter(|one| self.allowed.refusal(one.ip()).is_none()).collect();
        if public.is_empty() {
            bail!(refused.unwrap_or_else(|| format!("{} has no address", address.origin())));
        }
        let seconds = sign::seconds(now());
        let secrets = target.secrets.iter().map(|secret| &*secret.secret);
        let (signature, instant) = (sign::signatures(secrets, id, seconds, &body), seconds.to_string());
        let heads = [
            ("content-type", event::MEDIA_TYPE),
            ("webhook-id", id),
            ("webhook-timestamp", &instant),
            ("webhook-signature", &signature),
        ];
        address.post_to(Some(&public), &heads, body).await
    }

    /// Until when an endpoint wants to be left alone.
    pub(super) fn left_alone(&self, to: &WebhookEndpoint) -> Option<Timestamp> {
        locked(&self.pacer).until(&destination(to), at(now())).map(timestamp)
    }
}

/// By what the pacer knows an endpoint.
fn destination(to: &WebhookEndpoint) -> String {
    format!("{}/{}", to.tenant, to.endpoint)
}

/// How an answer begins, as text that every database stores.
fn beginning(answer: &Answer) -> String {
    without_nul(&String::from_utf8_lossy(&answer.body[..answer.body.len().min(ANSWER)]))
}

fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn at(at: Timestamp) -> At {
    crate::traffic::instant(at)
}

fn timestamp(at: At) -> Timestamp {
    crate::traffic::timestamp(at)
}

//! Delivering: a worker an endpoint, so that none waits for another. Workers of several servers share what is due by leases.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fluxor_engine::clock::Timestamp;
use fluxor_engine::store::StoreError;
use fluxor_workflows::{
    ClaimedWebhook, SettledWebhook, WebhookEndpoint, WebhookHealth, WebhookRow, WebhookState, claim_webhooks,
    forget_other_webhooks, forget_webhooks, forget_webhooks_beyond, webhook_due,
};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::send::{Sent, Target};
use super::{AGE, Webhooks, locked, now, schedule};
use crate::telemetry::metrics;

/// Deliveries to an endpoint under way at a time.
const EACH: usize = 8;
/// How often a worker looks where nobody calls it: another server may have written, or have gone.
const POLL: Duration = Duration::from_secs(2);
/// How long a worker rests when the database does not answer.
const REST: Duration = Duration::from_secs(5);
/// How long an attempt may take before another server makes it, microseconds. (It takes at most 25 s.)
const LEASE: i64 = 40_000_000;
/// How often what is old is looked for.
const SWEEP: Duration = Duration::from_secs(60);
/// How long what has arrived is kept, and what has failed, microseconds.
const KEPT_DELIVERED: i64 = 7 * 86_400_000_000;
const KEPT_FAILED: i64 = 30 * 86_400_000_000;
/// How many deliveries of an endpoint are kept.
const MOST_KEPT: i64 = 20_000;

/// The right to have a delivery under way: of the endpoint, the tenant and the server.
type Turn = [OwnedSemaphorePermit; 3];

/// A task that ends when it is dropped.
struct Worker(tokio::task::JoinHandle<()>);

impl Drop for Worker {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Webhooks {
    /// Delivers what is due, until it is dropped.
    pub(crate) async fn run(self: Arc<Self>) {
        let mut workers: HashMap<WebhookEndpoint, Worker> = HashMap::new();
        let mut swept: Option<Instant> = None;
        loop {
            if let Err(error) = self.read().await {
                tracing::warn!(%error, "the setting `webhooks` cannot be read, and what held before still holds: {error}");
            }
            let wanted = self.wanted();
            workers.retain(|to, worker| wanted.contains(to) && !worker.0.is_finished());
            locked(&self.bells).retain(|to, _| wanted.contains(to));
            for to in wanted {
                workers.entry(to.clone()).or_insert_with(|| {
                    let bell = Arc::new(Notify::new());
                    locked(&self.bells).insert(to.clone(), bell.clone());
                    Worker(tokio::spawn(self.clone().work(to, bell)))
                });
            }
            if swept.is_none_or(|at| at.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "deliveries that are old cannot be forgotten now: {error}");
                }
            }
            let _ = tokio::time::timeout(AGE, self.changed.notified()).await;
        }
    }

    /// The endpoints that something is delivered to.
    fn wanted(&self) -> BTreeSet<WebhookEndpoint> {
        self.all_endpoints(|endpoint| endpoint.active)
    }

    fn all_endpoints(&self, fits: impl Fn(&super::Endpoint) -> bool) -> BTreeSet<WebhookEndpoint> {
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let all = known.iter().flat_map(|(tenant, known)| {
            let own = known.endpoints.iter().filter(|endpoint| fits(endpoint));
            own.map(|endpoint| WebhookEndpoint { tenant: *tenant, endpoint: endpoint.name.clone() })
        });
        all.collect()
    }

    /// Forgets what is kept no longer.
    async fn sweep(&self) -> Result<(), StoreError> {
        let mut aside = self.store.aside().await?;
        forget_webhooks(aside.connection(), now()).await?;
        aside.commit().await?;
        let known = self.known.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        for (tenant, known) in known.into_iter().filter(|(_, known)| !known.is_part) {
            let names: Vec<Arc<str>> = known.endpoints.iter().map(|endpoint| endpoint.name.clone()).collect();
            let mut aside = self.store.aside().await?;
            forget_other_webhooks(aside.connection(), tenant, &names).await?;
            aside.commit().await?;
        }
        for to in self.all_endpoints(|_| true) {
            let mut aside = self.store.aside().await?;
            let lost = forget_webhooks_beyond(aside.connection(), &to, MOST_KEPT).await?;
            aside.commit().await?;
            if lost > 0 {
                let (tenant, endpoint) = (to.tenant, to.endpoint);
                tracing::warn!(%tenant, %endpoint, lost, "{lost} events never reached the endpoint `{endpoint}` and were let go");
            }
        }
        Ok(())
    }

    /// Delivers to one endpoint.
    async fn work(self: Arc<Self>, to: WebhookEndpoint, bell: Arc<Notify>) {
        let own = Arc::new(Semaphore::new(EACH));
        let mut sending = JoinSet::new();
        loop {
            while sending.try_join_next().is_some() {}
            let wait = match self.round(&to, &own, &mut sending).await {
                Ok(wait) => wait.min(POLL),
                Err(error) => {
                    let (tenant, endpoint) = (to.tenant, &to.endpoint);
                    tracing::warn!(%error, %tenant, %endpoint, "deliveries to `{endpoint}` wait: {error}");
                    REST
                }
            };
            if !wait.is_zero() {
                let _ = tokio::time::timeout(wait, bell.notified()).await;
            }
        }
    }

    /// Begins what is due, and tells when to look again.
    async fn round(
        self: &Arc<Self>,
        to: &WebhookEndpoint,
        own: &Arc<Semaphore>,
        sending: &mut JoinSet<()>,
    ) -> Result<Duration, StoreError> {
        let Some(endpoint) = self.endpoint(to).filter(|endpoint| endpoint.active) else { return Ok(POLL) };
        if let Some(until) = self.left_alone(to) {
            return Ok(until_then(until));
        }
        let due = webhook_due(self.store.reader().await?.connection(), to).await?;
        let Some(due) = due else { return Ok(POLL) };
        if due > now() {
            return Ok(until_then(due));
        }
        let target = self.target(to, endpoint).await?;
        if target.secrets.is_empty() || target.is_paused() {
            return Ok(POLL);
        }
        let mut turns = vec![self.turn(to, own).await];
        // One that failed last is tried one at a time: many that hang must not take the turns of those that answer.
        let more = if target.health.error_at > target.health.success_at { 0 } else { EACH - 1 };
        turns.extend(std::iter::from_fn(|| self.turn_now(to, own)).take(more));
        let limit = i64::try_from(turns.len()).unwrap_or(1);
        let mut aside = self.store.aside().await?;
        let claimed = claim_webhooks(aside.connection(), to, now(), now().plus_micros(LEASE), limit).await?;
        aside.commit().await?;
        for (claimed, turn) in claimed.into_iter().zip(turns) {
            let (webhooks, to, target) = (self.clone(), to.clone(), target.clone());
            sending.spawn(async move {
                webhooks.deliver(to, &target, claimed).await;
                drop(turn);
            });
        }
        Ok(Duration::ZERO)
    }

    /// A turn, once there is one.
    async fn turn(&self, to: &WebhookEndpoint, own: &Arc<Semaphore>) -> Turn {
        let tenant = self.turns(to.tenant);
        loop {
            let turns = (
                own.clone().acquire_owned().await,
                tenant.clone().acquire_owned().await,
                self.all.clone().acquire_owned().await,
            );
            // They are never closed.
            if let (Ok(own), Ok(tenant), Ok(all)) = turns {
                return [own, tenant, all];
            }
            tokio::time::sleep(REST).await;
        }
    }

    /// A turn, if there is one now.
    fn turn_now(&self, to: &WebhookEndpoint, own: &Arc<Semaphore>) -> Option<Turn> {
        let own = own.clone().try_acquire_owned().ok()?;
        let tenant = self.turns(to.tenant).try_acquire_owned().ok()?;
        Some([own, tenant, self.all.clone().try_acquire_owned().ok()?])
    }

    async fn deliver(&self, to: WebhookEndpoint, target: &Target, claimed: ClaimedWebhook) {
        let ClaimedWebhook { id, attempt, epoch, body } = claimed;
        let sent = self.send(&to, target, &id, body).await;
        let (tenant, endpoint, attempt) = (to.tenant, to.endpoint.clone(), attempt + 1);
        let (row, keep_until, health) = settled(&id, attempt, &sent, target, now(), self.random());
        let outcome = match (row.state, &health.gone) {
            (WebhookState::Delivered, _) => "delivered",
            (WebhookState::Failed, _) => "failed",
            (WebhookState::Waiting, Some(_)) => "gone",
            (WebhookState::Waiting, None) => "again",
        };
        metrics::webhook(outcome);
        if let Some(why) = &sent.error {
            tracing::debug!(%tenant, %endpoint, %id, attempt, outcome, "the event {id} did not reach `{endpoint}`: {why}");
        }
        if outcome == "gone" {
            tracing::warn!(%tenant, %endpoint, "the endpoint `{endpoint}` says that it is gone: nothing more is sent until its setting or secret changes");
        }
        // What cannot be written is delivered again when its lease ends.
        if let Err(why) = self.writes.settle(SettledWebhook { to, epoch, row, keep_until }, health).await {
            tracing::warn!(%tenant, %endpoint, %id, "what became of {id} could not be written: {why}");
        }
    }
}

fn until_then(at: Timestamp) -> Duration {
    Duration::from_micros(u64::try_from(at.micros() - now().micros()).unwrap_or(0)).max(Duration::from_millis(1))
}

/// The row after an attempt, until when it is kept, and how the endpoint fares.
fn settled(
    id: &Arc<str>,
    attempt: i64,
    sent: &Sent,
    target: &Target,
    now: Timestamp,
    random: u32,
) -> (WebhookRow, Option<Timestamp>, WebhookHealth) {
    let row = WebhookRow {
        id: id.clone(),
        at: now,
        state: WebhookState::Waiting,
        attempt,
        next_at: None,
        settled_at: None,
        status: sent.status.map(i64::from),
        answer: sent.answer.as_deref().map(Into::into),
        error: sent.error.as_deref().map(Into::into),
    };
    let over = |state, kept| (WebhookRow { state, settled_at: Some(now), ..row.clone() }, Some(now.plus_micros(kept)));
    if sent.error.is_none() {
        let (row, keep_until) = over(WebhookState::Delivered, KEPT_DELIVERED);
        return (row, keep_until, WebhookHealth { success_at: Some(now), ..WebhookHealth::default() });
    }
    // It waits, and goes out when the endpoint is another one.
    let gone = (sent.status == Some(410)).then(|| target.mark.clone());
    let health = WebhookHealth { error_at: Some(now), error: row.error.clone(), gone, ..WebhookHealth::default() };
    let next_at = if health.gone.is_some() { Some(now) } else { schedule::next(attempt, now, random, sent.until) };
    let (row, keep_until) = match next_at {
        Some(_) => (WebhookRow { next_at, ..row }, None),
        None => over(WebhookState::Failed, KEPT_FAILED),
    };
    (row, keep_until, health)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize as _;
    use serde_json::json;

    const ATTEMPTS: i64 = 10;

    fn after(attempt: i64, status: Option<u16>) -> (WebhookRow, Option<Timestamp>, WebhookHealth) {
        let endpoint = json!({ "name": "a", "url": "https://example.com" });
        let target = Target {
            endpoint: Arc::new(super::super::Endpoint::deserialize(endpoint).unwrap()),
            secrets: Vec::new(),
            health: WebhookHealth::default(),
            mark: "now".into(),
        };
        let error = (status != Some(204)).then(|| "no".to_owned());
        let sent = Sent { status, error, ..Sent::default() };
        settled(&"i.1".into(), attempt, &sent, &target, Timestamp::from_micros(5), 0)
    }

    #[test]
    fn what_becomes_of_an_attempt() {
        let now = Timestamp::from_micros(5);
        let (row, kept, health) = after(1, Some(204));
        assert_eq!((row.state, row.next_at, row.settled_at), (WebhookState::Delivered, None, Some(now)));
        assert_eq!((kept, health.success_at), (Some(now.plus_micros(KEPT_DELIVERED)), Some(now)));
        for status in [None, Some(302), Some(400), Some(429), Some(500)] {
            let (row, kept, health) = after(1, status);
            assert_eq!((row.state, row.next_at, kept), (WebhookState::Waiting, Some(now.plus_micros(5_000_000)), None));
            assert_eq!((health.error_at, health.gone), (Some(now), None));
            let (row, kept, _) = after(ATTEMPTS, status);
            assert_eq!((row.state, row.next_at), (WebhookState::Failed, None));
            assert_eq!(kept, Some(now.plus_micros(KEPT_FAILED)));
        }
        let (row, _, health) = after(ATTEMPTS, Some(410));
        assert_eq!((row.state, health.gone.as_deref()), (WebhookState::Waiting, Some("now")), "it waits for a change");
    }
}

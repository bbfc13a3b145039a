//! In memory: what is delivered to the endpoints of tenants.

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::TenantId;

use super::Memory;
use crate::webhooks::{
    ClaimedWebhook, FailedWebhooks, MOST_SECRETS, NewWebhook, SettledWebhook, WebhookCounts, WebhookEndpoint,
    WebhookHealth, WebhookRow, WebhookSecret, WebhookState, WebhooksAsked,
};

/// Rows by their keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Webhooks {
    secrets: BTreeMap<(WebhookEndpoint, Timestamp), WebhookSecret>,
    health: BTreeMap<WebhookEndpoint, WebhookHealth>,
    deliveries: BTreeMap<(WebhookEndpoint, Arc<str>), Kept>,
}

#[derive(Clone, Debug, PartialEq)]
struct Kept {
    row: WebhookRow,
    epoch: i64,
    keep_until: Option<Timestamp>,
    body: String,
}

impl Kept {
    /// As if it were new.
    fn again(&mut self, now: Timestamp) {
        self.row.state = WebhookState::Waiting;
        self.row.attempt = 0;
        self.row.next_at = Some(now);
        self.row.settled_at = None;
        self.keep_until = None;
        self.epoch += 1;
    }
}

fn count(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

impl Webhooks {
    fn of<'a>(&'a self, to: &'a WebhookEndpoint) -> impl DoubleEndedIterator<Item = &'a Kept> {
        self.deliveries.iter().filter(move |((own, _), _)| own == to).map(|(_, kept)| kept)
    }

    fn of_mut<'a>(&'a mut self, to: &'a WebhookEndpoint) -> impl Iterator<Item = &'a mut Kept> {
        self.deliveries.iter_mut().filter(move |((own, _), _)| own == to).map(|(_, kept)| kept)
    }

    pub(crate) fn keep(&mut self, rows: &[NewWebhook], now: Timestamp) {
        for new in rows {
            self.deliveries.entry((new.to.clone(), new.id.clone())).or_insert_with(|| Kept {
                row: WebhookRow {
                    id: new.id.clone(),
                    at: new.at,
                    state: WebhookState::Waiting,
                    attempt: 0,
                    next_at: Some(now),
                    settled_at: None,
                    status: None,
                    answer: None,
                    error: None,
                },
                epoch: 0,
                keep_until: None,
                body: new.body.clone(),
            });
        }
    }

    pub(crate) fn due(&self, to: &WebhookEndpoint) -> Option<Timestamp> {
        self.of(to).filter_map(|kept| kept.row.next_at).min()
    }

    pub(crate) fn claim(
        &mut self,
        to: &WebhookEndpoint,
        now: Timestamp,
        lease_until: Timestamp,
        limit: i64,
    ) -> Vec<ClaimedWebhook> {
        let mut due: Vec<&mut Kept> =
            self.of_mut(to).filter(|kept| kept.row.next_at.is_some_and(|at| at <= now)).collect();
        due.sort_by(|a, b| (a.row.next_at, &a.row.id).cmp(&(b.row.next_at, &b.row.id)));
        due.truncate(count(limit));
        let mut claimed: Vec<ClaimedWebhook> = due
            .into_iter()
            .map(|kept| {
                kept.epoch += 1;
                kept.row.next_at = Some(lease_until);
                let WebhookRow { id, attempt, .. } = &kept.row;
                ClaimedWebhook { id: id.clone(), attempt: *attempt, epoch: kept.epoch, body: kept.body.clone() }
            })
            .collect();
        claimed.sort_by(|a, b| a.id.cmp(&b.id));
        claimed
    }

    pub(crate) fn settle(&mut self, rows: &[SettledWebhook]) {
        for settled in rows {
            let key = (settled.to.clone(), settled.row.id.clone());
            let Some(kept) = self.deliveries.get_mut(&key).filter(|kept| kept.epoch == settled.epoch) else { continue };
            kept.row = WebhookRow { at: kept.row.at, ..settled.row.clone() };
            kept.keep_until = settled.keep_until;
            kept.epoch += 1;
        }
    }

    pub(crate) fn health(&self, to: &WebhookEndpoint) -> WebhookHealth {
        self.health.get(to).cloned().unwrap_or_default()
    }

    pub(crate) fn note(&mut self, to: &WebhookEndpoint, health: &WebhookHealth) {
        let known = self.health.entry(to.clone()).or_default();
        known.success_at = health.success_at.or(known.success_at);
        if health.error_at.is_some() {
            (known.error_at, known.error) = (health.error_at, health.error.clone());
        }
        known.gone = health.gone.clone().or(known.gone.take());
    }

    pub(crate) fn counts(&self, to: &WebhookEndpoint) -> WebhookCounts {
        let mut counts = WebhookCounts::default();
        for kept in self.of(to) {
            *match kept.row.state {
                WebhookState::Waiting => &mut counts.waiting,
                WebhookState::Failed => &mut counts.failed,
                WebhookState::Delivered => &mut counts.delivered,
            } += 1;
        }
        counts
    }

    pub(crate) fn page(&self, to: &WebhookEndpoint, asked: &WebhooksAsked) -> Vec<WebhookRow> {
        let fits = |row: &&WebhookRow| {
            (row.at, &row.id) < (asked.before.0, &asked.before.1) && asked.state.is_none_or(|state| row.state == state)
        };
        let mut rows: Vec<&WebhookRow> = self.of(to).map(|kept| &kept.row).filter(fits).collect();
        rows.sort_by(|a, b| (b.at, &b.id).cmp(&(a.at, &a.id)));
        rows.into_iter().take(count(asked.limit)).cloned().collect()
    }

    pub(crate) fn one(&self, to: &WebhookEndpoint, id: &str) -> Option<(WebhookRow, String)> {
        self.deliveries.get(&(to.clone(), id.into())).map(|kept| (kept.row.clone(), kept.body.clone()))
    }

    pub(crate) fn replay(&mut self, to: &WebhookEndpoint, ids: &[Arc<str>], now: Timestamp) -> u64 {
        let mut found = 0;
        for kept in self.of_mut(to).filter(|kept| ids.contains(&kept.row.id)) {
            kept.again(now);
            found += 1;
        }
        found
    }

    pub(crate) fn replay_failed(&mut self, to: &WebhookEndpoint, asked: &FailedWebhooks, now: Timestamp) -> u64 {
        let fits =
            |row: &WebhookRow| row.state == WebhookState::Failed && asked.since <= row.at && row.at < asked.until;
        let mut failed: Vec<&mut Kept> = self.of_mut(to).filter(|kept| fits(&kept.row)).collect();
        failed.sort_by(|a, b| (a.row.at, &a.row.id).cmp(&(b.row.at, &b.row.id)));
        failed.truncate(count(asked.limit));
        failed.into_iter().map(|kept| kept.again(now)).count() as u64
    }

    pub(crate) fn secrets(&self, to: &WebhookEndpoint, now: Timestamp) -> Vec<WebhookSecret> {
        let own = self.secrets.iter().rev().filter(|((own, _), _)| own == to).map(|(_, secret)| secret);
        own.filter(|secret| secret.ends_at.is_none_or(|end| end > now)).take(count(MOST_SECRETS)).cloned().collect()
    }

    pub(crate) fn add_secret(&mut self, to: &WebhookEndpoint, secret: &WebhookSecret, others_end: Timestamp) -> bool {
        if self.secrets.contains_key(&(to.clone(), secret.made_at)) {
            return false;
        }
        for ((own, _), other) in &mut self.secrets {
            if own == to && other.ends_at.is_none_or(|end| end > others_end) {
                other.ends_at = Some(others_end);
            }
        }
        self.secrets.insert((to.clone(), secret.made_at), secret.clone());
        let own: Vec<_> = self.secrets.keys().rev().filter(|(own, _)| own == to).cloned().collect();
        for key in own.iter().skip(count(MOST_SECRETS)) {
            self.secrets.remove(key);
        }
        true
    }

    pub(crate) fn forget(&mut self, now: Timestamp) {
        self.deliveries.retain(|_, kept| kept.keep_until.is_none_or(|until| until >= now));
    }

    pub(crate) fn forget_beyond(&mut self, to: &WebhookEndpoint, most: i64) -> u64 {
        let mut instants: Vec<Timestamp> = self.of(to).map(|kept| kept.row.at).collect();
        instants.sort_unstable_by(|a, b| b.cmp(a));
        let Some(last) = instants.get(usize::try_from(most).unwrap_or(usize::MAX)).copied() else { return 0 };
        let beyond = |own: &WebhookEndpoint, kept: &Kept| own == to && kept.row.at <= last;
        let lost = self
            .deliveries
            .iter()
            .filter(|((own, _), kept)| beyond(own, kept) && kept.row.state != WebhookState::Delivered);
        let lost = lost.count() as u64;
        self.deliveries.retain(|(own, _), kept| !beyond(own, kept));
        lost
    }

    pub(crate) fn forget_others(&mut self, tenant: TenantId, endpoints: &[Arc<str>]) {
        let stays = |to: &WebhookEndpoint| to.tenant != tenant || endpoints.contains(&to.endpoint);
        self.secrets.retain(|(to, _), _| stays(to));
        self.health.retain(|to, _| stays(to));
        self.deliveries.retain(|(to, _), _| stays(to));
    }
}

impl Memory {
    pub(crate) fn settings_of_all(&self, code: &str) -> Vec<(TenantId, i64)> {
        let rows = self.settings.iter().filter(|((_, own), _)| **own == *code);
        rows.map(|((tenant, _), row)| (*tenant, row.version)).collect()
    }
}

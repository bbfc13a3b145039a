//! Writing: whoever comes while somebody writes is written with all others of that time, in one transaction.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fluxor_engine::store::{AnyStore, StoreError};
use fluxor_workflows::{
    NewWebhook, Procurement, SettledWebhook, WebhookHealth, keep_webhooks, note_webhook, settle_webhooks,
};
use tokio::sync::oneshot;

use super::{locked, now};

/// What waits to be written, and whose turn it is.
pub(super) struct Writes {
    store: AnyStore<Procurement>,
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

/// Something to write, and who waits for it.
type Waiting = (Write, oneshot::Sender<Result<(), String>>);

enum Write {
    Keep(Vec<NewWebhook>),
    Settle(Box<(SettledWebhook, WebhookHealth)>),
}

impl Writes {
    pub(super) fn new(store: AnyStore<Procurement>) -> Self {
        Self { store, waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Keeps deliveries.
    ///
    /// # Errors
    /// Why they could not be kept.
    pub(super) async fn keep(&self, rows: Vec<NewWebhook>) -> Result<(), String> {
        self.write(Write::Keep(rows)).await
    }

    /// Writes what became of an attempt, and how the endpoint fares now.
    ///
    /// # Errors
    /// Why it could not be written.
    pub(super) async fn settle(&self, settled: SettledWebhook, health: WebhookHealth) -> Result<(), String> {
        self.write(Write::Settle(Box::new((settled, health)))).await
    }

    async fn write(&self, what: Write) -> Result<(), String> {
        let (reply, mut written) = oneshot::channel();
        locked(&self.waiting).push((what, reply));
        let turn = self.turn.lock().await;
        match written.try_recv() {
            Ok(done) => return done,
            Err(oneshot::error::TryRecvError::Closed) => return Err("writing broke off".to_owned()),
            Err(oneshot::error::TryRecvError::Empty) => {}
        }
        let (all, replies): (Vec<Write>, Vec<_>) = std::mem::take(&mut *locked(&self.waiting)).into_iter().unzip();
        let done = self.all(all).await.map_err(|error| error.to_string());
        for reply in replies {
            let _ = reply.send(done.clone());
        }
        drop(turn);
        done
    }

    async fn all(&self, all: Vec<Write>) -> Result<(), StoreError> {
        let (mut kept, mut settled, mut health) = (Vec::new(), Vec::new(), BTreeMap::new());
        for one in all {
            match one {
                Write::Keep(rows) => kept.extend(rows),
                Write::Settle(one) => {
                    let (row, noted) = *one;
                    merge(health.entry(row.to.clone()).or_default(), noted);
                    settled.push(row);
                }
            }
        }
        // Rows are taken in one order by all servers.
        settled.sort_by(|a, b| (&a.to, &a.row.id).cmp(&(&b.to, &b.row.id)));
        kept.sort_by(|a, b| (&a.to, &a.id).cmp(&(&b.to, &b.id)));
        let mut aside = self.store.aside().await?;
        if !kept.is_empty() {
            keep_webhooks(aside.connection(), &kept, now()).await?;
        }
        if !settled.is_empty() {
            settle_webhooks(aside.connection(), &settled).await?;
        }
        for (to, noted) in &health {
            note_webhook(aside.connection(), to, noted).await?;
        }
        aside.commit().await
    }
}

/// The later of two says how an endpoint fares.
fn merge(known: &mut WebhookHealth, later: WebhookHealth) {
    known.success_at = known.success_at.max(later.success_at);
    if later.error_at >= known.error_at && later.error_at.is_some() {
        (known.error_at, known.error) = (later.error_at, later.error);
    }
    known.gone = later.gone.or(known.gone.take());
}

//! Webhooks: a tenant's administrators register endpoints (the setting `webhooks`) that hear of every transition of its
//! instances, signed (Standard Webhooks) and as CloudEvents.
//!
//! What must hold: an endpoint that is dead, slow or malicious makes no incident, holds up no instance and no other endpoint; what
//! was committed is delivered at least once, under one id, or is told to have failed; no secret leaves but where it was made. From a
//! commit to here goes an outbox row (`webhooks/heard.rs`); from here to the endpoint a delivery (`webhooks/work.rs`).

mod address;
mod endpoints;
mod event;
mod heard;
mod look;
mod named;
mod schedule;
mod send;
mod sign;
mod told;
mod work;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use fluxor_engine::clock::{Clock as _, SystemClock, Timestamp};
use fluxor_engine::ids::{Mint, TenantId};
use fluxor_engine::plan::Hearing;
use fluxor_engine::store::{AnyStore, StoreError};
use fluxor_limits::{Pacer, Span};
use fluxor_workflows::{Procurement, WebhookEndpoint, setting, settings_of_all};
use tokio::sync::{Notify, Semaphore};

use crate::config::Config;

pub(crate) use address::Allowed;
pub(crate) use endpoints::{Endpoint, MAKE_SECRET, RECORD, REPLAY, SETTING, faults, usual};
pub(crate) use look::{Cursor, Replay, ReplayState};
pub(crate) use named::warnings;
pub(crate) use told::{Delivered, EndpointTold, One, Replayed, SecretTold, Tried};

/// How old what is known of the setting may get: a change on another server is heard of so much later.
const AGE: Duration = Duration::from_secs(1);
/// Deliveries under way at a time, of a tenant and in all.
const OF_TENANT: usize = 32;
const IN_ALL: usize = 256;
/// How many endpoints are remembered that asked to be left alone, and for how long at most.
const MOST_PACED: usize = 10_000;
const LONGEST_PACED: Span = Span::from_secs(24 * 3_600);

/// The webhooks of all tenants.
pub(crate) struct Webhooks {
    store: AnyStore<Procurement>,
    allowed: Allowed,
    public_url: Option<String>,
    known: RwLock<BTreeMap<TenantId, Arc<Known>>>,
    /// Held while the setting is read, so that what is older never comes after what is newer.
    reading: tokio::sync::Mutex<()>,
    /// The setting has changed here.
    changed: Notify,
    /// By endpoint: there may be something to deliver.
    bells: Mutex<HashMap<WebhookEndpoint, Arc<Notify>>>,
    writes: write::Writes,
    pacer: Mutex<Pacer>,
    mint: Mutex<Mint>,
    tenants: Mutex<HashMap<TenantId, Arc<Semaphore>>>,
    all: Arc<Semaphore>,
}

/// What a tenant has set.
#[derive(Debug)]
struct Known {
    version: i64,
    endpoints: Vec<Arc<Endpoint>>,
    hearing: Option<Hearing>,
    /// Whether some could not be read: then nothing is forgotten.
    is_part: bool,
}

impl Known {
    fn new(version: i64, endpoints: Vec<Arc<Endpoint>>, is_part: bool) -> Self {
        let mut active = endpoints.iter().filter(|endpoint| endpoint.active).peekable();
        let hearing = active.peek().is_some().then(|| match active.any(|endpoint| endpoint.subject) {
            true => Hearing::Documents,
            false => Hearing::Events,
        });
        Self { version, endpoints, hearing, is_part }
    }
}

fn now() -> Timestamp {
    SystemClock.now()
}

/// Whatever state a lock was left in.
fn locked<T>(lock: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Webhooks {
    /// On this store, with what is set already known.
    ///
    /// # Errors
    /// If the database does not answer, or the options are wrong.
    pub(crate) async fn open(config: &Config, store: AnyStore<Procurement>) -> anyhow::Result<Arc<Self>> {
        let webhooks = Self {
            writes: write::Writes::new(store.clone()),
            store,
            allowed: config.webhook_allowed(),
            public_url: config.public_url()?,
            known: RwLock::default(),
            reading: tokio::sync::Mutex::default(),
            changed: Notify::new(),
            bells: Mutex::default(),
            pacer: Mutex::new(Pacer::new(MOST_PACED, LONGEST_PACED)),
            mint: Mutex::new(Mint::from_os().context("the operating system gives no randomness")?),
            tenants: Mutex::default(),
            all: Arc::new(Semaphore::new(IN_ALL)),
        };
        webhooks.read().await.context("the setting `webhooks` cannot be read")?;
        Ok(Arc::new(webhooks))
    }

    /// Networks that endpoints may stand in though they are not public.
    pub(crate) fn allowed(&self) -> &Allowed {
        &self.allowed
    }

    /// The setting has changed here: the next transition is told of as it says.
    pub(crate) async fn changed(&self) {
        if let Err(error) = self.read().await {
            tracing::warn!(%error, "the setting `webhooks` cannot be read, and what held before still holds: {error}");
        }
        self.changed.notify_one();
    }

    /// Reads what tenants have set, as far as it has changed. What cannot be read stays as it was.
    async fn read(&self) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        let mut reader = self.store.reader().await?;
        let before = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut known = BTreeMap::new();
        for (tenant, version) in settings_of_all(reader.connection(), SETTING).await? {
            if let Some(same) = before.get(&tenant).filter(|known| known.version == version) {
                known.insert(tenant, same.clone());
                continue;
            }
            let Some(row) = setting(reader.connection(), tenant, &SETTING.into()).await? else { continue };
            let document = serde_json::from_str(row.document.text()).unwrap_or_default();
            let (endpoints, wrong) = endpoints::read(&document);
            let is_part = !wrong.is_empty();
            for why in wrong {
                tracing::warn!(%tenant, "an endpoint of tenant {tenant} cannot be read and gets nothing: {why}");
            }
            known.insert(tenant, Arc::new(Known::new(row.version, endpoints, is_part)));
        }
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// What a tenant has set, as far as it is known.
    fn of(&self, tenant: TenantId) -> Option<Arc<Known>> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn endpoint(&self, to: &WebhookEndpoint) -> Option<Arc<Endpoint>> {
        self.of(to.tenant)?.endpoints.iter().find(|endpoint| endpoint.name == to.endpoint).cloned()
    }

    /// There may be something to deliver.
    fn ring(&self, to: &WebhookEndpoint) {
        if let Some(bell) = locked(&self.bells).get(to) {
            bell.notify_one();
        }
    }

    /// The turns of a tenant.
    fn turns(&self, tenant: TenantId) -> Arc<Semaphore> {
        locked(&self.tenants).entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(OF_TENANT))).clone()
    }

    fn random(&self) -> u32 {
        u32::from_le_bytes(locked(&self.mint).bytes())
    }
}

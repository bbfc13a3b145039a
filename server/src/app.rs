//! The one state that handlers share: the engine's desk, the keys it was asked about lately, and what counts requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use fluxor_engine::command::{Change, Command, Verb};
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, Mint, TenantId};
use fluxor_limits::Live;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::desk::{Desk, NotDone, Submitted};
use crate::limits::Limits;
use crate::pictures::Pictures;
use crate::telemetry::metrics;

/// How long another node's revocation may go unnoticed.
const KEY_AGE: Duration = Duration::from_secs(3);
/// Keys remembered at most.
const MOST_KEYS: usize = 10_000;

/// What handlers share. Cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

struct Shared {
    desk: Arc<dyn Desk>,
    keys: RwLock<Keys>,
    mint: Mutex<Mint>,
    metrics: PrometheusHandle,
    limits: Limits,
    pictures: Pictures,
    /// How long a request may take.
    request_timeout: Duration,
}

/// Keys by hash. The generation rises with each revocation, so that a look-up begun before it is not kept.
#[derive(Default)]
struct Keys {
    generation: u64,
    known: HashMap<Digest, (Arc<ApiKeyRow>, Instant)>,
}

impl App {
    /// Over `desk`.
    pub(crate) fn new(
        desk: Arc<dyn Desk>,
        metrics: PrometheusHandle,
        request_timeout: Duration,
        limits: Limits,
    ) -> anyhow::Result<Self> {
        let mint = Mutex::new(Mint::from_os().context("the operating system gives no randomness")?);
        let pictures = Pictures::default();
        Ok(Self(Arc::new(Shared { desk, keys: RwLock::default(), mint, metrics, limits, pictures, request_timeout })))
    }

    /// The engine.
    pub(crate) fn desk(&self) -> &dyn Desk {
        &*self.0.desk
    }

    /// The limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The pictures.
    pub(crate) fn pictures(&self) -> &Pictures {
        &self.0.pictures
    }

    /// The policies for a tenant's callers, or for those of whom nothing is known.
    pub(crate) async fn policies(&self, tenant: Option<TenantId>) -> Arc<Live> {
        self.0.limits.of(self.desk(), tenant).await
    }

    /// How long a request may take.
    pub(crate) fn request_timeout(&self) -> Duration {
        self.0.request_timeout
    }

    /// Random bytes.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        self.0.mint.lock().unwrap_or_else(PoisonError::into_inner).bytes()
    }

    /// The figures, as Prometheus reads them.
    pub(crate) fn figures(&self) -> String {
        self.desk().measure();
        metrics::limits(&self.0.limits);
        self.0.metrics.run_upkeep();
        self.0.metrics.render()
    }

    /// Does what is asked, counts it, and forgets a key at once when it is revoked.
    pub(crate) async fn submit(&self, command: Command) -> Result<Submitted, NotDone> {
        let verb = command.verb.name();
        let verb: &'static str = VERBS.iter().find(|known| **known == verb).unwrap_or(&"other");
        let revoked = match &command.verb {
            Verb::Change(Change::RevokeKey { id }) => Some((command.tenant, id.clone())),
            _ => None,
        };
        let done = self.desk().submit(command).await;
        if let (Some((tenant, id)), Ok(_)) = (revoked, &done) {
            let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
            keys.generation += 1;
            keys.known.retain(|_, (key, _)| key.tenant != tenant || key.id != id);
        }
        metrics::command(verb, outcome(&done));
        done
    }

    /// Whether a key with this hash was found before: looking it up again is no attempt to guess one.
    pub(crate) fn key_seen(&self, hash: &Digest) -> bool {
        self.0.keys.read().unwrap_or_else(PoisonError::into_inner).known.contains_key(hash)
    }

    /// The key with this hash, if there is one that is not revoked.
    pub(crate) async fn key(&self, hash: Digest) -> Result<Option<Arc<ApiKeyRow>>, NotDone> {
        let generation = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((key, _)) = keys.known.get(&hash).filter(|(_, since)| since.elapsed() < KEY_AGE) {
                return Ok(Some(key.clone()));
            }
            keys.generation
        };
        let found = self.desk().api_key(hash).await?.map(Arc::new);
        let mut keys = self.0.keys.write().unwrap_or_else(PoisonError::into_inner);
        match &found {
            Some(key) if keys.generation == generation => {
                if keys.known.len() >= MOST_KEYS {
                    keys.known.clear();
                }
                keys.known.insert(hash, (key.clone(), Instant::now()));
            }
            Some(_) => {}
            None => drop(keys.known.remove(&hash)),
        }
        Ok(found)
    }
}

/// Verbs that are counted by name: a closed list, so that no caller invents labels.
const VERBS: &[&str] = &[
    "start",
    "signal",
    "approve",
    "reject",
    "abstain",
    "request_changes",
    "ask",
    "delegate",
    "reassign",
    "add_approver",
    "escalate",
    "remind",
    "look",
    "add_watcher",
    "repair",
    "retry",
    "skip",
    "move",
    "set_data",
    "cancel",
    "organisation",
    "create_key",
    "revoke_key",
    "record",
];

fn outcome(done: &Result<Submitted, NotDone>) -> &'static str {
    match done {
        Ok(Submitted { repeat: false, .. }) => "done",
        Ok(Submitted { repeat: true, .. }) => "repeated",
        Err(NotDone::Refused(refusal)) => crate::http::problems::known(refusal.code()).unwrap_or("refused"),
        Err(NotDone::Busy(_)) => "busy",
        Err(NotDone::Broken(_)) => "broken",
        Err(NotDone::ShuttingDown) => "shutting_down",
    }
}

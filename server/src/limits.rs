//! The limits of this server: which policies apply to whom, kept up with the settings that they stand in.
//!
//! What must hold: a setting is in force within [`AGE`] of its change on every replica, sooner on the one that took it; a
//! change gives nobody a free burst (the store keeps what was used); a setting that cannot be read leaves the last one in
//! force. Deciding is the crate `fluxor-limits`'; who calls is found in `http/gate.rs`.

mod usual;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use fluxor_engine::ids::TenantId;
use fluxor_limits::answer::{Answers, Partition};
use fluxor_limits::shed::Shed;
use fluxor_limits::{Decision, Limiter, Live, Local, Observer, Policies, Proxies, Settings};
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::config::Config;
use crate::desk::{Books, Desk, NotDone};
use crate::telemetry::metrics;

pub(crate) use usual::{faults, usual, usual_of_server};

/// The name of a tenant's own limits.
pub(crate) const TENANT: &str = "limits";
/// The name of the limits that hold for everybody.
pub(crate) const SERVER: &str = "server_limits";
/// What the look-up of a key that is not known yet is called where policies name routes.
pub(crate) const SIGN_IN: &str = "/sign_in";

/// How old settings may get.
const AGE: Duration = Duration::from_secs(1);
/// How many keys are counted at most; some 200 bytes each.
const MOST_KEYS: usize = 1_000_000;

/// The limits.
pub(crate) struct Limits {
    limiter: Arc<Limiter<Local>>,
    answers: Answers,
    proxies: Proxies,
    operator: TenantId,
    shed: Shed,
    sets: RwLock<HashMap<Option<TenantId>, Held>>,
}

/// Policies as they were read.
#[derive(Clone)]
struct Held {
    live: Arc<Live>,
    /// The documents they were made of.
    from: Arc<[Value]>,
    /// When reading them began.
    read: Instant,
}

/// Tells the metrics.
struct Counted;

impl Observer for Counted {
    fn decided(&self, decision: &Decision, _: u64) {
        for line in &decision.lines {
            metrics::limit(&line.policy, if line.verdict.is_fine() { "admitted" } else { "refused" });
        }
        for shadow in &decision.shadows {
            metrics::limit(&shadow.policy, if shadow.verdict.is_fine() { "admitted" } else { "would_refuse" });
        }
    }
}

impl Limits {
    /// With nothing counted yet.
    pub(crate) fn new(config: &Config) -> Self {
        // Replicas would each call one caller's partition something else.
        let partition = if config.shared() { Partition::Hidden } else { Partition::default() };
        Self {
            limiter: Arc::new(Limiter::new(Policies::default(), Local::new(MOST_KEYS)).with_observer(Counted)),
            answers: Answers::new().partition(partition).abnormal(["sign_in"]),
            proxies: Proxies::new(config.trusted_proxies.clone()),
            operator: config.tenant(),
            shed: Shed::new(config.max_in_flight as usize),
            sets: RwLock::default(),
        }
    }

    pub(crate) fn limiter(&self) -> &Arc<Limiter<Local>> {
        &self.limiter
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.answers
    }

    pub(crate) fn shed(&self) -> &Shed {
        &self.shed
    }

    /// The tenant that runs the server.
    pub(crate) fn operator(&self) -> TenantId {
        self.operator
    }

    /// Who is at the other end, as far as it can be told.
    pub(crate) fn client(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let values = |name: &'static str| headers.get_all(name).into_iter().map(axum::http::HeaderValue::as_bytes);
        Some(self.proxies.client(peer?.ip(), values("forwarded"), values("x-forwarded-for")))
    }

    /// The policies for a tenant's callers, or for those of whom nothing is known.
    pub(crate) async fn of(&self, desk: &Arc<dyn Desk>, tenant: Option<TenantId>) -> Arc<Live> {
        let held = self.held(tenant);
        match held {
            Some(held) if held.read.elapsed() < AGE => held.live,
            old => self.read(desk, tenant, old).await,
        }
    }

    /// Settings were changed here: they are read at the next call.
    pub(crate) fn changed(&self) {
        for held in self.sets().values_mut() {
            held.read = held.read.checked_sub(AGE).unwrap_or(held.read);
        }
    }

    fn held(&self, tenant: Option<TenantId>) -> Option<Held> {
        self.sets.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned()
    }

    fn keep(&self, tenant: Option<TenantId>, held: Held) {
        self.sets().insert(tenant, held);
    }

    fn sets(&self) -> RwLockWriteGuard<'_, HashMap<Option<TenantId>, Held>> {
        self.sets.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(&self, desk: &Arc<dyn Desk>, tenant: Option<TenantId>, old: Option<Held>) -> Arc<Live> {
        let read = Instant::now();
        if let Some(old) = &old {
            // Whoever comes meanwhile takes the old ones and does not wait.
            self.keep(tenant, Held { read, ..old.clone() });
        }
        let documents = self.documents(&**desk, tenant).await;
        if let Err(error) = &documents {
            tracing::warn!(?tenant, %error, "the limits cannot be read: what held before still holds");
        }
        let held = match (documents, old) {
            (Ok(from), Some(old)) if *old.from != from => {
                old.live.replace(self.compile(tenant, &from));
                Held { from: from.into(), read, ..old }
            }
            (_, Some(old)) => Held { read, ..old },
            (documents, None) => {
                let known = documents.is_ok();
                let from = documents.unwrap_or_else(|_| [usual_of_server(), usual(), Value::Null]);
                let live = Arc::new(Live::new(self.compile(tenant, &from)));
                let held = Held { live, from: if known { from.into() } else { [].into() }, read };
                // Two may come first; what one's tickets hold must be what is kept up.
                return self.sets().entry(tenant).or_insert(held).live.clone();
            }
        };
        let live = held.live.clone();
        self.keep(tenant, held);
        live
    }

    /// The server's document, the tenant's, and the tenant's time zone.
    async fn documents(&self, desk: &dyn Desk, tenant: Option<TenantId>) -> Result<[Value; 3], NotDone> {
        let setting = async |tenant, name: &str, usual: fn() -> Value| {
            let row = desk.books(tenant, Books::Setting { name: name.to_owned() }).await?;
            Ok::<Value, NotDone>(if row.is_null() { usual() } else { row["document"].clone() })
        };
        let server = setting(self.operator, SERVER, usual_of_server).await?;
        let Some(tenant) = tenant else { return Ok([server, Value::Null, Value::Null]) };
        let own = setting(tenant, TENANT, usual).await?;
        let zone = desk.books(tenant, Books::Company).await?["zone"].take();
        Ok([server, own, zone])
    }

    /// Both sets as one, so that one decision is over all: the server's first, each with keys of its own.
    fn compile(&self, tenant: Option<TenantId>, from: &[Value; 3]) -> Policies {
        let [server, own, zone] = from;
        let zone = zone.as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let compiled = |document: &Value, scope: &str| {
            let settings = Settings::parse(&document.to_string()).unwrap_or_else(|faults| {
                tracing::error!(scope, ?faults, "limits that were stored are not valid any more: there are none now");
                Settings::default()
            });
            settings.compile(&zone).scoped(scope)
        };
        let server = compiled(server, "server");
        match tenant {
            Some(tenant) => compiled(own, &format!("tenant {tenant}")).after(server),
            None => server,
        }
    }
}

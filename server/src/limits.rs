//! The limits of this server: which policies apply to whom, kept up with the settings that they stand in.
//!
//! What must hold: a setting is in force within [`AGE`] of its change on every replica, at once on the one that took it; a
//! change gives nobody a free burst (the store keeps what was used); a setting that cannot be read leaves the last one in
//! force. Deciding is the crate `fluxor-limits`'; who calls is found in `http/gate.rs`.

mod documents;
pub(crate) mod explain;
mod lasting;
mod sense;
mod store;
mod usual;

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use fluxor_engine::ids::TenantId;
use fluxor_limits::Store as _;
use fluxor_limits::answer::{Answers, Partition};
use fluxor_limits::shed::Shed;
use fluxor_limits::{Decision, Ending as _, Limiter, Live, Observer, Policies, Proxies, Settings, Ticket};
use serde_json::Value;

use crate::config::Config;
use crate::desk::{Desk, NotDone};
use crate::telemetry::metrics;
use crate::traffic::Traffic;

pub(crate) use lasting::warnings;
pub(crate) use store::{Kept, LATER};
pub(crate) use usual::{faults, faults_of_server, usual, usual_of_server};

/// The name of a tenant's own limits.
pub(crate) const TENANT: &str = "limits";
/// The name of the limits that hold for everybody.
pub(crate) const SERVER: &str = "server_limits";
/// What the look-up of a key that is not known yet is called where policies name routes.
pub(crate) const SIGN_IN: &str = "/sign_in";

/// How old settings may get.
const AGE: Duration = Duration::from_secs(1);
/// How long reading settings may take: requests wait for it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The limits.
pub(crate) struct Limits {
    limiter: Arc<Limiter<Kept>>,
    answers: Answers,
    proxies: Proxies,
    operator: TenantId,
    shed: Shed,
    traffic: Traffic,
    /// What holds for whoever asks about limits.
    explaining: Arc<Live>,
    /// What holds for administrators at settings.
    settling: Arc<Live>,
    sets: RwLock<HashMap<Option<TenantId>, Arc<Set>>>,
    /// Raised by each change that this server takes.
    changes: AtomicU64,
}

/// The policies for a tenant's callers, or for those of whom nothing is known.
#[derive(Default)]
struct Set {
    live: Arc<Live>,
    /// What `live` was made of; who reads it again holds this, and everybody else waits for him: nobody is let pass by
    /// policies that are older than [`AGE`].
    from: tokio::sync::Mutex<Option<Documents>>,
    /// When the reading began whose outcome is in force, and after how many changes.
    read: RwLock<Option<(Instant, u64)>>,
}

/// What policies are made of.
#[derive(PartialEq)]
struct Documents {
    server: Value,
    /// The time zone of the tenant that runs the server: the keys of its set are everybody's, and so are its days.
    zone: Value,
    /// The tenant's own, and its time zone: the company's, else the organisation's. Nothing where nobody is known.
    own: Option<[Value; 2]>,
}

impl Documents {
    /// What is usual.
    fn usual(tenant: Option<TenantId>) -> Self {
        let own = tenant.map(|_| [usual(), Value::Null]);
        Self { server: usual_of_server(), zone: Value::Null, own }
    }
}

/// Tells the metrics and the log: of each policy at most a line in [`QUIET`], however many calls it refuses.
#[derive(Default)]
struct Counted {
    told: Mutex<HashMap<Arc<str>, Told>>,
}

/// When something was said of a policy, and how often it refused since.
struct Told {
    at: Instant,
    since: u64,
}

/// How long nothing more is said of a policy.
const QUIET: Duration = Duration::from_secs(60);

impl Counted {
    fn refused(&self, policy: &Arc<str>, key: &str, shadow: bool) {
        let would = if shadow { "would refuse" } else { "refuses" };
        tracing::debug!(%policy, key, "the limit `{policy}` {would} `{key}`");
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match told.get_mut(policy) {
            Some(told) if told.at.elapsed() < QUIET => {
                told.since += 1;
                return;
            }
            Some(told) => told.since,
            None => 0,
        };
        told.insert(policy.clone(), Told { at: Instant::now(), since: 0 });
        drop(told);
        let more = if since == 0 { String::new() } else { format!(" ({since} more since the last line)") };
        tracing::info!(%policy, key, since, "the limit `{policy}` {would} `{key}`{more}");
    }
}

impl Observer for Counted {
    fn decided(&self, decision: &Decision, _: u64) {
        if decision.alone {
            metrics::limits_alone();
        }
        let lines = decision.lines.iter().map(|line| (&line.policy, &line.key, line.verdict, false));
        let shadows = decision.shadows.iter().map(|one| (&one.policy, &one.key, one.verdict, true));
        for (policy, key, verdict, shadow) in lines.chain(shadows) {
            let outcome = match (verdict.is_fine(), shadow) {
                (true, _) => "admitted",
                (false, false) => "refused",
                (false, true) => "would_refuse",
            };
            metrics::limit(policy, outcome);
            if !verdict.is_fine() {
                self.refused(policy, key, shadow);
            }
        }
    }
}

/// By which the keys of a tenant's policies are told apart from those of others, and of the server's.
fn scope(tenant: Option<TenantId>) -> String {
    tenant.map_or_else(|| "server".to_owned(), |tenant| format!("tenant {tenant}"))
}

impl Limits {
    /// Counted where the options say.
    ///
    /// # Errors
    /// Options that make no sense.
    pub(crate) async fn open(config: &Config) -> anyhow::Result<Self> {
        let kept = Kept::open(config).await?;
        // Replicas would each call one caller's partition something else.
        let partition = if config.shared() || kept.is_shared() { Partition::Hidden } else { Partition::default() };
        Ok(Self {
            limiter: store::limiter(Limiter::new(Policies::default(), kept).with_observer(Counted::default())),
            answers: Answers::new().partition(partition),
            proxies: Proxies::new(config.trusted_proxies.clone()).writing(config.proxy_header.into()),
            operator: config.tenant(),
            shed: Shed::new(config.max_in_flight as usize),
            traffic: Traffic::new(config.tenant(), config.traffic_hours)?,
            explaining: Arc::new(Live::new(usual::explaining())),
            settling: Arc::new(Live::new(usual::settling())),
            sets: RwLock::default(),
            changes: AtomicU64::new(0),
        })
    }

    pub(crate) fn limiter(&self) -> &Arc<Limiter<Kept>> {
        &self.limiter
    }

    /// The server stops: what it has taken ahead goes back.
    pub(crate) async fn close(&self) {
        store::close(&self.limiter).await;
    }

    /// Settles a call that has ended; nobody waits for it.
    pub(crate) fn ended(&self, ticket: Ticket, real_cost: u64) {
        LATER.ended(&self.limiter, ticket, real_cost);
    }

    /// What holds for whoever asks about limits, whatever else is used up.
    pub(crate) fn explaining(&self) -> &Arc<Live> {
        &self.explaining
    }

    /// What holds for administrators at settings, whatever somebody has set.
    pub(crate) fn settling(&self) -> &Arc<Live> {
        &self.settling
    }

    /// What was called.
    pub(crate) fn traffic(&self) -> &Traffic {
        &self.traffic
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
    pub(crate) async fn of(&self, desk: &dyn Desk, tenant: Option<TenantId>) -> Arc<Live> {
        let set = self.set(tenant);
        if self.is_old(&set) {
            let mut from = set.from.lock().await;
            // Somebody may have read them while this one waited.
            if self.is_old(&set) {
                self.read(desk, tenant, &set, &mut from).await;
            }
        }
        set.live.clone()
    }

    /// Settings were changed here: they are read at the next call.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    fn set(&self, tenant: Option<TenantId>) -> Arc<Set> {
        let known = self.sets.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned();
        known.unwrap_or_else(|| {
            let mut sets = self.sets.write().unwrap_or_else(PoisonError::into_inner);
            sets.entry(tenant).or_default().clone()
        })
    }

    fn is_old(&self, set: &Set) -> bool {
        let read = *set.read.read().unwrap_or_else(PoisonError::into_inner);
        read.is_none_or(|(at, changes)| at.elapsed() >= AGE || changes != self.changes.load(Ordering::SeqCst))
    }

    /// Reads the documents, and puts them in force where they differ from what is. What cannot be read, or within a short
    /// time, leaves what was in force; at the start that is what is usual.
    async fn read(&self, desk: &dyn Desk, tenant: Option<TenantId>, set: &Set, from: &mut Option<Documents>) {
        let began = (Instant::now(), self.changes.load(Ordering::SeqCst));
        let documents = match tokio::time::timeout(PATIENCE, self.documents(desk, tenant)).await {
            Ok(Ok(documents)) => Ok(documents),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("they were not there within {PATIENCE:?}")),
        };
        let compiled = documents.and_then(|documents| {
            let changed = from.as_ref() != Some(&documents);
            let policies = changed.then(|| compile(tenant, &documents)).transpose()?;
            Ok(policies.map(|policies| (policies, documents)))
        });
        match compiled {
            Ok(Some((policies, documents))) => {
                set.live.replace(policies);
                *from = Some(documents);
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(?tenant, error, "the limits cannot be read, and what held before still holds: {error}");
                if from.is_none() {
                    set.live.replace(compile(tenant, &Documents::usual(tenant)).unwrap_or_default());
                }
            }
        }
        *set.read.write().unwrap_or_else(PoisonError::into_inner) = Some(began);
    }

    async fn documents(&self, desk: &dyn Desk, tenant: Option<TenantId>) -> Result<Documents, NotDone> {
        let server = documents::setting(desk, self.operator, SERVER).await?;
        let zone = documents::zone_named(desk, self.operator).await?;
        let Some(tenant) = tenant else { return Ok(Documents { server, zone, own: None }) };
        let own = documents::setting(desk, tenant, TENANT).await?;
        let own_zone = match tenant == self.operator {
            true => zone.clone(),
            false => documents::zone_named(desk, tenant).await?,
        };
        Ok(Documents { server, zone, own: Some([own, own_zone]) })
    }
}

/// Both sets as one, so that one decision is over all: the server's first, each with keys, costs and days of its own.
///
/// # Errors
/// What is wrong with them: they were valid when they were written, by another version perhaps.
fn compile(tenant: Option<TenantId>, from: &Documents) -> Result<Policies, String> {
    let compiled = |document: &Value, zone: &Value, scope: &str| {
        let settings = Settings::read(document).map_err(|faults| {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            format!("{scope}: {}", faults.join("; "))
        })?;
        Ok::<Policies, String>(settings.compile(&documents::zone_of(zone)).scoped(scope).apart(SIGN_IN))
    };
    let server = compiled(&from.server, &from.zone, &scope(None))?;
    match &from.own {
        Some([own, zone]) => Ok(compiled(own, zone, &scope(tenant))?.after(server)),
        None => Ok(server),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_limits::{Strategy, Window};
    use serde_json::json;

    /// The keys of the server's policies are everybody's: were their days each tenant's own, two tenants would begin the day
    /// anew at each call.
    #[test]
    fn the_server_s_days_are_the_same_for_everybody() {
        let daily = json!({ "policies": [{ "name": "daily", "by": ["address"], "strategy": { "fixed": { "limit": 9, "window": "day" } } }] });
        let zones = |tenant: Option<i64>, own: &str| {
            let own = tenant.map(|_| [daily.clone(), own.into()]);
            let documents = Documents { server: daily.clone(), zone: "Asia/Tokyo".into(), own };
            let policies = compile(tenant.map(TenantId), &documents).unwrap();
            let zone = |policy: &fluxor_limits::Policy| match &policy.strategy {
                Strategy::Fixed(fixed) => match &fixed.window {
                    Window::Calendar(_, zone) => zone.iana_name().unwrap_or_default().to_owned(),
                    Window::Every(_) => String::new(),
                },
                _ => String::new(),
            };
            policies.iter().map(zone).collect::<Vec<_>>()
        };
        assert_eq!(zones(None, ""), ["Asia/Tokyo"]);
        assert_eq!(zones(Some(2), "Europe/Berlin"), ["Asia/Tokyo", "Europe/Berlin"]);
        assert_eq!(zones(Some(3), "America/New_York"), ["Asia/Tokyo", "America/New_York"]);
    }
}

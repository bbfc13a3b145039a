//! Where this server counts: in its memory, or in a store that it shares with other servers.
//!
//! What must hold: a shared store that is away costs no request more than the guard's patience, and the server starts
//! without it too; that it went and that it is back are a line of the log each.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use fluxor_engine::ids::Mint;
use fluxor_limits::decide::Asked;
use fluxor_limits::layer::Work;
use fluxor_limits::shared::postgres::Postgres;
use fluxor_limits::shared::redis::Redis;
use fluxor_limits::shared::{Guard, Guarded, Watcher};
use fluxor_limits::store::{Settling, StoreAway};
use fluxor_limits::strategy::View;
use fluxor_limits::{At, Limiter, Local, Spawned, Store, Weighed};

use crate::config::{Config, LimitsStore, shown};
use crate::telemetry::metrics;

/// Whether these options count in the server's memory.
pub(super) fn in_memory(config: &Config) -> bool {
    match config.limits_store() {
        Ok(Some(LimitsStore::Process)) => true,
        Ok(None) => !config.shared(),
        Ok(Some(_)) | Err(_) => false,
    }
}

/// That no option speaks of a store that is not there.
fn unheeded(config: &Config) -> anyhow::Result<()> {
    let (memory, redis) = (in_memory(config), matches!(config.limits_store(), Ok(Some(LimitsStore::Redis(_)))));
    if memory && config.limits_patience.is_some() {
        bail!(
            "--limits-patience: limits are counted in this server's memory, which is never silent; leave it out, or name a \
             store that servers share with --limits-store"
        );
    }
    if !redis && config.limits_prefix.is_some() {
        bail!("--limits-prefix: only keys in Redis have one; leave it out, or name a Redis with --limits-store");
    }
    Ok(())
}

/// How many keys are counted in memory at most; some 200 bytes each.
const MOST_KEYS: usize = 500_000;
/// How often tokens that were taken ahead and not used are given back.
const TIDY: Duration = Duration::from_secs(1);

/// Where this server counts.
pub(crate) enum Kept {
    /// In its memory.
    Process(Local),
    /// In Redis.
    Redis(Guarded<Redis>),
    /// In PostgreSQL.
    Postgres(Guarded<Postgres>),
}

/// What takes what is left to do when a request ends.
pub(crate) type Later = Spawned<fn(Work)>;

/// What is left to do when a request ends is done beside it.
pub(crate) const LATER: Later = Spawned(|work| drop(tokio::spawn(work)));

/// Tells the log.
struct Told {
    place: String,
}

impl Watcher for Told {
    fn away(&self, why: &StoreAway) {
        let (place, why) = (&self.place, &why.0);
        tracing::warn!(
            place,
            why,
            "the store of limits at {place} is away ({why}): each policy does what it says of that, and it is tried again"
        );
    }

    fn back(&self, after: Duration, alone: u64) {
        let (place, seconds) = (&self.place, after.as_secs_f64());
        tracing::info!(
            place,
            seconds,
            alone,
            "the store of limits at {place} is back after {seconds:.1} s; {alone} requests were decided without it"
        );
    }
}

impl Kept {
    /// The store that the options name. One that is away now is found later.
    ///
    /// # Errors
    /// An option that says nothing.
    pub(super) async fn open(config: &Config) -> anyhow::Result<Self> {
        let random = Mint::from_os().context("the operating system gives no randomness")?.bytes();
        let mut guard = Guard::named(format!("{}/{:016x}", config.replica, u64::from_be_bytes(random)));
        if let Some(patience) = config.limits_patience {
            guard.patience = Duration::from_millis(patience);
        }
        let wrong = |why: String| anyhow::anyhow!("--limits-store: {why}");
        unheeded(config)?;
        let postgres = async |url: &str, guard: Guard| {
            let told = Told { place: shown(url) };
            // A heartbeat goes all the way of a decision there, and batches of servers wait for each other.
            let (heartbeat, patience) = (Duration::from_millis(100), config.limits_patience.unwrap_or(250));
            let guard = Guard { heartbeat, patience: Duration::from_millis(patience), ..guard };
            let store = Guarded::new(Postgres::new(url).map_err(wrong)?, guard, told);
            // The watcher tells why it is not there.
            drop(store.ready().await);
            anyhow::Ok(Self::Postgres(store))
        };
        match &config.limits_store().map_err(wrong)? {
            Some(LimitsStore::Process) => Ok(Self::Process(Local::new(MOST_KEYS))),
            Some(LimitsStore::Database) if !config.shared() => {
                bail!(
                    "--limits-store: `database` is for PostgreSQL; a SQLite file has one server, which counts in its memory"
                )
            }
            Some(LimitsStore::Redis(url)) => {
                let mut store = Redis::new(&url.0).map_err(wrong)?;
                if let Some(prefix) = &config.limits_prefix {
                    store = store.with_prefix(prefix);
                }
                let store = Guarded::new(store, guard, Told { place: shown(&url.0) });
                drop(store.ready().await);
                Ok(Self::Redis(store))
            }
            Some(LimitsStore::Postgres(url)) => postgres(&url.0, guard).await,
            Some(LimitsStore::Database) => postgres(&config.database, guard).await,
            None if config.shared() => postgres(&config.database, guard).await,
            None => Ok(Self::Process(Local::new(MOST_KEYS))),
        }
    }

    /// Whether a shared store is away; nothing if none is shared.
    pub(crate) fn is_away(&self) -> Option<bool> {
        match self {
            Self::Process(_) => None,
            Self::Redis(store) => Some(store.is_away()),
            Self::Postgres(store) => Some(store.is_away()),
        }
    }

    /// What it is called, and whether it is away.
    pub(super) fn told(&self) -> (&'static str, bool) {
        let name = match self {
            Self::Process(_) => "process",
            Self::Redis(_) => "redis",
            Self::Postgres(_) => "postgres",
        };
        (name, self.is_away() == Some(true))
    }
}

/// Gives back what was taken ahead, and tells the store what it has still to be told. To be called when nothing is asked any
/// more.
pub(super) async fn close(limiter: &Limiter<Kept>) {
    let all = async {
        loop {
            limiter.close().await;
            if limiter.unsettled() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    if tokio::time::timeout(TIDY, all).await.is_err() {
        let left = limiter.unsettled();
        tracing::warn!(left, "the store of limits is away: {left} charges are not settled, and stay as they are");
    }
}

/// The limiter, and what it does by itself from time to time.
pub(super) fn limiter(limiter: Limiter<Kept>) -> Arc<Limiter<Kept>> {
    let limiter = Arc::new(limiter.with_keys(MOST_KEYS));
    if limiter.store().is_shared() {
        let limiter = Arc::downgrade(&limiter);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(TIDY).await;
                let Some(limiter) = limiter.upgrade() else { return };
                limiter.tidy().await;
            }
        });
    }
    limiter
}

/// Asks a shared store, and tells the figures how long that took.
async fn timed<T>(asking: impl Future<Output = Result<T, StoreAway>>) -> Result<T, StoreAway> {
    let began = Instant::now();
    let answer = asking.await;
    if answer.is_ok() {
        metrics::limits_store(began.elapsed());
    }
    answer
}

impl Store for Kept {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        match self {
            Self::Process(store) => store.weigh(now, asked, back).await,
            Self::Redis(store) => timed(store.weigh(now, asked, back)).await,
            Self::Postgres(store) => timed(store.weigh(now, asked, back)).await,
        }
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        match self {
            Self::Process(store) => store.settle(now, settling).await,
            Self::Redis(store) => store.settle(now, settling).await,
            Self::Postgres(store) => store.settle(now, settling).await,
        }
    }

    fn settle_at_once(&self, now: At, settling: &[Settling<'_>]) -> Option<Vec<View>> {
        match self {
            Self::Process(store) => store.settle_at_once(now, settling),
            Self::Redis(_) | Self::Postgres(_) => None,
        }
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        match self {
            Self::Process(store) => store.renew(now, renewing).await,
            Self::Redis(store) => store.renew(now, renewing).await,
            Self::Postgres(store) => store.renew(now, renewing).await,
        }
    }

    fn is_shared(&self) -> bool {
        self.is_away().is_some()
    }

    fn is_here(&self) -> bool {
        self.is_away() != Some(true)
    }

    fn replicas(&self) -> u64 {
        match self {
            Self::Process(_) => 1,
            Self::Redis(store) => store.replicas(),
            Self::Postgres(store) => store.replicas(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::tests::config;

    #[tokio::test]
    async fn a_place_that_makes_no_sense_is_said() {
        let refused = Kept::open(&config(&["--limits-store", "database"])).await;
        assert!(refused.is_err_and(|error| error.to_string().contains("SQLite")));
        for (options, word) in [
            (&["--limits-patience", "50"][..], "never silent"),
            (&["--limits-store", "process", "--limits-prefix", "a"], "only keys in Redis"),
            (&["--database", "postgres://db/fluxor", "--limits-prefix", "a"], "only keys in Redis"),
        ] {
            let refused = Kept::open(&config(options)).await;
            assert!(refused.is_err_and(|error| error.to_string().contains(word)), "{word}");
        }
        assert!(Kept::open(&config(&["--limits-store", "process"])).await.is_ok_and(|kept| !kept.is_shared()));
    }
}

//! A breaker around a store that can be away.
//!
//! What must hold: while the store is away nobody waits for it; when it goes away, whoever waits is let go after
//! [`Guard::patience`] at the latest, counted from the last sign of life of the store and not from the question, so that a
//! store that is merely busy is waited for; it is tried again in the background, never by a caller; that it went and that
//! it came back is told once each.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::at::{At, Span};
use crate::decide::{Asked, Weighs as _};
use crate::store::{Remote, Settling, Store, StoreAway, Weighed};

/// How long a store may be silent, and when it is tried again.
#[derive(Clone, Debug)]
pub struct Guard {
    /// How long nothing may be heard of the store, while something is asked, before it counts as away.
    pub patience: Duration,
    /// How often a store that nobody asks is asked whether it is there.
    pub heartbeat: Duration,
    /// How long after a failure it is tried again: at first a tenth of that.
    pub retry: Duration,
    /// How long a new connection may take.
    pub connect: Duration,
    /// What this process is called among the replicas.
    pub name: String,
}

impl Guard {
    /// What is usual: 50 ms of patience, a heartbeat of 25 ms, and a try every 250 ms, each of 2 s at most.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Guard {
        Guard {
            patience: Duration::from_millis(50),
            heartbeat: Duration::from_millis(25),
            retry: Duration::from_millis(250),
            connect: Duration::from_secs(2),
            name: name.into(),
        }
    }
}

/// Is told when a store goes away, and when it is back to stay, once each: one that comes and goes is away. It must not
/// block.
pub trait Watcher: Send + Sync {
    /// The store is away.
    fn away(&self, why: &StoreAway) {
        let _ = why;
    }

    /// It has answered again for a while. It was away so long, and so many decisions were made without it.
    fn back(&self, after: Duration, alone: u64) {
        let _ = (after, alone);
    }
}

/// Tells nobody.
impl Watcher for () {}

/// How often replicas say that they are here, and how long that holds.
const ENLIST: Duration = Duration::from_secs(1);
const ENLISTED: Span = Span::from_secs(4);
/// How long fewer replicas must be heard of before that is believed.
const BELIEVED: Duration = Duration::from_secs(10);

/// A store that nobody waits for while it is away. Clones are the same one.
pub struct Guarded<R> {
    guard: Arc<Guarding<R>>,
}

impl<R> Clone for Guarded<R> {
    fn clone(&self) -> Self {
        Self { guard: Arc::clone(&self.guard) }
    }
}

impl<R> std::fmt::Debug for Guarded<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").field("away", &self.is_away()).finish_non_exhaustive()
    }
}

struct Guarding<R> {
    store: R,
    guard: Guard,
    watcher: Box<dyn Watcher>,
    /// Instants are counted from here.
    began: Instant,
    /// When the store last answered anything, in microseconds from `began`.
    heard: AtomicU64,
    is_away: AtomicBool,
    /// Which connection it is: what an older one says does not count any more.
    connections: AtomicU64,
    /// How many tries have failed, and why the last one did.
    failed: Mutex<(u64, StoreAway)>,
    replicas: Mutex<Replicas>,
    /// Wakes those who wait for a store that has gone away, and who brings it back.
    gone: Notify,
    /// How many decisions were made without the store since it went.
    alone: AtomicU64,
    told: Mutex<Told>,
}

/// What the watcher knows.
enum Told {
    Here,
    Away(Instant),
}

impl<R: Remote> Guarded<R> {
    /// Guards a store from now on, and connects to it in the background. Needs a tokio runtime, and ends with its last
    /// clone.
    #[must_use]
    pub fn new(store: R, guard: Guard, watcher: impl Watcher + 'static) -> Guarded<R> {
        let guarding = Arc::new(Guarding {
            store,
            guard,
            watcher: Box::new(watcher),
            began: Instant::now(),
            heard: AtomicU64::new(0),
            is_away: AtomicBool::new(true),
            connections: AtomicU64::new(0),
            failed: Mutex::new((0, tried())),
            replicas: Mutex::new(Replicas { count: 1, lower_since: None }),
            gone: Notify::new(),
            alone: AtomicU64::new(0),
            told: Mutex::new(Told::Here),
        });
        tokio::spawn(watch(Arc::downgrade(&guarding)));
        Guarded { guard: guarding }
    }

    /// Waits until the store is there, or until a try to connect has failed.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn ready(&self) -> Result<(), StoreAway> {
        let failed = || self.guard.failed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (before, _) = failed();
        while self.is_away() {
            let (tries, why) = failed();
            if tries > before {
                return Err(why);
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// The store itself.
    pub fn store(&self) -> &R {
        &self.guard.store
    }
}

impl<R> Guarded<R> {
    /// Whether the store counts as away.
    pub fn is_away(&self) -> bool {
        self.guard.is_away.load(Ordering::Acquire)
    }
}

impl<R: Remote> Guarding<R> {
    fn hear(&self) {
        let since = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.heard.fetch_max(since, Ordering::AcqRel);
    }

    fn heard(&self) -> Instant {
        self.began + Duration::from_micros(self.heard.load(Ordering::Acquire))
    }

    /// The connection of that number is lost; only the first who finds out tells.
    fn lost(&self, connection: u64, why: &StoreAway) {
        if connection != self.connections.load(Ordering::Acquire) || self.is_away.swap(true, Ordering::AcqRel) {
            return;
        }
        self.gone.notify_waiters();
        self.tell_away(why);
    }

    fn tell_away(&self, why: &StoreAway) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Told::Here = *told {
            *told = Told::Away(Instant::now());
            self.alone.store(0, Ordering::Relaxed);
            self.watcher.away(why);
        }
    }

    /// It has been here for a while.
    fn tell_back(&self) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Told::Away(since) = *told {
            *told = Told::Here;
            self.watcher.back(since.elapsed(), self.alone.swap(0, Ordering::Relaxed));
        }
    }

    /// Asks the store, for no longer than it shows signs of life. What it answers is its own affair where `errors` do not
    /// count; that it does not answer always counts.
    async fn ask<T>(&self, work: impl Future<Output = Result<T, StoreAway>>, errors: bool) -> Result<T, StoreAway> {
        let gone = self.gone.notified();
        let connection = self.connections.load(Ordering::Acquire);
        if self.is_away.load(Ordering::Acquire) {
            return Err(tried());
        }
        let (began, patience) = (Instant::now(), self.guard.patience);
        let (mut work, mut gone) = (std::pin::pin!(work), std::pin::pin!(gone));
        let (mut last_chance, mut more) = (false, Duration::ZERO);
        loop {
            let silent = began.max(self.heard());
            let deadline = silent + patience + more;
            tokio::select! {
                biased;
                answer = &mut work => {
                    match &answer {
                        Ok(_) => self.hear(),
                        Err(why) if errors && self.store.is_loss(why) => self.lost(connection, why),
                        Err(_) => {}
                    }
                    return answer;
                }
                () = &mut gone => return Err(tried()),
                () = sleep_until(deadline) => {
                    if self.heard() > silent {
                        continue;
                    }
                    // Who wakes late was starved itself, and so was whoever reads the answers: it says nothing of the store.
                    if deadline.elapsed() > patience / 8 && more < patience * 2 {
                        more += patience / 2;
                        continue;
                    }
                    // This process may have slept itself: what has arrived meanwhile is looked at first.
                    if !last_chance {
                        last_chance = true;
                        for _ in 0..3 {
                            tokio::task::yield_now().await;
                        }
                        continue;
                    }
                    let why = StoreAway(format!("it has not answered for {} ms", silent.elapsed().as_millis()));
                    self.lost(connection, &why);
                    return Err(why);
                }
            }
        }
    }

    async fn connect(&self) -> Result<(), StoreAway> {
        let connected = timeout(self.guard.connect, self.store.reconnect()).await;
        connected.unwrap_or_else(|_| Err(StoreAway(format!("no connection within {:?}", self.guard.connect))))
    }

    /// Tries to bring the store back.
    async fn try_again(&self, tries: &mut Tries) {
        if tries.here_since.take().is_some_and(|since| since.elapsed() > self.stable()) {
            tries.wait = Duration::ZERO;
        }
        sleep(tries.wait).await;
        tries.wait = (tries.wait * 2).clamp(self.guard.retry / 10, self.guard.retry);
        match self.connect().await {
            Ok(()) => {
                self.hear();
                self.connections.fetch_add(1, Ordering::AcqRel);
                self.replicas.lock().unwrap_or_else(PoisonError::into_inner).lower_since = None;
                self.is_away.store(false, Ordering::Release);
                *tries = Tries { here_since: Some(Instant::now()), enlisted: None, ..*tries };
            }
            Err(why) => {
                self.tell_away(&why);
                let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
                *failed = (failed.0 + 1, why);
            }
        }
    }

    /// How long a store must be here before it may be tried at once when it goes again, and before it is told that it is
    /// back.
    fn stable(&self) -> Duration {
        self.guard.retry * 4
    }

    /// Looks whether the store is there although nobody asks it, and says from time to time that this process is.
    async fn beat(&self, tries: &mut Tries) {
        let gone = self.gone.notified();
        if tries.enlisted.is_none_or(|at| at.elapsed() >= ENLIST) {
            tries.enlisted = Some(Instant::now());
            // Why something fails is known already.
            if let Ok(count) = self.ask(self.store.enlist(&self.guard.name, ENLISTED), false).await {
                self.replicas.lock().unwrap_or_else(PoisonError::into_inner).hear(count, Instant::now());
            }
        } else if self.heard().elapsed() >= self.guard.heartbeat {
            drop(self.ask(self.store.ping(), true).await);
        }
        if self.is_away.load(Ordering::Acquire) {
            return;
        }
        if tries.here_since.is_some_and(|since| since.elapsed() > self.stable()) {
            self.tell_back();
        }
        tokio::select! {
            () = sleep(self.guard.heartbeat) => {}
            () = gone => {}
        }
    }
}

fn tried() -> StoreAway {
    StoreAway("it is tried again in the background".to_owned())
}

/// How many processes there are. A store that was empty, or away for long, has heard of few of them: a lower count is
/// believed only when it has been said for a while, so that shares do not grow because of it.
struct Replicas {
    count: u64,
    lower_since: Option<Instant>,
}

impl Replicas {
    fn hear(&mut self, count: u64, now: Instant) {
        if count >= self.count {
            *self = Replicas { count, lower_since: None };
            return;
        }
        let since = *self.lower_since.get_or_insert(now);
        if now - since >= BELIEVED {
            *self = Replicas { count, lower_since: None };
        }
    }
}

/// How it goes with bringing the store back.
#[derive(Default)]
struct Tries {
    wait: Duration,
    here_since: Option<Instant>,
    enlisted: Option<Instant>,
}

/// Looks after the store, for as long as somebody has it.
async fn watch<R: Remote>(guarding: Weak<Guarding<R>>) {
    let mut tries = Tries::default();
    while let Some(guard) = guarding.upgrade() {
        if guard.is_away.load(Ordering::Acquire) {
            guard.try_again(&mut tries).await;
        } else {
            guard.beat(&mut tries).await;
        }
    }
}

impl<R: Remote> Store for Guarded<R> {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        let weighed = self.guard.ask(self.guard.store.weigh(now, asked, back), true).await;
        let looks = !asked.is_empty() && asked.iter().all(|ask| ask.is_never());
        if weighed.is_err() && !looks {
            self.guard.alone.fetch_add(1, Ordering::Relaxed);
        }
        weighed
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        self.guard.ask(self.guard.store.settle(now, settling), true).await
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        self.guard.ask(self.guard.store.renew(now, renewing), true).await
    }

    fn is_here(&self) -> bool {
        !self.is_away()
    }

    fn replicas(&self) -> u64 {
        self.guard.replicas.lock().unwrap_or_else(PoisonError::into_inner).count
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

//! States in PostgreSQL, where there is no Redis.
//!
//! Deciding is the same code as in this process's store; the database keeps the states and their locks. Questions are
//! decided in batches, so that what a store decides a second grows with what is asked. What must hold:
//!
//! - **Exact**: a decision is made while all its rows are locked, and told after they were committed. So replicas
//!   together admit what one alone would. A charge whose caller was told nothing may stand.
//! - **No deadlocks**: all locks of a transaction are taken by one statement, in the order of keys.
//! - **Time is the server's**, read when all locks are held. A clock that is set back is held by each state.
//! - **Bounded**: no more than [`QUEUE`] questions wait, no statement takes more than some seconds, and a replica that
//!   stands still holds its rows for a second.
//!
//! The table is `UNLOGGED`: nothing of it is written to the log, and after a crash of the server (or a switch to a
//! standby) it is empty. Each key may then get at most once its limit (or burst) more than its guarantee.
//!
//! **What it bears.** Measured by `examples/postgres.rs`, PostgreSQL 15 and the callers on the same two busy cores, where
//! a bare round trip takes 0.03 ms: one caller after the other gets 4,000 decisions a second, 32 at once 43,000 and 512
//! at once 340,000 if they share a key (54,000 and 488,000 where less else was going on); 18,000 and 38,000 over 100,000
//! keys, because each row costs about 25 µs. Over a
//! network a decision takes two round trips and up to one batch of waiting. What that means for the server:
//!
//! - A row is written anew by each batch that decides by it. Old versions are cleared away as long as no transaction of
//!   that database is older: where a report or a dump holds one open, hot keys become slower by and by (a third to half as
//!   fast after 15 seconds, measured), until it ends.
//! - Each batch is a transaction: at some thousand a second the server must freeze its tables once a day or so.
//! - Rows of a batch are locked for as long as the batch takes. A key that all calls share makes all replicas wait for
//!   each other's batches.
//! - Logs and leases of thousands of entries are large rows, which are written as a whole each time.
//!
//! Take Redis for what this is too slow for. Poolers between this and the server must keep sessions: statements are
//! prepared and settings set once.

mod batch;
mod link;
mod sweep;
mod text;
mod worker;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use sqlx::Row as _;
pub use sqlx::postgres::PgConnectOptions;
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;

use crate::at::{At, Span};
use crate::decide::Asked;
use crate::store::{Remote, Settling, Store, StoreAway, Weighed};
use batch::{Answer, Job, Question};
use link::{Access, NOW, Side};
pub use worker::Traffic;
use worker::{Counts, Worker};

/// How many questions may wait; the next is told that the store is away.
pub const QUEUE: usize = 16_384;

/// States in PostgreSQL (14 or later, in UTF8). It has two connections of its own, which [`Remote::reconnect`] makes: until
/// then the store is away. What fails once is not tried again before the next [`Remote::reconnect`].
///
/// Names cannot be changed any more once it was connected: the methods that set them take it as it was made.
pub struct Postgres {
    access: Access,
    by_callers_clock: bool,
    link: Mutex<Link>,
    replicas: Arc<AtomicU64>,
    counts: Arc<Counts>,
}

/// How it stands with the connections.
enum Link {
    Away(StoreAway),
    Up(Up),
}

/// What works with them. All of it ends when this is dropped.
struct Up {
    queue: mpsc::Sender<Job>,
    lost: Arc<OnceLock<StoreAway>>,
    side: Arc<Side>,
    tasks: Vec<AbortHandle>,
}

impl Drop for Up {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl Postgres {
    /// The store at a URL like `postgres://user:password@host/database`. Does not connect.
    ///
    /// # Errors
    /// What is wrong with the URL, without saying what is in it.
    pub fn new(url: &str) -> Result<Postgres, String> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err("this is no URL of PostgreSQL, like postgres://user@host/database".to_owned());
        }
        if let Some(name) = text::unknown_parameter(url) {
            return Err(format!("this URL of PostgreSQL has a parameter that is not known: `{name}`"));
        }
        match url.parse() {
            Ok(options) => Ok(Postgres::with_options(options)),
            // What is wrong would be said with the value, which may be a password.
            Err(_) => Err("this URL of PostgreSQL is not understood: look at its port and its parameters".to_owned()),
        }
    }

    /// The store that a program has the options of. Does not connect.
    #[must_use]
    pub fn with_options(options: PgConnectOptions) -> Postgres {
        Postgres {
            access: Access::new(options),
            by_callers_clock: false,
            link: Mutex::new(Link::Away(StoreAway("not connected yet".to_owned()))),
            replicas: Arc::new(AtomicU64::new(1)),
            counts: Arc::default(),
        }
    }

    /// In a schema, which must be there; otherwise the first of the session's search path that is.
    #[must_use]
    pub fn in_schema(mut self, schema: &str) -> Postgres {
        self.access.schema = Some(schema.to_owned());
        self
    }

    /// In tables of other names than `limits_states` and `limits_replicas`.
    #[must_use]
    pub fn with_tables(mut self, states: &str, replicas: &str) -> Postgres {
        (self.access.states, self.access.replicas) = (states.to_owned(), replicas.to_owned());
        self
    }

    /// By the clock of whoever asks, not the server's: for tests under a clock of their own. Nothing is forgotten by
    /// itself then.
    #[must_use]
    pub fn by_callers_clock(mut self) -> Postgres {
        self.by_callers_clock = true;
        self
    }

    /// What it has done.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.counts.traffic()
    }

    /// Forgets all that counts no more for a minute, and tells how much that was. The store does so by itself, in small
    /// steps.
    ///
    /// # Errors
    /// If the store is away.
    pub async fn sweep(&self, now: At) -> Result<u64, StoreAway> {
        let side = self.side()?;
        sweep::all(&side, self.by_callers_clock.then_some(now)).await
    }

    fn link(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn side(&self) -> Result<Arc<Side>, StoreAway> {
        match &*self.link() {
            Link::Up(up) => Ok(Arc::clone(&up.side)),
            Link::Away(away) => Err(away.clone()),
        }
    }

    /// Puts a question into the queue.
    fn put(&self, job: Job) -> Result<Arc<OnceLock<StoreAway>>, StoreAway> {
        let link = self.link();
        let up = match &*link {
            Link::Up(up) => up,
            Link::Away(away) => return Err(away.clone()),
        };
        match up.queue.try_send(job) {
            Ok(()) => Ok(Arc::clone(&up.lost)),
            Err(mpsc::error::TrySendError::Full(_)) => Err(StoreAway("too many decisions wait".to_owned())),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(why(&up.lost)),
        }
    }

    async fn ask(&self, now: At, question: Question) -> Result<Answer, StoreAway> {
        let (reply, answer) = oneshot::channel();
        let lost = self.put(Job { now, question, reply })?;
        answer.await.unwrap_or_else(|_| Err(why(&lost)))
    }

    /// Makes the connections, and what works with them.
    async fn connect(&self) -> Result<Up, StoreAway> {
        let mut connection = self.access.connect().await?;
        self.access.prepare(&mut connection).await?;
        let beside = self.access.connect().await?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let lost: Arc<OnceLock<StoreAway>> = Arc::default();
        let worker = Worker {
            connection,
            jobs,
            by_callers_clock: self.by_callers_clock,
            counts: Arc::clone(&self.counts),
            lost: Arc::clone(&lost),
        };
        let side = Arc::new(Side::new(self.access.clone(), beside));
        let mut tasks = vec![tokio::spawn(worker.run()).abort_handle()];
        if !self.by_callers_clock {
            let sweeping = sweep::run(Arc::clone(&side), Arc::clone(&self.replicas));
            tasks.push(tokio::spawn(sweeping).abort_handle());
        }
        Ok(Up { queue, lost, side, tasks })
    }
}

/// Why a worker has ended.
fn why(lost: &OnceLock<StoreAway>) -> StoreAway {
    lost.get().cloned().unwrap_or_else(|| StoreAway("the connection was given up".to_owned()))
}

impl Store for Postgres {
    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        if asked.is_empty() && back.is_empty() {
            return Ok(Weighed { at: now, found: Vec::new() });
        }
        let Answer { at, found, .. } = self.ask(now, Question::of(asked, back, &[])).await?;
        Ok(Weighed { at, found })
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        if settling.is_empty() {
            return Ok(());
        }
        self.ask(now, Question::of(&[], settling, &[])).await.map(drop)
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        if renewing.is_empty() {
            return Ok(true);
        }
        Ok(self.ask(now, Question::of(&[], &[], renewing)).await?.held)
    }

    fn replicas(&self) -> u64 {
        self.replicas.load(Ordering::Relaxed)
    }
}

impl Remote for Postgres {
    /// A question without a key: it waits for the batches before it, and goes through all that a decision does (the
    /// same queue, task, connection, statements and table; a server that became a standby refuses it), but for a row.
    async fn ping(&self) -> Result<(), StoreAway> {
        self.ask(At::default(), Question::default()).await.map(drop)
    }

    async fn reconnect(&self) -> Result<(), StoreAway> {
        // What waits still is told so at once.
        *self.link() = Link::Away(StoreAway("it is being connected".to_owned()));
        let connected = self.connect().await;
        let result = connected.as_ref().map(drop).map_err(Clone::clone);
        *self.link() = connected.map_or_else(Link::Away, Link::Up);
        result
    }

    async fn enlist(&self, name: &str, keeps: Span) -> Result<u64, StoreAway> {
        let side = self.side()?;
        let (table, name, keeps) = (self.access.replicas(), text::literal(name), keeps.micros());
        // Who is here no more is struck off by whoever comes by. Nobody waits for anybody meanwhile.
        let row = side.ask(format!(
            "WITH here AS (INSERT INTO {table} (name, until) VALUES ({name}, {NOW} + {keeps}) \
             ON CONFLICT (name) DO UPDATE SET until = excluded.until), \
             late AS MATERIALIZED (SELECT name FROM {table} WHERE until < {NOW} AND name <> {name} \
             FOR UPDATE SKIP LOCKED), \
             gone AS (DELETE FROM {table} AS replicas USING late WHERE replicas.name = late.name) \
             SELECT count(*) + 1 FROM {table} WHERE until >= {NOW} AND name <> {name}"
        ));
        let count: i64 = row.await?.try_get(0).map_err(|_| StoreAway("who is here is not known".to_owned()))?;
        self.replicas.store(count.unsigned_abs(), Ordering::Relaxed);
        Ok(count.unsigned_abs())
    }
}

//! The doing side: commands go in, batches are decided and written, timers and messages are driven.
//!
//! What must hold: a caller is answered only after the commit; a wake-up is a hint and the due-time index the truth;
//! an unknown outcome is looked up, never guessed. Look next at `lane` (queues and the writer's thread), `batch` (one
//! batch from look-up to commit), `drive` (what time and the outside set in motion).

mod batch;
mod cache;
mod deciders;
mod drive;
mod lane;
mod migrations;
mod options;
mod organisation;
mod reload;
mod repairs;
mod schedules;
mod sending;
mod sink;
mod tasks;
mod writes;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, oneshot};

use crate::clock::Clock;
use crate::command::{Answer, Command, Verb};
use crate::decide::OrganisationAt;
use crate::definition::library::Library;
use crate::ids::{StreamId, TenantId};
use crate::refusal::Refusal;
use crate::store::{Persist, Store, StoreError};

pub use migrations::{Asking, Came, Cursor, Page, Subjects};
pub use options::{Options, Stats};
pub use sink::{Delivering, Reply, Sink, Undelivered};
pub use tasks::TaskView;
pub use writes::{Refusing, Writes};

use cache::{Definitions, Organisations};
use lane::{Job, Queue};

/// How many may read an instance's whole history back at a time.
const READING_BACK: usize = 2;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub enum NotDone {
    /// Declined; nothing has changed.
    #[error("{}", .0.sentence())]
    Refused(Refusal),
    /// Too much to do, or the database stayed busy: the same request may be sent again.
    #[error("busy: {0}")]
    Busy(String),
    /// Broken machinery.
    #[error(transparent)]
    Broken(#[from] StoreError),
    /// The engine is shutting down.
    #[error("shutting down")]
    ShuttingDown,
}

/// Why the engine does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no thread or no randomness.
    #[error("the machine: {0}")]
    Machine(#[from] std::io::Error),
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq)]
pub struct Submitted {
    /// The answer; a repeat gets the one of the first time.
    pub answer: Answer,
    /// Whether the command had been done before.
    pub repeat: bool,
}

/// Who goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits.
    Interactive,
    /// Time, results.
    Background,
    /// Reorder chunks, imports.
    Bulk,
}

/// Whether the engine can work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Health {
    /// Every lane has its writer.
    pub lanes_alive: bool,
    /// Commands waiting.
    pub queued: usize,
    /// Live instances' definitions that cannot be loaded, with the reason.
    pub unloadable: Vec<(String, String)>,
}

struct Shared<D: Persist, S: Store<D>> {
    domain: Arc<D>,
    store: S,
    library: RwLock<Arc<Library>>,
    /// One reload at a time; and that there was one.
    reloading: tokio::sync::Mutex<()>,
    reloaded: Notify,
    definitions: Definitions,
    mapped: migrations::Mapped,
    organisations: Organisations,
    clock: Arc<dyn Clock>,
    options: Options,
    sinks: Arc<BTreeSet<Arc<str>>>,
    /// Who hears of transitions.
    events: Option<Arc<dyn Sink>>,
    stats: Stats,
    /// What came of the last writes.
    writes: Writes,
    /// Something may be due earlier than was known.
    due: Notify,
    /// The inbox or the outbox has rows.
    mail: Notify,
    /// An instance has told itself something.
    parts: Notify,
    /// Tenants whose organisation has changed since their reviews were last looked through.
    reorganised: std::sync::Mutex<BTreeSet<TenantId>>,
    reorganise: Notify,
    /// Instances that time and results cannot move, and until when they are left alone.
    stuck: std::sync::Mutex<HashMap<(TenantId, crate::ids::InstanceId), std::time::Instant>>,
    under_way: sending::UnderWay,
    /// How far the database's clock is ahead of this machine's, in microseconds, as the last batch found it.
    ahead: AtomicI64,
    stopping: AtomicBool,
    /// Turns for reading an instance's whole history back.
    reading_back: Semaphore,
}

impl<D: Persist, S: Store<D>> Shared<D, S> {
    /// The instant that leases and due times go by: the database's where replicas share it.
    fn now(&self) -> crate::clock::Timestamp {
        self.clock.now().plus_micros(self.ahead.load(Ordering::Relaxed))
    }

    fn library(&self) -> Arc<Library> {
        self.library.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A running engine. Cheap to clone.
pub struct Engine<D: Persist, S: Store<D>> {
    shared: Arc<Shared<D, S>>,
    lanes: Arc<Vec<Arc<Queue>>>,
    drivers: Arc<std::sync::Mutex<Vec<tokio::task::JoinHandle<()>>>>,
}

impl<D: Persist, S: Store<D>> Clone for Engine<D, S> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), lanes: self.lanes.clone(), drivers: self.drivers.clone() }
    }
}

impl<D: Persist, S: Store<D>> std::fmt::Debug for Engine<D, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.shared.options).finish_non_exhaustive()
    }
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// Starts writers, timers, inbox and outbox. Definitions that live instances are pinned to are loaded first.
    ///
    /// # Errors
    /// If the database or the machine does not give what is needed.
    pub async fn start(
        domain: Arc<D>,
        store: S,
        library: Library,
        clock: Arc<dyn Clock>,
        options: Options,
    ) -> Result<Self, StartError> {
        let own = crate::decide::CHANGE_ORGANISATION.into();
        let sinks = options.sinks.iter().map(|(name, _)| name.clone()).chain([own]).collect();
        let events = options.sinks.iter().find(|(name, _)| **name == *crate::effect::EVENTS);
        let events = events.map(|(_, sink)| sink.clone());
        let shared = Arc::new(Shared {
            domain,
            store,
            library: RwLock::new(Arc::new(library)),
            reloading: tokio::sync::Mutex::default(),
            reloaded: Notify::new(),
            definitions: Definitions::default(),
            mapped: migrations::Mapped::default(),
            organisations: Organisations::default(),
            clock,
            options,
            sinks: Arc::new(sinks),
            events,
            stats: Stats::default(),
            writes: Writes::default(),
            due: Notify::new(),
            mail: Notify::new(),
            parts: Notify::new(),
            reorganised: std::sync::Mutex::default(),
            reorganise: Notify::new(),
            stuck: std::sync::Mutex::default(),
            under_way: sending::UnderWay::default(),
            ahead: AtomicI64::new(0),
            stopping: AtomicBool::new(false),
            reading_back: Semaphore::new(READING_BACK),
        });
        for row in shared.store.pinned().await? {
            shared.take_definition(&row);
        }
        let mut lanes = Vec::new();
        for number in 0..shared.store.lanes().max(1) {
            lanes.push(lane::spawn(shared.clone(), number).await?);
        }
        let engine = Self { shared, lanes: Arc::new(lanes), drivers: Arc::new(std::sync::Mutex::new(Vec::new())) };
        if engine.shared.options.drive {
            let handles = drive::spawn(&engine);
            engine.drivers.lock().unwrap_or_else(PoisonError::into_inner).extend(handles);
        }
        Ok(engine)
    }

    /// Does a command, once, and answers after the commit.
    ///
    /// # Errors
    /// A refusal, or machinery that cannot do it now.
    pub async fn submit(&self, command: Command) -> Result<Submitted, NotDone> {
        self.submit_with(command, Priority::Interactive).await
    }

    /// As [`Engine::submit`], behind or before others.
    ///
    /// # Errors
    /// A refusal, or machinery that cannot do it now.
    pub async fn submit_with(&self, command: Command, priority: Priority) -> Result<Submitted, NotDone> {
        let reorganises = matches!(&command.verb, Verb::Change(change) if change.reorganises());
        let organisation_of = reorganises.then_some(command.tenant);
        Stats::add(&self.shared.stats.submitted, 1);
        let (reply, answer) = oneshot::channel();
        let queue = self.lane_of(&command).clone();
        queue.push(Job { command, priority, reply }, self.shared.options.queue_bound)?;
        let done = answer.await.unwrap_or_else(|_| match self.shared.stopping.load(Ordering::SeqCst) {
            true => Err(NotDone::ShuttingDown),
            false => Err(StoreError::Unknown("the batch broke off".to_owned()).into()),
        });
        let counter = match &done {
            Ok(Submitted { repeat: false, .. }) => &self.shared.stats.done,
            Ok(Submitted { repeat: true, .. }) => &self.shared.stats.repeats,
            Err(NotDone::Refused(_)) => &self.shared.stats.refused,
            Err(_) => &self.shared.stats.failed,
        };
        Stats::add(counter, 1);
        if let (Ok(_), Some(tenant)) = (&done, organisation_of) {
            // Open reviews meet the new organisation in the background; until then each meets it with its next command.
            self.shared.reorganised.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant);
            self.shared.reorganise.notify_one();
        }
        done
    }

    /// An instance always goes to the same lane; a start by its request id, a record by its stream.
    fn lane_of(&self, command: &Command) -> &Arc<Queue> {
        let mut hasher = DefaultHasher::new();
        command.tenant.hash(&mut hasher);
        match &command.verb {
            Verb::Start { key: Some(key), .. } => key.hash(&mut hasher),
            Verb::Start { .. } => command.request.hash(&mut hasher),
            Verb::Change(change) => {
                let (kind, key) = change.record();
                StreamId::of_record(&kind, &key).hash(&mut hasher);
            }
            verb => verb.instance().hash(&mut hasher),
        }
        let lanes = self.lanes.len() as u64;
        &self.lanes[usize::try_from(hasher.finish() % lanes).unwrap_or(0)]
    }

    /// The store, for reading.
    #[must_use]
    pub fn store(&self) -> &S {
        &self.shared.store
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &Arc<D> {
        &self.shared.domain
    }

    /// The definitions that are in force.
    #[must_use]
    pub fn library(&self) -> Arc<Library> {
        self.shared.library()
    }

    /// The clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Counts since the start.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.shared.stats
    }

    /// The organisation as it is now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn organisation(&self, tenant: TenantId) -> Result<Arc<OrganisationAt>, StoreError> {
        // The document may be long, and is kept by its revision.
        let revision = self.shared.store.revision(tenant).await?;
        if let Some(known) = self.shared.organisations.get(tenant, revision) {
            return Ok(known);
        }
        let row = Box::pin(self.shared.store.organisation(tenant)).await?;
        self.shared.organisations.of_row(tenant, row.as_ref())
    }

    /// What came of the last writes.
    #[must_use]
    pub fn writes(&self) -> &Writes {
        &self.shared.writes
    }

    /// Whether the engine can work.
    #[must_use]
    pub fn health(&self) -> Health {
        Health {
            lanes_alive: self.lanes.iter().all(|lane| lane.alive()),
            queued: self.lanes.iter().map(|lane| lane.len()).sum(),
            unloadable: self.shared.definitions.unloadable(),
        }
    }

    /// Runs what is due now, once: timers, the inbox, deliveries, what instances tell themselves. For tests and
    /// simulations.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn drive_once(&self) -> Result<usize, NotDone> {
        drive::reorganise(self).await;
        let mut moved = drive::timers(self).await?.0;
        moved += drive::inbox(self).await?;
        moved += sending::outbox(self).await?;
        moved += drive::inbox(self).await?;
        moved += drive::parts(self).await?;
        Ok(moved)
    }

    /// Starts what schedules have due now, once; the engine does so by itself where it drives. For tests.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn schedule_once(&self) -> Result<usize, NotDone> {
        schedules::look(self, &mut schedules::Seen::default()).await.map(|looked| looked.started)
    }

    /// Finishes what was taken in, then stops. What is left after `deadline` is answered "shutting down".
    pub async fn shutdown(&self, deadline: Duration) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for driver in self.drivers.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            driver.abort();
        }
        for lane in self.lanes.iter() {
            lane.close();
        }
        let finished = async {
            for lane in self.lanes.iter() {
                lane.finished().await;
            }
        };
        if tokio::time::timeout(deadline, finished).await.is_err() {
            tracing::warn!(queued = self.health().queued, "not everything was finished before the deadline");
        }
        self.shared.store.close().await;
    }
}

//! How the engine runs, and what it counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Sink;
use crate::decide::Judged;

/// How the engine runs.
#[derive(Clone)]
pub struct Options {
    /// The replica's name: part of its security lanes.
    pub replica: String,
    /// Who takes messages to the outside, by destination.
    pub sinks: Vec<(Arc<str>, Arc<dyn Sink>)>,
    /// How many commands may wait in a lane before new ones are turned away.
    pub queue_bound: usize,
    /// The most commands in one batch.
    pub batch_bound: usize,
    /// How long the timers, inbox and outbox wait between looks when nothing wakes them.
    pub poll: Duration,
    /// Whether a database's own clock gives the instants of its batches where it has one, as replicas need it. Off where
    /// the clock is moved by hand.
    pub database_clock: bool,
    /// Seeds ids and salts; `None`: from the operating system.
    pub seed: Option<u64>,
    /// Whether timers, inbox and outbox run by themselves (tests drive them by hand).
    pub drive: bool,
    /// Where it is noted how conditions came out; `None`: nobody wants to know, and nothing is noted.
    pub judged: Option<Arc<Judged>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            replica: "fluxor".to_owned(),
            sinks: Vec::new(),
            queue_bound: 10_000,
            batch_bound: 256,
            poll: Duration::from_millis(500),
            database_clock: true,
            seed: None,
            drive: true,
            judged: None,
        }
    }
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("replica", &self.replica).finish_non_exhaustive()
    }
}

/// Counts since the start, for metrics.
#[derive(Debug, Default)]
pub struct Stats {
    /// Commands taken in.
    pub submitted: AtomicU64,
    /// Commands done.
    pub done: AtomicU64,
    /// Repeats answered.
    pub repeats: AtomicU64,
    /// Commands declined.
    pub refused: AtomicU64,
    /// Commands turned away or failed.
    pub failed: AtomicU64,
    /// Batches committed.
    pub batches: AtomicU64,
    /// Microseconds spent in look-up, writing and committing.
    pub store_micros: AtomicU64,
    /// Batches run again one by one.
    pub rerun: AtomicU64,
    /// Attempts to deliver.
    pub deliveries: AtomicU64,
    /// Attempts that failed.
    pub delivery_failures: AtomicU64,
    /// Microseconds by which the latest timer was late.
    pub timer_lateness_micros: AtomicU64,
}

impl Stats {
    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

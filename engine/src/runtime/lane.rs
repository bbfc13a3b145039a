//! A lane: queues by priority and one writer on a thread of its own. It takes all that is pending whenever it is free;
//! the fsync does the collecting.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot, watch};

use crate::command::Command;
use crate::ids::Mint;
use crate::store::{Persist, Store};

use super::batch::Batcher;
use super::{NotDone, Priority, Shared, StartError, Submitted};

/// After so many other batches a bulk command has its turn, whatever waits.
const BULK_TURN: usize = 16;

/// A command with somebody waiting for it.
pub(super) struct Job {
    pub(super) command: Command,
    pub(super) priority: Priority,
    pub(super) reply: oneshot::Sender<Result<Submitted, NotDone>>,
}

/// What waits for a lane.
pub(super) struct Queue {
    waiting: Mutex<[VecDeque<Job>; 3]>,
    /// Batches since a bulk command had its turn.
    since_bulk: AtomicUsize,
    arrived: Notify,
    closed: AtomicBool,
    done: watch::Sender<bool>,
    alive: AtomicBool,
}

impl Queue {
    fn new() -> Self {
        Self {
            waiting: Mutex::new([VecDeque::new(), VecDeque::new(), VecDeque::new()]),
            since_bulk: AtomicUsize::new(0),
            arrived: Notify::new(),
            closed: AtomicBool::new(false),
            done: watch::Sender::new(false),
            alive: AtomicBool::new(true),
        }
    }

    pub(super) fn push(&self, job: Job, bound: usize) -> Result<(), NotDone> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.closed.load(Ordering::SeqCst) {
            return Err(NotDone::ShuttingDown);
        }
        let queue = &mut waiting[job.priority as usize];
        if queue.len() >= bound {
            return Err(NotDone::Busy(format!("{} commands are waiting already", queue.len())));
        }
        queue.push_back(job);
        drop(waiting);
        self.arrived.notify_one();
        Ok(())
    }

    /// The next batch: interactive commands first, then background, and bulk only where neither waits.
    async fn next(&self, bound: usize) -> Option<Vec<Job>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                let mut batch = Vec::new();
                let [interactive, background, bulk] = &mut *waiting;
                let starved = self.since_bulk.fetch_add(1, Ordering::Relaxed) >= BULK_TURN;
                for queue in [interactive, background] {
                    let take = if starved && !bulk.is_empty() { 0 } else { queue.len().min(bound - batch.len()) };
                    batch.extend(queue.drain(..take));
                }
                if batch.is_empty() {
                    // A chunk may hold many rows: one at a time, so that nobody waits behind two.
                    batch.extend(bulk.pop_front());
                    self.since_bulk.store(0, Ordering::Relaxed);
                }
                if !batch.is_empty() {
                    return Some(batch);
                }
                if self.closed.load(Ordering::SeqCst) {
                    return None;
                }
            }
            arrived.await;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).iter().map(VecDeque::len).sum()
    }

    pub(super) fn alive(&self) -> bool {
        self.alive.load(Ordering::SeqCst)
    }

    pub(super) fn close(&self) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        self.closed.store(true, Ordering::SeqCst);
        drop(waiting);
        self.arrived.notify_one();
    }

    pub(super) async fn finished(&self) {
        let mut done = self.done.subscribe();
        let _ = done.wait_for(|done| *done).await;
    }
}

/// How long a writer may be held by one batch.
const HELD: Duration = Duration::from_millis(25);

/// Bounds batches in time: how many commands fit, by what the latest ones took beyond the commit itself.
struct Pace {
    most: usize,
    micros_each: f64,
}

impl Pace {
    const fn new(most: usize) -> Self {
        Self { most, micros_each: 0.0 }
    }

    fn took(&mut self, commands: usize, time: Duration) {
        // A small batch is mostly its fsync, which says nothing about how many more would fit.
        if commands >= 8 {
            let each = time.as_secs_f64() * 1e6 / commands as f64;
            self.micros_each = self.micros_each.mul_add(0.8, each * 0.2);
        }
    }

    fn bound(&self) -> usize {
        let fit = HELD.as_secs_f64() * 1e6 / self.micros_each.max(1.0);
        (fit as usize).clamp(16.min(self.most), self.most)
    }
}

/// Marks the lane as gone when its thread ends, by whatever way.
struct Ending(Arc<Queue>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.alive.store(false, Ordering::SeqCst);
        self.0.close();
        for queue in self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
            queue.clear();
        }
        self.0.done.send_replace(true);
    }
}

/// A new writer after a batch broke off: its transaction was rolled back with the old one. Its callers are told that
/// the outcome is not known. `None`: there is no writer to be had.
async fn again<D: Persist, S: Store<D>>(
    shared: &Arc<Shared<D, S>>,
    number: usize,
    broken: &tokio::task::JoinError,
) -> Option<Batcher<D, S>> {
    tracing::error!(lane = number, %broken, "a batch broke off; the lane goes on with a new writer");
    for wait in [0, 100, 1000, 5000, 10_000] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        match (shared.store.writer().await, Mint::from_os()) {
            (Ok(writer), Ok(mint)) => return Some(Batcher::new(shared.clone(), writer, mint, number)),
            (Err(error), _) => tracing::error!(lane = number, %error, "no new writer"),
            (_, Err(error)) => tracing::error!(lane = number, %error, "no randomness"),
        }
    }
    None
}

/// Starts a lane's thread; returns once its writer is connected.
pub(super) async fn spawn<D: Persist, S: Store<D>>(
    shared: Arc<Shared<D, S>>,
    number: usize,
) -> Result<Arc<Queue>, StartError> {
    let queue = Arc::new(Queue::new());
    let mint = match shared.options.seed {
        Some(seed) => Mint::seeded(seed.wrapping_add(number as u64)),
        None => Mint::from_os()?,
    };
    let (ready, connected) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mine = queue.clone();
    std::thread::Builder::new().name(format!("writer-{number}")).spawn(move || {
        let ending = Ending(mine.clone());
        runtime.block_on(async move {
            let writer = match shared.store.writer().await {
                Ok(writer) => writer,
                Err(error) => {
                    let _ = ready.send(Err(error));
                    return;
                }
            };
            let _ = ready.send(Ok(()));
            let mut pace = Pace::new(shared.options.batch_bound);
            let mut batcher = Batcher::new(shared.clone(), writer, mint, number);
            while let Some(jobs) = mine.next(pace.bound()).await {
                let (commands, began) = (jobs.len(), Instant::now());
                // A task of its own, so that a panic costs this batch and not the lane. Spawning moves what it is given a few times.
                let work = tokio::spawn(Box::pin(async move {
                    batcher.run(jobs).await;
                    batcher
                }));
                batcher = match work.await {
                    Ok(batcher) => batcher,
                    Err(broken) => match again(&shared, number, &broken).await {
                        Some(batcher) => batcher,
                        None => return,
                    },
                };
                pace.took(commands, began.elapsed());
            }
        });
        drop(ending);
    })?;
    match connected.await {
        Ok(Ok(())) => Ok(queue),
        Ok(Err(error)) => Err(error.into()),
        Err(_) => Err(StartError::Machine(std::io::Error::other("the writer's thread ended"))),
    }
}

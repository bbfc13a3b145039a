//! Charges that the store has still to be told of: what is left of lots, refunds of lots that are no more, and what ended
//! while the store was away. They go along with the next question, or with [`Limiter::tidy`](super::Limiter::tidy).
//!
//! What must hold: a place that is held is given back, sooner or later; nothing is given back twice. What was sent and not
//! answered may have been done: only leases, of which the second time changes nothing, are sent again.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::ticket::settling;
use crate::decide::Charge;
use crate::live::Live;
use crate::policy::Policies;
use crate::store::Settling;

/// How many are remembered: beyond, what is no lease is forgotten, and stays charged.
const MOST: usize = 65_536;

/// A charge, by which policies, and what it took in truth.
pub(super) struct Unsettled {
    pub(super) charge: Charge,
    pub(super) live: Arc<Live>,
    pub(super) real: u64,
}

/// Those that wait, leases first.
#[derive(Default)]
pub(super) struct Queue(Mutex<VecDeque<Unsettled>>);

/// Those that are being sent, each by the policies in force for it. Dropped without [`Due::done`], the leases among them are
/// sent again.
pub(super) struct Due<'q> {
    queue: &'q Queue,
    all: Vec<(Unsettled, Arc<Policies>)>,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Unsettled>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, one: Unsettled) {
        let mut queue = self.lock();
        match (one.charge.lease, queue.len() < MOST) {
            (true, true) => queue.push_front(one),
            (true, false) => {
                // The last is no lease, unless all are.
                queue.pop_back();
                queue.push_front(one);
            }
            (false, true) => queue.push_back(one),
            (false, false) => {}
        }
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    /// Hands over each that waits: the charge, and what it took in truth.
    pub(super) fn each(&self, mut told: impl FnMut(&Charge, u64)) {
        self.lock().iter().for_each(|one| told(&one.charge, one.real));
    }

    /// The next ones, at most so many.
    pub(super) fn due(&self, most: usize) -> Due<'_> {
        let mut queue = self.lock();
        let count = queue.len().min(most);
        Due::of(self, queue.drain(..count))
    }
}

impl Due<'_> {
    /// These.
    pub(super) fn of(queue: &Queue, all: impl IntoIterator<Item = Unsettled>) -> Due<'_> {
        let with_policies = |one: Unsettled| {
            let current = one.live.current();
            (one, current)
        };
        Due { queue, all: all.into_iter().map(with_policies).collect() }
    }

    /// Whether there is nothing to send.
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// What the store is told.
    pub(super) fn settling(&self) -> Vec<Settling<'_>> {
        self.all.iter().filter_map(|(one, policies)| settling(policies, &one.charge, one.real)).collect()
    }

    /// The store has done it.
    pub(super) fn done(mut self) {
        self.all.clear();
    }
}

impl Drop for Due<'_> {
    fn drop(&mut self) {
        for (one, _) in self.all.drain(..).filter(|(one, _)| one.charge.lease) {
            self.queue.push(one);
        }
    }
}

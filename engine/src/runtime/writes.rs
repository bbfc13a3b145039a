//! Whether the store takes what is written: a full disk answers every read, and no command.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::StoreError;

/// How long one that was tried out is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// A store that took nothing of what was written last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusing {
    /// Since when.
    pub since: Instant,
    /// How many commands failed since.
    pub commands: u64,
    /// What it said last.
    pub why: String,
    /// When it was last found so.
    found: Instant,
}

impl Refusing {
    /// Whether it is time to try it out: whoever is told that a server is not ready sends it no command that would.
    #[must_use]
    pub fn may_be_over(&self) -> bool {
        self.found.elapsed() >= LEFT_ALONE
    }
}

/// What came of the last writes of every lane.
#[derive(Debug, Default)]
pub struct Writes {
    /// The same as whether there is one below: most writes look no further.
    refuses: AtomicBool,
    refusing: Mutex<Option<Refusing>>,
    failures: AtomicU64,
}

impl Writes {
    /// Something was written.
    pub fn took(&self) {
        if self.refuses.swap(false, Ordering::Relaxed) {
            let was = self.refusing.lock().unwrap_or_else(PoisonError::into_inner).take();
            let commands = was.map_or(0, |was| was.commands);
            tracing::info!(commands, "the database takes writes again, after {commands} commands failed");
        }
    }

    /// Nothing was written, however often it was tried. Somebody who was faster, or a busy database, says nothing of what comes next.
    pub(super) fn failed(&self, error: &StoreError) {
        if matches!(error, StoreError::Unavailable(_) | StoreError::Unknown(_)) {
            self.failures.fetch_add(1, Ordering::Relaxed);
            self.note(error.to_string(), 1);
        }
    }

    /// It was tried out, and takes nothing yet.
    pub fn still_refuses(&self, error: &StoreError) {
        self.note(error.to_string(), 0);
    }

    fn note(&self, why: String, commands: u64) {
        let now = Instant::now();
        let mut refusing = self.refusing.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, before) = refusing.as_ref().map_or((now, 0), |known| (known.since, known.commands));
        *refusing = Some(Refusing { since, commands: before + commands, why, found: now });
        self.refuses.store(true, Ordering::Relaxed);
    }

    /// What it refuses, if it does.
    #[must_use]
    pub fn refusing(&self) -> Option<Refusing> {
        self.refusing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commands whose writing failed since the start.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_refuses_from_its_first_failure_to_the_next_write() {
        let writes = Writes::default();
        writes.failed(&StoreError::Busy("locked".to_owned()));
        writes.failed(&StoreError::Conflict("instance".to_owned()));
        assert_eq!((writes.refusing(), writes.failures()), (None, 0));
        writes.failed(&StoreError::Unavailable("the disk is full".to_owned()));
        writes.failed(&StoreError::Unknown("no answer".to_owned()));
        writes.still_refuses(&StoreError::Unavailable("the disk is full".to_owned()));
        let told = writes.refusing().unwrap();
        assert_eq!((told.commands, &*told.why, told.may_be_over()), (2, "database: the disk is full", false));
        writes.took();
        assert_eq!((writes.refusing(), writes.failures()), (None, 2));
    }
}

//! Load shedding: counts what is in flight and refuses at once what is too much, less important calls first.
//!
//! What must hold: nothing waits in a queue here; a count is given back however a call ends (answered, failed, the
//! caller gone); interactive calls are refused last. The Tower layer is in `shed/service.rs`.

mod service;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use service::{ShedLayer, ShedService};

use crate::answer::problem::Refusal;
use crate::key::Class;

/// What a class may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Its calls are taken as long as less than this share of the maximum is in flight, in percent, of all classes
    /// together.
    pub percent: u8,
    /// After how many seconds a refused call may come again.
    pub retry_after: u64,
}

/// What the classes may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// Nobody waits for these.
    pub background: Share,
    /// A program waits.
    pub batch: Share,
    /// A person waits: these are refused last.
    pub interactive: Share,
}

impl Default for Shares {
    fn default() -> Self {
        Self {
            background: Share { percent: 60, retry_after: 5 },
            batch: Share { percent: 80, retry_after: 2 },
            interactive: Share { percent: 100, retry_after: 1 },
        }
    }
}

/// The counts. Clones share them.
#[derive(Clone, Debug)]
pub struct Shed(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    total: AtomicUsize,
    refused: AtomicUsize,
    background: Counted,
    batch: Counted,
    interactive: Counted,
}

#[derive(Debug)]
struct Counted {
    /// How many may be in flight, of all classes, for one more of this class to be taken.
    below: usize,
    retry_after: u64,
    in_flight: AtomicUsize,
}

impl Counts {
    const fn of(&self, class: Class) -> &Counted {
        match class {
            Class::Background => &self.background,
            Class::Batch => &self.batch,
            Class::Interactive => &self.interactive,
        }
    }
}

impl Shed {
    /// At most `most` in flight, with the default shares.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self::with_shares(most, Shares::default())
    }

    /// At most `most` in flight. A class has at least one place, whatever its share.
    #[must_use]
    pub fn with_shares(most: usize, shares: Shares) -> Self {
        let counted = |share: Share| {
            let below = most.saturating_mul(usize::from(share.percent.min(100))) / 100;
            Counted { below: below.max(1), retry_after: share.retry_after, in_flight: AtomicUsize::new(0) }
        };
        Self(Arc::new(Counts {
            total: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            background: counted(shares.background),
            batch: counted(shares.batch),
            interactive: counted(shares.interactive),
        }))
    }

    /// Takes a call, or refuses it at once.
    ///
    /// # Errors
    /// If there is too much in flight.
    pub fn enter(&self, class: Class) -> Result<Held, Refusal> {
        let counted = self.0.of(class);
        let one_more = |total: usize| (total < counted.below).then(|| total + 1);
        if self.0.total.try_update(Ordering::AcqRel, Ordering::Relaxed, one_more).is_err() {
            self.0.refused.fetch_add(1, Ordering::Relaxed);
            return Err(Refusal::capacity(counted.retry_after));
        }
        counted.in_flight.fetch_add(1, Ordering::Relaxed);
        Ok(Held { counts: Arc::clone(&self.0), class })
    }

    /// How many calls of a class are in flight.
    #[must_use]
    pub fn in_flight(&self, class: Class) -> usize {
        self.0.of(class).in_flight.load(Ordering::Relaxed)
    }

    /// How many calls are in flight.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.total.load(Ordering::Relaxed)
    }

    /// How many calls were refused since the start.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.0.refused.load(Ordering::Relaxed)
    }
}

/// A call in flight: it counts until this is dropped.
#[derive(Debug)]
#[must_use = "the call counts only as long as this is held"]
pub struct Held {
    counts: Arc<Counts>,
    class: Class,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.counts.of(self.class).in_flight.fetch_sub(1, Ordering::Relaxed);
        self.counts.total.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn background_goes_first_and_interactive_last() {
        let shed = Shed::new(10);
        let mut held: Vec<_> = (0..6).map(|_| shed.enter(Class::Background).unwrap()).collect();
        assert_eq!(shed.enter(Class::Background).unwrap_err().retry_after, Some(5));
        held.extend((0..2).map(|_| shed.enter(Class::Batch).unwrap()));
        assert!(shed.enter(Class::Batch).is_err());
        held.extend((0..2).map(|_| shed.enter(Class::Interactive).unwrap()));
        assert!(shed.enter(Class::Interactive).is_err());
        assert_eq!((shed.total(), shed.refused()), (10, 3));
        assert_eq!((shed.in_flight(Class::Background), shed.in_flight(Class::Interactive)), (6, 2));
        drop(held);
        assert_eq!((shed.total(), shed.in_flight(Class::Background)), (0, 0));
    }

    #[test]
    fn a_maximum_of_nothing_still_serves_one() {
        let shed = Shed::new(0);
        let _one = shed.enter(Class::Background).unwrap();
        assert!(shed.enter(Class::Interactive).is_err());
    }

    #[test]
    fn many_threads_never_hold_more_than_the_maximum() {
        let shed = Shed::new(5);
        let seen = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let held: Vec<_> = (0..3).filter_map(|_| shed.enter(Class::Interactive).ok()).collect();
                        seen.fetch_max(shed.total(), Ordering::Relaxed);
                        drop(held);
                    }
                });
            }
        });
        assert!(seen.load(Ordering::Relaxed) <= 5);
        assert_eq!(shed.total(), 0);
    }

    proptest! {
        #[test]
        fn counts_are_what_is_held(most in 0_usize..30, steps in proptest::collection::vec((0_usize..3, any::<bool>()), 1..100)) {
            let shed = Shed::new(most);
            let mut held: Vec<(usize, Held)> = Vec::new();
            for (class, leave) in steps {
                if leave && !held.is_empty() {
                    drop(held.remove(class.min(held.len() - 1)));
                } else if let Ok(one) = shed.enter(Class::ALL[class]) {
                    held.push((class, one));
                }
                prop_assert!(shed.total() <= most.max(1));
                prop_assert_eq!(shed.total(), held.len());
                for (index, class) in Class::ALL.into_iter().enumerate() {
                    prop_assert_eq!(shed.in_flight(class), held.iter().filter(|(class, _)| *class == index).count());
                }
            }
        }
    }
}

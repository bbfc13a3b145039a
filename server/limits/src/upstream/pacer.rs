//! When the next call to a destination may go. Time is an argument; the number of destinations is bounded.

use std::collections::HashMap;

use http::HeaderMap;

use super::heard::{DEFAULT_BOUND, wait};
use crate::at::{At, Span};

/// How many destinations are remembered unless the service says otherwise.
pub const DEFAULT_DESTINATIONS: usize = 1_024;

/// What the destinations have said. One that is forgotten may be called at once.
#[derive(Clone, Debug)]
pub struct Pacer {
    paused: HashMap<Box<str>, At>,
    most: usize,
    bound: Span,
}

impl Default for Pacer {
    fn default() -> Self {
        Self::new(DEFAULT_DESTINATIONS, DEFAULT_BOUND)
    }
}

impl Pacer {
    /// Remembers at most `most` destinations, and lets none of them stop us for longer than `bound`.
    #[must_use]
    pub fn new(most: usize, bound: Span) -> Self {
        Self { paused: HashMap::new(), most: most.max(1), bound }
    }

    /// When the next call may go; none if it may go now.
    #[must_use]
    pub fn until(&self, destination: &str, now: At) -> Option<At> {
        let until = *self.paused.get(destination)?;
        // After a clock that went back nobody waits longer than the bound.
        (until > now).then(|| until.min(now.plus(self.bound)))
    }

    /// Takes in an answer. Answers overtake each other: of two waits the one that ends later counts.
    /// Tells until when this one stops us.
    pub fn heard(&mut self, destination: &str, status: u16, headers: &HeaderMap, now: At) -> Option<At> {
        let span = wait(status, headers, now, self.bound)?;
        let until = now.plus(span);
        if let Some(known) = self.paused.get_mut(destination) {
            let latest = now.plus(self.bound);
            *known = until.max((*known).min(latest));
            return Some(until);
        }
        self.make_room(now);
        self.paused.insert(destination.into(), until);
        Some(until)
    }

    /// How many destinations are remembered.
    #[must_use]
    pub fn destinations(&self) -> usize {
        self.paused.len()
    }

    /// Forgets waits that are over, else the one that ends first: it costs least to be wrong about.
    fn make_room(&mut self, now: At) {
        if self.paused.len() < self.most {
            return;
        }
        self.paused.retain(|_, until| *until > now);
        if self.paused.len() < self.most {
            return;
        }
        let first = self.paused.iter().min_by_key(|(_, until)| **until).map(|(name, _)| name.clone());
        if let Some(first) = first {
            self.paused.remove(&first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000;

    fn said(seconds: u64) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::RETRY_AFTER, seconds.into());
        headers
    }

    fn at(seconds: u64) -> At {
        At::from_micros(seconds * SECOND)
    }

    #[test]
    fn a_destination_is_left_alone_as_long_as_it_said() {
        let mut pacer = Pacer::default();
        assert_eq!(pacer.heard("a", 429, &said(5), at(100)), Some(at(105)));
        assert_eq!(pacer.until("a", at(104)), Some(at(105)));
        assert_eq!(pacer.until("a", at(105)), None);
        assert_eq!(pacer.until("b", at(104)), None, "each for itself");
        assert_eq!(pacer.heard("a", 200, &HeaderMap::new(), at(101)), None);
        assert_eq!(pacer.until("a", at(102)), Some(at(105)), "an answer that was on its way takes nothing back");
        pacer.heard("a", 429, &said(1), at(102));
        assert_eq!(pacer.until("a", at(103)), Some(at(105)));
    }

    #[test]
    fn a_clock_that_goes_back_stops_nobody_for_longer_than_the_bound() {
        let mut pacer = Pacer::new(8, Span::from_secs(60));
        pacer.heard("a", 429, &said(10), at(1_000_000));
        assert_eq!(pacer.until("a", at(5)), Some(at(65)));
        pacer.heard("a", 429, &said(10), at(5));
        assert_eq!(pacer.until("a", at(64)), Some(at(65)));
        assert_eq!(pacer.until("a", at(65)), None);
    }

    #[test]
    fn the_wait_that_ends_first_makes_room() {
        let mut pacer = Pacer::new(2, DEFAULT_BOUND);
        pacer.heard("long", 429, &said(500), at(0));
        pacer.heard("short", 429, &said(5), at(0));
        pacer.heard("new", 429, &said(50), at(1));
        assert_eq!(pacer.destinations(), 2);
        assert_eq!(pacer.until("long", at(2)), Some(at(500)));
        assert_eq!(pacer.until("short", at(2)), None);
    }

    proptest! {
        #[test]
        fn neither_number_nor_waits_leave_their_bounds(
            calls in proptest::collection::vec((0_u8..20, any::<u32>(), any::<u64>()), 1..80),
        ) {
            let mut pacer = Pacer::new(4, Span::from_secs(100));
            for (destination, seconds, now) in calls {
                let name = destination.to_string();
                pacer.heard(&name, 503, &said(u64::from(seconds)), At::from_micros(now));
                prop_assert!(pacer.destinations() <= 4);
                if let Some(until) = pacer.until(&name, At::from_micros(now)) {
                    prop_assert!(until > At::from_micros(now) && until.since(At::from_micros(now)) <= Span::from_secs(100));
                }
            }
        }
    }
}

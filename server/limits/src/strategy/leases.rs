//! Concurrency: places that are held while a call is under way.
//!
//! When a place is free nobody knows: whoever finds none is told to come again in a second, or when the first lease expires
//! if that is sooner.
//!
//! Guarantee: at most L are held at once. A holder that crashes frees its place when the lease expires. A place that
//! was given back or has expired is not given back again.

use crate::at::Span;
use crate::strategy::{Room, View};

/// At most `limit` at once, each for at most `lease` unless renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leases {
    /// The limit.
    pub limit: u64,
    /// When a place that is neither given back nor renewed is free again.
    pub lease: Span,
}

/// Leases, the first to expire first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// The last instant that was seen.
    pub(crate) at: u64,
    pub(crate) next: u64,
    pub(crate) leases: Vec<Lease>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) id: u64,
    pub(crate) expires: u64,
    pub(crate) places: u64,
}

impl Leases {
    /// When whoever finds no place may ask again.
    pub const AGAIN: Span = Span::from_secs(1);

    /// The highest limit that settings accept: every lease is remembered.
    pub const MOST: u64 = 10_000;

    /// The highest limit of what is not counted by each server for itself: a store that is shared reads and writes all of
    /// them at each call.
    pub const SHARED: u64 = 1_000;

    pub(crate) fn fresh(&self, now: u64) -> Held {
        Held { at: now, next: 0, leases: Vec::new() }
    }

    pub(crate) fn check(&self, held: &Held, now: u64, places: u64) -> Room {
        if places > self.limit {
            return Room::Never(self.limit);
        }
        let over = (held.total(now) + u128::from(places)).saturating_sub(u128::from(self.limit));
        if over == 0 {
            return Room::Now;
        }
        let mut freed = 0;
        let enough = |lease: &&Lease| {
            freed += u128::from(lease.places);
            freed >= over
        };
        let expires = held.living(now).iter().find(enough).map_or(now, |lease| lease.expires);
        Room::At(expires.min(now.saturating_add(Self::AGAIN.micros())))
    }

    pub(crate) fn charge(&self, held: &mut Held, now: u64, places: u64) -> u64 {
        let id = held.next;
        held.next = held.next.wrapping_add(1);
        held.see(now);
        if places > 0 {
            held.insert(Lease { id, expires: now.saturating_add(self.lease.micros().max(1)), places });
        }
        id
    }

    /// The lease goes on for a whole time more; `false` if it is not held any more.
    pub(crate) fn renew(&self, held: &mut Held, now: u64, id: u64) -> bool {
        held.see(now);
        let Some(place) = held.leases.iter().position(|lease| lease.id == id) else { return false };
        let lease = held.leases.remove(place);
        held.insert(Lease { expires: now.saturating_add(self.lease.micros().max(1)), ..lease });
        true
    }

    /// The lease holds so many places from now on; none gives it back.
    pub(crate) fn resize(&self, held: &mut Held, now: u64, id: u64, places: u64) {
        held.see(now);
        if let Some(place) = held.leases.iter().position(|lease| lease.id == id) {
            if places == 0 {
                held.leases.remove(place);
            } else {
                held.leases[place].places = places;
            }
        }
    }

    pub(crate) fn view(&self, held: &Held, now: u64) -> View {
        View::new(self.limit, held.in_use(now), self.lease, held.untouched_at().max(now))
    }
}

impl Held {
    fn living(&self, now: u64) -> &[Lease] {
        let gone = self.leases.partition_point(|lease| lease.expires <= now);
        &self.leases[gone..]
    }

    fn see(&mut self, now: u64) {
        let gone = self.leases.len() - self.living(now).len();
        self.leases.drain(..gone);
        self.at = self.at.max(now);
    }

    fn insert(&mut self, lease: Lease) {
        let place = self.leases.partition_point(|other| other.expires <= lease.expires);
        self.leases.insert(place, lease);
    }

    fn total(&self, now: u64) -> u128 {
        self.living(now).iter().map(|lease| u128::from(lease.places)).sum()
    }

    pub(crate) fn in_use(&self, now: u64) -> u64 {
        u64::try_from(self.total(now)).unwrap_or(u64::MAX)
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        self.leases.last().map_or(self.at, |lease| lease.expires)
    }

    pub(crate) fn heap(&self) -> usize {
        self.leases.capacity() * size_of::<Lease>()
    }
}

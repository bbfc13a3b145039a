//! Where somebody stands in the organisation, kept beside his id: looked up once, and from then on only made sure of. And
//! the seats of a step, which an instance and the one that it becomes share until they differ.

use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::crowd::Members;
use super::organisation::Ix;
use super::review::Seat;

/// An organisation as it was built in this process: no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Built(u32);

impl Built {
    /// The next one. Zero is that of none.
    pub(super) fn now() -> Self {
        static LAST: AtomicU32 = AtomicU32::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// In which organisation somebody was found last, and at which place. It is no part of what it is kept in: it is not written, and
/// equals every other.
pub(super) struct Found(AtomicU64);

impl Found {
    #[inline]
    pub(super) fn new(built: Built, ix: Ix) -> Self {
        let found = Self::default();
        found.keep(built, ix);
        found
    }

    /// The place in this organisation, if it was there that he was found.
    #[inline]
    pub(super) fn at(&self, built: Built) -> Option<Ix> {
        let found = self.0.load(Ordering::Relaxed);
        let [ix, of] = [found, found >> 32].map(|half| (half & u64::from(u32::MAX)) as u32);
        (of == built.0 && of != 0).then_some(ix)
    }

    pub(super) fn keep(&self, built: Built, ix: Ix) {
        self.0.store(u64::from(built.0) << 32 | u64::from(ix), Ordering::Relaxed);
    }
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Found")
    }
}

impl Default for Found {
    fn default() -> Self {
        Self(AtomicU64::new(0))
    }
}

impl Clone for Found {
    fn clone(&self) -> Self {
        Self(AtomicU64::new(self.0.load(Ordering::Relaxed)))
    }
}

impl PartialEq for Found {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Found {}

/// By people's places: they are small numbers, so that one multiplication spreads them.
pub(super) type ByPlace = BuildHasherDefault<Spread>;

/// See [`ByPlace`].
#[derive(Default)]
pub(super) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(u32::from(*byte)));
    }

    fn write_u32(&mut self, n: u32) {
        self.0 = (self.0 ^ u64::from(n)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// The seats of a step. Hundreds may hold a role: they are copied when one of them changes, not with each copy of the review.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seats {
    row: Arc<Vec<Seat>>,
    /// Of whom they are, while nothing has changed in them.
    #[serde(skip)]
    members: Option<Members>,
}

impl Seats {
    pub(super) fn of(row: Arc<Vec<Seat>>, members: Members) -> Self {
        Self { row, members: Some(members) }
    }

    /// To change them.
    pub(super) fn changing(&mut self) -> &mut Vec<Seat> {
        self.members = None;
        Arc::make_mut(&mut self.row)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.row.is_empty()
    }

    /// Of whom they are, if that is a crowd of this organisation and each has his own.
    #[inline]
    pub(super) fn members(&self, built: Built) -> Option<&Members> {
        self.members.as_ref().filter(|members| members.are_of(built))
    }

    /// Whether the seat of that number is among them.
    pub(super) fn has(&self, id: u32) -> bool {
        // Most are numbered one after another.
        let guess = self.row.first().and_then(|first| self.row.get(id.checked_sub(first.id)? as usize));
        guess.is_some_and(|seat| seat.id == id) || self.row.iter().any(|seat| seat.id == id)
    }
}

impl PartialEq for Seats {
    fn eq(&self, other: &Self) -> bool {
        self.row == other.row
    }
}

impl Eq for Seats {}

impl From<Vec<Seat>> for Seats {
    fn from(seats: Vec<Seat>) -> Self {
        Self { row: Arc::new(seats), members: None }
    }
}

impl Deref for Seats {
    type Target = [Seat];

    fn deref(&self) -> &[Seat] {
        &self.row
    }
}

impl<'s> IntoIterator for &'s Seats {
    type Item = &'s Seat;
    type IntoIter = std::slice::Iter<'s, Seat>;

    fn into_iter(self) -> Self::IntoIter {
        self.row.iter()
    }
}

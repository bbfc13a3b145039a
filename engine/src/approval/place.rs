//! Where somebody stands in the organisation, kept beside his id: looked up once, and from then on only made sure of.

use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::organisation::Ix;

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

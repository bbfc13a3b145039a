//! Recording: what calls tell when they have ended.
//!
//! A call is in the segment of the minute in which it *ended*: then nothing is ever waited for, and a segment that was taken is
//! complete but for calls that end in it and are recorded a moment later; these make another segment of the same minute.
//! Whoever reads the calls that began in an hour reads on for as long as calls may take, and says [`super::Calls::within`].
//!
//! Scopes are spread over shards, each under a lock of its own. What is held under a lock is short, but where a segment is
//! full and of its calls every second one is dropped: a millisecond for a quarter of a MiB, and at most once for each time that the
//! number of its calls has doubled.

use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::{DefaultHashBuilder, HashTable};

use super::Called;
use super::dictionary::{TextBounds, stand_in};
use super::open::{MINUTE, Open};
use crate::at::At;

const SHARDS: usize = 64;

/// The scope of those for whom there is no room.
const OTHERS: &str = "?";

/// How many minutes of a scope are open at most: after that its calls go into the last one.
const MINUTES: usize = 3;

/// No segment is made to fit into less: the texts of one call always do.
const LEAST: usize = 4_096;

/// What a recorder holds at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of a segment; beyond that, calls stand for others. At least 4,096.
    pub bytes: usize,
    /// Bytes of all segments that were not taken yet. Beyond that, segments that are larger than others are made smaller, so
    /// that it is never much more than twice as much.
    pub total: usize,
    /// Scopes that have such segments. The others share the scope `?`.
    pub scopes: usize,
    /// Different texts of a segment that are kept as they are; half of them at most are objects and methods, which callers make
    /// up as they like. For one more stands `~` and 16 digits of its SHA-256: other
    /// texts still have other keys.
    pub texts: usize,
    /// Bytes of a text (and of a scope's name), up to 400; the same stands for what is longer.
    pub text: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds { bytes: 256 << 10, total: 256 << 20, scopes: 1_000, texts: 10_000, text: 200 }
    }
}

/// Calls of one scope that ended in one minute. There may be several of the same minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whose calls.
    pub scope: String,
    /// When the minute began.
    pub minute: At,
    /// The calls, as [`super::Calls::read`] reads them.
    pub bytes: Vec<u8>,
}

/// Records calls.
#[derive(Debug)]
pub struct Recorder {
    bounds: Bounds,
    texts: TextBounds,
    shards: Box<[Mutex<HashTable<Scope>>]>,
    hashes: DefaultHashBuilder,
    scopes: AtomicUsize,
    open: AtomicUsize,
    held: AtomicUsize,
}

#[derive(Debug)]
struct Scope {
    name: Box<str>,
    open: Vec<Open>,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder::new(Bounds::default())
    }
}

impl Recorder {
    /// A recorder with these bounds.
    pub fn new(bounds: Bounds) -> Recorder {
        Recorder {
            bounds,
            texts: TextBounds { count: bounds.texts, length: bounds.text.clamp(17, 400) },
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hashes: DefaultHashBuilder::default(),
            scopes: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
        }
    }

    /// Records a call that has ended, for those whose traffic it is: a tenant, say; `""` where nothing is known of the caller.
    pub fn record(&self, scope: &str, called: &Called<'_>) {
        let done =
            if scope.len() <= self.texts.length { self.put(scope, called) } else { self.put(&stand_in(scope), called) };
        if !done {
            self.put(OTHERS, called);
        }
    }

    /// Takes the segments of minutes that are over.
    pub fn finished(&self, now: At) -> Vec<Segment> {
        self.take(|open| open.minute.plus(MINUTE) <= now)
    }

    /// Takes all segments.
    pub fn all(&self) -> Vec<Segment> {
        self.take(|_| true)
    }

    /// Copies of the segments of a scope that were not taken yet.
    pub fn peek(&self, scope: &str) -> Vec<Segment> {
        let shortened = (scope.len() > self.texts.length).then(|| stand_in(scope));
        let scope = shortened.as_deref().unwrap_or(scope);
        let hash = self.hashes.hash_one(scope);
        let shard = self.lock(hash as usize);
        let found = shard.find(hash, |one| *one.name == *scope);
        found.map_or(Vec::new(), |one| one.open.iter().map(|open| segment(scope, open)).collect())
    }

    /// Copies of all segments that were not taken yet.
    pub fn peek_all(&self) -> Vec<Segment> {
        let copies = |shard| {
            let shard = self.lock(shard);
            let open = shard.iter().flat_map(|one| one.open.iter().map(|open| segment(&one.name, open)));
            open.collect::<Vec<_>>()
        };
        (0..SHARDS).flat_map(copies).collect()
    }

    /// Bytes that the segments have which were not taken yet.
    pub fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, HashTable<Scope>> {
        self.shards[shard % SHARDS].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a call into its scope; `false` if there is no room for one more scope.
    fn put(&self, scope: &str, called: &Called<'_>) -> bool {
        let hash = self.hashes.hash_one(scope);
        let mut shard = self.lock(hash as usize);
        if let Some(found) = shard.find_mut(hash, |one| *one.name == *scope) {
            self.put_into(found, called);
            return true;
        }
        let counted = self.scopes.fetch_add(1, Ordering::Relaxed);
        if counted >= self.bounds.scopes && scope != OTHERS {
            self.scopes.fetch_sub(1, Ordering::Relaxed);
            return false;
        }
        let mut made = Scope { name: scope.into(), open: Vec::new() };
        self.put_into(&mut made, called);
        shard.insert_unique(hash, made, |one| self.hashes.hash_one(&*one.name));
        true
    }

    fn put_into(&self, scope: &mut Scope, called: &Called<'_>) {
        let end = called.end().micros();
        let minute = At::from_micros(end - end % MINUTE.micros());
        let place = match scope.open.iter().position(|open| open.minute == minute) {
            Some(place) => place,
            None if scope.open.len() < MINUTES => {
                scope.open.push(Open::new(minute, self.texts, &self.hashes));
                self.held.fetch_add(scope.open[scope.open.len() - 1].len(), Ordering::Relaxed);
                self.open.fetch_add(1, Ordering::Relaxed);
                scope.open.len() - 1
            }
            None => scope.open.len() - 1,
        };
        let open = &mut scope.open[place];
        let before = open.len();
        open.record(called);
        if open.len() == before {
            return;
        }
        open.fit(self.room());
        let after = open.len();
        if after >= before {
            self.held.fetch_add(after - before, Ordering::Relaxed);
        } else {
            self.held.fetch_sub(before - after, Ordering::Relaxed);
        }
    }

    /// How many bytes a segment may have now.
    fn room(&self) -> usize {
        let most = self.bounds.bytes.max(LEAST);
        if self.held.load(Ordering::Relaxed) < self.bounds.total {
            return most;
        }
        let share = self.bounds.total / self.open.load(Ordering::Relaxed).max(1);
        share.clamp(LEAST, most)
    }

    fn take(&self, which: impl Fn(&Open) -> bool) -> Vec<Segment> {
        let mut segments = Vec::new();
        for shard in 0..SHARDS {
            let mut taken: Vec<(Box<str>, Open)> = Vec::new();
            self.lock(shard).retain(|scope| {
                let before = taken.len();
                taken.extend(scope.open.extract_if(.., |open| which(open)).map(|open| (scope.name.clone(), open)));
                self.open.fetch_sub(taken.len() - before, Ordering::Relaxed);
                let stays = !scope.open.is_empty();
                self.scopes.fetch_sub(usize::from(!stays), Ordering::Relaxed);
                stays
            });
            self.held.fetch_sub(taken.iter().map(|(_, open)| open.len()).sum(), Ordering::Relaxed);
            segments.extend(taken.iter().map(|(scope, open)| segment(scope, open)));
        }
        segments.sort_by(|one, other| (one.minute, &one.scope).cmp(&(other.minute, &other.scope)));
        segments
    }
}

fn segment(scope: &str, open: &Open) -> Segment {
    Segment { scope: scope.to_owned(), minute: open.minute, bytes: open.write() }
}

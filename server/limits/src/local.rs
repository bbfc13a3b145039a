//! The store in this process's memory: bounded whatever the number of keys.
//!
//! Keys are spread over shards, each under a lock of its own that is never held over an await. When a store is full, a
//! new key takes the place of one that nobody would miss: see [`Local::evicted_live`].

mod shard;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::at::At;
use crate::decide::{Asked, Found, States, Weighs as _, weigh};
use crate::state::State;
use crate::store::{Settling, Store, StoreAway, StoreNow, Weighed};
use crate::strategy::View;
use shard::{Print, Shard};

const SHARDS: usize = 64;

/// Bytes a key that the store is bounded to, on average.
const BYTES_A_KEY: usize = 256;

/// States in this process's memory.
#[derive(Debug)]
pub struct Local {
    shards: Box<[Mutex<Shard>]>,
    hashes: [RandomState; 2],
}

impl Default for Local {
    fn default() -> Self {
        Local::new(1_000_000)
    }
}

impl Local {
    /// A store of at most so many keys, and of at most 256 bytes each on average (what counts no more stays for an hour, if
    /// there is room): fewer keys fit where policies keep
    /// more a key (rings 8 bytes a slot, logs 16 a call, leases 24 each) or where keys are long.
    pub fn new(capacity: usize) -> Self {
        let hashes = [RandomState::new(), RandomState::new()];
        let each = capacity.div_ceil(SHARDS).max(1);
        let shard = |at: usize| Mutex::new(Shard::new(each, each.saturating_mul(BYTES_A_KEY), hashes[0].hash_one(at)));
        Local { shards: (0..SHARDS).map(shard).collect(), hashes }
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        (0..SHARDS).map(|at| self.lock(at).len()).sum()
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the remembered keys and states take, beside the tables' slack.
    pub fn bytes(&self) -> usize {
        (0..SHARDS).map(|at| self.lock(at).bytes()).sum()
    }

    /// How many keys were forgotten although something still counted, because the store was full. Each may have got at
    /// most once its limit (or burst) more than its guarantee. The ones that matter least go first: of eight that are
    /// drawn, the one with the least in use, times how long it still counts. So a key that was seen once goes before
    /// one that is near its limit.
    pub fn evicted_live(&self) -> u64 {
        (0..SHARDS).map(|at| self.lock(at).evicted_live()).sum()
    }

    /// What is remembered of a key.
    pub fn state(&self, key: &str) -> Option<State> {
        let print = self.print(key);
        self.lock(shard_of(print)).get(print).map(|state| state.clone())
    }

    fn print(&self, key: &str) -> Print {
        Print { place: self.hashes[0].hash_one(key), check: self.hashes[1].hash_one(key) }
    }

    fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn settle_one(&self, now: At, one: &Settling<'_>) -> View {
        let print = self.print(one.key);
        let mut shard = self.lock(shard_of(print));
        if let Some(state) = shard.get(print) {
            one.strategy.settle(state, now, &one.receipt, one.real);
            return one.strategy.view_carried(state, now);
        }
        // It was forgotten. Nothing is given back, but what is owed is owed.
        let mut state = one.strategy.fresh(now);
        one.strategy.settle(&mut state, now, &one.receipt, one.real);
        let view = one.strategy.view_carried(&state, now);
        if state.used(now) > 0 {
            shard.put(print, &one.key.into(), state, now);
        }
        view
    }

    /// Does something with a state, if the key is remembered.
    fn with<R>(&self, key: &str, work: impl FnOnce(&mut State) -> R) -> Option<R> {
        let print = self.print(key);
        self.lock(shard_of(print)).get(print).map(work)
    }
}

/// Whether a state may take more room after the question.
fn may_grow(ask: &Asked<'_>) -> bool {
    ask.strategy.grows() && !ask.is_never()
}

/// Other bits than those that the table inside a shard looks at first.
fn shard_of(print: Print) -> usize {
    (print.place >> 32) as usize % SHARDS
}

/// One key: its shard is locked. The commonest question by far.
struct One<'a> {
    shard: MutexGuard<'a, Shard>,
    print: Print,
    ask: &'a Asked<'a>,
    now: At,
}

impl States for One<'_> {
    fn get(&mut self, _place: usize) -> Option<&mut State> {
        self.shard.get(self.print)
    }

    fn put(&mut self, _place: usize, state: State) {
        self.shard.put(self.print, &self.ask.key, state, self.now);
    }
}

/// Several keys: all their shards are locked, in ascending order, so that two decisions cannot wait for each other.
struct Several<'a> {
    shards: Vec<MutexGuard<'a, Shard>>,
    keys: Vec<Place>,
    asked: &'a [Asked<'a>],
    now: At,
}

/// Of a key its print, which of the locked shards it is in, and where it was found there.
struct Place {
    print: Print,
    shard: usize,
    found: Option<u32>,
}

impl Several<'_> {
    /// Finds all keys, one right after the other: so the memory is waited for at once, not key by key.
    fn find_all(&mut self) {
        for place in &mut self.keys {
            place.found = self.shards[place.shard].find(place.print);
        }
    }
}

impl States for Several<'_> {
    fn get(&mut self, place: usize) -> Option<&mut State> {
        let Place { print, shard, found } = self.keys[place];
        let shard = &mut self.shards[shard];
        // A key that was put may have moved others.
        match found {
            Some(at) if shard.holds(at, print) => shard.at(at, print),
            _ => shard.get(print),
        }
    }

    fn put(&mut self, place: usize, state: State) {
        let Place { print, shard, .. } = self.keys[place];
        self.shards[shard].put(print, &self.asked[place].key, state, self.now);
    }
}

impl StoreNow for Local {
    fn weigh_now(&self, now: At, asked: &[Asked<'_>]) -> Vec<Found> {
        if let [ask] = asked {
            let print = self.print(&ask.key);
            let shard = self.lock(shard_of(print));
            let mut states = One { shard, print, ask, now };
            let found = weigh(asked, now, &mut states);
            if may_grow(ask) {
                states.shard.grown(print, now);
            }
            return found;
        }
        let mut keys: Vec<Place> = Vec::with_capacity(asked.len());
        keys.extend(asked.iter().map(|ask| {
            let print = self.print(&ask.key);
            Place { print, shard: shard_of(print), found: None }
        }));
        // Which shards: a bit each, so that they come in order and once.
        let mut wanted = keys.iter().fold(0_u64, |wanted, place| wanted | 1 << place.shard);
        for key in &mut keys {
            key.shard = (wanted & ((1 << key.shard) - 1)).count_ones() as usize;
        }
        let mut shards = Vec::with_capacity(asked.len());
        while wanted != 0 {
            shards.push(self.lock(wanted.trailing_zeros() as usize));
            wanted &= wanted - 1;
        }
        let mut states = Several { shards, keys, asked, now };
        states.find_all();
        let found = weigh(asked, now, &mut states);
        for (place, _) in states.keys.iter().zip(asked).filter(|(_, ask)| may_grow(ask)) {
            states.shards[place.shard].grown(place.print, now);
        }
        found
    }

    fn settle_now(&self, now: At, settling: &[Settling<'_>]) -> Vec<View> {
        settling.iter().map(|one| self.settle_one(now, one)).collect()
    }

    fn renew_now(&self, now: At, renewing: &[Settling<'_>]) -> bool {
        let mut held = true;
        for one in renewing {
            // All are renewed, also after one that is lost.
            held &= self.with(one.key, |state| one.strategy.renew(state, now, &one.receipt)) == Some(true);
        }
        held
    }
}

impl Store for Local {
    fn is_shared(&self) -> bool {
        false
    }

    async fn weigh<'a>(
        &'a self,
        now: At,
        asked: &'a [Asked<'a>],
        back: &'a [Settling<'a>],
    ) -> Result<Weighed, StoreAway> {
        self.settle_now(now, back);
        Ok(Weighed { at: now, found: self.weigh_now(now, asked) })
    }

    async fn settle<'a>(&'a self, now: At, settling: &'a [Settling<'a>]) -> Result<(), StoreAway> {
        self.settle_now(now, settling);
        Ok(())
    }

    fn settle_at_once(&self, now: At, settling: &[Settling<'_>]) -> Option<Vec<View>> {
        Some(self.settle_now(now, settling))
    }

    async fn renew<'a>(&'a self, now: At, renewing: &'a [Settling<'a>]) -> Result<bool, StoreAway> {
        Ok(self.renew_now(now, renewing))
    }
}

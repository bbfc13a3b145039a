//! The store in this process's memory: bounded whatever the number of keys.
//!
//! Keys are spread over shards, each under a lock of its own that is never held over an await. When a store is full, a
//! new key takes the place of one that nobody would miss: see [`Local::evicted_live`]. Policies in shadow have room of their own.

mod scopes;
mod shard;
mod table;

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::at::At;
use crate::decide::{Asked, Found, States, Weighs as _, weigh};
use crate::state::State;
use crate::store::{Settling, Store, StoreAway, StoreNow, Weighed};
use crate::strategy::View;
use shard::{Shard, Spot};
use table::{Print, Slot, Table};

const SHARDS: usize = 64;

/// Bytes a key that the store is bounded to, on average.
const BYTES_A_KEY: usize = 256;

/// Policies in shadow have room for one key to so many others.
const TO_A_SHADOW: usize = 8;

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
    /// there is room): fewer keys fit where policies keep more a key (rings 8 bytes a slot, logs 16 a call, leases 24 each) or
    /// where keys are long. In addition, policies in shadow have room for an eighth as many ([`Local::with_shadows`]), so that
    /// their keys never take the place of others.
    pub fn new(capacity: usize) -> Self {
        Local::with_shadows(capacity, capacity.div_ceil(TO_A_SHADOW))
    }

    /// The same, with room for so many keys of policies in shadow.
    pub fn with_shadows(capacity: usize, shadows: usize) -> Self {
        let hashes = [RandomState::new(), RandomState::new()];
        let table = |capacity: usize, at: usize| {
            let each = capacity.div_ceil(SHARDS).max(1);
            Table::new(each, each.saturating_mul(BYTES_A_KEY), hashes[0].hash_one(at))
        };
        let shard = |at: usize| Mutex::new(Shard::new(table(capacity, at), table(shadows, at + SHARDS)));
        Local { shards: (0..SHARDS).map(shard).collect(), hashes }
    }

    fn sum<N: std::iter::Sum>(&self, of: impl Fn(&Table) -> N) -> N {
        let of = &of;
        (0..SHARDS).map(|at| self.lock(at).tables().map(of).into_iter().sum::<N>()).sum()
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.sum(Table::len)
    }

    /// Whether no key is remembered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that the remembered keys and states take, beside the tables' slack.
    pub fn bytes(&self) -> usize {
        self.sum(Table::bytes)
    }

    /// How many keys were forgotten although something still counted, because the store was full (or the room for policies in
    /// shadow was). Each may have got at most once its limit (or burst) more than its guarantee.
    ///
    /// What counts no more goes first. Otherwise it is one of the scope that takes up the most bytes in that shard, with the new
    /// key: a scope that takes up less than another loses nothing. Of eight of its keys that are drawn, the one goes that has used
    /// the least share of its quota, and of equal ones the one whose use counts for the shortest time. So a key that was seen
    /// once goes before one that is near its limit, however long their windows.
    pub fn evicted_live(&self) -> u64 {
        self.sum(Table::evicted_live)
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
        let found = shard.find(print, one.shadow);
        if let Some(state) = found.and_then(|spot| shard.at(spot)) {
            one.strategy.settle(state, now, &one.receipt, one.real);
            return one.strategy.view_carried(state, now);
        }
        // It was forgotten. Nothing is given back, but what is owed is owed.
        let mut state = one.strategy.fresh(now);
        one.strategy.settle(&mut state, now, &one.receipt, one.real);
        let view = one.strategy.view_carried(&state, now);
        if state.used(now) > 0 {
            shard.put(Slot::new(&one.key.into(), print, state, one.strategy.most()), one.shadow, now);
        }
        view
    }

    /// Does something with a state, if the key is remembered.
    fn with<R>(&self, key: &str, work: impl FnOnce(&mut State) -> R) -> Option<R> {
        let print = self.print(key);
        self.lock(shard_of(print)).get(print).map(work)
    }
}

/// Other bits than those that the table inside a shard looks at first.
fn shard_of(print: Print) -> usize {
    (print.place >> 32) as usize % SHARDS
}

/// A key that is asked for.
struct Place<'a> {
    ask: &'a Asked<'a>,
    print: Print,
    /// Which of the locked shards it is in.
    shard: usize,
    /// Where it was found there.
    found: Option<Spot>,
    /// Whether there is something to note: at first, unless the question only looks.
    is_new: bool,
}

impl<'a> Place<'a> {
    fn new(ask: &'a Asked<'a>, print: Print) -> Place<'a> {
        Place { ask, print, shard: 0, found: None, is_new: true }
    }

    fn find(&mut self, shard: &Shard) {
        self.found = shard.find(self.print, self.ask.policy.shadow);
    }

    fn state<'s>(&mut self, shard: &'s mut Shard, now: At) -> Option<&'s mut State> {
        // A key that was put may have moved others.
        if !self.found.is_some_and(|spot| shard.holds(spot, self.print)) {
            self.find(shard);
        }
        let mut spot = self.found?;
        if self.is_new {
            self.is_new = false;
            if !self.ask.is_never() {
                spot = shard.touch(spot, self.ask.strategy.most(), self.ask.policy.shadow, now);
                self.found = Some(spot);
            }
        }
        shard.at(spot)
    }

    fn put(&mut self, shard: &mut Shard, state: State, now: At) {
        let slot = Slot::new(&self.ask.key, self.print, state, self.ask.strategy.most());
        self.found = Some(shard.put(slot, self.ask.policy.shadow, now));
    }

    /// Accounts for what the question has added to the state.
    fn grown(&self, shard: &mut Shard, now: At) {
        if self.ask.strategy.grows() && !self.ask.is_never() {
            shard.grown(self.print, self.ask.policy.shadow, now);
        }
    }
}

/// One key: its shard is locked. The commonest question by far.
struct One<'a> {
    shard: MutexGuard<'a, Shard>,
    key: Place<'a>,
    now: At,
}

impl States for One<'_> {
    fn get(&mut self, _place: usize) -> Option<&mut State> {
        self.key.state(&mut self.shard, self.now)
    }

    fn put(&mut self, _place: usize, state: State) {
        self.key.put(&mut self.shard, state, self.now);
    }
}

/// Several keys: all their shards are locked, in ascending order, so that two decisions cannot wait for each other.
struct Several<'a> {
    shards: Vec<MutexGuard<'a, Shard>>,
    keys: Vec<Place<'a>>,
    now: At,
}

impl Several<'_> {
    /// Finds all keys, one right after the other: so the memory is waited for at once, not key by key.
    fn find_all(&mut self) {
        for key in &mut self.keys {
            key.find(&self.shards[key.shard]);
        }
    }
}

impl States for Several<'_> {
    fn get(&mut self, place: usize) -> Option<&mut State> {
        let key = &mut self.keys[place];
        key.state(&mut self.shards[key.shard], self.now)
    }

    fn put(&mut self, place: usize, state: State) {
        let key = &mut self.keys[place];
        key.put(&mut self.shards[key.shard], state, self.now);
    }
}

impl StoreNow for Local {
    fn weigh_now(&self, now: At, asked: &[Asked<'_>]) -> Vec<Found> {
        if let [ask] = asked {
            let print = self.print(&ask.key);
            let mut states = One { shard: self.lock(shard_of(print)), key: Place::new(ask, print), now };
            let found = weigh(asked, now, &mut states);
            states.key.grown(&mut states.shard, now);
            return found;
        }
        let mut keys: Vec<Place<'_>> = Vec::with_capacity(asked.len());
        keys.extend(asked.iter().map(|ask| {
            let print = self.print(&ask.key);
            Place { shard: shard_of(print), ..Place::new(ask, print) }
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
        let mut states = Several { shards, keys, now };
        states.find_all();
        let found = weigh(asked, now, &mut states);
        for key in &states.keys {
            key.grown(&mut states.shards[key.shard], now);
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

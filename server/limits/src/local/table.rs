//! A table of slots that stays within its bounds. Every insertion does a bounded piece of work; there is no sweep over all.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use hashbrown::HashTable;

use super::scopes::Scopes;
use crate::at::{At, Span};
use crate::state::{State, Weight};

/// How many keys are looked at for one to forget: so many of all, whether one counts no more, and so many of whoever holds most.
const DRAWN: usize = 8;

/// How many keys are forgotten at most where room is made.
const FREED: usize = 8;

/// What counts no more is remembered for so long after: a clock that goes back by less admits nothing extra.
const GRACE: Span = Span::from_secs(3_600);

/// How many keys an insertion looks at, in turn, whether they can be forgotten without anybody noticing.
const SWEPT: usize = 4;

/// A key as the table knows it: 128 bits of two hashes with secret seeds. Two keys with the same ones are not to be
/// expected before the sun goes out, and nobody can look for them; comparing texts would wait for memory once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Print {
    pub(super) place: u64,
    pub(super) check: u64,
}

#[derive(Debug)]
pub(super) struct Table {
    index: HashTable<u32>,
    slots: Vec<Slot>,
    scopes: Scopes,
    capacity: usize,
    budget: usize,
    bytes: usize,
    hand: usize,
    random: u64,
    evicted_live: u64,
}

/// A key that is remembered.
#[derive(Debug)]
pub(super) struct Slot {
    key: Arc<str>,
    state: State,
    print: Print,
    /// What its policy admits at most, as of the last touch.
    most: f32,
    /// What of the state's heap is accounted for.
    heap: u32,
    /// Which scope it belongs to, and where it is among that one's slots.
    scope: u32,
    place: u32,
}

impl Slot {
    pub(super) fn new(key: &Arc<str>, print: Print, state: State, most: u64) -> Slot {
        let heap = heap(&state);
        Slot { key: Arc::clone(key), print, most: most as f32, heap, state, scope: 0, place: 0 }
    }

    /// Bytes of the slot itself, of its key (with two counters), of its places in the index and in its scope, and of what the
    /// state keeps elsewhere.
    fn bytes(&self) -> usize {
        size_of::<Slot>() + self.key.len() + 16 + 8 + 4 + self.heap as usize
    }

    fn weight(&self, now: At) -> Weight {
        self.state.weight(now, self.most)
    }
}

/// Bytes that a state keeps elsewhere.
fn heap(state: &State) -> u32 {
    u32::try_from(state.heap()).unwrap_or(u32::MAX)
}

impl Table {
    pub(super) fn new(capacity: usize, budget: usize, random: u64) -> Table {
        let capacity = capacity.min(u32::MAX as usize);
        Table {
            index: HashTable::new(),
            slots: Vec::new(),
            scopes: Scopes::default(),
            capacity,
            budget,
            bytes: 0,
            hand: 0,
            random: random | 1,
            evicted_live: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes + self.scopes.bytes()
    }

    pub(super) fn evicted_live(&self) -> u64 {
        self.evicted_live
    }

    /// Where a key is, until another one is put.
    pub(super) fn find(&self, print: Print) -> Option<u32> {
        let same = |&at: &u32| self.slots.get(at as usize).is_some_and(|slot| slot.print == print);
        self.index.find(print.place, same).copied()
    }

    /// Whether a place still holds the key.
    pub(super) fn holds(&self, at: u32, print: Print) -> bool {
        self.slots.get(at as usize).is_some_and(|slot| slot.print == print)
    }

    /// The state at a place.
    pub(super) fn at(&mut self, at: u32) -> Option<&mut State> {
        let slot = self.slots.get_mut(at as usize)?;
        // What the last touch added is accounted for at this one.
        let heap = heap(&slot.state);
        if heap != slot.heap {
            let before = slot.bytes();
            slot.heap = heap;
            self.bytes = self.bytes + slot.bytes() - before;
            self.scopes.resize(slot.scope, before, slot.bytes());
        }
        Some(&mut slot.state)
    }

    /// The policy of the key at a place admits so much at most.
    pub(super) fn note(&mut self, at: u32, most: u64) {
        if let Some(slot) = self.slots.get_mut(at as usize) {
            slot.most = most as f32;
        }
    }

    /// Remembers a key that is not remembered yet. Tells where.
    pub(super) fn put(&mut self, mut slot: Slot, now: At) -> u32 {
        let name = self.scopes.name(&slot.key);
        let bytes = slot.bytes();
        self.make_room(name, bytes, now);
        let at = self.slots.len();
        (slot.scope, slot.place) = self.scopes.join(name, at as u32, bytes);
        self.bytes += bytes;
        if at == self.slots.capacity() {
            // By half, and never beyond what will be used: doubling wastes up to as much again.
            self.slots.reserve_exact((at / 2 + 8).min(self.capacity - at.min(self.capacity - 1)));
        }
        let place = slot.print.place;
        self.slots.push(slot);
        let slots = &self.slots;
        self.index.insert_unique(place, at as u32, |&at| slots.get(at as usize).map_or(0, |slot| slot.print.place));
        at as u32
    }

    fn is_full(&self) -> bool {
        self.slots.len() >= self.capacity || self.bytes() >= self.budget
    }

    /// Makes room for so many bytes more of a scope.
    fn make_room(&mut self, scope: u64, bytes: usize, now: At) {
        for _ in 0..SWEPT {
            if self.hand >= self.slots.len() {
                self.hand = 0;
            }
            match self.slots.get(self.hand) {
                Some(slot) if slot.state.rest(now.minus(GRACE)) == 0 => drop(self.take(self.hand as u32)),
                Some(_) => self.hand += 1,
                None => return,
            }
        }
        for _ in 0..FREED {
            if !self.is_full() || self.slots.is_empty() {
                return;
            }
            let (weight, at) = self.draw(scope, bytes, now);
            self.forget(at, weight);
        }
    }

    /// Accounts for what a touch has added to a state that grows, and makes room for it. A state that doubles was touched
    /// as often as it has entries, so that a few others forgotten at each touch are enough.
    pub(super) fn grown(&mut self, print: Print, now: At) {
        let Some(at) = self.find(print) else { return };
        let _ = self.at(at);
        for _ in 0..FREED {
            if self.bytes() <= self.budget || self.slots.len() <= 1 {
                return;
            }
            let Some(slot) = self.find(print).and_then(|at| self.slots.get(at as usize)) else { return };
            let (weight, at) = self.draw(self.scopes.name(&slot.key), 0, now);
            if self.slots[at as usize].print != print {
                self.forget(at, weight);
            }
        }
    }

    fn random(&mut self, below: usize) -> usize {
        // xorshift: nobody outside sees what it draws.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random % below.max(1) as u64) as usize
    }

    /// Of some keys the one that matters least: one that counts no more, of whatever scope, or else one of whoever makes room
    /// for so many bytes more of a scope.
    fn draw(&mut self, scope: u64, bytes: usize, now: At) -> (Weight, u32) {
        if !self.scopes.is_one() {
            for _ in 0..DRAWN {
                let at = self.random(self.slots.len());
                if self.slots[at].state.rest(now) == 0 {
                    return (Weight::NONE, at as u32);
                }
            }
        }
        // There are slots, so that somebody pays, and has one.
        let payer = self.scopes.payer(scope, bytes).unwrap_or_default();
        let among = self.scopes.slots(payer).len();
        let mut draw = || {
            let at = self.random(among);
            let slot = self.scopes.slots(payer).get(at).copied().unwrap_or_default();
            (self.slots[slot as usize].weight(now), slot)
        };
        let first = draw();
        (1..DRAWN).fold(first, |least, _| least.min(draw()))
    }

    fn forget(&mut self, at: u32, weight: Weight) {
        self.evicted_live += u64::from(weight > Weight::NONE);
        self.take(at);
    }

    /// Takes a key out.
    pub(super) fn take(&mut self, at: u32) -> Option<Slot> {
        if at as usize >= self.slots.len() {
            return None;
        }
        let last = self.slots.len() as u32 - 1;
        let slot = self.slots.swap_remove(at as usize);
        self.bytes -= slot.bytes();
        if let Ok(entry) = self.index.find_entry(slot.print.place, |&other| other == at) {
            entry.remove();
        }
        if let Some(moved) = self.slots.get(at as usize) {
            self.scopes.moved(moved.scope, moved.place, at);
            if let Some(place) = self.index.find_mut(moved.print.place, |&other| other == last) {
                *place = at;
            }
        }
        if let Some(other) = self.scopes.leave(slot.scope, slot.place, slot.bytes()) {
            self.slots[other as usize].place = slot.place;
        }
        Some(slot)
    }
}

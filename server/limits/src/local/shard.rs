//! One shard: a table of slots that stays within its bounds. Every insertion does a bounded piece of work; there is no
//! sweep over all.

use std::sync::Arc;

use hashbrown::HashTable;

use crate::at::{At, Span};
use crate::state::State;

/// How many keys are looked at for one to forget.
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
pub(super) struct Shard {
    index: HashTable<u32>,
    slots: Vec<Slot>,
    capacity: usize,
    budget: usize,
    bytes: usize,
    hand: usize,
    random: u64,
    evicted_live: u64,
}

#[derive(Debug)]
struct Slot {
    key: Arc<str>,
    state: State,
    print: Print,
    /// What of the state's heap is accounted for.
    heap: usize,
}

impl Slot {
    /// Bytes of the slot itself, of its key (with two counters), and of its place in the index.
    fn fixed_bytes(&self) -> usize {
        size_of::<Slot>() + self.key.len() + 16 + 8
    }
}

impl Shard {
    pub(super) fn new(capacity: usize, budget: usize, random: u64) -> Shard {
        let capacity = capacity.min(u32::MAX as usize);
        Shard {
            index: HashTable::new(),
            slots: Vec::new(),
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
        self.bytes
    }

    pub(super) fn evicted_live(&self) -> u64 {
        self.evicted_live
    }

    pub(super) fn get(&mut self, print: Print) -> Option<&mut State> {
        let at = self.find(print)?;
        self.at(at, print)
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

    /// The state at a place, if it is still that of the key.
    pub(super) fn at(&mut self, at: u32, print: Print) -> Option<&mut State> {
        let slot = self.slots.get_mut(at as usize).filter(|slot| slot.print == print)?;
        // What the last touch added is accounted for at this one.
        let heap = slot.state.heap();
        self.bytes = self.bytes + heap - slot.heap;
        slot.heap = heap;
        Some(&mut slot.state)
    }

    /// Remembers a key that is not remembered yet.
    pub(super) fn put(&mut self, print: Print, key: &Arc<str>, state: State, now: At) {
        self.make_room(now);
        let at = self.slots.len();
        let slot = Slot { key: Arc::clone(key), print, heap: state.heap(), state };
        self.bytes += slot.fixed_bytes() + slot.heap;
        if at == self.slots.capacity() {
            // By half, and never beyond what will be used: doubling wastes up to as much again.
            self.slots.reserve_exact((at / 2 + 8).min(self.capacity - at.min(self.capacity - 1)));
        }
        self.slots.push(slot);
        let slots = &self.slots;
        self.index
            .insert_unique(print.place, at as u32, |&at| slots.get(at as usize).map_or(0, |slot| slot.print.place));
    }

    fn is_full(&self) -> bool {
        self.slots.len() >= self.capacity || self.bytes >= self.budget
    }

    fn make_room(&mut self, now: At) {
        for _ in 0..SWEPT {
            if self.hand >= self.slots.len() {
                self.hand = 0;
            }
            match self.slots.get(self.hand) {
                Some(slot) if slot.state.weight(now.minus(GRACE)) == 0 => self.forget(self.hand),
                Some(_) => self.hand += 1,
                None => return,
            }
        }
        for _ in 0..FREED {
            if !self.is_full() || self.slots.is_empty() {
                return;
            }
            let (weight, at) = self.draw(now);
            self.evicted_live += u64::from(weight > 0);
            self.forget(at);
        }
    }

    /// Accounts for what a touch has added to a state that grows, and makes room for it. A state that doubles was touched
    /// as often as it has entries, so that a few others forgotten at each touch are enough.
    pub(super) fn grown(&mut self, print: Print, now: At) {
        let _ = self.get(print);
        for _ in 0..FREED {
            if self.bytes <= self.budget || self.slots.len() <= 1 {
                return;
            }
            let (weight, at) = self.draw(now);
            if self.slots[at].print != print {
                self.evicted_live += u64::from(weight > 0);
                self.forget(at);
            }
        }
    }

    /// Of some keys the one that matters least.
    fn draw(&mut self, now: At) -> (u128, usize) {
        let mut least = (u128::MAX, 0);
        for _ in 0..DRAWN {
            // xorshift: nobody outside sees what it draws.
            self.random ^= self.random << 13;
            self.random ^= self.random >> 7;
            self.random ^= self.random << 17;
            let at = (self.random % self.slots.len() as u64) as usize;
            least = least.min((self.slots[at].state.weight(now), at));
        }
        least
    }

    fn forget(&mut self, at: usize) {
        let last = self.slots.len() - 1;
        let slot = self.slots.swap_remove(at);
        self.bytes -= slot.fixed_bytes() + slot.heap;
        if let Ok(entry) = self.index.find_entry(slot.print.place, |&other| other as usize == at) {
            entry.remove();
        }
        if let Some(moved) = self.slots.get(at)
            && let Some(place) = self.index.find_mut(moved.print.place, |&other| other as usize == last)
        {
            *place = at as u32;
        }
    }
}

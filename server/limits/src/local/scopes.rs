//! Who holds what of a table: the keys of each scope, so that room is made by whoever takes up the most of it.

use std::collections::BTreeSet;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;

use hashbrown::HashTable;

use crate::key;

/// Bytes that a scope takes beside its keys: itself, its place in the index, and its place in the order.
pub(super) const BYTES: usize = size_of::<Scope>() + 8 + 2 * size_of::<(usize, u32)>();

/// The scopes that have keys in a table, and which of them holds how much.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    seed: RandomState,
    index: HashTable<u32>,
    all: Vec<Scope>,
    /// Numbers of scopes that have no key any more.
    free: Vec<u32>,
    /// Bytes and numbers: whoever holds most is the last.
    order: BTreeSet<(usize, u32)>,
}

#[derive(Debug)]
struct Scope {
    /// A hash of its name with a secret seed: should two have the same one, they are one scope here.
    name: u64,
    bytes: usize,
    slots: Vec<u32>,
}

impl Scopes {
    /// Bytes that the scopes take beside their keys.
    pub(super) fn bytes(&self) -> usize {
        self.order.len() * BYTES
    }

    /// Whether there is no other scope than one.
    pub(super) fn is_one(&self) -> bool {
        self.order.len() <= 1
    }

    /// The name of the scope that a key belongs to.
    pub(super) fn name(&self, key: &str) -> u64 {
        self.seed.hash_one(key::scope(key))
    }

    fn find(&self, name: u64) -> Option<u32> {
        self.index.find(name, |&number| self.all[number as usize].name == name).copied()
    }

    /// Who makes room for so many bytes more of a scope: it itself if nobody holds more than it would then, otherwise whoever
    /// holds most.
    pub(super) fn payer(&self, name: u64, more: usize) -> Option<u32> {
        let &(most, largest) = self.order.last()?;
        let pays = |&own: &u32| self.all[own as usize].bytes.saturating_add(more) >= most;
        self.find(name).filter(pays).or(Some(largest))
    }

    /// How many there are.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    /// Bytes that a scope holds.
    #[cfg(test)]
    pub(super) fn held(&self, number: u32) -> usize {
        self.all[number as usize].bytes
    }

    /// The slots of a scope.
    pub(super) fn slots(&self, number: u32) -> &[u32] {
        self.all.get(number as usize).map_or(&[], |scope| &scope.slots)
    }

    /// A slot is taken by a key of a scope: the number of the scope, and the place among its slots.
    pub(super) fn join(&mut self, name: u64, slot: u32, bytes: usize) -> (u32, u32) {
        let number = self.find(name).unwrap_or_else(|| self.begin(name));
        let scope = &mut self.all[number as usize];
        scope.slots.push(slot);
        let place = scope.slots.len() as u32 - 1;
        self.resize(number, 0, bytes);
        (number, place)
    }

    fn begin(&mut self, name: u64) -> u32 {
        let scope = Scope { name, bytes: 0, slots: Vec::new() };
        let number = match self.free.pop() {
            Some(number) => {
                self.all[number as usize] = scope;
                number
            }
            None => {
                self.all.push(scope);
                self.all.len() as u32 - 1
            }
        };
        let all = &self.all;
        self.index.insert_unique(name, number, |&number| all[number as usize].name);
        self.order.insert((0, number));
        number
    }

    /// A key takes other room than before.
    pub(super) fn resize(&mut self, number: u32, before: usize, after: usize) {
        let scope = &mut self.all[number as usize];
        self.order.remove(&(scope.bytes, number));
        scope.bytes = scope.bytes + after - before;
        self.order.insert((scope.bytes, number));
    }

    /// A slot is free again. Tells which slot has that place among the scope's now, if one has.
    pub(super) fn leave(&mut self, number: u32, place: u32, bytes: usize) -> Option<u32> {
        self.resize(number, bytes, 0);
        let scope = &mut self.all[number as usize];
        scope.slots.swap_remove(place as usize);
        if scope.slots.is_empty() {
            self.end(number);
            return None;
        }
        if scope.slots.len() < scope.slots.capacity() / 4 {
            scope.slots.shrink_to(2 * scope.slots.len());
        }
        scope.slots.get(place as usize).copied()
    }

    fn end(&mut self, number: u32) {
        let scope = &mut self.all[number as usize];
        scope.slots = Vec::new();
        self.order.remove(&(scope.bytes, number));
        if let Ok(entry) = self.index.find_entry(scope.name, |&other| other == number) {
            entry.remove();
        }
        self.free.push(number);
    }

    /// A key stands in another slot from now on.
    pub(super) fn moved(&mut self, number: u32, place: u32, slot: u32) {
        self.all[number as usize].slots[place as usize] = slot;
    }
}

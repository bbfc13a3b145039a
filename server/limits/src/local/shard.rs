//! One shard: the keys of policies that are enforced, and beside them those of policies in shadow, each within its own bounds.
//!
//! What must hold: a key is in one of the two at most, and no key of a policy in shadow takes the place of another one's.

use super::table::{Print, Slot, Table};
use crate::at::At;
use crate::state::State;

#[derive(Debug)]
pub(super) struct Shard {
    enforced: Table,
    shadow: Table,
}

/// Where a key is, until another one is put.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spot {
    shadow: bool,
    at: u32,
}

impl Shard {
    pub(super) fn new(enforced: Table, shadow: Table) -> Shard {
        Shard { enforced, shadow }
    }

    pub(super) fn tables(&self) -> [&Table; 2] {
        [&self.enforced, &self.shadow]
    }

    fn table(&self, shadow: bool) -> &Table {
        if shadow { &self.shadow } else { &self.enforced }
    }

    fn table_mut(&mut self, shadow: bool) -> &mut Table {
        if shadow { &mut self.shadow } else { &mut self.enforced }
    }

    /// Where a key is: at first where a policy in shadow, or one that is enforced, has its keys.
    pub(super) fn find(&self, print: Print, shadow: bool) -> Option<Spot> {
        let spot = |shadow| self.table(shadow).find(print).map(|at| Spot { shadow, at });
        spot(shadow).or_else(|| spot(!shadow))
    }

    /// Whether a spot still holds the key.
    pub(super) fn holds(&self, spot: Spot, print: Print) -> bool {
        self.table(spot.shadow).holds(spot.at, print)
    }

    /// The state at a spot.
    pub(super) fn at(&mut self, spot: Spot) -> Option<&mut State> {
        self.table_mut(spot.shadow).at(spot.at)
    }

    /// The state of a key, wherever it is.
    pub(super) fn get(&mut self, print: Print) -> Option<&mut State> {
        let spot = self.find(print, false)?;
        self.at(spot)
    }

    /// Notes what a key's policy admits at most, and moves the key where it belongs, if the policy is in shadow or enforced only
    /// since. Tells where it is then.
    pub(super) fn touch(&mut self, mut spot: Spot, most: u64, shadow: bool, now: At) -> Spot {
        if spot.shadow != shadow
            && let Some(slot) = self.table_mut(spot.shadow).take(spot.at)
        {
            spot = self.put(slot, shadow, now);
        }
        self.table_mut(spot.shadow).note(spot.at, most);
        spot
    }

    /// Remembers a key that is not remembered yet.
    pub(super) fn put(&mut self, slot: Slot, shadow: bool, now: At) -> Spot {
        Spot { shadow, at: self.table_mut(shadow).put(slot, now) }
    }

    /// Accounts for what a touch has added, and makes room for it.
    pub(super) fn grown(&mut self, print: Print, shadow: bool, now: At) {
        self.table_mut(shadow).grown(print, now);
    }
}

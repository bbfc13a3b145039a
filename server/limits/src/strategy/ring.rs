//! A ring of k sub-windows: the slot that is under way and the k before it.
//!
//! Guarantee: never more than L in any span as long as the window. It under-admits by at most one slot: it is as strict
//! as an exact window of W + W/k would be.

use crate::at::Span;
use crate::strategy::{Room, View};

/// Never more than `limit` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The limit.
    pub limit: u64,
    /// The window.
    pub window: Span,
    /// Into how many slots it is divided, 2 to 60.
    pub slots: u8,
}

/// What was used in each slot: that of slot `s` is `counts[s % counts.len()]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Slots {
    pub(crate) len: u64,
    pub(crate) newest: u64,
    pub(crate) counts: Box<[u64]>,
}

impl Ring {
    fn before(&self) -> u64 {
        u64::from(self.slots.clamp(2, 60))
    }

    /// Rounded up, so that the slots always cover the window.
    fn len(&self) -> u64 {
        self.window.micros().max(1).div_ceil(self.before())
    }

    pub(crate) fn fresh(&self, now: u64) -> Slots {
        let counts = (0..=self.before()).map(|_| 0).collect();
        Slots { len: self.len(), newest: now / self.len(), counts }
    }

    pub(crate) fn keeps(&self, slots: &Slots) -> bool {
        slots.len == self.len() && slots.before() == self.before()
    }

    pub(crate) fn check(&self, slots: &Slots, now: u64, cost: u64) -> Room {
        if cost > self.limit {
            return Room::Never(self.limit);
        }
        let over = (slots.total(now) + u128::from(cost)).saturating_sub(u128::from(self.limit));
        if over == 0 {
            return Room::Now;
        }
        let mut freed = 0;
        for (slot, count) in slots.remembered(now) {
            freed += u128::from(count);
            if freed >= over {
                return Room::At(slots.free_at(slot));
            }
        }
        Room::Now
    }

    pub(crate) fn charge(&self, slots: &mut Slots, now: u64, cost: u64) -> u64 {
        slots.advance(now);
        let count = slots.count(slots.newest);
        *count = count.saturating_add(cost);
        slots.newest
    }

    pub(crate) fn refund(&self, slots: &mut Slots, mark: u64, back: u64) {
        if mark <= slots.newest && mark.saturating_add(slots.before()) >= slots.newest {
            let count = slots.count(mark);
            *count = count.saturating_sub(back);
        }
    }

    pub(crate) fn view(&self, slots: &Slots, now: u64) -> View {
        View::new(self.limit, slots.in_use(now), self.window, slots.untouched_at().max(now))
    }
}

impl Slots {
    fn before(&self) -> u64 {
        self.counts.len() as u64 - 1
    }

    fn place(&self, slot: u64) -> usize {
        // Less than the number of slots.
        (slot % self.counts.len() as u64) as usize
    }

    fn count(&mut self, slot: u64) -> &mut u64 {
        let place = self.place(slot);
        &mut self.counts[place]
    }

    /// When a slot counts no more.
    fn free_at(&self, slot: u64) -> u64 {
        slot.saturating_add(self.before() + 1).saturating_mul(self.len)
    }

    /// The slots that still count at `now`, oldest first.
    fn remembered(&self, now: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let oldest = (now / self.len).max(self.newest).saturating_sub(self.before());
        // They stand in a circle: one division, not one a slot.
        let (tail, head) = self.counts.split_at(self.place(oldest));
        (oldest..=self.newest).zip(head.iter().chain(tail).copied())
    }

    fn total(&self, now: u64) -> u128 {
        self.remembered(now).map(|(_, count)| u128::from(count)).sum()
    }

    fn advance(&mut self, now: u64) {
        let slot = (now / self.len).max(self.newest);
        let passed = (slot - self.newest).min(self.counts.len() as u64);
        for ahead in 1..=passed {
            *self.count(self.newest + ahead) = 0;
        }
        self.newest = slot;
    }

    pub(crate) fn in_use(&self, now: u64) -> u64 {
        u64::try_from(self.total(now)).unwrap_or(u64::MAX)
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        let at = self.newest.saturating_mul(self.len);
        let counted = self.remembered(at).filter(|&(_, count)| count > 0).last();
        counted.map_or(at, |(slot, _)| self.free_at(slot))
    }
}

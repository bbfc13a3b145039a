//! A sliding counter: this window's calls and, by the share in which it still overlaps, the ones of the window before.
//!
//! Guarantee: under 2L over any whole window. (Calls are taken to be spread evenly over the window before; at the last
//! admission, `e` into its window, the window before counts `P * (W - e) / W`, so that both together had at most
//! `L + P * e / W`, which is less than 2L.)

use crate::at::Span;
use crate::strategy::{Room, View};

/// About `limit` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sliding {
    /// The limit.
    pub limit: u64,
    /// The window.
    pub window: Span,
}

/// What was used in the window that begins at `start`, and in the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pair {
    pub(crate) start: u64,
    pub(crate) len: u64,
    pub(crate) previous: u64,
    pub(crate) current: u64,
}

impl Sliding {
    fn len(&self) -> u64 {
        self.window.micros().max(1)
    }

    pub(crate) fn fresh(&self, now: u64) -> Pair {
        let len = self.len();
        Pair { start: now - now % len, len, previous: 0, current: 0 }
    }

    pub(crate) fn keeps(&self, pair: &Pair) -> bool {
        pair.len == self.len()
    }

    pub(crate) fn check(&self, pair: &Pair, now: u64, cost: u64) -> Room {
        if cost > self.limit {
            return Room::Never(self.limit);
        }
        let pair = pair.rolled(now);
        if pair.weighted(now).saturating_add(cost) <= self.limit {
            return Room::Now;
        }
        let taken = pair.current.saturating_add(cost);
        if taken <= self.limit {
            return Room::At(pair.start.saturating_add(pair.faded(pair.previous, self.limit - taken)));
        }
        // Not before the next window, in which this one fades.
        let next = pair.start.saturating_add(pair.len);
        Room::At(next.saturating_add(pair.faded(pair.current, self.limit - cost)))
    }

    pub(crate) fn charge(&self, pair: &mut Pair, now: u64, cost: u64) -> u64 {
        *pair = pair.rolled(now);
        pair.current = pair.current.saturating_add(cost);
        pair.start
    }

    pub(crate) fn refund(&self, pair: &mut Pair, now: u64, mark: u64, back: u64) {
        *pair = pair.rolled(now);
        if mark == pair.start {
            pair.current = pair.current.saturating_sub(back);
        } else if mark.saturating_add(pair.len) == pair.start {
            pair.previous = pair.previous.saturating_sub(back);
        }
    }

    pub(crate) fn view(&self, pair: &Pair, now: u64) -> View {
        let pair = pair.rolled(now);
        View::new(self.limit, pair.weighted(now), self.window, pair.untouched_at().max(now))
    }
}

impl Pair {
    fn rolled(&self, now: u64) -> Pair {
        let windows = (now - self.start) / self.len;
        let start = self.start + windows * self.len;
        match windows {
            0 => *self,
            1 => Pair { start, previous: self.current, current: 0, ..*self },
            _ => Pair { start, previous: 0, current: 0, ..*self },
        }
    }

    fn weighted(&self, now: u64) -> u64 {
        let overlap = u128::from(self.len - (now - self.start));
        let faded = (u128::from(self.previous) * overlap).div_ceil(u128::from(self.len));
        u64::try_from(faded).unwrap_or(u64::MAX).saturating_add(self.current)
    }

    /// How far into the next window `amount` has faded to `room`: all is faded at its end.
    fn faded(&self, amount: u64, room: u64) -> u64 {
        let keeps = u128::from(self.len) * u128::from(room) / u128::from(amount.max(1));
        self.len - u64::try_from(keeps).unwrap_or(u64::MAX).min(self.len)
    }

    pub(crate) fn in_use(&self, now: u64) -> u64 {
        self.rolled(now).weighted(now)
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        match (self.previous, self.current) {
            (0, 0) => self.start,
            (_, 0) => self.start.saturating_add(self.len),
            _ => self.start.saturating_add(self.len.saturating_mul(2)),
        }
    }
}

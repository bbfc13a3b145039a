//! An exact log of calls, for small limits.
//!
//! Guarantee: at most L in any span as long as the window, and whoever kept to that is never refused.

use crate::at::Span;
use crate::strategy::{Room, View};

/// Exactly `limit` in any `window`. Settings refuse limits over [`Log::MOST`]: every call is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The limit.
    pub limit: u64,
    /// The window.
    pub window: Span,
}

/// Calls with their instants and costs, oldest first; those of one instant are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Calls {
    pub(crate) window: u64,
    pub(crate) calls: Vec<(u64, u64)>,
}

impl Log {
    /// The highest limit that settings accept.
    pub const MOST: u64 = 1_000;

    fn len(&self) -> u64 {
        self.window.micros().max(1)
    }

    pub(crate) fn fresh(&self) -> Calls {
        Calls { window: self.len(), calls: Vec::new() }
    }

    pub(crate) fn keeps(&self, calls: &Calls) -> bool {
        calls.window == self.len()
    }

    pub(crate) fn check(&self, calls: &Calls, now: u64, cost: u64) -> Room {
        if cost > self.limit {
            return Room::Never(self.limit);
        }
        let over = (calls.total(now) + u128::from(cost)).saturating_sub(u128::from(self.limit));
        if over == 0 {
            return Room::Now;
        }
        let mut freed = 0;
        for &(at, cost) in calls.remembered(now) {
            freed += u128::from(cost);
            if freed >= over {
                return Room::At(at.saturating_add(calls.window));
            }
        }
        Room::Now
    }

    pub(crate) fn charge(&self, calls: &mut Calls, now: u64, cost: u64) -> u64 {
        if cost == 0 {
            return now;
        }
        let gone = calls.calls.len() - calls.remembered(now).len();
        calls.calls.drain(..gone);
        match calls.calls.last_mut() {
            Some((at, total)) if *at == now => *total = total.saturating_add(cost),
            Some(last) if last.1 == 0 => *last = (now, cost),
            _ => calls.calls.push((now, cost)),
        }
        now
    }

    pub(crate) fn refund(&self, calls: &mut Calls, mark: u64, back: u64) {
        if let Ok(place) = calls.calls.binary_search_by_key(&mark, |&(at, _)| at) {
            let cost = &mut calls.calls[place].1;
            *cost = cost.saturating_sub(back);
            // The last stays even with nothing, so that the last instant is not forgotten.
            if *cost == 0 && place + 1 < calls.calls.len() {
                calls.calls.remove(place);
            }
        }
    }

    pub(crate) fn view(&self, calls: &Calls, now: u64) -> View {
        View::new(self.limit, calls.in_use(now), self.window, calls.untouched_at().max(now))
    }
}

impl Calls {
    fn remembered(&self, now: u64) -> &[(u64, u64)] {
        let gone = self.calls.partition_point(|&(at, _)| at.saturating_add(self.window) <= now);
        &self.calls[gone..]
    }

    fn total(&self, now: u64) -> u128 {
        self.remembered(now).iter().map(|&(_, cost)| u128::from(cost)).sum()
    }

    pub(crate) fn in_use(&self, now: u64) -> u64 {
        u64::try_from(self.total(now)).unwrap_or(u64::MAX)
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        let counts = self.calls.iter().rfind(|&&(_, cost)| cost > 0).map(|&(at, _)| at.saturating_add(self.window));
        counts.or(self.calls.last().map(|&(at, _)| at)).unwrap_or(0)
    }
}

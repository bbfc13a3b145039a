//! A token bucket, the same as GCRA, with exact fractions: the level is kept in units of 1/per token, `tokens` of which
//! drain each microsecond. There is no emission interval that would be cut off.
//!
//! Guarantee: at most B + r*W in any W, with burst B and rate r. A refund never lowers the level below what was charged
//! after the call that is refunded: otherwise a late refund, of tokens that have long drained, would be a free burst.

use crate::at::Span;
use crate::strategy::{Room, View};

/// `tokens` per `per`, up to `burst` at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    burst: u64,
    tokens: u64,
    per: u64,
}

/// The level at `at` in units of 1/`per` token, of which `tokens` drain each microsecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Level {
    pub(crate) at: u64,
    pub(crate) used: u64,
    /// The same without what a smaller burst let go: should the burst be raised again, it counts.
    pub(crate) owed: u64,
    pub(crate) tokens: u64,
    pub(crate) per: u64,
    /// The burst that was in force.
    pub(crate) burst: u64,
    /// All tokens that were ever charged.
    pub(crate) charged: u64,
}

impl Bucket {
    /// A bucket of `burst` that gets `tokens` each `per`. What is zero is taken as one.
    pub fn new(burst: u64, tokens: u64, per: Span) -> Bucket {
        let (tokens, per) = (tokens.max(1), per.micros().max(1));
        let common = gcd(tokens, per);
        Bucket { burst: burst.max(1), tokens: tokens / common, per: per / common }
    }

    /// The bucket that never admits more than `limit` in any `window`: `share` (of 100) of the limit is the burst, what
    /// is left comes evenly over the window, so that B + r*W is the limit. Half and half is a good choice: a larger
    /// share admits more at once, and less a second afterwards. Nothing if one of the two parts would be empty.
    pub fn never_more_than(limit: u64, window: Span, share: u8) -> Option<Bucket> {
        let burst = u64::try_from(u128::from(limit) * u128::from(share.min(100)) / 100).unwrap_or(limit);
        let rest = limit - burst.min(limit);
        (burst > 0 && rest > 0 && window > Span::ZERO).then(|| Bucket::new(burst, rest, window))
    }

    /// The burst.
    pub fn burst(&self) -> u64 {
        self.burst
    }

    /// The rate as a fraction: so many tokens in so many microseconds.
    pub fn rate(&self) -> (u64, u64) {
        (self.tokens, self.per)
    }

    /// The burst in units; one that does not fit 64 bits is smaller.
    fn capacity(&self) -> u64 {
        self.burst.saturating_mul(self.per)
    }

    /// The most that is ever admitted at once.
    pub(crate) fn most(&self) -> u64 {
        // Asked several times a decision: nothing is divided where all fits.
        if self.burst.checked_mul(self.per).is_some() { self.burst } else { u64::MAX / self.per }
    }

    pub(crate) fn fresh(&self, now: u64) -> Level {
        Level { at: now, used: 0, owed: 0, tokens: self.tokens, per: self.per, burst: self.burst, charged: 0 }
    }

    /// Whether the level was written by this very bucket.
    pub(crate) fn keeps(&self, level: &Level) -> bool {
        (level.tokens, level.per, level.burst) == (self.tokens, self.per, self.burst)
    }

    /// Takes over a level that another rate or burst wrote; `false` if some of it is let go (nobody is deeper in debt
    /// than the new burst), so that receipts from before must not lower it further. Between the last touch and now the
    /// slower of the two rates drained it. What is let go is owed still: a burst that is raised again finds it.
    pub(crate) fn take_over(&self, level: &mut Level, now: u64) -> bool {
        let convert = |units: u64| {
            let tokens = u128::from(units) * u128::from(self.per);
            u64::try_from(tokens.div_ceil(u128::from(level.per))).unwrap_or(u64::MAX)
        };
        let by_old = convert(level.owed_at(now));
        let by_new = convert(level.owed).saturating_sub(drain(level.at, now, self.tokens));
        let owed = by_old.max(by_new);
        let used = owed.min(self.capacity());
        *level = Level { used, owed, charged: level.charged, ..self.fresh(now) };
        used == owed
    }

    pub(crate) fn check(&self, level: &Level, now: u64, cost: u64) -> Room {
        let capacity = u128::from(self.capacity());
        let units = u128::from(cost) * u128::from(self.per);
        if units > capacity {
            return Room::Never(self.most());
        }
        let needed = u128::from(level.drained(now)) + units;
        if needed <= capacity {
            return Room::Now;
        }
        let wait = (needed - capacity).div_ceil(u128::from(self.tokens));
        Room::At(now.saturating_add(u64::try_from(wait).unwrap_or(u64::MAX)))
    }

    pub(crate) fn charge(&self, level: &mut Level, now: u64, cost: u64) -> u64 {
        let units = cost.saturating_mul(self.per);
        level.owed = level.owed_at(now).saturating_add(units);
        level.used = level.drained(now).saturating_add(units);
        level.at = now;
        level.charged = level.charged.saturating_add(cost);
        level.charged
    }

    pub(crate) fn refund(&self, level: &mut Level, now: u64, mark: u64, back: u64) {
        let used = level.drained(now);
        // A counter that ran over tells nothing any more.
        let after = if level.charged == u64::MAX { u64::MAX } else { level.charged.saturating_sub(mark) };
        let (floor, back) = (after.saturating_mul(self.per), back.saturating_mul(self.per));
        let owed = level.owed_at(now);
        level.owed = owed.saturating_sub(back).max(floor).min(owed);
        level.used = used.saturating_sub(back).max(floor).min(used);
        level.at = now;
    }

    pub(crate) fn view(&self, level: &Level, now: u64) -> View {
        let used = level.drained(now);
        let left = self.capacity().saturating_sub(used) / self.per;
        let fills = Span::from_micros(self.capacity().div_ceil(self.tokens));
        let reset = now.saturating_add(used.div_ceil(self.tokens));
        View::new(self.burst, self.burst.saturating_sub(left), fills, reset)
    }
}

impl Level {
    fn drained(&self, now: u64) -> u64 {
        self.used.saturating_sub(drain(self.at, now, self.tokens))
    }

    fn owed_at(&self, now: u64) -> u64 {
        self.owed.saturating_sub(drain(self.at, now, self.tokens))
    }

    pub(crate) fn in_use(&self, now: u64) -> u64 {
        self.drained(now).div_ceil(self.per)
    }

    /// In tokens, what is in use without what a smaller burst let go.
    pub(crate) fn owes(&self, now: u64) -> u64 {
        self.owed_at(now).div_ceil(self.per)
    }

    pub(crate) fn untouched_at(&self) -> u64 {
        self.at.saturating_add(self.owed.div_ceil(self.tokens))
    }
}

/// What drains between two instants.
fn drain(from: u64, to: u64, tokens: u64) -> u64 {
    to.saturating_sub(from).saturating_mul(tokens)
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

//! Tokens that were taken ahead from the shared store: one lot a key at a time.
//!
//! What must hold: each key has at most one lot, of at most as many tokens as its policy says, good for as long as it says;
//! what is left of a lot goes back to the store, with the next question or from [`Limiter::tidy`](super::Limiter::tidy). A
//! key that is asked for seldom takes nothing ahead: a lot is twice as large as the one before only where that one was used
//! up in time.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::unsettled::{Queue, Unsettled};
use crate::at::{At, Span};
use crate::decide::{Charge, Place};
use crate::live::Live;
use crate::policy::TokenLease;
use crate::state::Receipt;
use crate::strategy::{Strategy, View};

const SHARDS: usize = 16;
/// How many keys of a shard may have a lot: others ask the store each time.
const MOST: usize = 8_192;
/// How often a full shard is looked through at most.
const PAUSE: Span = Span::from_millis(100);

/// The lots of a process.
#[derive(Default)]
pub(super) struct Ahead {
    shards: [Mutex<Shard>; SHARDS],
    hashes: RandomState,
    last: AtomicU64,
    /// What goes back to the store.
    pub(super) back: Queue,
}

#[derive(Default)]
struct Shard {
    lots: HashMap<Arc<str>, Lot>,
    swept: At,
}

/// The tokens of a key.
#[derive(Default)]
struct Lot {
    /// Tells lots of a key from each other.
    number: u64,
    /// How the policy counts and takes ahead; other numbers end the lot.
    by: Option<(Strategy, TokenLease)>,
    /// As what it was charged, by which policies.
    charged: Option<(Charge, Arc<Live>)>,
    left: u64,
    from: At,
    until: At,
    /// How the key stood when the lot was taken, by this process's clock.
    view: Option<View>,
    /// How many are taken next.
    next: u64,
    /// Somebody asks the store for a lot.
    asking: bool,
    refused: Option<Refused>,
}

/// The store had no room for so many.
#[derive(Clone, Copy)]
struct Refused {
    takes: u64,
    from: At,
    /// From when on it is asked again: something may have come back.
    again: At,
    /// When there would be room, and how the key stood.
    until: At,
    view: View,
}

/// What becomes of a call.
pub(super) enum Taken<'l> {
    /// It has its tokens: the lot's number, as what the lot was charged, and how the key stands.
    Given(u64, Receipt, View),
    /// The store had no room, and has none before that instant. So the key stood.
    Refused(At, View),
    /// The store is to be asked for so many, on behalf of all.
    Ask(u64, Asking<'l>),
    /// The store is to be asked for this call alone.
    Alone,
}

/// The one who asks the store for a lot. If it goes away without a word, the next call asks.
pub(super) struct Asking<'l> {
    ahead: &'l Ahead,
    key: Arc<str>,
    /// By which numbers it asks.
    by: (Strategy, TokenLease),
}

impl Ahead {
    fn shard(&self, key: &str) -> MutexGuard<'_, Shard> {
        let place = self.hashes.hash_one(key) as usize % SHARDS;
        self.shards[place].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, leftover: Option<Unsettled>) {
        if let Some(leftover) = leftover {
            self.back.push(leftover);
        }
    }

    /// Takes tokens for a call of a policy that counts and takes ahead like this.
    pub(super) fn take(
        &self,
        key: &Arc<str>,
        takes: u64,
        (strategy, lease): (&Strategy, &TokenLease),
        now: At,
    ) -> Taken<'_> {
        let mut shard = self.shard(key);
        if shard.lots.len() >= MOST && !shard.lots.contains_key(key) {
            if now.since(shard.swept) >= PAUSE {
                self.sweep(&mut shard, now);
            }
            if shard.lots.len() >= MOST {
                return Taken::Alone;
            }
        }
        let lot = shard.lots.entry(Arc::clone(key)).or_default();
        if lot.by.as_ref().is_none_or(|(counts, takes)| counts != strategy || takes != lease) {
            lot.by = Some((strategy.clone(), *lease));
            lot.refused = None;
            self.keep(lot.end());
        }
        self.keep(lot.end_if_old(now));
        if let Some(refused) = lot.refused {
            // A larger call would wait longer: it asks.
            if takes == refused.takes && (refused.from..refused.again).contains(&now) {
                return Taken::Refused(refused.until, refused.view);
            }
            lot.refused = None;
        }
        if let (Some((charge, _)), Some(view), Some(left)) = (&lot.charged, lot.view, lot.left.checked_sub(takes)) {
            lot.left = left;
            let view = View { remaining: view.remaining.saturating_add(left), ..view };
            return Taken::Given(lot.number, charge.receipt, view);
        }
        if lot.asking {
            return Taken::Alone;
        }
        if lot.charged.is_some() {
            lot.next = lot.next.saturating_mul(2);
            self.keep(lot.end());
        }
        lot.next = lot.next.clamp(1, lease.tokens.max(1));
        lot.asking = true;
        Taken::Ask(lot.next, Asking { ahead: self, key: Arc::clone(key), by: (strategy.clone(), *lease) })
    }

    /// Gives tokens of a charge back that were not needed: to its lot, or to the store if that lot is no more.
    pub(super) fn refund(&self, charge: &Charge, live: &Arc<Live>, tokens: u64) {
        let Place::Ahead(number, lot) = charge.place else { return };
        if tokens == 0 {
            return;
        }
        self.hope(&charge.key);
        if self.give_back(&charge.key, number, tokens) {
            return;
        }
        let receipt = Receipt { cost: charge.receipt.cost, ..lot };
        let real = charge.receipt.cost.saturating_sub(tokens);
        let charge = Charge { place: Place::Store, receipt, ..charge.clone() };
        self.back.push(Unsettled { charge, live: Arc::clone(live), real });
    }

    /// Something of the key came back: there may be room again.
    pub(super) fn hope(&self, key: &str) {
        if let Some(lot) = self.shard(key).lots.get_mut(key) {
            lot.refused = None;
        }
    }

    /// Whether there was such a lot to give tokens back to.
    fn give_back(&self, key: &str, number: u64, tokens: u64) -> bool {
        let mut shard = self.shard(key);
        let lot = shard.lots.get_mut(key).filter(|lot| lot.number == number && lot.charged.is_some());
        let Some(lot) = lot else { return false };
        lot.left = lot.left.saturating_add(tokens);
        true
    }

    /// Takes more for a call that has begun, whether there is any or not; tells how many there were not.
    pub(super) fn take_more(&self, key: &str, number: u64, tokens: u64) -> u64 {
        match self.shard(key).lots.get_mut(key).filter(|lot| lot.number == number) {
            Some(lot) => {
                let taken = lot.left.min(tokens);
                lot.left -= taken;
                tokens - taken
            }
            None => tokens,
        }
    }

    /// Ends the lots whose time is over.
    pub(super) fn end_old(&self, now: At) {
        for shard in &self.shards {
            self.sweep(&mut shard.lock().unwrap_or_else(PoisonError::into_inner), now);
        }
    }

    /// Ends all lots.
    pub(super) fn end_all(&self) {
        for shard in &self.shards {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            shard.lots.values_mut().for_each(|lot| self.keep(lot.end()));
        }
    }

    /// As what the lot of a key was charged, and what is left of it.
    pub(super) fn unused(&self, key: &str) -> Option<(Receipt, u64)> {
        let shard = self.shard(key);
        let lot = shard.lots.get(key)?;
        lot.charged.as_ref().map(|(charge, _)| (charge.receipt, lot.left))
    }

    /// How many keys have a lot.
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).lots.len()).sum()
    }

    fn sweep(&self, shard: &mut Shard, now: At) {
        shard.swept = now;
        shard.lots.retain(|_, lot| {
            self.keep(lot.end_if_old(now));
            lot.asking || lot.charged.is_some() || lot.refused.as_ref().is_some_and(|refused| now < refused.again)
        });
    }
}

impl Lot {
    fn end_if_old(&mut self, now: At) -> Option<Unsettled> {
        let (charge, _) = self.charged.as_ref()?;
        // A clock that goes back ends it too.
        if (self.from..self.until).contains(&now) {
            return None;
        }
        self.next = charge.receipt.cost.saturating_sub(self.left);
        self.end()
    }

    /// What was not used of it goes back.
    fn end(&mut self) -> Option<Unsettled> {
        let (charge, live) = self.charged.take()?;
        let unused = mem::take(&mut self.left);
        let real = charge.receipt.cost.saturating_sub(unused);
        (unused > 0).then_some(Unsettled { charge, live, real })
    }
}

impl Asking<'_> {
    /// The store has charged a lot; the call takes its tokens of it, and this is how the key stands.
    pub(super) fn filled(self, charge: Charge, live: &Arc<Live>, takes: u64, lease: &TokenLease, now: At, view: View) {
        let number = self.ahead.last.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(lot) = self.ahead.shard(&self.key).lots.get_mut(&self.key) {
            lot.number = number;
            lot.left = charge.receipt.cost.saturating_sub(takes);
            lot.charged = Some((charge, Arc::clone(live)));
            (lot.from, lot.until) = (now, now.plus(lease.time));
            lot.view = Some(view);
            // The policy has other numbers by now.
            if lot.by.as_ref() != Some(&self.by) {
                self.ahead.keep(lot.end());
            }
        }
    }

    /// The store has no room for that many, and so the key stands.
    pub(super) fn refused(self, takes: u64, wait: Span, lease: &TokenLease, now: At, view: View) {
        if let Some(lot) = self.ahead.shard(&self.key).lots.get_mut(&self.key) {
            let (again, until) = (now.plus(wait.min(lease.time)), now.plus(wait));
            lot.refused = Some(Refused { takes, from: now, again, until, view });
        }
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        if let Some(lot) = self.ahead.shard(&self.key).lots.get_mut(&self.key) {
            lot.asking = false;
        }
    }
}

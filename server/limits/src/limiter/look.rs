//! How keys stand, without deciding anything.
//!
//! What must hold: looking changes nothing that a decision could notice later. A store is asked for more than is ever admitted:
//! it charges nothing then, keeps no key that it did not know, and leaves the others as they are
//! ([`Weighs::is_never`](crate::decide::Weighs::is_never)).

use std::collections::HashMap;
use std::sync::Arc;

use super::{Beside, Limiter};
use crate::at::At;
use crate::decide::{Asked, Weighs as _};
use crate::policy::{Away, Policies, Shift};
use crate::state::Receipt;
use crate::store::{Store, StoreAway, StoreNow as _, Weighed};
use crate::strategy::{Strategy, View};

/// How much a store is asked at once, in keys of which it keeps a few numbers: about a millisecond of Redis' time, in which it
/// does nothing else.
const MOST: u64 = 64;

/// Where it is counted how a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// In the limiter's store.
    Store,
    /// In this process: the policy counts for each server.
    Near,
    /// In this process, by its share of the limit, because the store is away.
    Alone,
}

/// How a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// When it stood so, by the clock of whoever counts it.
    pub at: At,
    /// What it may still use.
    pub view: View,
    /// Where it is counted.
    pub counted: Counted,
}

/// Why it is not known how a key stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// None of the policies counts it: there is none of that name (in that scope), or the key is exempt.
    Uncounted,
    /// The store is away, and the policy counts nothing meanwhile.
    Away(StoreAway),
}

type Look = Result<Standing, Unknown>;

impl std::fmt::Display for Unknown {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unknown::Uncounted => out.write_str("no policy counts this key"),
            Unknown::Away(why) => why.fmt(out),
        }
    }
}

impl std::error::Error for Unknown {}

/// What is asked for a key, if a policy counts it.
fn question<'a>(policies: &'a Policies, policy: &str, key: &str) -> Option<Asked<'a>> {
    let policy = policies.owner(policy, key)?;
    let strategy = policy.strategy_of(key)?;
    let (key, shift) = (Arc::from(key), Shift::default());
    Some(Asked { policy, strategy, key, takes: u64::MAX, up_to: u64::MAX, shift })
}

/// How much work a key is for a store, in keys of which it keeps a few numbers.
fn work(strategy: &Strategy) -> u64 {
    let numbers = match strategy {
        Strategy::Ring(ring) => ring.slots.into(),
        Strategy::Log(log) => log.limit,
        Strategy::Leases(leases) => leases.limit,
        Strategy::Fixed(_) | Strategy::Sliding(_) | Strategy::Bucket(_) => 0,
    };
    1 + numbers / 16
}

/// How many are asked at once: one at least.
fn at_once(asked: &[Asked<'_>]) -> usize {
    let within = |sum: &mut u64, ask: &Asked<'_>| {
        *sum += work(ask.strategy);
        (*sum <= MOST).then_some(())
    };
    asked.iter().scan(0, within).count().max(1).min(asked.len())
}

/// Whether a charge of then counts still, of a key that stands so.
fn counts(strategy: &Strategy, receipt: &Receipt, view: &View, at: At) -> bool {
    match strategy {
        Strategy::Fixed(_) => receipt.at >= view.reset_at.minus(view.window),
        Strategy::Bucket(_) => true,
        Strategy::Sliding(_) | Strategy::Ring(_) | Strategy::Log(_) | Strategy::Leases(_) => {
            receipt.at.plus(view.window) > at
        }
    }
}

impl Beside {
    /// What each server counts for itself.
    fn look_near(&self, ask: Asked<'_>, now: At) -> Look {
        self.near.look(ask, now, Counted::Near)
    }

    /// What is counted while the store is away, by the share of one of so many.
    fn look_alone(&self, ask: &Asked<'_>, now: At, of: u64, why: &StoreAway) -> Look {
        if ask.policy.away != Away::Local {
            return Err(Unknown::Away(why.clone()));
        }
        let share = ask.strategy.share(of);
        self.alone.look(Asked { strategy: &share, key: Arc::clone(&ask.key), ..*ask }, now, Counted::Alone)
    }

    /// Of these keys the charges that the store does not know yet to be unused, and how much of them is.
    fn unused(&self, asked: &[Asked<'_>]) -> HashMap<Arc<str>, Vec<(Receipt, u64)>> {
        let mut unused: HashMap<Arc<str>, Vec<(Receipt, u64)>> =
            asked.iter().map(|ask| (Arc::clone(&ask.key), self.ahead.unused(&ask.key).into_iter().collect())).collect();
        self.ahead.back.each(|charge, real| {
            if let Some(of) = unused.get_mut(&charge.key) {
                of.push((charge.receipt, charge.receipt.cost.saturating_sub(real)));
            }
        });
        unused
    }
}

impl crate::local::Local {
    fn look(&self, ask: Asked<'_>, now: At, counted: Counted) -> Look {
        let found = self.weigh_now(now, &[ask]).pop().ok_or(Unknown::Uncounted)?;
        Ok(Standing { at: now, view: found.view, counted })
    }
}

impl<S: Store> Limiter<S> {
    /// How keys stand now, each named by its policy and its text (as in [`Line`](crate::Line) and
    /// [`Seen`](crate::traffic::Seen)): in the order of the question, under these policies. Nothing is charged, created or
    /// carried over, so that policies which are only tried can be asked for too, and no [`Observer`](super::Observer) is told.
    ///
    /// A key that nobody has used stands at its whole quota. What counts for each server stands in this process. While the
    /// store is away, a policy that decides alone then stands in this process by its share; of the others nothing is known.
    ///
    /// Tokens that this process has taken ahead and not used count as left, also those that wait to go back; by how much that
    /// is too high where a part of them counted no more, or where the key is in debt, is at most what was taken ahead. Those of
    /// other processes count as used.
    ///
    /// The store is asked for up to 64 keys in one round trip, one question after the other: fewer where it keeps more a key,
    /// down to one log of a thousand calls. A Redis that evicts takes it for a use of the key.
    pub async fn look(&self, policies: &Policies, keys: &[(&str, &str)]) -> Vec<Result<Standing, Unknown>> {
        let mut looks = vec![Err(Unknown::Uncounted); keys.len()];
        let (mut places, mut asked) = (Vec::new(), Vec::new());
        for (place, &(policy, key)) in keys.iter().enumerate() {
            let Some(ask) = question(policies, policy, key) else { continue };
            if ask.policy.per_server && self.store.is_shared() {
                looks[place] = self.beside().look_near(ask, self.now());
            } else {
                places.push(place);
                asked.push(ask);
            }
        }
        let (mut begin, mut is_away) = (0, None);
        while begin < asked.len() {
            let end = begin + at_once(&asked[begin..]);
            let some = &asked[begin..end];
            let found = match is_away.take() {
                None => self.look_there(some).await,
                Some(why) => Err(why),
            };
            let found = found.unwrap_or_else(|why| {
                let (now, of) = (self.now(), self.store.replicas());
                let alone = some.iter().map(|ask| self.beside().look_alone(ask, now, of, &why)).collect();
                is_away = Some(why);
                alone
            });
            for (&place, look) in places[begin..end].iter().zip(found) {
                looks[place] = look;
            }
            begin = end;
        }
        looks
    }

    /// What the store says.
    async fn look_there(&self, asked: &[Asked<'_>]) -> Result<Vec<Look>, StoreAway> {
        debug_assert!(asked.iter().all(|ask| ask.is_never()), "a look charges nothing");
        let Weighed { at, found } = self.store.weigh(self.now(), asked, &[]).await?;
        let unused = self.beside.get().map(|beside| beside.unused(asked)).unwrap_or_default();
        let looks = asked.iter().zip(found).map(|(ask, found)| {
            let mut view = found.view;
            let back = unused.get(&ask.key).into_iter().flatten();
            let back = back.filter(|(receipt, _)| counts(ask.strategy, receipt, &view, at)).map(|(_, tokens)| tokens);
            view.remaining = back.fold(view.remaining, |left, &tokens| left.saturating_add(tokens)).min(view.quota);
            Ok(Standing { at, view, counted: Counted::Store })
        });
        Ok(looks.collect())
    }
}

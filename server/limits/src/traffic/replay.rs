//! Replaying: what any policies would have done with the calls that there were.
//!
//! Each call is decided at its own instant, on a store of its own, by the code that decides live; it is settled with its real
//! cost, and gives its leases back, when it ended. What its method and route cost is what the policies that are tried say; what it
//! cost beyond that (the rows of a page) is as it was. Under the policies that were in force, with nothing counted before the first
//! call, the same calls are refused again. What differs from reality under other policies:
//!
//! - A call that was refused is asked all the same. Nobody knows what it would have cost or how long it would have taken, so
//!   it is settled with what was to be charged after the time that its refusal took.
//! - Nobody comes again because of a refusal, and nobody stays away because of one.
//! - One process decides all: `per_server`, `token_lease` and `away` have no effect. A lease that was renewed expires.
//! - What ends in the microsecond in which another call begins ends before it.
//! - A call that stands for others ([`Calls::sampled`]) is decided as often as it counts, in the same microsecond; at most 16
//!   times, and then each time with the cost of as many calls as it stands for. So bursts look worse than they were, and calls
//!   of many keys become as many calls of a few: [`Replayed::note`] says how heavy the heaviest call is.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::TOLD;
use super::calls::{Calls, Stored};
use super::keys::{Counts, Keys, MOST};
use crate::at::At;
use crate::decide::{Decision, Ticket, Verdict};
use crate::limiter::{Clock, Limiter};
use crate::live::Live;
use crate::local::Local;
use crate::policy::{Policies, Policy};

/// How often a call is decided at most that stands for others.
const TIMES: u64 = 16;

/// What policies would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Replayed {
    /// When the first call began.
    #[serde(serialize_with = "super::instant_if_any")]
    pub from: Option<At>,
    /// When the last call began.
    #[serde(serialize_with = "super::instant_if_any")]
    pub to: Option<At>,
    /// How many calls there were.
    pub calls: u64,
    /// Whether not all calls were kept, so that all these numbers are right but for chance.
    pub sampled: bool,
    /// How many calls any policy refuses that is not in shadow.
    pub refused: u64,
    /// How many calls were refused in reality.
    pub was_refused: u64,
    /// What each policy does, in the order of the settings.
    pub policies: Vec<OfPolicy>,
    /// What these numbers do not tell, if there is something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What one policy would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfPolicy {
    /// Its name.
    pub name: String,
    /// Whether it only reports. (What it refuses goes on all the same.)
    pub shadow: bool,
    /// How many calls it applies to.
    pub calls: u64,
    /// How many of these it has no room for.
    pub refused: u64,
    /// How many of these would never pass, because their cost is over the limit.
    pub never: u64,
    /// How many keys they have.
    pub keys_count: u64,
    /// The keys that are refused most often, and after them those that come nearest to their limit: 20 at most.
    pub keys: Vec<OfKey>,
}

/// What would have become of one key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfKey {
    /// The key.
    pub key: String,
    /// How many calls it has.
    pub calls: u64,
    /// How many of these are refused.
    pub refused: u64,
    /// The most that is in use after one of its calls.
    pub peak_used: u64,
    /// What it may use.
    pub quota: u64,
    /// When the first call is refused.
    #[serde(serialize_with = "super::instant_if_any")]
    pub first_refused: Option<At>,
}

/// A clock that is set.
#[derive(Default)]
struct Set(AtomicU64);

impl Clock for Set {
    fn now(&self) -> At {
        At::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A call that is under way.
struct Ending {
    at: At,
    order: u64,
    real: u64,
    ticket: Ticket,
}

impl PartialEq for Ending {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ending {}

impl PartialOrd for Ending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ending {
    /// Which ends first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

/// What is counted of a policy, or of one of its keys.
#[derive(Clone, Debug, Default)]
struct Tally {
    calls: u64,
    refused: u64,
    never: u64,
    peak: u64,
    quota: u64,
    first_refused: Option<At>,
}

impl Tally {
    fn count(&mut self, weight: u64, seen: &Saw, at: At) {
        self.calls = self.calls.saturating_add(weight);
        self.peak = self.peak.max(seen.used);
        self.quota = seen.quota;
        if seen.refuses {
            self.refused = self.refused.saturating_add(weight);
            self.first_refused.get_or_insert(at);
        }
        if seen.never {
            self.never = self.never.saturating_add(weight);
        }
    }
}

/// What a policy says of one call, and how its key stands then.
#[derive(Clone, Copy, Debug, Default)]
struct Saw {
    refuses: bool,
    never: bool,
    used: u64,
    quota: u64,
}

/// Decides the calls under other policies, with nothing counted before the first one. Memory is bounded by the number of
/// calls and of keys; of more than a million keys the others are not told apart, and [`Replayed::note`] says so.
pub fn replay(calls: &Calls, policies: &Policies) -> Replayed {
    replay_keys(calls, policies, MOST)
}

/// The same, with so many keys that are told apart.
pub(super) fn replay_keys(calls: &Calls, policies: &Policies, most: usize) -> Replayed {
    let mut replaying = Replaying::new(calls, policies, most);
    for call in calls.stored() {
        replaying.decide(call);
    }
    replaying.conclude()
}

struct Replaying<'a> {
    calls: &'a Calls,
    set: &'a Policies,
    policies: Vec<&'a Policy>,
    limiter: Limiter<Local>,
    live: Arc<Live>,
    clock: Arc<Set>,
    /// The first to end first.
    under_way: BinaryHeap<Reverse<Ending>>,
    order: u64,
    keys: Keys<'a>,
    /// By policy.
    tallies: Vec<Tally>,
    /// By policy and key.
    by_key: Vec<Vec<Tally>>,
    /// What each policy says of the call at hand.
    saw: Vec<Saw>,
    total: u64,
    refused: u64,
    was_refused: u64,
}

impl<'a> Replaying<'a> {
    fn new(calls: &'a Calls, policies: &'a Policies, most: usize) -> Replaying<'a> {
        let clock = Arc::new(Set::default());
        let store = Local::with_shadows(4 * most, 4 * most);
        Replaying {
            calls,
            set: policies,
            policies: policies.iter().collect(),
            limiter: Limiter::new(Policies::default(), store).with_clock(Arc::clone(&clock)),
            live: Arc::new(Live::new(policies.clone())),
            clock,
            under_way: BinaryHeap::new(),
            order: 0,
            keys: Keys::new(calls, policies, most),
            tallies: vec![Tally::default(); policies.len()],
            by_key: vec![Vec::new(); policies.len()],
            saw: Vec::new(),
            total: 0,
            refused: 0,
            was_refused: 0,
        }
    }

    fn decide(&mut self, call: &Stored) {
        self.settle_until(call.at);
        let (weight, times) = (call.weight(), call.weight().min(TIMES));
        let each = weight / times;
        let was_refused = call.refused > 0;
        let caller = self.calls.kept(call).called.caller;
        let cost = self.set.priced(&caller, call.cost);
        let real = if was_refused { cost } else { self.set.priced(&caller, call.real) };
        for _ in 0..times {
            let decision = self.limiter.decide_now_by(&self.live, &caller, cost.saturating_mul(each));
            self.total = self.total.saturating_add(each);
            self.was_refused = self.was_refused.saturating_add(if was_refused { each } else { 0 });
            self.refused = self.refused.saturating_add(if decision.is_admitted() { 0 } else { each });
            self.look_at(call, cost, &decision);
            self.count(call, each);
            if !decision.ticket.is_empty() && (real != cost || decision.ticket.holds_lease()) {
                let (real, ticket) = (real.saturating_mul(each), decision.ticket);
                self.under_way.push(Reverse(Ending { at: call.at.plus(call.took), order: self.order, real, ticket }));
                self.order += 1;
            }
        }
    }

    /// Settles what ends up to then, in its order, and sets the clock.
    fn settle_until(&mut self, now: At) {
        while self.under_way.peek().is_some_and(|Reverse(first)| first.at <= now) {
            let Some(Reverse(Ending { at, real, ticket, .. })) = self.under_way.pop() else { break };
            self.clock.0.store(at.micros(), Ordering::Relaxed);
            self.limiter.settle_now(ticket, real);
        }
        self.clock.0.store(now.micros(), Ordering::Relaxed);
    }

    /// Finds out what each policy that applies says, in order.
    fn look_at(&mut self, call: &Stored, cost: u64, decision: &Decision) {
        let (mut lines, mut shadows) = (decision.lines.iter(), decision.shadows.iter());
        let (limiter, policies, saw) = (&self.limiter, &self.policies, &mut self.saw);
        saw.clear();
        self.keys.of(call, |place, counts| {
            let policy = policies[place];
            let seen = match counts {
                Counts::Not => None,
                _ if policy.shadow => shadows.next().and_then(|shadow| {
                    let (key, now) = (&*shadow.key, limiter.now());
                    let strategy = policy.strategy_of(key)?;
                    let state = limiter.store().state(key).unwrap_or_else(|| strategy.fresh(now));
                    let view = strategy.view(&state, now);
                    Some((shadow.verdict, view.quota, view.remaining, strategy.takes(cost)))
                }),
                _ => lines.next().map(|line| {
                    let takes = policy.strategy_of(&line.key).map_or(0, |strategy| strategy.takes(cost));
                    (line.verdict, line.quota, line.remaining, takes)
                }),
            };
            saw.push(seen.map_or(Saw::default(), |(verdict, quota, remaining, takes)| Saw {
                refuses: !verdict.is_fine(),
                // The cost of one call, not of all those that it stands for.
                never: matches!(verdict, Verdict::Never { most } if takes > most),
                used: quota.saturating_sub(remaining),
                quota,
            }));
        });
    }

    fn count(&mut self, call: &Stored, weight: u64) {
        let (tallies, by_key, saw) = (&mut self.tallies, &mut self.by_key, &self.saw);
        self.keys.of(call, |place, counts| {
            let Some(seen) = saw.get(place) else { return };
            if counts != Counts::Not {
                tallies[place].count(weight, seen, call.at);
            }
            if let Counts::Under(number) = counts {
                let keys = &mut by_key[place];
                keys.resize(keys.len().max(number as usize + 1), Tally::default());
                keys[number as usize].count(weight, seen, call.at);
            }
        });
    }

    fn conclude(self) -> Replayed {
        let of_policy = |(place, policy): (usize, &&Policy)| OfPolicy {
            name: policy.name.to_string(),
            shadow: policy.shadow,
            calls: self.tallies[place].calls,
            refused: self.tallies[place].refused,
            never: self.tallies[place].never,
            keys_count: self.by_key[place].len() as u64,
            keys: self.told(place),
        };
        let span = self.calls.span();
        Replayed {
            from: span.map(|span| span.0),
            to: span.map(|span| span.1),
            calls: self.total,
            sampled: self.calls.sampled(),
            refused: self.refused,
            was_refused: self.was_refused,
            policies: self.policies.iter().enumerate().map(of_policy).collect(),
            note: self.note(),
        }
    }

    fn told(&self, policy: usize) -> Vec<OfKey> {
        let mut keys: Vec<(usize, &Tally)> = self.by_key[policy].iter().enumerate().collect();
        keys.sort_by_key(|(_, tally)| Reverse((tally.refused, tally.peak)));
        let of_key = |(number, tally): (usize, &Tally)| OfKey {
            key: self.keys.text(policy, number).map_or(String::new(), |key| key.to_string()),
            calls: tally.calls,
            refused: tally.refused,
            peak_used: tally.peak,
            quota: tally.quota,
            first_refused: tally.first_refused,
        };
        keys.into_iter().take(TOLD).map(of_key).collect()
    }

    fn note(&self) -> Option<String> {
        let mut note = Vec::new();
        let heaviest = self.calls.stored().iter().map(Stored::weight).max().unwrap_or(1);
        if heaviest > 1 {
            note.push(format!(
                "a call stands for up to {heaviest}: keys that had fewer calls look busier than they were, or are missing"
            ));
        }
        if self.keys.beyond {
            note.push(format!(
                "there were more than {} keys: the others count for their policies, but are not told",
                self.keys.most
            ));
        }
        match self.limiter.store().evicted_live() {
            0 => {}
            lost => note.push(format!("{lost} keys were forgotten while they counted: there may be more refusals")),
        }
        (!note.is_empty()).then(|| note.join("; "))
    }
}

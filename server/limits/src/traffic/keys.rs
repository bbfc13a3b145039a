//! Under which keys policies count calls. A caller and its object have the same keys each time, so that these are made out
//! once.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::calls::{Calls, Stored};
use crate::at::At;
use crate::key::Part;
use crate::policy::Policies;
use crate::strategy::Strategy;

/// How many keys are told apart, of all policies together; and of how many callers and objects the keys are remembered.
pub(super) const MOST: usize = 1_000_000;

/// A key that a policy counts calls under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The policy's name.
    pub policy: Arc<str>,
    /// The key.
    pub key: Arc<str>,
    /// How the key is counted (an override may have another limit).
    pub strategy: Strategy,
    /// When the last of its calls began.
    pub last: At,
}

/// Whether a policy counts a call, and under which key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// It does not apply.
    Not,
    /// Under the key of that number.
    Under(u32),
    /// Under a key that is one too many to be told apart.
    Beyond,
}

/// The keys of a set of policies, as they come.
pub(super) struct Keys<'a> {
    calls: &'a Calls,
    policies: &'a Policies,
    /// By policy, the keys and their numbers.
    numbers: Vec<HashMap<Arc<str>, u32>>,
    /// By policy, the keys in the order of their numbers.
    texts: Vec<Vec<Arc<str>>>,
    known: HashMap<(u32, u32, u32), Box<[Counts]>>,
    by_object: bool,
    count: usize,
    pub(super) most: usize,
    /// Whether there were more keys than are told apart.
    pub(super) beyond: bool,
}

impl<'a> Keys<'a> {
    pub(super) fn new(calls: &'a Calls, policies: &'a Policies, most: usize) -> Keys<'a> {
        let (numbers, texts) = (vec![HashMap::new(); policies.len()], vec![Vec::new(); policies.len()]);
        let by_object = policies.count_by(Part::Object);
        Keys { calls, policies, numbers, texts, known: HashMap::new(), by_object, count: 0, most, beyond: false }
    }

    /// Hands over how each policy counts a call, by its place among the policies.
    pub(super) fn of(&mut self, call: &Stored, mut told: impl FnMut(usize, Counts)) {
        let identity = (call.who, call.what, if self.by_object { call.object } else { 0 });
        if !self.known.contains_key(&identity) {
            let counts = self.find_out(call);
            if self.known.len() >= self.most {
                return counts.iter().enumerate().for_each(|(place, &counts)| told(place, counts));
            }
            self.known.insert(identity, counts);
        }
        let known = self.known.get(&identity);
        known.iter().flat_map(|counts| counts.iter()).enumerate().for_each(|(place, &counts)| told(place, counts));
    }

    /// The key of a policy.
    pub(super) fn text(&self, policy: usize, number: usize) -> Option<&Arc<str>> {
        self.texts.get(policy)?.get(number)
    }

    fn find_out(&mut self, call: &Stored) -> Box<[Counts]> {
        let (policies, caller) = (self.policies, self.calls.kept(call).called.caller);
        let asked = policies.iter().map(|policy| policy.ask(&caller, 1).map(|ask| ask.key));
        asked.enumerate().map(|(place, key)| key.map_or(Counts::Not, |key| self.number(place, key))).collect()
    }

    fn number(&mut self, policy: usize, key: Arc<str>) -> Counts {
        if let Some(&number) = self.numbers[policy].get(&key) {
            return Counts::Under(number);
        }
        if self.count >= self.most {
            self.beyond = true;
            return Counts::Beyond;
        }
        self.count += 1;
        let number = self.texts[policy].len() as u32;
        self.texts[policy].push(Arc::clone(&key));
        self.numbers[policy].insert(key, number);
        Counts::Under(number)
    }
}

/// The keys that these policies would count the calls under, at most so many, those that were called last first: so that a
/// store can be asked how they stand.
pub fn keys(calls: &Calls, policies: &Policies, most: usize) -> Vec<Seen> {
    let mut keys = Keys::new(calls, policies, MOST);
    let mut last: Vec<Vec<At>> = vec![Vec::new(); policies.len()];
    for call in calls.stored().iter().rev() {
        if keys.beyond || keys.count >= most {
            // Those that are not known by now were called earlier.
            break;
        }
        // Calls come from the last one back: a key is seen first when it was called last.
        keys.of(call, |place, counts| {
            if let Counts::Under(number) = counts
                && number as usize >= last[place].len()
            {
                last[place].push(call.at);
            }
        });
    }
    let mut seen = Vec::new();
    for ((place, policy), last) in policies.iter().enumerate().zip(&last) {
        for (number, &last) in last.iter().enumerate() {
            let Some(key) = keys.text(place, number) else { continue };
            let Some(strategy) = policy.strategy_of(key) else { continue };
            let (policy, key, strategy) = (Arc::clone(&policy.name), Arc::clone(key), strategy.clone());
            seen.push(Seen { policy, key, strategy, last });
        }
    }
    seen.sort_by_key(|one| Reverse(one.last));
    seen.truncate(most);
    seen
}

//! Policies: what is limited, by what, for which calls, and how. A set of them is checked when it is made.

pub(crate) mod bounds;
mod costs;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::at::Span;
use crate::decide::Asked;
use crate::key::{self, Caller, Class, Part};
use crate::settings::Fault;
use crate::strategy::Strategy;
use costs::Costs;
pub use costs::{Cost, Shift};

/// Which headers answers carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headers {
    /// `RateLimit` and `RateLimit-Policy` as the IETF's draft 10 has them.
    #[default]
    Draft10,
    /// The names that follow it: `a` and `w` in place of `r` and `t`, as the draft's editors have them after draft 11.
    Following,
    /// `RateLimit-Limit`, `-Remaining` and `-Reset` (in seconds), as in the drafts up to 06.
    Legacy,
    /// None but `Retry-After`.
    Off,
}

/// What a policy does while the shared store is away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Away {
    /// Each process decides alone, by its share of the limit.
    #[default]
    Local,
    /// Calls pass.
    Open,
    /// Calls are refused.
    Closed,
}

/// Tokens that a process takes ahead of the calls that need them, so that a hot key does not ask the shared store each
/// time. It takes as many as the key needed last time, twice as many each time they were used up, and gives back what is
/// left after a while.
///
/// Guarantee: with R processes, at most R times `tokens` more in any span than the strategy admits in it: each process
/// holds at most one such lot at a time, and what was charged before the span began may be used in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenLease {
    /// The most that is taken at once.
    pub tokens: u64,
    /// How long they are good.
    pub time: Span,
}

impl TokenLease {
    /// The longest time that settings accept.
    pub const LONGEST: Span = Span::from_secs(60);
}

/// One policy.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Its name, in keys, headers and reports.
    pub name: Arc<str>,
    /// What it counts by. A call that lacks a part is not limited by the policy.
    pub by: Vec<Part>,
    /// How.
    pub strategy: Strategy,
    /// Whether it only reports.
    pub shadow: bool,
    /// What it does while the shared store is away.
    pub away: Away,
    /// Whether each process counts for itself, whatever the store: what protects the process and not something that all of
    /// them share.
    pub per_server: bool,
    /// Whether tokens are taken ahead from a shared store.
    pub token_lease: Option<TokenLease>,
    /// The methods it applies to; all if empty.
    pub methods: Vec<String>,
    /// The routes it applies to: templates, or prefixes that end in `*`; all if empty.
    pub routes: Vec<String>,
    /// The classes it applies to; all if empty.
    pub classes: Vec<Class>,
    /// Other limits for single keys, by what follows the prefix of the key; nothing means exempt.
    overrides: HashMap<Box<str>, Option<Strategy>>,
    /// How every key of it begins. Made with the set.
    prefix: String,
    /// A route that it is not for, although it names none.
    apart: Option<Box<str>>,
}

/// A checked set of policies.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    policies: Vec<Policy>,
    costs: Costs,
    headers: Headers,
    /// The sets that this one is behind, in order.
    firsts: Vec<First>,
}

/// A set that is part of another one.
#[derive(Clone, Debug)]
struct First {
    /// Where its policies end.
    end: usize,
    costs: Costs,
    /// Whether they are other ones than those of the last set.
    differ: bool,
}

impl Policy {
    /// A policy for all calls.
    pub fn new(name: &str, by: &[Part], strategy: Strategy) -> Policy {
        let mut by = by.to_vec();
        by.sort_unstable();
        by.dedup();
        Policy {
            name: name.into(),
            prefix: key::begin("", name, strategy.unit()),
            by,
            strategy,
            shadow: false,
            away: Away::Local,
            per_server: false,
            token_lease: None,
            methods: Vec::new(),
            routes: Vec::new(),
            classes: Vec::new(),
            overrides: HashMap::new(),
            apart: None,
        }
    }

    /// The same policy, only reporting.
    #[must_use]
    pub fn in_shadow(mut self) -> Policy {
        self.shadow = true;
        self
    }

    /// Another limit for one key, or none at all: that of a caller that has all parts the policy counts by (`false` if
    /// it has not).
    pub fn except(&mut self, caller: &Caller<'_>, strategy: Option<Strategy>) -> bool {
        let mut text = String::new();
        let whole = key::write(&mut text, &self.by, caller);
        if whole {
            self.overrides.insert(text.into(), strategy);
        }
        whole
    }

    /// How many single keys have another limit.
    pub fn exceptions(&self) -> usize {
        self.overrides.len()
    }

    /// What the store is to be asked for a call; nothing if the policy does not apply to it.
    pub fn ask(&self, caller: &Caller<'_>, cost: u64) -> Option<Asked<'_>> {
        self.ask_with(&mut String::new(), caller, cost, Shift::default())
    }

    /// The same, with a string to write in that is used again, and for a policy of a set with other costs.
    pub(crate) fn ask_with(&self, key: &mut String, caller: &Caller<'_>, cost: u64, shift: Shift) -> Option<Asked<'_>> {
        if !self.applies(caller) {
            return None;
        }
        key.clear();
        key.push_str(&self.prefix);
        if !key::write(key, &self.by, caller) {
            return None;
        }
        let strategy = self.strategy_of(key)?;
        let takes = strategy.takes(shift.of(cost));
        Some(Asked { policy: self, strategy, takes, up_to: takes, key: key.as_str().into(), shift })
    }

    fn begin(&mut self, scope: &str) {
        self.prefix = key::begin(scope, &self.name, self.strategy.unit());
    }

    /// How every key of it begins: its scope, if it has one, and its name. Recorded as what refused a call, it tells policies of
    /// one name apart.
    pub fn begins(&self) -> &str {
        &self.prefix
    }

    /// A key of this policy without what all its keys begin with: `user=ann`; empty if it counts all calls together.
    pub fn short<'k>(&self, key: &'k str) -> &'k str {
        key.strip_prefix(&*self.prefix).map_or(key, |parts| parts.trim_start_matches('|'))
    }

    /// The strategy in force for a key; nothing if the key is exempt.
    pub fn strategy_of(&self, key: &str) -> Option<&Strategy> {
        if self.overrides.is_empty() {
            return Some(&self.strategy);
        }
        match key.get(self.prefix.len()..).and_then(|parts| self.overrides.get(parts)) {
            Some(other) => other.as_ref(),
            None => Some(&self.strategy),
        }
    }

    fn applies(&self, caller: &Caller<'_>) -> bool {
        let method = |method: &str| self.methods.iter().any(|one| one == method);
        let route = |route: &str| self.routes.iter().any(|pattern| covers(pattern, route));
        if self.apart.is_some() && self.apart.as_deref() == caller.route {
            return false;
        }
        (self.methods.is_empty() || caller.method.is_some_and(method))
            && (self.routes.is_empty() || caller.route.is_some_and(route))
            && (self.classes.is_empty() || caller.class.is_some_and(|class| self.classes.contains(&class)))
    }
}

fn cost_of(costs: &Costs, caller: &Caller<'_>) -> u64 {
    costs.of(caller.method.unwrap_or_default(), caller.route.unwrap_or_default())
}

/// Whether a route, or a prefix that ends in `*`, covers a route.
pub fn covers(pattern: &str, route: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => route.starts_with(prefix),
        None => pattern == route,
    }
}

impl Policies {
    /// Checks policies that a program wrote. Settings go through [`crate::Settings`], which checks more.
    pub fn new(mut policies: Vec<Policy>) -> Result<Policies, Vec<Fault>> {
        policies.iter_mut().for_each(|policy| policy.begin(""));
        let faults = bounds::of_set(&policies);
        if faults.is_empty() { Ok(Policies::checked(policies, Vec::new(), Headers::default())) } else { Err(faults) }
    }

    pub(crate) fn checked(policies: Vec<Policy>, costs: Vec<Cost>, headers: Headers) -> Policies {
        Policies { policies, costs: Costs::new(costs), headers, firsts: Vec::new() }
    }

    /// The same policies with keys of their own: sets of several tenants can share a store.
    #[must_use]
    pub fn scoped(mut self, scope: &str) -> Policies {
        for policy in &mut self.policies {
            policy.begin(scope);
        }
        self
    }

    /// The same policies, of which only those apply to that route that name it in full: what is not a call of its own but a part
    /// of another one is not counted twice.
    #[must_use]
    pub fn apart(mut self, route: &str) -> Policies {
        for policy in &mut self.policies {
            policy.apart = (!policy.routes.iter().any(|own| own == route)).then(|| route.into());
        }
        self
    }

    /// Both sets as one, so that one decision is over all; the headers are these ones'. Each set keeps its own costs: a call is
    /// told with its cost by these, and takes of the first ones' policies what it costs by them.
    #[must_use]
    pub fn after(self, first: Policies) -> Policies {
        let (count, mut firsts) = (first.policies.len(), first.firsts);
        firsts.push(First { end: count, costs: first.costs, differ: false });
        firsts.extend(self.firsts.into_iter().map(|other| First { end: other.end + count, ..other }));
        firsts.iter_mut().for_each(|first| first.differ = first.costs != self.costs);
        let policies = first.policies.into_iter().chain(self.policies).collect();
        Policies { policies, firsts, ..self }
    }

    /// The policy of that name whose key this is.
    pub fn owner(&self, name: &str, key: &str) -> Option<&Policy> {
        let owns = |policy: &&Policy| {
            *policy.name == *name && key.strip_prefix(&*policy.prefix).is_some_and(|rest| rest.starts_with('|'))
        };
        self.policies.iter().find(owns)
    }

    /// With other headers.
    #[must_use]
    pub fn with_headers(mut self, headers: Headers) -> Policies {
        self.headers = headers;
        self
    }

    /// The policies, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.policies.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.policies.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.policies.is_empty()
    }

    /// Whether any policy counts by a part: what none counts by need not be found out.
    pub fn count_by(&self, part: Part) -> bool {
        self.policies.iter().any(|policy| policy.by.contains(&part))
    }

    /// The policy of that name.
    pub fn named(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().find(|policy| *policy.name == *name)
    }

    /// The headers that answers carry.
    pub fn headers(&self) -> Headers {
        self.headers
    }

    /// What a call costs by the settings: that of the most particular entry that covers it, otherwise 1. Of a set that is after
    /// others, by its own costs.
    pub fn cost(&self, method: &str, route: &str) -> u64 {
        self.costs.of(method, route)
    }

    /// What a call costs by the settings that would cost `plain` if its route cost 1 like any other. What costs nothing then
    /// costs nothing.
    pub fn priced(&self, caller: &Caller<'_>, plain: u64) -> u64 {
        if plain == 0 { 0 } else { Shift::new(1, cost_of(&self.costs, caller)).of(plain) }
    }

    /// The policies in order, each with what makes its own cost of a call's.
    pub(crate) fn shifted(&self, caller: &Caller<'_>) -> impl Iterator<Item = (&Policy, Shift)> {
        let mut firsts = self.firsts.iter();
        let mut next = move |place: usize| firsts.find(|first| place < first.end);
        let mut at = next(0);
        let shift_of = |first: Option<&First>| match first {
            Some(First { costs, differ: true, .. }) => Shift::new(cost_of(&self.costs, caller), cost_of(costs, caller)),
            _ => Shift::default(),
        };
        let mut shift = shift_of(at);
        self.policies.iter().enumerate().map(move |(place, policy)| {
            if at.is_some_and(|first| place >= first.end) {
                at = next(place);
                shift = shift_of(at);
            }
            (policy, shift)
        })
    }
}

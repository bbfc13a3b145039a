//! The question to whoever holds the states, and what is found: all policies are checked, and all are charged or none.

use std::sync::Arc;

use super::Verdict;
use crate::at::{At, Span};
use crate::policy::{Policy, Shift};
use crate::state::{Receipt, State};
use crate::strategy::{Strategy, View};

/// One policy that applies to a call: what a store is asked.
#[derive(Clone, Debug)]
pub struct Asked<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// Its strategy for this key (an override may have another limit).
    pub strategy: &'a Strategy,
    /// The key.
    pub key: Arc<str>,
    /// What the call takes.
    pub takes: u64,
    /// What may be taken at most, of what is left after the call: more than `takes` where a replica takes tokens ahead.
    pub up_to: u64,
    /// What makes of the call's cost what it costs by this policy, also when the call is settled.
    pub shift: Shift,
}

/// What weighing looks at: a question as it came ([`Asked`]), or as a store keeps it while it waits.
pub trait Weighs {
    /// The strategy for the key.
    fn strategy(&self) -> &Strategy;
    /// Whether the policy only reports.
    fn shadow(&self) -> bool;
    /// What the call takes.
    fn takes(&self) -> u64;
    /// What may be taken at most.
    fn up_to(&self) -> u64;

    /// Whether it is more than is ever admitted. Such a question changes nothing: it only looks.
    fn is_never(&self) -> bool {
        self.takes() > self.strategy().most().min(u64::MAX - 1)
    }
}

impl Weighs for Asked<'_> {
    fn strategy(&self) -> &Strategy {
        self.strategy
    }

    fn shadow(&self) -> bool {
        self.policy.shadow
    }

    fn takes(&self) -> u64 {
        self.takes
    }

    fn up_to(&self) -> u64 {
        self.up_to
    }
}

/// What a store answers for one policy.
#[derive(Clone, Debug)]
pub struct Found {
    /// What the policy says.
    pub verdict: Verdict,
    /// How the key stands after the decision.
    pub view: View,
    /// The charge, if there was one.
    pub receipt: Option<Receipt>,
}

/// The states of the keys that are asked for, by their place in the question.
pub trait States {
    /// The state of a key, if it has one.
    fn get(&mut self, place: usize) -> Option<&mut State>;
    /// Gives a key its first state.
    fn put(&mut self, place: usize, state: State);
}

/// Checks all policies, and charges all or none. A policy in shadow is charged only if the call is admitted and it has
/// room itself; it changes nothing for the others. What can never pass leaves its state as it is, also where other parameters
/// wrote that.
pub fn weigh(asked: &[impl Weighs], now: At, states: &mut impl States) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::with_capacity(asked.len());
    let mut admitted = true;
    for (place, ask) in asked.iter().enumerate() {
        let verdict = match states.get(place) {
            _ if ask.is_never() => Verdict::Never { most: ask.strategy().most() },
            Some(state) => {
                ask.strategy().carry_over(state, now);
                ask.strategy().check_carried(state, now, ask.takes())
            }
            None => Verdict::Fine,
        };
        admitted &= ask.shadow() || verdict.is_fine();
        found.push(Found { verdict, view: View::new(0, 0, Span::ZERO, 0), receipt: None });
    }
    for (place, (ask, found)) in asked.iter().zip(&mut found).enumerate() {
        let charges = admitted && found.verdict.is_fine();
        match states.get(place) {
            Some(state) if ask.is_never() => found.view = ask.strategy().view(state, now),
            Some(state) => {
                found.receipt = charges.then(|| charge(ask, state, now));
                found.view = ask.strategy().view_carried(state, now);
            }
            None => {
                let mut state = ask.strategy().fresh(now);
                found.receipt = charges.then(|| charge(ask, &mut state, now));
                found.view = ask.strategy().view_carried(&state, now);
                if charges {
                    states.put(place, state);
                }
            }
        }
    }
    found
}

/// Charges what the call takes, and of what is left after it what may be taken ahead.
fn charge(ask: &impl Weighs, state: &mut State, now: At) -> Receipt {
    let (strategy, takes) = (ask.strategy(), ask.takes());
    let ahead = ask.up_to() > takes;
    let takes = if ahead { takes.max(ask.up_to().min(strategy.view_carried(state, now).remaining)) } else { takes };
    strategy.charge_carried(state, now, takes)
}

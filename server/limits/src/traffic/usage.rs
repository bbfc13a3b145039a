//! Summing: what was used over time, by policy and key, as it was in reality.

use std::cmp::Reverse;

use serde::Serialize;

use super::TOLD;
use super::calls::{Calls, Stored};
use super::keys::{Counts, Keys, MOST};
use crate::at::{At, Span};
use crate::policy::{Policies, Policy};

/// How many steps are told at most: beyond, each is made as much longer.
const STEPS: u64 = 10_000;

/// What one key of a policy used over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Series {
    /// The policy's name.
    pub policy: String,
    /// The key; nothing stands for all other keys together.
    pub key: Option<String>,
    /// When the first step begins: a multiple of the step after the epoch.
    #[serde(serialize_with = "super::instant")]
    pub from: At,
    /// How long a step is, in seconds.
    pub step_secs: u64,
    /// The steps, one after the other.
    pub steps: Vec<Step>,
}

/// One step of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Step {
    /// How many calls began.
    pub calls: u64,
    /// What those of them cost in the end that were admitted. (A policy of leases counts one for each.)
    pub cost: u64,
    /// How many of them were refused by this policy in reality.
    pub refused: u64,
    /// How many of them it would have refused while it was in shadow (also those that another one refused).
    pub would_refuse: u64,
}

impl Step {
    fn add(&mut self, other: Step) {
        self.calls = self.calls.saturating_add(other.calls);
        self.cost = self.cost.saturating_add(other.cost);
        self.refused = self.refused.saturating_add(other.refused);
        self.would_refuse = self.would_refuse.saturating_add(other.would_refuse);
    }
}

/// Sums the calls by policy, key and step of time. Of each policy there are the 20 keys that cost most, the most first, and
/// then the sum of all others, if there are any. What a method and route cost is what these policies say. A step is a whole number of seconds, and longer where there would be more than
/// 10,000.
pub fn usage(calls: &Calls, policies: &Policies, step: Span) -> Vec<Series> {
    usage_keys(calls, policies, step, MOST)
}

/// The same, with so many keys that are told apart.
pub(super) fn usage_keys(calls: &Calls, policies: &Policies, step: Span, most: usize) -> Vec<Series> {
    let Some((first, last)) = calls.span() else { return Vec::new() };
    let least = last.since(first).secs_up() / STEPS + 1;
    let step_secs = step.secs_up().max(least);
    let step = Span::from_secs(step_secs).micros();
    let from = first.micros() / step;
    let steps = (last.micros() / step - from) as usize + 1;

    let policies_by_place: Vec<&Policy> = policies.iter().collect();
    let mut keys = Keys::new(calls, policies, most);
    let mut totals: Vec<Vec<Step>> = vec![Vec::new(); policies.len()];
    let mut others = vec![false; policies.len()];
    for call in calls.stored() {
        keys.of(call, |place, counts| match counts {
            Counts::Not => {}
            Counts::Beyond => others[place] = true,
            Counts::Under(number) => {
                let totals = &mut totals[place];
                totals.resize(totals.len().max(number as usize + 1), Step::default());
                totals[number as usize].add(sum_of(calls, call, policies, policies_by_place[place]));
            }
        });
    }
    let told: Vec<Told> = totals.iter().zip(others).map(|(totals, others)| Told::new(totals, others, steps)).collect();
    let sum = |call: &Stored, place: usize| sum_of(calls, call, policies, policies_by_place[place]);
    let series = fill(calls, sum, &mut keys, told, |at| (at.micros() / step - from) as usize);
    let mut all = Vec::new();
    for (place, told) in series.into_iter().enumerate() {
        for (number, steps) in told.series {
            let key = number.and_then(|number| keys.text(place, number)).map(|key| key.to_string());
            let policy = policies_by_place[place].name.to_string();
            all.push(Series { policy, key, from: At::from_micros(from * step), step_secs, steps });
        }
    }
    all
}

/// The series of one policy.
struct Told {
    /// By the number of a key, its place among the series. Keys that have none are among the others.
    places: Vec<Option<usize>>,
    /// Each with the number of its key; the one of all others comes last.
    series: Vec<(Option<usize>, Vec<Step>)>,
}

impl Told {
    fn new(totals: &[Step], others: bool, steps: usize) -> Told {
        let mut ranked: Vec<usize> = (0..totals.len()).collect();
        ranked.sort_by_key(|&number| Reverse((totals[number].cost, totals[number].calls)));
        let others = others || ranked.len() > TOLD;
        ranked.truncate(TOLD);
        let mut places = vec![None; totals.len()];
        for (place, &number) in ranked.iter().enumerate() {
            places[number] = Some(place);
        }
        let numbers = ranked.into_iter().map(Some).chain(others.then_some(None));
        Told { places, series: numbers.map(|number| (number, vec![Step::default(); steps])).collect() }
    }
}

fn fill(
    calls: &Calls,
    sum: impl Fn(&Stored, usize) -> Step,
    keys: &mut Keys<'_>,
    mut told: Vec<Told>,
    step_of: impl Fn(At) -> usize,
) -> Vec<Told> {
    for call in calls.stored() {
        keys.of(call, |place, counts| {
            let told = &mut told[place];
            let others = told.series.len().saturating_sub(1);
            let series = match counts {
                Counts::Not => return,
                Counts::Beyond => others,
                Counts::Under(number) => told.places.get(number as usize).copied().flatten().unwrap_or(others),
            };
            if let Some(step) = told.series.get_mut(series).and_then(|(_, steps)| steps.get_mut(step_of(call.at))) {
                step.add(sum(call, place));
            }
        });
    }
    told
}

/// What a call adds to a policy that counts it.
fn sum_of(calls: &Calls, call: &Stored, policies: &Policies, policy: &Policy) -> Step {
    let (weight, called) = (call.weight(), calls.kept(call).called);
    let is = |by: &str| by == &*policy.name || by == policy.begins();
    let if_so = |so: bool| if so { weight } else { 0 };
    let would_refuse = if_so(called.would.iter().any(is));
    let (cost, refused) = match called.refused {
        Some(by) => (0, if_so(is(by))),
        None => {
            let real = policies.priced(&called.caller, call.real);
            (policy.strategy.takes(real).saturating_mul(weight), 0)
        }
    };
    Step { calls: weight, cost, refused, would_refuse }
}

//! What a picture marks of an instance: where it is, how it came there, and what can still become of it.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::definition::chart::{Arrow, ArrowIx, DONE, Definition, Go, History, Outcome, StateIx, StateKind};
use crate::instance::{Instance, Status};

use super::replay::{Way, arrows};

/// The marks of an instance in the picture of its definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// The states it is in, with those around them.
    pub now: BTreeSet<StateIx>,
    /// The states it was ever in.
    pub been: BTreeSet<StateIx>,
    /// The arrows it has walked.
    pub walked: BTreeSet<ArrowIx>,
    /// The way it began, by its place among [`Definition::starts`], where that is certain.
    pub start: Option<usize>,
    /// The states it may still come into, or stays in.
    pub ahead: BTreeSet<StateIx>,
    /// The arrows it may still walk.
    pub open: BTreeSet<ArrowIx>,
}

/// The arrows that an entry of an instance's stream says were walked, in order; none, where its body was purged.
#[must_use]
pub fn walked(body: &str) -> Vec<usize> {
    #[derive(Default, Deserialize)]
    struct Body {
        #[serde(default)]
        walked: Vec<usize>,
    }
    serde_json::from_str::<Body>(body).unwrap_or_default().walked
}

impl Marks {
    /// The marks of `instance`, whose definition is `definition` and whose entries say that it has walked `walked`, in
    /// that order. Numbers that the definition does not have are left out.
    #[must_use]
    pub fn of(definition: &Definition, instance: &Instance, walked: &[usize]) -> Self {
        let leaves: BTreeSet<StateIx> = instance.inside().iter().filter_map(|path| definition.find(path)).collect();
        let now: BTreeSet<StateIx> = leaves.iter().flat_map(|&leaf| definition.upwards(leaf)).collect();
        let all = arrows(definition);
        let steps: Vec<(StateIx, &Arrow)> = walked.iter().filter_map(|&ix| *all.get(ix)?).collect();
        let (start, mut been) = way(definition, &steps, &leaves);
        been.extend(&now);
        let walked = steps.iter().map(|(_, arrow)| arrow.ix).collect();
        let mut future = Future { definition, instance, now: &now, entered: BTreeSet::new(), states: BTreeSet::new() };
        if instance.status != Status::Final {
            future.states.clone_from(&now);
            future.follow();
        }
        let (open, ahead) = (future.open(), future.states);
        Self { now, been, walked, start, ahead, open }
    }
}

/// The way to begin and the states on the way, where the steps lead from a beginning to where the instance is; else what
/// the steps touch.
fn way(
    definition: &Definition,
    steps: &[(StateIx, &Arrow)],
    leaves: &BTreeSet<StateIx>,
) -> (Option<usize>, BTreeSet<StateIx>) {
    let mut fitting = definition.starts.iter().enumerate().filter_map(|(ix, start)| {
        let mut way = Way::beginning(definition, start.to);
        let fits = steps.iter().all(|(at, arrow)| way.take(*at, arrow)) && way.active == *leaves;
        fits.then_some((ix, way.been))
    });
    match (fitting.next(), fitting.next()) {
        (Some((ix, been)), None) => (Some(ix), been),
        // The states are the same from any beginning that fits to the first step on: what differs is left out.
        (Some((_, been)), Some((_, other))) => (None, &been & &other),
        (None, _) => {
            let touched = steps.iter().flat_map(|(at, arrow)| match &arrow.outcome {
                Outcome::Go(Go { to: Some(to), .. }) => vec![*at, *to],
                _ => vec![*at],
            });
            (None, touched.flat_map(|ix| definition.upwards(ix)).collect())
        }
    }
}

/// What can still become of an instance.
struct Future<'a> {
    definition: &'a Definition,
    instance: &'a Instance,
    /// The states that it is in.
    now: &'a BTreeSet<StateIx>,
    /// States that it can still enter: a timer there is started anew.
    entered: BTreeSet<StateIx>,
    /// States that it can be in.
    states: BTreeSet<StateIx>,
}

impl Future<'_> {
    /// Follows all arrows that can be taken, until nothing is new.
    fn follow(&mut self) {
        loop {
            let before = (self.entered.len(), self.states.len());
            let reached: Vec<StateIx> = self.states.iter().copied().collect();
            for at in reached {
                let gone: Vec<(StateIx, Option<History>)> = self.taken(at).filter_map(aim).collect();
                for (to, history) in gone {
                    self.go(at, to, history);
                }
            }
            if before == (self.entered.len(), self.states.len()) {
                return;
            }
        }
    }

    /// The arrows of `at` that can be taken there.
    fn taken(&self, at: StateIx) -> impl Iterator<Item = &Arrow> {
        let state = self.definition.state(at);
        let regions_end = self.regions_end(at);
        let heard = state.on.iter().filter(move |(name, _)| ***name != *DONE || regions_end);
        // A timer that has fired does so again only if its state is entered again.
        let running = move |name: &str| self.entered.contains(&at) || self.instance.detail.timers.contains_key(name);
        let timers = state.timers.iter().filter(move |timer| running(&timer.name));
        let arrows = heard.flat_map(|(_, arrows)| arrows).chain(&state.always);
        arrows.chain(timers.flat_map(|timer| &timer.arrows)).filter(|arrow| arrow.goes())
    }

    /// Whether all regions of a parallel state can come to their ends; true of any other state.
    fn regions_end(&self, at: StateIx) -> bool {
        let StateKind::Parallel(regions) = &self.definition.state(at).kind else { return true };
        let is_final = |ix: &StateIx| matches!(self.definition.state(*ix).kind, StateKind::Final);
        regions
            .iter()
            .all(|&region| self.states.iter().any(|ix| is_final(ix) && self.definition.region(*ix) == Some(region)))
    }

    fn go(&mut self, at: StateIx, to: StateIx, history: Option<History>) {
        let around = self.definition.around(at, to);
        let from_outside: Vec<StateIx> =
            self.definition.upwards(to).skip(1).take_while(|&ix| Some(ix) != around).collect();
        for up in from_outside {
            self.note(up);
            // Whoever enters one region enters the others too.
            if let StateKind::Parallel(regions) = &self.definition.state(up).kind {
                regions
                    .iter()
                    .filter(|&&region| !self.definition.is_within(to, region))
                    .for_each(|&region| self.enter(region));
            }
        }
        let Some(history) = history else { return self.enter(to) };
        let stored = self.instance.detail.history.get(&self.definition.state(to).path);
        let before: Vec<StateIx> = match stored {
            // Where it is now it will be left somewhere that can be reached from here.
            _ if self.now.contains(&to) => {
                self.states.iter().copied().filter(|&ix| ix != to && self.definition.is_within(ix, to)).collect()
            }
            Some(before) => before.iter().filter_map(|path| self.definition.find(path)).collect(),
            None => return self.enter(to),
        };
        self.note(to);
        for ix in before {
            match (history, self.definition.below(to, ix)) {
                (History::Shallow, Some(child)) => self.enter(child),
                _ => self.definition.upwards(ix).take_while(|&ix| ix != to).for_each(|ix| self.note(ix)),
            }
        }
    }

    fn note(&mut self, ix: StateIx) {
        self.entered.insert(ix);
        self.states.insert(ix);
    }

    /// Enters a state, and what is inside it where it begins.
    fn enter(&mut self, ix: StateIx) {
        let mut left = vec![ix];
        while let Some(ix) = left.pop() {
            self.note(ix);
            match &self.definition.state(ix).kind {
                StateKind::Compound(first) => left.push(*first),
                StateKind::Parallel(regions) => left.extend(regions),
                _ => {}
            }
        }
    }

    /// All arrows that can be taken.
    fn open(&self) -> BTreeSet<ArrowIx> {
        self.states.iter().flat_map(|&at| self.taken(at)).map(|arrow| arrow.ix).collect()
    }
}

fn aim(arrow: &Arrow) -> Option<(StateIx, Option<History>)> {
    match &arrow.outcome {
        Outcome::Go(go) => Some((go.to?, go.history)),
        Outcome::Refuse(_) => None,
    }
}

//! Running timers: those of the same length stay due when they were, others begin when their state was entered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::calendar::Wait;
use crate::clock::Timestamp;
use crate::definition::chart::{Due, StateIx, Timer};
use crate::domain::Domain;
use crate::migrate::Timers;

use super::super::Halt;
use super::super::run::Run;
use super::{TimerMoved, Way, unfit};

/// What became of timers.
pub(super) struct Carried {
    /// Those that are others than they were.
    pub(super) moved: Vec<TimerMoved>,
    /// What each is called now that is still there, running or used up.
    pub(super) names: BTreeMap<Arc<str>, Arc<str>>,
}

impl<D: Domain> Run<'_, '_, D> {
    /// Timers of the states that it is in.
    pub(super) fn carry_timers(
        &mut self,
        way: Way<'_>,
        old_active: &[StateIx],
        place: &[StateIx],
    ) -> Result<Carried, Halt<D::Need>> {
        let (old, new) = (way.old, self.definition);
        let was = std::mem::take(&mut self.work.detail.timers);
        let left: BTreeSet<StateIx> = old_active.iter().flat_map(|&ix| old.upwards(ix)).collect();
        let entered: BTreeSet<StateIx> = place.iter().flat_map(|&ix| new.upwards(ix)).collect();
        let mut names = BTreeMap::new();
        let mut running: BTreeMap<Arc<str>, Timestamp> = BTreeMap::new();
        for &ix in entered.iter().filter(|&&ix| !new.state(ix).timers.is_empty()) {
            let state = new.state(ix);
            let from = left.iter().copied().find(|&at| way.mapping.image(&old.state(at).path).contains(&state.path));
            let rule = way.mapping.timers_of(from.map_or(&state.path, |at| &old.state(at).path));
            let before = from.map_or(&[][..], |at| old.state(at).timers.as_slice());
            let pairs = paired(before, &state.timers, rule == Some(Timers::Keep));
            let since = since(before, &was).unwrap_or(self.work.detail.entered_at);
            for (timer, pair) in state.timers.iter().zip(pairs) {
                let due = match pair {
                    Some(known) => {
                        names.insert(known.name.clone(), timer.name.clone());
                        // What was used up stays so.
                        let Some(due) = was.get(&known.name) else { continue };
                        // An instant that the document says is reckoned from the document as it is now.
                        let moves = matches!(timer.due, Due::At(_)) && way.mapping.fields().next().is_some();
                        if rule == Some(Timers::Restart) || moves { None } else { Some(*due) }
                    }
                    None => None,
                };
                let due = match due {
                    Some(due) => due,
                    None => self.due(&timer.due, since).map_err(|halt| match halt {
                        Halt::Broken(_, why) => unfit("timers", format!("{why}.")).into(),
                        stop @ Halt::Stop(_) => stop,
                    })?,
                };
                running.insert(timer.name.clone(), due);
            }
        }
        let moved = differences(&was, &running, &names);
        self.work.detail.timers = running;
        Ok(Carried { moved, names })
    }
}

/// For each new timer the old one that it goes on from: the first of the same length, or where all are kept, of the same place.
fn paired<'o>(old: &'o [Timer], new: &[Timer], keep: bool) -> Vec<Option<&'o Timer>> {
    let mut taken = BTreeSet::new();
    let alike = |one: &Timer, other: &Timer| match (&one.due, &other.due) {
        (Due::In(one), Due::In(other)) => one == other,
        (Due::At(one), Due::At(other)) => one.to_string() == other.to_string(),
        _ => false,
    };
    let mut pairs: Vec<Option<&Timer>> = Vec::new();
    for timer in new {
        let at = old.iter().enumerate().position(|(at, known)| alike(known, timer) && !taken.contains(&at));
        pairs.push(at.map(|at| &old[at]));
        taken.extend(at);
    }
    if keep {
        for (at, pair) in pairs.iter_mut().enumerate().filter(|(_, pair)| pair.is_none()) {
            if let Some(known) = old.get(at).filter(|_| taken.insert(at)) {
                *pair = Some(known);
            }
        }
    }
    pairs
}

/// When the state of these timers was entered, where one of them tells it.
fn since(timers: &[Timer], running: &BTreeMap<Arc<str>, Timestamp>) -> Option<Timestamp> {
    timers.iter().find_map(|timer| match timer.due {
        Due::In(Wait::Elapsed(micros)) => Some(running.get(&timer.name)?.plus_micros(-micros)),
        _ => None,
    })
}

fn differences(
    was: &BTreeMap<Arc<str>, Timestamp>,
    is: &BTreeMap<Arc<str>, Timestamp>,
    names: &BTreeMap<Arc<str>, Arc<str>>,
) -> Vec<TimerMoved> {
    let mut moved = Vec::new();
    for (old, &before) in was {
        let name = names.get(old).filter(|name| is.contains_key(*name));
        let after = name.and_then(|name| is.get(name)).copied();
        if name != Some(old) || after != Some(before) {
            moved.push(TimerMoved { was: Some(old.clone()), name: name.cloned(), before: Some(before), after });
        }
    }
    let known: BTreeSet<&Arc<str>> = was.keys().filter_map(|old| names.get(old)).collect();
    let begun = is.iter().filter(|(name, _)| !known.contains(name));
    moved.extend(begun.map(|(name, due)| TimerMoved {
        was: None,
        name: Some(name.clone()),
        before: None,
        after: Some(*due),
    }));
    moved
}

//! Where an instance comes to be, and what belongs to where it was: calls, incidents, history, what can be taken back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::chart::{Calling, Definition, StateIx, StateKind};
use crate::domain::Domain;
use crate::instance::{Incident, What};
use crate::refusal::Refusal;

use super::super::Halt;
use super::super::barred::APPROVAL_INCIDENT;
use super::super::repair::leads_to_asking;
use super::super::run::Run;
use super::{Way, unfit};

/// Whether these innermost states are all that an instance is in at once: one inside each state, and one in each region.
fn is_whole(definition: &Definition, leaves: &BTreeSet<StateIx>) -> bool {
    let entered: BTreeSet<StateIx> = leaves.iter().flat_map(|&ix| definition.upwards(ix)).collect();
    let inside = |around: Option<StateIx>| entered.iter().filter(|&&ix| definition.state(ix).parent == around).count();
    inside(None) == 1
        && entered.iter().all(|&ix| match &definition.state(ix).kind {
            StateKind::Compound(_) => inside(Some(ix)) == 1,
            StateKind::Parallel(regions) => regions.iter().all(|region| entered.contains(region)),
            _ => true,
        })
}

/// Whether somebody is asked in the state of this path, and nothing comes of it before he has answered.
fn is_asking(definition: &Definition, path: &str) -> bool {
    definition.find(path).is_some_and(|ix| matches!(definition.state(ix).kind, StateKind::Approval(_)))
}

fn calling(definition: &Definition, ix: StateIx) -> Option<&Calling> {
    match &definition.state(ix).kind {
        StateKind::Call(calling) => Some(calling),
        _ => None,
    }
}

/// Whether what the one waits for is what the other would: the same workflow, which gives back the same.
fn calls_alike(one: &Calling, other: &Calling) -> bool {
    one.workflow.name == other.workflow.name
        && (one.workflow.hash == other.workflow.hash || one.result.fields == other.result.fields)
}

impl<D: Domain> Run<'_, '_, D> {
    /// The innermost states that it comes to be in.
    pub(super) fn placed(&self, way: Way<'_>) -> Result<Vec<StateIx>, Refusal> {
        let new = self.definition;
        let mut found = BTreeSet::new();
        for path in self.work.inside() {
            let ended = way.old.find(path).is_some_and(|ix| matches!(way.old.state(ix).kind, StateKind::Final));
            for to in way.mapping.image(path) {
                let Some(ix) = new.find(&to) else {
                    let why = format!("Nothing says where instances in `{path}` go: write it under `states`.");
                    return Err(unfit("state", why));
                };
                match new.state(ix).kind {
                    StateKind::Compound(_) | StateKind::Parallel(_) => {
                        let why =
                            format!("`{to}` has states inside: under `states`, say to which of them `{path}` goes.");
                        return Err(unfit("state", why));
                    }
                    StateKind::Final if !ended || new.region(ix).is_none() => {
                        let why =
                            format!("`{to}` is an end, and a migration ends nothing: map `{path}` to another state.");
                        return Err(unfit("final", why));
                    }
                    _ => drop(found.insert(ix)),
                }
                if is_asking(way.old, path) && !leads_to_asking(new, ix) {
                    let why = format!(
                        "In `{path}` somebody is asked, and from `{to}` on nobody would be: map it to a state that asks, or to one \
                         before such a state, or let it be decided first."
                    );
                    return Err(unfit("approval", why));
                }
            }
        }
        if !is_whole(new, &found) {
            let paths: Vec<&str> = found.iter().map(|&ix| &*new.state(ix).path).collect();
            let why = format!(
                "Nobody can be in `{}` at once and nowhere else: map its states to one inside each region.",
                paths.join("`, `")
            );
            return Err(unfit("regions", why));
        }
        Ok(found.into_iter().collect())
    }

    /// Workflows that it has called and waits for, and those that have come back.
    pub(super) fn carry_calls(&mut self, way: Way<'_>, place: &[StateIx]) -> Result<(), Halt<D::Need>> {
        let new = self.definition;
        let mut called = BTreeMap::new();
        for (path, id) in std::mem::take(&mut self.work.detail.called) {
            let was = way.old.find(&path).and_then(|ix| calling(way.old, ix));
            let image = way.mapping.image(&path);
            let fits = |to: &&Arc<str>| {
                let is = new.find(to).filter(|ix| place.contains(ix)).and_then(|ix| calling(new, ix));
                was.zip(is).is_some_and(|(was, is)| calls_alike(was, is))
            };
            let Some(to) = image.iter().find(fits) else {
                let workflow = was.map_or("another workflow", |was| &*was.workflow.name);
                let why = format!(
                    "In `{path}` it waits for `{workflow}`, which the new state does not: wait until that has ended, or map it \
                     to a state that calls the same and takes the same from it."
                );
                return Err(unfit("call", why).into());
            };
            called.insert(to.clone(), id);
        }
        if let Some(&ix) =
            place.iter().find(|&&ix| calling(new, ix).is_some() && !called.contains_key(&new.state(ix).path))
        {
            let why = format!(
                "`{}` calls a workflow, which only entering it does: map its state to one before.",
                new.state(ix).path
            );
            return Err(unfit("call", why).into());
        }
        self.work.detail.called = called;
        let returned = std::mem::take(&mut self.work.detail.returned);
        let still = |path: &Arc<str>| {
            let was = way.old.find(path).and_then(|ix| calling(way.old, ix));
            let is = |to: &Arc<str>| new.find(to).and_then(|ix| calling(new, ix));
            let image = way.mapping.image(path).into_iter();
            image.filter(|to| was.zip(is(to)).is_some_and(|(was, is)| was.workflow.name == is.workflow.name)).collect()
        };
        self.work.detail.returned = returned.iter().flat_map::<Vec<Arc<str>>, _>(still).collect();
        self.caller_understands(way)
    }

    /// Whoever called it reads what it gives back by the definition that it had then.
    fn caller_understands(&self, way: Way<'_>) -> Result<(), Halt<D::Need>> {
        let (was, is) = (way.old.result_type(), self.definition.result_type());
        let lost = was.fields.iter().find(|(name, field)| is.fields.get(*name) != Some(*field));
        match lost.filter(|_| self.work.detail.caller.is_some()) {
            None => Ok(()),
            Some((name, _)) => {
                let why = format!(
                    "Another instance has called it and expects `{name}` from it, which it would not give back."
                );
                Err(unfit("caller", why).into())
            }
        }
    }

    /// Its incidents, each with its state and what was tried.
    pub(super) fn carry_incidents(
        &mut self,
        way: Way<'_>,
        place: &[StateIx],
        timers: &BTreeMap<Arc<str>, Arc<str>>,
    ) -> Result<(), Halt<D::Need>> {
        let new = self.definition;
        let around: BTreeSet<&Arc<str>> =
            place.iter().flat_map(|&ix| new.upwards(ix)).map(|ix| &new.state(ix).path).collect();
        // Of a review that asks nobody any more there is nothing to mend.
        let stays = |at: &Arc<str>| way.mapping.image(at).iter().any(|to| around.contains(to));
        let over =
            |incident: &Incident| *incident.code == *APPROVAL_INCIDENT && !incident.at.as_ref().is_none_or(stays);
        self.work.detail.forget(over);
        self.is_well();
        let carried = |incident: &mut Incident| -> Result<(), Refusal> {
            if let Some(at) = &incident.at {
                let Some(to) = way.mapping.image(at).into_iter().find(|to| around.contains(to)) else {
                    let why = format!("Its incident is of `{at}`, which would be gone: retry, skip or move it first.");
                    return Err(unfit("incident", why));
                };
                incident.at = Some(to);
            }
            let Some(tried) = incident.tried.as_deref_mut() else { return Ok(()) };
            if let What::Time { timers: due, .. } = &mut tried.what {
                for (name, at) in std::mem::take(due) {
                    let Some(to) = timers.get(&name) else {
                        let why = format!(
                            "Its incident is of the timer `{name}`, which would be gone: retry or skip it first."
                        );
                        return Err(unfit("incident", why));
                    };
                    due.insert(to.clone(), at);
                }
            }
            Ok(())
        };
        let detail = &mut self.work.detail;
        detail.incident.iter_mut().chain(&mut detail.others).try_for_each(carried)?;
        Ok(())
    }

    /// What takes back what was done is there, and takes the parameters of then.
    pub(super) fn undo_is_known(&self) -> Result<(), Halt<D::Need>> {
        let vocabulary = self.ground.domain.vocabulary();
        let subject = &self.definition.subject.record.name;
        for undo in &self.work.detail.undo {
            let fits = match &undo.params {
                None => vocabulary.messages.contains_key(&undo.by),
                Some(params) => {
                    let works =
                        |subjects: &[Arc<str>]| subjects.is_empty() || subjects.iter().any(|one| **one == **subject);
                    vocabulary.actions.get(&undo.by).is_some_and(|action| works(&action.subjects))
                        && self.typed_params(&undo.by, params).is_ok()
                }
            };
            if !fits {
                let why =
                    format!("`{}` would be taken back by `{}`, which the new definition cannot do.", undo.of, undo.by);
                return Err(unfit("undo", why).into());
            }
        }
        Ok(())
    }

    /// What it has passed that nothing leads back from; `place` must not lie before that. `inside`: the states in which it is.
    pub(super) fn carry_passed(
        &mut self,
        way: Way<'_>,
        inside: &[StateIx],
        place: &[StateIx],
    ) -> Result<(), Halt<D::Need>> {
        let new = self.definition;
        let before = std::mem::take(&mut self.work.detail.passed);
        let around = inside.iter().flat_map(|&ix| way.old.upwards(ix)).map(|ix| &way.old.state(ix).path);
        let stays = around.filter(|path| before.contains(*path)).flat_map(|path| way.mapping.image(path));
        let mut still: BTreeSet<StateIx> = stays.filter_map(|path| new.find(&path)).collect();
        // Under its own name too: a mapping of where instances are does not undo where they have been.
        let known = before.iter().flat_map(|path| way.mapping.image(path)).chain(before.iter().cloned());
        let is_final = |ix: &StateIx| new.state(*ix).no_return.is_some();
        let mut passed: BTreeSet<StateIx> = known.filter_map(|path| new.find(&path)).filter(is_final).collect();
        // What it comes to be in only now it has not left.
        let here = place.iter().flat_map(|&ix| new.upwards(ix)).filter(is_final);
        still.extend(here.filter(|ix| passed.insert(*ix)).collect::<Vec<_>>());
        self.work.detail.passed = passed.into_iter().map(|ix| new.state(ix).path.clone()).collect();
        match self.left_behind(place, &still) {
            None => Ok(()),
            Some(why) => Err(unfit("no_return", why).into()),
        }
    }

    /// Where it was left in states that an arrow leads back into, as far as there are such states and it may be there; the
    /// states of which that is forgotten.
    pub(super) fn carry_history(&mut self, way: Way<'_>, within: &BTreeSet<StateIx>) -> Vec<Arc<str>> {
        let new = self.definition;
        let mut forgotten = Vec::new();
        let mut history = BTreeMap::new();
        for (path, leaves) in std::mem::take(&mut self.work.detail.history) {
            let around =
                way.mapping.image(&path).iter().find_map(|to| new.find(to)).filter(|&ix| new.state(ix).remembered);
            let images = leaves.iter().flat_map(|leaf| way.mapping.image(leaf));
            let to: Option<Vec<StateIx>> = images.map(|to| new.find(&to).filter(|ix| within.contains(ix))).collect();
            match (around, to) {
                (Some(around), Some(to)) if to.iter().all(|&ix| new.is_within(ix, around)) => {
                    let paths = to.iter().map(|&ix| new.state(ix).path.clone()).collect();
                    history.insert(new.state(around).path.clone(), paths);
                }
                _ => forgotten.push(path),
            }
        }
        self.work.detail.history = history;
        forgotten
    }
}

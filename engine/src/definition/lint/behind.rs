//! What is behind an approval, and who is asked again there about what is changed.
//!
//! The approval itself asks again; so does another that somebody made to ask about changes. One that was to come anyway, on the way
//! of a document that nobody has changed, asks its own people, and not those whose word it stands on: it is on the *line*. Where a
//! document is a draft again, as it was before anybody was asked, whoever is asked next is asked anew.
//!
//! Of a call `done` does not say how it was decided. Where it can be come to again, an event may as well belong to a draft that was
//! sent back, and is not found, unless every `done` leads there.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::definition::chart::{DONE, Definition, OUTCOMES, StateIx, StateKind};

use super::asked::Asked;
use super::movers::{Mover, Movers};
use super::roads::{Road, Roads, Seen, arrives};
use super::steps::{beside, is_leaf, states};

/// What does not hang on the approval.
pub(super) struct Map<'m, 'd> {
    pub(super) roads: &'m Roads<'d>,
    pub(super) movers: &'m Movers<'d>,
    pub(super) asked: &'m Asked,
    /// Where an instance may be before anybody was asked.
    early: Seen,
    /// The arrows by which somebody brings what is written.
    bringing: BTreeSet<usize>,
    /// Whether anything is taken from a field that was written so.
    carries: bool,
}

impl<'m, 'd> Map<'m, 'd> {
    pub(super) fn of(roads: &'m Roads<'d>, movers: &'m Movers<'d>, asked: &'m Asked) -> Self {
        let definition = roads.definition;
        // Where regions have ended in one of which people are asked, they were.
        let asks = |around| states(definition).any(|ix| asked.about_any(ix) && definition.is_within(ix, around));
        let takes = |road: &Road<'d>| !(road.ends_regions(definition) && asks(road.owner));
        let mut early = roads.forward(roads.starts(), |ix| !asked.about_any(ix), takes);
        states(definition).filter(|&ix| !is_leaf(definition, ix)).for_each(|ix| early[ix.0] = false);
        let brings = |mover: &&Mover<'_>| !mover.brought.is_empty() && mover.is_sent(definition);
        let bringing = movers.all.iter().filter(brings).map(|mover| mover.step.arrow.ix.0).collect();
        let carries = movers.all.iter().any(Mover::carries);
        Self { roads, movers, asked, early, bringing, carries }
    }

    const fn definition(&self) -> &'d Definition {
        self.roads.definition
    }
}

/// A step that writes a field by what another has brought.
pub(super) struct Carried {
    pub(super) mover: usize,
    pub(super) field: usize,
    /// Whether the document is a draft again.
    pub(super) draft: bool,
    pub(super) by: usize,
}

/// What is behind an approval.
pub(super) struct Behind<'m, 'd> {
    map: &'m Map<'m, 'd>,
    pub(super) at: StateIx,
    /// Where an instance may be once the approval was given, and before it is asked for again.
    behind: Seen,
    /// Where it may be at the same time.
    beside: Vec<StateIx>,
    /// Of that behind it, where the document is a draft again.
    drafts: Seen,
    /// Where it comes without anybody changing anything.
    line: Seen,
    /// From where it may come to a good end unasked, by the class of what was changed.
    ends: BTreeMap<(usize, bool), Rc<Seen>>,
}

impl<'m, 'd> Behind<'m, 'd> {
    pub(super) fn of(map: &'m Map<'m, 'd>, at: StateIx) -> Self {
        let beside = beside(map.definition(), at);
        map.roads.look(if beside.is_empty() { 1 } else { map.definition().states.len() });
        let given = given(map, at);
        let from = given.iter().chain(&beside).copied();
        let mut behind = map.roads.forward(from, |ix| ix != at, |_| true);
        let drafts = drafts(map, at, &behind, &beside);
        if matches!(map.definition().state(at).kind, StateKind::Call(_)) {
            leave_uncertain(map, at, &mut behind);
        }
        let still = |road: &Road<'d>| !map.bringing.contains(&road.arrow.ix.0);
        let mut line = map.roads.forward(given, |ix| ix != at && !drafts[ix.0], still);
        beside.iter().for_each(|ix| line[ix.0] = false);
        Self { map, at, behind, beside, drafts, line, ends: BTreeMap::new() }
    }

    /// Whether the document is a draft again in a state.
    pub(super) fn is_draft(&self, ix: StateIx) -> bool {
        self.drafts[ix.0]
    }

    /// The steps that people bring something by, behind the approval; of forms those beside it alone: what a form behind it asks
    /// for is found then, and was not there to be approved.
    pub(super) fn later(&self) -> Vec<usize> {
        let (definition, all) = (self.map.definition(), &self.map.movers.all);
        let brings = |mover: &usize| !all[*mover].brought.is_empty();
        let sent = states(definition).filter(|ix| self.behind[ix.0]).flat_map(|ix| self.map.movers.at(ix));
        let sent = sent.copied().filter(|&mover| all[mover].is_sent(definition));
        let filled = self.beside.iter().flat_map(|&ix| self.map.movers.at(ix)).copied();
        let filled = filled.filter(|&mover| all[mover].is_filled(definition));
        sent.chain(filled).filter(brings).collect()
    }

    /// Whether an instance may come to a good end by a step without anybody being asked about a field, who was not to be asked
    /// anyway.
    pub(super) fn unasked(&mut self, mover: usize, field: usize, draft: bool) -> bool {
        let map = self.map;
        let mover = &map.movers.all[mover];
        let free = arrives(&mover.to, mover.one, |ix| self.stops(ix, field, draft));
        if free.is_empty() {
            return false;
        }
        let ends = self.ends(field, draft);
        free.iter().any(|to| ends[to.0])
    }

    /// Whether people are asked again about a field in a state.
    fn stops(&self, ix: StateIx, field: usize, draft: bool) -> bool {
        ix == self.at || (self.map.asked.surely(ix, field) && (draft || !self.line[ix.0]))
    }

    /// From where a good end may be come to unasked.
    fn ends(&mut self, field: usize, draft: bool) -> Rc<Seen> {
        let key = (self.map.asked.class(field), draft);
        if let Some(known) = self.ends.get(&key) {
            return known.clone();
        }
        let again = if draft || !self.drafts.contains(&true) { None } else { Some(self.ends(field, true)) };
        let stops = |ix| self.stops(ix, field, draft);
        // What comes to a draft goes on as one.
        let drafts = states(self.map.definition())
            .filter(|ix| self.drafts[ix.0] && again.as_ref().is_some_and(|again| again[ix.0]));
        let passes = |ix: StateIx| !stops(ix) && (draft || !self.drafts[ix.0]);
        let takes = |road: &Road<'d>| !arrives(&road.to, road.one, stops).is_empty();
        let found = Rc::new(self.map.roads.backward(self.map.roads.ends().chain(drafts), passes, takes));
        self.ends.insert(key, found.clone());
        found
    }

    /// The steps behind some that write fields by what those have brought, before anybody is asked about that: the engine's own,
    /// too.
    pub(super) fn carried(&self, later: &[usize]) -> Vec<Carried> {
        let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
        if !self.map.carries {
            return found;
        }
        for &by in later {
            let mover = &self.map.movers.all[by];
            let draft = self.drafts[mover.step.leaf.0];
            let mut todo: Vec<_> =
                mover.brought.iter().flat_map(|&field| self.goes(&mover.to, mover.one, field, draft)).collect();
            while let Some(place) = todo.pop() {
                if !self.map.roads.is_spent() && seen.insert(place) {
                    self.go_on(place, by, &mut todo, &mut found);
                }
            }
        }
        found
    }

    /// Where what was brought goes from a place, and what is taken from it there.
    fn go_on(&self, place: Place, by: usize, todo: &mut Vec<Place>, found: &mut Vec<Carried>) {
        let (ix, field, draft) = place;
        let Map { roads, movers, .. } = self.map;
        for &mover in movers.at(ix) {
            let step = &movers.all[mover];
            for &field in step.by(field) {
                found.push(Carried { mover, field, draft, by });
                todo.extend(self.goes(&step.to, step.one, field, draft));
            }
        }
        for road in roads.from(ix) {
            roads.look(1);
            todo.extend(self.goes(&road.to, road.one, field, draft));
        }
        roads.look(1 + movers.at(ix).len());
        todo.extend(roads.up(ix).map(|up| (up, field, draft)));
    }

    /// Where a field comes by an arrow that leads to some states.
    fn goes(&self, to: &[StateIx], one: bool, field: usize, draft: bool) -> Vec<Place> {
        let free = arrives(to, one, |ix| self.stops(ix, field, draft));
        free.into_iter().map(|&ix| (ix, field, draft || self.drafts[ix.0])).collect()
    }
}

/// Where a field has come that somebody has changed, and whether the document is a draft again.
type Place = (StateIx, usize, bool);

/// Where an approval leads once it is given; a call, once it is done.
fn given(map: &Map<'_, '_>, at: StateIx) -> Vec<StateIx> {
    let (event, around) = match map.definition().state(at).kind {
        StateKind::Call(_) => (DONE, 1),
        _ => (OUTCOMES[0], usize::MAX),
    };
    let roads = map.definition().upwards(at).take(around).flat_map(|up| map.roads.from(up));
    let given = roads.filter(|road| road.event.is_some_and(|known| **known == *event));
    given.flat_map(|road| road.to.iter().copied()).collect()
}

/// Leaves out of what is behind a call from where it can be come to again, but for where every `done` leads to.
fn leave_uncertain(map: &Map<'_, '_>, at: StateIx, behind: &mut [bool]) {
    let definition = map.definition();
    let first = definition.state(at).on.get(DONE).and_then(|arrows| arrows.first());
    let always = first.filter(|arrow| arrow.guard.is_none());
    let always = map.roads.from(at).filter(|road| always.is_some_and(|arrow| arrow.ix == road.arrow.ix));
    let stays = |ix: StateIx| definition.upwards(ix).all(|up| definition.state(up).always.is_empty());
    let certain: BTreeSet<StateIx> = always.flat_map(|road| road.to.iter().copied()).filter(|&ix| stays(ix)).collect();
    let again = map.roads.backward([at], |_| true, |_| true);
    for ix in states(definition).filter(|ix| again[ix.0] && !certain.contains(ix)) {
        behind[ix.0] = false;
    }
}

/// Where the document is a draft again behind an approval: as it was before anybody was asked, and on its way to the approval.
fn drafts(map: &Map<'_, '_>, at: StateIx, behind: &[bool], beside: &[StateIx]) -> Seen {
    let all = states(map.definition());
    let mut found: Seen = all.map(|ix| map.early[ix.0] && behind[ix.0]).collect();
    beside.iter().for_each(|ix| found[ix.0] = false);
    if found.contains(&true) {
        let leads = map.roads.backward([at], |_| true, |road| !road.declines());
        found.iter_mut().zip(leads).for_each(|(draft, leads)| *draft &= leads);
    }
    found
}

//! A step's seats: named when it first opens, and changed only by reconciling (approvals.md section 4).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::crowd::Crowd;
use super::event::Position;
use super::facts::Facts;
use super::frame::Frame;
use super::organisation::{Ix, Organisation};
use super::place::{ByPlace, Found};
use super::resolve::{MANY, Named, resolve};
use super::resolver::Resolver;
use super::review::{Definition, NamedBy, Resolved, Review, Seat, StepState};
use super::seating::Seats;
use super::words::{Status, Stuck};
use crate::ids::PersonId;

/// Why a step is reconciled, and so what it spares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A vacancy, a standing problem, a changed organisation, or the first opening (sections 4.1, 4.2).
    Ordinary,
    /// An edit of a field that the resolvers read (section 4.3).
    Edit,
}

/// Resolves the step anew and brings its seats in line.
pub(super) fn reconcile(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, cause: Cause) {
    let step = &review.steps[place];
    let first = step.seats.is_empty() && step.aside.is_empty();
    let crowd = first.then(|| crowd(review, frame, facts, place)).flatten();
    if let Some(seats) = crowd.and_then(|crowd| crowd.seats(frame.org, review.next_id, facts.kept_out(place))) {
        review.next_id += u32::try_from(seats.len()).unwrap_or(u32::MAX);
        review.steps[place].seats = seats;
        resolved(review, frame, place, cause, None);
        return;
    }
    let resolution = resolve(frame, facts, &review.subject, place, &facts.definitions[place]);
    if first {
        // Each is named once, and may act: there is nothing to compare.
        let seats: Vec<Seat> = resolution.named.iter().map(|one| Seat::of(review.mint(), one, frame)).collect();
        review.steps[place].seats = seats.into();
    } else {
        bring_in_line(review, frame, facts, place, &resolution.named, cause);
    }
    resolved(review, frame, place, cause, resolution.problem);
    if !first {
        mark_vacant(review, frame, facts, place);
    }
}

/// Whom a step asks that asks a role which many hold, and nobody else.
fn crowd<'f>(review: &Review, frame: &Frame<'f>, facts: &Facts, place: usize) -> Option<&'f Arc<Crowd>> {
    let [Resolver::Role { role, unit }] = &facts.definitions[place].who[..] else { return None };
    frame.org.crowd(unit.of(&review.subject)?, role)
}

/// Where some of a crowd may not act any more, notes that and reconciles, which is no more than that they come last; true if it was
/// so, and all else is to be looked at by [`mark_vacant`].
pub(super) fn leave(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> bool {
    let Some(seats) = left(review, frame, facts, place) else { return false };
    review.steps[place].seats = seats;
    resolved(review, frame, place, Cause::Ordinary, None);
    true
}

fn left(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> Option<Seats> {
    let step = &review.steps[place];
    let members = step.seats.members(frame.org.built())?;
    let silent = facts.silent(review, frame, place)?;
    let voted = |&at: &usize| facts.vote_of_seat(review, members.seat(at)).is_some();
    if silent.is_empty() || !step.aside.is_empty() || silent.iter().any(voted) {
        return None;
    }
    // Whoever may act again is given a seat.
    let crowd = crowd(review, frame, facts, place)?;
    let same = members.come_from(crowd) && members.lack_only(facts.kept_out(place));
    same.then(|| members.left_by(&silent)).flatten().map(Seats::of)
}

/// Notes when and with what problem the step was resolved.
fn resolved(review: &mut Review, frame: &Frame<'_>, place: usize, cause: Cause, problem: Option<Stuck>) {
    let added = review.steps[place].is_added();
    let step = &mut review.steps[place];
    step.resolved = Some(Resolved { version: review.subject.version(), revision: frame.org.revision() });
    if cause == Cause::Edit && !added {
        step.repaired = false;
    }
    // After a repair a problem returns only with an edit (section 10).
    step.problem = problem.filter(|_| !step.repaired);
}

/// Seats that there are, and those who are named now.
fn bring_in_line(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, all: &[Named], cause: Cause) {
    let named = Names::of(all);
    remove(review, frame, facts, place, &named, cause);
    let mut seated = Seated::of(review, frame, place, all.len());
    // Seats that return come first: their holders may be named themselves.
    for one in all {
        take_back(review, frame, facts, place, one, &mut seated);
    }
    for one in all {
        give(review, frame, facts, place, one, &mut seated);
    }
    let step = &mut review.steps[place];
    let covering = |seat: &Seat| named.find(frame, seat).is_some_and(|(_, one)| one.covering);
    if step.seats.iter().any(|seat| seat.covering != covering(seat)) {
        for seat in step.seats.changing() {
            seat.covering = covering(seat);
        }
    }
    // In the resolvers' order; who is not named any more comes after them.
    let rank = |seat: &Seat| {
        let by = named.find(frame, seat).filter(|_| seat.named_by != NamedBy::Repair);
        by.map_or(usize::MAX, |(at, _)| at)
    };
    if !step.seats.iter().is_sorted_by_key(rank) {
        step.seats.changing().sort_by_cached_key(rank);
    }
}

/// Section 4.1a, and under an edit 4.3: who is no longer named loses the seat, but for what is spared.
fn remove(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, named: &Names<'_>, cause: Cause) {
    let spared = |seat: &Seat| match cause {
        Cause::Edit => false,
        Cause::Ordinary => {
            seat.passed || facts.vote_of_seat(review, seat).is_some() || facts.is_vacant(review, frame, place, seat)
        }
    };
    let loses = |seat: &Seat| seat.named_by != NamedBy::Repair && named.find(frame, seat).is_none() && !spared(seat);
    let goes: Vec<bool> = review.steps[place].seats.iter().map(loses).collect();
    if !goes.contains(&true) {
        return;
    }
    let from = review.votes_from as usize;
    let voted: Vec<u32> = review.votes.iter().skip(from).filter(|v| !v.withdrawn).map(|vote| vote.seat).collect();
    let step = &mut review.steps[place];
    let mut kept = Vec::with_capacity(step.seats.len());
    for (seat, goes) in step.seats.iter().zip(goes) {
        if !goes {
            kept.push(seat.clone());
        } else if voted.contains(&seat.id) {
            step.aside.push(seat.clone());
        }
    }
    step.seats = kept.into();
}

/// Section 4.3: a seat that was put aside with its vote returns when its person is named again; to him, if nobody could act
/// for it.
fn take_back(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, one: &Named, seated: &mut Seated) {
    let mut aside = review.steps[place].aside.iter();
    let Some(at) = aside.position(|seat| frame.org.place_of(seat) == Some(one.ix)) else { return };
    if seated.holds(review, frame, place, one.ix) || seated.stands_for(review, frame, place, one.ix).is_some() {
        return;
    }
    let mut seat = review.steps[place].aside.remove(at);
    seat.named_by = one.by;
    if facts.is_vacant(review, frame, place, &seat) {
        seat.return_to_him();
    }
    seated.add(frame, &seat, review.steps[place].seats.len());
    review.steps[place].seats.changing().push(seat);
}

/// Section 4.1b: a named person without a seat gets the vacant one that stands for him, or a new one.
fn give(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, one: &Named, seated: &mut Seated) {
    if seated.holds(review, frame, place, one.ix) {
        return;
    }
    if let Some(at) = seated.stands_for(review, frame, place, one.ix) {
        if facts.is_vacant(review, frame, place, &review.steps[place].seats[at]) {
            review.steps[place].seats.changing()[at].return_to_him();
            *seated = Seated::of(review, frame, place, seated.named);
        }
        return;
    }
    let seat = Seat::of(review.mint(), one, frame);
    seated.add(frame, &seat, review.steps[place].seats.len());
    review.steps[place].seats.changing().push(seat);
}

/// Whom a step names, found by place. Each is named once, and is in the organisation.
struct Names<'n> {
    all: &'n [Named],
    hashed: Option<HashMap<Ix, usize, ByPlace>>,
}

impl<'n> Names<'n> {
    fn of(all: &'n [Named]) -> Self {
        let hash = || all.iter().enumerate().map(|(at, one)| (one.ix, at)).collect();
        Self { all, hashed: (all.len() >= MANY).then(hash) }
    }

    /// The person for whom the seat stands, and his place among those who are named.
    fn find(&self, frame: &Frame<'_>, seat: &Seat) -> Option<(usize, &'n Named)> {
        let ix = frame.org.place_of(seat)?;
        let at = match &self.hashed {
            Some(hashed) => hashed.get(&ix).copied(),
            None => self.all.iter().position(|one| one.ix == ix),
        }?;
        self.all.get(at).map(|one| (at, one))
    }
}

/// Holders, and by for whom a seat stands its place.
type Hashed = (HashSet<Ix, ByPlace>, HashMap<Ix, usize, ByPlace>);

/// Who holds a seat of a step, and for whom one stands, as far as they are in the organisation: hashed where many are named.
struct Seated {
    named: usize,
    hashed: Option<Hashed>,
}

impl Seated {
    fn of(review: &Review, frame: &Frame<'_>, place: usize, named: usize) -> Self {
        let mut seated = Self { named, hashed: (named >= MANY).then(Default::default) };
        for (at, seat) in review.steps[place].seats.iter().enumerate() {
            seated.add(frame, seat, at);
        }
        seated
    }

    fn add(&mut self, frame: &Frame<'_>, seat: &Seat, at: usize) {
        if let Some((holders, standing)) = &mut self.hashed {
            holders.extend(frame.holders(seat).filter_map(|(_, ix)| ix));
            if let Some(ix) = frame.org.place_of(seat) {
                standing.entry(ix).or_insert(at);
            }
        }
    }

    fn holds(&self, review: &Review, frame: &Frame<'_>, place: usize, who: Ix) -> bool {
        match &self.hashed {
            Some((holders, _)) => holders.contains(&who),
            None => Facts::is_seated(review, frame, place, &frame.org.at(who).id),
        }
    }

    /// The place of the first seat that stands for him.
    fn stands_for(&self, review: &Review, frame: &Frame<'_>, place: usize, who: Ix) -> Option<usize> {
        match &self.hashed {
            Some((_, standing)) => standing.get(&who).copied(),
            None => review.steps[place].seats.iter().position(|seat| frame.org.place_of(seat) == Some(who)),
        }
    }
}

/// Notes which seats are vacant; true if one has become so.
pub(super) fn mark_vacant(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> bool {
    let seats = &review.steps[place].seats;
    let is_other = |at: &usize| facts.is_vacant(review, frame, place, &seats[*at]) != seats[*at].vacant;
    let others: Vec<usize> = match seats.members(frame.org.built()).zip(facts.silent(review, frame, place)) {
        // Of a crowd those alone may be other than they are marked who may not act, or might not before.
        Some((members, silent)) => {
            let before = (members.named()..members.len()).filter(|at| silent.binary_search(at).is_err());
            silent.iter().copied().chain(before).filter(is_other).collect()
        }
        None => (0..seats.len()).filter(is_other).collect(),
    };
    if others.is_empty() {
        return false;
    }
    let seats = review.steps[place].seats.changing();
    let mut became = false;
    for at in others {
        seats[at].vacant = !seats[at].vacant;
        became |= seats[at].vacant;
    }
    became
}

/// Section 4.3: the fields that the resolvers read are no longer as they were when the step was resolved.
pub(super) fn reads_changed(review: &Review, facts: &Facts, place: usize) -> bool {
    let Some(resolved) = review.steps[place].resolved else { return false };
    review.subject.is_changed_since(resolved.version, facts.definitions[place].reads().into_iter())
}

/// Whether a step comes after another because one of them was added: it behind the other, or the other before it.
pub(super) fn is_behind(step: &StepState, other: &StepState) -> bool {
    let added = |one: &StepState, at: Position, to: &StepState| matches!(&one.definition, Definition::Added { beside, position, .. } if *position == at && *beside == to.name);
    added(step, Position::After, other) || added(other, Position::Before, step)
}

/// Whether the step waits for one that was added before it, or was itself added after one that is not approved.
pub(super) fn waits_for_added(review: &Review, place: usize) -> bool {
    let step = &review.steps[place];
    let alone = |beside: &str| review.step(beside).is_none();
    let is_lost =
        matches!(&step.definition, Definition::Added { beside, position: Position::After, .. } if alone(beside));
    is_lost || review.steps.iter().any(|other| is_behind(step, other) && other.status != Status::Approved)
}

impl Seat {
    pub(super) fn new(id: u32, person: PersonId, named_by: NamedBy) -> Self {
        Self {
            id,
            stands_for: person,
            held_by: None,
            delegates: Vec::new(),
            named_by,
            covering: false,
            passed: false,
            vacant: false,
            found: Found::default(),
        }
    }

    /// The seat of somebody whom a step names.
    pub(super) fn of(id: u32, one: &Named, frame: &Frame<'_>) -> Self {
        Self { covering: one.covering, ..Self::named(id, one.ix, one.by, frame.org) }
    }

    /// The seat of somebody who is in the organisation.
    pub(super) fn named(id: u32, ix: Ix, by: NamedBy, org: &Organisation) -> Self {
        Self { found: Found::new(org.built(), ix), ..Self::new(id, org.at(ix).id.clone(), by) }
    }

    /// Whoever it stands for holds it, and nobody else.
    fn return_to_him(&mut self) {
        self.held_by = None;
        self.delegates.clear();
        self.passed = false;
    }
}

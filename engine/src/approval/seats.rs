//! A step's seats: named when it first opens, and changed only by reconciling (approvals.md section 4).

use std::collections::{HashMap, HashSet};

use super::event::Position;
use super::facts::Facts;
use super::frame::Frame;
use super::resolve::{MANY, Named, resolve};
use super::review::{Definition, NamedBy, Resolved, Review, Seat, StepState};
use super::words::Status;
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
    let resolution = resolve(frame, facts, &review.subject, place, &facts.definitions[place]);
    let named = Names::of(&resolution.named);
    remove(review, frame, facts, place, &named, cause);
    let mut seated = Seated::of(review, place, resolution.named.len());
    // Seats that return come first: their holders may be named themselves.
    for one in &resolution.named {
        take_back(review, frame, facts, place, one, &mut seated);
    }
    for one in &resolution.named {
        give(review, frame, facts, place, one, &mut seated);
    }
    let added = review.steps[place].is_added();
    let step = &mut review.steps[place];
    for seat in &mut step.seats {
        seat.covering = named.find(&seat.stands_for).is_some_and(|(_, one)| one.covering);
    }
    // In the resolvers' order; who is not named any more comes after them.
    let rank = |seat: &Seat| {
        let by = named.find(&seat.stands_for).filter(|_| seat.named_by != NamedBy::Repair);
        by.map_or(usize::MAX, |(at, _)| at)
    };
    if !step.seats.is_sorted_by_key(rank) {
        step.seats.sort_by_cached_key(rank);
    }
    step.resolved = Some(Resolved { version: review.subject.version(), revision: frame.org.revision() });
    if cause == Cause::Edit && !added {
        step.repaired = false;
    }
    // After a repair a problem returns only with an edit (section 10).
    step.problem = resolution.problem.filter(|_| !step.repaired);
    mark_vacant(review, frame, facts, place);
}

/// Section 4.1a, and under an edit 4.3: who is no longer named loses the seat, but for what is spared.
fn remove(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, named: &Names<'_>, cause: Cause) {
    let goes: Vec<bool> = review.steps[place]
        .seats
        .iter()
        .map(|seat| {
            let spared = match cause {
                Cause::Edit => false,
                Cause::Ordinary => {
                    seat.passed
                        || facts.vote_of_seat(review, seat).is_some()
                        || facts.is_vacant(review, frame, place, seat)
                }
            };
            seat.named_by != NamedBy::Repair && !spared && named.find(&seat.stands_for).is_none()
        })
        .collect();
    let from = review.votes_from as usize;
    let voted: Vec<u32> = review.votes.iter().skip(from).filter(|v| !v.withdrawn).map(|vote| vote.seat).collect();
    let step = &mut review.steps[place];
    let mut kept = Vec::with_capacity(step.seats.len());
    for (seat, goes) in std::mem::take(&mut step.seats).into_iter().zip(goes) {
        if !goes {
            kept.push(seat);
        } else if voted.contains(&seat.id) {
            step.aside.push(seat);
        }
    }
    step.seats = kept;
}

/// Section 4.3: a seat that was put aside with its vote returns when its person is named again; to him, if nobody could act
/// for it.
fn take_back(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, one: &Named, seated: &mut Seated) {
    let Some(at) = review.steps[place].aside.iter().position(|seat| seat.stands_for == one.id) else { return };
    if seated.holds(review, place, &one.id) || seated.stands_for(review, place, &one.id).is_some() {
        return;
    }
    let mut seat = review.steps[place].aside.remove(at);
    seat.named_by = one.by;
    if facts.is_vacant(review, frame, place, &seat) {
        seat.return_to_him();
    }
    seated.add(&seat, review.steps[place].seats.len());
    review.steps[place].seats.push(seat);
}

/// Section 4.1b: a named person without a seat gets the vacant one that stands for him, or a new one.
fn give(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize, one: &Named, seated: &mut Seated) {
    if seated.holds(review, place, &one.id) {
        return;
    }
    if let Some(at) = seated.stands_for(review, place, &one.id) {
        if facts.is_vacant(review, frame, place, &review.steps[place].seats[at]) {
            review.steps[place].seats[at].return_to_him();
            *seated = Seated::of(review, place, seated.named);
        }
        return;
    }
    let seat = Seat::new(review.mint(), one.id.clone(), one.by);
    seated.add(&seat, review.steps[place].seats.len());
    review.steps[place].seats.push(seat);
}

/// Whom a step names, found by id. Each is named once.
struct Names<'n> {
    all: &'n [Named],
    hashed: Option<HashMap<&'n PersonId, usize>>,
}

impl<'n> Names<'n> {
    fn of(all: &'n [Named]) -> Self {
        let hash = || all.iter().enumerate().map(|(at, one)| (&one.id, at)).collect();
        Self { all, hashed: (all.len() >= MANY).then(hash) }
    }

    /// The person and his place among those who are named.
    fn find(&self, id: &PersonId) -> Option<(usize, &'n Named)> {
        let at = match &self.hashed {
            Some(hashed) => hashed.get(id).copied(),
            None => self.all.iter().position(|one| one.id == *id),
        }?;
        self.all.get(at).map(|one| (at, one))
    }
}

/// Who holds a seat of a step, and for whom one stands: hashed where many are named.
struct Seated {
    named: usize,
    hashed: Option<(HashSet<PersonId>, HashMap<PersonId, usize>)>,
}

impl Seated {
    fn of(review: &Review, place: usize, named: usize) -> Self {
        let mut seated = Self { named, hashed: (named >= MANY).then(Default::default) };
        for (at, seat) in review.steps[place].seats.iter().enumerate() {
            seated.add(seat, at);
        }
        seated
    }

    fn add(&mut self, seat: &Seat, at: usize) {
        if let Some((holders, standing)) = &mut self.hashed {
            holders.extend(seat.holders().iter().cloned());
            standing.entry(seat.stands_for.clone()).or_insert(at);
        }
    }

    fn holds(&self, review: &Review, place: usize, who: &PersonId) -> bool {
        match &self.hashed {
            Some((holders, _)) => holders.contains(who),
            None => Facts::is_seated(review, place, who),
        }
    }

    /// The place of the first seat that stands for him.
    fn stands_for(&self, review: &Review, place: usize, who: &PersonId) -> Option<usize> {
        match &self.hashed {
            Some((_, standing)) => standing.get(who).copied(),
            None => review.steps[place].seats.iter().position(|seat| seat.stands_for == *who),
        }
    }
}

/// Notes which seats are vacant; true if one has become so.
pub(super) fn mark_vacant(review: &mut Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> bool {
    let seats = &review.steps[place].seats;
    let vacant: Vec<bool> = seats.iter().map(|seat| facts.is_vacant(review, frame, place, seat)).collect();
    let mut became = false;
    for (seat, vacant) in review.steps[place].seats.iter_mut().zip(vacant) {
        became |= vacant && !seat.vacant;
        seat.vacant = vacant;
    }
    became
}

/// Section 4.3: the fields that the resolvers read are no longer as they were when the step was resolved.
pub(super) fn reads_changed(review: &Review, facts: &Facts, place: usize) -> bool {
    let Some(resolved) = review.steps[place].resolved else { return false };
    let reads = facts.definitions[place].reads();
    review.subject.changed_since(resolved.version).any(|(field, _)| reads.contains(&**field))
}

/// Whether the step waits for one that was added before it, or was itself added after one that is not approved.
pub(super) fn waits_for_added(review: &Review, place: usize) -> bool {
    let step = &review.steps[place];
    let approved = |name: &str| review.step(name).is_some_and(|other| other.status == Status::Approved);
    let after = match &step.definition {
        Definition::Added { beside, position: Position::After, .. } => !approved(beside),
        _ => false,
    };
    let before = |other: &StepState| matches!(&other.definition, Definition::Added { beside, position: Position::Before, .. } if *beside == step.name);
    after || review.steps.iter().any(|other| before(other) && other.status != Status::Approved)
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
        }
    }

    /// Whoever it stands for holds it, and nobody else.
    fn return_to_him(&mut self) {
        self.held_by = None;
        self.delegates.clear();
        self.passed = false;
    }
}

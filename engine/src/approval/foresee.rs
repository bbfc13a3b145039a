//! Whom every step of a plan asks, or would ask, and why: before anybody has answered.
//!
//! It binds nothing (approvals.md section 3.7): a step that waits is resolved when it opens, by what holds then.

use std::collections::HashSet;
use std::sync::Arc;

use super::amounts::Rates;
use super::facts::Facts;
use super::frame::Frame;
use super::organisation::{Ix, Organisation};
use super::policy::{PLAN, Policy};
use super::quorum::need;
use super::resolve::{Named, above, in_field, resolve};
use super::resolver::{ChainStart, Resolver, UnitOf};
use super::review::{Definition, NamedBy, Review, Seat, StepState};
use super::seats::is_behind;
use super::standing::{Standing, way};
use super::step::{EscalateTo, Quorum, RungAct, Step};
use super::timers::due_of;
use super::view::why_asked;
use super::words::{Status, Stuck};
use crate::calendar::Wait;
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// A step of the plan, with whom it asks or would ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The step.
    pub step: Arc<str>,
    /// Equal ones are asked side by side, the next when the lower are approved.
    pub order: i64,
    /// Where it stands.
    pub status: Status,
    /// The plan that the workflow has chosen, if it chooses.
    pub plan: Option<Arc<str>>,
    /// The row of the policy's table that asks for it, from 0.
    pub row: Option<u32>,
    /// How many must approve.
    pub quorum: Quorum,
    /// The same as a number, of the seats that there are.
    pub need: i64,
    /// How many seats there are.
    pub seats: usize,
    /// Whether they are asked one after another.
    pub one_by_one: bool,
    /// The steps that must be approved before.
    pub after: Vec<Arc<str>>,
    /// When it opened; `None`: it waits.
    pub opened: Option<Timestamp>,
    /// By when people are asked to have decided it.
    pub due: Option<Timestamp>,
    /// Who may act in it, in order: each holder, and behind him whoever stands in for him.
    pub people: Vec<Standing>,
    /// What time does to it.
    pub rungs: Vec<LateRung>,
    /// Whom its rules name, and who may not act all the same.
    pub passed_over: Vec<PassedOver>,
    /// What would stop it.
    pub problem: Option<Stuck>,
    /// Whether that is that a chain has come to its end and nobody's limit covers the amount.
    pub over_limits: bool,
}

/// What happens to a step that takes too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateRung {
    /// When; `None`: the step waits, or there is no such instant.
    pub at: Option<Timestamp>,
    /// How long after its opening, as it is written.
    pub after: String,
    /// What.
    pub act: RungAct,
    /// Of an escalation: to whom.
    pub to: Option<EscalateTo>,
}

/// Somebody whom a rule names and who is not asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// Who.
    pub person: PersonId,
    /// Why not, as the rest of a sentence that begins with the person: "is not active on 2026-03-02".
    pub why: String,
}

/// Every step of the plan in its order, of a review that was brought up to `at`.
#[must_use]
pub fn foresee(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
) -> Vec<Foreseen> {
    let frame = Frame::new(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let all = review.steps.iter().enumerate();
    all.map(|(place, step)| of_step(review, &frame, &facts, place, step)).collect()
}

/// Whether the row stands for a plan that is chosen by its name.
fn is_plan(policy: &Policy, row: u32) -> bool {
    let row = policy.table.as_ref().and_then(|table| table.rows.get(usize::try_from(row).ok()?));
    row.is_some_and(|row| row.when.plan.is_some())
}

fn of_step(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, step: &StepState) -> Foreseen {
    let definition = &facts.definitions[place];
    let (seats, problem) = seats(review, frame, facts, place, step);
    let opened = Some(step.opened).filter(|_| step.status != Status::Waiting);
    let before =
        |(at, other): &(usize, &StepState)| facts.definitions[*at].order < definition.order || is_behind(step, other);
    let base = seats.iter().filter(|seat| !facts.is_vacant(review, frame, place, seat)).count();
    Foreseen {
        step: Arc::clone(&step.name),
        order: definition.order,
        status: step.status,
        plan: review.subject.get(PLAN).text().map(Into::into),
        row: match step.definition {
            // Plans are kept as rows of a table that no file has.
            Definition::Row(row, _) => Some(row).filter(|row| !is_plan(frame.policy, *row)),
            Definition::Step(_) | Definition::Added { .. } => None,
        },
        quorum: definition.quorum,
        need: need(definition.quorum, i64::try_from(base).unwrap_or(i64::MAX)),
        seats: base,
        one_by_one: definition.one_by_one(),
        after: review.steps.iter().enumerate().filter(before).map(|(_, step)| Arc::clone(&step.name)).collect(),
        opened,
        due: opened.and_then(|_| due_of(review, frame.policy, &step.name)),
        people: seats.iter().flat_map(|seat| people(review, frame, facts, place, (seat, &seats))).collect(),
        rungs: definition.late.iter().map(|late| rung(frame.policy, opened, late)).collect(),
        over_limits: is_over_limits(definition, problem, &seats),
        passed_over: if step.is_added() { Vec::new() } else { passed_over(review, frame, facts, place, definition) },
        problem,
    }
}

/// Whether a step is stuck since a chain names people, and nobody's limit covers the amount.
pub(crate) fn is_over_limits<'s>(
    asks: &Step,
    problem: Option<Stuck>,
    seats: impl IntoIterator<Item = &'s Seat>,
) -> bool {
    let is_chain = |by: NamedBy| match by {
        NamedBy::First => matches!(asks.who.first(), Some(Resolver::Chain { .. })),
        NamedBy::Who(at) => matches!(asks.who.get(at as usize), Some(Resolver::Chain { .. })),
        _ => false,
    };
    let mut named = seats.into_iter().filter(|seat| is_chain(seat.named_by)).peekable();
    problem == Some(Stuck::Nobody) && named.peek().is_some() && named.all(|seat| !seat.covering)
}

/// The step's seats; of one that was never open those that it would have.
fn seats(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    place: usize,
    step: &StepState,
) -> (Vec<Seat>, Option<Stuck>) {
    if step.resolved.is_some() {
        return (step.seats.iter().cloned().collect(), step.problem);
    }
    let found = resolve(frame, facts, &review.subject, place, &facts.definitions[place]);
    // No vote has the number of a seat that is not there yet.
    let seat = |(id, named): (u32, &Named)| Seat::of(u32::MAX - id, named, frame);
    ((0..).zip(&found.named).map(seat).collect(), found.problem)
}

/// The holders of a seat who may act, each with those who stand in for him.
fn people(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    place: usize,
    (seat, all): (&Seat, &[Seat]),
) -> Vec<Standing> {
    let why = why_asked(review, frame, facts, place, seat);
    let seated = |id: &PersonId| all.iter().any(|seat| seat.holders().contains(id));
    let mut people = Vec::new();
    for holder in seat.holders() {
        let Some(ix) = frame.org.ix(holder).filter(|ix| facts.eligible(frame, place, *ix)) else { continue };
        people.push(Standing { person: holder.clone(), on_behalf_of: None, seat: why.clone(), through: Vec::new() });
        let trail = facts.trail(review, frame, place, seat, ix);
        let others = trail.iter().skip(1).map(|met| &frame.org.at(met.ix).id).filter(|id| !seated(id));
        people.extend(others.map(|id| Standing {
            person: id.clone(),
            on_behalf_of: Some(holder.clone()),
            seat: why.clone(),
            through: way(frame, &trail, id),
        }));
    }
    people
}

fn rung(policy: &Policy, opened: Option<Timestamp>, late: &super::step::Rung) -> LateRung {
    let wait = Wait::of(late.after_hours, late.after);
    LateRung {
        at: opened.and_then(|opened| policy.due(opened, wait)),
        after: wait.map_or_else(String::new, |wait| wait.to_string()),
        act: late.act,
        to: (late.act == RungAct::Escalate).then(|| late.to.clone()),
    }
}

/// Whom the step's own rules name and who is not eligible, once each, in order.
fn passed_over(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, step: &Step) -> Vec<PassedOver> {
    let mut all: Vec<PassedOver> = Vec::new();
    let mut told: HashSet<PersonId> = HashSet::new();
    let mut add = |person: &PersonId, why: String| {
        if told.insert(person.clone()) {
            all.push(PassedOver { person: person.clone(), why });
        }
    };
    let eligible = |ix: Ix| facts.eligible(frame, place, ix);
    for resolver in &step.who {
        let named = named(review, frame, resolver, &eligible);
        for id in named.unknown {
            add(id, "is not in the organisation".to_owned());
        }
        for ix in named.people.into_iter().filter(|&ix| !eligible(ix)) {
            add(&frame.org.at(ix).id, why_not(review, frame, facts, place, ix));
        }
    }
    all
}

/// Whom a resolver looks at.
#[derive(Default)]
struct Looked<'a> {
    people: Vec<Ix>,
    unknown: Vec<&'a PersonId>,
}

fn named<'a>(
    review: &'a Review,
    frame: &Frame<'a>,
    resolver: &'a Resolver,
    eligible: &impl Fn(Ix) -> bool,
) -> Looked<'a> {
    let listed = |ids: &'a [PersonId]| Looked {
        people: ids.iter().filter_map(|id| frame.org.ix(id)).collect(),
        unknown: ids.iter().filter(|id| frame.org.ix(id).is_none()).collect(),
    };
    let subject = &review.subject;
    match resolver {
        Resolver::Person(ids) => listed(ids),
        Resolver::Field(field) => Looked { people: in_field(frame, subject, field).collect(), unknown: Vec::new() },
        Resolver::Role { role, unit } => {
            let unit = match unit {
                UnitOf::Unit(unit) => Some(&**unit),
                UnitOf::Field(field) => subject.get(field).text(),
            };
            unit.map_or_else(Looked::default, |unit| listed(frame.org.role(unit, role)))
        }
        Resolver::Manager { of, levels } => {
            let climb = |start| until(above(frame, start, *levels), eligible);
            Looked { people: in_field(frame, subject, of).flat_map(climb).collect(), unknown: Vec::new() }
        }
        Resolver::Chain { of, start } => {
            let ends = |ix: Ix| eligible(ix) && frame.limit_covers(subject, ix) != Some(false);
            let climb = |from: Ix| {
                let own = (*start == ChainStart::Own).then_some(from);
                until(own.into_iter().chain(above(frame, from, 1)), &ends)
            };
            Looked { people: in_field(frame, subject, of).flat_map(climb).collect(), unknown: Vec::new() }
        }
    }
}

/// Up to the first that `ends` it, that one included.
fn until(all: impl IntoIterator<Item = Ix>, ends: &impl Fn(Ix) -> bool) -> Vec<Ix> {
    let mut met = Vec::new();
    for ix in all {
        met.push(ix);
        if ends(ix) {
            break;
        }
    }
    met
}

fn why_not(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, ix: Ix) -> String {
    let id = &frame.org.at(ix).id;
    if !frame.active(ix) {
        return format!("is not active on {}", frame.date);
    }
    if !facts.excluded.contains(id) {
        debug_assert!(facts.is_shut_out(place, id), "who is eligible was not passed over");
        return "had a part in a step that needs other people than this one".to_owned();
    }
    let holds = |field: &&Arc<str>| match &***field {
        "editors" => review.editors.contains(id),
        field => review.subject.get(field).people().any(|one| one == id.as_str()),
    };
    match frame.policy.never.iter().find(holds) {
        Some(field) if **field == *"editors" => "has changed the document, and may not decide about it".to_owned(),
        Some(field) => format!("is the person in the field `{field}`, who may not decide here"),
        None => "stands in for somebody who may not decide here".to_owned(),
    }
}

//! What people see of a review (approvals.md sections 2, 5 and 3.7), and the rows that are kept about it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::Rates;
use super::facts::Facts;
use super::frame::Frame;
use super::organisation::Organisation;
use super::policy::Policy;
use super::questions::SeenQuestion;
use super::resolve::resolve;
use super::resolver::Resolver;
use super::review::{NamedBy, Review, Seat, StepState};
use super::voice::askable;
use super::words::{State, Status, Stuck, VoteKind, Why};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::money::Money;

/// A review as it stands at an instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// The state.
    pub state: State,
    /// Why.
    pub why: Why,
    /// The round.
    pub round: u32,
    /// The document's version.
    pub document: u32,
    /// The organisation's revision.
    pub organisation: u64,
    /// The steps, in plan order.
    pub steps: Vec<(Arc<str>, Status)>,
    /// Who may act now: in plan order, then by person, then by whom they act for.
    pub open: Vec<OpenVoice>,
    /// The votes that count, by step, person, and whom they are for.
    pub counting: Vec<CountingVote>,
    /// Who watches.
    pub watchers: Vec<PersonId>,
    /// Who says that he is looking at an open step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub looking: Vec<SeenLooking>,
    /// What was asked and answered, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub questions: Vec<SeenQuestion>,
}

/// Somebody says that he is looking at an open step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SeenLooking {
    /// The step.
    pub step: Arc<str>,
    /// Who.
    pub person: PersonId,
    /// Since when; RFC 3339 where people read it.
    #[serde(serialize_with = "as_text")]
    pub since: Timestamp,
}

fn as_text<S: serde::Serializer>(at: &Timestamp, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(at)
}

/// Somebody who may act.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OpenVoice {
    /// The step.
    pub step: Arc<str>,
    /// Who.
    pub person: PersonId,
    /// For whom, if not for himself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
}

/// A vote that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct CountingVote {
    /// The step.
    pub step: Arc<str>,
    /// Who voted.
    pub person: PersonId,
    /// For whom, if not for himself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// Which way.
    pub vote: VoteKind,
    /// The step of the vote really cast, if this one was carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried_from: Option<Arc<str>>,
}

fn frame_of<'a>(policy: &'a Policy, org: &'a Organisation, rates: &'a Rates, at: Timestamp) -> Frame<'a> {
    Frame::new(policy, org, rates, at)
}

/// The places of the open steps of a live review.
pub(super) fn open_steps(review: &Review) -> impl Iterator<Item = usize> + '_ {
    let live = review.state.is_live();
    let open = review.steps.iter().enumerate().filter(move |(_, step)| live && step.status == Status::Open);
    open.map(|(place, _)| place)
}

/// The view of a review that was brought up to `at`.
#[must_use]
pub fn view(review: &Review, policy: &Policy, organisation: &Organisation, rates: &Rates, at: Timestamp) -> View {
    let frame = frame_of(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let mut open = Vec::new();
    for place in open_steps(review) {
        let step = &review.steps[place].name;
        let mut here: Vec<OpenVoice> = askable(review, &frame, &facts, place)
            .into_iter()
            .map(|(_, person, holder)| {
                let on_behalf_of = Some(holder).filter(|holder| *holder != person);
                OpenVoice { step: Arc::clone(step), person, on_behalf_of }
            })
            .collect();
        here.sort();
        here.dedup();
        open.append(&mut here);
    }
    let mut counting: Vec<CountingVote> = facts
        .votes(review)
        .map(|(_, vote)| CountingVote {
            step: step_name(review, vote.step),
            person: vote.author.clone(),
            on_behalf_of: vote.holder.clone(),
            vote: vote.kind,
            carried_from: vote.carried.map(|origin| {
                let origin = review.votes.get(origin as usize).map_or(vote.step, |origin| origin.step);
                step_name(review, origin)
            }),
        })
        .collect();
    counting.sort();
    View {
        state: review.state,
        why: review.why.clone(),
        round: review.round,
        document: review.subject.version(),
        organisation: organisation.revision(),
        steps: review.steps.iter().map(|step| (Arc::clone(&step.name), step.status)).collect(),
        open,
        counting,
        watchers: review.watchers.iter().cloned().collect(),
        looking: open_steps(review)
            .flat_map(|place| {
                let StepState { id, name, .. } = &review.steps[place];
                let here = review.looking.iter().filter(move |one| one.step == *id);
                here.map(|one| SeenLooking { step: Arc::clone(name), person: one.person.clone(), since: one.since })
            })
            .collect(),
        questions: review.questions.iter().map(SeenQuestion::from).collect(),
    }
}

fn step_name(review: &Review, id: u32) -> Arc<str> {
    review.step_by_id(id).map_or_else(|| "".into(), |step| Arc::clone(&step.name))
}

/// The eligible holders of the open seats and those to whom these have delegated, with their step: an index of who is asked,
/// in which somebody may come twice. Substitutes are not in it.
#[must_use]
pub fn holders(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
) -> Vec<(Arc<str>, PersonId)> {
    let frame = frame_of(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let mut all = Vec::new();
    for step in open_steps(review) {
        let StepState { name, seats, .. } = &review.steps[step];
        for seat in facts.open_seats(review, &frame, step).into_iter().map(|at| &seats[at]) {
            let eligible = frame.holders(seat).filter(|(_, ix)| ix.is_some_and(|ix| facts.eligible(&frame, step, ix)));
            let people = eligible.map(|(who, _)| who).chain(&seat.delegates);
            all.extend(people.map(|who| (Arc::clone(name), who.clone())));
        }
    }
    all
}

/// Why somebody is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhyAsked {
    /// The step.
    pub step: Arc<str>,
    /// The person named.
    pub stands_for: PersonId,
    /// Who holds the seat now.
    pub holders: Vec<PersonId>,
    /// Who may act for the first holder by delegation.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegates: Vec<PersonId>,
    /// The rule that named the person.
    pub rule: Rule,
    /// What the person may approve, as it is compared here: the highest entry of each currency.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Money>,
    /// The chain ends here, since the limit covers.
    pub covering: bool,
    /// It was reassigned or escalated.
    pub passed: bool,
}

/// The rule behind a seat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// An entry of `who`.
    Who(Resolver),
    /// An entry of `fallback`.
    Fallback(Resolver),
    /// An administrator's repair.
    Repair,
    /// Somebody added the step.
    Added,
}

/// For each open seat, why this person is asked.
#[must_use]
pub fn explain_open(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
) -> Vec<WhyAsked> {
    let frame = frame_of(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let mut all = Vec::new();
    for place in open_steps(review) {
        for at in facts.open_seats(review, &frame, place) {
            all.push(why_asked(review, &frame, &facts, place, &review.steps[place].seats[at]));
        }
    }
    all
}

/// The seat of the step at `place`, and the rule that made it.
pub(super) fn why_asked(r: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, seat: &Seat) -> WhyAsked {
    let step = &r.steps[place];
    let definition = &facts.definitions[place];
    let rule = match seat.named_by {
        _ if step.is_added() => Some(Rule::Added),
        NamedBy::First => definition.who.first().cloned().map(Rule::Who),
        NamedBy::Who(at) => definition.who.get(at as usize).cloned().map(Rule::Who),
        NamedBy::Fallback(at) => definition.fallback.get(at as usize).cloned().map(Rule::Fallback),
        NamedBy::Repair => None,
    };
    WhyAsked {
        step: Arc::clone(&step.name),
        stands_for: seat.stands_for.clone(),
        holders: seat.holders().to_vec(),
        delegates: seat.delegates.clone(),
        rule: rule.unwrap_or(Rule::Repair),
        limits: frame.org.place_of(seat).map_or_else(Vec::new, |ix| frame.limits(&r.subject, ix)),
        covering: seat.covering,
        passed: seat.passed,
    }
}

/// Whom a waiting step would ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preview {
    /// The step.
    pub step: Arc<str>,
    /// Who would be asked, in order.
    pub people: Vec<PersonId>,
    /// What would stop it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<Stuck>,
}

/// Resolves the waiting steps too (section 3.7). It binds nothing: a step is resolved when it first opens; one that has been
/// open asks those who hold its seats and have not voted.
#[must_use]
pub fn preview(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
) -> Vec<Preview> {
    let frame = frame_of(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let waiting = review.steps.iter().enumerate().filter(|(_, step)| step.status == Status::Waiting);
    waiting
        .map(|(place, step)| {
            // A step that was open before keeps its seats (section 4.1).
            if step.resolved.is_some() {
                let seats = step.seats.iter().filter(|seat| facts.vote_of_seat(review, seat).is_none());
                let people = seats.flat_map(|seat| seat.holders()).filter(|who| facts.eligible_id(&frame, place, who));
                return Preview {
                    step: Arc::clone(&step.name),
                    people: people.cloned().collect(),
                    problem: step.problem,
                };
            }
            let found = resolve(&frame, &facts, &review.subject, place, &facts.definitions[place]);
            let people = found.named.iter().map(|one| one.id(&frame).clone()).collect();
            Preview { step: Arc::clone(&step.name), people, problem: found.problem }
        })
        .collect()
}

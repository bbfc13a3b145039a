//! A review that comes under other rules: votes are kept only where the rules ask the same of the same people.
//!
//! What must hold: no vote counts under the new rules that was not cast under rules alike, and nothing is decided by the
//! change itself. Whatever does not fit is asked again; its votes stay as history.

use std::sync::Arc;

use super::amounts::Rates;
use super::apply::apply;
use super::event::{Event, Verb};
use super::frame::Frame;
use super::organisation::Organisation;
use super::policy::Policy;
use super::resolve::plan;
use super::review::{Definition, Review, StepState};
use super::rounds::restart;
use super::settle::settle;
use super::step::{RungAct, Step};
use super::words::{State, Why};
use crate::clock::Timestamp;

/// The review by the rules `new`, with its votes, where they ask what `old` asked: of the document as it is the same
/// steps, `renamed` as that says, of the same people with the same quorum. `None`: it must be asked again.
#[must_use]
pub fn succeed(
    review: &Review,
    (old, new): (&Policy, &Policy),
    renamed: &dyn Fn(&str) -> Arc<str>,
    (organisation, rates, at): (&Organisation, &Rates, Timestamp),
) -> Option<Review> {
    if rules(old, renamed) != rules(new, &|name| name.into()) {
        return None;
    }
    let mut next = review.clone();
    // Steps that an edit took out belong to plans of the old rules.
    next.parked.clear();
    if !next.steps.is_empty() || next.no_plan.is_some() {
        let frame = Frame::new(new, organisation, rates, at);
        let mut wanted = plan(&frame, &review.subject).ok()?.into_iter();
        for state in &mut next.steps {
            match &mut state.definition {
                Definition::Added { beside, .. } => *beside = renamed(beside),
                _ => take_over(state, old, wanted.next()?, renamed)?,
            }
        }
        if wanted.next().is_some() {
            return None;
        }
    }
    for question in &mut next.questions {
        question.step = renamed(&question.step);
    }
    next.why = match next.why {
        Why::WaitingFor(steps) => Why::WaitingFor(steps.iter().map(|step| renamed(step)).collect()),
        Why::Stuck(stuck, step) => Why::Stuck(stuck, renamed(&step)),
        Why::RejectedIn(step) => Why::RejectedIn(renamed(&step)),
        Why::TimedOut(step) => Why::TimedOut(renamed(&step)),
        other => other,
    };
    moves_nothing(&next, new, (organisation, rates, at)).then_some(next)
}

/// What decides about votes, besides the steps of the plan.
fn rules(policy: &Policy, renamed: &dyn Fn(&str) -> Arc<str>) -> Policy {
    Policy {
        steps: Vec::new(),
        table: None,
        editable: None,
        recall: Default::default(),
        working: Default::default(),
        distinct: policy.distinct.iter().map(|[a, b]| [renamed(a), renamed(b)]).collect(),
        ..policy.clone()
    }
}

/// What of a step decides about votes: all but by when people should answer, and what only reminds.
fn asks(step: &Step, name: Arc<str>) -> Step {
    let late = step.late.iter().filter(|rung| !matches!(rung.act, RungAct::Remind | RungAct::Incident));
    Step { name, late: late.cloned().collect(), due: None, due_hours: None, ..step.clone() }
}

/// The step as the new rules define it, if they ask the same.
fn take_over(
    state: &mut StepState,
    old: &Policy,
    (definition, step): (Definition, Arc<Step>),
    renamed: &dyn Fn(&str) -> Arc<str>,
) -> Option<()> {
    let before = state.definition(old);
    if asks(&before, renamed(&before.name)) != asks(&step, step.name.clone()) {
        return None;
    }
    let same = |fired: &u32| {
        let rung = before.late.get(*fired as usize)?;
        u32::try_from(step.late.iter().position(|other| other == rung)?).ok()
    };
    state.rungs = state.rungs.iter().filter_map(same).collect();
    state.name = step.name.clone();
    state.definition = definition;
    Some(())
}

/// Whether the new rules, at this instant, leave the review and its steps where they stand.
fn moves_nothing(
    review: &Review,
    policy: &Policy,
    (organisation, rates, at): (&Organisation, &Rates, Timestamp),
) -> bool {
    let time = Event { at, verb: Verb::Time, by: None };
    let after = apply(review.clone(), policy, organisation, rates, &time).review;
    let stands = |review: &Review| -> Vec<_> { review.steps.iter().map(|step| step.status).collect() };
    (after.state, after.votes.len(), stands(&after)) == (review.state, review.votes.len(), stands(review))
}

/// The review with nothing in it that counts: what was approved or rejected stays so, by the rules of then; all else would
/// be submitted anew.
#[must_use]
pub fn put_aside(mut review: Review) -> Review {
    review.votes_from = u32::try_from(review.votes.len()).unwrap_or(u32::MAX);
    review.steps.clear();
    review.parked.clear();
    review.looking.clear();
    review.paused = None;
    review.no_plan = None;
    match review.state {
        State::Draft | State::Rejected => {}
        State::Approved => review.why = Why::OtherRules,
        State::InReview | State::Incident | State::ChangesRequested | State::Recalled => {
            review.state = State::Recalled;
            review.why = Why::OtherRules;
        }
    }
    review
}

/// A new round by these rules, with no votes: of a review that was put aside while people were asked.
#[must_use]
pub fn renew(mut review: Review, policy: &Policy, organisation: &Organisation, rates: &Rates, at: Timestamp) -> Review {
    let frame = Frame::new(policy, organisation, rates, at);
    restart(&mut review, &frame);
    settle(&mut review, &frame);
    review
}

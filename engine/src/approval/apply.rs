//! One event: bring up to its instant, judge, act, settle (approvals.md section 2).

use std::sync::Arc;

use super::amounts::Rates;
use super::escalate::carry_out;
use super::event::{Applied, Event, Position};
use super::facts::Facts;
use super::frame::Frame;
use super::judge::{Act, judge};
use super::organisation::Organisation;
use super::policy::{AfterChanges, Policy};
use super::resolver::Resolver;
use super::review::{Definition, Looking, NamedBy, Review, Seat, StepState, Vote};
use super::rounds::{edit, pause, place_beside, restart, resume};
use super::settle::{settle, stop};
use super::standing;
use super::step::Step;
use super::timers::bring_up_to;
use super::words::{State, VoteKind, Why};
use crate::ids::PersonId;

/// Applies one event. Pure, total, and it never panics: a refusal leaves the review as time alone has made it.
///
/// Events come in the order of their instants. When the organisation changes, what fell due before is judged by the
/// old one: apply [`super::Verb::Time`] with it at the instant of the change, then [`super::Verb::Organisation`] with
/// the new one.
#[must_use]
pub fn apply(
    mut review: Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    event: &Event,
) -> Applied {
    let frame = Frame::new(policy, organisation, rates, event.at);
    let fired = bring_up_to(&mut review, &frame);
    let facts = Facts::of(&review, &frame);
    let act = judge(&review, &frame, &facts, event);
    let right = act.as_ref().ok().and_then(|_| standing::right(&review, &frame, &facts, event));
    let outcome = match act {
        Err(refusal) => Err(refusal),
        Ok(Act::Nothing) => Ok(()),
        // They move nothing: there is nothing to settle.
        Ok(act @ (Act::Ask { .. } | Act::Answer { .. })) => {
            if let Some(by) = &event.by {
                perform(&mut review, &frame, &facts, by, act);
            }
            Ok(())
        }
        Ok(act) => {
            // Every act is somebody's: without a person it was refused.
            if let Some(by) = &event.by {
                perform(&mut review, &frame, &facts, by, act);
            }
            settle(&mut review, &frame);
            Ok(())
        }
    };
    Applied { review, outcome, right, fired }
}

fn perform(review: &mut Review, frame: &Frame<'_>, facts: &Facts, by: &PersonId, act: Act<'_>) {
    match act {
        Act::Nothing => {}
        Act::Vote { place, voice, kind, seen, reason } => {
            let cast = Vote {
                step: review.steps[place].id,
                seat: review.steps[place].seats[voice.seat].id,
                author: by.clone(),
                holder: Some(voice.holder).filter(|holder| holder != by),
                kind,
                seen,
                round: review.round,
                at: frame.at,
                reason,
                carried: None,
                withdrawn: false,
            };
            vote(review, facts, cast);
        }
        Act::RequestChanges => pause(review, facts, by),
        Act::Ask { place, to, text } => {
            let step = Arc::clone(&review.steps[place].name);
            review.ask(by, step, to, text, frame.at);
        }
        Act::Answer { ids, text } => review.answer(&ids, by, &text, frame.at),
        Act::Delegate { place, seat, to } => {
            let delegates = &mut review.steps[place].seats.changing()[seat].delegates;
            if !delegates.contains(&to) {
                delegates.push(to);
            }
        }
        Act::Reassign { place, seat, to } => {
            let seat = &mut review.steps[place].seats.changing()[seat];
            seat.held_by = Some(vec![to]);
            seat.delegates.clear();
            seat.passed = true;
        }
        Act::Add { place, person, position } => add(review, facts, place, person, position),
        Act::Escalate { place, moves } => carry_out(&mut review.steps[place], &moves),
        Act::Look(place) => {
            let step = review.steps[place].id;
            if !review.looking.iter().any(|one| one.step == step && one.person == *by) {
                review.looking.push(Looking { step, person: by.clone(), since: frame.at });
            }
        }
        Act::Watch(person) => {
            review.watchers.insert(person);
        }
        Act::Edit(set) => edit(review, frame, facts, by, set),
        Act::Submit => match review.paused.take() {
            Some(paused) if may_resume(review, frame) => resume(review, frame, &paused),
            _ => restart(review, frame),
        },
        Act::Recall => {
            review.paused = None;
            stop(review, State::Recalled, Why::ByRequester);
        }
        Act::Assign { place, to } => {
            let id = review.mint();
            let step = &mut review.steps[place];
            step.seats.changing().push(Seat::new(id, to, NamedBy::Repair));
            step.repaired = true;
            step.problem = None;
            step.late = false;
            step.top = false;
        }
        Act::Restart => restart(review, frame),
    }
}

fn may_resume(review: &Review, frame: &Frame<'_>) -> bool {
    review.state == State::ChangesRequested && frame.policy.after_changes == AfterChanges::Resume
}

/// Casts a vote: the author's older one in the step is withdrawn, and with another vote what it carried (8.3).
fn vote(review: &mut Review, facts: &Facts, cast: Vote) {
    review.looking.retain(|one| one.step != cast.step || one.person != cast.author);
    let before = facts.votes(review).find(|(_, vote)| vote.step == cast.step && vote.author == cast.author);
    let same = |old: &Vote| {
        old.carried.is_none()
            && (old.seat, old.kind, old.seen, &old.holder) == (cast.seat, cast.kind, cast.seen, &cast.holder)
    };
    // A vote repeated on one version changes nothing (section 14.15).
    if before.is_some_and(|(_, old)| same(old)) {
        return;
    }
    let from = review.votes_from as usize;
    let undecided: Vec<u32> = review.steps.iter().filter(|s| !s.status.is_decided()).map(|step| step.id).collect();
    let mut origins = Vec::new();
    for (place, old) in review.votes.iter_mut().enumerate().skip(from) {
        if old.step == cast.step && old.author == cast.author {
            old.withdrawn = true;
            // What an older approval has carried, too: it may have been repeated on a new version since.
            if old.kind == VoteKind::Approve && cast.kind != VoteKind::Approve {
                origins.extend(u32::try_from(place));
            }
        }
    }
    for old in review.votes.iter_mut().skip(from) {
        if old.carried.is_some_and(|origin| origins.contains(&origin)) && undecided.contains(&old.step) {
            old.withdrawn = true;
        }
    }
    review.votes.push(cast);
}

/// Section 10, `add_approver`: one seat, the same covers and order.
fn add(review: &mut Review, facts: &Facts, place: usize, person: PersonId, position: Position) {
    let beside = &facts.definitions[place];
    let number = 1 + review.steps.iter().chain(&review.parked).filter(|step| step.is_added()).count();
    let step = Arc::new(Step {
        name: format!("added.{number}").into(),
        order: beside.order,
        covers: beside.covers.clone(),
        who: vec![Resolver::Person(vec![person])],
        ..Step::default()
    });
    let definition = Definition::Added { step: Arc::clone(&step), beside: Arc::clone(&beside.name), position };
    let state = StepState::new(review.mint(), definition, &step);
    // The step that it stands beside is in the plan, since the act was accepted for it.
    let _ = place_beside(review, state);
}

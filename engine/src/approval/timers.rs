//! What time alone does (approvals.md section 11).

use std::sync::Arc;

use super::escalate::{carry_out, moves};
use super::event::{Fired, FiredKind};
use super::facts::Facts;
use super::frame::Frame;
use super::policy::Policy;
use super::review::Review;
use super::settle::{reject, settle, stop};
use super::step::RungAct;
use super::words::{State, Status, Why};
use crate::calendar::Wait;
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// Something that is due: at one instant by step of the plan, then rung, the expiry last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Timestamp,
    /// The step and the rung; `usize::MAX` is the expiry.
    place: usize,
    rung: usize,
}

const EXPIRY: usize = usize::MAX;

/// The earliest thing that time alone will do.
fn next(review: &Review, policy: &Policy) -> Option<Due> {
    if review.held || !review.state.is_live() {
        return None;
    }
    let mut first: Option<Due> = None;
    let mut add = |due: Due| first = Some(first.map_or(due, |other| other.min(due)));
    for (place, step) in review.steps.iter().enumerate().filter(|(_, step)| step.status == Status::Open) {
        for (rung, late) in step.asks(policy).late.iter().enumerate() {
            let fired = step.rungs.iter().any(|&fired| fired as usize == rung);
            let at = policy.due(step.opened, Wait::of(late.after_hours, late.after));
            if let Some(at) = at.filter(|_| !fired) {
                add(Due { at, place, rung });
            }
        }
    }
    if let Some(at) = lapse(review, policy) {
        add(Due { at, place: EXPIRY, rung: 0 });
    }
    first
}

/// The earliest instant at which time alone would do something. The date is not among them: who leaves or stands in
/// by date is seen at the next event (section 2).
#[must_use]
pub fn next_due(review: &Review, policy: &Policy) -> Option<Timestamp> {
    next(review, policy).map(|due| due.at)
}

/// When the review's time is over, if nobody decides before.
#[must_use]
pub fn lapse(review: &Review, policy: &Policy) -> Option<Timestamp> {
    let runs = !review.held && review.state.is_live();
    policy.due(review.round_began, policy.expires()).filter(|_| runs)
}

/// The workflow has come back to a review that it had left: what was open in it opens anew at `at`, as after a submission
/// that keeps the votes (section 11.1), and so does the time of its round.
pub fn open_again(review: &mut Review, at: Timestamp) {
    review.held = false;
    if !review.state.is_live() {
        return;
    }
    review.round_began = at;
    for step in review.steps.iter_mut().filter(|step| step.status == Status::Open) {
        step.opens(at);
    }
}

/// By when people are asked to have decided a step.
#[must_use]
pub fn due_of(review: &Review, policy: &Policy, step: &str) -> Option<Timestamp> {
    let step = review.steps.iter().find(|one| &*one.name == step)?;
    let definition = step.asks(policy);
    policy.due(step.opened, Wait::of(definition.due_hours, definition.due))
}

/// Fires what is due by the frame's instant, oldest first, each at its own; then settles at the frame's instant.
pub(super) fn bring_up_to(review: &mut Review, frame: &Frame<'_>) -> Vec<Fired> {
    let mut fired = Vec::new();
    while let Some(due) = next(review, frame.policy).filter(|due| due.at <= frame.at) {
        let then = frame.moved_to(due.at);
        settle(review, &then);
        // Settling at the instant itself may have changed what is due.
        if next(review, frame.policy) != Some(due) {
            continue;
        }
        fired.push(fire(review, &then, due));
        settle(review, &then);
    }
    settle(review, frame);
    fired
}

fn fire(review: &mut Review, frame: &Frame<'_>, due: Due) -> Fired {
    let Due { at, place, rung } = due;
    if place == EXPIRY {
        stop(review, State::Recalled, Why::Expired);
        return Fired { step: None, what: FiredKind::Expire, due: at, from: Vec::new(), to: Vec::new() };
    }
    let facts = Facts::of(review, frame);
    let definition = &facts.definitions[place];
    let name = Arc::clone(&review.steps[place].name);
    let mut fired = Fired { step: Some(Arc::clone(&name)), what: FiredKind::Remind, due: at, from: vec![], to: vec![] };
    review.steps[place].rungs.extend(u32::try_from(rung));
    let Some(late) = definition.late.get(rung) else { return fired };
    match late.act {
        RungAct::Remind => fired.from = asked(review, frame, &facts, place),
        RungAct::Incident => {
            fired.what = FiredKind::Incident;
            review.steps[place].late = true;
        }
        RungAct::Reject => {
            fired.what = FiredKind::Reject;
            reject(review, place, Why::TimedOut(name));
        }
        RungAct::Escalate => {
            fired.what = FiredKind::Escalate;
            let moves = moves(review, frame, &facts, place, late.mode, &late.to, &late.fallback);
            carry_out(&mut review.steps[place], &moves);
            (fired.from, fired.to) = moves.into_iter().map(|one| (one.from, one.to)).unzip();
        }
    }
    fired
}

/// The eligible holders of the open seats.
pub(super) fn asked(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> Vec<PersonId> {
    let seats = facts.open_seats(review, frame, place);
    let holders = seats.into_iter().flat_map(|at| frame.holders(&review.steps[place].seats[at]));
    let eligible = holders.filter(|(_, ix)| ix.is_some_and(|ix| facts.eligible(frame, place, ix)));
    eligible.map(|(who, _)| who.clone()).collect()
}

//! Asking somebody higher (approvals.md section 11.3).

use super::facts::Facts;
use super::frame::Frame;
use super::organisation::Ix;
use super::resolve::{above, first_of};
use super::resolver::Resolver;
use super::review::{Review, StepState};
use super::step::{EscalateTo, EscalationMode};
use crate::ids::PersonId;

/// One seat, from its last holder to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) seat: usize,
    pub(super) mode: EscalationMode,
    pub(super) from: PersonId,
    pub(super) to: PersonId,
}

/// The open seats one after another, each seeing the moves before; a seat for which nobody is found is left out.
pub(super) fn moves(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    place: usize,
    mode: EscalationMode,
    to: &EscalateTo,
    fallback: &[Resolver],
) -> Vec<Move> {
    let step = &review.steps[place];
    let mut moves: Vec<Move> = Vec::new();
    for seat in facts.open_seats(review, frame, place) {
        let Some(last) = step.seats[seat].holders().last() else { continue };
        let taken = |id: &PersonId| seated(step, &moves, id) || facts.vote_by(review, step, id).is_some();
        let free = |ix: Ix| facts.eligible(frame, place, ix) && !taken(&frame.org.at(ix).id);
        let higher = match to {
            EscalateTo::Manager => {
                let climb = frame.org.ix(last).map_or_else(Vec::new, |last| above(frame, last, 1));
                climb.into_iter().find(|&ix| free(ix))
            }
            EscalateTo::Person(id) => frame.org.ix(id).filter(|&ix| free(ix)),
        };
        let found = higher.or_else(|| first_of(frame, facts, &review.subject, place, fallback, free));
        if let Some(found) = found {
            moves.push(Move { seat, mode, from: last.clone(), to: frame.org.at(found).id.clone() });
        }
    }
    moves
}

/// Whether somebody holds a seat, after the moves so far.
fn seated(step: &StepState, moves: &[Move], id: &PersonId) -> bool {
    if moves.iter().any(|one| one.to == *id) {
        return true;
    }
    step.seats.iter().enumerate().any(|(at, seat)| {
        let replaced = moves.iter().any(|one| one.seat == at && one.mode == EscalationMode::Replaces);
        !replaced && seat.holders().contains(id)
    })
}

/// Carries the moves out.
pub(super) fn carry_out(step: &mut StepState, moves: &[Move]) {
    for one in moves {
        let Some(seat) = step.seats.changing().get_mut(one.seat) else { continue };
        let mut holders = match one.mode {
            EscalationMode::Adds => seat.holders().to_vec(),
            EscalationMode::Replaces => {
                seat.delegates.clear();
                Vec::new()
            }
        };
        holders.push(one.to.clone());
        seat.held_by = Some(holders);
        seat.passed = true;
    }
    if moves.is_empty() {
        step.top = true;
    } else {
        step.top = false;
        step.late = false;
    }
}

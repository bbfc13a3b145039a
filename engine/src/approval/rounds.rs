//! Rounds and edits: building the plan anew, what stays and what is lost (approvals.md sections 4.3, 7.4, 10).

use std::sync::Arc;

use super::event::Position;
use super::facts::Facts;
use super::frame::Frame;
use super::quorum::{Outcome, outcome_of};
use super::resolve::plan;
use super::review::{Definition, Paused, Review, StepState};
use super::seating::Seats;
use super::seats::{Cause, reads_changed, reconcile};
use super::settle::stop;
use super::step::Step;
use super::value::Fields;
use super::words::{State, Status, Why};
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// A round that begins with no votes, no seats and no added steps; nothing of earlier ones returns.
pub(super) fn restart(review: &mut Review, frame: &Frame<'_>) {
    next_round(review, frame);
    review.votes_from = u32::try_from(review.votes.len()).unwrap_or(u32::MAX);
    review.steps.clear();
    review.parked.clear();
    review.paused = None;
    build(review, frame);
}

fn next_round(review: &mut Review, frame: &Frame<'_>) {
    review.round += 1;
    review.looking.clear();
    review.round_began = frame.at;
    review.state = State::InReview;
}

/// The plan of the present document, of the steps that there are where they are defined alike.
fn build(review: &mut Review, frame: &Frame<'_>) {
    let mut old: Vec<StepState> = std::mem::take(&mut review.steps);
    old.append(&mut review.parked);
    review.no_plan = None;
    match plan(frame, &review.subject) {
        Err(why) => review.no_plan = Some(why),
        Ok(wanted) => {
            for (definition, step) in wanted {
                let alike = |state: &StepState| !state.is_added() && state.definition(frame.policy) == step;
                let state = match old.iter().position(alike) {
                    Some(at) => StepState { definition, ..old.remove(at) },
                    None => StepState::new(review.mint(), definition, &step),
                };
                review.steps.push(state);
            }
            // Oldest first, so that one beside another added step finds it.
            let (mut added, parked): (Vec<_>, Vec<_>) = old.into_iter().partition(StepState::is_added);
            old = parked;
            added.sort_by_key(|step| step.id);
            for step in added {
                if let Err(step) = place_beside(review, step) {
                    old.push(*step);
                }
            }
        }
    }
    // One that comes back approved stays so if its quorum still holds; any other opens afresh.
    for step in old.iter_mut().filter(|step| step.status != Status::Approved) {
        step.status = Status::Waiting;
    }
    review.parked = old;
}

/// Puts an added step directly before or after the step that it stands beside; back if that is not in the plan.
pub(super) fn place_beside(review: &mut Review, step: StepState) -> Result<(), Box<StepState>> {
    let Definition::Added { beside, position, .. } = &step.definition else { return Err(Box::new(step)) };
    let Some(at) = review.steps.iter().position(|other| other.name == *beside) else { return Err(Box::new(step)) };
    let at = if *position == Position::Before { at } else { at + 1 };
    review.steps.insert(at, step);
    Ok(())
}

/// An edit in any state (section 7.4). Nothing follows outside of review and approval.
pub(super) fn edit(review: &mut Review, frame: &Frame<'_>, facts: &Facts, by: &PersonId, set: &Fields) {
    if !review.subject.edit(set) {
        return;
    }
    if review.round > 0 {
        review.editors.insert(by.clone());
    }
    if review.state.is_live() || review.state == State::Approved {
        amend(review, frame, &facts.counting);
    }
}

/// What an edit does to a review, or all edits since it paused: `counted` are the votes that counted before.
fn amend(review: &mut Review, frame: &Frame<'_>, counted: &[usize]) {
    let lost = counted.iter().filter_map(|&place| review.votes.get(place));
    let mut lost = lost.map(|vote| frame.lost_under_all(&review.subject, vote.seen));
    if lost.any(|lost| lost) {
        restart(review, frame);
        return;
    }
    build(review, frame);
    let mut facts = Facts::of(review, frame);
    for place in 0..review.steps.len() {
        if reads_changed(review, &facts, place) {
            reconcile(review, frame, &facts, place, Cause::Edit);
            // Seats may have gone with their votes, and a vote may have shut somebody out.
            facts = Facts::of(review, frame);
        }
    }
    for place in 0..review.steps.len() {
        let approved = review.steps[place].status == Status::Approved;
        if approved && outcome_of(review, frame, &facts, place) != Outcome::Approved {
            review.steps[place].status = Status::Waiting;
        }
    }
    if review.state == State::Approved {
        let stays = review.no_plan.is_none() && review.steps.iter().all(|step| step.status == Status::Approved);
        if stays {
            review.why = if review.steps.is_empty() { Why::NoApprovalNeeded } else { Why::AllStepsApproved };
        } else {
            next_round(review, frame);
        }
    }
}

/// Sends the document back to the requester.
pub(super) fn pause(review: &mut Review, facts: &Facts, by: &PersonId) {
    let counting = facts.counting.iter().filter_map(|&place| u32::try_from(place).ok()).collect();
    review.paused = Some(Paused { version: review.subject.version(), counting });
    stop(review, State::ChangesRequested, Why::By(by.clone()));
}

/// A submission after requested changes that keeps the votes: the edits since are judged as one.
pub(super) fn resume(review: &mut Review, frame: &Frame<'_>, paused: &Paused) {
    for step in &mut review.steps {
        if step.status == Status::Stopped {
            step.status = Status::Waiting;
        }
    }
    let round = review.round;
    next_round(review, frame);
    if review.subject.version() > paused.version {
        let counted: Vec<usize> = paused.counting.iter().map(|&place| place as usize).collect();
        amend(review, frame, &counted);
    }
    // A restart by a field under `all` is the same submission, not a round more.
    review.round = round + 1;
}

impl StepState {
    /// Its time counts from here (section 11.1), and ends what stood because of it.
    pub(super) fn opens(&mut self, at: Timestamp) {
        self.opened = at;
        self.rungs.clear();
        (self.late, self.top) = (false, false);
    }

    pub(super) fn new(id: u32, definition: Definition, step: &Arc<Step>) -> Self {
        Self {
            id,
            name: Arc::clone(&step.name),
            definition,
            status: Status::Waiting,
            opened: crate::clock::Timestamp::default(),
            rungs: Vec::new(),
            resolved: None,
            problem: None,
            repaired: false,
            late: false,
            top: false,
            seats: Seats::default(),
            aside: Vec::new(),
        }
    }
}

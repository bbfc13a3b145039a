//! Letting everything follow that follows, until nothing moves (approvals.md sections 8 and 9.5).

use std::sync::Arc;

use super::facts::Facts;
use super::frame::Frame;
use super::policy::SamePerson;
use super::quorum::{Outcome, outcome_of};
use super::review::{NamedBy, Review, Vote};
use super::seats::{Cause, leave, mark_vacant, reconcile, waits_for_added};
use super::words::{State, Status, Stuck, VoteKind, Why};
use crate::ids::PersonId;

/// Settles a live review at the instant of `frame`; leaves every other one alone.
pub(super) fn settle(review: &mut Review, frame: &Frame<'_>) {
    if !review.state.is_live() {
        return;
    }
    if let Some(why) = review.no_plan {
        review.state = State::Incident;
        review.why = Why::NoPlan(why);
        return;
    }
    // A standing problem is looked at once an event (section 4.2), and once more when all else is quiet, if anything was
    // decided or carried since: else the next event would, though it brings nothing new (9.5, 14.11, 14.15).
    let mut looked: Vec<u32> = Vec::new();
    let mut facts = Facts::of(review, frame);
    let (mut since, mut again) = (false, true);
    // Each turn opens a step, reconciles, decides or fills a seat, and none is undone: the bound is never reached.
    let most = 1000 + 20 * review.steps.len();
    for _ in 0..most {
        let mut moved = open(review, frame, &mut facts) || seats(review, frame, &mut facts, &mut looked);
        if !moved {
            let once = frame.policy.same_person == SamePerson::Once;
            moved = decide(review, frame, &facts) || (once && carry(review, frame, &mut facts));
            since |= moved && !looked.is_empty();
        }
        if !review.state.is_live() {
            break;
        }
        if !moved {
            if !(since && again) {
                break;
            }
            again = false;
            looked.clear();
        }
    }
    if review.state.is_live() {
        conclude(review, frame, &facts);
    }
}

/// Opens the steps of the lowest order that is not wholly approved; later ones wait, keeping their votes, but for
/// those that an edit has left approved.
fn open<'a>(review: &mut Review, frame: &Frame<'a>, facts: &mut Facts<'a>) -> bool {
    let orders: Vec<i64> = facts.definitions.iter().map(|step| step.order).collect();
    let undecided = review.steps.iter().zip(&orders).filter(|(step, _)| step.status != Status::Approved);
    let Some(lowest) = undecided.map(|(_, order)| *order).min() else { return false };
    let mut moved = false;
    for (place, &order) in orders.iter().enumerate() {
        let now = review.steps[place].status;
        let then = match now {
            Status::Approved => Status::Approved,
            _ if order == lowest && !waits_for_added(review, place) => Status::Open,
            _ => Status::Waiting,
        };
        if now == then {
            continue;
        }
        moved = true;
        let step = &mut review.steps[place];
        step.status = then;
        if then == Status::Open {
            step.opens(frame.at);
            if step.resolved.is_none() {
                reconcile(review, frame, facts, place, Cause::Ordinary);
                *facts = Facts::of(review, frame);
            }
        }
    }
    moved
}

/// Section 4.2: a seat has become vacant, a problem stands, or a chain's organisation has changed.
fn seats<'a>(review: &mut Review, frame: &Frame<'a>, facts: &mut Facts<'a>, looked: &mut Vec<u32>) -> bool {
    for place in 0..review.steps.len() {
        if review.steps[place].status != Status::Open {
            continue;
        }
        let left = leave(review, frame, facts, place);
        let vacant = left || mark_vacant(review, frame, facts, place);
        let step = &review.steps[place];
        let problem = step.problem.is_some() && !looked.contains(&step.id);
        let stale = facts.definitions[place].has_chain()
            && step.resolved.is_some_and(|resolved| resolved.revision != frame.org.revision());
        if vacant || problem || stale {
            looked.push(step.id);
            if !left {
                reconcile(review, frame, facts, place, Cause::Ordinary);
            }
            *facts = Facts::of(review, frame);
            return true;
        }
    }
    false
}

/// Approves or rejects the first open step whose quorum says so.
fn decide(review: &mut Review, frame: &Frame<'_>, facts: &Facts<'_>) -> bool {
    for place in 0..review.steps.len() {
        if review.steps[place].status != Status::Open {
            continue;
        }
        match outcome_of(review, frame, facts, place) {
            Outcome::Approved => {
                review.steps[place].status = Status::Approved;
                return true;
            }
            Outcome::Rejected => {
                let why = Why::RejectedIn(Arc::clone(&review.steps[place].name));
                reject(review, place, why);
                return true;
            }
            Outcome::Undecided | Outcome::OutOfReach => {}
        }
    }
    false
}

/// Ends the review by the rejection of one step.
pub(super) fn reject(review: &mut Review, place: usize, why: Why) {
    review.steps[place].status = Status::Rejected;
    stop(review, State::Rejected, why);
}

/// Ends or interrupts the round.
pub(super) fn stop(review: &mut Review, state: State, why: Why) {
    review.state = state;
    review.why = why;
    for step in &mut review.steps {
        if matches!(step.status, Status::Open | Status::Waiting) {
            step.status = Status::Stopped;
        }
    }
}

/// Section 8: fills one open seat with its holder's approval of another step; the first of the plan that can be.
fn carry<'a>(review: &mut Review, frame: &Frame<'a>, facts: &mut Facts<'a>) -> bool {
    let own = facts.votes(review).map(|(_, vote)| vote).filter(|vote| is_own(vote));
    let authors: Vec<PersonId> = own.map(|vote| vote.author.clone()).collect();
    if authors.is_empty() {
        return false;
    }
    for place in 0..review.steps.len() {
        let step = &review.steps[place];
        if step.status != Status::Open || step.is_added() {
            continue;
        }
        for at in facts.open_seats_of(review, frame, place, &authors) {
            let given = step.seats[at].passed || step.seats[at].named_by == NamedBy::Repair;
            if frame.policy.asks_anew && given {
                continue;
            }
            let holders = step.seats[at].holders().iter().filter(|who| authors.contains(who));
            let free = holders
                .filter(|who| facts.eligible_id(frame, place, who) && facts.vote_by(review, step, who).is_none());
            let Some(vote) = free.filter_map(|who| carried(review, frame, facts, place, who)).next() else { continue };
            let vote = Vote { seat: step.seats[at].id, step: step.id, round: review.round, at: frame.at, ..vote };
            review.votes.push(vote);
            *facts = Facts::of(review, frame);
            return true;
        }
    }
    false
}

/// Whether it is an approval in one's own name: no other is carried.
fn is_own(vote: &Vote) -> bool {
    vote.kind == VoteKind::Approve && vote.holder.is_none()
}

/// The vote as it would be carried to the step: from the first step of the plan with one that counts here.
fn carried(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, who: &PersonId) -> Option<Vote> {
    let target = &review.steps[place];
    for source in review.steps.iter().filter(|step| step.id != target.id && !step.is_added()) {
        if frame.policy.distinct_from(&target.name).any(|sister| *sister == *source.name) {
            continue;
        }
        let Some((from, vote)) = facts.vote_by(review, source, who) else { continue };
        if is_own(vote) && frame.still_valid(&review.subject, &facts.definitions[place], vote.seen) {
            let origin = vote.carried.or_else(|| u32::try_from(from).ok());
            return Some(Vote { carried: origin, reason: None, ..vote.clone() });
        }
    }
    None
}

/// Approved, if every step is; else waiting, or the first open step's incident.
fn conclude(review: &mut Review, frame: &Frame<'_>, facts: &Facts<'_>) {
    if review.steps.iter().all(|step| step.status == Status::Approved) {
        review.state = State::Approved;
        review.why = if review.steps.is_empty() { Why::NoApprovalNeeded } else { Why::AllStepsApproved };
        return;
    }
    let open = || (0..review.steps.len()).filter(|&place| review.steps[place].status == Status::Open);
    let stuck = open().find_map(|place| stuck(review, frame, facts, place).map(|what| (what, place)));
    if let Some((what, place)) = stuck {
        review.why = Why::Stuck(what, Arc::clone(&review.steps[place].name));
        review.state = State::Incident;
    } else {
        review.why = Why::WaitingFor(open().map(|place| Arc::clone(&review.steps[place].name)).collect());
        review.state = State::InReview;
    }
}

/// The incident of an open step, the first of section 9.5's order.
pub(super) fn stuck(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> Option<Stuck> {
    let step = &review.steps[place];
    if step.problem.is_some() {
        step.problem
    } else if outcome_of(review, frame, facts, place) == Outcome::OutOfReach {
        Some(Stuck::QuorumOutOfReach)
    } else if step.late {
        Some(Stuck::Late)
    } else if step.top {
        Some(Stuck::NobodyToEscalate)
    } else {
        None
    }
}

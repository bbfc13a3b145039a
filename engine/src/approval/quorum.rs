//! Counting a step's seats (approvals.md section 9.1 to 9.4).

use super::facts::Facts;
use super::frame::Frame;
use super::review::Review;
use super::step::{Quorum, RejectRule};
use super::words::VoteKind;

/// Seats by their votes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Seats approving.
    pub(super) a: i64,
    /// Seats rejecting.
    pub(super) r: i64,
    /// Seats abstaining.
    pub(super) b: i64,
    /// Seats that voted or are not vacant.
    pub(super) m: i64,
    /// A seat with a veto rejects.
    pub(super) veto: bool,
}

impl Tally {
    fn add(&mut self, vote: VoteKind, has_veto: impl Fn() -> bool) {
        self.m += 1;
        match vote {
            VoteKind::Approve => self.a += 1,
            VoteKind::Reject => {
                self.r += 1;
                self.veto |= has_veto();
            }
            VoteKind::Abstain => self.b += 1,
        }
    }
}

/// What a tally comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Undecided,
    Approved,
    Rejected,
    OutOfReach,
}

/// Counts the step at this place; of seats without a vote so many as are `enough`.
fn tally(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize, enough: i64) -> Tally {
    let veto = &facts.definitions[place].veto;
    let step = &review.steps[place];
    let (mut tally, mut without) = (Tally::default(), 0);
    if let Some(mut silent) = facts.silent(review, frame, place) {
        // Each seat has one vote at most, and all others but these are manned.
        for (_, vote) in facts.votes(review).filter(|(_, vote)| vote.step == step.id) {
            let has_veto = || step.seats.numbered(vote.seat).is_some_and(|seat| veto.contains(&seat.stands_for));
            tally.add(vote.kind, has_veto);
        }
        silent.retain(|&at| facts.vote_of_seat(review, &step.seats[at]).is_none());
        let others = i64::try_from(step.seats.len() - silent.len()).unwrap_or(i64::MAX) - tally.m;
        tally.m += others.min(enough);
        return tally;
    }
    for seat in &step.seats {
        if let Some((_, vote)) = facts.vote_of_seat(review, seat) {
            tally.add(vote.kind, || veto.contains(&seat.stands_for));
        } else if without < enough && facts.is_manned(frame, place, seat) {
            tally.m += 1;
            without += 1;
        }
    }
    tally
}

/// Section 9.1.
pub(super) fn need(quorum: Quorum, base: i64) -> i64 {
    match quorum {
        Quorum::Any => 1,
        Quorum::All => base.max(1),
        // Zero would leave a step of which nobody is left neither decided nor stuck.
        Quorum::Count(count) => i64::from(count).max(1),
        // What no integer holds is out of reach, as it should be.
        Quorum::Percent(share) => share.percent_of(u32::try_from(base).unwrap_or(0)).unwrap_or(i64::MAX).max(1),
    }
}

/// Section 9.2 to 9.4. A step whose resolvers found nobody is not approved (section 3.6).
pub(super) fn outcome(tally: Tally, quorum: Quorum, reject: RejectRule, problem: bool) -> Outcome {
    let need = need(quorum, tally.m - tally.b);
    if tally.veto || (tally.r > 0 && reject == RejectRule::First) {
        return Outcome::Rejected;
    }
    if tally.a > 0 && tally.a >= need {
        return if problem { Outcome::Undecided } else { Outcome::Approved };
    }
    if tally.m - tally.r - tally.b < need {
        return if tally.r > 0 { Outcome::Rejected } else { Outcome::OutOfReach };
    }
    Outcome::Undecided
}

/// The outcome of the step at this place.
pub(super) fn outcome_of(review: &Review, frame: &Frame<'_>, facts: &Facts, place: usize) -> Outcome {
    let step = &facts.definitions[place];
    let problem = review.steps[place].problem.is_some();
    outcome(tally(review, frame, facts, place, enough(step.quorum)), step.quorum, step.reject, problem)
}

/// How many seats that may still approve are enough to know: more of them change nothing where their number is no part of what is
/// needed, and hundreds may hold a role.
fn enough(quorum: Quorum) -> i64 {
    match quorum {
        Quorum::Any | Quorum::Count(_) => need(quorum, 0),
        Quorum::All | Quorum::Percent(_) => i64::MAX,
    }
}

//! Whether an act is accepted: the checks of approvals.md section 12, in their order, the first that applies.
//! Nothing here changes a review; what is accepted comes back as an [`Act`] with everything looked up.

use std::sync::Arc;

use super::escalate::{Move, moves};
use super::event::{Ballot, Event, Position, RepairAction, Verb};
use super::facts::Facts;
use super::frame::Frame;
use super::policy::{AfterRejection, Recall};
use super::refusal::Refusal;
use super::review::Review;
use super::step::EscalateTo;
use super::value::Fields;
use super::voice::{Voice, voice};
use super::words::{State, Status, VoteKind};
use crate::ids::PersonId;

/// An act that is accepted.
#[derive(Clone, Debug)]
pub(super) enum Act<'e> {
    /// Nothing to change.
    Nothing,
    Vote {
        place: usize,
        voice: Voice,
        kind: VoteKind,
        seen: u32,
        reason: Option<Arc<str>>,
    },
    RequestChanges,
    Ask {
        place: usize,
        to: Option<PersonId>,
        text: Arc<str>,
    },
    Answer {
        ids: Vec<u32>,
        text: Arc<str>,
    },
    Delegate {
        place: usize,
        seat: usize,
        to: PersonId,
    },
    Reassign {
        place: usize,
        seat: usize,
        to: PersonId,
    },
    Add {
        place: usize,
        person: PersonId,
        position: Position,
    },
    Escalate {
        place: usize,
        moves: Vec<Move>,
    },
    Watch(PersonId),
    Look(usize),
    Edit(&'e Fields),
    Submit,
    Recall,
    Assign {
        place: usize,
        to: PersonId,
    },
    Restart,
}

/// One judgement.
struct Judge<'a> {
    review: &'a Review,
    frame: &'a Frame<'a>,
    facts: &'a Facts<'a>,
    by: &'a PersonId,
}

/// Judges one event by the review as it is at its instant.
pub(super) fn judge<'e>(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    event: &'e Event,
) -> Result<Act<'e>, Refusal> {
    if matches!(event.verb, Verb::Time | Verb::Organisation) {
        return Ok(Act::Nothing);
    }
    let by = event.by.as_ref().ok_or(Refusal::UnknownPerson)?;
    let judge = Judge { review, frame, facts, by };
    match &event.verb {
        Verb::Time | Verb::Organisation => Ok(Act::Nothing),
        Verb::Approve(ballot) => judge.vote(ballot, VoteKind::Approve),
        Verb::Reject(ballot) => judge.vote(ballot, VoteKind::Reject),
        Verb::Abstain(ballot) => judge.vote(ballot, VoteKind::Abstain),
        Verb::RequestChanges(ballot) => judge.ballot(ballot, true, true).map(|_| Act::RequestChanges),
        Verb::Ask { ballot, to } => judge.ask(ballot, to.as_ref()),
        Verb::Answer { reason, question } => judge.answer(reason.as_ref(), *question),
        Verb::Delegate { step, to } => judge.delegate(step, to),
        Verb::Reassign { step, from, to } => judge.reassign(step, from.as_ref(), to),
        Verb::AddApprover { ballot, person, position } => judge.add(ballot, person, *position),
        Verb::Escalate { step, mode, to } => {
            judge.decider()?;
            let place = judge.step(step)?;
            judge.administrator()?;
            if let EscalateTo::Person(to) = to {
                judge.target(place, to)?;
            }
            let moves = moves(review, frame, facts, place, *mode, to, &[]);
            if moves.is_empty() { Err(Refusal::NobodyToEscalate) } else { Ok(Act::Escalate { place, moves }) }
        }
        Verb::Remind { step } => {
            judge.actor()?;
            judge.step(step)?;
            if frame.policy.is_administrator(by) { Ok(()) } else { judge.requester() }.map(|()| Act::Nothing)
        }
        Verb::Look { step } => {
            judge.decider()?;
            let place = judge.step(step)?;
            voice(review, frame, facts, place, by, None).map(|_| Act::Look(place))
        }
        Verb::AddWatcher { person } => {
            judge.actor()?;
            judge.target_active(person).map(|()| Act::Watch(person.clone()))
        }
        Verb::Edit { set } => judge.edit(set),
        Verb::Submit => judge.submit(),
        Verb::Recall => judge.recall(),
        Verb::Repair { action, step, to, reason } => judge.repair(*action, step, to.as_ref(), reason.as_deref()),
    }
}

impl Judge<'_> {
    fn actor(&self) -> Result<(), Refusal> {
        let me = self.frame.org.ix(self.by).ok_or(Refusal::UnknownPerson)?;
        if self.frame.active(me) { Ok(()) } else { Err(Refusal::InactivePerson) }
    }

    fn decider(&self) -> Result<(), Refusal> {
        self.actor()?;
        if self.facts.excluded.contains(self.by) { Err(Refusal::Excluded) } else { Ok(()) }
    }

    fn live(&self) -> Result<(), Refusal> {
        match self.review.state {
            State::InReview | State::Incident => Ok(()),
            State::Approved | State::Rejected => Err(Refusal::ReviewEnded),
            State::Draft | State::Recalled | State::ChangesRequested => Err(Refusal::NotSubmitted),
        }
    }

    fn step(&self, name: &str) -> Result<usize, Refusal> {
        self.live()?;
        let place = self.review.steps.iter().position(|step| *step.name == *name).ok_or(Refusal::UnknownStep)?;
        match self.review.steps[place].status {
            Status::Open => Ok(place),
            Status::Waiting => Err(Refusal::StepWaiting),
            Status::Approved | Status::Rejected | Status::Stopped => Err(Refusal::StepDecided),
        }
    }

    fn administrator(&self) -> Result<(), Refusal> {
        if self.frame.policy.is_administrator(self.by) { Ok(()) } else { Err(Refusal::NotAdministrator) }
    }

    fn requester(&self) -> Result<(), Refusal> {
        if self.review.subject.requester().as_ref() == Some(self.by) { Ok(()) } else { Err(Refusal::NotRequester) }
    }

    fn distinct(&self, place: usize) -> Result<(), Refusal> {
        if self.facts.is_shut_out(place, self.by) { Err(Refusal::Distinct) } else { Ok(()) }
    }

    fn target_active(&self, who: &PersonId) -> Result<(), Refusal> {
        let ix = self.frame.org.ix(who).ok_or(Refusal::TargetUnknown)?;
        if self.frame.active(ix) { Ok(()) } else { Err(Refusal::TargetInactive) }
    }

    fn target(&self, place: usize, who: &PersonId) -> Result<(), Refusal> {
        self.target_active(who)?;
        if !self.facts.eligible_id(self.frame, place, who) {
            return Err(Refusal::TargetExcluded);
        }
        let voted = self.facts.vote_by(self.review, &self.review.steps[place], who).is_some();
        if voted || Facts::is_seated(self.review, self.frame, place, who) { Err(Refusal::TargetSeated) } else { Ok(()) }
    }

    /// The common part of votes, requests for changes and questions.
    fn ballot(&self, ballot: &Ballot, fresh: bool, reason: bool) -> Result<(usize, Voice, u32), Refusal> {
        let subject = &self.review.subject;
        self.decider()?;
        let place = self.step(&ballot.step)?;
        let voice = voice(self.review, self.frame, self.facts, place, self.by, ballot.on_behalf_of.as_ref())?;
        let seat = &self.review.steps[place].seats[voice.seat];
        let open = self.facts.is_open(self.review, self.frame, place, voice.seat);
        if !open && self.facts.vote_of_seat(self.review, seat).is_none() {
            return Err(Refusal::NotYourTurn);
        }
        let seen = ballot.seen.unwrap_or_else(|| subject.version());
        let step = &self.facts.definitions[place];
        let known = (1..=subject.version()).contains(&seen);
        if fresh && (!known || subject.changed_since(seen).any(|(field, _)| self.frame.policy.matters(step, field))) {
            return Err(Refusal::DocumentChanged);
        }
        if reason {
            given(ballot.reason.as_deref())?
        }
        Ok((place, voice, seen))
    }

    fn vote<'e>(&self, ballot: &Ballot, kind: VoteKind) -> Result<Act<'e>, Refusal> {
        let (place, voice, seen) = self.ballot(ballot, true, kind == VoteKind::Reject)?;
        Ok(Act::Vote { place, voice, kind, seen, reason: ballot.reason.clone() })
    }

    /// A question without a text is noted by whoever keeps the acts, and has no answer.
    fn ask<'e>(&self, ballot: &Ballot, to: Option<&PersonId>) -> Result<Act<'e>, Refusal> {
        let (place, ..) = self.ballot(ballot, false, false)?;
        if let Some(to) = to {
            self.target_active(to)?;
        }
        let text = ballot.reason.clone().filter(|text| given(Some(text)).is_ok());
        Ok(text.map_or(Act::Nothing, |text| Act::Ask { place, to: to.cloned(), text }))
    }

    fn answer<'e>(&self, text: Option<&Arc<str>>, question: Option<u32>) -> Result<Act<'e>, Refusal> {
        self.actor()?;
        self.live()?;
        let was_asked = self.review.questions.iter().any(|one| one.to.as_ref() == Some(self.by));
        if !was_asked {
            self.requester()?;
        }
        let mine = self.review.answerable(self.by).filter(|one| question.is_none_or(|id| one.id == id));
        let ids: Vec<u32> = mine.map(|one| one.id).collect();
        if ids.is_empty() {
            return Err(Refusal::NoQuestion);
        }
        let text = text.filter(|text| given(Some(text)).is_ok()).ok_or(Refusal::ReasonRequired)?;
        Ok(Act::Answer { ids, text: Arc::clone(text) })
    }

    /// The seat that `who` holds, if nobody voted there yet.
    fn unvoted_seat(&self, place: usize, holds: impl Fn(&[PersonId]) -> bool) -> Result<usize, Refusal> {
        let seats = &self.review.steps[place].seats;
        let at = seats.iter().position(|seat| holds(seat.holders())).ok_or(Refusal::NotApprover)?;
        match self.facts.vote_of_seat(self.review, &seats[at]) {
            Some(_) => Err(Refusal::AlreadyVoted),
            None => Ok(at),
        }
    }

    fn delegate<'e>(&self, step: &str, to: &PersonId) -> Result<Act<'e>, Refusal> {
        self.decider()?;
        let place = self.step(step)?;
        self.distinct(place)?;
        let seat = self.unvoted_seat(place, |holders| holders.first() == Some(self.by))?;
        self.target(place, to)?;
        Ok(Act::Delegate { place, seat, to: to.clone() })
    }

    fn reassign<'e>(&self, step: &str, from: Option<&PersonId>, to: &PersonId) -> Result<Act<'e>, Refusal> {
        self.decider()?;
        let place = self.step(step)?;
        let from = from.unwrap_or(self.by);
        if from == self.by {
            self.distinct(place)?
        } else {
            self.administrator()?
        }
        // The excluded have no seat (section 6.1).
        let holds = |holders: &[PersonId]| holders.contains(from) && !self.facts.excluded.contains(from);
        let seat = self.unvoted_seat(place, holds)?;
        self.target(place, to)?;
        let covering = self.review.steps[place].seats[seat].covering;
        let covers = self.frame.org.ix(to).and_then(|ix| self.frame.limit_covers(&self.review.subject, ix));
        if covering && covers != Some(true) {
            return Err(Refusal::LimitTooLow);
        }
        Ok(Act::Reassign { place, seat, to: to.clone() })
    }

    fn add<'e>(&self, ballot: &Ballot, person: &PersonId, position: Position) -> Result<Act<'e>, Refusal> {
        self.decider()?;
        let place = self.step(&ballot.step)?;
        if !self.frame.policy.is_administrator(self.by) {
            voice(self.review, self.frame, self.facts, place, self.by, ballot.on_behalf_of.as_ref())?;
        }
        self.target(place, person)?;
        Ok(Act::Add { place, person: person.clone(), position })
    }

    fn edit<'e>(&self, set: &'e Fields) -> Result<Act<'e>, Refusal> {
        self.actor()?;
        let bound = self.review.state.is_live() || self.review.state == State::Approved;
        let editable = self.frame.policy.editable.as_ref().filter(|_| bound);
        let locked = |editable: &Vec<Arc<str>>| self.review.subject.changes(set).any(|(f, _)| !editable.contains(f));
        if editable.is_some_and(locked) { Err(Refusal::FieldLocked) } else { Ok(Act::Edit(set)) }
    }

    fn submit<'e>(&self) -> Result<Act<'e>, Refusal> {
        self.actor()?;
        match self.review.state {
            State::Approved => return Err(Refusal::ReviewEnded),
            State::Rejected if self.frame.policy.after_rejection == AfterRejection::Final => {
                return Err(Refusal::ReviewEnded);
            }
            State::InReview | State::Incident => return Err(Refusal::AlreadyInReview),
            State::Rejected | State::Draft | State::Recalled | State::ChangesRequested => {}
        }
        self.requester().map(|()| Act::Submit)
    }

    fn recall<'e>(&self) -> Result<Act<'e>, Refusal> {
        self.actor()?;
        match self.review.state {
            State::Approved | State::Rejected => return Err(Refusal::ReviewEnded),
            State::Draft | State::Recalled => return Err(Refusal::NotSubmitted),
            State::InReview | State::Incident | State::ChangesRequested => {}
        }
        self.requester()?;
        let voted = || self.review.votes.iter().any(|v| v.round == self.review.round && v.carried.is_none());
        let late = match self.frame.policy.recall {
            Recall::UntilDecided => false,
            Recall::UntilFirstVote => voted(),
            Recall::Never => true,
        };
        if late { Err(Refusal::RecallTooLate) } else { Ok(Act::Recall) }
    }

    fn repair<'e>(
        &self,
        action: RepairAction,
        step: &str,
        to: Option<&PersonId>,
        reason: Option<&str>,
    ) -> Result<Act<'e>, Refusal> {
        self.decider()?;
        self.administrator()?;
        match action {
            RepairAction::Approve => Err(Refusal::RepairNeverApproves),
            RepairAction::Restart => {
                self.live()?;
                given(reason).map(|()| Act::Restart)
            }
            RepairAction::Assign => {
                let place = self.step(step)?;
                given(reason)?;
                let to = to.ok_or(Refusal::TargetUnknown)?;
                self.target(place, to)?;
                Ok(Act::Assign { place, to: to.clone() })
            }
        }
    }
}

/// A blank reason is no reason.
fn given(reason: Option<&str>) -> Result<(), Refusal> {
    if reason.is_none_or(|reason| reason.trim().is_empty()) { Err(Refusal::ReasonRequired) } else { Ok(()) }
}

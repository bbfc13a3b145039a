//! Why an act is declined, said of this review: who, by which rule, and what to do. Codes and their order are `judge`'s; here
//! is only what a person reads.
//!
//! It tells nothing of a review to somebody who is not in the organisation or not active: he hears of himself alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::amounts::Rates;
use super::event::{Ballot, Event, Verb};
use super::facts::Facts;
use super::frame::Frame;
use super::organisation::Organisation;
use super::policy::{Policy, Recall};
use super::refusal::Refusal;
use super::review::{Review, Vote};
use super::said::{Declined, MOST, Said, unknown_step};
use super::step::EscalateTo;
use super::voice::voices;
use super::words::{State, Status, VoteKind, Why};
use crate::diagnostic::nearest;
use crate::ids::PersonId;

/// What is said of `refusal`, which `event` met in a review that was brought up to its instant.
#[must_use]
pub fn declined(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    event: &Event,
    refusal: Refusal,
) -> Declined {
    let frame = Frame::new(policy, organisation, rates, event.at);
    let facts = Facts::of(review, &frame);
    match &event.by {
        Some(by) => Telling { review, frame: &frame, facts: &facts, by }.declined(event, refusal),
        None => refusal.into(),
    }
}

/// What there is to tell of one refusal.
pub(super) struct Telling<'a> {
    pub(super) review: &'a Review,
    pub(super) frame: &'a Frame<'a>,
    pub(super) facts: &'a Facts<'a>,
    pub(super) by: &'a PersonId,
}

impl Telling<'_> {
    pub(super) fn declined(&self, event: &Event, refusal: Refusal) -> Declined {
        Declined { refusal, said: self.of(event, refusal).unwrap_or_default() }
    }

    /// `None`: the refusal's own sentence says it all.
    fn of(&self, event: &Event, refusal: Refusal) -> Option<Said> {
        let (step, behalf) = about(&event.verb);
        Some(match refusal {
            Refusal::UnknownPerson => {
                // Whoever reads it need not be the one whom it is about.
                let said = Said::default().who(self.by).text(" is not in the organisation: an administrator can enter ");
                said.who(self.by).text(".")
            }
            Refusal::InactivePerson => self.inactive(self.by)?.text(": ask an administrator."),
            Refusal::Excluded => self.excluded(self.by)?.text(" Somebody else has to decide."),
            Refusal::ReviewEnded | Refusal::NotSubmitted => self.over(refusal),
            Refusal::UnknownStep => Said::default().text(unknown_step(step?, &self.steps())),
            Refusal::StepWaiting => self.waiting(step?),
            Refusal::StepDecided => {
                let status = self.review.step(step?)?.status.name();
                Said::default().text(format!("The step `{}` is decided already: it is {status}.", step?))
            }
            Refusal::Distinct => self.shut_out(step?, self.by)?.text(" Somebody else has to decide."),
            Refusal::NotApprover => self.not_asked(&event.verb, step?, behalf),
            Refusal::ChoosePrincipal => self.several(step?)?,
            Refusal::OnePersonOneVote => self.one_vote(step?)?,
            Refusal::NotSubstitute => self.not_substitute(step?, behalf?)?,
            Refusal::SeatTaken => self.taken(step?, behalf)?,
            Refusal::NotYourTurn => self.not_your_turn(step?)?,
            Refusal::DocumentChanged => self.changed(step?, &event.verb)?,
            Refusal::AlreadyVoted => Said::default()
                .text(format!("A vote is given already in this place of `{}`: nothing to pass on.", step?)),
            Refusal::TargetUnknown => self.unknown(target(&event.verb)?),
            Refusal::TargetInactive => self.inactive(target(&event.verb)?)?.text(": name somebody else."),
            Refusal::TargetExcluded => self.not_eligible(target(&event.verb)?, step?)?.text(" Name somebody else."),
            Refusal::TargetSeated => self.seated(target(&event.verb)?, step?),
            Refusal::LimitTooLow => self.limit(target(&event.verb)?, step?)?,
            Refusal::NotAdministrator if self.frame.policy.administrators.is_empty() => Said::default()
                .text("Only an administrator may do this, and there is none: whoever keeps the organisation gives somebody that role."),
            Refusal::NotAdministrator => Said::default()
                .text("Only an administrator of this approval may do this: ask ")
                .people(&self.frame.policy.administrators, " or ")
                .text("."),
            Refusal::NotRequester => {
                let requester = self.review.subject.requester()?;
                Said::default().text("Only the requester may do this, who is ").who(&requester).text(".")
            }
            Refusal::NobodyToEscalate => {
                let holders = self.holders(step?);
                let head = format!("There is nobody to ask in `{}` above ", step?);
                Said::default().text(head).people(&holders, " and ").text(" who may decide there and is not asked yet.")
            }
            Refusal::FieldLocked => self.locked(&event.verb)?,
            Refusal::RecallTooLate => Said::default().text(match self.frame.policy.recall {
                Recall::UntilFirstVote => "Somebody has decided already, and until then alone it may be recalled.",
                Recall::Never | Recall::UntilDecided => {
                    "By the definition this document is not recalled once submitted."
                }
            }),
            Refusal::ReasonRequired | Refusal::RepairNeverApproves | Refusal::AlreadyInReview | Refusal::NoQuestion => {
                return None;
            }
        })
    }

    /// That it is decided, or not to be decided now: who has brought that about, as far as somebody has.
    fn over(&self, refusal: Refusal) -> Said {
        let said = Said::default().text(refusal.sentence().trim_end_matches('.'));
        let last = |kind: VoteKind| {
            let cast = |vote: &&Vote| vote.carried.is_none() && !vote.withdrawn && vote.kind == kind;
            self.review.votes.iter().rev().find(cast)
        };
        let by = |said: Said, vote: &Vote, what: &str| {
            let said = said.text(": ").who(&vote.author).text(format!(" {what} it"));
            match vote.holder.as_ref().filter(|holder| **holder != vote.author) {
                Some(holder) => said.text(" for ").who(holder).text("."),
                None => said.text("."),
            }
        };
        match (&self.review.why, self.review.state) {
            (Why::By(person), _) => said.text(": ").who(person).text(" asked for changes."),
            (Why::ByRequester, _) => match self.review.subject.requester() {
                Some(requester) => said.text(": ").who(&requester).text(" took it back."),
                None => said.text(": it was taken back."),
            },
            (Why::Expired | Why::TimedOut(_), _) => said.text(": its time was over."),
            (Why::NoApprovalNeeded, _) => said.text(": it needed no approval."),
            (Why::RejectedIn(_), _) if let Some(vote) = last(VoteKind::Reject) => by(said, vote, "rejected"),
            (Why::AllStepsApproved, _) if let Some(vote) = last(VoteKind::Approve) => by(said, vote, "approved"),
            (_, State::Draft) => said.text(": it is a draft."),
            (_, state) => said.text(format!(": it is {}.", state.name().replace('_', " "))),
        }
    }

    fn steps(&self) -> Vec<Arc<str>> {
        self.review.steps.iter().map(|step| Arc::clone(&step.name)).collect()
    }

    fn place(&self, step: &str) -> Option<usize> {
        self.review.steps.iter().position(|state| *state.name == *step)
    }

    fn holders(&self, step: &str) -> Vec<PersonId> {
        let seats = self.review.step(step).into_iter().flat_map(|step| &step.seats);
        seats.flat_map(|seat| seat.holders()).cloned().collect()
    }

    fn inactive(&self, who: &PersonId) -> Option<Said> {
        let person = self.frame.org.person(who)?;
        let said = Said::default().who(who).text(format!(" is not active on {}", self.frame.date));
        Some(match (person.active, person.from, person.until) {
            (false, ..) => said,
            (true, Some(from), _) if self.frame.date < from => said.text(format!(", but from {from} on")),
            (true, _, Some(until)) => said.text(format!(", and was so before {until}")),
            (true, ..) => said,
        })
    }

    /// Whom section 6 excludes, by which entry of `never`.
    fn excluded(&self, who: &PersonId) -> Option<Said> {
        let named = |who: &PersonId| {
            let holds = |field: &&Arc<str>| match &***field {
                "editors" => self.review.editors.contains(who),
                field => self.review.subject.get(field).people().any(|one| one == who.as_str()),
            };
            self.frame.policy.never.iter().find(holds)
        };
        let is = |field: &str| match field {
            "editors" => "has changed the document".to_owned(),
            "requester" => "is the requester".to_owned(),
            field => format!("is the person in the field `{field}`"),
        };
        let rule = format!("whom the definition keeps out (`never: [{}]`", self.frame.policy.never.join(", "));
        if let Some(field) = named(who) {
            return Some(Said::default().who(who).text(format!(" {}, {rule}).", is(field))));
        }
        let mut kept_out: BTreeSet<PersonId> = self.review.editors.clone();
        let fields = self.frame.policy.never.iter().flat_map(|field| self.review.subject.get(field).people());
        kept_out.extend(fields.map(PersonId::from));
        let walks = |start: &&PersonId| {
            let Some(ix) = self.frame.org.ix(start).filter(|_| named(start).is_some()) else { return false };
            let trail = self.frame.reach(&self.review.subject, ix, &[], |_, _, _, ix| self.frame.active(ix));
            trail.iter().any(|met| self.frame.org.at(met.ix).id == *who)
        };
        let principal = kept_out.iter().find(walks)?;
        let is = is(named(principal)?);
        let said = Said::default().who(who).text(" stands in for ").who(principal);
        Some(said.text(format!(", who {is}, {rule}, `never_substitutes: true`).")))
    }

    fn shut_out(&self, step: &str, who: &PersonId) -> Option<Said> {
        let is_sister = |name: &&str| {
            let Some(other) = self.review.step(name) else { return false };
            let votes = self.facts.votes(self.review).map(|(_, vote)| vote);
            votes.filter(|vote| vote.step == other.id).any(|vote| vote.author == *who || vote.holder() == who)
        };
        let sister = self.frame.policy.distinct_from(step).find(is_sister)?;
        let rule = format!("`distinct: [[{sister}, {step}]]`");
        let said = Said::default().who(who).text(format!(" had a part in the step `{sister}`, and "));
        Some(said.text(format!("`{step}` needs other people ({rule}).")))
    }

    fn not_eligible(&self, who: &PersonId, step: &str) -> Option<Said> {
        match self.facts.excluded.contains(who) {
            true => self.excluded(who),
            false => self.shut_out(step, who),
        }
    }

    fn waiting(&self, step: &str) -> Said {
        let open = self.review.steps.iter().filter(|other| other.status == Status::Open && *other.name != *step);
        let open: Vec<String> = open.take(MOST).map(|other| format!("`{}`", other.name)).collect();
        let first = if open.is_empty() { "an earlier one".to_owned() } else { open.join(", ") };
        Said::default().text(format!("The step `{step}` waits: {first} must be approved first."))
    }

    fn not_asked(&self, verb: &Verb, step: &str, behalf: Option<&PersonId>) -> Said {
        let holders = self.holders(step);
        let asked = |said: Said| said.text(format!(" in `{step}`; asked there: ")).people(&holders, " and ").text(".");
        let other = behalf.filter(|holder| *holder != self.by);
        asked(match (verb, other) {
            (Verb::Delegate { .. }, _) => Said::default().who(self.by).text(" has no place to delegate"),
            (Verb::Reassign { .. }, other) => {
                Said::default().who(other.unwrap_or(self.by)).text(" has no place that could be passed on")
            }
            (_, Some(holder)) => Said::default().who(holder).text(" is not asked"),
            (_, None) => Said::default().who(self.by).text(" is not asked, and stands in for nobody who is,"),
        })
    }

    fn several(&self, step: &str) -> Option<Said> {
        let all = voices(self.review, self.frame, self.facts, self.place(step)?, self.by);
        let said = Said::default().text(format!("Several people could be meant in `{step}`: say on whose behalf, "));
        Some(said.people(all.iter().map(|one| &one.holder), " or ").text("."))
    }

    fn one_vote(&self, step: &str) -> Option<Said> {
        let place = self.place(step)?;
        let said = Said::default().text("One person has one vote in a step: ").who(self.by);
        if Facts::is_seated(self.review, self.frame, place, self.by) {
            return Some(
                said.text(format!(" has a place of the own name in `{step}`, and decides there for nobody else.")),
            );
        }
        let (_, vote) = self.facts.vote_by(self.review, &self.review.steps[place], self.by)?;
        Some(said.text(format!(" has voted in `{step}` already, for ")).who(vote.holder()).text("."))
    }

    fn not_substitute(&self, step: &str, holder: &PersonId) -> Option<Said> {
        let all = voices(self.review, self.frame, self.facts, self.place(step)?, self.by);
        let said = Said::default().who(self.by).text(" does not stand in for ").who(holder);
        let said = said.text(format!(" here today; in `{step}` it could be for "));
        Some(said.people(all.iter().map(|one| &one.holder), " or ").text("."))
    }

    fn taken(&self, step: &str, behalf: Option<&PersonId>) -> Option<Said> {
        let place = self.place(step)?;
        let all = voices(self.review, self.frame, self.facts, place, self.by);
        let wanted = behalf.filter(|holder| *holder != self.by);
        let voice = all.into_iter().find(|one| wanted.is_none_or(|holder| one.holder == *holder))?;
        let (_, vote) = self.facts.vote_of_seat(self.review, &self.review.steps[place].seats[voice.seat])?;
        Some(
            Said::default()
                .who(&vote.author)
                .text(" has answered in this place of ")
                .text(format!("`{step}` already.")),
        )
    }

    fn not_your_turn(&self, step: &str) -> Option<Said> {
        let place = self.place(step)?;
        let open = self.facts.open_seats(self.review, self.frame, place);
        let seats = open.iter().flat_map(|&at| self.review.steps[place].seats[at].holders());
        let said = Said::default().text(format!("In `{step}` one is asked after another (`in_order`); now it is "));
        Some(said.people(seats, " or ").text("."))
    }

    fn changed(&self, step: &str, verb: &Verb) -> Option<Said> {
        let place = self.place(step)?;
        let definition = &self.facts.definitions[place];
        let seen = ballot(verb)?.seen?;
        let changed = self.review.subject.changed_since(seen).map(|(field, _)| field);
        let fields: Vec<String> = changed
            .filter(|field| self.frame.policy.matters(definition, field) && !field.starts_with('('))
            .take(MOST)
            .map(|field| format!("`{field}`"))
            .collect();
        let which = if fields.is_empty() { String::new() } else { format!(" (in {})", fields.join(", ")) };
        Some(Said::default().text(format!("The document has changed since it was opened{which}: look at it again.")))
    }

    fn unknown(&self, who: &PersonId) -> Said {
        let people = &self.frame.org.parts().people;
        let near = nearest(who.as_str(), people.iter().map(|one| one.id.as_str()));
        let said = Said::default().text(format!("Nobody in the organisation has the id `{who}`."));
        match near {
            Some(near) => said.text(format!(" Did you mean `{near}`?")),
            None => said.text(" Name somebody of the organisation by the id."),
        }
    }

    fn seated(&self, who: &PersonId, step: &str) -> Said {
        let seated = self.place(step).is_some_and(|place| Facts::is_seated(self.review, self.frame, place, who));
        let how = if seated { "is asked" } else { "has voted" };
        Said::default().who(who).text(format!(" {how} in `{step}` already: name somebody else."))
    }

    /// Not how far the limit goes: who asks need not know that.
    fn limit(&self, who: &PersonId, step: &str) -> Option<Said> {
        let amount = self.review.subject.amount()?;
        let said = Said::default().text("The limit of ").who(who).text(format!(" does not cover {amount}"));
        Some(said.text(format!(", which this place of `{step}` needs: name somebody whose limit does.")))
    }

    fn locked(&self, verb: &Verb) -> Option<Said> {
        let (Verb::Edit { set }, Some(editable)) = (verb, &self.frame.policy.editable) else { return None };
        let locked = self.review.subject.changes(set).filter(|(field, _)| !editable.contains(field));
        let locked: Vec<String> = locked.take(MOST).map(|(field, _)| format!("`{field}`")).collect();
        let may = match editable.as_slice() {
            [] => "nothing".to_owned(),
            fields => format!("only `{}`", fields.join("`, `")),
        };
        let state = self.review.state.name().replace('_', " ");
        Some(
            Said::default()
                .text(format!("{} may not change any more: {may} may, while it is {state}.", locked.join(", "))),
        )
    }
}

fn ballot(verb: &Verb) -> Option<&Ballot> {
    match verb {
        Verb::Approve(ballot) | Verb::Reject(ballot) | Verb::Abstain(ballot) | Verb::RequestChanges(ballot) => {
            Some(ballot)
        }
        Verb::Ask { ballot, .. } | Verb::AddApprover { ballot, .. } => Some(ballot),
        _ => None,
    }
}

/// The step that an act is about, and in whose place it is.
fn about(verb: &Verb) -> (Option<&str>, Option<&PersonId>) {
    if let Some(ballot) = ballot(verb) {
        return (Some(&ballot.step), ballot.on_behalf_of.as_ref());
    }
    match verb {
        Verb::Reassign { step, from, .. } => (Some(step), from.as_ref()),
        Verb::Delegate { step, .. }
        | Verb::Escalate { step, .. }
        | Verb::Remind { step }
        | Verb::Look { step }
        | Verb::Repair { step, .. } => (Some(step), None),
        _ => (None, None),
    }
}

/// Whom an act names.
fn target(verb: &Verb) -> Option<&PersonId> {
    match verb {
        Verb::Delegate { to, .. } | Verb::Reassign { to, .. } => Some(to),
        Verb::AddApprover { person, .. } | Verb::AddWatcher { person } => Some(person),
        Verb::Escalate { to: EscalateTo::Person(to), .. } => Some(to),
        Verb::Ask { to, .. } | Verb::Repair { to, .. } => to.as_ref(),
        _ => None,
    }
}

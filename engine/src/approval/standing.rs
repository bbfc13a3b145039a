//! By what right somebody acts (approvals.md sections 3, 5, 12): what an entry tells of an act, and the answer to "who
//! could decide this, and why".

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::amounts::Rates;
use super::declined::Telling;
use super::event::{Ballot, Event, Verb};
use super::facts::Facts;
use super::frame::{Frame, Met};
use super::judge::judge;
use super::organisation::{Organisation, Substitution};
use super::policy::Policy;
use super::refusal::Refusal;
use super::review::{Review, Vote};
use super::said::Declined;
use super::view::{WhyAsked, open_steps, why_asked};
use super::voice::{askable, voice, voices};
use crate::clock::Timestamp;
use crate::ids::PersonId;

/// One link of the way from a holder to whoever acts for him.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The holder let somebody act for him.
    Delegated {
        /// The holder.
        by: PersonId,
        /// Who may act.
        to: PersonId,
    },
    /// A substitution that was active and in scope, without its note: everybody reads by what right somebody acts. Entries of old have
    /// the note.
    Substitute(Substitution),
}

impl Link {
    /// As it is told, of an entry of old too.
    #[must_use]
    pub fn told(self) -> Self {
        match self {
            Self::Substitute(entry) => Self::Substitute(entry.without_note()),
            delegated @ Self::Delegated { .. } => delegated,
        }
    }
}

/// Why somebody may act in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// Who.
    pub person: PersonId,
    /// For whom, if not in his own name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<PersonId>,
    /// The seat, and the rule that made it.
    #[serde(flatten)]
    pub seat: WhyAsked,
    /// From the holder to the person, link by link; empty in one's own name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Link>,
}

/// By what right an act was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// A seat, one's own or that of somebody for whom one stands in.
    Seat(Box<Standing>),
    /// An administrator of the policy.
    Administrator,
    /// The requester.
    Requester,
    /// Whoever is active in the organisation: for what has no power, and for what the workflow itself has allowed.
    Active,
}

/// The right to an act that was accepted; `None` for time and the organisation, which are nobody's.
pub(super) fn right(review: &Review, frame: &Frame<'_>, facts: &Facts, event: &Event) -> Option<Right> {
    let by = event.by.as_ref()?;
    let place = |step: &str| review.steps.iter().position(|state| *state.name == *step);
    let by_ballot = |ballot: &Ballot| {
        let place = place(&ballot.step)?;
        let voice = voice(review, frame, facts, place, by, ballot.on_behalf_of.as_ref()).ok()?;
        Some(Right::Seat(Box::new(standing(review, frame, facts, (place, voice.seat), by, &voice.holder))))
    };
    let by_seat = |step: &str| {
        let place = place(step)?;
        let seat = review.steps[place].seats.iter().position(|seat| seat.holders().contains(by))?;
        Some(Right::Seat(Box::new(standing(review, frame, facts, (place, seat), by, by))))
    };
    match &event.verb {
        Verb::Time | Verb::Organisation => None,
        Verb::Approve(b) | Verb::Reject(b) | Verb::Abstain(b) | Verb::RequestChanges(b) => by_ballot(b),
        Verb::Ask { ballot, .. } => by_ballot(ballot),
        Verb::Answer { .. } if review.subject.requester().as_ref() != Some(by) => Some(Right::Active),
        Verb::Look { step } => by_ballot(&Ballot { step: Arc::clone(step), ..Ballot::default() }),
        Verb::Delegate { step, .. } => by_seat(step),
        Verb::Reassign { step, from, .. } if from.as_ref().is_none_or(|from| from == by) => by_seat(step),
        Verb::AddApprover { ballot, .. } => by_ballot(ballot).or(Some(Right::Administrator)),
        Verb::Reassign { .. } | Verb::Escalate { .. } | Verb::Repair { .. } => Some(Right::Administrator),
        Verb::Remind { .. } if frame.policy.is_administrator(by) => Some(Right::Administrator),
        Verb::Answer { .. } | Verb::Remind { .. } | Verb::Submit | Verb::Recall => Some(Right::Requester),
        Verb::AddWatcher { .. } | Verb::Edit { .. } => Some(Right::Active),
    }
}

/// Why `person` may act for `holder` of the seat at (step, seat).
fn standing(
    review: &Review,
    frame: &Frame<'_>,
    facts: &Facts,
    (place, at): (usize, usize),
    person: &PersonId,
    holder: &PersonId,
) -> Standing {
    let seat = &review.steps[place].seats[at];
    let through = if person == holder {
        Vec::new()
    } else {
        let trail = frame.org.ix(holder).map(|ix| facts.trail(review, frame, place, seat, ix)).unwrap_or_default();
        way(frame, &trail, person)
    };
    Standing {
        person: person.clone(),
        on_behalf_of: Some(holder).filter(|holder| *holder != person).cloned(),
        seat: why_asked(review, frame, facts, place, seat),
        through,
    }
}

/// The links of a walk from where it began to `person`.
pub(super) fn way(frame: &Frame<'_>, trail: &[Met<'_>], person: &PersonId) -> Vec<Link> {
    let mut links = Vec::new();
    let mut at = trail.iter().position(|met| frame.org.at(met.ix).id == *person).unwrap_or(0);
    // The first of a walk stands in for nobody.
    while at > 0 {
        let met = trail[at];
        links.push(match met.entry {
            Some(entry) => Link::Substitute(entry.without_note()),
            None => Link::Delegated {
                by: frame.org.at(trail[met.before].ix).id.clone(),
                to: frame.org.at(met.ix).id.clone(),
            },
        });
        at = met.before;
    }
    links.reverse();
    links
}

/// The seat that a vote fills; `None` if it is not there any more.
#[must_use]
pub fn seat_of(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
    vote: &Vote,
) -> Option<WhyAsked> {
    let frame = Frame::new(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let place = review.steps.iter().position(|step| step.id == vote.step)?;
    let seat = review.steps[place].seats.numbered(vote.seat)?;
    Some(why_asked(review, &frame, &facts, place, seat))
}

/// Everyone who may act now in a review that was brought up to `at`, and why: by step of the plan, seat, holder. It is
/// [`super::View::open`] with its reasons.
#[must_use]
pub fn deciders(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
) -> Vec<Standing> {
    let frame = Frame::new(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let of_step = |place: usize| {
        let all = askable(review, &frame, &facts, place);
        all.into_iter()
            .map(|(seat, person, holder)| standing(review, &frame, &facts, (place, seat), &person, &holder))
            .collect::<Vec<_>>()
    };
    open_steps(review).flat_map(of_step).collect()
}

/// What an approval by somebody would meet in one step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Chance {
    /// The step; empty where the review has none.
    pub step: Arc<str>,
    /// In which seats he could approve, and why; several only where he would have to say for whom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub may: Vec<Standing>,
    /// Why he could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// The same in words.
    #[serde(skip)]
    pub declined: Option<Declined>,
}

/// Step by step, whether `person` could approve in a review that was brought up to `at`, and if not, why not: the same
/// judgement that an approval would meet.
#[must_use]
pub fn chances(
    review: &Review,
    policy: &Policy,
    organisation: &Organisation,
    rates: &Rates,
    at: Timestamp,
    person: &PersonId,
) -> Vec<Chance> {
    let frame = Frame::new(policy, organisation, rates, at);
    let facts = Facts::of(review, &frame);
    let approval = |step: &Arc<str>, on_behalf_of: Option<PersonId>| {
        let ballot = Ballot { step: Arc::clone(step), on_behalf_of, ..Ballot::default() };
        Event { at, verb: Verb::Approve(ballot), by: Some(person.clone()) }
    };
    let telling = Telling { review, frame: &frame, facts: &facts, by: person };
    let declined = |step: &Arc<str>, refusal| telling.declined(&approval(step, None), refusal);
    let tried = |step: &Arc<str>, on_behalf_of: Option<PersonId>| {
        let event = approval(step, on_behalf_of);
        judge(review, &frame, &facts, &event)?;
        Ok(right(review, &frame, &facts, &event))
    };
    let seat = |right| match right {
        Some(Right::Seat(standing)) => Some(*standing),
        _ => None,
    };
    let of_step = |step: &Arc<str>| {
        let step = Arc::clone(step);
        match tried(&step, None) {
            Ok(right) => Chance { may: seat(right).into_iter().collect(), step, refusal: None, declined: None },
            Err(Refusal::ChoosePrincipal) => {
                let place = review.steps.iter().position(|state| state.name == step).unwrap_or(0);
                let all = voices(review, &frame, &facts, place, person).into_iter();
                let may: Vec<Standing> =
                    all.filter_map(|one| tried(&step, Some(one.holder)).ok().and_then(seat)).collect();
                let refusal = may.is_empty().then_some(Refusal::ChoosePrincipal);
                let declined = refusal.map(|refusal| declined(&step, refusal));
                Chance { step, may, refusal, declined }
            }
            Err(refusal) => {
                let declined = Some(declined(&step, refusal));
                Chance { step, may: Vec::new(), refusal: Some(refusal), declined }
            }
        }
    };
    if review.steps.is_empty() {
        vec![of_step(&"".into())]
    } else {
        review.steps.iter().map(|s| of_step(&s.name)).collect()
    }
}

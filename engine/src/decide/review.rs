//! A task's review brought up to an instant, and what an entry tells of an act on it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::approval::{self, Applied, Ballot, Event, Fields, Fired, Policy, Rates, Review, Right, Verb, WhyAsked};
use crate::clock::Timestamp;
use crate::definition::chart::{Definition, StateKind};
use crate::ids::{Digest, PersonId};
use crate::instance::Task;

use super::OrganisationAt;

/// An act on a task, as its entry keeps it: whose, by what right, and on what document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acted {
    /// The verb.
    pub act: Cow<'static, str>,
    /// Whose act it was; of a vote that was carried, who cast it.
    pub person: PersonId,
    /// By what right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Right>,
    /// Of a vote that was carried to another step: the seat that it fills, and from which step it was carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// What the person saw.
    pub saw: Saw,
}

/// A vote that fills a seat of its author in another step (approvals.md, section 8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The step in which it was really cast.
    pub from: Arc<str>,
    /// The seat that it fills.
    #[serde(flatten)]
    pub seat: WhyAsked,
}

/// The document as it was on somebody's screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saw {
    /// The version.
    pub version: u32,
    /// The digest of the whole document, as headers have it; of the present version only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Digest>,
    /// Its fields.
    pub fields: Fields,
}

impl Saw {
    fn of(review: &Review, version: u32, document: Digest) -> Self {
        let subject = &review.subject;
        let then = |field: &Arc<str>| (Arc::clone(field), subject.at(version, field).clone());
        let fields = subject.fields().keys().map(then).collect();
        Self { version, document: (version == subject.version()).then_some(document), fields }
    }
}

/// What one event came to, with everything that fell due before it.
pub(super) struct Brought {
    pub(super) fired: Vec<Fired>,
    pub(super) applied: Applied,
}

/// What is known of the organisation, as far as a review needs it.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// The revisions that the review may not have seen, and the one before, rising.
    pub(super) revisions: &'a [Arc<OrganisationAt>],
    /// The one in force, the last of them.
    pub(super) current: &'a OrganisationAt,
    /// The last one that the review has seen.
    pub(super) seen: i64,
}

/// The one way on: a review meets every revision of the organisation that it has not seen, each at its instant and
/// with what fell due before it, then the event.
pub(super) fn bring_on(
    mut review: Review,
    policy: &Policy,
    rates: &Rates,
    Known { revisions, current, seen }: Known<'_>,
    event: &Event,
) -> Brought {
    let mut fired = Vec::new();
    let mut step = |review: &mut Review, org: &OrganisationAt, event: &Event| {
        let mut applied = approval::apply(std::mem::take(review), policy, &org.organisation, rates, event);
        fired.append(&mut applied.fired);
        applied
    };
    if review.state.is_live() && seen < current.revision {
        let mut held = revisions.iter().rev().find(|o| o.revision <= seen);
        for next in revisions.iter().filter(|o| o.revision > seen) {
            let since = next.at.min(event.at);
            if let Some(held) = held {
                let time = Event { at: since, verb: Verb::Time, by: None };
                review = step(&mut review, held, &time).review;
            }
            let changed = Event { at: since, verb: Verb::Organisation, by: None };
            review = step(&mut review, next, &changed).review;
            held = Some(next);
        }
    }
    let applied = step(&mut review, current, event);
    Brought { fired, applied }
}

/// What the entry tells of an accepted event: the act, and the votes that it made carry on.
pub(super) fn acted(
    before: usize,
    document: Digest,
    policy: &Policy,
    organisation: &OrganisationAt,
    rates: &Rates,
    (event, name): (&Event, &'static str),
    applied: &Applied,
) -> Vec<Acted> {
    let review = &applied.review;
    let mut all = Vec::new();
    // Who may submit, edit and recall, the workflow's own arrow has said.
    let by_arrow = matches!(event.verb, Verb::Submit | Verb::Edit { .. } | Verb::Recall);
    if let (Some(person), Some(right), false) = (&event.by, &applied.right, by_arrow) {
        let seen = ballot(&event.verb).and_then(|ballot| ballot.seen).unwrap_or_else(|| review.subject.version());
        let saw = Saw::of(review, seen, document);
        all.push(Acted { act: name.into(), person: person.clone(), right: Some(right.clone()), carried: None, saw });
    }
    for vote in review.votes.iter().skip(before) {
        let Some(origin) = vote.carried else { continue };
        let from = review.votes.get(origin as usize).and_then(|origin| review.step_by_id(origin.step));
        let seat = approval::seat_of(review, policy, &organisation.organisation, rates, event.at, vote);
        if let (Some(from), Some(seat)) = (from, seat) {
            let carried = Some(Carried { from: Arc::clone(&from.name), seat });
            let saw = Saw::of(review, vote.seen, document);
            all.push(Acted { act: vote.kind.name().into(), person: vote.author.clone(), right: None, carried, saw });
        }
    }
    all
}

/// What a verb says of the step, the principal and the screen, if it is one that does.
pub(super) fn ballot(act: &Verb) -> Option<&Ballot> {
    match act {
        Verb::Approve(b) | Verb::Reject(b) | Verb::Abstain(b) | Verb::RequestChanges(b) | Verb::Ask(b) => Some(b),
        _ => None,
    }
}

/// The policy of a task as its definition has it.
pub(super) fn policy_of(definition: &Definition, task: &Task) -> Option<Arc<Policy>> {
    match &definition.state(definition.find(&task.state)?).kind {
        StateKind::Approval(approval) => Some(approval.policy.clone()),
        _ => None,
    }
}

/// The same with those who hold the role `administrator` in any unit among its administrators.
pub(super) fn policy_with(definition: &Definition, task: &Task, organisation: &OrganisationAt) -> Option<Arc<Policy>> {
    let policy = policy_of(definition, task)?;
    let units = &organisation.organisation.parts().units;
    let holders: Vec<PersonId> = units.iter().filter_map(|u| u.roles.get("administrator")).flatten().cloned().collect();
    if holders.is_empty() {
        return Some(policy);
    }
    let mut policy = Policy::clone(&policy);
    policy.administrators.extend(holders);
    Some(Arc::new(policy))
}

/// The instant at which a review that was brought on stands.
pub(super) const fn time(at: Timestamp) -> Event {
    Event { at, verb: Verb::Time, by: None }
}

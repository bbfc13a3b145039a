//! A task's review brought up to an instant, and what an entry tells of an act on it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::approval::{
    self, Applied, Ballot, Event, FieldValue, Fields, Fired, OpenVoice, Organisation, Policy, Rates, Review, Right,
    Verb, WhyAsked,
};
use crate::clock::Timestamp;
use crate::definition::chart::Definition;
use crate::ids::{Digest, PersonId};
use crate::instance::{Screen, Task};

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
    /// What was asked for, where it is no vote, request for changes or question to the requester: of what step, to whom, how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verb: Option<Verb>,
    /// Of a vote that was carried to another step: the seat that it fills, and from which step it was carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<Carried>,
    /// What was on the person's screen: of acts that brought the document's etag, and of votes that are carried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub saw: Option<Saw>,
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
    /// The digest of the whole document, as headers have it, where that version's is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Digest>,
    /// Its fields; of a long one the SHA-256 of its JSON, as `sha256:...`.
    pub fields: Fields,
}

/// Up to how many bytes a field is told as it is.
const LONG: usize = 1_000;

impl Saw {
    fn of(review: &Review, version: u32, screen: Screen) -> Self {
        let subject = &review.subject;
        let then = |field: &Arc<str>| {
            let value = subject.at(version, field);
            let long = value.text().is_none_or(|text| text.len() > LONG).then(|| serde_json::to_string(value));
            let told = match long {
                Some(Ok(json)) if json.len() > LONG => FieldValue::Text(format!("sha256:{}", Digest::of(json)).into()),
                _ => value.clone(),
            };
            (Arc::clone(field), told)
        };
        let fields = subject.fields().keys().map(then).collect();
        Self { version, document: (version == screen.version).then_some(screen.document), fields }
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
    /// The instant up to which the review was brought before.
    pub(super) since: Timestamp,
}

impl Known<'_> {
    /// Who stood in for whom when the review was left, if anything that decides it has changed by `now`.
    pub(super) fn stood_in(
        &self,
        review: &Review,
        policy: &Policy,
        rates: &Rates,
        now: Timestamp,
    ) -> Option<Vec<OpenVoice>> {
        let held = self.revisions.iter().rev().find(|one| one.revision <= self.seen)?;
        let changed =
            self.seen < self.current.revision || held.organisation.next_day(self.since).is_some_and(|day| day <= now);
        if !changed || !review.state.is_live() {
            return None;
        }
        let mut open = approval::view(review, policy, &held.organisation, rates, self.since).open;
        open.retain(|voice| voice.on_behalf_of.is_some());
        Some(open)
    }
}

/// The one way on: a review meets every revision of the organisation that it has not seen, and every day that begins on which
/// somebody comes, goes, or begins or ends to stand in, each at its instant and with what fell due before it; then the
/// event. So whoever comes late with it finds what he would have found in time.
pub(super) fn bring_on(review: Review, policy: &Policy, rates: &Rates, known: Known<'_>, event: &Event) -> Brought {
    let Known { revisions, current, seen, since } = known;
    let live = review.state.is_live();
    let mut on = On { review, policy, rates, at: since, fired: Vec::new() };
    if live && seen < current.revision {
        let mut held = revisions.iter().rev().find(|o| o.revision <= seen);
        for next in revisions.iter().filter(|o| o.revision > seen) {
            let since = next.at.min(event.at);
            if let Some(held) = held {
                on.days(held, since);
                on.step(held, &time(since));
            }
            on.step(next, &Event { at: since, verb: Verb::Organisation, by: None });
            held = Some(next);
        }
    }
    if live {
        on.days(current, event.at);
    }
    let applied = on.step(current, event);
    Brought { fired: on.fired, applied: Applied { review: on.review, ..applied } }
}

/// A review on its way.
struct On<'a> {
    review: Review,
    policy: &'a Policy,
    rates: &'a Rates,
    at: Timestamp,
    fired: Vec<Fired>,
}

impl On<'_> {
    /// One event. (The review of what comes back is taken out.)
    fn step(&mut self, organisation: &OrganisationAt, event: &Event) -> Applied {
        let review = std::mem::take(&mut self.review);
        let mut applied = approval::apply(review, self.policy, &organisation.organisation, self.rates, event);
        self.fired.append(&mut applied.fired);
        self.review = std::mem::take(&mut applied.review);
        self.at = self.at.max(event.at);
        applied
    }

    /// Every day that begins before `until` and changes who may act.
    fn days(&mut self, organisation: &OrganisationAt, until: Timestamp) {
        while let Some(day) = organisation.organisation.next_day(self.at).filter(|day| *day < until) {
            self.step(organisation, &time(day));
            // A day that begins in the past of a clock that went back is not met twice.
            self.at = self.at.max(day);
        }
    }
}

/// What there was before an event.
#[derive(Clone, Copy)]
pub(super) struct Before {
    /// How many votes.
    pub(super) votes: usize,
    /// The document.
    pub(super) screen: Screen,
    /// What was before whoever sent the event, as the task's etag says that he brought.
    pub(super) brought: Option<Screen>,
}

/// What the entry tells of an accepted event: the act, and the votes that it made carry on.
pub(super) fn acted(
    Before { votes, screen, brought }: Before,
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
        let seen = ballot(&event.verb).and_then(|ballot| ballot.seen);
        let saw = brought.map(|brought| Saw::of(review, seen.unwrap_or(brought.version), brought));
        let is_told = ballot(&event.verb).is_none() || matches!(event.verb, Verb::Ask { to: Some(_), .. });
        let verb = is_told.then(|| event.verb.clone());
        let right = Some(right.clone());
        all.push(Acted { act: name.into(), person: person.clone(), right, verb, carried: None, saw });
    }
    for vote in review.votes.iter().skip(votes) {
        let Some(origin) = vote.carried else { continue };
        let from = review.votes.get(origin as usize).and_then(|origin| review.step_by_id(origin.step));
        let seat = approval::seat_of(review, policy, &organisation.organisation, rates, event.at, vote);
        if let (Some(from), Some(seat)) = (from, seat) {
            let carried = Some(Carried { from: Arc::clone(&from.name), seat });
            let saw = Some(Saw::of(review, vote.seen, screen));
            let (act, person) = (vote.kind.name().into(), vote.author.clone());
            all.push(Acted { act, person, right: None, verb: None, carried, saw });
        }
    }
    all
}

/// What a verb says of the step, the principal and the screen, if it is one that does.
pub(super) fn ballot(act: &Verb) -> Option<&Ballot> {
    match act {
        Verb::Approve(b) | Verb::Reject(b) | Verb::Abstain(b) | Verb::RequestChanges(b) => Some(b),
        Verb::Ask { ballot, .. } => Some(ballot),
        _ => None,
    }
}

/// The role whose holders, in any unit, are among the administrators of every approval.
pub const ADMINISTRATOR: &str = "administrator";

/// Whether somebody holds it.
#[must_use]
pub fn administers(organisation: &Organisation, person: &PersonId) -> bool {
    organisation.holders(ADMINISTRATOR).any(|holder| holder == person)
}

/// The policy of a task as its definition has it.
pub(super) fn policy_of(definition: &Definition, task: &Task) -> Option<Arc<Policy>> {
    definition.approval(&task.state).map(|approval| approval.policy.clone())
}

/// The same with those who hold the role `administrator` in any unit among its administrators.
pub(super) fn policy_with(definition: &Definition, task: &Task, organisation: &OrganisationAt) -> Option<Arc<Policy>> {
    let policy = policy_of(definition, task)?;
    let holders: Vec<PersonId> = organisation.organisation.holders(ADMINISTRATOR).cloned().collect();
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

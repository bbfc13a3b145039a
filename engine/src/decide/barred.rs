//! Steps of an approval in which everybody who is asked may not decide, by what he has done: he has passed the place on, or has
//! set what is decided about. The rules of approvals know nothing of that, so that no review says it of itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval::{self, FieldValue, Policy, Resolver, Review, State, Stuck, UnitOf, Why};
use crate::domain::Domain;
use crate::instance::{Incident, Status, TaskStatus};

use super::by;
use super::review::policy_with;
use super::run::Run;

/// The code of an incident of an approval.
pub const APPROVAL_INCIDENT: &str = "approval_incident";

/// How the message of such an incident begins; behind it stands why, such as `nobody:manager`.
pub const NEEDS_HELP: &str = "the approval needs help: ";

/// What stands behind the step where nobody is asked since no limit covers the amount: no field is called so.
pub const OVER_LIMITS: &str = ">limit";

impl<D: Domain> Run<'_, '_, D> {
    /// Notes where nobody is left who may decide, and forgets where somebody is again.
    pub(super) fn note_barred(&mut self) {
        for at in 0..self.work.tasks.len() {
            let task = &self.work.tasks[at];
            let state = task.detail.review.state;
            // What is stuck by the rules themselves is told with the review.
            if task.status != TaskStatus::Open || state != State::InReview {
                continue;
            }
            let path = task.state.clone();
            let is_known = |i: &Incident| *i.code == *APPROVAL_INCIDENT && i.at.as_ref() == Some(&path);
            let known = self.work.detail.incidents().find(|i| is_known(i)).map(|i| i.message.clone());
            let message = self.barred(at).map(|step| format!("{NEEDS_HELP}nobody:{step}"));
            if message == known {
                continue;
            }
            self.work.detail.forget(is_known);
            if let Some(message) = message {
                let (since, at) = (self.ground.now, Some(path.clone()));
                self.work.detail.note(Incident { code: APPROVAL_INCIDENT.into(), message, since, at, tried: None });
                self.work.status = Status::Incident;
            }
            self.is_well();
        }
    }

    /// Notes that a review is stuck by its own rules, and forgets it where it goes on. One that was left stays as it stands, and
    /// needs nobody.
    pub(super) fn approval_incident(&mut self, at: usize, state: State, before: State, why: String) {
        let since = self.ground.now;
        let task = &self.work.tasks[at];
        if state == State::Incident && task.status != TaskStatus::Open {
            return;
        }
        let at = Some(task.state.clone());
        let detail = &mut self.work.detail;
        if state == State::Incident {
            let message = format!("{NEEDS_HELP}{why}");
            let mut known = detail.incident.iter().chain(&detail.others);
            if !known.any(|i| i.message == message && i.at == at) {
                detail.note(Incident { code: APPROVAL_INCIDENT.into(), message, since, at, tried: None });
            }
            self.work.status = Status::Incident;
        } else if before == State::Incident {
            detail.forget(|i| *i.code == *APPROVAL_INCIDENT && (i.at.is_none() || i.at == at));
            self.is_well();
        }
    }

    /// The first step of a review in which everybody is barred who could act otherwise.
    fn barred(&self, at: usize) -> Option<Arc<str>> {
        let task = &self.work.tasks[at];
        if task.detail.passed_on.is_empty() && self.work.detail.handled.is_empty() {
            return None;
        }
        let (organisation, detail) = (self.ground.organisation(), &task.detail);
        let policy = policy_with(self.definition, task, organisation)?;
        let all =
            approval::deciders(&detail.review, &policy, &organisation.organisation, &detail.rates, self.ground.now);
        let good = |one: &&approval::Standing| by::is_good_of((self.definition, &self.work, task), one);
        let able: BTreeSet<&Arc<str>> = all.iter().filter(good).map(|one| &one.seat.step).collect();
        all.iter().map(|one| &one.seat.step).find(|step| !able.contains(step)).cloned()
    }
}

/// Why a review stands where it stands; where nobody is asked since a field that would say whom is empty, with that field:
/// whoever can write in it mends it; with [`OVER_LIMITS`], where nobody's limit covers the amount.
pub(super) fn stuck(review: &Review, policy: &Policy) -> String {
    let why = review.why.to_string();
    let Why::Stuck(Stuck::Nobody, name) = &review.why else { return why };
    let Some(step) = review.steps.iter().find(|step| step.name == *name) else { return why };
    let asks = step.definition(policy);
    if approval::is_over_limits(&asks, step.problem, &step.seats) {
        return format!("{why}:{OVER_LIMITS}");
    }
    let named = asks.who.iter().filter_map(|resolver| match resolver {
        Resolver::Field(field) | Resolver::Role { unit: UnitOf::Field(field), .. } => Some(field),
        _ => None,
    });
    match named.into_iter().find(|field| matches!(review.subject.get(field), FieldValue::Null)) {
        Some(field) => format!("{why}:{field}"),
        None => why,
    }
}

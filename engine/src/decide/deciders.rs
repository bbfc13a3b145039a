//! Who could decide a task at an instant, and why: now, at any past instant, or at one to come.

use std::sync::Arc;

use serde::Serialize;

use crate::approval::{self, Chance, CountingVote, Fired, Preview, Standing, State, Why};
use crate::clock::Timestamp;
use crate::definition::chart::Definition;
use crate::ids::{Digest, PersonId, TaskId};
use crate::instance::{Instance, TaskStatus};

use super::review::{Known, bring_on, policy_with, time};
use super::{OrganisationAt, by};

/// Who could decide a task at an instant, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Deciders {
    /// The task.
    pub task: TaskId,
    /// The instant.
    pub at: Timestamp,
    /// The number of the instance's last entry by then: everything below follows from the entries up to it.
    pub entry: i64,
    /// The revision of the organisation that was in force.
    pub organisation: i64,
    /// The state that the instance was in.
    pub instance: Arc<str>,
    /// Open, suspended or closed.
    pub status: TaskStatus,
    /// Where the review stood.
    pub state: State,
    /// Why it stood there.
    pub why: Why,
    /// The round.
    pub round: u32,
    /// The document's version.
    pub version: u32,
    /// The digest of the document.
    pub document: Digest,
    /// What had fallen due by then and was in no entry yet.
    pub fired: Vec<Fired>,
    /// Who could decide, in the order of the plan.
    pub deciders: Vec<Standing>,
    /// The votes that counted.
    pub voted: Vec<CountingVote>,
    /// Whom the steps that wait would have asked.
    pub waiting: Vec<Preview>,
    /// Of one person who was asked about, step by step: whether he could approve, and if not, why not. Where the task is not
    /// open, whoever could is refused for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chances: Option<Vec<Chance>>,
}

/// Who could decide the task of `instance` at `at`. `instance` is as its entries up to then make it; `organisations` are
/// the revisions that its review had not seen by then with the one before, rising; the last was in force. `None`: it has no
/// such task, or no organisation is given.
#[must_use]
pub fn deciders(
    definition: &Definition,
    instance: &Instance,
    ordinal: u32,
    organisations: &[Arc<OrganisationAt>],
    at: Timestamp,
    person: Option<&PersonId>,
) -> Option<Deciders> {
    let task = instance.tasks.iter().find(|task| task.id.ordinal == ordinal)?;
    let current = organisations.last()?;
    let (organisation, rates) = (&current.organisation, &task.detail.rates);
    let policy = policy_with(definition, task, current)?;
    let known = Known { revisions: organisations, current, seen: task.detail.organisation, since: instance.changed_at };
    // Only an open task goes on with time; a suspended one is left as it is.
    let (review, fired) = match task.status {
        TaskStatus::Open => {
            let brought = bring_on(task.detail.review.clone(), &policy, rates, known, &time(at));
            (brought.applied.review, brought.fired)
        }
        TaskStatus::Suspended | TaskStatus::Closed => (task.detail.review.clone(), Vec::new()),
    };
    let view = approval::view(&review, &policy, organisation, rates, at);
    let open = task.status == TaskStatus::Open;
    let mut deciders = if open { approval::deciders(&review, &policy, organisation, rates, at) } else { Vec::new() };
    deciders.retain(|one| by::is_good_of((definition, instance, task), one));
    let chances = person.map(|who| {
        let mut all = approval::chances(&review, &policy, organisation, rates, at, who);
        all.iter_mut().for_each(|chance| by::good((definition, instance, task), chance));
        all
    });
    Some(Deciders {
        task: task.id,
        at,
        entry: instance.seq,
        organisation: current.revision,
        instance: instance.state.clone(),
        status: task.status,
        state: view.state,
        why: view.why,
        round: view.round,
        version: view.document,
        document: task.document,
        fired,
        deciders,
        voted: view.counting,
        waiting: if open { approval::preview(&review, &policy, organisation, rates, at) } else { Vec::new() },
        chances,
    })
}

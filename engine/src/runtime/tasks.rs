//! Whose tasks: who may act is computed, from whoever holds a seat over those who stand in for them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use crate::approval::{Ruled, Standing, View};
use crate::clock::Timestamp;
use crate::command::OpenSeat;
use crate::decide::{AskedFor, OrganisationAt, asked_for, due, ruled, standings, view_at};
use crate::definition::chart::Definition;
use crate::ids::{InstanceId, PersonId, TaskId, TenantId};
use crate::instance::{Document, Instance, TaskStatus};
use crate::refusal::Refusal;
use crate::store::{Persist, Store};

use super::{Engine, NotDone};

/// How many hops a substitution walk has (approvals.md, section 5.1).
const HOPS: usize = 5;

/// How many rows of held seats are read at once.
const MOST_HELD: i64 = 500;

/// A task as a person sees it.
#[derive(Clone, Debug, Serialize)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// What a decision must bring as `If-Match`.
    pub etag: String,
    /// Open, suspended or closed.
    pub status: TaskStatus,
    /// Its instance.
    pub instance: InstanceId,
    /// The workflow's name.
    pub workflow: Arc<str>,
    /// What its instance is pinned to.
    #[serde(skip)]
    pub definition: Arc<Definition>,
    /// The instance's business key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// The path of the state that opened it.
    pub state: Arc<str>,
    /// The document under review.
    pub subject: Document,
    /// What it asks for; nothing: a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<Vec<AskedFor>>,
    /// For columns of inboxes: those of its state.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Arc<str>>,
    /// The review: state, why, round, steps, who may act, which votes count.
    pub review: View,
    /// The seats for which the person asked about may act; all of them where nobody was named.
    pub open: Vec<OpenSeat>,
    /// Why these, where that was asked for.
    #[serde(skip)]
    pub standings: Vec<Standing>,
    /// By which part of the policy each step is asked for; of somebody's tasks, where that was asked for.
    #[serde(skip)]
    pub ruled: Vec<Ruled>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// By when it should be decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// A task.
    ///
    /// # Errors
    /// [`Refusal::UnknownTask`], [`Refusal::Unloadable`], or broken machinery.
    pub async fn task(&self, tenant: TenantId, id: TaskId) -> Result<TaskView, NotDone> {
        let unknown = || NotDone::Refused(Refusal::UnknownTask(id));
        let instance = self.shared.store.instance(tenant, id.instance).await?.ok_or_else(unknown)?;
        let organisation = self.organisation(tenant).await?;
        let shown = self.shown(&instance, id.ordinal, &organisation, None, None).await?;
        if shown.is_none() {
            self.loaded(&instance).await?;
        }
        shown.ok_or_else(unknown)
    }

    /// Why a list of `person`'s tasks would not be whole, if it would not: whatever is pinned to a definition that cannot be
    /// loaded is left out of it.
    ///
    /// # Errors
    /// Broken machinery.
    pub async fn left_out(&self, tenant: TenantId, person: &PersonId) -> Result<Option<Refusal>, NotDone> {
        let organisation = self.organisation(tenant).await?;
        let people: Vec<PersonId> = stands_in_for(&organisation, person).into_iter().collect();
        let mut after = None;
        loop {
            let rows = self.shared.store.held_by(tenant, &people, after, MOST_HELD).await?;
            for (instance, _) in &rows {
                match self.loaded(instance).await {
                    Ok(_) => {}
                    Err(NotDone::Refused(refusal)) => return Ok(Some(refusal)),
                    Err(other) => return Err(other),
                }
            }
            let Some(last) = rows.last() else { return Ok(None) };
            after = Some((last.0.id, last.1));
        }
    }

    /// The open tasks in which `person` may act now, in own name or for somebody, after `after`, at most `limit`; with a
    /// tag, those of states that bear it.
    ///
    /// # Errors
    /// Broken machinery.
    pub async fn tasks_of(
        &self,
        tenant: TenantId,
        person: &PersonId,
        tag: Option<&str>,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<Vec<TaskView>, NotDone> {
        self.waiting_for(tenant, (person, false), tag, after, limit).await
    }

    /// The same, with why the person is asked where that is wanted.
    ///
    /// # Errors
    /// Broken machinery.
    pub async fn waiting_for(
        &self,
        tenant: TenantId,
        (person, why): (&PersonId, bool),
        tag: Option<&str>,
        after: Option<TaskId>,
        limit: usize,
    ) -> Result<Vec<TaskView>, NotDone> {
        let organisation = self.organisation(tenant).await?;
        let people: Vec<PersonId> = stands_in_for(&organisation, person).into_iter().collect();
        let mut found = Vec::new();
        let mut after = after.map(|t| (t.instance, t.ordinal));
        let page = i64::try_from(limit.clamp(1, 500)).unwrap_or(500);
        loop {
            let rows = self.shared.store.held_by(tenant, &people, after, page).await?;
            let Some(last) = rows.last() else { return Ok(found) };
            after = Some((last.0.id, last.1));
            let full = rows.len() >= usize::try_from(page).unwrap_or(0);
            for (instance, ordinal) in &rows {
                if let Some(task) = self.shown(instance, *ordinal, &organisation, Some((person, why)), tag).await?
                    && !task.open.is_empty()
                {
                    found.push(task);
                    if found.len() == limit {
                        return Ok(found);
                    }
                }
            }
            if !full {
                return Ok(found);
            }
        }
    }

    /// A task; `None` where it is not there, or bears another tag than the one that is asked for.
    async fn shown(
        &self,
        instance: &Instance,
        ordinal: u32,
        organisation: &OrganisationAt,
        person: Option<(&PersonId, bool)>,
        tag: Option<&str>,
    ) -> Result<Option<TaskView>, NotDone> {
        let Some(task) = instance.tasks.iter().find(|t| t.id.ordinal == ordinal) else { return Ok(None) };
        let Some(definition) = self.definition_of(instance).await? else { return Ok(None) };
        let tags = definition.find(&task.state).map(|ix| definition.state(ix).tags.clone()).unwrap_or_default();
        if tag.is_some_and(|tag| tags.iter().all(|known| **known != *tag)) {
            return Ok(None);
        }
        let now = self.shared.clock.now().max(instance.changed_at);
        let Some(view) = view_at(&definition, (instance, task), organisation, now) else { return Ok(None) };
        let open = match task.status {
            TaskStatus::Open => view
                .open
                .iter()
                .filter(|o| person.is_none_or(|(p, _)| o.person == *p))
                .map(|o| OpenSeat {
                    step: o.step.clone(),
                    person: o.person.clone(),
                    on_behalf_of: o.on_behalf_of.clone(),
                })
                .collect(),
            TaskStatus::Suspended | TaskStatus::Closed => Vec::new(),
        };
        let mut why = match person {
            Some((_, true)) => standings(&definition, (instance, task), organisation, now),
            Some((_, false)) | None => Vec::new(),
        };
        why.retain(|standing| person.is_some_and(|(person, _)| standing.person == *person));
        Ok(Some(TaskView {
            id: task.id,
            etag: task.etag(),
            status: task.status,
            instance: instance.id,
            workflow: instance.workflow.clone(),
            key: instance.key.clone(),
            state: task.state.clone(),
            subject: instance.subject.clone(),
            form: asked_for(&definition, task, &instance.subject, now),
            tags,
            review: view,
            open,
            standings: why,
            ruled: if person.is_none_or(|(_, why)| why) { ruled(&definition, task) } else { Vec::new() },
            opened_at: task.opened_at,
            due_at: due(&definition, task),
            definition,
        }))
    }
}

/// Everybody from whom a walk over substitutions may reach `person`, himself included: dates and scopes are judged
/// later, seat by seat.
fn stands_in_for(organisation: &OrganisationAt, person: &PersonId) -> BTreeSet<PersonId> {
    let mut reached = BTreeSet::from([person.clone()]);
    for _ in 0..HOPS {
        let more: Vec<PersonId> = organisation
            .organisation
            .parts()
            .substitutes
            .iter()
            .filter(|s| reached.contains(&s.substitute) && !reached.contains(&s.person))
            .map(|s| s.person.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        reached.extend(more);
    }
    reached
}

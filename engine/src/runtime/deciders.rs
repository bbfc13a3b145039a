//! Who could decide a task at an instant: what was known then is read back from the entries and the organisation's
//! revisions, and judged by the same functions as a decision.

use std::sync::Arc;

use crate::audit::rounds::{Round, rounds};
use crate::audit::{Entry, fold};
use crate::clock::Timestamp;
use crate::decide::{self, Deciders, OrganisationAt};
use crate::definition::chart::Definition;
use crate::ids::{PersonId, TaskId, TenantId};
use crate::instance::{Instance, TaskStatus};
use crate::refusal::Refusal;
use crate::store::{Persist, Store, StoreError};

use super::{Engine, NotDone};

/// How many entries are read at once.
const PAGE: i64 = 500;

fn incomplete(what: &str, why: &str) -> NotDone {
    let sentence =
        format!("{what} cannot be read back: {why}. `fluxor audit verify` names every entry that does not fit.");
    NotDone::Refused(Refusal::Record { code: "history_incomplete", sentence })
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// Who could decide a task at `at` (now, without it), and why; and of `person`, why he could or could not. An instant
    /// to come is answered as if nobody did anything until then.
    ///
    /// # Errors
    /// [`Refusal::UnknownTask`]; codes `no_task_then` where the task had not been opened yet, `history_incomplete`
    /// where entries cannot be read back; broken machinery.
    pub async fn deciders(
        &self,
        tenant: TenantId,
        id: TaskId,
        at: Option<Timestamp>,
        person: Option<&PersonId>,
    ) -> Result<Deciders, NotDone> {
        let unknown = || NotDone::Refused(Refusal::UnknownTask(id));
        let row = self.shared.store.instance(tenant, id.instance).await?.ok_or_else(unknown)?;
        let opened = row.tasks.iter().find(|task| task.id == id).map(|task| task.opened_at).ok_or_else(unknown)?;
        let at = at.unwrap_or_else(|| self.shared.clock.now().max(row.changed_at));
        let instance = if at >= row.changed_at { Some(row) } else { self.as_of(&row, at).await? };
        let then = instance.as_ref().and_then(|i| Some((i, i.tasks.iter().find(|task| task.id == id)?)));
        let Some((instance, task)) = then else {
            let sentence =
                format!("There was no such task at {at}: it was opened at {opened}. Ask for an instant from then on.");
            return Err(NotDone::Refused(Refusal::Record { code: "no_task_then", sentence }));
        };
        let definition = self.definition_of(instance).await?.ok_or_else(|| {
            let id = instance.definition.to_string();
            NotDone::Broken(StoreError::Inconsistent {
                table: "definition",
                id,
                what: "it cannot be loaded".to_owned(),
            })
        })?;
        let live = task.status == TaskStatus::Open && task.detail.review.state.is_live();
        let seen = task.detail.organisation;
        let organisations = self.organisations_by(tenant, live.then_some(seen), at).await?;
        decide::deciders(&definition, instance, id.ordinal, &organisations, at, person).ok_or_else(unknown)
    }

    /// The rounds of a task's review, oldest first, from the entries of its instance.
    ///
    /// # Errors
    /// [`Refusal::UnknownTask`]; code `history_incomplete` where entries cannot be read back; broken machinery.
    pub async fn rounds(&self, tenant: TenantId, id: TaskId) -> Result<Vec<Round>, NotDone> {
        let unknown = || NotDone::Refused(Refusal::UnknownTask(id));
        let row = self.shared.store.instance(tenant, id.instance).await?.ok_or_else(unknown)?;
        row.tasks.iter().find(|task| task.id == id).ok_or_else(unknown)?;
        let entries = self.entries_until(&row, None).await?;
        rounds(&entries, id.ordinal).map_err(|why| incomplete(&format!("The rounds of {id}"), &why))
    }

    /// The instance as its entries up to `at` make it; `None`: there was none yet.
    async fn as_of(&self, row: &Instance, at: Timestamp) -> Result<Option<Instance>, NotDone> {
        let entries = self.entries_until(row, Some(at)).await?;
        if entries.is_empty() {
            return Ok(None);
        }
        fold::fold(&entries).map(Some).map_err(|why| incomplete(&format!("What was known at {at}"), &why))
    }

    /// All entries of an instance, up to `at`.
    async fn entries_until(&self, row: &Instance, at: Option<Timestamp>) -> Result<Vec<Entry>, StoreError> {
        let belongs = |entry: &Entry| at.is_none_or(|at| entry.at <= at);
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |entry| entry.seq);
            let page = self.shared.store.entries(row.tenant, row.id.into(), after, PAGE).await?;
            let goes_on = page.last().is_some_and(belongs);
            entries.extend(page.into_iter().take_while(belongs));
            if !goes_on {
                return Ok(entries);
            }
        }
    }

    /// The revision of the organisation in force at `at`; with `seen`, that one and all between come before it.
    async fn organisations_by(
        &self,
        tenant: TenantId,
        seen: Option<i64>,
        at: Timestamp,
    ) -> Result<Vec<Arc<OrganisationAt>>, StoreError> {
        let then = self.shared.store.revision_at(tenant, at).await?;
        let last = then.max(seen.unwrap_or(0));
        let mut all = Vec::new();
        for revision in seen.unwrap_or(last).min(last)..=last {
            all.push(self.organisation_at(tenant, revision).await?);
        }
        Ok(all)
    }

    async fn organisation_at(&self, tenant: TenantId, revision: i64) -> Result<Arc<OrganisationAt>, StoreError> {
        if let Some(known) = self.shared.organisations.get(tenant, revision) {
            return Ok(known);
        }
        let row = if revision == 0 { None } else { self.shared.store.organisation_at(tenant, revision).await? };
        self.shared.organisations.of_row(tenant, row.as_ref())
    }

    /// The definition that an instance is pinned to: as loaded, else (another replica knows it) as stored.
    pub(super) async fn definition_of(&self, instance: &Instance) -> Result<Option<Arc<Definition>>, StoreError> {
        if let Some(definition) = self.library().pinned(instance.definition) {
            return Ok(Some(definition.clone()));
        }
        if let Some(row) = self.shared.store.definition(instance.definition).await? {
            self.shared.take_definition(&row);
        }
        Ok(self.library().pinned(instance.definition).cloned())
    }
}

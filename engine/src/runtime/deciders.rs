//! Who could decide a task at an instant: what was known then is read back from the entries and the organisation's
//! revisions, and judged by the same functions as a decision.

use std::sync::Arc;

use crate::audit::Entry;
use crate::audit::fold::Folding;
use crate::audit::rounds::{Round, Telling};
use crate::audit::verify::Verifier;
use crate::clock::Timestamp;
use crate::decide::{self, Deciders, OrganisationAt};
use crate::definition::chart::Definition;
use crate::ids::{DefinitionHash, PersonId, TaskId, TenantId};
use crate::instance::{Instance, TaskStatus};
use crate::refusal::Refusal;
use crate::store::{Persist, Store, StoreError};

use super::{Engine, NotDone};

/// How many entries are read at once.
const PAGE: i64 = 50;

fn incomplete(what: &str, why: &str) -> NotDone {
    let sentence =
        format!("{what} cannot be read back: {why}. `fluxor audit verify` names every entry that does not fit.");
    NotDone::Refused(Refusal::Record { code: "history_incomplete", sentence })
}

/// What is read back from an instance's entries.
struct Past {
    instance: Instance,
    /// The revision of the organisation by which the last of them was decided.
    organisation: i64,
}

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// Who could decide a task at `at` (now, without it), and why; and of `person`, why he could or could not. An instant
    /// to come is answered as if nobody did anything until then.
    ///
    /// # Errors
    /// [`Refusal::UnknownTask`]; codes `no_task_then` where the task had not been opened yet, `history_incomplete`
    /// where entries cannot be read back or do not add up; [`Refusal::Unloadable`]; broken machinery.
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
        let past = match at > row.changed_at {
            true => Some(Past { instance: row, organisation: 0 }),
            false => self.as_of(&row, at).await?,
        };
        let then = past.as_ref().and_then(|past| Some((past, past.instance.tasks.iter().find(|task| task.id == id)?)));
        let Some((past, task)) = then else {
            let sentence =
                format!("There was no such task at {at}: it was opened at {opened}. Ask for an instant from then on.");
            return Err(NotDone::Refused(Refusal::Record { code: "no_task_then", sentence }));
        };
        let definition = self.loaded(&past.instance).await?;
        // What was written at this very instant says itself by which revision: another may be dated the same.
        let last = match past.instance.changed_at == at && past.organisation > 0 {
            true => past.organisation,
            false => self.shared.store.revision_at(tenant, at).await?.max(task.detail.organisation),
        };
        let live = task.status == TaskStatus::Open && task.detail.review.state.is_live();
        let first = if live { task.detail.organisation.min(last) } else { last };
        let mut organisations = Vec::new();
        for revision in first..=last {
            organisations.push(self.organisation_at(tenant, revision).await?);
        }
        decide::deciders(&definition, &past.instance, id.ordinal, &organisations, at, person).ok_or_else(unknown)
    }

    /// The rounds of a task's review, oldest first, from the entries of its instance.
    ///
    /// # Errors
    /// [`Refusal::UnknownTask`]; code `history_incomplete` where entries cannot be read back or do not add up; broken
    /// machinery.
    pub async fn rounds(&self, tenant: TenantId, id: TaskId) -> Result<Vec<Round>, NotDone> {
        let unknown = || NotDone::Refused(Refusal::UnknownTask(id));
        let row = self.shared.store.instance(tenant, id.instance).await?.ok_or_else(unknown)?;
        row.tasks.iter().find(|task| task.id == id).ok_or_else(unknown)?;
        let mut telling = Telling::new(id.ordinal);
        let told = self.read_back(&row, None, |entry| telling.take(entry)).await?;
        told.map_err(|why| incomplete(&format!("The rounds of {id}"), &why))?;
        Ok(telling.finish())
    }

    /// The instance as its entries up to `at` make it; `None`: there was none yet.
    async fn as_of(&self, row: &Instance, at: Timestamp) -> Result<Option<Past>, NotDone> {
        let mut folding = Folding::default();
        let read = self.read_back(row, Some(at), |entry| folding.take(entry));
        let wrong = |why: String| incomplete(&format!("What was known at {at}"), &why);
        read.await?.map_err(wrong)?;
        let Some(organisation) = folding.organisation() else { return Ok(None) };
        Ok(Some(Past { instance: folding.finish().map_err(wrong)?, organisation }))
    }

    /// Reads the entries of an instance, as far as the row goes or up to `at`, and checks that they add up. Few do so at a
    /// time: it takes as long as there are entries.
    async fn read_back(
        &self,
        row: &Instance,
        at: Option<Timestamp>,
        mut take: impl FnMut(&Entry) -> Result<(), String>,
    ) -> Result<Result<(), String>, NotDone> {
        let turn = self.shared.reading_back.acquire().await;
        let _turn = turn.map_err(|_| NotDone::ShuttingDown)?;
        let mut verifier = Verifier::new(row.tenant, row.id.into());
        let mut after = 0;
        let mut whole = true;
        while after < row.seq && whole {
            let page = self.shared.store.entries(row.tenant, row.id.into(), after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.seq;
            for entry in page.iter().filter(|entry| entry.seq <= row.seq) {
                whole = whole && at.is_none_or(|at| entry.at <= at);
                if !whole {
                    break;
                }
                verifier.check(entry);
                if let Err(why) = take(entry) {
                    return Ok(Err(why));
                }
            }
            tokio::task::yield_now().await;
        }
        let findings = if whole { verifier.finish(Some((row.seq, row.head))) } else { verifier.findings };
        Ok(findings.into_iter().next().map_or(Ok(()), |finding| Err(finding.message)))
    }

    /// The organisation as it was at a revision.
    ///
    /// # Errors
    /// If the database does not answer, or there is no such revision.
    pub async fn organisation_at(&self, tenant: TenantId, revision: i64) -> Result<Arc<OrganisationAt>, StoreError> {
        if let Some(known) = self.shared.organisations.get(tenant, revision) {
            return Ok(known);
        }
        let row = if revision == 0 { None } else { self.shared.store.organisation_at(tenant, revision).await? };
        self.shared.organisations.at(tenant, revision, row.as_ref())
    }

    /// The definition that an instance is pinned to: as loaded, else (another replica knows it) as stored; `None` if it
    /// cannot be loaded.
    ///
    /// # Errors
    /// Broken machinery.
    pub async fn definition_of(&self, instance: &Instance) -> Result<Option<Arc<Definition>>, StoreError> {
        self.definition_by(instance.definition).await
    }

    /// The definition of this hash, likewise.
    ///
    /// # Errors
    /// Broken machinery.
    pub async fn definition_by(&self, hash: DefinitionHash) -> Result<Option<Arc<Definition>>, StoreError> {
        if let Some(definition) = self.library().pinned(hash) {
            return Ok(Some(definition.clone()));
        }
        if let Some(row) = self.shared.store.definition(hash).await? {
            self.shared.take_definition(&row);
        }
        Ok(self.library().pinned(hash).cloned())
    }
}

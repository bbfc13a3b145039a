//! Repairs looked at before they are done: the very decision, on rows as they are read now. Nothing is written, nothing stays
//! locked while it is decided, and who does it afterwards brings the state revision that he saw.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::approval;
use crate::command::{Command, Verb};
use crate::decide::{self, Ground, Keys, Possible, Preview, Stop};
use crate::definition::chart::Definition;
use crate::ids::{InstanceId, TenantId};
use crate::instance::Instance;
use crate::refusal::Refusal;
use crate::store::{InstancePage, Persist, Store, StoreError};

use super::{Engine, NotDone};

/// How often deciding may ask for more rows.
const LOADS: usize = 200;

impl<D: Persist, S: Store<D>> Engine<D, S> {
    /// What a repair would do.
    ///
    /// # Errors
    /// What would refuse it, or broken machinery. A refusal is written down nowhere.
    pub async fn preview_repair(&self, command: &Command) -> Result<Preview, NotDone> {
        self.look_ahead(command, |ground, definition, before, facts| {
            decide::preview(ground, definition, before, command, facts)
        })
        .await
    }

    /// Which repairs an instance could have. `command` says who asks; what it asks for does not matter, if it is a repair.
    ///
    /// # Errors
    /// A refusal on grounds of authority, which is written down nowhere; or broken machinery.
    pub async fn repairs_possible(&self, command: &Command) -> Result<Possible, NotDone> {
        self.look_ahead(command, |ground, definition, before, facts| {
            decide::possible(ground, definition, before, command, facts)
        })
        .await
    }

    /// Looks, again and again, until no rows are missing.
    async fn look_ahead<T>(
        &self,
        command: &Command,
        look: impl Fn(&Ground<'_, D>, &Definition, &Instance, &mut D::Facts) -> Result<T, Stop<D::Need>> + Send + Sync,
    ) -> Result<T, NotDone> {
        let repairs = |act: &approval::Verb| matches!(act, approval::Verb::Repair { .. });
        let id = match &command.verb {
            Verb::Repair { instance, .. } => Some(*instance),
            Verb::Decide { task, act, .. } if repairs(act) => Some(task.instance),
            _ => None,
        };
        let Some(id) = id else {
            let sentence = "Only a repair is looked at before it is done.".to_owned();
            return Err(NotDone::Refused(Refusal::NotRepairable(sentence)));
        };
        let before = self.shared.store.instance(command.tenant, id).await?;
        let before = before.ok_or(NotDone::Refused(Refusal::UnknownInstance(id)))?;
        self.look_at(&before, look).await
    }

    /// The same about an instance that was read.
    pub(super) async fn look_at<T>(
        &self,
        before: &Instance,
        look: impl Fn(&Ground<'_, D>, &Definition, &Instance, &mut D::Facts) -> Result<T, Stop<D::Need>> + Send + Sync,
    ) -> Result<T, NotDone> {
        let tenant = before.tenant;
        let definition = self.loaded(before).await?;
        let current = self.organisation(tenant).await?;
        let seen = decide::revisions_seen(before).into_iter().min().unwrap_or(current.revision).min(current.revision);
        let mut organisations = Vec::new();
        for revision in seen..current.revision {
            organisations.push(self.organisation_at(tenant, revision).await?);
        }
        organisations.push(current);
        let library = self.library();
        let (mut facts, mut keys) = (D::Facts::default(), Keys::default());
        for _ in 0..LOADS {
            let now = self.shared.clock.now();
            let looked = Ground::new(&*self.shared.domain, &library, &keys, &organisations, now)
                .map_or(Err(Stop::Nothing), |ground| look(&ground, &definition, before, &mut facts));
            match looked {
                Ok(found) => return Ok(found),
                Err(Stop::Refused(refusal)) => return Err(NotDone::Refused(refusal)),
                Err(Stop::Needs(needs)) => {
                    let needs: BTreeSet<_> = needs.into_iter().map(|need| (tenant, need)).collect();
                    self.shared.store.rows(&needs, &mut facts).await?;
                }
                Err(Stop::Keys(missing)) => {
                    for (workflow, key) in missing {
                        let of = self.of_key(tenant, &workflow, &key).await?;
                        keys.insert(tenant, workflow, key, of);
                    }
                }
                Err(Stop::Nothing) => break,
            }
        }
        let sentence = "This asked for more and more rows without an end.".to_owned();
        Err(NotDone::Refused(Refusal::Domain { code: "needs_without_end", sentence }))
    }

    /// The definition of an instance that something is asked or to be done about.
    ///
    /// # Errors
    /// [`Refusal::Unloadable`], with what is missing; broken machinery.
    pub async fn loaded(&self, instance: &Instance) -> Result<Arc<Definition>, NotDone> {
        match self.definition_of(instance).await? {
            Some(definition) => Ok(definition),
            None => {
                let (definition, known) = (instance.definition, &self.shared.definitions);
                let why = known.why_unloadable(definition).unwrap_or_else(|| "it is not known".to_owned());
                Err(NotDone::Refused(Refusal::Unloadable { definition, why }))
            }
        }
    }

    /// Whose business key it is.
    async fn of_key(
        &self,
        tenant: TenantId,
        workflow: &Arc<str>,
        key: &Arc<str>,
    ) -> Result<Option<InstanceId>, StoreError> {
        let (workflow, key) = (Some(workflow.clone()), Some(key.clone()));
        let page = InstancePage { workflow, key, ..InstancePage::all(tenant, 1) };
        Ok(self.shared.store.instances(&page).await?.first().map(|instance| instance.id))
    }
}

//! Starts what is due again and again: once for each due instant, whichever replica is first.
//!
//! What was missed while nobody looked is made up for once, the latest of it, unless the definition is newer than that:
//! a first deployment does not do what yesterday was due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Timestamp;
use crate::command::{Actor, Command, Verb};
use crate::commit::{Commit, DefinitionRow};
use crate::decide::OrganisationAt;
use crate::definition::chart::{Definition, Scheduled, Whose};
use crate::ids::{DefinitionHash, Digest, PersonId, TenantId};
use crate::store::{Persist, Store, StoreError, Want, Writer as _};

use super::drive::pause;
use super::{Engine, NotDone, Priority};

/// The longest time between two looks: so new organisations are seen.
const LOOK: Duration = Duration::from_secs(60);

/// How long what could not be started waits for its next try.
const AGAIN: Duration = Duration::from_secs(10);

/// What a scheduler remembers: all of it can be found out again.
#[derive(Default)]
pub(super) struct Seen {
    /// Since when the database has a definition.
    stored: BTreeMap<DefinitionHash, Timestamp>,
    /// The latest due instant that was dealt with.
    done: BTreeMap<(TenantId, Arc<str>, Arc<str>), Timestamp>,
    /// Due instants for which nobody could be asked: that is tried again, and said once.
    unasked: BTreeMap<(TenantId, Arc<str>, Arc<str>), Timestamp>,
}

/// What one look came to.
pub(super) struct Looked {
    /// How many instances were started.
    pub(super) started: usize,
    /// How long nothing is due.
    pub(super) wait: Duration,
}

/// Looks for ever, and at once when there are other definitions.
pub(super) async fn run<D: Persist, S: Store<D>>(engine: Engine<D, S>) {
    let mut seen = Seen::default();
    loop {
        let wait = match look(&engine, &mut seen).await {
            Ok(looked) => looked.wait,
            Err(error) => {
                tracing::warn!(%error, "schedules: trying again");
                engine.shared.options.poll
            }
        };
        pause(&engine.shared.reloaded, wait).await;
    }
}

fn scheduled<D: Persist, S: Store<D>>(engine: &Engine<D, S>) -> Vec<Arc<Definition>> {
    let library = engine.library();
    let current = library.names().filter_map(|name| library.current(name));
    current.filter(|definition| !definition.schedules.is_empty()).cloned().collect()
}

/// Starts what is due.
pub(super) async fn look<D: Persist, S: Store<D>>(engine: &Engine<D, S>, seen: &mut Seen) -> Result<Looked, NotDone> {
    let mut looked = Looked { started: 0, wait: LOOK };
    let definitions = scheduled(engine);
    if definitions.is_empty() {
        return Ok(looked);
    }
    let now = engine.shared.now();
    let tenants = engine.shared.store.tenants().await?;
    for definition in &definitions {
        let stored = stored(engine, definition, seen, now).await?;
        // One that was put back is as new as one that never was there.
        let since = engine.library().since(&definition.name).map_or(stored, |since| stored.max(since));
        for scheduled in &definition.schedules {
            if let Some(next) = scheduled.schedule.after(now) {
                let micros = u64::try_from(next.micros() - now.micros()).unwrap_or(0);
                looked.wait = looked.wait.min(Duration::from_micros(micros));
            }
            // What is due at this very instant is due.
            let Some(due) = scheduled.schedule.last_before(now.plus_micros(1), since) else { continue };
            for &tenant in &tenants {
                let which = (tenant, definition.name.clone(), scheduled.name.clone());
                if seen.done.get(&which).is_some_and(|done| *done >= due) {
                    continue;
                }
                let told = seen.unasked.get(&which).is_some_and(|told| *told >= due);
                match start(engine, tenant, definition, scheduled, due, told).await {
                    Some(new) => {
                        looked.started += usize::from(new);
                        seen.done.insert(which, due);
                    }
                    None => {
                        seen.unasked.insert(which, due);
                        looked.wait = looked.wait.min(AGAIN);
                    }
                }
            }
        }
    }
    Ok(looked)
}

/// Since when the database has the definition: from now on, if it had not.
async fn stored<D: Persist, S: Store<D>>(
    engine: &Engine<D, S>,
    definition: &Definition,
    seen: &mut Seen,
    now: Timestamp,
) -> Result<Timestamp, StoreError> {
    if let Some(since) = seen.stored.get(&definition.hash) {
        return Ok(*since);
    }
    let store = &engine.shared.store;
    if store.definition(definition.hash).await?.is_none() {
        let row = DefinitionRow::of(definition, now);
        let mut writer = store.writer().await?;
        writer.open(&Want::default()).await?;
        writer.finish(&Commit { definitions: vec![row], ..Commit::default() }).await?;
    }
    // Another replica may have been first.
    let since = store.definition(definition.hash).await?.map_or(now, |row| row.stored_at);
    engine.shared.definitions.stored(definition.hash);
    seen.stored.insert(definition.hash, since);
    Ok(since)
}

/// `None`: it is to be tried again; else whether it was started now.
async fn start<D: Persist, S: Store<D>>(
    engine: &Engine<D, S>,
    tenant: TenantId,
    definition: &Definition,
    scheduled: &Scheduled,
    due: Timestamp,
    told: bool,
) -> Option<bool> {
    let (workflow, schedule) = (&definition.name, &scheduled.name);
    let organisation = match engine.organisation(tenant).await {
        Ok(organisation) if organisation.revision == 0 => return Some(false),
        Ok(organisation) => organisation,
        Err(error) => {
            tracing::warn!(%error, %tenant, %workflow, %schedule, "a schedule cannot read the organisation");
            return None;
        }
    };
    let Some(person) = person(&organisation, &scheduled.whose, engine.shared.now()) else {
        let whose = match &scheduled.whose {
            Whose::Person(person) => format!("`{person}` is not active"),
            Whose::Role(role, None) => format!("nobody active holds the role `{role}`"),
            Whose::Role(role, Some(unit)) => format!("nobody active holds the role `{role}` in `{unit}`"),
        };
        if !told {
            tracing::error!(%tenant, %workflow, %schedule, %due, "schedule `{schedule}` has nobody to ask: {whose}");
        }
        return None;
    };
    let mut input = scheduled.input.clone();
    input.insert("requester".into(), person.as_str().into());
    let key = scheduled.key(due);
    let request = format!("schedule:{workflow}:{key}");
    let command = Command {
        tenant,
        // The same for whoever asks: what is due once is started once.
        request_hash: Digest::of(&request),
        request: request.into(),
        actor: Actor::Timer,
        verb: Verb::Start { workflow: workflow.clone(), key: Some(key), input },
    };
    match engine.submit_with(command, Priority::Background).await {
        Ok(submitted) => Some(!submitted.repeat),
        // It would say the same each time.
        Err(NotDone::Refused(refusal)) => {
            let (code, why) = (refusal.code(), refusal.sentence());
            tracing::error!(%tenant, %workflow, %schedule, %due, %code, "schedule `{schedule}` is refused: {why}");
            Some(false)
        }
        Err(error) => {
            tracing::warn!(%error, %tenant, %workflow, %schedule, "a schedule could not start its instance");
            None
        }
    }
}

fn person(organisation: &OrganisationAt, whose: &Whose, now: Timestamp) -> Option<PersonId> {
    let date = organisation.organisation.date(now);
    let active = |id: &&PersonId| organisation.organisation.active(id, date);
    match whose {
        Whose::Person(id) => Some(id).filter(active).cloned(),
        Whose::Role(role, unit) => {
            let units = organisation.organisation.parts().units.iter();
            let units = units.filter(|u| unit.as_ref().is_none_or(|unit| *u.id == **unit));
            units.filter_map(|u| u.roles.get(&**role)).flatten().filter(active).min().cloned()
        }
    }
}

//! What pages tell of an instance beyond its row: how it came to be where it is, and what its entries presuppose.

use fluxor_engine::audit::Entry;
use fluxor_engine::definition::chart::{Definition, State};
use fluxor_engine::ids::{InstanceId, PersonId, TenantId};
use fluxor_engine::instance::{Instance, Status};
use serde_json::Value;

use super::super::problem::Problem;
use crate::app::App;
use crate::page::{Arrival, Beside, Past, Words, lines_after};

/// Entries that are read at a time.
const ENTRIES: i64 = 100;

/// Whoever changes what came back makes entries; the one that brought it back is looked for among so many.
const SINCE_IT_CAME: i64 = 30;

/// After the end little happens.
const SINCE_THE_END: i64 = 3;

/// The lines of an order as they were after the entry `seq`, as the trail says.
pub(super) async fn lines_then(
    app: &App,
    tenant: TenantId,
    id: InstanceId,
    seq: i64,
) -> Result<Option<Vec<Value>>, Problem> {
    let mut upto = seq;
    while upto > 0 {
        let after = (upto - ENTRIES).max(0);
        let entries = app.desk().entries(tenant, id.into(), after, upto - after).await?;
        if let Some(lines) = lines_after(&entries) {
            return Ok(Some(lines));
        }
        upto = after;
    }
    Ok(None)
}

/// What these entries presuppose. `after`: the number of the entry before them.
pub(super) async fn past(app: &App, instance: &Instance, entries: &[Entry], after: i64) -> Result<Past, Problem> {
    let mut hashes: Vec<_> = entries.iter().filter_map(|entry| entry.parsed().ok()?.definition).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut definitions = Vec::new();
    for hash in hashes.into_iter().filter(|hash| *hash != instance.definition) {
        definitions.extend(app.desk().definition_by(hash).await?);
    }
    let writes = after > 0 && lines_after(entries).is_some();
    let lines = if writes { lines_then(app, instance.tenant, instance.id, after).await? } else { None };
    Ok(Past { definitions, lines, operator: false })
}

/// How an instance came to be where it is, where somebody asks himself that: it came `back` to the reader, or has ended.
pub(super) async fn arrival(
    app: &App,
    (instance, definition): (&Instance, &Definition),
    back: Option<&State>,
    speak: &Words,
) -> Result<Option<Arrival>, Problem> {
    let most = match instance.status {
        _ if instance.tasks.is_empty() => 0,
        Status::Final => SINCE_THE_END,
        _ if back.is_some() => SINCE_IT_CAME,
        Status::Active | Status::Incident => 0,
    };
    if most == 0 {
        return Ok(None);
    }
    let after = (instance.seq - most).max(0);
    let entries = app.desk().entries(instance.tenant, instance.id.into(), after, most).await?;
    Ok(Arrival::of(&entries, (instance, definition), back.map(|state| &*state.path), speak))
}

/// The documents that hang together with one: who called it, and what it waits for.
pub(super) async fn beside(app: &App, instance: &Instance) -> Vec<Beside> {
    let caller = instance.detail.caller.map(|id| ("It was started by", id));
    let called = instance.detail.called.values().map(|id| ("It waits for", *id));
    let mut all = Vec::new();
    for (label, id) in caller.into_iter().chain(called) {
        // What cannot be loaded is named by its id.
        let paper = app.desk().paper(instance.tenant, id).await.ok();
        all.push(Beside::of(label, id, paper.as_ref()));
    }
    all
}

/// Who is asked in what an instance has called and waits for, and in what that has called.
pub(super) async fn asked_inside(app: &App, instance: &Instance) -> Vec<PersonId> {
    let mut open: Vec<InstanceId> = instance.detail.called.values().copied().collect();
    let mut people = Vec::new();
    while let Some(id) = open.pop() {
        let Ok(paper) = app.desk().paper(instance.tenant, id).await else { continue };
        people.extend(paper.asked());
        open.extend(paper.instance.detail.called.values());
    }
    people
}

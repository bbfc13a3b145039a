//! Whether the rows of the indexes (timers, holders of open seats, keys) are those that the streams make: each that an instance
//! makes is there, and each that is there was made by one.
//!
//! They are read in pages of their own order, and instances one by one, so that it takes as little memory for a large database.

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::commit::{Index, IndexRow, KeyRow};
use fluxor_engine::ids::{InstanceId, StreamId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::plan::{business_scope, indexed, request_scope_of};
use fluxor_engine::store::StoreError;

use super::PAGE;
use super::rows::stored;
use crate::desk::{Desk, NotDone};

/// The rows that an instance makes, as its entries have it.
fn made(instance: &Instance, first: Option<&Entry>) -> Vec<IndexRow> {
    let mut all = indexed(instance);
    let (tenant, id) = (instance.tenant, instance.id);
    let key = |scope, key: &str| IndexRow::Key(KeyRow { tenant, scope, key: key.into(), instance: id });
    all.extend(instance.key.as_deref().map(|own| key(business_scope(&instance.workflow), own)));
    let header = first.and_then(|first| first.parsed().ok());
    // What another instance has started is repeated with that one's request.
    let asked = header.as_ref().and_then(|header| Some((header, header.request.as_ref()?)));
    let asked = asked.filter(|(_, request)| !request.as_str().starts_with("start:"));
    all.extend(asked.map(|(header, request)| key(request_scope_of(header.actor.as_ref()), request.as_str())));
    all
}

/// What the indexes lack of an instance whose row is what its entries say.
pub(super) async fn missing(desk: &dyn Desk, instance: &Instance, entries: &[Entry]) -> Result<Vec<Finding>, NotDone> {
    let mut found = Vec::new();
    for row in made(instance, entries.first()) {
        if !desk.is_indexed(row.clone()).await? {
            let message = format!("the index lacks {}", said(&row));
            found.push(Finding::index_missing(instance.tenant, StreamId(instance.id.0), instance.seq, message));
        }
    }
    Ok(found)
}

/// What the indexes have that no instance makes.
pub(super) async fn extra(desk: &dyn Desk, tenant: TenantId) -> Result<Vec<Finding>, NotDone> {
    let mut found = Vec::new();
    for index in Index::ALL {
        let mut after = None;
        // Rows of one instance are often neighbours.
        let mut known: Option<(InstanceId, Of)> = None;
        loop {
            let page = desk.index(tenant, index, after, PAGE).await?;
            let Some(last) = page.last().cloned() else { break };
            for row in page {
                let id = owner(&row);
                if known.as_ref().is_none_or(|(of, _)| *of != id) {
                    known = Some((id, of(desk, tenant, id).await?));
                }
                if known.as_ref().is_some_and(|(_, of)| of.makes(&row)) {
                    continue;
                }
                // It may have come since the instance was read, or be gone since the page was.
                if !of(desk, tenant, id).await?.makes(&row) && desk.is_indexed(row.clone()).await? {
                    let message = format!("the index has {}, which no entry has made", said(&row));
                    found.push(Finding::index_extra(tenant, StreamId(id.0), message));
                }
            }
            after = Some(last);
        }
    }
    Ok(found)
}

/// What an instance makes of index rows, as far as that is known: what is wrong with its stream is told of the stream.
enum Of {
    Nobody,
    /// There are entries without a row, or a row that cannot be read.
    Unknown,
    /// The entry that began it is not there, or cannot be read: nobody knows its request.
    Unbegun(Vec<IndexRow>),
    All(Vec<IndexRow>),
}

impl Of {
    fn makes(&self, row: &IndexRow) -> bool {
        let is_request = matches!(row, IndexRow::Key(key) if key.scope.starts_with("request"));
        match self {
            Self::Nobody => false,
            Self::Unknown => true,
            Self::Unbegun(made) => is_request || made.contains(row),
            Self::All(made) => made.contains(row),
        }
    }
}

async fn of(desk: &dyn Desk, tenant: TenantId, id: InstanceId) -> Result<Of, NotDone> {
    let broken = |why: &NotDone| matches!(why, NotDone::Broken(StoreError::Inconsistent { .. }));
    let first = match desk.entries(tenant, StreamId(id.0), 0, 1).await {
        Ok(first) => first.into_iter().next().filter(|first| first.seq == 1 && first.parsed().is_ok()),
        Err(why) if broken(&why) => None,
        Err(why) => return Err(why),
    };
    Ok(match stored(desk, tenant, id).await {
        Ok(Some(instance)) if first.is_none() => Of::Unbegun(made(&instance, None)),
        Ok(Some(instance)) => Of::All(made(&instance, first.as_ref())),
        Ok(None) if first.is_some() => Of::Unknown,
        Ok(None) => Of::Nobody,
        Err(why) if broken(&why) => Of::Unknown,
        Err(why) => return Err(why),
    })
}

const fn owner(row: &IndexRow) -> InstanceId {
    match row {
        IndexRow::Timer(row) => row.instance,
        IndexRow::Holder(row) => row.instance,
        IndexRow::Key(row) => row.instance,
    }
}

/// A row, as a finding names it.
fn said(row: &IndexRow) -> String {
    match row {
        IndexRow::Timer(row) => format!("timer `{}`, due at {}", row.name, row.due_at),
        IndexRow::Holder(row) => format!("task_holder {} in step `{}` of task {}", row.person, row.step, row.ordinal),
        IndexRow::Key(row) => format!("start_key `{}` of `{}`", row.key, row.scope),
    }
}

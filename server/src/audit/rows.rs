//! Whether a row is what the entries of its stream say.

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::audit::{fold, image};
use fluxor_engine::decide::{key_image, organisation_image};
use fluxor_engine::ids::{InstanceId, StreamId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::store::{InstancePage, StoreError};
use serde_json::{Value, json};

use super::index;
use crate::desk::{Desk, NotDone, Then};

/// Folds `entries` and compares. Streams of the domain's records and security lanes have no such row.
pub(super) async fn differ(
    desk: &dyn Desk,
    tenant: TenantId,
    stream: StreamId,
    entries: &[Entry],
) -> Result<Vec<Finding>, NotDone> {
    let Some(last) = entries.last() else { return Ok(Vec::new()) };
    let finding = |message: String| Finding::row_changed(tenant, stream, last.seq, message);
    let Ok(header) = last.parsed() else { return Ok(Vec::new()) };
    let (said, row) = match &*header.kind {
        "instance" => {
            let row = match stored(desk, tenant, InstanceId(stream.0)).await {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(Vec::new()),
                Err(NotDone::Broken(StoreError::Inconsistent { table, what, .. })) => {
                    return Ok(vec![finding(format!("the row in {table} cannot be read: {what}"))]);
                }
                Err(other) => return Err(other),
            };
            let said = match fold::fold(entries) {
                Ok(said) => said,
                Err(why) => return Ok(vec![finding(why)]),
            };
            if said == row {
                return index::missing(desk, &row, entries).await;
            }
            (image::image(&said), image::image(&row))
        }
        "organisation" => {
            let earlier = revisions(desk, tenant, stream, entries).await?;
            if !earlier.is_empty() {
                return Ok(earlier);
            }
            let row = desk.organisation(tenant).await?;
            let document: Value = row.and_then(|r| serde_json::from_str(&r.document).ok()).unwrap_or_default();
            match fold::fold_record(organisation_image(&json!({})), entries) {
                Ok(said) => (said, organisation_image(&document)),
                Err(why) => return Ok(vec![finding(why)]),
            }
        }
        "key" => {
            let keys = desk.api_keys(tenant).await?;
            let row = keys.iter().find(|k| Some(&*k.id) == header.key.as_deref()).map_or(Value::Null, key_image);
            match fold::fold_record(Value::Null, entries) {
                Ok(said) => (said, row),
                Err(why) => return Ok(vec![finding(why)]),
            }
        }
        _ => return Ok(Vec::new()),
    };
    let changes = fold::diff(&said, &row);
    if changes.is_empty() && &*header.kind != "instance" {
        return Ok(Vec::new());
    }
    let places: Vec<&str> = changes.iter().map(|c| c.at.as_str()).take(10).collect();
    let places = if places.is_empty() { "its bookkeeping columns".to_owned() } else { places.join(", ") };
    Ok(vec![finding(format!("the row is not what its entries say: {places}"))])
}

/// Whether each earlier revision of the organisation is what the entries up to it say: who could decide then is asked of those.
async fn revisions(
    desk: &dyn Desk,
    tenant: TenantId,
    stream: StreamId,
    entries: &[Entry],
) -> Result<Vec<Finding>, NotDone> {
    let mut found = Vec::new();
    let mut said = organisation_image(&json!({}));
    let Some((_, earlier)) = entries.split_last() else { return Ok(found) };
    for entry in earlier {
        said = match fold::fold_record(said, std::slice::from_ref(entry)) {
            Ok(said) => said,
            Err(why) => return Ok(vec![Finding::row_changed(tenant, stream, entry.seq, why)]),
        };
        let row = desk.organisation_then(tenant, Then::Revision(entry.seq)).await?;
        let document: Option<Value> = row.and_then(|row| serde_json::from_str(&row.document).ok());
        if document.is_none_or(|document| organisation_image(&document) != said) {
            let message = format!("revision {} of the organisation is not what its entries say", entry.seq);
            found.push(Finding::row_changed(tenant, stream, entry.seq, message));
        }
    }
    Ok(found)
}

/// The instance's row as it is in the database: a look could show what the program remembers of it.
pub(super) async fn stored(desk: &dyn Desk, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, NotDone> {
    let after = uuid::Uuid::from_u128(id.0.as_u128().saturating_add(1));
    let after = Some(InstanceId(after));
    let page = InstancePage { after, ..InstancePage::all(tenant, 1) };
    Ok(desk.instances(page).await?.into_iter().find(|row| row.id == id))
}

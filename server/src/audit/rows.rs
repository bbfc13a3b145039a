//! Whether a row is what the entries of its stream say.

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::Finding;
use fluxor_engine::audit::{fold, image};
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::decide::{SECRET, key_image, organisation_image};
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
            return revisions(desk, tenant, stream, entries).await;
        }
        "key" => {
            let keys = desk.api_keys(tenant).await?;
            let row = keys.iter().find(|k| Some(&*k.id) == header.key.as_deref()).map_or(Value::Null, key_image);
            match fold::fold_record(Value::Null, entries) {
                Ok(said) => {
                    let row = as_told(row, &said);
                    (said, row)
                }
                Err(why) => return Ok(vec![finding(why)]),
            }
        }
        _ => return Ok(Vec::new()),
    };
    let changes = fold::diff(&said, &row);
    if changes.is_empty() && &*header.kind != "instance" {
        return Ok(Vec::new());
    }
    let places = if changes.is_empty() { "its bookkeeping columns".to_owned() } else { places(&changes) };
    Ok(vec![finding(format!("the row is not what its entries say: {places}"))])
}

/// A key's row, without its secret where its entries are from before they bound it.
fn as_told(mut row: Value, said: &Value) -> Value {
    if let (Some(row), None) = (row.as_object_mut(), said.get(SECRET)) {
        row.remove(SECRET);
    }
    row
}

/// Whether each revision of the organisation is what the entries up to it say, and holds since its entry: who could decide then is
/// asked of those.
async fn revisions(
    desk: &dyn Desk,
    tenant: TenantId,
    stream: StreamId,
    entries: &[Entry],
) -> Result<Vec<Finding>, NotDone> {
    let mut found = Vec::new();
    let mut said = organisation_image(&json!({}));
    for entry in entries {
        said = match fold::fold_record(said, std::slice::from_ref(entry)) {
            Ok(said) => said,
            Err(why) => return Ok(vec![Finding::row_changed(tenant, stream, entry.seq, why)]),
        };
        let row = desk.organisation_then(tenant, Then::Revision(entry.seq)).await?;
        let wrong = revision_differs(row.as_ref(), &said, entry);
        found.extend(wrong.map(|message| Finding::row_changed(tenant, stream, entry.seq, message)));
    }
    let made = entries.last().map_or(0, |last| last.seq);
    let newest = desk.organisation(tenant).await?.map_or(0, |row| row.revision);
    if newest > made {
        let message =
            format!("no entry made revision {newest} of the organisation: the last that entries made is {made}");
        found.push(Finding::row_changed(tenant, stream, made, message));
    }
    Ok(found)
}

/// In what the row of a revision differs from `said`, which its entry makes of it.
fn revision_differs(row: Option<&OrganisationRow>, said: &Value, entry: &Entry) -> Option<String> {
    let seq = entry.seq;
    let Some(row) = row else {
        return Some(format!("revision {seq} of the organisation is not what its entries say: its row is missing"));
    };
    let Ok(document) = serde_json::from_str::<Value>(&row.document) else {
        return Some(format!("revision {seq} of the organisation is not what its entries say: it is no JSON"));
    };
    let changes = fold::diff(said, &organisation_image(&document));
    if !changes.is_empty() {
        return Some(format!("revision {seq} of the organisation is not what its entries say: {}", places(&changes)));
    }
    (row.at != entry.at).then(|| {
        format!("revision {seq} of the organisation is dated {}, and the entry that made it {}", row.at, entry.at)
    })
}

/// Where something has changed: the first of the places.
fn places(changes: &[fold::Change]) -> String {
    changes.iter().map(|change| change.at.as_str()).take(10).collect::<Vec<_>>().join(", ")
}

/// The instance's row as it is in the database: a look could show what the program remembers of it.
pub(super) async fn stored(desk: &dyn Desk, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, NotDone> {
    let after = uuid::Uuid::from_u128(id.0.as_u128().saturating_add(1));
    let after = Some(InstanceId(after));
    let page = InstancePage { after, ..InstancePage::all(tenant, 1) };
    Ok(desk.instances(page).await?.into_iter().find(|row| row.id == id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fluxor_engine::clock::Timestamp;
    use fluxor_engine::commit::ApiKeyRow;
    use fluxor_engine::ids::Digest;

    #[test]
    fn a_key_is_held_against_the_secret_that_its_entry_binds() {
        let row = |secret: &str| ApiKeyRow {
            tenant: TenantId(1),
            id: "k".into(),
            secret_hash: Digest::of(secret),
            person: "bob".into(),
            label: String::new(),
            administrator: false,
            created_at: Timestamp::from_micros(5),
            revoked_at: None,
        };
        let said = key_image(&row("own"));
        let differs = |said: &Value, row: &ApiKeyRow| places(&fold::diff(said, &as_told(key_image(row), said)));
        assert_eq!((differs(&said, &row("own")).as_str(), differs(&said, &row("other")).as_str()), ("", "/secret"));
        assert!(!said.to_string().contains(&Digest::of("own").to_string()), "no hash by which somebody comes in");
        // Entries of old say nothing of it.
        let old = as_told(said, &json!({}));
        assert_eq!(differs(&old, &row("other")), "");
        assert_eq!(differs(&old, &ApiKeyRow { administrator: true, ..row("own") }), "/administrator");
    }

    #[test]
    fn a_revision_is_held_against_its_entry() {
        let (tenant, at) = (TenantId(1), Timestamp::from_micros(5));
        let stream = StreamId::of_record("organisation", "organisation");
        let none = Digest([0; 32]);
        let (header, body, salt) = (String::new(), String::new(), Vec::new());
        let entry = Entry { tenant, stream, seq: 2, at, header, hash: none, body_digest: none, salt, body };
        let row = |at: i64, zone: &str| OrganisationRow {
            tenant,
            revision: 2,
            at: Timestamp::from_micros(at),
            document: json!({ "zone": zone }).to_string().into(),
        };
        let said = organisation_image(&json!({ "zone": "UTC" }));
        let told = |row: Option<&OrganisationRow>| revision_differs(row, &said, &entry);
        assert_eq!(told(Some(&row(5, "UTC"))), None);
        for (row, word) in
            [(Some(row(4, "UTC")), "is dated"), (Some(row(5, "Europe/Paris")), "/zone"), (None, "missing")]
        {
            let why = told(row.as_ref()).unwrap();
            assert!(why.contains("revision 2 of the organisation") && why.contains(word), "{why}");
        }
    }
}

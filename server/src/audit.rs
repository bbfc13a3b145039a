//! Verifies the audit trail: every stream, entry by entry, every head that a row claims, and that the rows of instances
//! (with their tasks), of the organisation, of keys (with their secrets), of settings and of preferences, the definitions that decided, and
//! the indexes that follow from instances, are what their entries say.

mod definitions;
mod index;
mod rows;
mod settings;

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::{Finding, Verifier};
use fluxor_engine::commit::RecordHead;
use fluxor_engine::ids::{Digest, StreamId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use crate::desk::{Desk, NotDone};
use definitions::Named;
use settings::{Made, Rows};

/// Rows read at a time.
const PAGE: i64 = 1000;

/// What verifying found.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Whether all adds up.
    pub ok: bool,
    /// Streams seen.
    pub streams: u64,
    /// Entries seen.
    pub entries: u64,
    /// What does not add up.
    pub findings: Vec<Finding>,
}

/// Entries that name a later revision of the organisation than there is: of each stream the first.
#[derive(Debug)]
struct Later {
    revision: i64,
    seen: BTreeMap<StreamId, (i64, i64)>,
}

impl Later {
    fn look(&mut self, stream: StreamId, entries: &[Entry]) {
        let named = |entry: &Entry| Some((entry.seq, entry.parsed().ok()?.organisation?));
        let first = entries.iter().filter_map(named).find(|(_, revision)| *revision > self.revision);
        self.seen.extend(first.map(|first| (stream, first)));
    }

    /// What is still later than what there is `now`: the organisation may have been changed meanwhile.
    fn findings(self, tenant: TenantId, now: i64) -> impl Iterator<Item = Finding> {
        self.seen.into_iter().filter(move |(_, (_, named))| *named > now).map(move |(stream, (seq, named))| {
            Finding::unknown_revision(tenant, stream, seq, format!(
                "entry {seq} was decided under revision {named} of the organisation, and no entry made it: the last is {now}"
            ))
        })
    }
}

/// What entries of all streams say of rows that are not those of their stream.
#[derive(Debug)]
struct Seen {
    later: Later,
    settings: Made,
    definitions: Named,
}

impl Seen {
    fn new(revision: i64) -> Self {
        let later = Later { revision, seen: BTreeMap::new() };
        Self { later, settings: Made::default(), definitions: Named::default() }
    }

    fn look(&mut self, stream: StreamId, entries: &[Entry]) {
        self.later.look(stream, entries);
        self.settings.look(entries);
        self.definitions.look(stream, entries);
    }

    async fn findings(self, desk: &dyn Desk, tenant: TenantId, before: &Rows) -> Result<Vec<Finding>, NotDone> {
        let mut found: Vec<Finding> = self.later.findings(tenant, revision(desk, tenant).await?).collect();
        found.extend(self.settings.findings(tenant, before, &Rows::read(desk, tenant).await?));
        found.extend(self.definitions.findings(desk, tenant).await?);
        Ok(found)
    }
}

/// The organisation's revision.
async fn revision(desk: &dyn Desk, tenant: TenantId) -> Result<i64, NotDone> {
    Ok(desk.organisation(tenant).await?.map_or(0, |row| row.revision))
}

/// Verifies the trail of `tenants`.
pub(crate) async fn verify(desk: &dyn Desk, tenants: &[TenantId]) -> Result<Report, NotDone> {
    let mut report = Report::default();
    for &tenant in tenants {
        let settings = Rows::read(desk, tenant).await?;
        let newest = revision(desk, tenant).await?;
        let (mut unmade, mut seen) = (rows_of_their_own(desk, tenant, newest).await?, Seen::new(newest));
        let heads = heads(desk, tenant, &mut report).await?;
        let mut without_entries = heads.clone();
        let mut after = None;
        loop {
            let streams = desk.streams(tenant, after, PAGE).await?;
            let Some(&last) = streams.last() else { break };
            for stream in streams {
                without_entries.remove(&stream);
                unmade.remove(&stream);
                walk(desk, tenant, stream, heads.get(&stream).copied(), &mut seen, &mut report).await?;
            }
            after = Some(last);
        }
        for (stream, head) in without_entries {
            walk(desk, tenant, stream, Some(head), &mut seen, &mut report).await?;
        }
        let unmade = unmade.into_iter().map(|(stream, message)| Finding::row_unmade(tenant, stream, message));
        report.findings.extend(unmade);
        report.findings.extend(index::extra(desk, tenant).await?);
        report.findings.extend(seen.findings(desk, tenant, &settings).await?);
    }
    report.ok = report.findings.is_empty();
    Ok(report)
}

/// What is to be said of the rows of records that have a table of their own where no entry made them, by their streams.
async fn rows_of_their_own(
    desk: &dyn Desk,
    tenant: TenantId,
    newest: i64,
) -> Result<BTreeMap<StreamId, String>, NotDone> {
    let keys = desk.api_keys(tenant).await?.into_iter();
    let key = |id: Arc<str>| (StreamId::of_record("key", &id), format!("no entry made the key {id}: revoke it"));
    let mut rows: BTreeMap<StreamId, String> = keys.map(|row| key(row.id)).collect();
    if newest > 0 {
        let message = format!("no entry made revision {newest} of the organisation, or any before it");
        rows.insert(StreamId::of_record("organisation", "organisation"), message);
    }
    Ok(rows)
}

/// A record's row that names another record than the one whose stream it is the head of.
fn misnamed(head: &RecordHead) -> Option<Finding> {
    let RecordHead { tenant, stream, kind, key, seq, .. } = head;
    let is_instance = &**kind == "instance" && **key == *stream.to_string();
    let named = StreamId::of_record(kind, key);
    (!is_instance && named != *stream).then(|| {
        let message = format!(
            "the row of this stream in `record` names {kind} `{key}`, whose stream is {named}: write there what its entries say"
        );
        Finding::row_changed(*tenant, *stream, *seq, message)
    })
}

/// What rows claim of their streams; a row that names another record is found.
async fn heads(
    desk: &dyn Desk,
    tenant: TenantId,
    report: &mut Report,
) -> Result<BTreeMap<StreamId, (i64, Digest)>, NotDone> {
    let mut heads = BTreeMap::new();
    let mut after = None;
    loop {
        let page = desk.heads(tenant, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(heads) };
        after = Some(last.stream);
        report.findings.extend(page.iter().filter_map(misnamed));
        heads.extend(page.into_iter().map(|head| (head.stream, (head.seq, head.head))));
    }
}

/// Walks one stream. While it is being written to, head and entries may be of two moments: what does not add up counts
/// only if the head has not moved meanwhile.
async fn walk(
    desk: &dyn Desk,
    tenant: TenantId,
    stream: StreamId,
    mut head: Option<(i64, Digest)>,
    seen: &mut Seen,
    report: &mut Report,
) -> Result<(), NotDone> {
    loop {
        let mut verifier = Verifier::new(tenant, stream);
        let mut read = Vec::new();
        each(desk, tenant, stream, &mut verifier, &mut read).await?;
        let entries = verifier.entries;
        let mut findings = verifier.finish(head);
        if findings.is_empty() {
            findings.extend(rows::differ(desk, tenant, stream, &read).await?);
        }
        if !findings.is_empty() {
            let now = head_of(desk, tenant, stream).await?;
            if now != head {
                head = now;
                continue;
            }
        }
        seen.look(stream, &read);
        report.streams += 1;
        report.entries += entries;
        report.findings.extend(findings);
        return Ok(());
    }
}

/// Shows the verifier every entry of a stream. From a page with a row that cannot be read it goes on row by row.
async fn each(
    desk: &dyn Desk,
    tenant: TenantId,
    stream: StreamId,
    verifier: &mut Verifier,
    read: &mut Vec<Entry>,
) -> Result<(), NotDone> {
    let (mut after, mut page) = (i64::MIN, PAGE);
    loop {
        match desk.entries(tenant, stream, after, page).await {
            Ok(entries) => {
                let Some(last) = entries.last() else { return Ok(()) };
                after = last.seq;
                entries.iter().for_each(|entry| verifier.check(entry));
                read.extend(entries);
            }
            Err(NotDone::Broken(StoreError::Inconsistent { table: "audit_entry", .. })) if page > 1 => page = 1,
            Err(NotDone::Broken(StoreError::Inconsistent { table: "audit_entry", id, what })) => {
                let Some(seq) = id.rsplit(' ').next().and_then(|seq| seq.parse().ok()) else {
                    return Err(StoreError::Inconsistent { table: "audit_entry", id, what }.into());
                };
                verifier.unreadable(seq, &what);
                after = seq;
            }
            Err(other) => return Err(other),
        }
    }
}

/// What a row claims of one stream now.
async fn head_of(desk: &dyn Desk, tenant: TenantId, stream: StreamId) -> Result<Option<(i64, Digest)>, NotDone> {
    let before = stream.0.as_u128().checked_sub(1).map(|id| StreamId(uuid::Uuid::from_u128(id)));
    let heads = desk.heads(tenant, before, 1).await?;
    Ok(heads.first().filter(|head| head.stream == stream).map(|head| (head.seq, head.head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_s_row_names_the_record_of_its_stream() {
        let named = |kind: &str, key: &str, stream: StreamId| {
            let head = Digest([0; 32]);
            misnamed(&RecordHead { tenant: TenantId(1), stream, kind: kind.into(), key: key.into(), seq: 3, head })
        };
        let (record, instance) = (StreamId::of_record("item", "BOLT"), StreamId(uuid::Uuid::from_u128(7)));
        assert_eq!(named("item", "BOLT", record), None);
        assert_eq!(named("instance", &instance.to_string(), instance), None);
        for (kind, key) in [("item", "NUT"), ("supplier", "BOLT"), ("instance", "BOLT")] {
            let finding = named(kind, key, record).unwrap();
            assert_eq!((finding.code, finding.seq), ("row_changed", 3));
            assert!(finding.message.contains(key) && finding.message.contains("`record`"), "{}", finding.message);
        }
    }
}

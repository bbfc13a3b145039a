//! Verifies the audit trail: every stream, entry by entry, every head that a row claims, and that the rows of instances
//! (with their tasks), of the organisation and of keys, and of the indexes that follow from instances, are what their entries say.

mod index;
mod rows;

use std::collections::BTreeMap;
use std::sync::Arc;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::verify::{Finding, Verifier};
use fluxor_engine::ids::{Digest, StreamId, TenantId};
use fluxor_engine::store::StoreError;
use serde::Serialize;

use crate::desk::{Desk, NotDone};

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

/// The organisation's revision.
async fn revision(desk: &dyn Desk, tenant: TenantId) -> Result<i64, NotDone> {
    Ok(desk.organisation(tenant).await?.map_or(0, |row| row.revision))
}

/// Verifies the trail of `tenants`.
pub(crate) async fn verify(desk: &dyn Desk, tenants: &[TenantId]) -> Result<Report, NotDone> {
    let mut report = Report::default();
    for &tenant in tenants {
        let keys = desk.api_keys(tenant).await?;
        let mut unmade: BTreeMap<StreamId, Arc<str>> =
            keys.into_iter().map(|key| (StreamId::of_record("key", &key.id), key.id)).collect();
        let mut later = Later { revision: revision(desk, tenant).await?, seen: BTreeMap::new() };
        let heads = heads(desk, tenant).await?;
        let mut without_entries = heads.clone();
        let mut after = None;
        loop {
            let streams = desk.streams(tenant, after, PAGE).await?;
            let Some(&last) = streams.last() else { break };
            for stream in streams {
                without_entries.remove(&stream);
                unmade.remove(&stream);
                walk(desk, tenant, stream, heads.get(&stream).copied(), &mut later, &mut report).await?;
            }
            after = Some(last);
        }
        for (stream, head) in without_entries {
            walk(desk, tenant, stream, Some(head), &mut later, &mut report).await?;
        }
        for (stream, id) in unmade {
            let message = format!("no entry made the key {id}: revoke it");
            report.findings.push(Finding::row_unmade(tenant, stream, message));
        }
        report.findings.extend(index::extra(desk, tenant).await?);
        let now = revision(desk, tenant).await?;
        report.findings.extend(later.findings(tenant, now));
    }
    report.ok = report.findings.is_empty();
    Ok(report)
}

/// What rows claim of their streams.
async fn heads(desk: &dyn Desk, tenant: TenantId) -> Result<BTreeMap<StreamId, (i64, Digest)>, NotDone> {
    let mut heads = BTreeMap::new();
    let mut after = None;
    loop {
        let page = desk.heads(tenant, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(heads) };
        after = Some(last.stream);
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
    later: &mut Later,
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
        later.look(stream, &read);
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

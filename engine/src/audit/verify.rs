//! Checks a stream entry by entry, trusting nothing but SHA-256: a changed, deleted, inserted or reordered row is named.

use serde::Serialize;

use super::{Entry, FORMAT, body_digest, header_hash};
use crate::ids::{Digest, StreamId, TenantId};

/// What does not add up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whose.
    pub tenant: TenantId,
    /// Which stream.
    pub stream: StreamId,
    /// Which entry; for a missing one the number it should have.
    pub seq: i64,
    /// Stable code: `header_changed`, `body_changed`, `body_emptied`, `columns_changed`, `missing`, `inserted`, `chain_broken`,
    /// `tail_missing`, `tail_extra`, `head_changed`, `no_head`, `unreadable`, `row_changed`, `row_unmade`,
    /// `unknown_revision`, `definition_changed`, `index_missing`, `index_extra`.
    pub code: &'static str,
    /// A sentence.
    pub message: String,
}

impl Finding {
    /// The stream adds up, and the row is not what its entries say.
    #[must_use]
    pub fn row_changed(tenant: TenantId, stream: StreamId, seq: i64, message: String) -> Self {
        let code = "row_changed";
        Self { tenant, stream, seq, code, message }
    }

    /// An entry stands on a revision of the organisation that there is not.
    #[must_use]
    pub fn unknown_revision(tenant: TenantId, stream: StreamId, seq: i64, message: String) -> Self {
        let code = "unknown_revision";
        Self { tenant, stream, seq, code, message }
    }

    /// An entry was decided by a definition that is not stored as it was.
    #[must_use]
    pub fn definition_changed(tenant: TenantId, stream: StreamId, seq: i64, message: String) -> Self {
        let code = "definition_changed";
        Self { tenant, stream, seq, code, message }
    }

    /// An index lacks a row that follows from the stream up to the entry.
    #[must_use]
    pub fn index_missing(tenant: TenantId, stream: StreamId, seq: i64, message: String) -> Self {
        let code = "index_missing";
        Self { tenant, stream, seq, code, message }
    }

    /// An index has a row that follows from nothing.
    #[must_use]
    pub fn index_extra(tenant: TenantId, stream: StreamId, message: String) -> Self {
        let code = "index_extra";
        Self { tenant, stream, seq: 1, code, message }
    }

    /// There is a row that no entry made.
    #[must_use]
    pub fn row_unmade(tenant: TenantId, stream: StreamId, message: String) -> Self {
        let code = "row_unmade";
        Self { tenant, stream, seq: 1, code, message }
    }
}

/// Walks one stream.
#[derive(Debug)]
pub struct Verifier {
    tenant: TenantId,
    stream: StreamId,
    seq: i64,
    prev: Digest,
    /// How many entries were seen.
    pub entries: u64,
    /// What did not add up so far.
    pub findings: Vec<Finding>,
}

impl Verifier {
    /// At the beginning of a stream.
    #[must_use]
    pub fn new(tenant: TenantId, stream: StreamId) -> Self {
        Self { tenant, stream, seq: 0, prev: Digest([0; 32]), entries: 0, findings: Vec::new() }
    }

    fn found(&mut self, seq: i64, code: &'static str, message: String) {
        self.findings.push(Finding { tenant: self.tenant, stream: self.stream, seq, code, message });
    }

    /// Checks the next entry in the order of `seq`.
    pub fn check(&mut self, entry: &Entry) {
        self.entries += 1;
        let seq = entry.seq;
        if seq <= self.seq {
            self.found(seq, "inserted", format!("entry {seq} stands there although {} came before", self.seq));
        }
        for missing in (self.seq + 1..seq).take(100) {
            self.found(missing, "missing", format!("entry {missing} is missing"));
        }
        if header_hash(&entry.header) != entry.hash {
            self.found(seq, "header_changed", format!("entry {seq}: the header is not the one that was hashed"));
        }
        // Nothing purges bodies yet: an empty one was emptied by somebody else.
        if entry.body.is_empty() && entry.salt.is_empty() {
            self.found(seq, "body_emptied", format!("entry {seq}: the body was emptied, and no purge is on record"));
        } else if body_digest(&entry.salt, &entry.body) != entry.body_digest {
            self.found(seq, "body_changed", format!("entry {seq}: the body is not the one that was hashed"));
        }
        self.header(entry);
        self.seq = seq.max(self.seq);
        self.prev = entry.hash;
    }

    /// Notes an entry whose row cannot be read.
    pub fn unreadable(&mut self, seq: i64, why: &str) {
        self.entries += 1;
        self.found(seq, "unreadable", format!("entry {seq}: the row cannot be read: {why}"));
        self.seq = seq.max(self.seq);
    }

    fn header(&mut self, entry: &Entry) {
        let seq = entry.seq;
        let header = match entry.parsed() {
            Ok(header) => header,
            Err(why) => return self.found(seq, "unreadable", format!("entry {seq}: the header cannot be read: {why}")),
        };
        if header.format != FORMAT {
            self.found(
                seq,
                "unreadable",
                format!("entry {seq} has format {}, this program reads {FORMAT}", header.format),
            );
        }
        let columns = [
            ("tenant", header.tenant == entry.tenant),
            ("stream", header.stream == entry.stream),
            ("seq", header.seq == entry.seq),
            ("at", header.at == entry.at),
            ("body_digest", header.body == entry.body_digest),
        ];
        for (column, same) in columns {
            if !same {
                self.found(seq, "columns_changed", format!("entry {seq}: column {column} is not what the header says"));
            }
        }
        if header.prev != self.prev && seq == self.seq + 1 {
            self.found(seq, "chain_broken", format!("entry {seq} does not follow from the entry before it"));
        }
    }

    /// Ends the stream: `head` is what the instance's or record's row claims, `None` where there is no such row.
    #[must_use]
    pub fn finish(mut self, head: Option<(i64, Digest)>) -> Vec<Finding> {
        let (seq, last) = (self.seq, self.prev);
        match head {
            None if self.entries > 0 => {
                self.found(seq, "no_head", "the entries belong to no instance and no record".to_owned());
            }
            None => {}
            Some((claimed, _)) if claimed > seq => {
                self.found(seq + 1, "tail_missing", format!("entries {} to {claimed} are missing at the end", seq + 1))
            }
            Some((claimed, _)) if claimed < seq => {
                self.found(claimed + 1, "tail_extra", format!("entries {} to {seq} are too many", claimed + 1));
            }
            Some((_, hash)) if hash != last => {
                self.found(seq, "head_changed", "the row's head is not the hash of its last entry".to_owned());
            }
            Some(_) => {}
        }
        self.findings
    }
}

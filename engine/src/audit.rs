//! The audit trail: one entry in the same transaction as every transition and every other change of a record.
//!
//! What must hold: the format is final from the first migration, because hashes cannot be changed later. `hash` =
//! SHA-256(0x00 || header) is at once the chain's link and the leaf of an RFC 6962 log; `body_digest` = SHA-256(salt ||
//! body). The header is canonical JSON (RFC 8785) without free text and stays for ever; salt and body may be emptied.
//! Look next at [`verify`] for checking a stream and at [`fold`] for what entries say about a row.

pub mod canonical;
pub mod fold;
pub mod image;
pub mod rounds;
pub mod told;
pub mod verify;

use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;
use crate::ids::{DefinitionHash, Digest, PersonId, RequestId, StreamId, TenantId};
use canonical::Writer;

/// The version of the header's format.
pub const FORMAT: u32 = 1;

/// An entry as it is stored: one append row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub tenant: TenantId,
    /// Which stream.
    pub stream: StreamId,
    /// From 1 without a gap.
    pub seq: i64,
    /// The batch's instant.
    pub at: Timestamp,
    /// Canonical JSON.
    pub header: String,
    /// SHA-256(0x00 || header).
    pub hash: Digest,
    /// SHA-256(salt || body).
    pub body_digest: Digest,
    /// Sixteen random bytes, or none once the body was emptied.
    pub salt: Vec<u8>,
    /// JSON, or empty once purged.
    pub body: String,
}

/// What a header says, in its own order: the keys of the canonical JSON, sorted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The person who acted, by id.
    #[serde(default)]
    pub actor: Option<PersonId>,
    /// `person`, `timer`, `message` or `system`.
    pub actor_kind: Arc<str>,
    /// Microseconds since the epoch.
    pub at: Timestamp,
    /// On whose behalf.
    #[serde(default)]
    pub behalf: Option<PersonId>,
    /// [`Entry::body_digest`].
    pub body: Digest,
    /// The definition that decided.
    #[serde(default)]
    pub definition: Option<DefinitionHash>,
    /// The digest of the subject afterwards.
    #[serde(default)]
    pub document: Option<Digest>,
    /// The event or code that the verb was about.
    #[serde(default)]
    pub event: Option<Arc<str>>,
    /// [`FORMAT`].
    pub format: u32,
    /// The state before.
    #[serde(default)]
    pub from: Option<Arc<str>>,
    /// `instance`, `security`, or the record's kind.
    pub kind: Arc<str>,
    /// The record's key.
    #[serde(default)]
    pub key: Option<Arc<str>>,
    /// The organisation's revision that was read.
    #[serde(default)]
    pub organisation: Option<i64>,
    /// The hash of the entry before; 64 zeros for the first.
    pub prev: Digest,
    /// The request id.
    #[serde(default)]
    pub request: Option<RequestId>,
    /// SHA-256 over what was asked.
    #[serde(default)]
    pub request_hash: Option<Digest>,
    /// Where it stands in its stream.
    pub seq: i64,
    /// The instance's state revision afterwards.
    #[serde(default)]
    pub state_revision: Option<i64>,
    /// The stream.
    pub stream: StreamId,
    /// The task that was decided: its ordinal.
    #[serde(default)]
    pub task: Option<u32>,
    /// The tenant.
    pub tenant: TenantId,
    /// The state afterwards.
    #[serde(default)]
    pub to: Option<Arc<str>>,
    /// What was done.
    pub verb: Arc<str>,
    /// By which door.
    #[serde(default)]
    pub via: Option<Arc<str>>,
}

impl Header {
    /// The canonical bytes: keys sorted, absent ones left out, written by hand in a fixed order.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut w = Writer::object();
        w.opt_text("actor", self.actor.as_ref().map(PersonId::as_str));
        w.text("actor_kind", &self.actor_kind);
        w.number("at", self.at.micros());
        w.opt_text("behalf", self.behalf.as_ref().map(PersonId::as_str));
        w.hash("body", Some(&self.body.0));
        w.hash("definition", self.definition.as_ref().map(|d| &d.0));
        w.hash("document", self.document.as_ref().map(|d| &d.0));
        w.opt_text("event", self.event.as_deref());
        w.number("format", i64::from(self.format));
        w.opt_text("from", self.from.as_deref());
        w.opt_text("key", self.key.as_deref());
        w.text("kind", &self.kind);
        w.opt_number("organisation", self.organisation);
        w.hash("prev", Some(&self.prev.0));
        w.opt_text("request", self.request.as_ref().map(RequestId::as_str));
        w.hash("request_hash", self.request_hash.as_ref().map(|d| &d.0));
        w.number("seq", self.seq);
        w.opt_number("state_revision", self.state_revision);
        w.text("stream", self.stream.0.hyphenated().encode_lower(&mut uuid::Uuid::encode_buffer()));
        w.opt_number("task", self.task.map(i64::from));
        w.number("tenant", self.tenant.0);
        w.opt_text("to", self.to.as_deref());
        w.text("verb", &self.verb);
        w.opt_text("via", self.via.as_deref());
        w.finish()
    }
}

impl Entry {
    /// Seals `header` over `body`: fills in the header's body digest, and hashes.
    #[must_use]
    pub fn seal(mut header: Header, salt: [u8; 16], body: String) -> Self {
        header.body = body_digest(&salt, &body);
        let text = header.canonical();
        Self {
            tenant: header.tenant,
            stream: header.stream,
            seq: header.seq,
            at: header.at,
            hash: header_hash(&text),
            header: text,
            body_digest: header.body,
            salt: salt.to_vec(),
            body,
        }
    }

    /// The header, read back.
    ///
    /// # Errors
    /// A sentence, if the stored text is no header.
    pub fn parsed(&self) -> Result<Header, String> {
        serde_json::from_str(&self.header).map_err(|e| e.to_string())
    }
}

/// SHA-256(0x00 || header): RFC 6962's leaf hash.
#[must_use]
pub fn header_hash(header: &str) -> Digest {
    Digest(Sha256::new().chain_update([0]).chain_update(header).finalize().into())
}

/// SHA-256(salt || body).
#[must_use]
pub fn body_digest(salt: &[u8], body: &str) -> Digest {
    Digest(Sha256::new().chain_update(salt).chain_update(body).finalize().into())
}

//! Changes of records that are not an instance.

use std::sync::Arc;

use crate::approval;
use crate::ids::{Digest, InstanceId, PersonId};
use crate::instance::Document;

/// On what grounds the organisation is changed. Which of them suffices, `decide` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Because somebody asks for it.
    Direct,
    /// Because an instance of the approval workflow has it approved.
    Approved {
        /// The instance.
        instance: InstanceId,
        /// Its workflow.
        workflow: Arc<str>,
        /// What the approvers saw of each part that is replaced: the SHA-256 of its canonical JSON, null where it was not there.
        found: Document,
    },
    /// The operator at the console goes past the approval workflow.
    Override {
        /// Why.
        reason: String,
    },
}

/// A change of a record that is not an instance. Each has a stream of its own.
#[derive(Clone, Debug)]
pub enum Change {
    /// Replace the parts of the organisation that are given: `people` are merged by id, other lists replaced.
    Organisation {
        /// `{people, units, substitutes, zone, rates, contacts, approval}`, all optional.
        patch: Document,
        /// On what grounds.
        basis: Basis,
    },
    /// Note that somebody is away and who stands in for him: one more entry of the organisation's substitutes.
    Absence(approval::Substitution),
    /// End an absence today, or take one back that is to come.
    Return {
        /// Its id, as [`crate::decide::absences`] has it.
        id: Arc<str>,
    },
    /// Make an API key that acts as a person. The secret is the caller's; only its hash is stored.
    CreateKey {
        /// The key's public id.
        id: Arc<str>,
        /// SHA-256 of the secret.
        secret_hash: Digest,
        /// Whom it acts as.
        person: PersonId,
        /// For people.
        label: String,
        /// May edit the organisation and keys.
        administrator: bool,
    },
    /// Make a key useless from now on.
    RevokeKey {
        /// The key's public id.
        id: Arc<str>,
    },
    /// Run an action of the domain's vocabulary on a record of the domain (an edit by hand, an imported row).
    Record {
        /// The record's kind.
        kind: Arc<str>,
        /// Its key.
        key: Arc<str>,
        /// The action.
        action: Arc<str>,
        /// Its parameters.
        params: Document,
    },
    /// Note that somebody has come in by a door that is kept elsewhere, or has left. Nothing but the entry is written.
    Session {
        /// Who.
        person: PersonId,
        /// Came or went.
        what: SessionEvent,
        /// Which door: its public id, and what is known of it. No secrets.
        told: Document,
    },
    /// Somebody asked for what he may not see or do, and was refused before the engine heard of it. The engine refuses it as
    /// well, whoever it is, so that the security stream has it.
    Barred {
        /// What he asked for.
        asked: Arc<str>,
        /// The rule that he does not meet.
        rule: Arc<str>,
    },
}

/// What [`Change::Session`] notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// A session began.
    Began,
    /// It was ended before its time.
    Ended,
    /// Somebody else made a link by which the person may come in.
    Offered,
}

impl Change {
    /// The change's name in entries.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Organisation { .. } => "organisation",
            Self::Absence(_) => "absence",
            Self::Return { .. } => "return",
            Self::CreateKey { .. } => "create_key",
            Self::RevokeKey { .. } => "revoke_key",
            Self::Record { .. } => "record",
            Self::Session { what: SessionEvent::Began, .. } => "sign_in",
            Self::Session { what: SessionEvent::Ended, .. } => "sign_out",
            Self::Session { what: SessionEvent::Offered, .. } => "sign_in_link",
            Self::Barred { .. } => "barred",
        }
    }

    /// Whether the organisation has another revision afterwards.
    #[must_use]
    pub const fn reorganises(&self) -> bool {
        matches!(self, Self::Organisation { .. } | Self::Absence(_) | Self::Return { .. })
    }

    /// Kind and key of the record whose stream it goes to.
    #[must_use]
    pub fn record(&self) -> (Arc<str>, Arc<str>) {
        match self {
            Self::Organisation { .. } | Self::Absence(_) | Self::Return { .. } => {
                ("organisation".into(), "organisation".into())
            }
            Self::CreateKey { id, .. } | Self::RevokeKey { id } => ("key".into(), id.clone()),
            Self::Record { kind, key, .. } => (kind.clone(), key.clone()),
            Self::Session { person, .. } => ("session".into(), person.as_str().into()),
            // Nothing is ever written to it: the refusal goes where all go.
            Self::Barred { .. } => ("barred".into(), "barred".into()),
        }
    }
}

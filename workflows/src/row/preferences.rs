//! How a person wants to be written to.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Keyed, Written};

/// What a person has set: one document, which [`crate::Preference`] reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreferenceRow {
    /// The person's id.
    pub person: Arc<str>,
    /// The guard of every write; people see it as the etag.
    pub version: i64,
    /// The document: a JSON object.
    pub document: Written,
}

impl Keyed for PreferenceRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.person.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

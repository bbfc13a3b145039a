//! What a tenant has set.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Keyed, Written};

/// A setting of a tenant: one document under a name. What may stand in it is known to whoever reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingRow {
    /// Its name.
    pub code: Arc<str>,
    /// The guard of every write; people see it as the etag.
    pub version: i64,
    /// The document: a JSON object.
    pub document: Written,
}

impl Keyed for SettingRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.code.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

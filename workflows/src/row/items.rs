//! Items, and the places where they are kept.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Keyed;

/// Something that is kept in stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemRow {
    /// Its code.
    pub code: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// For people.
    pub name: Arc<str>,
    /// What kind of purchase it is.
    pub category: Option<Arc<str>>,
    /// The unit that its stock is counted in.
    pub stock_unit: Arc<str>,
    /// Whether it may be ordered.
    pub active: bool,
}

impl Keyed for ItemRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.code.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// A place where stock is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationRow {
    /// Its code.
    pub code: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// For people.
    pub name: Arc<str>,
    /// Whether goods may be ordered to it.
    pub active: bool,
}

impl Keyed for LocationRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.code.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

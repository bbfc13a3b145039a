//! The company that a tenant is.

use std::sync::Arc;

use fluxor_engine::money::Currency;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Keyed;

/// What holds for the whole company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyRow {
    /// The guard of every write.
    pub version: i64,
    /// For people.
    pub name: Arc<str>,
    /// The home currency: offers in others are compared by it.
    pub currency: Currency,
    /// The IANA time zone that its days are in.
    pub zone: Arc<str>,
    /// The day that a reorder run takes for today, where data ends in the past; without, it is the day that it is.
    pub today: Option<Date>,
}

impl Keyed for CompanyRow {
    /// There is one.
    type Key = ();

    fn key(&self) {}

    fn version(&self) -> i64 {
        self.version
    }
}

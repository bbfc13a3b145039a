//! The company that a tenant is.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
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

impl CompanyRow {
    /// The day that a run takes for today: the company's own, else the local one of its zone (`zone` without a company).
    ///
    /// # Errors
    /// The time zone, if nobody knows it.
    pub fn day(company: Option<&Self>, zone: &str, now: Timestamp) -> Result<Date, String> {
        if let Some(today) = company.and_then(|row| row.today) {
            return Ok(today);
        }
        let zone = company.map_or(zone, |row| &row.zone);
        let local = now.to_jiff().and_then(|now| now.in_tz(zone).ok());
        local.map(|local| local.date()).ok_or_else(|| format!("the company's time zone `{zone}` is not known"))
    }
}

impl Keyed for CompanyRow {
    /// There is one.
    type Key = ();

    fn key(&self) {}

    fn version(&self) -> i64 {
        self.version
    }
}

//! What a reorder run found short and did not order.

use std::sync::Arc;

use fluxor_engine::ids::InstanceId;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Compact;
use super::stock::StockKey;

/// An item that was short at a place and was not ordered, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortfallRow {
    /// The run (instance of `reorder_run`).
    pub run: InstanceId,
    /// What, where.
    #[serde(flatten)]
    pub key: StockKey,
    /// `no_term`, `no_approved_supplier`, `snoozed`, `capped`, `no_longer_short`, ...
    pub reason: Arc<str>,
    /// The arithmetic.
    pub why: Json,
}

impl Compact for ShortfallRow {
    const COLUMNS: &'static [&'static str] = &["run", "item", "location", "reason", "why"];
    type Cells = (InstanceId, Arc<str>, Arc<str>, Arc<str>, Json);

    fn cells(&self) -> Self::Cells {
        (self.run, self.key.item.clone(), self.key.location.clone(), self.reason.clone(), self.why.clone())
    }

    fn of((run, item, location, reason, why): Self::Cells) -> Self {
        Self { run, key: StockKey { item, location }, reason, why }
    }
}

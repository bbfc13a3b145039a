//! When an item is ordered again, and how much.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::stock::StockKey;
use super::{Keyed, words};
use crate::quantity::Quantity;

words! {
    /// How the quantity is found.
    Method {
        /// Up to `order_up_to`, in whole multiples.
        MinMax = "min_max",
        /// Up to `order_up_to`.
        UpTo = "s_S",
        /// `quantity`, as often as it takes.
        Fixed = "s_Q",
    }
}

words! {
    /// When the position is short.
    Trigger {
        /// Below the order point.
        Below = "below",
        /// At the order point, or below.
        AtOrBelow = "at_or_below",
    }
}

words! {
    /// What gives way where the maximum, the minimum and the need cannot all be had.
    MaximumRule {
        /// What is needed is ordered, whatever the maximum says.
        NeedWins = "need_wins",
        /// No more than the maximum is ordered.
        MaximumWins = "maximum_wins",
        /// The supplier's minimum is ordered, though it passes the maximum.
        MinimumWins = "minimum_wins",
    }
}

/// When an item is ordered again for a place, and how much. Quantities are in stock units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyRow {
    /// Of which item, where.
    #[serde(flatten)]
    pub key: StockKey,
    /// The guard of every write.
    pub version: i64,
    /// How the quantity is found.
    pub method: Method,
    /// When the position is short.
    pub trigger: Trigger,
    /// The position that decides.
    pub order_point: Quantity,
    /// The position to reach.
    pub order_up_to: Option<Quantity>,
    /// What is ordered each time.
    pub quantity: Option<Quantity>,
    /// The most that is ordered.
    pub maximum: Option<Quantity>,
    /// What gives way.
    pub maximum_rule: MaximumRule,
    /// Whether it is looked at.
    pub active: bool,
    /// Nothing is proposed before this day.
    pub snoozed_until: Option<Date>,
}

impl Keyed for PolicyRow {
    type Key = StockKey;

    fn key(&self) -> StockKey {
        self.key.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

//! Orders and their lines.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, InstanceId, PersonId};
use fluxor_engine::money::Money;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::Keyed;
use super::budgets::Reservation;
use super::stock::StockKey;
use super::units::Factor;
use crate::quantity::Quantity;

/// A purchase order. Its lines are rows of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// The instance that it belongs to.
    pub id: InstanceId,
    /// The guard of every write.
    pub version: i64,
    /// Who wants it.
    pub requester: PersonId,
    /// From whom.
    pub supplier: Arc<str>,
    /// What kind of purchase.
    pub category: Option<Arc<str>>,
    /// The cost centre.
    pub unit: Option<Arc<str>>,
    /// For people.
    pub note: Option<Arc<str>>,
    /// The official number, from issue on.
    pub number: Option<Arc<str>>,
    /// Where it stands.
    pub status: OrderStatus,
    /// The sum of its lines.
    pub amount: Money,
    /// How many lines it has.
    pub lines: i64,
    /// SHA-256 over the canonical lines.
    pub lines_digest: Digest,
    /// What it holds of a budget.
    pub reserved: Option<Reservation>,
    /// The day it was ordered on, as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordered_on: Option<Date>,
    /// The day its goods are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_on: Option<Date>,
    /// What it came from, unless a person: `reorder:<run>`, `import:<name>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Arc<str>>,
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub changed_at: Timestamp,
}

impl Keyed for OrderRow {
    type Key = InstanceId;

    fn key(&self) -> InstanceId {
        self.id
    }

    fn version(&self) -> i64 {
        self.version
    }
}

/// Where an order stands, in words that lists and reports filter by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Being written.
    Draft,
    /// Being approved.
    InReview,
    /// Approved, and not issued to the supplier yet.
    Approved,
    /// Issued to the supplier.
    Ordered,
    /// Delivered in full.
    Received,
    /// Ended with what was received; nothing more is expected.
    Closed,
    /// Declined.
    Rejected,
    /// Called off.
    Cancelled,
}

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 8] = [
        Self::Draft,
        Self::InReview,
        Self::Approved,
        Self::Ordered,
        Self::Received,
        Self::Closed,
        Self::Rejected,
        Self::Cancelled,
    ];

    /// As stored and as definitions write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Approved => "approved",
            Self::Ordered => "ordered",
            Self::Received => "received",
            Self::Closed => "closed",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// From what is stored.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// Whether nothing of the order can be changed any more.
    #[must_use]
    pub const fn is_closed(self) -> bool {
        match self {
            Self::Draft | Self::InReview | Self::Approved | Self::Ordered => false,
            Self::Received | Self::Closed | Self::Rejected | Self::Cancelled => true,
        }
    }
}

/// The lines of an order, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSet {
    /// The order.
    pub order: InstanceId,
    /// Its lines, by their numbers.
    pub lines: Vec<LineRow>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// Its number in the order, from 1. It stays whatever becomes of the others.
    pub line: i64,
    /// What.
    pub item: Arc<str>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Arc<str>>,
    /// How much.
    pub quantity: Quantity,
    /// The unit of measure that it is ordered in.
    pub unit: Arc<str>,
    /// The price of one unit.
    pub price: Money,
    /// Quantity times price, rounded half up to the currency's digits.
    pub total: Money,
    /// Where it is to be in stock; without, it touches no stock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Arc<str>>,
    /// How much of the quantity has come.
    #[serde(default)]
    pub received: Quantity,
    /// How many stock units one of its units is, as it was when the line was written. Each line with a location has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub factor: Option<Factor>,
    /// The arithmetic that it came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Json>,
}

/// What was paid for an item in an order that was issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaidRow {
    /// In which order.
    pub order: InstanceId,
    /// Its number.
    pub number: Option<Arc<str>>,
    /// To whom.
    pub supplier: Arc<str>,
    /// For what.
    pub item: Arc<str>,
    /// The unit of measure that it was ordered in.
    pub unit: Arc<str>,
    /// The price of one of these.
    pub price: Money,
}

impl LineRow {
    /// What has not come yet, in the line's unit.
    #[must_use]
    pub fn open(&self) -> Quantity {
        Quantity(self.quantity.0.saturating_sub(self.received.0).max(0))
    }

    /// The stock that it counts in.
    #[must_use]
    pub fn stock(&self) -> Option<StockKey> {
        self.location.clone().map(|location| StockKey { item: self.item.clone(), location })
    }
}

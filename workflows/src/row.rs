//! The rows of the domain, and the changes that actions make of them.
//!
//! What must hold: an [`Op`] carries the full new image with its version, one more than the image it replaces (1 for a
//! new row). Each noun brings its row here, its `Need` and its statements; the compiler names every place to answer.

use std::fmt;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{Digest, InstanceId, PersonId};
use fluxor_engine::money::{Currency, Money};
use serde::{Deserialize, Serialize};

use crate::quantity::Quantity;

/// A row, or the rows of an order, that deciding wants to see. The order of the variants is the rank in which rows
/// are locked; number series come last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The order of this instance.
    Order(InstanceId),
    /// Its lines (the order's lock covers them: need both).
    Lines(InstanceId),
    /// A budget.
    Budget(BudgetKey),
    /// A number series.
    Series(SeriesKey),
}

/// A row change. Stored, shown in the audit entry, applied to facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "table", rename_all = "snake_case")]
pub enum Op {
    /// An order.
    PurchaseOrder(Box<OrderRow>),
    /// All lines of an order, replacing those it had. Always beside an image of the order, which guards them.
    PurchaseOrderLine(LineSet),
    /// A budget.
    Budget(BudgetRow),
    /// A number series.
    NumberSeries(SeriesRow),
}

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
    /// When it was recorded.
    pub created_at: Timestamp,
    /// When this row last changed.
    pub changed_at: Timestamp,
}

/// What an order holds of a budget: released exactly as it was reserved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The budget's unit.
    pub unit: Arc<str>,
    /// How much, in the budget's currency.
    pub amount: Money,
}

impl Reservation {
    /// The budget it is held of.
    #[must_use]
    pub fn budget(&self) -> BudgetKey {
        BudgetKey { unit: self.unit.clone(), currency: self.amount.currency }
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
    /// Issued to the supplier.
    Ordered,
    /// Delivered in full.
    Received,
    /// Declined.
    Rejected,
    /// Called off.
    Cancelled,
}

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 6] =
        [Self::Draft, Self::InReview, Self::Ordered, Self::Received, Self::Rejected, Self::Cancelled];

    /// As stored and as definitions write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::InReview => "in_review",
            Self::Ordered => "ordered",
            Self::Received => "received",
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
            Self::Draft | Self::InReview | Self::Ordered => false,
            Self::Received | Self::Rejected | Self::Cancelled => true,
        }
    }
}

/// The lines of an order, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSet {
    /// The order.
    pub order: InstanceId,
    /// Its lines, numbered from 1.
    pub lines: Vec<LineRow>,
}

/// A line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// Its number in the order, from 1.
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
}

/// Which budget.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BudgetKey {
    /// The cost centre.
    pub unit: Arc<str>,
    /// Its currency.
    pub currency: Currency,
}

impl fmt::Display for BudgetKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.unit, self.currency)
    }
}

/// What a cost centre may spend in a currency. Without a row there is no limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetRow {
    /// The cost centre.
    pub unit: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// The budget.
    pub amount: Money,
    /// What orders hold of it, in the same currency; equal to the sum over them.
    pub reserved: Money,
}

impl BudgetRow {
    /// Its key.
    #[must_use]
    pub fn key(&self) -> BudgetKey {
        BudgetKey { unit: self.unit.clone(), currency: self.amount.currency }
    }
}

/// Which number series.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SeriesKey {
    /// The prefix of its numbers: `PO`.
    pub series: Arc<str>,
    /// The local year.
    pub year: i64,
}

impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.series, self.year)
    }
}

/// A series of gapless numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesRow {
    /// Which.
    #[serde(flatten)]
    pub key: SeriesKey,
    /// The guard of every write.
    pub version: i64,
    /// The number that is given next.
    pub next: i64,
}

//! Budgets, what orders hold of them, and series of official numbers.

use std::fmt;
use std::sync::Arc;

use fluxor_engine::money::{Currency, Money};
use serde::{Deserialize, Serialize};

use super::Keyed;

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

impl Keyed for BudgetRow {
    type Key = BudgetKey;

    fn key(&self) -> BudgetKey {
        BudgetKey { unit: self.unit.clone(), currency: self.amount.currency }
    }

    fn version(&self) -> i64 {
        self.version
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

impl Keyed for SeriesRow {
    type Key = SeriesKey;

    fn key(&self) -> SeriesKey {
        self.key.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

//! What is there, what changed it, and what is waited for.

use std::fmt;
use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{InstanceId, PersonId};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Compact, Keyed, words};
use crate::quantity::Quantity;

/// An item at a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StockKey {
    /// The item.
    pub item: Arc<str>,
    /// Where.
    pub location: Arc<str>,
}

impl fmt::Display for StockKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.item, self.location)
    }
}

/// How an item stands at a place, in stock units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRow {
    /// Of what, where.
    #[serde(flatten)]
    pub key: StockKey,
    /// The guard of every write.
    pub version: i64,
    /// What is there: always the sum of its movements.
    pub on_hand: Quantity,
    /// What has been ordered and has not come: the sum of what is open of lines of orders that are not closed.
    pub on_order: Quantity,
    /// What is promised: the sum of demand that is not done.
    pub reserved: Quantity,
    /// What is on its way from another place.
    pub in_transit: Quantity,
    /// How many movements it has.
    pub movements: i64,
}

impl StockRow {
    /// Nothing there, nothing waited for; not stored yet.
    #[must_use]
    pub const fn empty(key: StockKey) -> Self {
        let none = Quantity(0);
        Self { key, version: 0, on_hand: none, on_order: none, reserved: none, in_transit: none, movements: 0 }
    }

    /// On hand, on order and in transit less reserved: what a reorder run looks at. `None` beyond what a quantity holds.
    #[must_use]
    pub fn position(&self) -> Option<Quantity> {
        let sum = [self.on_hand, self.on_order, self.in_transit].iter().map(|q| i128::from(q.0)).sum::<i128>();
        i64::try_from(sum - i128::from(self.reserved.0)).ok().map(Quantity)
    }
}

impl Keyed for StockRow {
    type Key = StockKey;

    fn key(&self) -> StockKey {
        self.key.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Compact for StockRow {
    const COLUMNS: &'static [&'static str] =
        &["item", "location", "version", "on_hand", "on_order", "reserved", "in_transit", "movements"];
    type Cells = (Arc<str>, Arc<str>, i64, Quantity, Quantity, Quantity, Quantity, i64);

    fn cells(&self) -> Self::Cells {
        let StockKey { item, location } = self.key.clone();
        let (on_hand, on_order) = (self.on_hand, self.on_order);
        (item, location, self.version, on_hand, on_order, self.reserved, self.in_transit, self.movements)
    }

    fn of((item, location, version, on_hand, on_order, reserved, in_transit, movements): Self::Cells) -> Self {
        Self { key: StockKey { item, location }, version, on_hand, on_order, reserved, in_transit, movements }
    }
}

words! {
    /// Why stock changed.
    MovementKind {
        /// What was there before the ledger begins.
        Opening = "opening",
        /// Goods came.
        Receipt = "receipt",
        /// Goods went.
        Issue = "issue",
        /// Somebody counted.
        Adjustment = "adjustment",
    }
}

/// One change of what is there. Never changed itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementRow {
    /// Of what, where.
    #[serde(flatten)]
    pub key: StockKey,
    /// Its number there, from 1 without gaps.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Why.
    pub kind: MovementKind,
    /// How much, in stock units: what goes is negative.
    pub quantity: Quantity,
    /// What another system calls it; unique.
    pub reference: Option<Arc<str>>,
    /// The order that it belongs to.
    pub order_id: Option<InstanceId>,
    /// The line of that order.
    pub line: Option<i64>,
    /// For people.
    pub note: Option<Arc<str>>,
    /// Who noted it.
    pub person: Option<PersonId>,
}

/// A movement in one line: where, how much, and then what is seldom there.
type MovementCells = (
    Arc<str>,
    Arc<str>,
    i64,
    Timestamp,
    MovementKind,
    Quantity,
    Option<Arc<str>>,
    Option<InstanceId>,
    Option<i64>,
    Option<Arc<str>>,
    Option<PersonId>,
);

impl Compact for MovementRow {
    const COLUMNS: &'static [&'static str] =
        &["item", "location", "seq", "at", "kind", "quantity", "reference", "order_id", "line", "note", "person"];
    type Cells = MovementCells;

    fn cells(&self) -> Self::Cells {
        let Self { key, seq, at, kind, quantity, reference, order_id, line, note, person } = self.clone();
        (key.item, key.location, seq, at, kind, quantity, reference, order_id, line, note, person)
    }

    fn of(cells: Self::Cells) -> Self {
        let (item, location, seq, at, kind, quantity, reference, order_id, line, note, person) = cells;
        let key = StockKey { item, location };
        Self { key, seq, at, kind, quantity, reference, order_id, line, note, person }
    }
}

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DemandRow {
    /// What another system calls it; its key.
    pub reference: Arc<str>,
    /// The guard of every write.
    pub version: i64,
    /// What.
    pub item: Arc<str>,
    /// From where.
    pub location: Arc<str>,
    /// How much, in stock units.
    pub quantity: Quantity,
    /// The day it was asked for.
    pub ordered_on: Date,
    /// The day it is due.
    pub due_on: Option<Date>,
    /// When it was served or dropped; until then it is reserved.
    pub done_at: Option<Timestamp>,
}

impl DemandRow {
    /// The stock that it reserves of.
    #[must_use]
    pub fn stock(&self) -> StockKey {
        StockKey { item: self.item.clone(), location: self.location.clone() }
    }
}

impl Keyed for DemandRow {
    type Key = Arc<str>;

    fn key(&self) -> Arc<str> {
        self.reference.clone()
    }

    fn version(&self) -> i64 {
        self.version
    }
}

impl Compact for DemandRow {
    const COLUMNS: &'static [&'static str] =
        &["reference", "version", "item", "location", "quantity", "ordered_on", "due_on", "done_at"];
    type Cells = (Arc<str>, i64, Arc<str>, Arc<str>, Quantity, Date, Option<Date>, Option<Timestamp>);

    fn cells(&self) -> Self::Cells {
        let Self { reference, version, item, location, quantity, ordered_on, due_on, done_at } = self.clone();
        (reference, version, item, location, quantity, ordered_on, due_on, done_at)
    }

    fn of((reference, version, item, location, quantity, ordered_on, due_on, done_at): Self::Cells) -> Self {
        Self { reference, version, item, location, quantity, ordered_on, due_on, done_at }
    }
}

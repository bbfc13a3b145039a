//! The rows of the domain, and the changes that actions make of them.
//!
//! What must hold: an [`Op`] carries the full new image with its version, one more than the image it replaces (1 for a
//! new row). Each noun brings its row here, its `Need` and its statements; the compiler names every place to answer.

mod budgets;
mod company;
mod items;
mod orders;
mod policies;
mod preferences;
mod reorder_lines;
mod settings;
mod shortfalls;
mod stock;
mod suppliers;
mod table;
mod units;
mod written;

use std::sync::Arc;

use fluxor_engine::ids::InstanceId;
use serde::{Deserialize, Serialize};

pub use budgets::{BudgetKey, BudgetRow, Reservation, SeriesKey, SeriesRow};
pub use company::CompanyRow;
pub use items::{ItemRow, LocationRow};
pub use orders::{LineRow, LineSet, OrderRow, OrderStatus, PaidRow};
pub use policies::{MaximumRule, Method, PolicyRow, Trigger};
pub use preferences::PreferenceRow;
pub use reorder_lines::ReorderLineRow;
pub(crate) use reorder_lines::run_of;
pub use reorder_lines::{SOURCE, source_of};
pub use settings::SettingRow;
pub use shortfalls::ShortfallRow;
pub use stock::{DemandRow, MovementKind, MovementRow, StockKey, StockRow};
pub use suppliers::{BankAccount, Percent, SupplierRow, TermKey, TermRow};
pub use table::{Compact, Rows};
pub use units::{Factor, ItemUnitKey, ItemUnitRow, UnitRow};
pub use written::Written;

/// A closed list of words: as stored, as JSON, and as people write them.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$what:meta])* $word:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$what])* #[serde(rename = $text)] $word,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];

            /// As stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$word => $text,)*
                }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let found = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                found.ok_or_else(|| {
                    let all = [$($text),*];
                    let near = fluxor_engine::diagnostic::nearest(text, all);
                    let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                    let shown: String = text.chars().take(40).collect();
                    format!("`{shown}` is none of {}{hint}", all.join(", "))
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

/// A row that is found by a key and guarded by a version.
pub trait Keyed {
    /// What it is found by, the tenant left out.
    type Key: Clone + Ord + std::fmt::Debug + Send + 'static;

    /// Its key.
    fn key(&self) -> Self::Key;

    /// The guard of every write.
    fn version(&self) -> i64;
}

/// A row, or the rows of an order, that deciding wants to see. The order of the variants is the rank in which rows
/// are locked; number series come last. Master data and movements are read without a lock: their versions, and the
/// unique reference, guard what is written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// The order of this instance.
    Order(InstanceId),
    /// Its lines (the order's lock covers them: need both).
    Lines(InstanceId),
    /// A budget.
    Budget(BudgetKey),
    /// The company.
    Company,
    /// A setting.
    Setting(Arc<str>),
    /// How a person wants to be written to, by the person's id.
    Preference(Arc<str>),
    /// A supplier, by its code.
    Supplier(Arc<str>),
    /// The supplier whose code differs from this one by capitals at most: the code in small letters.
    SupplierLike(Arc<str>),
    /// An item, by its code.
    Item(Arc<str>),
    /// A unit of measure, by its code.
    Unit(Arc<str>),
    /// A unit of an item.
    ItemUnit(ItemUnitKey),
    /// A location, by its code.
    Location(Arc<str>),
    /// A supplier's term for an item.
    Term(TermKey),
    /// When an item is ordered again for a place.
    Policy(StockKey),
    /// How an item stands at a place.
    Stock(StockKey),
    /// The movement with this reference.
    Movement(Arc<str>),
    /// The demand with this reference.
    Demand(Arc<str>),
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
    /// The company.
    Company(CompanyRow),
    /// A setting.
    Setting(SettingRow),
    /// How a person wants to be written to.
    Preference(PreferenceRow),
    /// A supplier.
    Supplier(Box<SupplierRow>),
    /// An item.
    Item(ItemRow),
    /// A unit of measure.
    UnitOfMeasure(UnitRow),
    /// A unit of an item.
    ItemUnit(ItemUnitRow),
    /// A location.
    Location(LocationRow),
    /// A supplier's term.
    SupplierTerm(Box<TermRow>),
    /// A reorder policy.
    ReorderPolicy(Box<PolicyRow>),
    /// How items stand at places, each at most once.
    StockLevel(Rows<StockRow>),
    /// Movements that are added. Always beside images of their stock levels, which guard their numbers.
    StockMovement(Rows<MovementRow>),
    /// Demand, each reference at most once.
    Demand(Rows<DemandRow>),
    /// What a reorder run did not order: added.
    ReorderShortfall(Rows<ShortfallRow>),
    /// Why a reorder run ordered lines: added.
    ReorderLine(Rows<ReorderLineRow>),
    /// A number series.
    NumberSeries(SeriesRow),
}

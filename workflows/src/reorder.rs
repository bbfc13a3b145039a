//! Reordering: what is short, how much to order, from whom, and why.
//!
//! All but the look (`snapshot`) is pure: rows go in, arithmetic that explains itself comes out. [`propose`] is the whole
//! for one item at one place; `shortage` finds the need, `price` the supplier, `quantity` what is ordered. What must
//! hold: ratios are exact, one named step rounds, and a setting that cannot be meant is a [`Fault`], never a default.

mod fault;
mod price;
mod propose;
mod quantity;
mod rates;
mod ratio;
pub(crate) mod run;
mod shortage;
mod snapshot;
mod source;
#[cfg(test)]
mod tests;
mod vocabulary;
mod worker;

pub use crate::row::{SOURCE, source_of};
pub use fault::Fault;
pub use price::{Comparison, Cost, Costed, Hint, HintKind, Judged, Offer, Verdict, compare};
pub use propose::{Arithmetic, Case, Chosen, Obstacle, Outcome, Proposed, Reordered, Why, propose};
pub use quantity::{Limits, OrderQuantity, PurchaseUnit, QuantitySteps, Reason, order_quantity};
pub use rates::Rates;
pub use ratio::Ratio;
pub use run::CATEGORY;
pub use shortage::{NotShort, OnOrder, Position, Shortage};
pub use snapshot::{
    Ask, Chunk, ChunkLine, Explained, MOST_CHUNK_LINES, Shortfall, Snapshot, Totals, explain, snapshot,
};
pub(crate) use vocabulary::{ACTIONS, MESSAGE, SUBJECT};
pub use worker::{Looks, PROPOSE, Worker};

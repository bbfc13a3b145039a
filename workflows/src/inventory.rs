//! Stock and its ledger, and the demand that reserves it.
//!
//! What must hold: `on_hand` is the sum of the movements of a stock level, and these are numbered from 1 without gaps;
//! `reserved` is the sum of demand that is not done; `on_order` is the sum of what is open of lines of orders that are
//! not closed (see `purchasing`). Every one of these is changed through [`Levels`], in the same command as its cause.

mod demand;
mod imported;
mod levels;
mod movements;

pub(crate) use demand::import_demand;
pub(crate) use levels::{Levels, unnumbered};
pub(crate) use movements::{import_movements, record_movement};

#[cfg(test)]
mod tests;

#![doc = include_str!("../README.md")]
//! The persistent state machine under Fluxor.
//!
//! Everything above the `runtime` feature is pure: no clock, no randomness, no I/O.

pub mod approval;
pub mod audit;
pub mod calendar;
pub mod clock;
pub mod command;
pub mod commit;
pub mod decide;
pub mod definition;
pub mod diagnostic;
pub mod domain;
pub mod draw;
pub mod effect;
pub mod expression;
pub mod holidays;
pub mod ids;
pub mod instance;
pub mod lookalike;
pub mod migrate;
pub mod money;
pub mod plan;
pub mod refusal;
pub mod rehearsal;
pub mod replay;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "runtime")]
pub mod scenario;
pub mod schedule;
pub mod simulate;
#[cfg(feature = "runtime")]
pub mod store;
pub mod table;

#[cfg(test)]
mod mutants;
#[cfg(test)]
mod wrong_files;

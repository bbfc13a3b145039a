//! The persistent state machine under Fluxor.
//!
//! Everything above the `runtime` feature is pure: no clock, no randomness, no I/O.

pub mod clock;
pub mod diagnostic;
pub mod expression;
pub mod ids;
pub mod money;

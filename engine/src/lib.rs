//! The persistent state machine under Fluxor.
//!
//! Everything above the `runtime` feature is pure: no clock, no randomness, no I/O.

pub mod approval;
pub mod clock;
pub mod diagnostic;
pub mod ids;
pub mod money;

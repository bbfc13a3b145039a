//! What must always hold (design.md, section 3), on every store, over random histories of the real engine.
//!
//! A failure prints the seed: `FLUXOR_TEST_SEED=7` runs that history alone, `FLUXOR_TEST_ALL=1` many more.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "all of it is test code")]

mod bursts;
mod found;
mod histories;
mod migrated;
mod overlay;
mod paused;
mod quorum;
mod timers;

//! What must always hold (design.md, section 3), on every store, over random histories of the real engine.
//!
//! A failure prints the seed: `FLUXOR_TEST_SEED=7` runs that history alone, `FLUXOR_TEST_ALL=1` many more.

mod bursts;
mod found;
mod histories;
mod paused;
mod quorum;
mod timers;

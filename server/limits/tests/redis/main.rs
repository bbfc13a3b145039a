//! The store in Redis: it decides as the one in this process does, in one round trip, by Redis' clock, and says clearly
//! what is wrong. Each test has a Redis of its own: see `support`.

// Helpers of tests are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout)]

mod clocks;
mod expiry;
mod failover;
mod links;
mod look;
mod model;
mod numbers;
mod race;
mod same;
mod support;
mod trips;
#[path = "../support/twins.rs"]
mod twins;

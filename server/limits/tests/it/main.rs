//! Every strategy against a plain model (a list of all admitted calls) under a virtual clock; several policies; the
//! store under attack; settings.

// Helpers of tests are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod address;
mod ahead;
mod away;
mod calendar;
mod change;
mod common;
mod costs;
mod gcra;
mod keys;
mod local;
mod look;
mod model;
mod readme;
mod settings;
mod several;
mod spread;
mod strategies;
mod traffic;
#[path = "../support/twins.rs"]
mod twins;

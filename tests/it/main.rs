//! Integration tests.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::field_reassign_with_default,
    reason = "all of it is test code"
)]

mod browser;
mod charts;
mod children;
mod crash;
mod differential;
mod explain;
mod imports;
mod invariants;
mod journey;
mod lanes;
mod organisation;
mod pictures;
mod readme;
mod reloads;
mod reorder;
mod replay;
mod sample;
mod scenarios;
mod schedules;
mod simulations;
mod store;
mod tidy;

#![doc = include_str!("../README.md")]
//! Shared test support.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "all of it is test code"
)]

pub mod counter;
pub mod databases;
pub mod plans;
pub mod rows;
pub mod scenario;
pub mod server;
pub mod store_suite;

//! Shared test support.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, clippy::panic, reason = "all of it is test code")]

pub mod scenario;

//! Integration tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "all of it is test code")]

mod differential;
mod explain;
mod store;

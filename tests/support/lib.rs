#![doc = include_str!("../README.md")]
//! Shared test support.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::panic,
    reason = "all of it is test code"
)]

pub mod browser;
pub mod companies;
pub mod counter;
pub mod databases;
pub mod family;
pub mod invariants;
pub mod plans;
#[path = "../../server/limits/tests/support/redis.rs"]
pub mod redis;
pub mod rows;
pub mod scenario;
pub mod server;
pub mod store_suite;

/// The program under test: `FLUXOR_BIN`, else the one that was built beside this test.
///
/// # Panics
/// If it was not built.
#[must_use]
pub fn binary() -> std::path::PathBuf {
    let beside = || {
        let test = std::env::current_exe().expect("this test's own path");
        test.ancestors().nth(2).map(|target| target.join("fluxor"))
    };
    let path = std::env::var_os("FLUXOR_BIN").map(std::path::PathBuf::from).or_else(beside).expect("a path");
    assert!(path.is_file(), "{} is missing: cargo build --workspace --bins", path.display());
    path
}

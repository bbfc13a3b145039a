//! Shared test support.

pub mod counter;
pub mod databases;
pub mod rows;
pub mod store_suite;

//! Integration tests.

mod differential;
mod explain;
mod invariants;
mod scenarios;
mod store;
mod tidy;

//! Integration tests.

mod explain;
mod scenarios;
mod store;

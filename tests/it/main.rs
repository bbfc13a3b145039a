//! Integration tests.

mod differential;
mod explain;
mod scenarios;
mod store;
mod tidy;

//! Integration tests.

mod scenarios;
mod store;
mod tidy;

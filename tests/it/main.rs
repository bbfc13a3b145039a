//! Integration tests.

mod scenarios;
mod store;

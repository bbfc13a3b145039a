//! Integration tests.

mod explain;
mod store;

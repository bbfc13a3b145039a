//! Integration tests.

mod differential;
mod explain;
mod store;

//! Integration tests.

mod scenarios;

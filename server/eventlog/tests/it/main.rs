//! Logs in, plain lines out: tables, documents, files, and what is no log.

// Helpers of tests are tests as well.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;
mod documents;
mod files;
mod hostile;
mod tables;

//! Workflow definitions: YAML text becomes a checked chart that `decide` walks.
//!
//! The hash is the identity; name and version are for people. An instance stays with the hash it began with.

pub mod chart;

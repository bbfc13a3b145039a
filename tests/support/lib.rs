#![doc = include_str!("../README.md")]
//! Shared test support.

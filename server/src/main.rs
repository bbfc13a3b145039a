#![doc = include_str!("../README.md")]
//! The binary.
fn main() {}

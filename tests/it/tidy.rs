//! The structure of the project, as tests: each finding names a file, a line and what to do.
//!
//! What must hold: a plain copy without `.git` passes as a checkout does, and no list of exemptions outlives its
//! reasons. [`source`] reads the tree; the other files are one rule each.

mod crates;
mod files;
mod http;
mod migrations;
mod sizes;
mod source;
mod words;

/// Fails with everything that was found, one finding a line.
fn report(mut findings: Vec<String>) {
    findings.dedup();
    assert!(findings.is_empty(), "{} to put right:\n  {}\n", findings.len(), findings.join("\n  "));
}

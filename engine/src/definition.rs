//! Workflow definitions (placeholder of the definition branch).
pub mod chart;
pub mod library;
use crate::diagnostic::Diagnostic;
use crate::domain::Vocabulary;
use std::sync::Arc;
/// Checked.
#[derive(Debug)]
pub struct Checked {
    /// d
    pub definition: Option<Arc<chart::Definition>>,
    /// d
    pub diagnostics: Vec<Diagnostic>,
}
/// Compile.
#[must_use]
pub fn compile(_path: &str, _source: &str, _vocabulary: &Vocabulary) -> Checked {
    Checked { definition: None, diagnostics: Vec::new() }
}

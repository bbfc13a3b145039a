//! How conditions came out, for whoever asks which of them were ever true and ever false: coverage of scenarios.
//!
//! Deciding only writes here and never reads, so that nothing depends on who is watching. Commands that are refused and
//! decisions that are made twice are noted too: what is kept is which outcomes there were, not how often.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use crate::definition::chart::ArrowIx;
use crate::ids::DefinitionHash;

/// What has a condition, within its definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Conditional {
    /// An arrow: of an event, of time, or one that is always tried.
    Arrow(ArrowIx),
    /// A way to begin, by its place among them.
    Start(usize),
    /// What no start may be, by its place among these.
    Bar(usize),
}

/// Which outcomes were seen: whether it was false, whether it was true.
type Outcomes = [bool; 2];

/// The outcomes of conditions. Shared by whoever is to be watched together.
#[derive(Debug, Default)]
pub struct Judged(Mutex<BTreeMap<(DefinitionHash, Conditional), Outcomes>>);

impl Judged {
    pub(super) fn note(&self, definition: DefinitionHash, of: Conditional, holds: bool) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.entry((definition, of)).or_default()[usize::from(holds)] = true;
    }

    /// Whether the condition was ever this.
    #[must_use]
    pub fn was(&self, definition: DefinitionHash, of: Conditional, holds: bool) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(definition, of)).is_some_and(|outcomes| outcomes[usize::from(holds)])
    }
}

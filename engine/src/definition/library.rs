//! Placeholder of the definition branch.
#![allow(missing_docs)]
use super::chart::Definition;
use crate::ids::DefinitionHash;
use std::collections::BTreeMap;
use std::sync::Arc;
#[derive(Clone, Debug, Default)]
pub struct Library {
    current: BTreeMap<Arc<str>, Arc<Definition>>,
    pinned: BTreeMap<DefinitionHash, Arc<Definition>>,
}
impl Library {
    #[must_use]
    pub fn current(&self, name: &str) -> Option<&Arc<Definition>> {
        self.current.get(name)
    }
    #[must_use]
    pub fn pinned(&self, hash: DefinitionHash) -> Option<&Arc<Definition>> {
        self.pinned.get(&hash)
    }
    #[must_use]
    pub fn with(&self, definition: Arc<Definition>) -> Self {
        let mut next = self.clone();
        next.pinned.insert(definition.hash, definition);
        next
    }
    pub fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.current.keys()
    }
}

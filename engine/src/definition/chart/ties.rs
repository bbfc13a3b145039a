//! What names have to do with the subject: which of its fields tables and facts are told from, and which actions write.
//!
//! What must hold: a table reads what those before it read that it names, so that nothing is hidden behind a name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Subject;
use crate::domain::{ActionType, Vocabulary};
use crate::table::Table;

/// What tables, facts and actions have to do with the subject.
#[derive(Debug, Default)]
pub struct Ties {
    /// The fields that a table or a fact is told from, by its name.
    reads: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
    /// The actions that write fields by what somebody brings, by name.
    pub(crate) writers: BTreeMap<Arc<str>, ActionType>,
}

impl Ties {
    /// Of the tables of a definition, in the order of the file, and of the vocabulary.
    pub(in crate::definition) fn of(subject: &Subject, tables: &[Arc<Table>], vocabulary: &Vocabulary) -> Self {
        let facts = vocabulary.facts.iter().map(|(name, fact)| (name.clone(), fact.reads.iter().cloned().collect()));
        let writers = vocabulary.actions.iter().filter(|(_, action)| !action.writes.is_empty());
        let writers = writers.map(|(name, action)| (name.clone(), action.clone()));
        let mut ties = Self { reads: facts.collect(), writers: writers.collect() };
        for table in tables {
            let reads = ties.fields(subject, table.fields_read());
            ties.reads.insert(table.name().into(), reads);
        }
        ties
    }

    /// Whether a path of an expression reads a field of the subject.
    pub(super) fn reads(&self, subject: &Subject, path: &str, name: &str) -> bool {
        let (root, field) = parts(path);
        if *root == *subject.variable {
            return field.is_none_or(|field| field == name);
        }
        self.reads.get(root).is_some_and(|fields| fields.contains(name))
    }

    /// The fields of the subject that paths of an expression read; the subject as a whole is all of them.
    pub(crate) fn fields(&self, subject: &Subject, paths: &BTreeSet<String>) -> BTreeSet<Arc<str>> {
        let mut found = BTreeSet::new();
        for path in paths {
            match parts(path) {
                (root, Some(field)) if *root == *subject.variable => drop(found.insert(field.into())),
                (root, None) if *root == *subject.variable => {
                    found.extend(subject.record.fields.keys().map(|name| Arc::from(name.as_str())));
                }
                (root, _) => found.extend(self.reads.get(root).into_iter().flatten().cloned()),
            }
        }
        found
    }
}

/// What a path begins with, and what of that it reads.
fn parts(path: &str) -> (&str, Option<&str>) {
    let mut parts = path.split('.');
    (parts.next().unwrap_or_default(), parts.next())
}

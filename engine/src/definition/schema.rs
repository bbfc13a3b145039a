//! The JSON Schema (2020-12) of definition files, from which editors complete and check keys while somebody writes.
//!
//! Always: each mapping has exactly the keys that the reader takes, since it is built from the reader's own lists; and
//! what the schema refuses, the reader refuses too. (The reader refuses more: names, types, arrows that lead nowhere.)
//! `definitions/schema.json` is its text. Next: `schema/parts.rs`, then one file for each part of the language.

mod approvals;
mod head;
mod parts;
mod people;
mod states;
mod tables;

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

/// The schema.
#[must_use]
pub fn schema() -> Value {
    let defs: Map<String, Value> = parts::defs()
        .into_iter()
        .chain(head::defs())
        .chain(states::defs())
        .chain(people::defs())
        .chain(approvals::defs())
        .chain(tables::defs())
        .map(|(name, schema)| (name.to_owned(), schema))
        .collect();
    let mut schema = head::file();
    if let Value::Object(file) = &mut schema {
        file.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
        file.insert("title".to_owned(), json!("Workflow definition"));
        file.insert("description".to_owned(), json!("A workflow: its states, and what leads from one to the next."));
        file.insert("$defs".to_owned(), Value::Object(defs));
    }
    schema
}

/// The schema as text: indented, its keys in the order of the alphabet, whatever order maps have in this program.
#[must_use]
pub fn schema_text() -> String {
    // Writing plain values to memory cannot fail.
    serde_json::to_string_pretty(&Sorted(&schema())).unwrap_or_default() + "\n"
}

/// A value that is written with its keys sorted.
struct Sorted<'v>(&'v Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(map) => {
                let sorted: BTreeMap<_, _> = map.iter().map(|(key, value)| (key, Sorted(value))).collect();
                serializer.collect_map(sorted)
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(Sorted)),
            plain => plain.serialize(serializer),
        }
    }
}

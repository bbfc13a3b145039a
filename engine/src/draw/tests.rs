//! What must hold of every picture, looked for in the shipped definitions and in charts that are made up.

mod hostile;
mod layouts;
mod made;
mod marked;
mod others;

use std::sync::Arc;

use super::*;
use crate::definition::{compile_all, tests::vocabulary};

/// The shipped definitions.
fn shipped() -> Vec<Arc<Definition>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../definitions");
    let mut files: Vec<(String, String)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .map(|path| (path.display().to_string(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    let mut vocabulary = vocabulary();
    vocabulary.messages.entry("propose_orders".into()).or_insert(crate::domain::MessageType {
        major: 1,
        sent_event: None,
        help: "".into(),
    });
    let checked = compile_all(&files, &vocabulary, None);
    let definitions: Vec<_> = checked.into_iter().filter_map(|checked| checked.definition).collect();
    assert!(definitions.len() >= 5, "{} of {} compile with the names of this test", definitions.len(), files.len());
    definitions
}

/// The definition in `text`.
fn right(text: &str) -> Arc<Definition> {
    let checked = crate::definition::compile("test.yaml", text, &vocabulary());
    checked.definition.clone().unwrap_or_else(|| panic!("{}\n{text}", checked.render("test.yaml", text)))
}

/// As SVG with its style.
fn svg(definition: &Definition, marks: Option<&Marks>) -> String {
    draw(definition, marks, Format::Svg, Dress::Whole).unwrap()
}

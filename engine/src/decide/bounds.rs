//! How much a field of a document holds: an instance's row, every entry that changes it and every page that shows it carry it.
//!
//! Asked of what comes in and of what an arrow sets; what lies there already is read however long it is, and may be made shorter.

use serde_json::Value as Json;

use super::input::below;

/// The longest text, in bytes of UTF-8, and the longest that expressions make: some thirty pages, more than anybody reads before
/// he decides. Without it a tenant's database would grow by a whole request each time. Definitions ask for less by a `refuse` or a `check`.
pub const LONGEST_TEXT: usize = 64 * 1024;

/// How many elements a list or map has at most: ten times what an order may have of lines.
pub const MOST_ELEMENTS: usize = 10_000;

/// What is too much of the value at `at`, each at its JSON Pointer.
pub(super) fn too_much(at: &str, json: &Json, found: &mut Vec<(String, String)>) {
    let many = |count: usize, found: &mut Vec<(String, String)>| {
        let is = count > MOST_ELEMENTS;
        if is {
            let why = format!("it has {count} elements, {MOST_ELEMENTS} at most: leave some out, or divide it");
            found.push((at.to_owned(), why));
        }
        is
    };
    match json {
        Json::String(text) if text.len() > LONGEST_TEXT => {
            let why = format!(
                "it has {} bytes as UTF-8, {LONGEST_TEXT} at most: shorten it, or keep it elsewhere and name the place",
                text.len()
            );
            found.push((at.to_owned(), why));
        }
        Json::Array(items) if !many(items.len(), found) => {
            for (place, item) in items.iter().enumerate().filter(|(_, item)| may_be_long(item)) {
                too_much(&format!("{at}/{place}"), item, found);
            }
        }
        Json::Object(entries) if !many(entries.len(), found) => {
            for (name, item) in entries {
                if name.len() > LONGEST_TEXT {
                    let why = format!("a key of it has {} bytes as UTF-8, {LONGEST_TEXT} at most", name.len());
                    found.push((at.to_owned(), why));
                } else if may_be_long(item) {
                    too_much(&below(at, name), item, found);
                }
            }
        }
        _ => {}
    }
}

/// Whether it is worth a pointer of its own.
fn may_be_long(json: &Json) -> bool {
    match json {
        Json::String(text) => text.len() > LONGEST_TEXT,
        Json::Array(_) | Json::Object(_) => true,
        _ => false,
    }
}

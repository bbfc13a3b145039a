//! What has happened since somebody opened a page.

use std::collections::{BTreeMap, HashMap};

use fluxor_engine::audit::Entry;
use fluxor_engine::definition::chart::Definition;
use serde_json::Value;

use super::super::line_changes::differences;
use super::super::typed::standing;
use super::super::words::Words;
use super::{Change, Item, Past, changed, items, lines_after, list, text};

/// What the form of an event showed, was sent as it was shown, and is another since these entries, becomes what it is now.
pub(crate) fn rebased(
    typed: &mut HashMap<String, String>,
    entries: &[Entry],
    (definition, event, speak): (&Definition, &str, &Words),
) {
    let declared = definition.events.get(event);
    let ty =
        |field: &str| declared.and_then(|event| Some(event.payload.fields.get(field)?.ty.name())).unwrap_or_default();
    for entry in entries {
        let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        for change in list(&body, "changes") {
            let Some(field) = text(change, "at").strip_prefix("/subject/") else { continue };
            let Some(sent) = typed.get_mut(&format!("data.{field}")) else { continue };
            let shown = |value: &Value| standing(value, &ty(field), speak);
            // Browsers end lines in their own way.
            if sent.trim().replace("\r\n", "\n") == shown(&change["from"]) {
                *sent = shown(&change["to"]);
            }
        }
    }
}

/// What was done, one line an entry, oldest first: `Cyd Cole for Bob Best approved (manager), 2 min ago.`
pub(crate) fn meanwhile(entries: &[Entry], definition: &Definition, speak: &Words) -> Vec<String> {
    let mut items = items(entries, definition, &Past::default(), speak);
    items.reverse();
    let line = |item: &Item| {
        let moved = item.moved.as_ref().map_or_else(String::new, |moved| format!(": {moved}"));
        let done = format!("{} {}{moved}, {}.", item.who, item.what, item.ago);
        match &item.reason {
            Some(reason) => format!("{done} “{reason}”"),
            None => done,
        }
    };
    items.iter().map(line).collect()
}

/// What is another than it was before these entries, field by field and line by line. `lines`: as they were before, if they are known.
pub(crate) fn since(
    entries: &[Entry],
    lines: Option<&[Value]>,
    (definition, speak): (&Definition, &Words),
) -> Vec<Change> {
    let mut fields: BTreeMap<String, Change> = BTreeMap::new();
    for entry in entries {
        let body: Value = serde_json::from_str(&entry.body).unwrap_or_default();
        for change in changed(&body, definition, speak) {
            fields.entry(change.name.clone()).and_modify(|known| known.after = change.after.clone()).or_insert(change);
        }
    }
    let now = lines_after(entries);
    let others = now.iter().flat_map(|after| differences(lines, after, speak));
    fields.into_values().filter(Change::is_one).chain(others).collect()
}

//! Where a document stands, and what it is called.

use fluxor_engine::decide::LEFT_ALONE;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Document, Instance};
use serde_json::Value;

use super::words::words;

/// Where something is now.
pub(crate) fn now_in(definition: Option<&Definition>, state: &str) -> String {
    let title = definition.and_then(|known| Some(known.state(known.find(state)?).title.to_string()));
    format!("It is in “{}” now.", title.unwrap_or_else(|| words(state)))
}

/// Where an instance stands; what ended elsewhere than where its workflow ends is called that.
pub(crate) fn standing(instance: &Instance, definition: &Definition) -> String {
    match instance.detail.stopped.as_deref() {
        Some(LEFT_ALONE) => return "Ended with what it was part of".to_owned(),
        Some(_) => return "Ended by an administrator".to_owned(),
        None => {}
    }
    let mut inside: Vec<String> = instance.inside().iter().map(|path| place_in(definition, path)).collect();
    inside.dedup();
    inside.join("; ")
}

/// What a state is called; of several side by side each says which region it is of: `Stock: Asked`.
fn place_in(definition: &Definition, path: &str) -> String {
    let Some(ix) = definition.find(path) else { return words(path) };
    let title = &definition.state(ix).title;
    match definition.region(ix) {
        Some(region) if region != ix => format!("{}: {title}", definition.state(region).title),
        _ => title.to_string(),
    }
}

/// What an instance is called: its workflow, and its number.
pub(crate) fn title_of(instance: &Instance, definition: Option<&Definition>) -> String {
    let title = definition.map_or_else(|| words(&instance.workflow), |known| known.title.to_string());
    format!("{title} {}", reference(&instance.subject, instance.key.as_deref(), instance.id))
}

/// What a document is called: its number, else its business key, else the end of its id, which is random.
pub(crate) fn reference(subject: &Document, key: Option<&str>, id: InstanceId) -> String {
    let number = subject.get("number").and_then(Value::as_str).filter(|number| !number.trim().is_empty());
    number.or(key).map_or_else(|| short(id), str::to_owned)
}

/// The end of an id.
pub(crate) fn short(id: InstanceId) -> String {
    let id = id.0.simple().to_string();
    id[id.len() - 8..].to_ascii_uppercase()
}

//! Where a document stands, and what it is called.

use fluxor_engine::decide::LEFT_ALONE;
use fluxor_engine::definition::chart::Definition;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Document, Instance};
use fluxor_workflows::reorder::SOURCE;
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
pub(crate) fn place_in(definition: &Definition, path: &str) -> String {
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

/// What a document is called: its number, else its business key, unless a run has made that for itself; else the end of its id, which
/// is random.
pub(crate) fn reference(subject: &Document, key: Option<&str>, id: InstanceId) -> String {
    let number = subject.get("number").and_then(Value::as_str).filter(|number| !number.trim().is_empty());
    let key = key.filter(|key| !key.starts_with(SOURCE));
    number.or(key).map_or_else(|| short(id), str::to_owned)
}

/// The digits of an id's end.
const SHORT: usize = 8;

/// The end of an id, which is random (its beginning is the time): what people call something that has no number yet.
pub(crate) fn short(id: InstanceId) -> String {
    let id = id.0.simple().to_string();
    id[id.len() - SHORT..].to_ascii_uppercase()
}

/// Whether a text may be the end of an id.
pub(crate) fn is_short(text: &str) -> bool {
    text.len() == SHORT && text.bytes().all(|digit| digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_document_is_called_by_what_people_call_it() {
        let id: InstanceId = "01a22d72-da03-7000-8000-0000f55852a7".parse().unwrap();
        let of = |number: &str, key| reference(&Document::from_iter([("number".to_owned(), json!(number))]), key, id);
        let made = "reorder:01a22d72-da03-7000-8000-000000000001:kettenhaus:leipzig:EUR:1";
        assert_eq!((of("PO-1", Some("C-1")), of(" ", Some("C-1"))), ("PO-1".to_owned(), "C-1".to_owned()));
        assert_eq!((of("PO-1", Some(made)), of("", Some(made))), ("PO-1".to_owned(), "F55852A7".to_owned()));
        assert!(is_short(&of("", None)) && !is_short("F55852A") && !is_short("G55852A7"));
    }
}

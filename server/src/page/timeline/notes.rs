//! What an entry tells besides who did what: who was asked, what came, what fell due, what went wrong, who was told.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::audit::Header;
use fluxor_engine::definition::chart::{Arrow, Definition, TASK_STEP};
use fluxor_engine::ids::PersonId;
use serde_json::Value;

use super::super::forms::writes;
use super::super::words::{Words, called, quantity, words};
use super::{Change, DELIVERY_FAILED, MOST_CHANGES, list, text};
use crate::repairs::not_told;

/// What an event brought that did not become a field: how much came of a line, a note.
pub(super) fn brought(
    (header, body): (&Header, &Value),
    changes: &[Change],
    definition: &Definition,
    speak: &Words,
) -> Vec<String> {
    let request = &body["request"];
    let came = list(request, "lines").iter().filter(|line| line["item"].is_null());
    let came =
        came.filter_map(|line| Some(format!("{} of line {}", quantity(line["quantity"].as_str()?), line["line"])));
    let came: Vec<String> = came.collect();
    let mut notes: Vec<String> = Vec::new();
    if !came.is_empty() {
        let shown: Vec<&str> = came.iter().take(MOST_CHANGES).map(String::as_str).collect();
        let more = came.len() - shown.len();
        let rest = if more > 0 { format!(", and of {more} more") } else { String::new() };
        notes.push(format!("Came: {}{rest}", shown.join(", ")));
    }
    let fields = request.as_object().into_iter().flatten();
    let is_list = |value: &Value| value.as_array().is_some_and(|all| all.is_empty() || all.iter().any(is_nested));
    // What the event writes into the document is told where it is another then.
    let event = header.event.as_deref().unwrap_or_default();
    let arrows: Vec<&Arrow> = definition.states.iter().filter_map(|state| state.on.get(event)).flatten().collect();
    let kept = |name: &str| arrows.iter().any(|arrow| writes(arrow, name));
    let fields =
        fields.filter(|(name, value)| !kept(name) && !value.is_null() && !value.is_object() && !is_list(value));
    let fields = fields.map(|(name, value)| (called(definition, name), speak.value(value)));
    let new = fields.filter(|(name, value)| changes.iter().all(|one| one.name != *name || one.after != *value));
    notes.extend(new.take(MOST_CHANGES).map(|(name, value)| format!("{name}: {value}")));
    notes
}

fn is_nested(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// Who was asked, by step.
pub(super) fn asked(body: &Value, speak: &Words) -> Vec<String> {
    let mut steps: Vec<(&str, Vec<PersonId>)> = Vec::new();
    for seat in list(body, "asked") {
        let people =
            list(seat, "holders").iter().chain(list(seat, "delegates")).filter_map(Value::as_str).map(PersonId::from);
        match steps.iter_mut().find(|(step, _)| *step == text(seat, "step")) {
            Some((_, known)) => known.extend(people),
            None => steps.push((text(seat, "step"), people.collect())),
        }
    }
    let one = |(step, people): (&str, Vec<PersonId>)| match step {
        TASK_STEP => format!("Asked: {}", speak.names(&people)),
        step => format!("Asked: {} ({})", speak.names(&people), words(step)),
    };
    steps.into_iter().map(one).collect()
}

pub(super) fn fell_due(fired: &Value, speak: &Words) -> Option<String> {
    let people = |name: &str| {
        let people: Vec<PersonId> = list(fired, name).iter().filter_map(Value::as_str).map(PersonId::from).collect();
        speak.names(&people)
    };
    Some(match text(fired, "do") {
        "remind" => format!("Reminded: {}", people("from")),
        "escalate" if list(fired, "to").is_empty() => {
            "It is late, and there is nobody higher up to pass it to.".to_owned()
        }
        "escalate" => format!("Passed up, since it was late: from {} to {}", people("from"), people("to")),
        "incident" => "It is late: somebody has to look at it.".to_owned(),
        "reject" => "It was too late: rejected by the rule.".to_owned(),
        "expire" => "The time for it was over: taken back by the rule.".to_owned(),
        _ => return None,
    })
}

/// What went wrong with what an entry tells: the messages of the incidents that it noted.
pub(crate) fn wrong(body: &Value) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for change in list(body, "changes") {
        let (at, to) = (text(change, "at"), &change["to"]);
        let noted = match to {
            Value::Array(others) if at.ends_with("/others") => {
                let known = list(change, "from");
                others.iter().filter(|one| !known.contains(one)).map(|one| text(one, "message")).collect()
            }
            Value::Object(_) if at.ends_with("/incident") => vec![text(to, "message")],
            Value::String(message) if at.ends_with("/incident/message") => vec![message.as_str()],
            _ => Vec::new(),
        };
        all.extend(noted.into_iter().filter(|message| !message.is_empty()).map(str::to_owned));
    }
    all.dedup();
    all
}

/// Whom the notices of entries did not reach, by the number of the entry that they were of.
pub(super) type Untold = BTreeMap<i64, BTreeSet<PersonId>>;

/// What an entry says of those whom earlier notices did not reach.
pub(super) fn not_reached(header: &Header, body: &Value, untold: &mut Untold) {
    match (&*header.verb, header.event.as_deref()) {
        // They are sent again: who is not reached now either is told by another entry.
        ("retry", _) => untold.clear(),
        ("message", Some(DELIVERY_FAILED)) => {
            let request = &body["request"];
            let people = not_told(text(request, "error")).into_iter();
            untold.entry(request["seq"].as_i64().unwrap_or_default()).or_default().extend(people);
        }
        _ => {}
    }
}

/// Who was to be told, each as he wants it, and whom the mail did not reach.
pub(super) fn told(body: &Value, untold: Option<&BTreeSet<PersonId>>, speak: &Words) -> Vec<String> {
    let mut kinds: BTreeMap<(bool, &str), Vec<PersonId>> = BTreeMap::new();
    for notice in list(body, "notices") {
        for person in list(notice, "people").iter().filter_map(Value::as_str).map(PersonId::from) {
            let reached = untold.is_none_or(|untold| !untold.contains(&person));
            let people = kinds.entry((!reached, text(notice, "kind"))).or_default();
            if !people.contains(&person) {
                people.push(person);
            }
        }
    }
    let one = |((failed, kind), people): ((bool, &str), Vec<PersonId>)| {
        let told = if failed { "Not told, for the mail did not reach them" } else { "To be told" };
        format!("{told} ({}): {}", words(kind).to_lowercase(), speak.names(&people))
    };
    kinds.into_iter().map(one).collect()
}

//! What whoever starts a workflow is asked for: the fields of its subject that only he can know.

use std::sync::Arc;

use crate::definition::chart::{Arrow, Definition, in_order};
use crate::domain::Vocabulary;
use crate::expression::{Field, Type};

/// What a start asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtStart {
    /// Fields of the subject with their types, in the order of the file; of a subject of the vocabulary those first that must be
    /// given.
    pub fields: Vec<(Arc<str>, Field)>,
    /// What the start's actions read and validate themselves: `lines`.
    pub own: Vec<Arc<str>>,
}

/// What is asked for at the start: neither what actions compute, nor who asks, nor what may be empty and is found out on the way.
#[must_use]
pub fn at_start(vocabulary: &Vocabulary, definition: &Definition) -> AtStart {
    let subject = &definition.subject;
    let mut own = super::own_keys(vocabulary, definition.start_actions());
    own.sort();
    own.dedup();
    let known = vocabulary.subjects.values().find(|known| known.record == subject.record);
    // What rows of the domain hold as well and no action changes is written there from elsewhere.
    let kept = |name: &str| {
        known.is_some_and(|known| known.mirrored.iter().any(|(field, by)| **field == *name && by.is_none()))
    };
    let is_asked = |name: &str, field: &Field| {
        let is_known = name == "requester" && field.ty == Type::Person;
        let is_computed = subject.computed.iter().chain(&own).any(|computed| **computed == *name);
        let is_found = field.nullable && (kept(name) || is_found_out(definition, name));
        !is_known && !is_computed && !is_found
    };
    let all = in_order(&subject.record, &subject.order).into_iter().filter(|(name, field)| is_asked(name, field));
    let mut fields: Vec<(Arc<str>, Field)> = all.map(|(name, field)| (name.as_str().into(), field.clone())).collect();
    if subject.order.is_empty() {
        fields.sort_by_key(|(_, field)| field.nullable);
    }
    AtStart { fields, own }
}

/// Whether the workflow itself says what is in a field: an arrow writes it from something else than what somebody brings for it.
fn is_found_out(definition: &Definition, name: &str) -> bool {
    let brought = format!("event.{name}");
    let writes = |arrow: &Arrow, is_brought: bool| {
        arrow.sets(name).any(|value| !(is_brought && value.fields_read().contains(&brought)))
    };
    definition.states.iter().any(|state| {
        let mut events = state.on.iter().flat_map(|(event, arrows)| {
            let is_brought = definition.events.get(event).is_some_and(|event| event.payload.fields.contains_key(name));
            arrows.iter().map(move |arrow| (arrow, is_brought))
        });
        let mut others = state.always.iter().chain(state.timers.iter().flat_map(|timer| &timer.arrows));
        events.any(|(arrow, is_brought)| writes(arrow, is_brought)) || others.any(|arrow| writes(arrow, false))
    })
}

//! What a step writes of the subject, and what that is taken from: in its own `set`, and in actions that it runs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::definition::chart::{ActionCall, DONE, Definition, Go, StateKind};
use crate::domain::{ActionType, Source};
use crate::expression::Expr;

use super::steps::{Step, entered};

/// Fields of the subject.
pub(super) type Fields = BTreeSet<Arc<str>>;

/// A field that is written.
#[derive(Debug)]
pub(super) struct Write {
    field: Arc<str>,
    /// By what comes with the event.
    brought: bool,
    /// By these fields.
    from: Fields,
}

/// What a step writes, in order.
pub(super) fn writes(definition: &Definition, step: &Step<'_>) -> Vec<Write> {
    let Some(go) = step.go() else { return Vec::new() };
    let set = go.set.iter().map(|(field, value)| by(definition, field, value));
    let mut found: Vec<Write> = set.collect();
    if definition.ties.writers.is_empty() {
        return found;
    }
    for call in calls(definition, step, go) {
        let Some(action) = definition.ties.writers.get(&call.name) else { continue };
        let from = action.writes.iter().filter_map(|(field, source)| match source {
            Source::Payload(key) => {
                let brought = carries(definition, step, action, key);
                Some(Write { field: field.clone(), brought, from: Fields::new() })
            }
            Source::Param(name) => {
                let (_, value) = call.params.iter().find(|(param, _)| param == name)?;
                Some(by(definition, field, value))
            }
            Source::Field(name) => {
                Some(Write { field: field.clone(), brought: false, from: Fields::from([name.clone()]) })
            }
        });
        found.extend(from);
    }
    found
}

fn by(definition: &Definition, field: &Arc<str>, value: &Expr) -> Write {
    let paths = value.fields_read();
    let brought = paths.iter().any(|path| path.starts_with("event."));
    Write { field: field.clone(), brought, from: definition.ties.fields(&definition.subject, paths) }
}

/// The actions that a step runs: of what it leaves, its own, and of what it enters.
fn calls<'d>(definition: &'d Definition, step: &Step<'d>, go: &'d Go) -> Vec<&'d ActionCall> {
    let around = go.to.map(|to| definition.around(step.owner, to));
    let left =
        around.into_iter().flat_map(|around| definition.upwards(step.leaf).take_while(move |&ix| Some(ix) != around));
    let exits = left.flat_map(|ix| &definition.state(ix).exit);
    let entries = entered(definition, step.owner, step.arrow).into_iter().flat_map(|ix| &definition.state(ix).entry);
    exits.chain(&go.actions).chain(entries).collect()
}

/// Whether what a step is taken on brings a key to an action.
fn carries(definition: &Definition, step: &Step<'_>, action: &ActionType, key: &Arc<str>) -> bool {
    let Some(event) = step.event else { return false };
    match definition.events.get(event) {
        Some(event) => action.payload.contains(key) || event.payload.fields.contains_key(&**key),
        None => match &definition.state(step.leaf).kind {
            StateKind::Approval(asks) if **event == *DONE => {
                asks.form.as_ref().is_some_and(|form| form.record.fields.contains_key(&**key))
            }
            _ => false,
        },
    }
}

/// Whether a state runs an action that writes when it is left.
pub(super) fn leaving_writes(definition: &Definition) -> bool {
    let writers = &definition.ties.writers;
    definition.states.iter().flat_map(|state| &state.exit).any(|call| writers.contains_key(&call.name))
}

/// The fields that what is written is taken from.
pub(super) fn sources(writes: &[Write]) -> Fields {
    writes.iter().flat_map(|write| write.from.iter().cloned()).collect()
}

/// The fields that somebody may change, where any of these may follow any other.
pub(super) fn changing<'w>(all: impl Iterator<Item = &'w Write>) -> Fields {
    let (mut takes, mut todo) = (BTreeMap::<&Arc<str>, Vec<&Arc<str>>>::new(), Vec::new());
    for write in all {
        todo.extend(write.brought.then_some(&write.field));
        for from in write.from.iter().filter(|from| **from != write.field) {
            takes.entry(from).or_default().push(&write.field);
        }
    }
    let mut found = Fields::new();
    while let Some(field) = todo.pop() {
        if found.insert(field.clone()) {
            todo.extend(takes.get(field).into_iter().flatten());
        }
    }
    found
}

/// The fields that come to be others by what somebody brings with the event.
pub(super) fn brought(writes: &[Write]) -> Fields {
    written(writes, &Fields::new(), |write| write.brought)
}

/// The fields that come to be others by `known`, fields that others are before.
pub(super) fn carried(writes: &[Write], known: &Fields) -> Fields {
    written(writes, known, |_| false)
}

fn written(writes: &[Write], known: &Fields, begins: impl Fn(&Write) -> bool) -> Fields {
    let (mut known, mut found) = (known.clone(), Fields::new());
    for write in writes {
        // What a field is made of itself is no other field's.
        let by_others = || write.from.iter().any(|from| *from != write.field && known.contains(from));
        if begins(write) || by_others() {
            known.insert(write.field.clone());
            found.insert(write.field.clone());
        }
    }
    found
}

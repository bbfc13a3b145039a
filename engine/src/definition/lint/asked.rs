//! What people are asked about in each state, and where that is certain.
//!
//! A called workflow may do the asking: it is asked there about what it was given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::approval::{Hit, Policy, Resolver, Row, Step, When};
use crate::definition::chart::{Calling, Definition, StateIx, StateKind};
use crate::ids::DefinitionHash;

use super::roads::Roads;
use super::steps::states;

/// The field that names who asks for something.
const REQUESTER: &str = "requester";

/// What people are asked about, by state and by field.
pub(super) struct Asked {
    /// Of each state and field whether people may be asked about it there; empty where they are not asked about anything.
    about: Vec<Vec<bool>>,
    /// The same, where somebody else than the requester is asked, whatever the document says.
    surely: Vec<Vec<bool>>,
    /// By field: those of one class are surely asked about in the same states.
    class: Vec<usize>,
}

impl Asked {
    pub(super) fn of(roads: &Roads<'_>, fields: &[Arc<str>]) -> Self {
        let definition = roads.definition;
        let tell = |ix: StateIx, sure: bool| -> Vec<bool> {
            let weight = match &definition.state(ix).kind {
                StateKind::Approval(_) => 1,
                StateKind::Call(call) => call.workflow.states.len(),
                _ => return Vec::new(),
            };
            if roads.is_spent() {
                return Vec::new();
            }
            roads.look(weight * fields.len());
            fields.iter().map(|field| is_about(definition, ix, field, sure, &mut BTreeSet::new())).collect()
        };
        let about: Vec<_> = states(definition).map(|ix| tell(ix, false)).collect();
        let surely: Vec<_> = states(definition).map(|ix| tell(ix, true)).collect();
        let mut classes = BTreeMap::new();
        let class = (0..fields.len()).map(|field| {
            let column: Vec<bool> = surely.iter().filter_map(|row| row.get(field).copied()).collect();
            let next = classes.len();
            *classes.entry(column).or_insert(next)
        });
        let class = class.collect();
        Self { about, surely, class }
    }

    /// Whether people may be asked about a field in a state.
    pub(super) fn about(&self, ix: StateIx, field: usize) -> bool {
        self.about[ix.0].get(field) == Some(&true)
    }

    /// Whether they may be asked about any there.
    pub(super) fn about_any(&self, ix: StateIx) -> bool {
        self.about[ix.0].contains(&true)
    }

    /// Whether they surely are.
    pub(super) fn surely(&self, ix: StateIx, field: usize) -> bool {
        self.surely[ix.0].get(field) == Some(&true)
    }

    /// The class of a field.
    pub(super) fn class(&self, field: usize) -> usize {
        self.class[field]
    }
}

/// Whether people are asked about a field in a state; a called workflow about what it is given of it. `seen`: fields of called
/// workflows that were looked at already.
fn is_about(
    definition: &Definition,
    at: StateIx,
    field: &str,
    sure: bool,
    seen: &mut BTreeSet<(DefinitionHash, Arc<str>)>,
) -> bool {
    match &definition.state(at).kind {
        StateKind::Approval(asks) => asks.form.is_none() && matters(&asks.policy, field, sure),
        StateKind::Call(call) => given(definition, call, field).any(|name| {
            let called = &call.workflow;
            let anew = seen.insert((called.hash, name.clone()));
            anew && states(called).any(|inner| is_about(called, inner, name, sure, seen))
        }),
        _ => false,
    }
}

/// Whether a field matters to somebody who may be asked, or surely is.
fn matters(policy: &Policy, field: &str, sure: bool) -> bool {
    if !sure {
        return policy.all_steps().any(|step| policy.matters(step, field));
    }
    let asks = |steps: &[Arc<Step>]| steps.iter().any(|step| policy.matters(step, field) && asks_others(step));
    let Some(table) = &policy.table else { return asks(&policy.steps) };
    // Of several rows that hold together one is enough.
    let always = |row: &Row| table.hit == Hit::Collect && row.when == When::default() && asks(&row.steps);
    table.rows.iter().all(|row| asks(&row.steps)) || table.rows.iter().any(always)
}

/// Whether a step may ask somebody else than the requester himself.
fn asks_others(step: &Step) -> bool {
    let own = |who: &Resolver| matches!(who, Resolver::Field(field) if **field == *REQUESTER);
    step.who.iter().chain(&step.fallback).any(|who| !own(who))
}

/// The fields in which a called workflow is given one of the caller's.
pub(super) fn given<'a>(
    definition: &'a Definition,
    call: &'a Calling,
    field: &'a str,
) -> impl Iterator<Item = &'a Arc<str>> {
    call.input.iter().filter(move |(_, value)| definition.reads(value, field)).map(|(name, _)| name)
}

//! What was approved, and is changed afterwards by what somebody brings, without anybody being asked again.
//!
//! A review holds for the document as it was. Behind it the workflow goes on, and an event that writes a field which people were
//! asked about takes their word for something that they have not seen. A `reapprove` that says `none` of the field says that it does
//! not matter.
//!
//! A called workflow may do the asking: it is asked there about what it was given. But `done` does not say how it was decided. Where
//! the call can be come to again, an event may as well belong to a draft that was sent back, and is not found, unless every `done`
//! leads there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::chart::{Arrow, By, Calling, DONE, Definition, Outcome, StateIx, StateKind};
use crate::definition::codes;
use crate::diagnostic::Diagnostic;
use crate::ids::DefinitionHash;

use super::Found;

/// Finds the arrows that change what was approved.
pub(in crate::definition) fn approved(definition: &Definition, found: &mut Found) {
    let mut told = BTreeSet::new();
    // Ways are followed only where there is something to find: a file may have thousands of approvals.
    let written: BTreeSet<Arc<str>> = definition.all_arrows().flat_map(brought).collect();
    for at in states(definition) {
        if !asks(definition, at) || !written.iter().any(|field| asks_about(definition, at, field)) {
            continue;
        }
        for (leaf, arrow) in later(definition, at) {
            let fields: Vec<Arc<str>> = brought(arrow).filter(|field| asks_about(definition, at, field)).collect();
            let goes_on = || {
                ends_unasked(definition, arrow.to().map_or_else(|| vec![leaf], |to| leaves(definition, to)), &fields)
            };
            if !fields.is_empty() && !told.contains(&arrow.ix.0) && goes_on() {
                told.insert(arrow.ix.0);
                found.push(finding(definition, at, arrow, &fields));
            }
        }
    }
}

/// Whether people are asked to decide in a state, or may be in the workflow that it calls.
fn asks(definition: &Definition, at: StateIx) -> bool {
    match &definition.state(at).kind {
        StateKind::Approval(asks) => asks.form.is_none(),
        StateKind::Call(_) => true,
        _ => false,
    }
}

/// Whether they are asked about a field there; a called workflow about what it is given of it.
fn asks_about(definition: &Definition, at: StateIx, field: &str) -> bool {
    about(definition, at, field, &mut BTreeSet::new())
}

/// The same; `seen`: fields of called workflows that were looked at already.
fn about(definition: &Definition, at: StateIx, field: &str, seen: &mut BTreeSet<(DefinitionHash, Arc<str>)>) -> bool {
    match &definition.state(at).kind {
        StateKind::Approval(asks) => {
            asks.form.is_none() && asks.policy.all_steps().any(|step| asks.policy.matters(step, field))
        }
        StateKind::Call(call) => given(definition, call, field).any(|name| {
            let called = &call.workflow;
            seen.insert((called.hash, name.clone())) && states(called).any(|inner| about(called, inner, name, seen))
        }),
        _ => false,
    }
}

/// The fields in which a called workflow is given one of the caller's.
fn given<'a>(definition: &'a Definition, call: &'a Calling, field: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
    call.input.iter().filter(move |(_, value)| definition.reads(value, field)).map(|(name, _)| name)
}

fn states(definition: &Definition) -> impl Iterator<Item = StateIx> + use<> {
    (0..definition.states.len()).map(StateIx)
}

/// The arrows that people take behind an approval, each from a state without states inside; of forms those beside it alone: what a
/// form behind it asks for is found then, and was not there to be approved.
fn later(definition: &Definition, at: StateIx) -> Vec<(StateIx, &Arrow)> {
    let beside = beside(definition, at);
    let filled = beside.iter().filter_map(|&leaf| {
        let state = definition.state(leaf);
        let is_form = matches!(&state.kind, StateKind::Approval(asks) if asks.form.is_some());
        Some((leaf, state.on.get(DONE).filter(|_| is_form)?))
    });
    let filled: Vec<_> = filled.flat_map(|(leaf, arrows)| arrows.iter().map(move |arrow| (leaf, arrow))).collect();
    let behind = behind(definition, at, beside);
    let sent = behind.into_iter().flat_map(|leaf| {
        let events = definition.upwards(leaf).flat_map(|up| &definition.state(up).on);
        let events = events.filter(|(event, _)| definition.events.contains_key(*event));
        events
            .flat_map(|(_, arrows)| arrows)
            .filter(|arrow| !matches!(arrow.by, By::Engine))
            .map(move |arrow| (leaf, arrow))
    });
    sent.chain(filled).collect()
}

fn finding(definition: &Definition, at: StateIx, arrow: &Arrow, fields: &[Arc<str>]) -> Diagnostic {
    let names = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    let state = definition.state(at);
    let message = format!("this changes {names} after it was approved, and nobody is asked again");
    let (related, place, own) = match &state.kind {
        StateKind::Call(call) => {
            let own: BTreeSet<&str> =
                fields.iter().flat_map(|field| given(definition, call, field)).map(AsRef::as_ref).collect();
            let called = &call.workflow.name;
            let related = format!("`{}` calls `{called}`, which is approved by what it was given then", state.path);
            (related, format!("in `{called}`"), own.into_iter().collect::<Vec<_>>().join(", "))
        }
        _ => {
            let related = format!("`{}` is approved by what the document said then", state.path);
            (related, "there".to_owned(), fields.join(", "))
        }
    };
    Diagnostic::warning(codes::CHANGED_AFTERWARDS, arrow.span, message).related(state.span, related).help(format!(
        "lead back to `{}`; or, where it does not matter to those who decide, say so {place}: `reapprove: [{{ fields: [{own}], \
         then: none }}, {{ then: affected }}]`",
        state.path
    ))
}

/// The fields that an arrow writes by what somebody brings.
fn brought(arrow: &Arrow) -> impl Iterator<Item = Arc<str>> + '_ {
    let set = match &arrow.outcome {
        Outcome::Go(go) => go.set.as_slice(),
        Outcome::Refuse(_) => &[],
    };
    let brings = |path: &String| path.starts_with("event.");
    set.iter().filter(move |(_, value)| value.fields_read().iter().any(brings)).map(|(field, _)| field.clone())
}

/// The states without states inside that are entered on the way to a state.
fn leaves(definition: &Definition, to: StateIx) -> Vec<StateIx> {
    let entered = definition.arrival(None, to);
    entered.into_iter().filter(|&ix| is_leaf(definition, ix)).collect()
}

fn is_leaf(definition: &Definition, ix: StateIx) -> bool {
    !matches!(definition.state(ix).kind, StateKind::Compound(_) | StateKind::Parallel(_))
}

/// The states in the regions beside that of a state, which go on whatever becomes of it.
fn beside(definition: &Definition, at: StateIx) -> Vec<StateIx> {
    let Some(region) = definition.region(at) else { return Vec::new() };
    let around = definition.state(region).parent;
    let is_beside = |&ix: &StateIx| {
        around.is_some_and(|around| definition.is_within(ix, around)) && !definition.is_within(ix, region)
    };
    states(definition).filter(|&ix| is_leaf(definition, ix)).filter(is_beside).collect()
}

/// Where an instance may be once the approval of `at` was given, and before it is asked for again.
fn behind(definition: &Definition, at: StateIx, beside: Vec<StateIx>) -> BTreeSet<StateIx> {
    if matches!(definition.state(at).kind, StateKind::Call(_)) {
        return behind_call(definition, at, beside);
    }
    let approved = definition.upwards(at).filter_map(|up| definition.state(up).on.get("approved")).flatten();
    let after = approved.filter_map(Arrow::to).flat_map(|to| leaves(definition, to));
    follow(definition, after.chain(beside).collect(), |ix| ix == at)
}

/// The same of a call: where every `done` leads to, and beyond from where it cannot be come to the call again.
fn behind_call(definition: &Definition, at: StateIx, beside: Vec<StateIx>) -> BTreeSet<StateIx> {
    let done = definition.state(at).on.get(DONE).map_or(&[][..], Vec::as_slice);
    let to = |arrow: &Arrow| arrow.to().map_or_else(Vec::new, |to| leaves(definition, to));
    let always = done.first().filter(|arrow| arrow.guard.is_none()).map_or_else(Vec::new, to);
    let stays = |leaf: &StateIx| definition.upwards(*leaf).all(|up| definition.state(up).always.is_empty());
    let certain: BTreeSet<StateIx> = always.into_iter().filter(stays).collect();
    let mut found = follow(definition, done.iter().flat_map(to).chain(beside).collect(), |ix| ix == at);
    found.retain(|&leaf| certain.contains(&leaf) || !follow(definition, vec![leaf], |_| false).contains(&at));
    found
}

/// Whether a good end can be reached without anybody being asked to decide, by a called workflow about these fields.
fn ends_unasked(definition: &Definition, from: Vec<StateIx>, fields: &[Arc<str>]) -> bool {
    let asked = |ix: StateIx| match &definition.state(ix).kind {
        StateKind::Call(_) => fields.iter().all(|field| asks_about(definition, ix, field)),
        _ => asks(definition, ix),
    };
    let found = follow(definition, from, asked);
    found.into_iter().any(|ix| {
        let state = definition.state(ix);
        matches!(state.kind, StateKind::Final) && !state.failed
    })
}

/// The states without states inside that arrows lead to, those of `from` among them, up to where `stops` holds.
fn follow(definition: &Definition, from: Vec<StateIx>, stops: impl Fn(StateIx) -> bool) -> BTreeSet<StateIx> {
    let mut found = BTreeSet::new();
    let mut todo = from;
    while let Some(leaf) = todo.pop() {
        if stops(leaf) || !found.insert(leaf) {
            continue;
        }
        let targets = definition.upwards(leaf).flat_map(|up| definition.state(up).arrows()).filter_map(Arrow::to);
        todo.extend(targets.flat_map(|to| leaves(definition, to)));
    }
    found
}

//! What was approved, and is changed afterwards by what somebody brings, without anybody being asked again.
//!
//! A review holds for the document as it was. Behind it the workflow goes on, and an event that writes a field which people were
//! asked about takes their word for something that they have not seen. A `reapprove` that says `none` of the field says that it does
//! not matter.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::chart::{Arrow, By, DONE, Definition, Outcome, StateIx, StateKind};
use crate::definition::codes;
use crate::diagnostic::Diagnostic;

use super::Found;

/// Finds the arrows that change what was approved.
pub(in crate::definition) fn approved(definition: &Definition, found: &mut Found) {
    let mut told = BTreeSet::new();
    for at in (0..definition.states.len()).map(StateIx) {
        let StateKind::Approval(approval) = &definition.state(at).kind else { continue };
        if approval.form.is_some() {
            continue;
        }
        for (leaf, arrow) in later(definition, at) {
            let fields: Vec<Arc<str>> = brought(arrow)
                .filter(|field| approval.policy.all_steps().any(|step| approval.policy.matters(step, field)))
                .collect();
            let goes_on =
                || ends_unasked(definition, arrow.to().map_or_else(|| vec![leaf], |to| leaves(definition, to)));
            if !fields.is_empty() && !told.contains(&arrow.ix.0) && goes_on() {
                told.insert(arrow.ix.0);
                found.push(finding(definition, at, arrow, &fields));
            }
        }
    }
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
    let list = fields.join(", ");
    Diagnostic::warning(codes::CHANGED_AFTERWARDS, arrow.span, message)
        .related(state.span, format!("`{}` is approved by what the document said then", state.path))
        .help(format!(
            "lead back to `{}`; or, where it does not matter to those who decide, say so there: `reapprove: [{{ fields: [{list}], \
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
    (0..definition.states.len()).map(StateIx).filter(|&ix| is_leaf(definition, ix)).filter(is_beside).collect()
}

/// Where an instance may be once the approval of `at` was given, and before it is asked for again.
fn behind(definition: &Definition, at: StateIx, beside: Vec<StateIx>) -> BTreeSet<StateIx> {
    let approved = definition.upwards(at).filter_map(|up| definition.state(up).on.get("approved")).flatten();
    let after = approved.filter_map(Arrow::to).flat_map(|to| leaves(definition, to));
    follow(definition, after.chain(beside).collect(), |ix| ix == at)
}

/// Whether a good end can be reached without anybody being asked to decide.
fn ends_unasked(definition: &Definition, from: Vec<StateIx>) -> bool {
    let asks = |ix: StateIx| matches!(&definition.state(ix).kind, StateKind::Approval(asks) if asks.form.is_none());
    let found = follow(definition, from, asks);
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

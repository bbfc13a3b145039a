//! What was approved, and is changed afterwards by what somebody brings, without those who approved it being asked again.
//!
//! A review holds for the document as it was. Behind it the workflow goes on, and an event that writes a field which people were
//! asked about takes their word for something that they have not seen: itself, by an action, or by way of another field that a
//! later arrow takes it from. A `reapprove` that says `none` of the field says that it does not matter.
//!
//! What is behind an approval, and who is asked again there, is in `behind.rs`; where an instance may go in `roads.rs`; what is
//! written on the way in `movers.rs`. Of each what does not hang on the approval is worked out once: a file may have thousands.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::chart::{Arrow, Definition, StateIx, StateKind};
use crate::definition::codes;
use crate::diagnostic::Diagnostic;

use super::Found;
use super::asked::{Asked, given};
use super::behind::{Behind, Carried, Map};
use super::movers::Movers;
use super::roads::Roads;
use super::steps::states;
use super::written::Fields;

/// What is changed of what was approved.
struct Change<'d> {
    arrow: &'d Arrow,
    fields: Fields,
    /// The arrow that has brought it, where that is another.
    by: Option<&'d Arrow>,
    /// Whether others are asked afterwards, who were to be asked anyway.
    others: bool,
}

/// Finds the arrows that change what was approved.
pub(in crate::definition) fn approved(definition: &Definition, found: &mut Found) {
    let roads = Roads::of(definition);
    let movers = Movers::of(&roads);
    // Ways are followed only where there is something to find.
    if movers.all.iter().all(|mover| mover.brought.is_empty()) {
        return;
    }
    let asked = Asked::of(&roads, &movers.fields);
    let map = Map::of(&roads, &movers, &asked);
    let arrows: BTreeSet<usize> = movers.all.iter().map(|mover| mover.step.arrow.ix.0).collect();
    let mut told = BTreeSet::new();
    for at in states(definition).filter(|&at| asked.about_any(at)) {
        if roads.is_spent() || told.len() == arrows.len() {
            return;
        }
        for change in changes(&map, at, &told) {
            if told.insert(change.arrow.ix.0) {
                found.push(finding(definition, at, &change));
            }
        }
    }
}

/// What is changed behind an approval, but for the arrows that were told.
fn changes<'d>(map: &Map<'_, 'd>, at: StateIx, told: &BTreeSet<usize>) -> Vec<Change<'d>> {
    let mut behind = Behind::of(map, at);
    let (all, later) = (&map.movers.all, behind.later());
    let is_new = |mover: usize| !told.contains(&all[mover].step.arrow.ix.0);
    let mut found = Vec::new();
    for &mover in later.iter().filter(|&&mover| is_new(mover)) {
        let draft = behind.is_draft(all[mover].step.leaf);
        let fields = all[mover].brought.iter().map(|&field| (field, draft)).collect();
        found.extend(change(map, &mut behind, mover, &fields, None));
    }
    // By each what was brought first.
    let mut carried = BTreeMap::<usize, (usize, BTreeSet<(usize, bool)>)>::new();
    for Carried { mover, field, draft, by } in behind.carried(&later) {
        let (first, fields) = carried.entry(mover).or_insert((by, BTreeSet::new()));
        if *first == by {
            fields.insert((field, draft));
        }
    }
    for (mover, (by, fields)) in carried.iter().filter(|(mover, _)| is_new(**mover)) {
        found.extend(change(map, &mut behind, *mover, fields, Some(all[*by].step.arrow)));
    }
    found
}

/// What a step changes of some fields, if it matters and those who approved it are not asked; of each whether the document is a
/// draft again.
fn change<'d>(
    map: &Map<'_, 'd>,
    behind: &mut Behind<'_, 'd>,
    mover: usize,
    fields: &BTreeSet<(usize, bool)>,
    by: Option<&'d Arrow>,
) -> Option<Change<'d>> {
    let arrow = map.movers.all[mover].step.arrow;
    let mut unasked = fields.clone();
    unasked.retain(|&(field, draft)| map.asked.about(behind.at, field) && behind.unasked(mover, field, draft));
    let others = !unasked.iter().any(|&(field, _)| behind.unasked(mover, field, true));
    let fields: Fields = unasked.iter().map(|&(field, _)| map.movers.fields[field].clone()).collect();
    let by = by.filter(|by| by.ix != arrow.ix);
    (!fields.is_empty()).then_some(Change { arrow, fields, by, others })
}

fn finding(definition: &Definition, at: StateIx, change: &Change<'_>) -> Diagnostic {
    let fields = &change.fields;
    let names = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    let state = definition.state(at);
    let again = if change.others { "those who approved it are not asked again" } else { "nobody is asked again" };
    let message = format!("this changes {names} after it was approved, and {again}");
    let (related, place, own): (_, _, BTreeSet<&str>) = match &state.kind {
        StateKind::Call(call) => {
            let own = fields.iter().flat_map(|field| given(definition, call, field)).map(AsRef::as_ref);
            let called = &call.workflow.name;
            let related = format!("`{}` calls `{called}`, which is approved by what it was given then", state.path);
            (related, format!("in `{called}`"), own.collect())
        }
        _ => {
            let related = format!("`{}` is approved by what the document said then", state.path);
            (related, "there".to_owned(), fields.iter().map(AsRef::as_ref).collect())
        }
    };
    let own = own.into_iter().collect::<Vec<_>>().join(", ");
    let mut found = Diagnostic::warning(codes::CHANGED_AFTERWARDS, change.arrow.span, message);
    if let Some(by) = change.by {
        found = found.related(by.span, "what it takes is brought here, behind the approval");
    }
    found.related(state.span, related).help(format!(
        "lead back to `{}`; or, where it does not matter to those who decide, say so {place}: `reapprove: [{{ fields: [{own}], \
         then: none }}, {{ then: affected }}]`",
        state.path
    ))
}

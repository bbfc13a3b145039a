//! What was approved, and is changed afterwards by what somebody brings, without anybody being asked again.
//!
//! A review holds for the document as it was. Behind it the workflow goes on, and an event that writes a field which people were
//! asked about takes their word for something that they have not seen: itself, by an action, or by way of another field that a
//! later arrow takes it from. A `reapprove` that says `none` of the field says that it does not matter.
//!
//! A called workflow may do the asking: it is asked there about what it was given. But `done` does not say how it was decided. Where
//! the call can be come to again, an event may as well belong to a draft that was sent back, and is not found, unless every `done`
//! leads there.
//!
//! Where an instance may go is in `steps.rs`, what is written on the way in `written.rs`.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::chart::{Arrow, By, Calling, DONE, Definition, OUTCOMES, StateIx, StateKind};
use crate::definition::codes;
use crate::diagnostic::Diagnostic;
use crate::ids::DefinitionHash;

use super::Found;
use super::steps::{Step, beside, follow, leads, own_steps, states, steps};
use super::written::{Fields, Write, brought, carried, writes};

/// What is changed of what was approved.
struct Change<'d> {
    arrow: &'d Arrow,
    fields: Fields,
    /// The arrow that has brought it, where that is another.
    by: Option<&'d Arrow>,
}

/// Finds the arrows that change what was approved.
pub(in crate::definition) fn approved(definition: &Definition, found: &mut Found) {
    let mut told = BTreeSet::new();
    // Ways are followed only where there is something to find: a file may have thousands of approvals.
    let (changing, carriers) = changing(definition);
    for at in states(definition) {
        if !asks(definition, at) || !changing.iter().any(|field| asks_about(definition, at, field)) {
            continue;
        }
        for step in later(definition, at) {
            if carriers.is_empty() && told.contains(&step.arrow.ix.0) {
                continue;
            }
            for change in changes(definition, at, &step, &carriers) {
                if told.insert(change.arrow.ix.0) {
                    found.push(finding(definition, at, &change));
                }
            }
        }
    }
}

/// The fields that somebody may change anywhere, and the arrows that take one from another of these.
fn changing(definition: &Definition) -> (Fields, BTreeSet<usize>) {
    let all: Vec<(usize, Vec<Write>)> = states(definition)
        .flat_map(|owner| own_steps(definition, owner))
        .map(|step| (step.arrow.ix.0, writes(definition, &step)))
        .filter(|(_, writes)| !writes.is_empty())
        .collect();
    let mut known: Fields = all.iter().flat_map(|(_, writes)| brought(writes)).collect();
    spread(all.iter().map(|(_, writes)| writes), &mut known);
    let carriers = all.iter().filter(|(_, writes)| !carried(writes, &known).is_empty()).map(|(ix, _)| *ix).collect();
    (known, carriers)
}

/// What becomes of `known` where any of these may follow any other.
fn spread<'w>(all: impl Iterator<Item = &'w Vec<Write>> + Clone, known: &mut Fields) {
    loop {
        let before = known.len();
        for writes in all.clone() {
            known.extend(carried(writes, known));
        }
        if known.len() == before {
            return;
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

/// The arrows that people take behind an approval, each from a state without states inside; of forms those beside it alone: what a
/// form behind it asks for is found then, and was not there to be approved.
fn later(definition: &Definition, at: StateIx) -> Vec<Step<'_>> {
    let beside = beside(definition, at);
    let is_form = |leaf| matches!(&definition.state(leaf).kind, StateKind::Approval(asks) if asks.form.is_some());
    let filled = beside.iter().filter(|&&leaf| is_form(leaf)).flat_map(|&leaf| own_steps(definition, leaf));
    let filled: Vec<_> = filled.filter(|step| step.event.is_some_and(|event| **event == *DONE)).collect();
    let sent = behind(definition, at, beside).into_iter().flat_map(|leaf| steps(definition, leaf));
    let sent = sent.filter(|step| step.event.is_some_and(|event| definition.events.contains_key(event)));
    sent.filter(|step| !matches!(step.arrow.by, By::Engine)).chain(filled).collect()
}

/// What a step changes, and what those change that take it from there; `carriers` are those that may.
fn changes<'d>(
    definition: &'d Definition,
    at: StateIx,
    step: &Step<'d>,
    carriers: &BTreeSet<usize>,
) -> Vec<Change<'d>> {
    let known = brought(&writes(definition, step));
    if known.is_empty() {
        return Vec::new();
    }
    let own = (*step, known.clone(), None);
    let unasked = |step: &Step<'d>, fields: &Fields| {
        let from = step.leads(definition);
        ends_well(definition, &follow(definition, from, |ix| is_asked(definition, ix, fields)))
    };
    let later = carried_on(definition, step, known, carriers).into_iter();
    let later = later.map(|(later, fields)| (later, fields, Some(step.arrow)));
    let matters =
        |fields: Fields| -> Fields { fields.into_iter().filter(|field| asks_about(definition, at, field)).collect() };
    let all = std::iter::once(own).chain(later).map(|(step, fields, by)| (step, matters(fields), by));
    let all = all.filter(|(step, fields, _)| !fields.is_empty() && unasked(step, fields));
    all.map(|(step, fields, by)| Change { arrow: step.arrow, fields, by }).collect()
}

/// The arrows behind a step that write fields by what it has brought, before anybody is asked about that: the engine's own, too.
fn carried_on<'d>(
    definition: &'d Definition,
    step: &Step<'d>,
    mut known: Fields,
    carriers: &BTreeSet<usize>,
) -> Vec<(Step<'d>, Fields)> {
    if carriers.is_empty() {
        return Vec::new();
    }
    let decides = |step: &Step<'_>| step.event.is_some_and(|event| OUTCOMES.contains(&&**event));
    let reached = follow(definition, step.leads(definition), |ix| is_asked(definition, ix, &known));
    let steps = reached.into_iter().flat_map(|leaf| steps(definition, leaf));
    let steps = steps.filter(|one| carriers.contains(&one.arrow.ix.0) && one.arrow.ix != step.arrow.ix);
    let steps: Vec<_> = steps.filter(|one| !decides(one)).map(|one| (one, writes(definition, &one))).collect();
    spread(steps.iter().map(|(_, writes)| writes), &mut known);
    let fields = steps.into_iter().map(|(step, writes)| (step, carried(&writes, &known)));
    fields.filter(|(_, fields)| !fields.is_empty()).collect()
}

fn finding(definition: &Definition, at: StateIx, change: &Change<'_>) -> Diagnostic {
    let fields = &change.fields;
    let names = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    let state = definition.state(at);
    let message = format!("this changes {names} after it was approved, and nobody is asked again");
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

/// Where an instance may be once the approval of `at` was given, and before it is asked for again.
fn behind(definition: &Definition, at: StateIx, beside: Vec<StateIx>) -> BTreeSet<StateIx> {
    if matches!(definition.state(at).kind, StateKind::Call(_)) {
        return behind_call(definition, at, beside);
    }
    let approved = definition.upwards(at).flat_map(|up| {
        let arrows = definition.state(up).on.get("approved").into_iter().flatten();
        arrows.flat_map(move |arrow| leads(definition, up, arrow))
    });
    follow(definition, approved.chain(beside).collect(), |ix| ix == at)
}

/// The same of a call: where every `done` leads to, and beyond from where it cannot be come to the call again.
fn behind_call(definition: &Definition, at: StateIx, beside: Vec<StateIx>) -> BTreeSet<StateIx> {
    let done = definition.state(at).on.get(DONE).map_or(&[][..], Vec::as_slice);
    let to = |arrow: &Arrow| leads(definition, at, arrow);
    let always = done.first().filter(|arrow| arrow.guard.is_none()).map_or_else(Vec::new, to);
    let stays = |leaf: &StateIx| definition.upwards(*leaf).all(|up| definition.state(up).always.is_empty());
    let certain: BTreeSet<StateIx> = always.into_iter().filter(stays).collect();
    let mut found = follow(definition, done.iter().flat_map(to).chain(beside).collect(), |ix| ix == at);
    found.retain(|&leaf| certain.contains(&leaf) || !follow(definition, vec![leaf], |_| false).contains(&at));
    found
}

/// Whether people are asked to decide in a state, by a called workflow about these fields.
fn is_asked(definition: &Definition, at: StateIx, fields: &Fields) -> bool {
    match &definition.state(at).kind {
        StateKind::Call(_) => fields.iter().all(|field| asks_about(definition, at, field)),
        _ => asks(definition, at),
    }
}

/// Whether a good end is among states.
fn ends_well(definition: &Definition, reached: &BTreeSet<StateIx>) -> bool {
    reached.iter().any(|&ix| {
        let state = definition.state(ix);
        matches!(state.kind, StateKind::Final) && !state.failed
    })
}

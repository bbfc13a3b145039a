//! The steps that write fields by what somebody brings, or by a field that was written so: worked out once, before anything is followed.

use std::sync::Arc;

use crate::definition::chart::{By, DONE, Definition, OUTCOMES, StateIx, StateKind};

use super::roads::{Roads, decides};
use super::steps::{Step, is_end, is_leaf, own_steps, states};
use super::written::{Fields, Write, brought, carried, changing, leaving_writes, sources, writes};

/// How many steps that write are looked at: that many no author has.
const MOST_MOVERS: usize = 100_000;

/// A step that writes. Fields are meant by their places.
pub(super) struct Mover<'d> {
    pub(super) step: Step<'d>,
    /// Where it leads, and whether to one of these only.
    pub(super) to: Vec<StateIx>,
    pub(super) one: bool,
    /// What it writes by what somebody brings.
    pub(super) brought: Vec<usize>,
    /// What it writes by a field that was written so.
    carried: Vec<(usize, Vec<usize>)>,
}

impl Mover<'_> {
    /// Whether somebody takes it, with an event.
    pub(super) fn is_sent(&self, definition: &Definition) -> bool {
        let declared = self.step.event.is_some_and(|event| definition.events.contains_key(event));
        declared && !matches!(self.step.arrow.by, By::Engine)
    }

    /// Whether somebody takes it with a form.
    pub(super) fn is_filled(&self, definition: &Definition) -> bool {
        let kind = &definition.state(self.step.leaf).kind;
        let is_form = matches!(kind, StateKind::Approval(asks) if asks.form.is_some());
        is_form && self.step.owner == self.step.leaf && self.step.event.is_some_and(|event| **event == *DONE)
    }

    /// What it writes by a field.
    pub(super) fn by(&self, field: usize) -> &[usize] {
        self.carried.iter().find(|(from, _)| *from == field).map_or(&[], |(_, to)| to)
    }

    /// Whether it writes anything by another field.
    pub(super) fn carries(&self) -> bool {
        !self.carried.is_empty()
    }
}

/// All of them.
pub(super) struct Movers<'d> {
    pub(super) fields: Vec<Arc<str>>,
    pub(super) all: Vec<Mover<'d>>,
    /// By the state without states inside in which they are taken.
    at: Vec<Vec<usize>>,
}

impl<'d> Movers<'d> {
    pub(super) fn of(roads: &Roads<'d>) -> Self {
        let definition = roads.definition;
        let writing = writing(roads);
        let changing = changing(writing.iter().flat_map(|(_, writes)| writes));
        let fields: Vec<Arc<str>> = changing.iter().cloned().collect();
        let all = writing.iter().map(|(step, writes)| mover(definition, *step, writes, &changing, &fields));
        let all: Vec<_> = all.filter(|mover| !mover.brought.is_empty() || mover.carries()).collect();
        let mut at = vec![Vec::new(); definition.states.len()];
        all.iter().enumerate().for_each(|(ix, mover)| at[mover.step.leaf.0].push(ix));
        Self { fields, all, at }
    }

    /// Those of a state without states inside.
    pub(super) fn at(&self, leaf: StateIx) -> &[usize] {
        &self.at[leaf.0]
    }
}

/// All steps that write, with what they write.
fn writing<'d>(roads: &Roads<'d>) -> Vec<(Step<'d>, Vec<Write>)> {
    let definition = roads.definition;
    // What an arrow writes is the same wherever it is taken, but for what is done where that is left.
    let leaving = leaving_writes(definition);
    let own = |owner| -> Vec<Step<'d>> {
        let all = own_steps(definition, owner);
        all.filter(|step| leaving || !writes(definition, step).is_empty()).collect()
    };
    let own: Vec<Vec<Step<'d>>> = states(definition).map(own).collect();
    let leaves = states(definition).filter(|&ix| is_leaf(definition, ix) && !is_end(definition, ix));
    let owned = leaves.flat_map(|leaf| definition.upwards(leaf).map(move |owner| (leaf, owner)));
    let steps = owned.flat_map(|(leaf, owner)| own[owner.0].iter().map(move |step| Step { leaf, ..*step }));
    let steps = steps.take(MOST_MOVERS).inspect(|_| roads.look(1));
    steps.map(|step| (step, writes(definition, &step))).filter(|(_, writes)| !writes.is_empty()).collect()
}

fn mover<'d>(
    definition: &'d Definition,
    step: Step<'d>,
    writes: &[Write],
    changing: &Fields,
    fields: &[Arc<str>],
) -> Mover<'d> {
    let places =
        |names: Fields| -> Vec<usize> { names.iter().filter_map(|name| fields.binary_search(name).ok()).collect() };
    // A decision is taken where people decide, though an arrow for it may stand around other states as well.
    let elsewhere = step.event.is_some_and(|event| OUTCOMES.contains(&&**event)) && !decides(definition, step.leaf);
    let known = sources(writes).into_iter().filter(|from| !elsewhere && changing.contains(from));
    let by = known.filter_map(|from| {
        let to = places(carried(writes, &Fields::from([from.clone()])));
        fields.binary_search(&from).ok().filter(|_| !to.is_empty()).map(|from| (from, to))
    });
    let one = step.go().is_some_and(|go| go.history.is_some());
    Mover { to: step.leads(definition), one, brought: places(brought(writes)), carried: by.collect(), step }
}

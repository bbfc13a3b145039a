//! Where an instance has been: its arrows walked once more, without anything that they do.

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::chart::{Arrow, Definition, Go, History, Outcome, StateIx, StateKind};

/// All arrows by number, each with its state.
pub(super) fn arrows(definition: &Definition) -> Vec<Option<(StateIx, &Arrow)>> {
    let mut all = vec![None; definition.arrows];
    for (ix, state) in definition.states.iter().enumerate() {
        for arrow in state.arrows() {
            if let Some(place) = all.get_mut(arrow.ix.0) {
                *place = Some((StateIx(ix), arrow));
            }
        }
    }
    all
}

/// The way of an instance.
#[derive(Clone, Debug)]
pub(super) struct Way<'d> {
    definition: &'d Definition,
    /// The innermost states that it is in.
    pub(super) active: BTreeSet<StateIx>,
    /// Where the states were when they were left.
    left: BTreeMap<StateIx, Vec<StateIx>>,
    /// The states that it was ever in.
    pub(super) been: BTreeSet<StateIx>,
}

impl<'d> Way<'d> {
    /// It begins in `to`.
    pub(super) fn beginning(definition: &'d Definition, to: StateIx) -> Self {
        let mut way = Self { definition, active: BTreeSet::new(), left: BTreeMap::new(), been: BTreeSet::new() };
        way.enter(None, to, None);
        way
    }

    /// It takes an arrow of `at`. `false`: it is not in that state.
    pub(super) fn take(&mut self, at: StateIx, arrow: &Arrow) -> bool {
        let here = self.active.iter().any(|&leaf| self.definition.is_within(leaf, at));
        if let Outcome::Go(Go { to: Some(to), history, .. }) = &arrow.outcome {
            let around = self.definition.around(at, *to);
            self.leave(around.and_then(|_| self.definition.left(at, *to)));
            self.enter(around, *to, *history);
        }
        here
    }

    /// Leaves all inside of `branch`; `None`: all there is.
    fn leave(&mut self, branch: Option<StateIx>) {
        let definition = self.definition;
        let gone = |ix: StateIx| branch.is_none_or(|branch| definition.is_within(ix, branch));
        let leaves: Vec<StateIx> = self.active.iter().copied().collect();
        for &leaf in leaves.iter().filter(|&&leaf| gone(leaf)) {
            self.active.remove(&leaf);
            for up in definition.upwards(leaf).filter(|&up| gone(up)) {
                let inside = leaves.iter().copied().filter(|&other| definition.is_within(other, up));
                self.left.insert(up, inside.collect());
            }
        }
    }

    fn enter(&mut self, around: Option<StateIx>, to: StateIx, history: Option<History>) {
        let definition = self.definition;
        let Some(top) = definition.upwards(to).take_while(|&ix| Some(ix) != around).last() else { return };
        let mut aims = vec![to];
        let before = self.left.get(&to).into_iter().flatten().copied();
        match history {
            None => {}
            Some(History::Deep) => aims.extend(before),
            Some(History::Shallow) => aims.extend(before.filter_map(|ix| definition.below(to, ix))),
        }
        self.come_into(top, &aims);
    }

    fn come_into(&mut self, ix: StateIx, aims: &[StateIx]) {
        let definition = self.definition;
        self.been.insert(ix);
        match &definition.state(ix).kind {
            StateKind::Compound(first) => {
                let aim = aims.iter().rev().find_map(|&aim| definition.below(ix, aim));
                self.come_into(aim.unwrap_or(*first), aims);
            }
            StateKind::Parallel(regions) => {
                for &region in regions {
                    self.come_into(region, aims);
                }
            }
            _ => {
                self.active.insert(ix);
            }
        }
    }
}

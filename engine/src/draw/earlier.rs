//! The way by the definitions that an instance had before, as far as states and arrows of this one stand for theirs.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::definition::chart::{Arrow, ArrowIx, Definition, StateIx};
use crate::migrate::Went;

use super::marks::Marks;
use super::replay::arrows;

/// The part of the way by one earlier definition.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The definition, if it can be loaded.
    pub definition: Option<Arc<Definition>>,
    /// The arrows that were walked, in order.
    pub walked: Vec<usize>,
    /// Where its states went when the instance was migrated.
    pub went: Went,
}

/// What an arrow waits for.
#[derive(Debug, PartialEq, Eq)]
enum Trigger<'d> {
    Event(&'d str),
    Time,
    Nothing,
}

/// An arrow with the states at its ends.
type Step<'d> = (StateIx, &'d Arrow);

impl Marks {
    /// With the way by earlier definitions, the oldest first.
    #[must_use]
    pub fn after(mut self, definition: &Definition, earlier: &[Earlier]) -> Self {
        for (ix, part) in earlier.iter().enumerate() {
            let Some(old) = &part.definition else { continue };
            let image = |at: StateIx| {
                let mut paths = vec![old.state(at).path.clone()];
                for next in &earlier[ix..] {
                    paths = paths.iter().flat_map(|path| next.went.image(path)).collect();
                }
                paths.iter().filter_map(|path| definition.find(path)).collect::<BTreeSet<StateIx>>()
            };
            let mut been = BTreeSet::new();
            if let ([start], 0) = (old.starts.as_slice(), ix) {
                been.extend(image(start.to));
                let same = matches!(definition.starts.as_slice(), [new] if been.contains(&new.to));
                self.start = self.start.or(same.then_some(0));
            }
            let all = arrows(old);
            for (at, arrow) in part.walked.iter().filter_map(|&ix| *all.get(ix)?) {
                let (from, to) = (image(at), arrow.to().map(image));
                been.extend(from.iter().chain(to.iter().flatten()));
                self.walked.extend(alike(definition, &trigger(old, (at, arrow)), &from, to.as_ref()));
            }
            self.been.extend(been.iter().flat_map(|&at| definition.upwards(at)));
        }
        self
    }
}

fn trigger<'d>(definition: &'d Definition, (at, arrow): Step<'_>) -> Trigger<'d> {
    let state = definition.state(at);
    let has = |arrows: &[Arrow]| arrows.iter().any(|one| one.ix == arrow.ix);
    if let Some((event, _)) = state.on.iter().find(|(_, arrows)| has(arrows)) {
        return Trigger::Event(event);
    }
    if has(&state.always) { Trigger::Nothing } else { Trigger::Time }
}

/// The arrow that leads the same way, for the same reason if there are several; where that is not certain, none.
fn alike(
    definition: &Definition,
    by: &Trigger<'_>,
    from: &BTreeSet<StateIx>,
    to: Option<&BTreeSet<StateIx>>,
) -> Option<ArrowIx> {
    let leads = |(at, arrow): &Step<'_>| {
        let ends = match (arrow.to(), to) {
            (Some(aim), Some(to)) => to.contains(&aim),
            (None, None) => arrow.goes(),
            _ => false,
        };
        from.contains(at) && ends
    };
    let all: Vec<Step<'_>> = arrows(definition).into_iter().flatten().filter(leads).collect();
    let same: Vec<&Step<'_>> = all.iter().filter(|step| trigger(definition, **step) == *by).collect();
    match (same.as_slice(), all.as_slice()) {
        ([one], _) => Some(one.1.ix),
        ([], [one]) => Some(one.1.ix),
        _ => None,
    }
}

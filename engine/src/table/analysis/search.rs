//! Finds what a set of rows leaves open of a box of inputs: axis by axis, keeping only the rows that still match.
//!
//! A part that a row covers on all axes that are left is done; what was seen before is not looked at again. The steps
//! are counted, and at the limit the search says that it proved nothing.

use std::collections::{HashMap, HashSet};

use super::super::scale::Scale;
use super::axis::{Axis, Span};

/// A row, and whether it matches for sure so far.
type Active = (u32, bool);

/// Stretches of an axis, and the rows that are there.
type Stretch = (Vec<Span>, Vec<Active>);

/// The steps that are left, for all searches of one analysis.
pub(super) struct Budget(pub(super) u64);

impl Budget {
    /// Takes `steps`, if there are so many.
    pub(super) fn take(&mut self, steps: usize) -> bool {
        let left = self.0.checked_sub(steps as u64);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }
}

/// A box of inputs that no row matches: on each axis some regions.
pub(super) type Open = Vec<Vec<Span>>;

/// A search in one box.
pub(super) struct Search<'a> {
    axes: &'a [Axis],
    /// The box: the regions of each axis.
    within: Vec<&'a [Span]>,
    /// For each row, the first axis from which on it takes all of the box.
    covers_from: HashMap<u32, usize>,
    path: Vec<Vec<Span>>,
    seen: HashSet<(usize, Vec<Active>)>,
    most: usize,
    /// What is open, at most as many as asked for.
    pub(super) open: Vec<Open>,
    /// Somewhere only rows match that evaluation must decide.
    pub(super) unsure: Option<Open>,
    /// The steps did not suffice.
    pub(super) exhausted: bool,
}

impl<'a> Search<'a> {
    /// Looks in the box `within` for at most `most` parts that none of `rows` matches.
    pub(super) fn run(
        axes: &'a [Axis],
        within: Vec<&'a [Span]>,
        rows: Vec<Active>,
        most: usize,
        budget: &mut Budget,
    ) -> Self {
        let mut search = Self {
            axes,
            within,
            covers_from: HashMap::with_capacity(rows.len()),
            path: Vec::new(),
            seen: HashSet::new(),
            most,
            open: Vec::new(),
            unsure: None,
            exhausted: false,
        };
        for (row, _) in &rows {
            let Ok(at) = usize::try_from(*row) else { continue };
            let mut from = axes.len();
            while let Some(before) = from.checked_sub(1)
                && search.takes_all(before, at)
            {
                from = before;
            }
            search.covers_from.insert(*row, from);
        }
        search.walk(rows, budget);
        search
    }

    fn takes_all(&self, axis: usize, row: usize) -> bool {
        let reach = self.axes.get(axis).and_then(|axis| axis.rows.get(row));
        let within = self.within.get(axis).copied().unwrap_or_default();
        reach.is_some_and(|reach| super::axis::holds(&reach.must, within))
    }

    fn walk(&mut self, rows: Vec<Active>, budget: &mut Budget) {
        if self.exhausted || self.open.len() >= self.most {
            return;
        }
        if !budget.take(rows.len() + 1) {
            self.exhausted = true;
            return;
        }
        let depth = self.path.len();
        let covers = |row: u32| self.covers_from.get(&row).is_some_and(|from| *from <= depth);
        if rows.iter().any(|(row, must)| *must && covers(*row)) {
            return;
        }
        if rows.is_empty() {
            let open = self.rest();
            self.open.push(open);
            return;
        }
        if depth == self.axes.len() {
            if self.unsure.is_none() {
                self.unsure = Some(self.rest());
            }
            return;
        }
        if !self.seen.insert((depth, rows.clone())) {
            return;
        }
        for (spans, rows) in self.joined(depth, &rows, budget) {
            if self.axes.get(depth).is_some_and(|axis| axis.is_real(&spans)) {
                self.path.push(spans);
                self.walk(rows, budget);
                self.path.pop();
            }
        }
    }

    /// The regions chosen so far, and all of the axes that are left.
    fn rest(&self) -> Open {
        let left = self.within.iter().skip(self.path.len()).map(|spans| spans.to_vec());
        self.path.iter().cloned().chain(left).collect()
    }

    /// As [`Search::slabs`]; stretches between words with the same rows are one: "any other text".
    fn joined(&mut self, depth: usize, rows: &[Active], budget: &mut Budget) -> Vec<Stretch> {
        let words = self.axes.get(depth).is_some_and(|axis| matches!(axis.scale, Scale::Text | Scale::Person));
        let mut joined: Vec<Stretch> = Vec::new();
        let mut known: HashMap<Vec<Active>, usize> = HashMap::new();
        for (span, rows) in self.slabs(depth, rows, budget) {
            if words && span.0 > 0 {
                let at = *known.entry(rows.clone()).or_insert(joined.len());
                if let Some((spans, _)) = joined.get_mut(at) {
                    spans.push(span);
                    continue;
                }
            }
            joined.push((vec![span], rows));
        }
        joined
    }

    /// The box on one axis, divided where a row begins or ends, with the rows that are there.
    fn slabs(&mut self, depth: usize, rows: &[Active], budget: &mut Budget) -> Vec<(Span, Vec<Active>)> {
        let Some(axis) = self.axes.get(depth) else { return Vec::new() };
        // At each place: which of `rows` begin or end to match, surely or perhaps.
        let mut events: Vec<(u32, usize, i32, i32)> = Vec::new();
        for (slot, (row, _)) in rows.iter().enumerate() {
            let Some(reach) = usize::try_from(*row).ok().and_then(|row| axis.rows.get(row)) else { continue };
            events.extend(reach.may.iter().flat_map(|(start, end)| [(*start, slot, 1, 0), (*end, slot, -1, 0)]));
            events.extend(reach.must.iter().flat_map(|(start, end)| [(*start, slot, 0, 1), (*end, slot, 0, -1)]));
        }
        let within = self.within.get(depth).copied().unwrap_or_default();
        events.extend(within.iter().flat_map(|(start, end)| [(*start, usize::MAX, 1, 0), (*end, usize::MAX, -1, 0)]));
        if !budget.take(events.len()) {
            self.exhausted = true;
            return Vec::new();
        }
        events.sort_unstable();
        let mut state = vec![(0i32, 0i32); rows.len()];
        let mut active = std::collections::BTreeSet::new();
        let (mut inside, mut slabs, mut from, mut next) = (0i32, Vec::new(), 0u32, events.iter().peekable());
        while let Some((at, ..)) = next.peek().copied() {
            if inside > 0 && from < *at {
                if !budget.take(active.len() + 1) {
                    self.exhausted = true;
                    return Vec::new();
                }
                let here = active.iter().filter_map(|slot: &usize| {
                    let ((row, must), (_, sure)) = (rows.get(*slot)?, state.get(*slot)?);
                    Some((*row, *must && *sure > 0))
                });
                slabs.push(((from, *at), here.collect()));
            }
            from = *at;
            while let Some((_, slot, may, must)) = next.next_if(|event| event.0 == from) {
                let Some(counts) = state.get_mut(*slot) else {
                    inside += may;
                    continue;
                };
                *counts = (counts.0 + may, counts.1 + must);
                if counts.0 > 0 {
                    active.insert(*slot);
                } else {
                    active.remove(slot);
                }
            }
        }
        slabs
    }
}

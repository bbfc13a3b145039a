//! Rows that are never chosen, since rows that go before them match all that they match.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Hit, Row, codes};
use super::axis::holds;
use super::overlap::equal;
use super::search::Search;
use super::{MOST, Prover};
use crate::diagnostic::Diagnostic;

impl Prover<'_> {
    /// `pairs` are the rows that meet.
    pub(super) fn shadowed(&mut self, pairs: &BTreeSet<(u32, u32)>) {
        let mut rivals: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let ranks: Vec<_> = self.table.rows.iter().map(|row| self.rank(row)).collect();
        for (first, second) in pairs {
            match self.loser(*first, *second, &ranks) {
                Some(row) if row == *second => rivals.entry(row).or_default().push(*first),
                Some(row) => rivals.entry(row).or_default().push(*second),
                None => {}
            }
        }
        let mut told = 0;
        for (row, before) in rivals {
            if told >= 4 * MOST {
                self.and_more();
                return;
            }
            if self.budget.0 == 0 {
                self.exhausted = true;
                return;
            }
            told += usize::from(self.shadow(row, &before));
        }
    }

    fn rank(&self, row: &Row) -> Option<Vec<usize>> {
        if self.table.hit == Hit::Priority { self.table.fixed_rank(row) } else { None }
    }

    /// Which of two rows that match one input is surely not chosen.
    fn loser(&self, first: u32, second: u32, ranks: &[Option<Vec<usize>>]) -> Option<u32> {
        match self.table.hit {
            Hit::First => Some(second),
            Hit::Any => {
                let (a, b) = (self.row(first)?, self.row(second)?);
                equal(&a.outputs, &b.outputs).then_some(second)
            }
            Hit::Priority => {
                let rank = |row: u32| ranks.get(usize::try_from(row).ok()?)?.as_ref();
                Some(if rank(first)? <= rank(second)? { second } else { first })
            }
            _ => None,
        }
    }

    /// Whether the rows `before` cover `row`; tells of it.
    fn shadow(&mut self, row: u32, before: &[u32]) -> bool {
        let Ok(at) = usize::try_from(row) else { return false };
        let Some(within) = self
            .axes
            .iter()
            .map(|axis| axis.rows.get(at).map(|reach| reach.may.as_slice()))
            .collect::<Option<Vec<_>>>()
        else {
            return false;
        };
        // A row that never matches has been told of.
        if self.axes.iter().zip(&within).any(|(axis, spans)| !axis.is_real(spans)) {
            return false;
        }
        if !self.budget.take(before.len()) {
            self.exhausted = true;
            return false;
        }
        let alone = before.iter().copied().find(|other| self.covers(*other, &within));
        let covering = match alone {
            Some(other) => vec![other],
            None => {
                let rows = before.iter().map(|other| (*other, true)).collect();
                let search = Search::run(&self.axes, within, rows, 1, &mut self.budget);
                self.exhausted |= search.exhausted;
                if search.exhausted || !search.open.is_empty() || search.unsure.is_some() {
                    return false;
                }
                before.to_vec()
            }
        };
        if !self.confirmed(at, &covering) {
            self.found.unconfirmed += 1;
            return false;
        }
        let Some(span) = self.row(row).map(|row| row.span) else { return false };
        let numbers: Vec<_> = covering.iter().map(|other| (other + 1).to_string()).collect();
        let rows = if numbers.len() == 1 {
            format!("row {}", numbers.join(""))
        } else {
            format!("the rows {}", numbers.join(", "))
        };
        let message = match self.table.hit {
            Hit::Any => {
                format!("row {} adds nothing: {rows} with the same outputs covers all that it matches", row + 1)
            }
            _ => format!("row {} is never chosen: all that it matches goes to {rows}", row + 1),
        };
        let mut finding = Diagnostic::warning(codes::SHADOWED, span, message).label("never chosen");
        for other in covering.iter().take(3).filter_map(|other| self.row(*other)) {
            finding = finding.related(other.span, "goes before it");
        }
        let help = match self.table.hit {
            Hit::First => "put the row that is narrower first, or leave this one out",
            _ => "narrow the other row, or leave this one out",
        };
        self.found.findings.push(finding.help(help));
        true
    }

    /// Whether the row surely matches all of the box.
    fn covers(&self, row: u32, within: &[&[super::axis::Span]]) -> bool {
        let Ok(at) = usize::try_from(row) else { return false };
        self.axes
            .iter()
            .zip(within)
            .all(|(axis, spans)| axis.rows.get(at).is_some_and(|reach| holds(&reach.must, spans)))
    }

    /// Evaluates an input of the row: one of the others must match it.
    fn confirmed(&self, row: usize, covering: &[u32]) -> bool {
        let part = self.axes.iter().map(|axis| axis.rows.get(row).map(|reach| reach.may.clone()).unwrap_or_default());
        self.witness(&part.collect()).is_some_and(|witness| {
            let matches = |other: &u32| usize::try_from(*other).ok().and_then(|at| self.matched(at, &witness));
            covering.iter().any(|other| matches(other) == Some(true))
        })
    }
}

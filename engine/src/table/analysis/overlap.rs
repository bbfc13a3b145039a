//! Pairs of rows that meet, and what is wrong with them.

use std::collections::BTreeSet;

use super::super::{Hit, OutputCell, codes};
use super::axis::{common, meet};
use super::search::Open;
use super::{MOST, Prover};
use crate::diagnostic::Diagnostic;

impl Prover<'_> {
    /// Looks at every pair of rows that may match one input.
    pub(super) fn pairs(&mut self) {
        let hit = self.table.hit;
        if !hit.is_single() || self.axes.is_empty() && self.table.rows.len() < 2 {
            return;
        }
        let pairs = self.meeting();
        let mut told = 0;
        if matches!(hit, Hit::Unique | Hit::Any) {
            for (first, second) in &pairs {
                if told < MOST && self.overlap(*first, *second) {
                    told += 1;
                }
            }
            if told >= MOST {
                self.and_more();
            }
        }
        if hit != Hit::Unique {
            self.shadowed(&pairs);
        }
    }

    /// The pairs of rows whose boxes meet, the earlier row first: all, or as many as the steps suffice for.
    fn meeting(&mut self) -> BTreeSet<(u32, u32)> {
        let mut pairs = BTreeSet::new();
        let Some((first, others)) = self.axes.split_first() else {
            let rows = u32::try_from(self.table.rows.len()).unwrap_or(u32::MAX);
            for second in 0..rows {
                if !self.budget.take(usize::try_from(second).unwrap_or(usize::MAX)) {
                    self.exhausted = true;
                    break;
                }
                pairs.extend((0..second).map(|first| (first, second)));
            }
            return pairs;
        };
        let mut events = Vec::new();
        for (row, reach) in (0u32..).zip(&first.rows) {
            // Ends go before beginnings at one place: these do not meet.
            events.extend(reach.may.iter().flat_map(|(start, end)| [(*start, true, row), (*end, false, row)]));
        }
        events.sort_unstable();
        let mut active = BTreeSet::new();
        for (_, begins, row) in events {
            if !begins {
                active.remove(&row);
                continue;
            }
            if !self.budget.take(active.len() + 1) {
                self.exhausted = true;
                return pairs;
            }
            for other in &active {
                let all = others.iter().all(|axis| {
                    let reach = |row: u32| usize::try_from(row).ok().and_then(|row| axis.rows.get(row));
                    reach(row).zip(reach(*other)).is_some_and(|(a, b)| meet(&a.may, &b.may))
                });
                if all {
                    pairs.insert((row.min(*other), row.max(*other)));
                }
            }
            active.insert(row);
        }
        pairs
    }

    /// Tells of an input that both rows match for sure, if there is one; whether it did.
    fn overlap(&mut self, first: u32, second: u32) -> bool {
        let (Ok(a), Ok(b)) = (usize::try_from(first), usize::try_from(second)) else { return false };
        let any = self.table.hit == Hit::Any;
        let (Some(one), Some(other)) = (self.table.rows.get(a), self.table.rows.get(b)) else { return false };
        if any && !differ(&one.outputs, &other.outputs) {
            return false;
        }
        let mut part: Open = Vec::with_capacity(self.axes.len());
        for axis in &self.axes {
            let (Some(left), Some(right)) = (axis.rows.get(a), axis.rows.get(b)) else { return false };
            part.push(common(&left.must, &right.must));
        }
        // A span without values (between two neighbours) is no meeting.
        if !self.axes.iter().zip(&part).all(|(axis, spans)| axis.is_real(spans)) {
            return false;
        }
        let Some(witness) = self.witness(&part) else { return false };
        if self.matched(a, &witness) != Some(true) || self.matched(b, &witness) != Some(true) {
            self.found.unconfirmed += 1;
            return false;
        }
        let rows = format!("rows {} and {}", a + 1, b + 1);
        let shown = witness.to_string();
        let on = if shown.is_empty() { "every input".to_owned() } else { shown };
        let (code, message, help) = if any {
            let message = format!("{rows} both match {on}, and their outputs differ");
            (codes::DIFFERENT, message, "give them the same outputs, narrow one of them, or write `hit: first`")
        } else {
            (codes::OVERLAP, format!("{rows} both match {on}"), "narrow one of them, or write `hit: first`")
        };
        let finding = Diagnostic::error(code, other.span, message).label("matches too").related(one.span, "matches");
        self.found.witnesses.push(witness);
        self.tell(finding.help(help));
        true
    }
}

/// Whether the outputs differ for sure: what is not constant is not compared.
fn differ(a: &[OutputCell], b: &[OutputCell]) -> bool {
    a.iter().zip(b).any(|(a, b)| a.constant.is_some() && b.constant.is_some() && a.constant != b.constant)
}

/// Whether the outputs are equal for sure.
pub(super) fn equal(a: &[OutputCell], b: &[OutputCell]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.constant.is_some() && a.constant == b.constant)
}

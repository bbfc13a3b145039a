//! Which rows can match a value of one column, so that a long table is not walked row by row.

use super::set::{Cut, Point};
use super::{Input, Row};

/// A shorter table is walked.
const LEAST_ROWS: usize = 8;

/// Rows by the ranges of one column. Rows that the column does not narrow, or that only evaluation can tell, are `rest`.
#[derive(Clone, Debug)]
pub(super) struct Index {
    column: usize,
    cuts: Vec<Cut>,
    /// The rows between a cut and the next, ascending.
    between: Vec<Vec<u32>>,
    null: Vec<u32>,
    rest: Vec<u32>,
}

impl Index {
    /// An index on the first column that narrows at least half of the rows without repeating them too often.
    pub(super) fn of(inputs: &[Input], rows: &[Row]) -> Option<Self> {
        if rows.len() < LEAST_ROWS {
            return None;
        }
        (0..inputs.len()).find_map(|column| Self::on(column, rows))
    }

    fn on(column: usize, rows: &[Row]) -> Option<Self> {
        let (mut cuts, mut rest, mut narrow) = (Vec::new(), Vec::new(), Vec::new());
        for (at, row) in rows.iter().enumerate() {
            let (at, cell) = (u32::try_from(at).ok()?, row.cells.get(column)?);
            let whole = cell.must.ranges.first().is_some_and(|range| range.0 == Cut::Least && range.1 == Cut::Most);
            if cell.is_open() || whole {
                rest.push(at);
            } else {
                cuts.extend(cell.must.ranges.iter().flat_map(|(low, high)| [low.clone(), high.clone()]));
                narrow.push((at, &cell.must));
            }
        }
        if rest.len() > rows.len() / 2 {
            return None;
        }
        cuts.sort();
        cuts.dedup();
        let mut index = Self { column, between: vec![Vec::new(); cuts.len()], cuts, null: Vec::new(), rest };
        let mut entries = 0;
        for (at, set) in narrow {
            if set.null {
                index.null.push(at);
            }
            for (low, high) in &set.ranges {
                let (low, high) = (index.cuts.binary_search(low).ok()?, index.cuts.binary_search(high).ok()?);
                entries += high - low;
                if entries > 8 * rows.len() + 1024 {
                    return None;
                }
                index.between.get_mut(low..high)?.iter_mut().for_each(|list| list.push(at));
            }
        }
        Some(index)
    }

    /// The rows that may match, in two lists.
    pub(super) fn candidates(&self, points: &[Option<Point>]) -> (&[u32], &[u32]) {
        let near = match points.get(self.column).and_then(Option::as_ref) {
            None => self.null.as_slice(),
            Some(point) => {
                let cut = Cut::before(point.clone());
                let after = self.cuts.partition_point(|known| *known <= cut);
                after.checked_sub(1).and_then(|at| self.between.get(at)).map_or(&[][..], Vec::as_slice)
            }
        };
        (near, &self.rest)
    }
}

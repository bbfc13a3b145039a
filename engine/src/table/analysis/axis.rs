//! A column, or the date, cut into regions: stretches of values that every row treats alike.

use super::super::scale::{Scale, days};
use super::super::set::{Cut, Point, Set};
use super::super::{Row, Table};
use crate::expression::{Type, Value};

/// Regions `start..end`, by number.
pub(super) type Span = (u32, u32);

/// What a row takes of an axis.
#[derive(Debug)]
pub(super) struct Reach {
    pub(super) must: Vec<Span>,
    pub(super) may: Vec<Span>,
}

/// One dimension of the input. Region 0 is `null`; region `k` lies between the cuts `k - 1` and `k`.
#[derive(Debug)]
pub(super) struct Axis {
    /// The input's number; `None` is the date.
    pub(super) column: Option<usize>,
    pub(super) scale: Scale,
    ty: Option<Type>,
    cuts: Vec<Cut>,
    pub(super) domain: Vec<Span>,
    pub(super) rows: Vec<Reach>,
}

impl Axis {
    /// The axes of a table, first those that most rows narrow.
    pub(super) fn of(table: &Table) -> Vec<Self> {
        let mut axes: Vec<_> = table
            .inputs
            .iter()
            .enumerate()
            .map(|(at, input)| {
                let sets = |row: &Row| {
                    row.cells.get(at).map_or_else(Default::default, |cell| {
                        (cell.must.intersection(&input.domain), cell.may.intersection(&input.domain))
                    })
                };
                let rows = table.rows.iter().map(sets).collect();
                Self::new(Some(at), input.scale.clone(), Some(input.ty.clone()), &input.domain, rows)
            })
            .collect();
        if table.rows.iter().any(|row| row.from.is_some() || row.until.is_some()) {
            let domain = Scale::Date.domain();
            let sets = |row: &Row| {
                let low = row.from.map_or(Cut::Least, |date| Cut::before(Point::Steps(days(date))));
                let high = row.until.map_or(Cut::Most, |date| Cut::after(Point::Steps(days(date))));
                let set = Set::range(low, high).intersection(&domain);
                (set.clone(), set)
            };
            let rows = table.rows.iter().map(sets).collect();
            axes.push(Self::new(None, Scale::Date, None, &domain, rows));
        }
        axes.sort_by_cached_key(|axis| axis.rows.iter().filter(|reach| reach.must == axis.domain).count());
        axes
    }

    fn new(column: Option<usize>, scale: Scale, ty: Option<Type>, domain: &Set, rows: Vec<(Set, Set)>) -> Self {
        let sets = rows.iter().flat_map(|(must, may)| [must, may]).chain([domain]);
        let mut cuts: Vec<_> =
            sets.flat_map(|set| set.ranges.iter().flat_map(|(low, high)| [low, high])).cloned().collect();
        cuts.sort();
        cuts.dedup();
        let mut axis = Self { column, scale, ty, cuts, domain: Vec::new(), rows: Vec::new() };
        axis.domain = axis.spans(domain);
        axis.rows = rows.iter().map(|(must, may)| Reach { must: axis.spans(must), may: axis.spans(may) }).collect();
        axis
    }

    fn spans(&self, set: &Set) -> Vec<Span> {
        let region = |cut: &Cut| u32::try_from(self.cuts.partition_point(|known| known < cut) + 1).unwrap_or(u32::MAX);
        let ranges = set.ranges.iter().map(|(low, high)| (region(low), region(high)));
        set.null.then_some((0, 1)).into_iter().chain(ranges).collect()
    }

    fn cut(&self, at: u32) -> Option<&Cut> {
        self.cuts.get(usize::try_from(at).ok()?)
    }

    /// The cuts around the regions `span`, which are not `null`.
    pub(super) fn cuts(&self, span: Span) -> Option<(&Cut, &Cut)> {
        Some((self.cut(span.0.checked_sub(1)?)?, self.cut(span.1.checked_sub(1)?)?))
    }

    /// A value in the region; `None` if there is none, as between two decimals that are neighbours.
    fn example(&self, region: u32) -> Option<Value> {
        if region == 0 {
            return Some(Value::Null);
        }
        if self.scale == Scale::Opaque {
            // Its cells are `-` or conditions: which value stands here changes nothing that is certain.
            return Some(match &self.ty {
                Some(Type::List(_)) => Value::list([]),
                Some(Type::Map(..)) => Value::Map(Default::default()),
                _ => Value::record::<&str>([]),
            });
        }
        let (low, high) = self.cuts((region, region + 1))?;
        self.scale.value(&self.scale.example(low, high)?)
    }

    /// A value in one of the spans, rather not `null`, and rather one that reads well.
    pub(super) fn example_in(&self, spans: &[Span]) -> Option<Value> {
        if matches!(self.scale, Scale::Text | Scale::Person) {
            let ranges = spans.iter().filter_map(|span| self.cuts(*span));
            let ranges = ranges.map(|(low, high)| Set::range(low.clone(), high.clone()));
            let set = Set::union(ranges);
            let plain = ["x", "other"].map(|text| Point::Text(text.into()));
            if let Some(point) = plain.iter().find(|point| set.contains(Some(point))) {
                return self.scale.value(point);
            }
        }
        // The whole stretch may hold a better example than its first region.
        let joined = spans.iter().filter(|span| span.0 > 0).find_map(|span| {
            let (low, high) = self.cuts(*span)?;
            self.scale.value(&self.scale.example(low, high)?)
        });
        joined.or_else(|| {
            let regions = || spans.iter().flat_map(|(start, end)| *start..*end);
            regions()
                .filter(|region| *region > 0)
                .find_map(|region| self.example(region))
                .or_else(|| regions().find(|region| *region == 0).map(|_| Value::Null))
        })
    }

    /// Whether a value lies in one of the spans.
    pub(super) fn is_real(&self, spans: &[Span]) -> bool {
        !spans.is_empty() && self.example_in(spans).is_some()
    }
}

/// The regions that are in both.
pub(super) fn common(a: &[Span], b: &[Span]) -> Vec<Span> {
    let (mut i, mut j, mut out) = (0, 0, Vec::new());
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        let (low, high) = (left.0.max(right.0), left.1.min(right.1));
        if low < high {
            out.push((low, high));
        }
        if left.1 <= right.1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    out
}

/// Whether they meet.
pub(super) fn meet(a: &[Span], b: &[Span]) -> bool {
    let (mut i, mut j) = (0, 0);
    while let (Some(left), Some(right)) = (a.get(i), b.get(j)) {
        if left.0.max(right.0) < left.1.min(right.1) {
            return true;
        }
        if left.1 <= right.1 {
            i += 1;
        } else {
            j += 1;
        }
    }
    false
}

/// Whether `a` holds all of `b`.
pub(super) fn holds(a: &[Span], b: &[Span]) -> bool {
    b.iter().all(|part| {
        let mut from = part.0;
        for span in a {
            if span.0 <= from && from < span.1 {
                from = span.1;
            }
        }
        from >= part.1
    })
}

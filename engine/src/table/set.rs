//! Sets of a column's values, as sorted ranges between cuts.
//!
//! A cut lies between two neighbouring values, so that `[5..` begins before 5 and `(5..` after it. Where values have
//! steps (whole numbers, money at 0.0001), after 5 is before the next one: `<= 5` and `>= 6` leave no gap there.

use std::sync::Arc;

use rust_decimal::Decimal;

/// A value of an ordered column; all values of one column are of one kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Point {
    /// One of equidistant values.
    Steps(i64),
    /// A decimal.
    Number(Decimal),
    /// Text, by bytes.
    Text(Arc<str>),
}

/// A place between values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cut {
    /// Before all values.
    Least,
    /// Before the value, or after it.
    At(Point, bool),
    /// After all values.
    Most,
}

impl Cut {
    pub(super) fn before(point: Point) -> Self {
        if point == Point::Steps(i64::MIN) { Self::Least } else { Self::At(point, false) }
    }

    pub(super) fn after(point: Point) -> Self {
        match point {
            Point::Steps(n) => n.checked_add(1).map_or(Self::Most, |n| Self::At(Point::Steps(n), false)),
            point => Self::At(point, true),
        }
    }
}

/// What is between two cuts.
pub(super) type Range = (Cut, Cut);

/// A set of values, perhaps with `null`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(super) struct Set {
    /// Whether `null` is in it.
    pub(super) null: bool,
    /// Sorted, apart from each other, none empty.
    pub(super) ranges: Vec<Range>,
}

impl Set {
    /// Everything, `null` too.
    pub(super) fn all() -> Self {
        Self { null: true, ..Self::range(Cut::Least, Cut::Most) }
    }

    pub(super) fn null() -> Self {
        Self { null: true, ranges: Vec::new() }
    }

    /// What is between `low` and `high`; nothing if they are the wrong way round.
    pub(super) fn range(low: Cut, high: Cut) -> Self {
        Self { null: false, ranges: if low < high { vec![(low, high)] } else { Vec::new() } }
    }

    pub(super) fn point(point: Point) -> Self {
        Self::range(Cut::before(point.clone()), Cut::after(point))
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.null && self.ranges.is_empty()
    }

    /// Whether the value is in it; `None` is `null`.
    pub(super) fn contains(&self, point: Option<&Point>) -> bool {
        let Some(point) = point else { return self.null };
        let cut = Cut::before(point.clone());
        let after = self.ranges.partition_point(|range| range.0 <= cut);
        after.checked_sub(1).and_then(|at| self.ranges.get(at)).is_some_and(|range| cut < range.1)
    }

    pub(super) fn union(sets: impl IntoIterator<Item = Self>) -> Self {
        let (mut null, mut all) = (false, Vec::new());
        for set in sets {
            null |= set.null;
            all.extend(set.ranges);
        }
        all.sort();
        let mut ranges: Vec<Range> = Vec::with_capacity(all.len());
        for (low, high) in all {
            match ranges.last_mut() {
                Some(last) if low <= last.1 => last.1 = high.max(last.1.clone()),
                _ => ranges.push((low, high)),
            }
        }
        Self { null, ranges }
    }

    /// Everything else.
    pub(super) fn complement(&self) -> Self {
        let (mut ranges, mut low) = (Vec::with_capacity(self.ranges.len() + 1), Cut::Least);
        for (start, end) in &self.ranges {
            if low < *start {
                ranges.push((low, start.clone()));
            }
            low = end.clone();
        }
        if low < Cut::Most {
            ranges.push((low, Cut::Most));
        }
        Self { null: !self.null, ranges }
    }

    /// What is in both.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let (mut ranges, mut a, mut b) = (Vec::new(), self.ranges.iter().peekable(), other.ranges.iter().peekable());
        while let (Some(left), Some(right)) = (a.peek(), b.peek()) {
            let (low, high) = (left.0.clone().max(right.0.clone()), left.1.clone().min(right.1.clone()));
            let left_ends = left.1 <= right.1;
            if low < high {
                ranges.push((low, high));
            }
            if left_ends {
                a.next();
            } else {
                b.next();
            }
        }
        Self { null: self.null && other.null, ranges }
    }
}

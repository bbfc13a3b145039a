//! Compiled cells. A cell of constants is a set of values; another is evaluated, and the analysis knows only what it
//! must and may match.

use super::scale::Scale;
use super::set::{Cut, Point, Set};
use super::unary::Op;
use crate::diagnostic::Span;
use crate::expression::{EvalError, Expr, Scope, Value, WorkingTime};

/// The name that stands for `?` in conditions: as long as it, so that places stay.
pub(super) const HOLE: &str = "_";

/// One test of a cell.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Fixed(Set),
    Compare(Op, Expr),
    Interval(Box<Expr>, bool, Box<Expr>, bool),
    Is(Expr),
    In(Expr),
    Where(Expr),
    Not(Vec<Test>),
}

/// A cell of a row.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// One of them must hold.
    tests: Vec<Test>,
    /// What it matches for sure.
    pub(super) must: Set,
    /// What it may match: all else it does not.
    pub(super) may: Set,
    pub(super) span: Span,
}

/// What surely and what perhaps matches.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) must: Set,
    pub(super) may: Set,
}

impl Bounds {
    pub(super) fn exact(set: Set) -> Self {
        Self { must: set.clone(), may: set }
    }

    /// Nothing for sure, and perhaps all but `null`, or all.
    pub(super) fn unknown(null: bool) -> Self {
        Self { must: Set::default(), may: Set { null, ..Set::all() } }
    }

    pub(super) fn any_of(bounds: Vec<Self>) -> Self {
        let (must, may): (Vec<_>, Vec<_>) = bounds.into_iter().map(|b| (b.must, b.may)).unzip();
        Self { must: Set::union(must), may: Set::union(may) }
    }

    pub(super) fn not(&self) -> Self {
        Self { must: self.may.complement(), may: self.must.complement() }
    }
}

/// The values that stand in the relation to `point`. `null` is unequal to every value and in no order with one.
pub(super) fn compared(op: Op, point: Point) -> Set {
    match op {
        Op::Less => Set::range(Cut::Least, Cut::before(point)),
        Op::LessEqual => Set::range(Cut::Least, Cut::after(point)),
        Op::Greater => Set::range(Cut::after(point), Cut::Most),
        Op::GreaterEqual => Set::range(Cut::before(point), Cut::Most),
        Op::NotEqual => Set::point(point).complement(),
    }
}

pub(super) fn between(low: Point, low_in: bool, high: Point, high_in: bool) -> Set {
    let low = if low_in { Cut::before(low) } else { Cut::after(low) };
    Set::range(low, if high_in { Cut::after(high) } else { Cut::before(high) })
}

impl Cell {
    /// `-`
    pub(super) fn any(span: Span) -> Self {
        Self { tests: Vec::new(), must: Set::all(), may: Set::all(), span }
    }

    pub(super) fn new(tests: Vec<Test>, bounds: Bounds, span: Span) -> Self {
        Self { tests, must: bounds.must, may: bounds.may, span }
    }

    /// Whether only evaluation can tell for some input.
    pub(super) fn is_open(&self) -> bool {
        self.must != self.may
    }

    /// Whether it matches `input`, which lies at `point` on the column's scale.
    pub(super) fn holds(&self, input: &Input<'_>, scope: &dyn Scope) -> Result<bool, EvalError> {
        if self.must.contains(input.point) {
            return Ok(true);
        }
        if !self.may.contains(input.point) {
            return Ok(false);
        }
        any(&self.tests, input, scope)
    }

    /// What it evaluates.
    pub(super) fn expressions(&self) -> Vec<&Expr> {
        let mut all = Vec::new();
        self.tests.iter().for_each(|test| test.expressions(&mut all));
        all
    }

    /// As [`Cell::holds`], by the tests alone: what the sets are compared with.
    #[cfg(test)]
    pub(super) fn holds_slowly(&self, input: &Input<'_>, scope: &dyn Scope) -> Result<bool, EvalError> {
        if self.tests.is_empty() { Ok(true) } else { any(&self.tests, input, scope) }
    }
}

/// An input value, its scale and its place there; `None` for `null`, and where the column has no scale.
pub(super) struct Input<'a> {
    pub(super) value: &'a Value,
    pub(super) point: Option<&'a Point>,
    pub(super) scale: &'a Scale,
}

/// What a condition sees: the input, and what the table sees.
struct WithInput<'a> {
    input: &'a Value,
    around: &'a dyn Scope,
}

impl Scope for WithInput<'_> {
    fn get(&self, name: &str) -> Option<Value> {
        if name == HOLE { Some(self.input.clone()) } else { self.around.get(name) }
    }

    fn calendar(&self) -> Option<&dyn WorkingTime> {
        self.around.calendar()
    }
}

/// As with `||`: a test that holds decides, whatever could not be evaluated.
fn any(tests: &[Test], input: &Input<'_>, scope: &dyn Scope) -> Result<bool, EvalError> {
    let mut failed = None;
    for test in tests {
        match test.holds(input, scope) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    failed.map_or(Ok(false), Err)
}

impl Test {
    fn expressions<'t>(&'t self, all: &mut Vec<&'t Expr>) {
        match self {
            Self::Fixed(_) => {}
            Self::Compare(_, of) | Self::Is(of) | Self::In(of) | Self::Where(of) => all.push(of),
            Self::Interval(low, _, high, _) => all.extend([&**low, &**high]),
            Self::Not(tests) => tests.iter().for_each(|test| test.expressions(all)),
        }
    }

    fn holds(&self, input: &Input<'_>, scope: &dyn Scope) -> Result<bool, EvalError> {
        match self {
            Self::Fixed(set) => Ok(set.contains(input.point)),
            Self::Compare(op, to) => {
                let other = place(to, input, scope)?;
                match (input.point, other) {
                    (Some(point), Some(other)) => Ok(compared(*op, other).contains(Some(point))),
                    (point, other) => Ok(*op == Op::NotEqual && point.is_some() != other.is_some()),
                }
            }
            Self::Interval(low, low_in, high, high_in) => {
                let (low, high) = (place(low, input, scope)?, place(high, input, scope)?);
                Ok(match (low, input.point, high) {
                    (Some(low), Some(point), Some(high)) => between(low, *low_in, high, *high_in).contains(Some(point)),
                    _ => false,
                })
            }
            Self::Is(to) => Ok(place(to, input, scope)?.as_ref() == input.point),
            Self::In(list) => match list.eval(scope)? {
                Value::List(items) => {
                    for item in items.iter() {
                        if point(item, list, input)?.as_ref() == input.point {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                }
                _ => Ok(false),
            },
            Self::Where(condition) => condition.eval_bool(&WithInput { input: input.value, around: scope }),
            Self::Not(tests) => any(tests, input, scope).map(|holds| !holds),
        }
    }
}

/// Where the value of `of` lies; `None` if it is `null`.
fn place(of: &Expr, input: &Input<'_>, scope: &dyn Scope) -> Result<Option<Point>, EvalError> {
    point(&of.eval(scope)?, of, input)
}

fn point(value: &Value, of: &Expr, input: &Input<'_>) -> Result<Option<Point>, EvalError> {
    if matches!(value, Value::Null) {
        return Ok(None);
    }
    // A column without constants has the unit of what comes in.
    let scale = input.scale.with_unit_of(input.value);
    scale.point(value).map(Some).map_err(|message| EvalError { span: of.ast().span, message })
}

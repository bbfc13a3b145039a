//! Evaluation: the rows that match, and what the hit policy makes of them. What cannot be evaluated is an error, never
//! a row that does not match; but a cell that does not match decides, whatever another could not evaluate.

use std::cmp::Ordering;
use std::fmt;

use jiff::civil::Date;

use super::cell;
use super::policy::Hit;
use super::scale::Scale;
use super::set::Point;
use super::{OutputCell, Row, Table};
use crate::diagnostic::Span;
use crate::expression::{Duration, Quantity, Scope, Value};
use crate::money::Money;

/// Which rows matched, and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hits {
    /// The rows that count, from 0, in the order of the table, of `output_order` by priority. A single-hit table names
    /// the one it took; `any` all that agree.
    pub rows: Vec<usize>,
    /// What it yields.
    pub outcome: Outcome,
}

/// What a table yields, of the type [`Table::ty`].
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// No row matched and nothing holds otherwise: what that means, the caller decides.
    NoMatch,
    /// The outputs of rows.
    Matched(Value),
    /// No row matched: what holds otherwise.
    Otherwise(Value),
}

impl Hits {
    /// The value, unless nothing matched.
    #[must_use]
    pub const fn value(&self) -> Option<&Value> {
        match &self.outcome {
            Outcome::NoMatch => None,
            Outcome::Matched(value) | Outcome::Otherwise(value) => Some(value),
        }
    }
}

/// Why a table has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// Where in the file: the cell, the column or the table.
    pub span: Span,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// The rows that it is about, from 0.
    pub rows: Vec<usize>,
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

impl Table {
    /// Evaluates the inputs and then the table, on the day `date`.
    ///
    /// # Errors
    /// When something cannot be evaluated, or the rows contradict the hit policy.
    pub fn eval(&self, scope: &dyn Scope, date: Date) -> Result<Hits, EvalError> {
        let mut inputs = Vec::with_capacity(self.inputs.len());
        for input in &self.inputs {
            inputs.push(input.expr.eval(scope).map_err(|error| EvalError {
                span: input.span,
                message: format!("the input `{}`: {}", input.name, error.message),
                rows: Vec::new(),
            })?);
        }
        self.eval_inputs(&inputs, scope, date)
    }

    /// Evaluates the table for input values in the order of its columns.
    ///
    /// # Errors
    /// As [`Table::eval`].
    pub fn eval_inputs(&self, inputs: &[Value], scope: &dyn Scope, date: Date) -> Result<Hits, EvalError> {
        let points = self.points(inputs)?;
        let mut rows = Vec::new();
        let candidates: Box<dyn Iterator<Item = usize> + '_> = match &self.index {
            Some(index) => {
                let (near, rest) = index.candidates(&points);
                Box::new(Merged { near, rest })
            }
            None => Box::new(0..self.rows.len()),
        };
        for at in candidates {
            if self.row_matches(at, inputs, &points, scope, date)? {
                rows.push(at);
                if self.hit == Hit::First {
                    break;
                }
            }
        }
        self.settle(rows, scope)
    }

    /// Whether the row at `row` matches.
    ///
    /// # Errors
    /// When a cell cannot be evaluated and no other decides.
    pub fn matches(&self, row: usize, inputs: &[Value], scope: &dyn Scope, date: Date) -> Result<bool, EvalError> {
        let points = self.points(inputs)?;
        self.row_matches(row, inputs, &points, scope, date)
    }

    fn points(&self, inputs: &[Value]) -> Result<Vec<Option<Point>>, EvalError> {
        let failed = |span, message| EvalError { span, message, rows: Vec::new() };
        if inputs.len() != self.inputs.len() {
            let message = format!("{} input values were given, the table has {}", inputs.len(), self.inputs.len());
            return Err(failed(self.span, message));
        }
        let mut points = Vec::with_capacity(inputs.len());
        for (input, value) in self.inputs.iter().zip(inputs) {
            let point = match (&input.scale, value) {
                (Scale::Opaque, _) | (_, Value::Null) => None,
                (scale, value) => Some(
                    scale
                        .point(value)
                        .map_err(|message| failed(input.span, format!("the input `{}`: {message}", input.name)))?,
                ),
            };
            if input.limited.is_some() && !input.domain.contains(point.as_ref()) {
                let message = format!("the input `{}` is {value}, which its `values` do not allow", input.name);
                return Err(failed(input.span, message));
            }
            points.push(point);
        }
        Ok(points)
    }

    fn row_matches(
        &self,
        at: usize,
        inputs: &[Value],
        points: &[Option<Point>],
        scope: &dyn Scope,
        date: Date,
    ) -> Result<bool, EvalError> {
        let Some(row) = self.rows.get(at) else { return Ok(false) };
        if !row.holds_on(date) {
            return Ok(false);
        }
        let mut failed = None;
        for (((cell, column), value), point) in row.cells.iter().zip(&self.inputs).zip(inputs).zip(points) {
            let input = cell::Input { value, point: point.as_ref(), scale: &column.scale };
            match cell.holds(&input, scope) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(error) => failed = failed.or(Some((error, cell.span, &column.name))),
            }
        }
        failed.map_or(Ok(true), |(error, span, column)| {
            let message = format!("row {}, `{column}`: {}", at + 1, error.message);
            Err(EvalError { span, message, rows: vec![at] })
        })
    }

    fn settle(&self, mut rows: Vec<usize>, scope: &dyn Scope) -> Result<Hits, EvalError> {
        if self.hit == Hit::Count {
            let count = Value::Int(i64::try_from(rows.len()).unwrap_or(i64::MAX));
            return Ok(Hits { rows, outcome: Outcome::Matched(count) });
        }
        if rows.is_empty() {
            let Some(otherwise) = &self.otherwise else { return Ok(Hits { rows, outcome: Outcome::NoMatch }) };
            let record = self.record(self.outputs_of(otherwise, None, scope)?);
            let value = if self.is_list() { Value::list([record]) } else { record };
            return Ok(Hits { rows, outcome: Outcome::Otherwise(value) });
        }
        if self.hit == Hit::Unique && rows.len() > 1 {
            return Err(self.conflict(rows, "match, and the hit policy is `unique`"));
        }
        let mut outputs = Vec::with_capacity(rows.len());
        for at in &rows {
            let row = self.rows.get(*at).map_or(&[][..], |row| &row.outputs);
            outputs.push(self.outputs_of(row, Some(*at), scope)?);
        }
        let value = match self.hit {
            Hit::Any if outputs.windows(2).any(|pair| matches!(pair, [a, b] if a != b)) => {
                return Err(self.conflict(rows, "match and have different outputs, and the hit policy is `any`"));
            }
            Hit::Priority | Hit::OutputOrder => {
                let mut order = Vec::with_capacity(rows.len());
                for (at, values) in rows.iter().zip(outputs) {
                    order.push((self.rank(*at, &values)?, *at, values));
                }
                // Stable: of equal rank the earlier row goes first.
                order.sort_by(|a, b| a.0.cmp(&b.0));
                order.truncate(if self.hit == Hit::Priority { 1 } else { usize::MAX });
                rows = order.iter().map(|(_, at, _)| *at).collect();
                let mut records = order.into_iter().map(|(_, _, values)| self.record(values));
                if self.is_list() { Value::list(records) } else { records.next().unwrap_or(Value::Null) }
            }
            Hit::Sum | Hit::Min | Hit::Max => {
                let folded = self.fold(outputs.into_iter().flatten()).map_err(|message| EvalError {
                    span: self.span,
                    message: format!("`{}` of the rows that match: {message}", self.hit),
                    rows: rows.clone(),
                })?;
                self.record(vec![folded])
            }
            _ if self.is_list() => Value::list(outputs.into_iter().map(|values| self.record(values))),
            _ => self.record(outputs.into_iter().next().unwrap_or_default()),
        };
        Ok(Hits { rows, outcome: Outcome::Matched(value) })
    }

    pub(super) const fn is_list(&self) -> bool {
        !self.hit.is_single() && !self.hit.is_aggregate()
    }

    fn record(&self, values: Vec<Value>) -> Value {
        Value::record(self.outputs.iter().map(|output| output.name.clone()).zip(values))
    }

    fn outputs_of(&self, cells: &[OutputCell], row: Option<usize>, scope: &dyn Scope) -> Result<Vec<Value>, EvalError> {
        let mut values = Vec::with_capacity(cells.len());
        for (cell, output) in cells.iter().zip(&self.outputs) {
            let failed = |message: String| {
                let place = row.map_or_else(|| "otherwise".to_owned(), |at| format!("row {}", at + 1));
                let message = format!("{place}, `{}`: {message}", output.name);
                EvalError { span: cell.span, message, rows: row.into_iter().collect() }
            };
            let value = match &cell.constant {
                Some(value) => value.clone(),
                None => cell.expr.eval(scope).map_err(|error| failed(error.message))?,
            };
            if cell.constant.is_none() && !output.values.is_empty() && !output.values.contains(&value) {
                return Err(failed(format!("{value} is not among its `values`")));
            }
            values.push(value);
        }
        Ok(values)
    }

    fn conflict(&self, rows: Vec<usize>, what: &str) -> EvalError {
        let numbers: Vec<_> = rows.iter().map(|at| (at + 1).to_string()).collect();
        let message = format!("the rows {} {what}", numbers.join(", "));
        EvalError { span: self.span, message, rows }
    }

    /// The places of the outputs among their columns' `values`, for those that have some.
    fn rank(&self, at: usize, values: &[Value]) -> Result<Vec<usize>, EvalError> {
        let ordered = self.outputs.iter().zip(values).filter(|(output, _)| !output.values.is_empty());
        ordered
            .map(|(output, value)| {
                output.values.iter().position(|known| known == value).ok_or_else(|| EvalError {
                    span: output.span,
                    message: format!("row {}, `{}`: {value} is not among its `values`", at + 1, output.name),
                    rows: vec![at],
                })
            })
            .collect()
    }

    /// The rank of a row whose ordered outputs are constants.
    pub(super) fn fixed_rank(&self, row: &Row) -> Option<Vec<usize>> {
        let values: Option<Vec<_>> = row.outputs.iter().map(|cell| cell.constant.clone()).collect();
        self.rank(0, &values?).ok()
    }

    fn fold(&self, values: impl Iterator<Item = Value>) -> Result<Value, String> {
        let mut values = values;
        let first = values.next().unwrap_or(Value::Null);
        values.try_fold(first, |sum, value| match self.hit {
            Hit::Sum => add(&sum, &value),
            hit => {
                let ty = self.outputs.first().map_or(Scale::Opaque, |output| Scale::of(&output.field.ty));
                let scale = ty.with_unit_of(&sum);
                let wanted = if hit == Hit::Min { Ordering::Less } else { Ordering::Greater };
                let order = scale.point(&value)?.cmp(&scale.point(&sum)?);
                Ok(if order == wanted { value } else { sum })
            }
        })
    }
}

impl Row {
    pub(super) fn holds_on(&self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date <= until)
    }
}

/// The exact sum.
fn add(a: &Value, b: &Value) -> Result<Value, String> {
    let large = || "the sum is too large".to_owned();
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(large),
        (Value::Decimal(a), Value::Decimal(b)) => a.checked_add(*b).map(Value::Decimal).ok_or_else(large),
        (Value::Money(a), Value::Money(b)) if a.currency == b.currency => {
            let units = a.units.checked_add(b.units).ok_or_else(large)?;
            Ok(Value::Money(Money { units, currency: a.currency }))
        }
        (Value::Quantity(a), Value::Quantity(b)) if a.unit == b.unit => {
            let units = a.units.checked_add(b.units).ok_or_else(large)?;
            Ok(Value::Quantity(Quantity { units, unit: a.unit.clone() }))
        }
        (Value::Duration(Duration::Elapsed(a)), Value::Duration(Duration::Elapsed(b))) => {
            a.checked_add(*b).map(|sum| Value::Duration(Duration::Elapsed(sum))).ok_or_else(large)
        }
        (Value::Duration(Duration::Working(a, unit)), Value::Duration(Duration::Working(b, other)))
            if unit == other =>
        {
            a.checked_add(*b).map(|sum| Value::Duration(Duration::Working(sum, *unit))).ok_or_else(large)
        }
        _ => Err(format!("{a} and {b} cannot be added")),
    }
}

/// Two ascending lists as one.
struct Merged<'a> {
    near: &'a [u32],
    rest: &'a [u32],
}

impl Iterator for Merged<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let from_near = match (self.near.first(), self.rest.first()) {
            (Some(a), Some(b)) => a <= b,
            (near, _) => near.is_some(),
        };
        let list = if from_near { &mut self.near } else { &mut self.rest };
        let (first, others) = list.split_first()?;
        *list = others;
        usize::try_from(*first).ok()
    }
}

//! Input cells: texts become tests, and constants become sets.

use jiff::civil::Date;

use super::{Checker, Column, constant, has_value};
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::expression::{self, Expr, Field, Type, Value};
use crate::table::cell::{Bounds, Cell, HOLE, Test, between, compared};
use crate::table::codes;
use crate::table::file::Text;
use crate::table::scale::Scale;
use crate::table::set::{Point, Set};
use crate::table::unary::{self, Item, Kind, Op, Part};

/// The expression's codes for an unknown name and for syntax.
const UNKNOWN_NAME: &str = "FLX0110";
const SYNTAX: &str = "FLX0105";

/// After so many findings the rest of a cell is not looked at.
const MAX_FINDINGS: usize = 20;

/// A part of a cell: a constant's point, `null`, or an expression for later.
enum Operand {
    Point(Point),
    Null,
    Open(Expr),
    /// A list of values, and whether it is for later.
    List(Expr),
}

impl Checker<'_> {
    pub(super) fn cell(&mut self, text: &Text, column: &mut Column) -> Option<Cell> {
        let items = match unary::parse(&text.value.text) {
            Ok(items) => items,
            Err(findings) => {
                self.place(text, Span::default(), false, findings);
                return None;
            }
        };
        if items.is_empty() {
            return Some(Cell::any(text.span));
        }
        if let Some(joined) = thousands(&text.value.text, &column.input.ty) {
            let message = "a comma separates two tests";
            self.error(codes::CELL, text.span, message, format!("numbers have no separators: write `{joined}`"));
            return None;
        }
        let mut in_cell = InCell { checker: self, text, column };
        let (tests, bounds) = in_cell.tests(&items)?;
        Some(Cell::new(tests, bounds, text.span))
    }
}

/// `1,000 EUR`, joined, where it can only be one number.
fn thousands(text: &str, ty: &Type) -> Option<String> {
    let numeric = matches!(ty, Type::Int | Type::Decimal | Type::Money | Type::Quantity);
    let (left, right) = text.split_once(',')?;
    let digits = right.bytes().take_while(u8::is_ascii_digit).count();
    let one = left.ends_with(|c: char| c.is_ascii_digit()) && digits == 3;
    (numeric && one).then(|| format!("{left}{right}"))
}

/// `2026-01-31`
pub(super) fn bare_date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    if shape { text.parse().ok() } else { None }
}

/// Whether it looks like a text without quotes.
fn is_words(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-' | '/' | '&'))
}

struct InCell<'c, 'a, 't> {
    checker: &'c mut Checker<'a>,
    text: &'t Text,
    column: &'c mut Column,
}

impl InCell<'_, '_, '_> {
    fn tests(&mut self, items: &[Item]) -> Option<(Vec<Test>, Bounds)> {
        let (before, mut whole) = (self.checker.found.len(), true);
        let (mut tests, mut bounds) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        for item in items {
            match self.test(item) {
                Some((test, bound)) => {
                    tests.push(test);
                    bounds.push(bound);
                }
                None if self.checker.found.len() >= before + MAX_FINDINGS => return None,
                None => whole = false,
            }
        }
        if !whole {
            return None;
        }
        Some((tests, Bounds::any_of(bounds)))
    }

    fn test(&mut self, item: &Item) -> Option<(Test, Bounds)> {
        let fixed = |set: Set| (Test::Fixed(set.clone()), Bounds::exact(set));
        match &item.kind {
            Kind::Where(part) => self.condition(part),
            Kind::Not(items) => {
                let (tests, bounds) = self.tests(items)?;
                Some((Test::Not(tests), bounds.not()))
            }
            Kind::Is(part) => Some(match self.operand(part, true)? {
                Operand::Point(point) => fixed(Set::point(point)),
                Operand::Null => {
                    self.never_null(part.span);
                    fixed(Set::null())
                }
                Operand::Open(expr) => (Test::Is(expr), Bounds::unknown(true)),
                Operand::List(expr) => self.listed(expr, part.span)?,
            }),
            Kind::Compare(op, part) => Some(match self.operand(part, false)? {
                Operand::Point(point) => fixed(compared(*op, point)),
                Operand::Null if *op == Op::NotEqual => fixed(Set::null().complement()),
                Operand::Null => fixed(Set::default()),
                Operand::Open(expr) | Operand::List(expr) => {
                    (Test::Compare(*op, expr), Bounds::unknown(*op == Op::NotEqual))
                }
            }),
            Kind::Interval(low, low_in, high, high_in) => self.interval((low, *low_in), (high, *high_in), item.span),
        }
    }

    fn never_null(&mut self, span: Span) {
        if self.column.input.nullable {
            return;
        }
        let span = self.checker.locate(self.text, span);
        let message = format!("`{}` always has a value", self.column.input.name);
        let finding = Diagnostic::warning(codes::NULL_NEVER, span, message).label("never `null`");
        self.checker.found.push(finding.help("leave `null` out"));
    }

    fn interval(&mut self, low: (&Part, bool), high: (&Part, bool), span: Span) -> Option<(Test, Bounds)> {
        let (from, to) = (self.operand(low.0, false), self.operand(high.0, false));
        let open = |operand: &Operand, part: &Part, cell: &Self| match operand {
            Operand::Open(expr) | Operand::List(expr) => Some(expr.clone()),
            Operand::Point(_) | Operand::Null => {
                let source = written(&part.text);
                let field = Field::nullable(cell.column.input.ty.clone());
                Checker::compile(cell.checker.env, source.as_deref().unwrap_or(&part.text), &field).ok()
            }
        };
        let (from, to) = (from?, to?);
        let (Operand::Point(first), Operand::Point(last)) = (&from, &to) else {
            let (from, to) = (Box::new(open(&from, low.0, self)?), Box::new(open(&to, high.0, self)?));
            let test = Test::Interval(from, low.1, to, high.1);
            return Some((test, Bounds::unknown(false)));
        };
        let set = between(first.clone(), low.1, last.clone(), high.1);
        if has_value(&set, &self.column.input.scale) {
            return Some((Test::Fixed(set.clone()), Bounds::exact(set)));
        }
        let span = self.checker.locate(self.text, span);
        let (a, b) = (&low.0.text, &high.0.text);
        let help = if first > last { format!("write `[{b}..{a}]`") } else { format!("write `[{a}..{b}]`") };
        self.checker.error(codes::EMPTY_INTERVAL, span, "no value lies in this interval", help);
        None
    }

    /// A list that the input is looked up in.
    fn listed(&mut self, expr: Expr, span: Span) -> Option<(Test, Bounds)> {
        let Some(Ok(Value::List(items))) = constant(&expr) else {
            return Some((Test::In(expr), Bounds::unknown(true)));
        };
        let points: Option<Vec<_>> = items.iter().map(|item| self.point(item, span)).collect();
        let set = Set::union(points?.into_iter().map(Set::point));
        Some((Test::Fixed(set.clone()), Bounds::exact(set)))
    }

    fn condition(&mut self, part: &Part) -> Option<(Test, Bounds)> {
        let expr = match expression::compile(&part.text, &self.column.env, &Type::Bool) {
            Ok(expr) => expr,
            Err(findings) => {
                self.checker.place(self.text, Span::new(part.span.start, part.span.end), false, findings);
                return None;
            }
        };
        self.checker.place(self.text, part.span, false, expr.warnings().to_vec());
        let mut bounds = Bounds::unknown(true);
        if expr.fields_read().iter().all(|path| path.split('.').next() == Some(HOLE)) {
            // Where the values can be counted, the condition is asked for each.
            let ask = |value: Value| expr.eval_bool(&|name: &str| (name == HOLE).then(|| value.clone())).ok();
            match ask(Value::Null).filter(|_| self.column.input.nullable) {
                Some(true) => bounds.must.null = true,
                Some(false) => bounds.may.null = false,
                None => {}
            }
            if self.column.input.scale == Scale::Bool
                && let (Some(no), Some(yes)) = (ask(Value::Bool(false)), ask(Value::Bool(true)))
            {
                let points = [(no, 0), (yes, 1)].into_iter().filter(|(holds, _)| *holds);
                let set = Set::union(points.map(|(_, n)| Set::point(Point::Steps(n))));
                bounds.must.ranges.clone_from(&set.ranges);
                bounds.may.ranges = set.ranges;
            }
        }
        Some((Test::Where(expr), bounds))
    }

    fn operand(&mut self, part: &Part, lists: bool) -> Option<Operand> {
        if part.text == "null" {
            return Some(Operand::Null);
        }
        let ty = self.column.input.ty.clone();
        if self.column.input.scale == Scale::Opaque {
            let span = self.checker.locate(self.text, part.span);
            let message = format!("a value of type {ty} is tested by a condition on `?`");
            self.checker.error(codes::COLUMN_TYPE, span, message, "write one such as `?.size() > 0`, or `-`");
            return None;
        }
        let replaced = written(&part.text);
        let source = replaced.as_deref().unwrap_or(&part.text);
        let field = Field::nullable(ty.clone());
        let findings = match Checker::compile(self.checker.env, source, &field) {
            Ok(expr) => return self.known(expr, part),
            Err(findings) => findings,
        };
        let list = Field::nullable(Type::list(ty));
        if lists && let Ok(expr) = Checker::compile(self.checker.env, source, &list) {
            return Some(Operand::List(expr));
        }
        let findings = self.explained(part, findings);
        self.checker.place(self.text, part.span, replaced.is_some(), findings);
        None
    }

    fn known(&mut self, expr: Expr, part: &Part) -> Option<Operand> {
        match constant(&expr) {
            None => Some(Operand::Open(expr)),
            Some(Ok(Value::Null)) => Some(Operand::Null),
            Some(Ok(value)) => self.point(&value, part.span).map(Operand::Point),
            Some(Err(error)) => {
                let replaced = written(&part.text).is_some();
                self.checker.place(self.text, part.span, replaced, vec![error.to_diagnostic()]);
                None
            }
        }
    }

    /// The point of a constant, in the unit of the column.
    fn point(&mut self, value: &Value, inner: Span) -> Option<Point> {
        let scale = self.column.input.scale.with_unit_of(value);
        match scale.point(value) {
            Ok(point) => {
                if scale != self.column.input.scale {
                    self.column.unit = Some(self.checker.locate(self.text, inner));
                }
                self.column.input.scale = scale;
                Some(point)
            }
            Err(message) => {
                let span = self.checker.locate(self.text, inner);
                let mut finding = Diagnostic::error(codes::MIXED_UNITS, span, message).label("another unit");
                if let Some(first) = self.column.unit {
                    finding = finding.related(first, format!("the column is in {}", scale.unit()));
                }
                let help = "amounts of two units have no order: make a table, or a column, for each";
                self.checker.found.push(finding.help(help));
                None
            }
        }
    }

    /// The findings of a value, where what was meant can be guessed.
    fn explained(&self, part: &Part, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let text = part.text.as_str();
        let errors = || findings.iter().filter(|finding| finding.severity == Severity::Error);
        let unknown = errors().any(|finding| finding.code == UNKNOWN_NAME || finding.code == SYNTAX);
        let whole = Span::new(0, text.len());
        let known = self.checker.env.iter().any(|(name, _)| name == text);
        if self.column.input.ty == Type::Text && unknown && is_words(text) && !known {
            let message = format!("`{text}` is no name, and a text has quotes");
            let help = format!("write `\"{text}\"`, in YAML '\"{text}\"'");
            return vec![Diagnostic::error(codes::BARE_WORD, whole, message).label("no quotes").help(help)];
        }
        let truth = match text.to_lowercase().as_str() {
            "yes" | "y" | "true" | "on" => Some("true"),
            "no" | "n" | "false" | "off" => Some("false"),
            _ => None,
        };
        if let (Type::Bool, Some(truth)) = (&self.column.input.ty, truth) {
            let message = format!("`{text}` is not a truth");
            return vec![Diagnostic::error(codes::CELL, whole, message).help(format!("write `{truth}`"))];
        }
        findings
    }
}

/// What stands for a bare date or instant in our expressions.
fn written(text: &str) -> Option<String> {
    if bare_date(text).is_some() {
        return Some(format!("date(\"{text}\")"));
    }
    let (day, time) = text.split_once('T')?;
    let instant = bare_date(day).is_some() && time.bytes().all(|b| b.is_ascii_digit() || b":.Z+-".contains(&b));
    instant.then(|| format!("timestamp(\"{text}\")"))
}

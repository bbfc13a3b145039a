//! From the mirror to the table: every cell is compiled and checked, and nothing stops at a mistake.

mod cells;
mod outputs;

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::cell::{Cell, HOLE};
use super::codes;
use super::file::{File, InputFile, RowFile, Text};
use super::index::Index;
use super::scale::Scale;
use super::set::{Cut, Point, Set};
use super::{Input, Output, Row, Table};
use crate::diagnostic::{Diagnostic, Fix, Severity, Span};
use crate::expression::{self, Env, Expr, Field, Type};

/// The expression's codes for an unknown name and an unknown field.
const UNKNOWN: [&str; 2] = ["FLX0110", "FLX0111"];

pub(super) struct Checker<'a> {
    source: &'a str,
    env: &'a Env,
    found: &'a mut Vec<Diagnostic>,
}

/// An input column while it is checked.
struct Column {
    input: Input,
    /// The names that a condition in it sees.
    env: Env,
    /// Where its unit was first said.
    unit: Option<Span>,
}

/// The table of `file`, unless something in it is wrong.
pub(super) fn table(name: &str, file: &File, source: &str, env: &Env, found: &mut Vec<Diagnostic>) -> Option<Table> {
    let before = found.len();
    let mut checker = Checker { source, env, found };
    let mut columns: Vec<_> = file.inputs.iter().map(|input| checker.column(input)).collect();
    let outputs: Vec<_> = file.outputs.iter().map(|output| checker.output(output)).collect();
    checker.policy(file, &outputs);
    let mut rows = Vec::with_capacity(file.rows.len());
    for row in &file.rows {
        rows.extend(checker.row(row, &mut columns, &outputs));
    }
    checker.one_unit(file.hit.value, &outputs, &rows);
    let otherwise = file.otherwise.as_ref().map(|cells| checker.output_cells(cells, &outputs));
    let complete = rows.len() == file.rows.len();
    if !complete || found.iter().skip(before).any(|finding| finding.severity == Severity::Error) {
        return None;
    }
    let inputs = columns.into_iter().map(|column| Some(column?.input)).collect::<Option<Vec<_>>>()?;
    let outputs = outputs.into_iter().collect::<Option<Vec<_>>>()?;
    let otherwise = match otherwise {
        Some(cells) => Some(cells?),
        None => None,
    };
    let index = Index::of(&inputs, &rows);
    let hit = file.hit.value;
    let (name, span, fields) = (name.to_owned(), file.owner, BTreeSet::new());
    let mut table = Table { name, hit, inputs, outputs, rows, otherwise, index, fields, span };
    table.fields = table.fields();
    Some(table)
}

impl Checker<'_> {
    fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        help: impl Into<crate::diagnostic::Help>,
    ) {
        self.found.push(Diagnostic::error(code, span, message).help(help));
    }

    /// Reports the findings of an expression that stands at `inner` of `text`. A replaced text (a bare date) has no
    /// places of its own.
    fn place(&mut self, text: &Text, inner: Span, replaced: bool, findings: Vec<Diagnostic>) {
        for mut finding in findings {
            let moved = |span: Span| {
                let span = if replaced { inner } else { span.shifted(inner.start) };
                text.value.locate(self.source, text.span, span)
            };
            finding.fix = finding.fix.take().and_then(|fix| {
                let span = moved(fix.span);
                let old = text.value.text.get(inner.start + fix.span.start..inner.start + fix.span.end)?;
                let same = !replaced && self.source.get(span.start..span.end) == Some(old);
                // In quotes a text without any is read as it stands.
                let quoted = self.source.get(text.span.start..)?.starts_with(['"', '\'']);
                (same && quoted && !fix.text.contains(['"', '\'', '\\'])).then_some(Fix { span, ..fix })
            });
            finding.relocate(moved);
            for words in [&mut finding.message, &mut finding.help, &mut finding.label] {
                *words = words.replace(&format!("`{HOLE}"), "`?").replace(&format!("&& {HOLE}"), "&& ?");
            }
            self.found.push(finding);
        }
    }

    fn locate(&self, text: &Text, inner: Span) -> Span {
        text.value.locate(self.source, text.span, inner)
    }

    fn column(&mut self, file: &InputFile) -> Option<Column> {
        let text = &file.value.value.text;
        let whole = Span::new(0, text.len());
        let compiled = expression::infer(text, self.env)
            .and_then(|field| Ok((expression::compile_nullable(text, self.env, &field.ty)?, field)));
        let (expr, field) = match compiled {
            Ok((expr, field)) => (expr, field),
            Err(findings) => {
                self.place(&file.value, Span::default(), false, findings);
                return None;
            }
        };
        if field.ty == Type::Null {
            let span = self.locate(&file.value, whole);
            let help = "give an expression that has a value, such as po.amount";
            self.error(codes::COLUMN_TYPE, span, "a column that is always `null` tests nothing", help);
            return None;
        }
        self.place(&file.value, Span::default(), false, expr.warnings().to_vec());
        let hole = if field.nullable {
            self.env.clone().with_nullable(HOLE, field.ty.clone())
        } else {
            self.env.clone().with(HOLE, field.ty.clone())
        };
        let scale = Scale::of(&field.ty);
        let mut domain = scale.domain();
        if expr.is_size() {
            domain = domain.intersection(&Set::range(Cut::before(Point::Steps(0)), Cut::Most));
        }
        domain.null = field.nullable;
        let name = file.name.value.as_str().into();
        let span = file.name.span;
        let input = Input { name, expr, ty: field.ty, nullable: field.nullable, scale, domain, limited: None, span };
        let mut column = Column { input, env: hole, unit: None };
        if let Some(values) = &file.values {
            self.limit(&mut column, values);
        }
        Some(column)
    }

    /// What the author says can come in.
    fn limit(&mut self, column: &mut Column, text: &Text) {
        let Some(cell) = self.cell(text, column) else { return };
        let allowed = cell.must.intersection(&column.input.domain);
        if cell.is_open() || allowed.is_empty() {
            let message = "the values that a column allows are constants, at least one";
            self.error(codes::VALUES, text.span, message, "write a test of constants, such as \">= 0\"");
            return;
        }
        // `null` belongs to what the field allows, unless the author says that it does not occur.
        column.input.limited = Some(text.span);
        column.input.domain = allowed;
    }

    fn row(&mut self, row: &RowFile, columns: &mut [Option<Column>], outputs: &[Option<Output>]) -> Option<Row> {
        let mut cells = Vec::with_capacity(columns.len());
        for (text, column) in row.inputs.iter().zip(columns) {
            let cell = text.as_ref().zip(column.as_mut()).and_then(|(text, column)| self.cell(text, column));
            cells.push(cell);
        }
        row.strays.iter().for_each(|text| self.stray(text));
        let outputs = self.output_cells(&row.outputs, outputs);
        let (from, until) = (self.date(row.from.as_ref()), self.date(row.until.as_ref()));
        if let (Ok(Some(from)), Ok(Some(until)), Some(text)) = (from, until, &row.until)
            && from > until
        {
            let message = format!("the row ends on {until}, before it begins on {from}");
            let first = row.from.as_ref().map_or(row.span, |text| text.span);
            self.found.push(
                Diagnostic::error(codes::DATES, text.span, message)
                    .related(first, "begins here")
                    .help(format!("write from: {until}, until: {from}")),
            );
            return None;
        }
        let cells = cells.into_iter().collect::<Option<Vec<Cell>>>()?;
        let (from, until) = (from.ok()?, until.ok()?);
        Some(Row { cells, outputs: outputs?, from, until, note: row.note.as_deref().map(Into::into), span: row.span })
    }

    /// A cell whose column is not known: names that there are nowhere are wrong in each.
    fn stray(&mut self, text: &Text) {
        let written = &text.value.text;
        let Err(mut findings) = expression::infer(written, self.env) else { return };
        if findings.iter().all(|finding| UNKNOWN.contains(&finding.code)) {
            outputs::with_quotes(&mut findings, written);
            self.place(text, Span::default(), false, findings);
        }
    }

    fn date(&mut self, text: Option<&Text>) -> Result<Option<Date>, ()> {
        let Some(text) = text else { return Ok(None) };
        let written = text.value.text.trim();
        if let Some(date) = cells::bare_date(written) {
            return Ok(Some(date));
        }
        let message = format!("`{written}` is not a date");
        self.error(codes::DATES, text.span, message, "write year, month and day: 2026-12-31");
        Err(())
    }

    /// Compiles a part of a cell; findings are returned in places of the part.
    fn compile(env: &Env, part: &str, field: &Field) -> Result<Expr, Vec<Diagnostic>> {
        if field.nullable {
            expression::compile_nullable(part, env, &field.ty)
        } else {
            expression::compile(part, env, &field.ty)
        }
    }
}

/// The value of an expression that reads nothing: no field, and no calendar, which may be another one tomorrow.
fn constant(expr: &Expr) -> Option<Result<expression::Value, expression::EvalError>> {
    (expr.fields_read().is_empty() && !expr.asks_calendar()).then(|| expr.eval(&|_: &str| None))
}

/// Whether the set has a value, as far as the scale can show one.
fn has_value(set: &Set, scale: &Scale) -> bool {
    set.null || set.ranges.iter().any(|(low, high)| scale.example(low, high).is_some())
}

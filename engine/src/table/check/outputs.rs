//! Outputs: their columns, their cells, and what the hit policy needs of them.

use super::{Checker, constant};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::{Env, Field, Type, Value};
use crate::table::file::{File, OutputFile, Text};
use crate::table::policy::Hit;
use crate::table::scale::Scale;
use crate::table::{Output, OutputCell, Row, codes};

/// A word that is no name was meant to be a text.
pub(super) fn with_quotes(findings: &mut [Diagnostic], written: &str) {
    let unknown = |finding: &&mut Diagnostic| finding.code == "FLX0110" && !finding.help.contains("similar");
    for finding in findings.iter_mut().filter(unknown) {
        finding.help = format!("a text in a cell has quotes: '\"{}\"'", written.trim());
    }
}

impl Checker<'_> {
    pub(super) fn output(&mut self, file: &OutputFile) -> Option<Output> {
        let written = file.ty.value.trim();
        let (bare, nullable) = written.strip_suffix('?').map_or((written, false), |bare| (bare.trim_end(), true));
        let ty = match Type::parse(bare) {
            Ok(ty) => ty,
            Err(message) => {
                let (message, help) = message.split_once(": ").unwrap_or((&message, "write a type such as text"));
                self.error(codes::COLUMN_TYPE, file.ty.span, message, help);
                return None;
            }
        };
        let field = Field { ty, nullable };
        let mut values = Vec::with_capacity(file.values.len());
        for text in &file.values {
            values.extend(self.allowed(text, &field));
        }
        Some(Output { name: file.name.value.as_str().into(), field, values, span: file.name.span })
    }

    /// One of the values that an output may have. Texts may stand without quotes of their own.
    fn allowed(&mut self, text: &Text, field: &Field) -> Option<Value> {
        let written = text.value.text.trim();
        if field.ty == Type::Text && !written.starts_with(['"', '\'']) {
            return Some(Value::text(written));
        }
        let expr = match Self::compile(&Env::new(), written, field) {
            Ok(expr) => expr,
            Err(findings) => {
                self.place(text, Span::default(), false, findings);
                return None;
            }
        };
        match constant(&expr)? {
            Ok(value) => Some(value),
            Err(error) => {
                self.place(text, Span::default(), false, vec![error.to_diagnostic()]);
                None
            }
        }
    }

    pub(super) fn output_cells(
        &mut self,
        cells: &[Option<Text>],
        outputs: &[Option<Output>],
    ) -> Option<Vec<OutputCell>> {
        let compiled: Vec<_> = cells
            .iter()
            .zip(outputs)
            .map(|(text, output)| text.as_ref().zip(output.as_ref()).and_then(|(t, o)| self.output_cell(t, o)))
            .collect();
        compiled.into_iter().collect()
    }

    fn output_cell(&mut self, text: &Text, output: &Output) -> Option<OutputCell> {
        let written = text.value.text.as_str();
        let date = super::cells::bare_date(written.trim()).map(|date| format!("date(\"{date}\")"));
        let source = date.as_deref().unwrap_or(written);
        let expr = match Self::compile(self.env, source, &output.field) {
            Ok(expr) => expr,
            Err(mut findings) => {
                if output.field.ty == Type::Text {
                    with_quotes(&mut findings, written);
                }
                self.place(text, Span::default(), date.is_some(), findings);
                return None;
            }
        };
        self.place(text, Span::default(), date.is_some(), expr.warnings().to_vec());
        let constant = match constant(&expr) {
            None => None,
            Some(Ok(value)) => Some(value),
            Some(Err(error)) => {
                self.place(text, Span::default(), date.is_some(), vec![error.to_diagnostic()]);
                return None;
            }
        };
        if let Some(value) = &constant
            && !output.values.is_empty()
            && !output.values.contains(value)
        {
            let message = format!("{value} is not among the values of `{}`", output.name);
            let all: Vec<_> = output.values.iter().map(|value| format!("`{value}`")).collect();
            let finding =
                Diagnostic::error(codes::NOT_ALLOWED, text.span, message).related(output.span, "its `values`");
            self.found.push(finding.help(format!("write {}, or add it to `values`", all.join(" or "))));
            return None;
        }
        Some(OutputCell { expr, constant, span: text.span })
    }

    /// Constants that are to be added or compared have one unit.
    pub(super) fn one_unit(&mut self, hit: Hit, outputs: &[Option<Output>], rows: &[Row]) {
        let (true, [Some(output)]) = (matches!(hit, Hit::Sum | Hit::Min | Hit::Max), outputs) else { return };
        let (mut scale, mut first) = (Scale::of(&output.field.ty), None);
        for cell in rows.iter().filter_map(|row| row.outputs.first()) {
            let Some(value) = &cell.constant else { continue };
            scale = scale.with_unit_of(value);
            match (scale.point(value), first) {
                (Ok(_), None) => first = Some(cell.span),
                (Err(message), Some(first)) => {
                    let finding = Diagnostic::error(codes::MIXED_UNITS, cell.span, message).label("another unit");
                    let help = format!("`{hit}` needs one unit: make a table for each");
                    self.found.push(finding.related(first, format!("this is in {}", scale.unit())).help(help));
                }
                _ => {}
            }
        }
    }

    /// What the hit policy needs.
    pub(super) fn policy(&mut self, file: &File, outputs: &[Option<Output>]) {
        let hit = file.hit.value;
        if hit.is_ordered() && outputs.iter().flatten().all(|output| output.values.is_empty()) {
            let name = file.outputs.first().map_or("level", |output| output.name.value.as_str());
            let help = format!("say the order, first the one that wins: {name}: {{ type: text, values: [high, low] }}");
            let message = format!("`{hit}` takes its order from an output's `values`, and there are none");
            self.error(codes::PRIORITY, file.hit.span, message, help);
        }
        if hit == Hit::Count && file.otherwise.is_some() {
            let help = "leave `otherwise` out: where no row matches, the count is 0";
            self.error(codes::AGGREGATE, file.hit.span, "a count has no `otherwise`", help);
        }
        if !matches!(hit, Hit::Sum | Hit::Min | Hit::Max) {
            return;
        }
        let [only] = outputs else {
            let help = "leave one output, or write `collect` for a list";
            self.error(codes::AGGREGATE, file.hit.span, format!("`{hit}` needs exactly one output"), help);
            return;
        };
        let Some(output) = only else { return };
        let number =
            matches!(output.field.ty, Type::Int | Type::Decimal | Type::Money | Type::Quantity | Type::Duration);
        let ordered = number || matches!(output.field.ty, Type::Text | Type::Date | Type::Timestamp | Type::Bool);
        if output.field.nullable || !(number || (ordered && hit != Hit::Sum)) {
            let nullable = if output.field.nullable { "?" } else { "" };
            let message = format!("`{hit}` cannot be taken of {}{nullable}", output.field.ty);
            let help = "give the output a type that has an order: int, decimal, money, quantity or duration";
            self.error(codes::AGGREGATE, output.span, message, help);
        }
    }
}

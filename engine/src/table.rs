//! Decision tables: rows of tests over inputs, with outputs; DMN's decision tables in YAML.
//!
//! [`compile`] reads a table, checks every cell and proves what it can: gaps, overlaps, rows that are never chosen, each
//! with a witness that was evaluated before it is told. Always: any text gives a table or findings, all in one pass;
//! numbers are exact; nothing here knows a clock. Columns are taken to be independent of each other: where two read the
//! same field, a gap or an overlap is a warning.
//!
//! Start at `file.rs` (the form), `unary.rs` (cells), `check.rs` (types); then `eval.rs`, and `analysis.rs` for the proofs.

mod analysis;
mod cell;
mod check;
mod codes;
mod eval;
mod file;
mod index;
mod policy;
mod scale;
mod set;
#[cfg(test)]
mod tests;
mod unary;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

pub use analysis::{Analysis, MAX_STEPS, Witness};
pub use codes::CODES;
pub use eval::{EvalError, Hits, Outcome};
pub(crate) use file::{INPUT, OUTPUT, ROW_KEYS, TABLE};
pub use file::{MAX_COLUMNS, MAX_ROWS};
pub use policy::Hit;

use crate::definition::reading::Node;
use crate::diagnostic::{Diagnostic, Severity, Span};
use crate::expression::{Env, Expr, Field, RecordType, Type, Value};

/// A checked table.
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    hit: Hit,
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    rows: Vec<Row>,
    otherwise: Option<Vec<OutputCell>>,
    index: Option<index::Index>,
    /// The paths that it reads.
    fields: BTreeSet<String>,
    span: Span,
}

/// An input column.
#[derive(Clone, Debug)]
struct Input {
    name: Arc<str>,
    expr: Expr,
    ty: Type,
    nullable: bool,
    scale: scale::Scale,
    /// What can come in.
    domain: set::Set,
    /// Where the author limits it, if he does.
    limited: Option<Span>,
    span: Span,
}

/// An output column.
#[derive(Clone, Debug)]
struct Output {
    name: Arc<str>,
    field: Field,
    /// The values that it may have, in the order of their priority; none given allows all.
    values: Vec<Value>,
    span: Span,
}

#[derive(Clone, Debug)]
struct Row {
    cells: Vec<cell::Cell>,
    outputs: Vec<OutputCell>,
    from: Option<Date>,
    until: Option<Date>,
    note: Option<Arc<str>>,
    span: Span,
}

#[derive(Clone, Debug)]
struct OutputCell {
    expr: Expr,
    /// Its value, where it reads nothing.
    constant: Option<Value>,
    span: Span,
}

/// Reads the table that `node` holds; its name, `name`, stands at `owner` in `source`. Expressions see `env`. Findings of
/// form go to `found`. Gaps and overlaps are not looked for.
#[must_use]
pub fn read(
    name: &str,
    node: &Node,
    owner: Span,
    source: &str,
    env: &Env,
    found: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let before = found.len();
    let file = file::read(node, owner, found);
    // What the shape lost would only be reported again.
    let table = check::table(name, &file?, source, env, found)?;
    // A gap that a misspelt column leaves is none.
    found.iter().skip(before).all(|finding| finding.severity != Severity::Error).then_some(table)
}

/// As [`read`], and proves the table: one with a gap or an overlap that is an error is refused.
#[must_use]
pub fn compile(
    name: &str,
    node: &Node,
    owner: Span,
    source: &str,
    env: &Env,
    found: &mut Vec<Diagnostic>,
) -> Option<Table> {
    let before = found.len();
    let table = read(name, node, owner, source, env, found)?;
    found.extend(table.analyse().findings);
    let refused = found.iter().skip(before).any(|finding| finding.severity == Severity::Error);
    (!refused).then_some(table)
}

impl Table {
    /// The type of what it yields: a record of the outputs, a list of these, or an int for a count.
    #[must_use]
    pub fn ty(&self) -> Type {
        let mut record = RecordType::new(self.name.as_str());
        for output in &self.outputs {
            record.fields.insert(output.name.to_string(), output.field.clone());
        }
        let record = Type::Record(Arc::new(record));
        match self.hit {
            Hit::Count => Type::Int,
            _ if self.is_list() => Type::list(record),
            _ => record,
        }
    }

    /// Its hit policy.
    #[must_use]
    pub const fn hit(&self) -> Hit {
        self.hit
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its rows stand in the file.
    pub fn places(&self) -> impl Iterator<Item = Span> {
        self.rows.iter().map(|row| row.span)
    }

    /// Where it stands what holds otherwise, if anything does.
    #[must_use]
    pub fn otherwise_place(&self) -> Option<Span> {
        self.otherwise.as_ref().map(|cells| cells.first().map_or(self.span, |cell| cell.span))
    }

    /// How many rows it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has no row: never, for a table that was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The input columns in order: name, type, whether `null` comes in.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &Type, bool)> {
        self.inputs.iter().map(|input| (&*input.name, &input.ty, input.nullable))
    }

    /// The output columns in order.
    pub fn outputs(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.outputs.iter().map(|output| (&*output.name, &output.field))
    }

    /// The constants in the column of the output `name` with their places, that of `otherwise` too.
    pub fn constants(&self, name: &str) -> impl Iterator<Item = (&Value, Span)> {
        let at = self.outputs.iter().position(|output| &*output.name == name);
        let rows = self.rows.iter().map(|row| &row.outputs).chain(&self.otherwise);
        let cells = rows.filter_map(move |outputs| outputs.get(at?));
        cells.filter_map(|cell| Some((cell.constant.as_ref()?, cell.span)))
    }

    /// Where the row at `index` stands in the file, and its note.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<(Span, Option<&str>)> {
        self.rows.get(index).map(|row| (row.span, row.note.as_deref()))
    }

    /// The paths that it reads, in inputs, cells and outputs.
    #[must_use]
    pub const fn fields_read(&self) -> &BTreeSet<String> {
        &self.fields
    }

    fn fields(&self) -> BTreeSet<String> {
        let cells = self.rows.iter().flat_map(|row| row.cells.iter().flat_map(cell::Cell::expressions));
        let outputs = self.rows.iter().flat_map(|row| &row.outputs).chain(self.otherwise.iter().flatten());
        let all = self.inputs.iter().map(|input| &input.expr).chain(cells).chain(outputs.map(|cell| &cell.expr));
        let paths = all.flat_map(|expr| expr.fields_read().iter().cloned());
        paths.filter(|path| path.split('.').next() != Some(cell::HOLE)).collect()
    }
}

/// For messages: its name and size.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (columns, rows) = (self.inputs.len() + self.outputs.len(), self.rows.len());
        write!(f, "{} ({}, {columns} columns, {rows} rows)", self.name, self.hit)
    }
}

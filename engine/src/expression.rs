//! Expressions: conditions and values in definitions, typed at load and total when evaluated.
//!
//! The grammar is CEL's, with literals that carry a unit (`20000 EUR`, `2 working days`, `5 kg`). Numbers are
//! exact. What always holds: any bytes compile to an [`Expr`] or to diagnostics; evaluation ends within
//! [`MAX_COST`] steps with a value or an [`EvalError`], never a panic; what cannot be evaluated is an error,
//! never `false`.
//!
//! Left out, and refused with a sentence: floating point (`1e3`, `double`), unsigned ints, bytes, messages, `dyn`
//! and `type`. Different from CEL: `/` and `*` on decimals are decimal; lists and maps hold values of one type; a
//! macro's variable may not hide a name; an optional is a value that may be `null`, as is a nullable field, and
//! using one is an error unless guarded or given a default. How much of CEL's suite passes: `engine/README.md`.
//!
//! Start reading at `functions/table.rs` (what there is), `check.rs` (what is refused), `eval.rs`.

mod ast;
mod check;
mod code;
mod codes;
mod eval;
mod functions;
mod json;
mod lexer;
mod parser;
mod print;
#[cfg(test)]
mod tests;
mod types;
mod units;
mod value;
mod working;

use std::collections::BTreeSet;
use std::fmt;

pub use ast::{Binary, Ident, Kind, Literal, MAX_DEPTH, Node, Unary};
pub use check::ASSUMED_LIST;
pub use codes::CODES;
pub(crate) use codes::NO_CALENDAR;
pub use eval::{EvalError, Scope};
pub use types::{Env, Field, Keys, RecordType, Type};
pub use units::{Duration, QUANTITY_PLACES, Quantity, WorkingUnit};
pub use value::{Key, Value};
pub use working::WorkingTime;

use crate::diagnostic::{Diagnostic, Severity, Span};

/// Longer sources are refused.
pub const MAX_LENGTH: usize = 4096;

/// The most steps that an expression may need, at load as a bound and when it runs.
pub const MAX_COST: u64 = 1_000_000;

/// At most so many findings are given for one expression.
const MAX_FINDINGS: usize = 20;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expr {
    ast: Node,
    code: code::Code,
    ty: Type,
    nullable: bool,
    fields: BTreeSet<String>,
    cost: u64,
    asks_calendar: bool,
    warnings: Vec<Diagnostic>,
}

/// The syntax tree of `source`, unchecked: for tools, and for what is not evaluated.
///
/// # Errors
/// Everything that is wrong with the syntax, with spans relative to `source`.
pub fn parse(source: &str) -> Result<Node, Vec<Diagnostic>> {
    let (ast, findings) = parse_bounded(source)?;
    if findings.is_empty() { Ok(ast) } else { Err(in_order(findings)) }
}

/// Compiles `source` to an expression of type `expected` that always has a value: where it is `null`, evaluation
/// is an error.
///
/// # Errors
/// Everything that is wrong with it, in order of place, with spans relative to `source`.
pub fn compile(source: &str, env: &Env, expected: &Type) -> Result<Expr, Vec<Diagnostic>> {
    build(source, env, expected, false)
}

/// As [`compile`], but the value may be `null`: for what is copied into a nullable field.
///
/// # Errors
/// As [`compile`].
pub fn compile_nullable(source: &str, env: &Env, expected: &Type) -> Result<Expr, Vec<Diagnostic>> {
    build(source, env, expected, true)
}

/// The type of `source`, and whether its value may be `null`, where no type is expected of it.
///
/// # Errors
/// As [`compile`].
pub fn infer(source: &str, env: &Env) -> Result<Field, Vec<Diagnostic>> {
    let (ast, mut findings) = parse_bounded(source)?;
    let mut checker = check::Checker::new(env);
    let typed = checker.check(&ast);
    findings.append(&mut checker.findings);
    let errors = in_order(findings.into_iter().filter(|finding| finding.severity == Severity::Error).collect());
    match typed.ty {
        Some(ty) if errors.is_empty() => Ok(Field { ty, nullable: typed.nullable }),
        _ => Err(errors),
    }
}

fn build(source: &str, env: &Env, expected: &Type, nullable: bool) -> Result<Expr, Vec<Diagnostic>> {
    let (ast, mut findings) = parse_bounded(source)?;
    let mut checker = check::Checker::new(env);
    // Where the syntax is broken the type of the whole says nothing; the parts are checked all the same.
    let typed = if findings.is_empty() { checker.root(&ast, expected, nullable) } else { checker.check(&ast) };
    findings.append(&mut checker.findings);
    if typed.cost > MAX_COST {
        let message = format!("it may take {} steps, more than the {MAX_COST} allowed", typed.cost);
        let help = format!("a list counts as {ASSUMED_LIST} elements: nest fewer macros");
        findings.push(Diagnostic::error(codes::COST, ast.span, message).help(help));
    }
    let findings = in_order(findings);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(findings);
    }
    let (fields, asks_calendar, cost) = (checker.reads, checker.asks_calendar, typed.cost);
    Ok(Expr { ast, code: typed.code, ty: expected.clone(), nullable, fields, cost, asks_calendar, warnings: findings })
}

fn parse_bounded(source: &str) -> Result<(Node, Vec<Diagnostic>), Vec<Diagnostic>> {
    if source.len() > MAX_LENGTH {
        let message = format!("an expression has at most {MAX_LENGTH} bytes, this has {}", source.len());
        return Err(vec![
            Diagnostic::error(codes::LENGTH, Span::new(0, source.len()), message)
                .help("divide it: put a part into a field or a decision table"),
        ]);
    }
    Ok(parser::parse(source))
}

/// By place, each place with one finding of syntax, and not more than a reader will read.
fn in_order(mut findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
    findings.sort_by_key(|finding| (finding.severity, finding.span.start, finding.span.end));
    findings.dedup_by(|a, b| a.span.start == b.span.start && a.code == codes::SYNTAX && b.code == codes::SYNTAX);
    findings.truncate(MAX_FINDINGS);
    for finding in findings.iter_mut().filter(|finding| finding.help.is_empty()) {
        codes::usual_help(finding.code).clone_into(&mut finding.help);
    }
    findings.sort_by_key(|finding| (finding.span.start, finding.span.end));
    findings
}

impl Expr {
    /// The value, with the root variables from `scope`.
    ///
    /// # Errors
    /// When it has no value: see [`EvalError`].
    pub fn eval(&self, scope: &dyn Scope) -> Result<Value, EvalError> {
        eval::run(&self.code, &self.ty, self.nullable, scope, MAX_COST)
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// When it has no value: never taken as `false`.
    pub fn eval_bool(&self, scope: &dyn Scope) -> Result<bool, EvalError> {
        match self.eval(scope)? {
            Value::Bool(value) => Ok(value),
            other => Err(EvalError {
                span: self.ast.span,
                message: format!("a condition is true or false, not {}", other.type_name()),
            }),
        }
    }

    /// The syntax tree.
    #[must_use]
    pub const fn ast(&self) -> &Node {
        &self.ast
    }

    /// Its type.
    #[must_use]
    pub const fn ty(&self) -> &Type {
        &self.ty
    }

    /// An upper bound of the steps that it takes, with lists taken as [`ASSUMED_LIST`] long, and text in bytes.
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// The paths that it reads, such as `po.total` and `po.lines.price`. A path stands for all that is below it.
    #[must_use]
    pub const fn fields_read(&self) -> &BTreeSet<String> {
        &self.fields
    }

    /// Whether it is how many there are of something, and so never below 0.
    #[must_use]
    pub(crate) fn is_size(&self) -> bool {
        matches!(&self.code.op, code::Op::Call(function, _) if function.name == "size")
    }

    /// Whether the calendar may be asked for its value.
    #[must_use]
    pub const fn asks_calendar(&self) -> bool {
        self.asks_calendar
    }

    /// What the author should look at, though it compiles.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// As source text.
impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.ast.fmt(f)
    }
}

//! Expressions: conditions and values in definitions, typed at load and total when evaluated.
//!
//! The grammar is CEL's, with literals that carry a unit (`20000 EUR`, `2 working days`, `5 kg`). Numbers are
//! exact. What always holds: any bytes compile to an [`Expr`] or to diagnostics; evaluation ends within
//! [`MAX_COST`] steps with a value or an [`EvalError`], never a panic; what cannot be evaluated is an error,
//! never `false`.
//!
//! Left out, and refused with a sentence: floating point (`1e3`, `double`), unsigned ints, bytes, messages,
//! `dyn` and `type`, regular expressions (`matches`), parts of timestamps, macros with two variables.
//! Different from CEL: `/` and `*` on decimals are decimal; a macro's variable may not hide a name; a record's
//! field without a value is `null`, and using it is an error unless guarded (`x != null && ...`, `has(x)`).
//!
//! Start reading at `functions.rs` (what there is), `check.rs` (what is refused), `eval.rs`.

mod ast;
mod codes;
mod json;
mod types;
mod units;
mod value;

use std::collections::BTreeSet;

pub use ast::{Binary, Ident, Kind, Literal, MAX_DEPTH, Node, Unary};
pub use codes::CODES;
pub use types::{Env, Field, RecordType, Type};
pub use units::{Duration, QUANTITY_PLACES, Quantity, WorkingUnit};
pub use value::Value;

use crate::diagnostic::{Diagnostic, Span};

/// Longer sources are refused.
pub const MAX_LENGTH: usize = 4096;

/// The most steps that an expression may need, at load as a bound and when it runs.
pub const MAX_COST: u64 = 1_000_000;

/// A compiled expression.
#[derive(Clone, Debug)]
pub struct Expr {
    ast: Node,
    ty: Type,
    fields: BTreeSet<String>,
    cost: u64,
    warnings: Vec<Diagnostic>,
}

/// Why an expression has no value. The engine makes it an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// Where in the source.
    pub span: Span,
    /// What happened, one sentence without a full stop.
    pub message: String,
}

/// Compiles `source` to an expression of type `expected`.
///
/// # Errors
/// Everything that is wrong with it, in order of place, with spans relative to `source`.
pub fn compile(source: &str, env: &Env, expected: &Type) -> Result<Expr, Vec<Diagnostic>> {
    let _ = (env, expected);
    Err(vec![Diagnostic::error("FLX0118", Span::new(0, source.len()), "expressions are not compiled yet")])
}

impl Expr {
    /// The value, with the root variables from `scope`.
    ///
    /// # Errors
    /// When it has no value: see [`EvalError`].
    pub fn eval(&self, scope: &dyn Fn(&str) -> Option<Value>) -> Result<Value, EvalError> {
        let _ = scope;
        Err(EvalError { span: self.ast.span, message: "expressions are not evaluated yet".to_owned() })
    }

    /// The value of a condition.
    ///
    /// # Errors
    /// When it has no value: never taken as `false`.
    pub fn eval_bool(&self, scope: &dyn Fn(&str) -> Option<Value>) -> Result<bool, EvalError> {
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

    /// An upper bound of the steps that it takes, lists taken as [`check::ASSUMED_LIST`] long.
    #[must_use]
    pub const fn cost(&self) -> u64 {
        self.cost
    }

    /// The paths that it reads, such as `po.total` and `po.lines.price`.
    #[must_use]
    pub const fn fields_read(&self) -> &BTreeSet<String> {
        &self.fields
    }

    /// What the author should look at, though it compiles.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

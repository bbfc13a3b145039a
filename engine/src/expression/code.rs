//! A checked expression: names resolved, functions chosen, constants computed. Only the checker makes it.

use std::sync::Arc;

use super::functions::Function;
use super::value::Value;
use crate::diagnostic::Span;

/// A step, with the place in the source that an error of it points to.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) op: Op,
    pub(super) span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum Op {
    Const(Value),
    /// A root variable; whether it may have no value.
    Variable(Arc<str>, bool),
    /// A macro's variable, counted from the outermost.
    Local(usize),
    /// A field; whether it may have no value.
    Field(Box<Code>, Arc<str>, bool),
    /// Whether a field has a value, or a map a key.
    Has(Box<Code>, Arc<str>),
    Call(&'static Function, Vec<Code>),
    All(Vec<Code>),
    Any(Vec<Code>),
    If(Box<Code>, Box<Code>, Box<Code>),
    List(Vec<Code>),
    Map(Vec<(Code, Code)>),
    /// A macro: over the range, with the condition (if any) and what `map` yields (if it is `map`).
    Loop(Macro, Box<Code>, Option<Box<Code>>, Option<Box<Code>>),
    /// Ints as decimals, in lists and maps too.
    Widen(Box<Code>),
    /// What was refused: never evaluated.
    Broken,
}

/// The macros over lists, and over the keys of maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// Each macro by name.
pub(super) const MACROS: &[(&str, Macro)] = &[
    ("all", Macro::All),
    ("exists", Macro::Exists),
    ("exists_one", Macro::ExistsOne),
    ("filter", Macro::Filter),
    ("map", Macro::Map),
];

impl Code {
    /// The path that it reads, for messages.
    pub(super) fn shown(&self) -> Option<String> {
        match &self.op {
            Op::Variable(name, _) => Some(name.to_string()),
            Op::Field(of, name, _) => Some(of.shown().map_or_else(|| name.to_string(), |of| format!("{of}.{name}"))),
            Op::Widen(of) => of.shown(),
            _ => None,
        }
    }
}

//! A checked expression: names resolved, functions chosen, constants computed. Only the checker makes it.

use std::sync::Arc;

use super::functions::{Function, Pattern};
use super::value::{Key, Value};
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
    /// A field or an entry of a map: `null` where there is none, or nothing to have one.
    FieldIf(Box<Code>, Arc<str>),
    /// An element of a list or an entry of a map, likewise.
    IndexIf(Box<Code>, Box<Code>),
    /// Whether a field has a value, or a map a key.
    Has(Box<Code>, Arc<str>),
    /// Whether a field of a payload was given, even as `null`.
    Given(Box<Code>, Arc<str>),
    /// Whether it is not `null`.
    HasValue(Box<Code>),
    /// The value; `null` is an error.
    Present(Box<Code>),
    /// The first, or where that is `null` the second.
    OrElse(Box<Code>, Box<Code>),
    /// The second with the value of the first as the next local. Where that is `null`: `null` if `true`, else an error.
    Let(Box<Code>, Box<Code>, bool),
    Call(&'static Function, Vec<Code>),
    /// A text against a pattern that was compiled at load.
    Matches(Box<Code>, Pattern),
    All(Vec<Code>),
    Any(Vec<Code>),
    If(Box<Code>, Box<Code>, Box<Code>),
    /// Elements; whether one is left out where it is `null`.
    List(Vec<(Code, bool)>),
    /// Entries, likewise.
    Map(Vec<(Code, Code, bool)>),
    Loop(Box<Loop>),
    /// Ints as decimals, in lists and maps too.
    Widen(Box<Code>),
    /// What was refused: never evaluated.
    Broken,
}

/// A macro over a list or a map.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    pub(super) kind: Macro,
    /// Whether it has two variables: the place and the element, or the key and the value.
    pub(super) pair: bool,
    pub(super) range: Code,
    pub(super) condition: Option<Code>,
    pub(super) yields: Option<Code>,
}

/// What a macro makes of the elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    /// A list of what is yielded.
    Map,
    /// A list in the order of what is yielded.
    SortBy,
    /// A map of what is yielded, under the same keys.
    MapValues,
    /// A map of all the entries that are yielded.
    MapEntries,
}

/// Each macro by name, and how many variables it may have.
pub(super) const MACROS: &[(&str, Macro, &[usize])] = &[
    ("all", Macro::All, &[1, 2]),
    ("exists", Macro::Exists, &[1, 2]),
    ("exists_one", Macro::ExistsOne, &[1, 2]),
    ("existsOne", Macro::ExistsOne, &[1, 2]),
    ("filter", Macro::Filter, &[1]),
    ("map", Macro::Map, &[1]),
    ("sortBy", Macro::SortBy, &[1]),
    ("transformList", Macro::Map, &[2]),
    ("transformMap", Macro::MapValues, &[2]),
    ("transformMapEntry", Macro::MapEntries, &[2]),
];

impl Code {
    /// The path that it reads, for messages.
    pub(super) fn shown(&self) -> Option<String> {
        match &self.op {
            Op::Variable(name, _) => Some(name.to_string()),
            Op::Field(of, name, _) | Op::FieldIf(of, name) => {
                Some(of.shown().map_or_else(|| name.to_string(), |of| format!("{of}.{name}")))
            }
            Op::Widen(of) | Op::Present(of) => of.shown(),
            _ => None,
        }
    }

    /// The value, where it is known at load.
    pub(super) const fn constant(&self) -> Option<&Value> {
        match &self.op {
            Op::Const(value) => Some(value),
            _ => None,
        }
    }
}

/// The key of a field's name.
pub(super) fn named(name: &Arc<str>) -> Key {
    Key::Text(Arc::clone(name))
}

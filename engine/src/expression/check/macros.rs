//! The macros over lists and maps, with one variable or two.

use std::sync::Arc;

use super::{Checker, Local, Typed};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Ident, Kind, Node};
use crate::expression::code::{Loop, Macro, Op};
use crate::expression::codes;
use crate::expression::functions::Extent;
use crate::expression::types::{Keys, Type};
use crate::expression::value::Value;

/// The arguments of a macro by their roles.
struct Parts<'n> {
    variables: &'n [Node],
    condition: Option<&'n Node>,
    yields: Option<&'n Node>,
}

impl Macro {
    /// Whether it yields a value for each element.
    const fn yields(self) -> bool {
        matches!(self, Self::Map | Self::SortBy | Self::MapValues | Self::MapEntries)
    }

    /// The roles of `args`, with so many variables as `counts` allows.
    fn parts<'n>(self, counts: &[usize], args: &'n [Node]) -> Option<Parts<'n>> {
        counts.iter().find_map(|count| {
            let (variables, rest) = args.split_at_checked(*count)?;
            let (condition, yields) = match rest {
                [yields] if self.yields() => (None, Some(yields)),
                [condition, yields] if self.yields() && self != Self::SortBy => (Some(condition), Some(yields)),
                [condition] if !self.yields() => (Some(condition), None),
                _ => return None,
            };
            Some(Parts { variables, condition, yields })
        })
    }
}

impl Checker<'_> {
    /// `range.kind(variable, ...)`
    pub(super) fn macro_call(
        &mut self,
        kind: Macro,
        counts: &[usize],
        receiver: &Node,
        name: &Ident,
        args: &[Node],
        span: Span,
    ) -> Typed {
        let range = self.check(receiver);
        self.required(&range, receiver);
        let Some(parts) = kind.parts(counts, args) else {
            let last = if kind.yields() { "a value" } else { "a condition" };
            let (variables, example) =
                if counts.contains(&1) { ("a variable", "x") } else { ("two variables", "k, v") };
            let message = format!("`{}` takes {variables} and {last}", name.name);
            let help = format!("write `{receiver}.{}({example}, ...)`", name.name);
            return self.refuse(Diagnostic::error(codes::ARGUMENTS, name.span, message).help(help), span);
        };
        let pair = parts.variables.len() == 2;
        let Some(types) = self.seen(&range, pair, name, receiver.span) else { return Typed::broken(span) };
        let known = self.locals.len();
        let mut named = true;
        for (at, (node, ty)) in parts.variables.iter().zip(&types).enumerate() {
            // The place in a list, or the key of a map, has neither unit nor path of its own.
            let element = if pair { at == 1 } else { matches!(range.ty, Some(Type::List(_))) };
            let (unit, path) = if element { (range.unit.clone(), range.path.clone()) } else { (None, None) };
            let extent = if element { range.extent.element() } else { Extent { length: 0, ..range.extent } };
            match self.variable(node) {
                // What an empty list would have as elements is anything.
                Some(name) => {
                    let ty = ty.clone().filter(|ty| *ty != Type::Null);
                    self.locals.push(Local { name, ty, unit, path, extent });
                }
                None => named = false,
            }
        }
        let found = self.findings.len();
        let condition = parts.condition.filter(|_| named).map(|node| self.condition(node));
        let yielded = parts.yields.filter(|_| named).map(|node| self.yielded(kind, node));
        self.locals.truncate(known);
        if !named || range.ty.is_none() {
            return Typed::broken(span);
        }
        if element(&range) == Type::Null && self.findings.len() == found {
            return Typed { cost: range.cost, ..over_nothing(kind, span) };
        }
        self.looped(kind, pair, range, condition, yielded, span)
    }

    fn looped(
        &mut self,
        kind: Macro,
        pair: bool,
        range: Typed,
        condition: Option<Typed>,
        yielded: Option<Typed>,
        span: Span,
    ) -> Typed {
        let parts = || condition.iter().chain(&yielded);
        if parts().any(|typed| typed.ty.is_none()) {
            return Typed::broken(span);
        }
        let round = parts().fold(2u64, |sum, typed| sum.saturating_add(typed.cost));
        let round = round.saturating_add(match (kind, &yielded) {
            // Each key is compared about as often as the list can be halved.
            (Macro::SortBy, Some(key)) => {
                let rounds = u64::from(range.extent.length.checked_ilog2().unwrap_or(0)) + 2;
                (key.extent.text / 64 + 2).saturating_mul(rounds)
            }
            (Macro::MapEntries, Some(entries)) => entries.extent.length,
            _ => 0,
        });
        let cost = range.cost.saturating_add(range.extent.length.saturating_mul(round)).saturating_add(1);
        let of = yielded.as_ref().and_then(|typed| typed.ty.clone()).unwrap_or(Type::Null);
        let keys = if let Some(Type::Map(keys, _)) = &range.ty { *keys } else { Keys::Int };
        let extents = (range.extent, yielded.as_ref().map_or(Extent::NONE, |typed| typed.extent));
        let (ty, extent) = match kind {
            Macro::All | Macro::Exists | Macro::ExistsOne => (Type::Bool, Extent::NONE),
            Macro::Filter | Macro::SortBy => {
                let extent = if matches!(range.ty, Some(Type::Map(..))) {
                    Extent { inner: 0, ..range.extent }
                } else {
                    range.extent
                };
                (Type::list(first(&range)), extent)
            }
            Macro::Map => (Type::list(of), extents.1.listed(extents.0.length)),
            Macro::MapValues => {
                let listed = extents.1.listed(extents.0.length);
                (Type::Map(keys, Box::new(of)), Extent { text: listed.text.max(extents.0.text), ..listed })
            }
            Macro::MapEntries => {
                let length = extents.0.length.saturating_mul(extents.1.length);
                (of, Extent { length, ..extents.1 })
            }
        };
        if ty.depth() > super::MAX_TYPE_DEPTH {
            self.listed(ty, span);
            return Typed::broken(span);
        }
        let (unit, path) = match (kind, &yielded) {
            (Macro::Filter | Macro::SortBy, _) => (range.unit.clone(), range.path.clone()),
            (Macro::Map | Macro::MapValues, Some(yielded)) => (yielded.unit.clone(), yielded.path.clone()),
            _ => (None, None),
        };
        let code = |typed: Option<Typed>| typed.map(|typed| typed.code);
        let (condition, yields) = (code(condition), code(yielded));
        let op = Op::Loop(Box::new(Loop { kind, pair, range: range.code, condition, yields }));
        Typed { unit, path, cost, extent, ..Typed::new(op, span, ty) }
    }

    /// What a macro yields for one element.
    fn yielded(&mut self, kind: Macro, node: &Node) -> Typed {
        let typed = self.check(node);
        self.required(&typed, node);
        let Some(ty) = &typed.ty else { return typed };
        let (fits, wanted) = match kind {
            Macro::SortBy => (super::apply::is_ordered(ty), "something with an order"),
            Macro::MapEntries => (matches!(ty, Type::Map(..)), "a map of the entries"),
            _ => (*ty != Type::Null, "a value"),
        };
        if fits {
            return typed;
        }
        let finding = Diagnostic::error(codes::TYPE, node.span, format!("expected {wanted}, found {ty}"));
        self.refuse(finding.label(format!("this is {ty}")), node.span)
    }

    /// The types of the variables.
    fn seen(&mut self, range: &Typed, pair: bool, name: &Ident, span: Span) -> Option<Vec<Option<Type>>> {
        match range.ty.as_ref() {
            None => Some(vec![None, None]),
            Some(Type::List(of)) if pair => Some(vec![Some(Type::Int), Some((**of).clone())]),
            Some(Type::Map(_, of)) if **of == Type::Null => Some(vec![None, None]),
            Some(Type::Map(keys, of)) if pair => Some(vec![Some(keys.ty()), Some((**of).clone())]),
            Some(Type::List(_) | Type::Map(..)) => Some(vec![Some(first(range))]),
            Some(other) => {
                let message = format!("`{}` goes over a list or a map, not over {other}", name.name);
                self.report(Diagnostic::error(codes::TYPE, span, message).label(format!("this is {other}")));
                None
            }
        }
    }

    /// The name of a macro's variable, which must be new: the reader must not wonder which is meant.
    pub(super) fn variable(&mut self, node: &Node) -> Option<Arc<str>> {
        let Kind::Name { name, rooted: false } = &node.kind else {
            self.report(Diagnostic::error(codes::VARIABLE, node.span, "the variable of a macro is a plain name"));
            return None;
        };
        if self.env.get(name).is_some() || self.locals.iter().any(|local| local.name == *name) {
            let finding = Diagnostic::error(codes::VARIABLE, node.span, format!("`{name}` is already a name here"));
            self.report(finding.label("hides it").help("choose another name"));
            return None;
        }
        Some(Arc::clone(name))
    }
}

/// The type of what is in the list or map.
fn element(range: &Typed) -> Type {
    match &range.ty {
        Some(Type::List(of) | Type::Map(_, of)) => (**of).clone(),
        _ => Type::Bool,
    }
}

/// The type of what a macro with one variable goes over: the keys of a map.
fn first(range: &Typed) -> Type {
    match &range.ty {
        Some(Type::Map(keys, _)) => keys.ty(),
        _ => element(range),
    }
}

/// What a macro makes of a list that has nothing in it.
fn over_nothing(kind: Macro, span: Span) -> Typed {
    let (value, ty) = match kind {
        Macro::All => (Value::Bool(true), Type::Bool),
        Macro::Exists | Macro::ExistsOne => (Value::Bool(false), Type::Bool),
        Macro::Filter | Macro::Map | Macro::SortBy => (Value::list([]), Type::list(Type::Null)),
        Macro::MapValues | Macro::MapEntries => (Value::Map(Arc::default()), Type::map(Type::Null)),
    };
    Typed { extent: Extent::NONE, ..Typed::new(Op::Const(value), span, ty) }
}

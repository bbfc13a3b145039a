//! The macros `all`, `exists`, `exists_one`, `filter`, `map`, and `has`.

use std::sync::Arc;

use super::{ASSUMED_LIST, Checker, Local, Typed};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Ident, Kind, Node};
use crate::expression::code::{Macro, Op};
use crate::expression::codes;
use crate::expression::types::Type;

impl Checker<'_> {
    /// `has(record.field)`
    pub(super) fn has(&mut self, args: &[Node], span: Span) -> Typed {
        let [Node { kind: Kind::Select(of, field), span: whole, .. }] = args else {
            for arg in args {
                self.check(arg);
            }
            let finding = Diagnostic::error(codes::ARGUMENTS, span, "`has` takes one field");
            return self.refuse(finding.help("write `has(po.field)`"), span);
        };
        let typed = self.select(of, field, *whole);
        let Op::Field(of, name, _) = typed.code.op else { return Typed::broken(span) };
        self.reads.extend(typed.path);
        Typed { cost: typed.cost, ..Typed::new(Op::Has(of, name), span, Type::Bool) }
    }

    /// `range.kind(variable, ...)`
    pub(super) fn macro_call(
        &mut self,
        kind: Macro,
        receiver: &Node,
        name: &Ident,
        args: &[Node],
        span: Span,
    ) -> Typed {
        let range = self.check(receiver);
        self.required(&range, receiver);
        let (variable, condition, yields) = match (kind, args) {
            (Macro::Map, [variable, yields]) => (variable, None, Some(yields)),
            (Macro::Map, [variable, condition, yields]) => (variable, Some(condition), Some(yields)),
            (Macro::All | Macro::Exists | Macro::ExistsOne | Macro::Filter, [variable, condition]) => {
                (variable, Some(condition), None)
            }
            _ => {
                let last = if kind == Macro::Map { "a value" } else { "a condition" };
                let message = format!("`{}` takes a variable and {last}", name.name);
                let help = format!("write `{receiver}.{}(x, ...)`", name.name);
                return self.refuse(Diagnostic::error(codes::ARGUMENTS, name.span, message).help(help), span);
            }
        };
        let of = self.element(&range, name, receiver.span);
        let Some(variable) = self.variable(variable) else { return Typed::broken(span) };
        self.locals.push(Local { name: variable, ty: of.clone(), unit: range.unit.clone(), path: range.path.clone() });
        let condition = condition.map(|node| self.condition(node));
        let yielded = yields.map(|node| {
            let typed = self.check(node);
            self.required(&typed, node);
            typed
        });
        self.locals.pop();
        let parts = || condition.iter().chain(&yielded);
        let (Some(of), false) = (of, parts().any(|typed| typed.ty.is_none())) else { return Typed::broken(span) };
        let round = parts().fold(1u64, |sum, typed| sum.saturating_add(typed.cost));
        let rounds = range.length.unwrap_or(ASSUMED_LIST);
        let cost = range.cost.saturating_add(rounds.saturating_mul(round)).saturating_add(1);
        let (ty, unit, path) = match (kind, &yielded) {
            (Macro::Map, Some(yielded)) => {
                let of = yielded.ty.clone().unwrap_or(Type::Null);
                let Some(ty) = self.listed(of, span) else { return Typed::broken(span) };
                (ty, yielded.unit.clone(), yielded.path.clone())
            }
            (Macro::Filter, _) => (Type::list(of), range.unit, range.path),
            _ => (Type::Bool, None, None),
        };
        let length = matches!(kind, Macro::Map | Macro::Filter).then_some(range.length).flatten();
        let boxed = |typed: Option<Typed>| typed.map(|typed| Box::new(typed.code));
        let op = Op::Loop(kind, Box::new(range.code), boxed(condition), boxed(yielded));
        Typed { unit, path, cost, length, ..Typed::new(op, span, ty) }
    }

    /// The type of what the macro goes over.
    fn element(&mut self, range: &Typed, name: &Ident, span: Span) -> Option<Type> {
        match range.ty.as_ref()? {
            Type::List(of) => Some((**of).clone()),
            Type::Map(_) => Some(Type::Text),
            other => {
                let message = format!("`{}` goes over a list or a map, not over {other}", name.name);
                self.report(Diagnostic::error(codes::TYPE, span, message).label(format!("this is {other}")));
                None
            }
        }
    }

    /// The name of a macro's variable, which must be new: the reader must not wonder which is meant.
    fn variable(&mut self, node: &Node) -> Option<Arc<str>> {
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

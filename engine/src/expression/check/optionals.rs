//! Optionals. An optional of CEL is a value that may be `null`: `optional.none()` is `null`, `optional.of(x)` is `x`,
//! and a nullable field is an optional already, so that `po.note.orValue("")` works on it.

use std::sync::Arc;

use super::{Checker, Local, Typed, widen};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Ident, Kind, Literal, Node};
use crate::expression::code::Op;
use crate::expression::codes;
use crate::expression::types::Type;

/// Methods of optionals, and the number of their arguments.
pub(in crate::expression) const METHODS: &[(&str, usize)] =
    &[("hasValue", 0), ("value", 0), ("orValue", 1), ("or", 1), ("optMap", 2), ("optFlatMap", 2)];

impl Typed {
    /// No value, of no type.
    pub(super) fn none(span: Span) -> Self {
        let null = Op::Const(crate::expression::value::Value::Null);
        Self { nullable: true, optional: true, ..Self::new(null, span, Type::Null) }
    }
}

impl Checker<'_> {
    /// `optional.of(x)`
    pub(super) fn optional_of(&mut self, args: &[Node], span: Span) -> Typed {
        let [of] = args else { return self.takes("optional.of", "one value", args, span) };
        let typed = self.check(of);
        if matches!(of.kind, Kind::Literal(Literal::Null)) {
            let finding = Diagnostic::error(codes::ARGUMENTS, of.span, "`null` is no value, so nothing can hold it");
            return self.refuse(finding.help("write `optional.none()`"), span);
        }
        self.required(&typed, of);
        Typed { optional: true, ..typed }
    }

    /// `optional.none()`
    pub(super) fn optional_none(&mut self, args: &[Node], span: Span) -> Typed {
        if args.is_empty() { Typed::none(span) } else { self.takes("optional.none", "nothing", args, span) }
    }

    fn takes(&mut self, name: &str, what: &str, args: &[Node], span: Span) -> Typed {
        for arg in args {
            self.check(arg);
        }
        self.refuse(Diagnostic::error(codes::ARGUMENTS, span, format!("`{name}` takes {what}")), span)
    }

    /// A method of an optional: the receiver may be missing.
    pub(super) fn optional_method(&mut self, receiver: &Node, name: &Ident, args: &[Node], span: Span) -> Typed {
        let of = self.check(receiver);
        match (&*name.name, args) {
            ("hasValue", []) => self.has_value(of, receiver, span),
            ("value", []) => {
                let (ty, cost) = (of.ty.clone(), of.cost.saturating_add(1));
                if ty == Some(Type::Null) {
                    let finding = Diagnostic::error(codes::ALWAYS_FAILS, span, "there is no value");
                    return self.refuse(finding.label("always fails"), span);
                }
                let (unit, path, extent) = (of.unit.clone(), of.path.clone(), of.extent);
                let typed = Typed::new(Op::Present(Box::new(of.code)), span, Type::Null);
                Typed { ty, unit, path, extent, cost, ..typed }
            }
            ("orValue" | "or", [default]) => self.or_else(of, receiver, default, name, span),
            ("optMap" | "optFlatMap", [variable, body]) => {
                self.warn_present(&of, receiver, name);
                self.bound(of, variable, body, true, span)
            }
            _ => {
                let count = METHODS.iter().find(|(known, _)| *known == &*name.name).map_or(0, |(_, count)| *count);
                let what = ["no arguments", "one argument", "a variable and a value"].get(count).copied();
                self.takes(&name.name, what.unwrap_or_default(), args, name.span)
            }
        }
    }

    fn has_value(&mut self, of: Typed, receiver: &Node, span: Span) -> Typed {
        if of.ty.is_none() {
            return Typed::broken(span);
        }
        if !of.nullable && !of.optional {
            let message = format!("`{receiver}` always has a value");
            let finding = Diagnostic::error(codes::NEVER_NULL, receiver.span, message);
            return self.refuse(finding.label("never null").help("leave the question out"), span);
        }
        let cost = of.cost.saturating_add(1);
        Typed { cost, ..Typed::new(Op::HasValue(Box::new(of.code)), span, Type::Bool) }
    }

    fn or_else(&mut self, of: Typed, receiver: &Node, default: &Node, name: &Ident, span: Span) -> Typed {
        self.warn_present(&of, receiver, name);
        let other = self.check(default);
        if &*name.name == "orValue" {
            self.required(&other, default);
        }
        let (Some(a), Some(b)) = (&of.ty, &other.ty) else { return Typed::broken(span) };
        let Some(ty) = a.join(b) else {
            let finding = Diagnostic::error(codes::TYPE, default.span, format!("expected {a}, found {b}"))
                .label(format!("this is {b}"))
                .related(receiver.span, format!("this is {a}"))
                .help("what stands in for a value is of its type");
            return self.refuse(finding, span);
        };
        let missing = *b == Type::Null || other.nullable;
        let optional = &*name.name == "or";
        let (of, other) = (widen(of, &ty), widen(other, &ty));
        let unit = if of.unit == other.unit { of.unit } else { None };
        let cost = of.cost.saturating_add(other.cost).saturating_add(1);
        let extent = of.extent.or(other.extent);
        let op = Op::OrElse(Box::new(of.code), Box::new(other.code));
        Typed { nullable: missing, optional, unit, cost, extent, ..Typed::new(op, span, ty) }
    }

    fn warn_present(&mut self, of: &Typed, receiver: &Node, name: &Ident) {
        if of.ty.is_none() || of.nullable || of.optional {
            return;
        }
        let message = format!("`{receiver}` always has a value: `{}` changes nothing", name.name);
        self.report(Diagnostic::warning(codes::NEVER_MISSING, name.span, message).help("leave it out"));
    }

    /// `cel.bind(variable, value, body)`
    pub(super) fn bind(&mut self, args: &[Node], span: Span) -> Typed {
        let [variable, value, body] = args else {
            return self.takes("cel.bind", "a variable, its value and an expression", &[], span);
        };
        let bound = self.check(value);
        self.required(&bound, value);
        self.bound(bound, variable, body, false, span)
    }

    /// `body` with `value` under the name `variable`.
    fn bound(&mut self, value: Typed, variable: &Node, body: &Node, optional: bool, span: Span) -> Typed {
        let Some(name) = self.variable(variable) else { return Typed::broken(span) };
        let nothing = value.ty == Some(Type::Null);
        let ty = value.ty.clone().filter(|_| !nothing);
        let (unit, path, extent) = (value.unit.clone(), value.path.clone(), value.extent);
        self.locals.push(Local { name: Arc::clone(&name), ty, unit, path, extent });
        let result = self.check(body);
        self.locals.pop();
        if nothing && optional {
            // The body never runs; what is wrong in it by itself has been reported.
            return Typed::none(span);
        }
        let (Some(ty), Some(_)) = (&result.ty, &value.ty) else { return Typed::broken(span) };
        let typed = Typed::new(Op::Broken, span, ty.clone());
        Typed {
            code: crate::expression::code::Code {
                op: Op::Let(Box::new(value.code), Box::new(result.code), optional),
                span,
            },
            nullable: result.nullable || optional,
            optional: result.optional || optional,
            unit: result.unit,
            extent: result.extent,
            cost: value.cost.saturating_add(result.cost).saturating_add(1),
            ..typed
        }
    }
}

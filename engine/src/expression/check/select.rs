//! Names, fields and places in lists and maps; and those that may be missing (`a.?b`, `a[?k]`).

use std::sync::Arc;

use super::{Checker, Typed};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::expression::ast::{Binary, Ident, Kind, Literal, Node};
use crate::expression::code::Op;
use crate::expression::codes;
use crate::expression::functions::{INDEX, Style};
use crate::expression::types::{Keys, RecordType, Type};
use crate::expression::value::Value;

/// What a payload is called.
const PAYLOAD: &str = "event";

impl Checker<'_> {
    pub(super) fn name(&mut self, name: &Arc<str>, rooted: bool, span: Span) -> Typed {
        let local = self.locals.iter().rposition(|local| local.name == *name).filter(|_| !rooted);
        if let Some((index, local)) = local.and_then(|index| Some((index, self.locals.get(index)?))) {
            let typed = Typed::new(Op::Local(index), span, Type::Null);
            let (unit, path) = (local.unit.clone(), local.path.clone());
            return Typed { ty: local.ty.clone(), unit, path, extent: local.extent, ..typed };
        }
        if let Some(field) = self.env.get(name) {
            let perhaps = self.env.is_unguarded(name);
            let op = Op::Variable(Arc::clone(name), field.nullable || perhaps);
            let typed = Typed::new(op, span, field.ty.clone());
            return Typed { nullable: field.nullable, optional: perhaps, path: Some(name.to_string()), ..typed };
        }
        let names = self.locals.iter().map(|local| &*local.name).chain(self.env.iter().map(|(name, _)| name));
        let help = match nearest(name, names) {
            Some(near) => format!("a similar name exists: `{near}`"),
            None => {
                let all: Vec<_> = self.env.iter().map(|(name, _)| format!("`{name}`")).collect();
                if all.is_empty() { String::new() } else { format!("the names here are {}", all.join(", ")) }
            }
        };
        let finding = Diagnostic::error(codes::NAME, span, format!("unknown name `{name}`"));
        self.refuse(finding.label("not known here").help(help), span)
    }

    /// `of.field`, and `of.?field` if it `may` be missing. What is selected from an optional is one, as in CEL.
    pub(super) fn select(&mut self, of: &Node, field: &Ident, may: bool, span: Span) -> Typed {
        let record = self.infer(of);
        let may = may || record.optional;
        if !may {
            self.required(&record, of);
        }
        let path = record.path.as_ref().map(|path| format!("{path}.{}", field.name));
        let (cost, extent) = (record.cost.saturating_add(1), record.extent.element());
        let name = Arc::clone(&field.name);
        let (ty, nullable) = match record.ty {
            None => return Typed::broken(span),
            Some(Type::Record(ty)) => match ty.fields.get(&*field.name) {
                Some(found) => (found.ty.clone(), found.nullable),
                None => return self.no_field(&ty, field, span),
            },
            // As in CEL, `map.key` is `map["key"]`: a missing key is an error.
            Some(Type::Map(Keys::Text, ty)) => (*ty, false),
            Some(Type::Map(_, ty)) if *ty == Type::Null => (Type::Null, false),
            Some(Type::Null) if may => return Typed::none(span),
            Some(ty) => {
                let finding = Diagnostic::error(codes::FIELD, field.span, format!("{ty} has no fields"));
                let finding = match ty {
                    Type::List(_) => finding.help(format!(
                        "ask its elements, `.exists(x, x.{0} == ...)`, or take one of them: `[0].{0}`",
                        field.name
                    )),
                    _ => finding,
                };
                return self.refuse(finding.label("not a field"), span);
            }
        };
        let of = Box::new(record.code);
        let op = if may { Op::FieldIf(of, name) } else { Op::Field(of, name, nullable) };
        let typed = Typed::new(op, span, ty);
        Typed { nullable: may || nullable, optional: may, path, cost, extent, unit: record.unit, ..typed }
    }

    fn no_field(&mut self, ty: &RecordType, field: &Ident, span: Span) -> Typed {
        let near = nearest(&field.name, ty.fields.keys().map(String::as_str));
        let help = near.map(|near| format!("a similar field exists: `{near}`")).unwrap_or_else(|| {
            let all: Vec<_> = ty.fields.keys().map(|name| format!("`{name}`")).collect();
            format!("its fields are {}", all.join(", "))
        });
        let message = format!("{} has no field `{}`", ty.name, field.name);
        let finding = Diagnostic::error(codes::FIELD, field.span, message).label("unknown field");
        self.refuse(finding.help(help), span)
    }

    /// `of[at]` and `of[?at]`.
    pub(super) fn index(&mut self, of: &Node, at: &Node, span: Span) -> Typed {
        let list = self.infer(of);
        let (at, perhaps) = match &at.kind {
            Kind::Perhaps(inner) => (&**inner, true),
            _ => (at, false),
        };
        let place = self.check(at);
        let path = list.path.clone();
        if !perhaps && !list.optional {
            let element = self.apply(INDEX, Style::Operator, vec![list, place], &[of, at], span);
            return Typed { path, ..element };
        }
        self.required(&place, at);
        let (Some(ty), Some(place_ty)) = (&list.ty, &place.ty) else { return Typed::broken(span) };
        let element = match ty {
            Type::Null => return Typed::none(span),
            Type::List(of) if *place_ty == Type::Int => (**of).clone(),
            Type::Map(keys, of) if **of == Type::Null || keys.ty() == *place_ty => (**of).clone(),
            _ => {
                let message = format!("{ty} has no element at {place_ty}");
                let finding = Diagnostic::error(codes::OPERATOR, span, message);
                return self.refuse(finding.help("a list is indexed by an int, a map by its keys"), span);
            }
        };
        let cost = list.cost.saturating_add(place.cost).saturating_add(8);
        let op = Op::IndexIf(Box::new(list.code), Box::new(place.code));
        let typed = Typed::new(op, span, element);
        Typed { nullable: true, optional: true, path, cost, extent: list.extent.element(), unit: list.unit, ..typed }
    }

    /// `"field" in event`: whether it was given, even as `null`. Only a payload keeps what was left out apart from that.
    pub(super) fn given(&mut self, field: &Ident, event: &Node, span: Span) -> Typed {
        let typed = self.select(event, field, false, field.span);
        if typed.ty.is_none() {
            return Typed::broken(span);
        }
        self.reads.extend(typed.path);
        let op = match typed.code.op {
            Op::Field(of, name, _) => Op::Given(of, name),
            op => op,
        };
        Typed { cost: typed.cost.saturating_add(1), ..Typed::new(op, span, Type::Bool) }
    }

    /// `has(record.field)`
    pub(super) fn has(&mut self, args: &[Node], span: Span) -> Typed {
        let (of, field, may, whole) = match args {
            [Node { kind: Kind::Select(of, field), span: whole, .. }] => (of, field, false, *whole),
            [Node { kind: Kind::SelectIf(of, field), span: whole, .. }] => (of, field, true, *whole),
            _ => {
                for arg in args {
                    self.check(arg);
                }
                let finding = Diagnostic::error(codes::ARGUMENTS, span, "`has` takes one field");
                return self.refuse(finding.help("write `has(po.field)`"), span);
            }
        };
        let typed = self.select(of, field, may, whole);
        if typed.ty.is_none() {
            return Typed::broken(span);
        }
        self.reads.extend(typed.path);
        let op = match typed.code.op {
            Op::Field(of, name, _) => Op::Has(of, name),
            Op::Const(Value::Null) => Op::Const(Value::Bool(false)),
            op => Op::HasValue(Box::new(crate::expression::code::Code { op, span: whole })),
        };
        Typed { cost: typed.cost.saturating_add(1), ..Typed::new(op, span, Type::Bool) }
    }
}

/// The field that `"field" in event` asks for.
pub(super) fn given(op: Binary, left: &Node, right: &Node) -> Option<Ident> {
    match (op, &left.kind, &right.kind) {
        (Binary::In, Kind::Literal(Literal::Text(name)), Kind::Name { name: event, .. }) if &**event == PAYLOAD => {
            Some(Ident { name: Arc::clone(name), span: left.span })
        }
        _ => None,
    }
}

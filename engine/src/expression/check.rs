//! The static checker: resolves names, chooses functions, computes constants, and reports everything at once.
//! What has been reported has no type (`None`), and nothing that touches it is reported again.

mod calls;
mod hints;
mod literals;
mod macros;
mod nulls;

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::ast::{Ident, Kind, Node, Unary};
use super::code::{Code, Op};
use super::codes;
use super::functions::{INDEX, NEGATE, Style};
use super::types::{Env, MAX_TYPE_DEPTH, Type};
use super::value::Value;
use crate::diagnostic::{Diagnostic, Span, nearest};

/// How long a list is taken to be when the bound of steps is computed.
pub const ASSUMED_LIST: u64 = 128;

/// A checked part.
pub(super) struct Typed {
    pub(super) code: Code,
    /// Its type; `None` if it was refused.
    pub(super) ty: Option<Type>,
    /// Whether it may be `null`.
    pub(super) nullable: bool,
    /// The currency or unit, where it is known at load.
    unit: Option<Arc<str>>,
    /// What it reads, if it is a path: `po.lines.price`.
    path: Option<String>,
    /// The most steps that it takes.
    pub(super) cost: u64,
    /// The most elements that it has, where that is known at load.
    length: Option<u64>,
}

impl Typed {
    fn new(op: Op, span: Span, ty: Type) -> Self {
        Self { code: Code { op, span }, ty: Some(ty), nullable: false, unit: None, path: None, cost: 1, length: None }
    }

    fn broken(span: Span) -> Self {
        Self { ty: None, ..Self::new(Op::Broken, span, Type::Null) }
    }
}

struct Local {
    name: Arc<str>,
    ty: Option<Type>,
    unit: Option<Arc<str>>,
    path: Option<String>,
}

/// Checks one expression.
pub(super) struct Checker<'a> {
    env: &'a Env,
    locals: Vec<Local>,
    /// The places that are known to have a value here.
    guarded: Vec<String>,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) reads: BTreeSet<String>,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(env: &'a Env) -> Self {
        Self { env, locals: Vec::new(), guarded: Vec::new(), findings: Vec::new(), reads: BTreeSet::new() }
    }

    fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    fn refuse(&mut self, finding: Diagnostic, span: Span) -> Typed {
        self.report(finding);
        Typed::broken(span)
    }

    /// The whole expression, which must be of type `expected`.
    pub(super) fn root(&mut self, node: &Node, expected: &Type, nullable: bool) -> Typed {
        let typed = self.check(node);
        if typed.ty == Some(Type::Null) && nullable {
            return typed;
        }
        if !nullable {
            self.required(&typed, node);
        }
        // The result is walked once more, to see that it is of its type.
        let typed = self.expect(typed, expected, node);
        Typed { cost: typed.cost.saturating_add(calls::size(expected, typed.length)), ..typed }
    }

    /// A part whose value is used: what it reads is noted.
    pub(super) fn check(&mut self, node: &Node) -> Typed {
        let typed = self.infer(node);
        if let Some(path) = &typed.path {
            self.reads.insert(path.clone());
        }
        typed
    }

    fn infer(&mut self, node: &Node) -> Typed {
        let span = node.span;
        match &node.kind {
            Kind::Literal(literal) => self.literal(literal, span),
            Kind::Name { name, rooted } => self.name(name, *rooted, span),
            Kind::Select(of, field) => self.select(of, field, span),
            Kind::Index(of, at) => {
                let list = self.infer(of);
                let path = list.path.clone();
                let at_typed = self.check(at);
                let element = self.apply(INDEX, Style::Operator, vec![list, at_typed], &[of, at], span);
                Typed { path, ..element }
            }
            Kind::Call(name, args) => self.call(name, args, span),
            Kind::Method(receiver, name, args) => self.method(receiver, name, args, span),
            Kind::List(items) => self.list(items, span),
            Kind::Map(entries) => self.map(entries, span),
            Kind::Message(name, fields) => {
                for (_, value) in fields {
                    self.check(value);
                }
                let finding = Diagnostic::error(codes::UNSUPPORTED, name.span, "message literals are not supported");
                self.refuse(finding, span)
            }
            Kind::Unary(sign, of) => {
                let name = if *sign == Unary::Negate { NEGATE } else { sign.symbol() };
                let typed = self.check(of);
                self.apply(name, Style::Operator, vec![typed], &[of], span)
            }
            Kind::Binary(op, left, right) => {
                let args = vec![self.check(left), self.check(right)];
                self.apply(op.symbol(), Style::Operator, args, &[left, right], span)
            }
            Kind::All(operands) => self.logic(operands, true, span),
            Kind::Any(operands) => self.logic(operands, false, span),
            Kind::Ternary(condition, then, otherwise) => self.ternary(condition, then, otherwise, span),
            Kind::Broken => Typed::broken(span),
        }
    }

    fn name(&mut self, name: &Arc<str>, rooted: bool, span: Span) -> Typed {
        let local = self.locals.iter().rposition(|local| local.name == *name).filter(|_| !rooted);
        if let Some((index, local)) = local.and_then(|index| Some((index, self.locals.get(index)?))) {
            let typed = Typed::new(Op::Local(index), span, Type::Null);
            return Typed { ty: local.ty.clone(), unit: local.unit.clone(), path: local.path.clone(), ..typed };
        }
        if let Some(field) = self.env.get(name) {
            let typed = Typed::new(Op::Variable(Arc::clone(name), field.nullable), span, field.ty.clone());
            return Typed { nullable: field.nullable, path: Some(name.to_string()), ..typed };
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

    fn select(&mut self, of: &Node, field: &Ident, span: Span) -> Typed {
        let record = self.infer(of);
        self.required(&record, of);
        let path = record.path.as_ref().map(|path| format!("{path}.{}", field.name));
        let cost = record.cost + 1;
        let of = Box::new(record.code);
        match record.ty {
            None => Typed::broken(span),
            Some(Type::Record(ty)) => {
                let Some(found) = ty.fields.get(&*field.name) else {
                    let near = nearest(&field.name, ty.fields.keys().map(String::as_str));
                    let help = near.map(|near| format!("a similar field exists: `{near}`")).unwrap_or_else(|| {
                        let all: Vec<_> = ty.fields.keys().map(|name| format!("`{name}`")).collect();
                        format!("its fields are {}", all.join(", "))
                    });
                    let message = format!("{} has no field `{}`", ty.name, field.name);
                    let finding = Diagnostic::error(codes::FIELD, field.span, message).label("unknown field");
                    return self.refuse(finding.help(help), span);
                };
                let op = Op::Field(of, Arc::clone(&field.name), found.nullable);
                Typed { nullable: found.nullable, path, cost, ..Typed::new(op, span, found.ty.clone()) }
            }
            // As in CEL, `map.key` is `map["key"]`: a missing key is an error.
            Some(Type::Map(ty)) => {
                let op = Op::Field(of, Arc::clone(&field.name), false);
                Typed { path, cost, ..Typed::new(op, span, *ty) }
            }
            Some(ty) => {
                let finding = Diagnostic::error(codes::FIELD, field.span, format!("{ty} has no fields"));
                self.refuse(finding.label("not a field"), span)
            }
        }
    }

    fn logic(&mut self, operands: &[Node], all: bool, span: Span) -> Typed {
        let known = self.guarded.len();
        // In any order: an operand that is false because a value is missing hides the errors of the others.
        for operand in operands {
            nulls::facts(operand, all, &mut self.guarded);
        }
        let (mut codes, mut cost) = (Vec::new(), 1u64);
        for operand in operands {
            let typed = self.condition(operand);
            cost = cost.saturating_add(typed.cost);
            codes.push(typed.code);
        }
        self.guarded.truncate(known);
        let op = if all { Op::All(codes) } else { Op::Any(codes) };
        Typed { cost, ..Typed::new(op, span, Type::Bool) }
    }

    fn condition(&mut self, node: &Node) -> Typed {
        let typed = self.check(node);
        self.required(&typed, node);
        self.expect(typed, &Type::Bool, node)
    }

    fn ternary(&mut self, condition: &Node, then: &Node, otherwise: &Node, span: Span) -> Typed {
        let decides = self.condition(condition);
        let known = self.guarded.len();
        nulls::facts(condition, true, &mut self.guarded);
        let mut a = self.branch(then);
        self.guarded.truncate(known);
        nulls::facts(condition, false, &mut self.guarded);
        let mut b = self.branch(otherwise);
        self.guarded.truncate(known);
        let (Some(left), Some(right)) = (&a.ty, &b.ty) else { return Typed::broken(span) };
        let Some(ty) = left.join(right) else {
            let finding = Diagnostic::error(codes::TYPE, otherwise.span, format!("expected {left}, found {right}"))
                .label(format!("this is {right}"))
                .related(then.span, format!("this is {left}"))
                .help("both sides of `:` have one type");
            return self.refuse(finding, span);
        };
        let nullable = a.nullable || b.nullable || (*left == Type::Null) != (*right == Type::Null);
        (a, b) = (widen(a, &ty), widen(b, &ty));
        let unit = if a.unit == b.unit { a.unit } else { None };
        let cost = decides.cost.saturating_add(a.cost.max(b.cost)).saturating_add(1);
        let length = a.length.zip(b.length).map(|(a, b)| a.max(b));
        let op = Op::If(Box::new(decides.code), Box::new(a.code), Box::new(b.code));
        Typed { nullable, unit, cost, length, ..Typed::new(op, span, ty) }
    }

    /// One side of a choice: what the condition proved to have a value has one.
    fn branch(&mut self, node: &Node) -> Typed {
        let typed = self.check(node);
        let proved = nulls::place(node).is_some_and(|place| self.guarded.contains(&place));
        Typed { nullable: typed.nullable && !proved, ..typed }
    }

    /// Warns if a value is needed where there may be none.
    fn required(&mut self, typed: &Typed, node: &Node) {
        if !typed.nullable || typed.ty.is_none() {
            return;
        }
        let place = nulls::place(node);
        if place.as_ref().is_some_and(|place| self.guarded.contains(place)) {
            return;
        }
        let help = place.as_ref().map(|place| format!("guard it: `{place} != null && ...`")).unwrap_or_default();
        let what = place.map_or_else(|| "this".to_owned(), |place| format!("`{place}`"));
        self.report(
            Diagnostic::warning(codes::MAY_BE_NULL, node.span, format!("{what} may have no value"))
                .label("an incident if it has none")
                .help(help),
        );
    }

    /// `typed` as a value of type `expected`, or a finding.
    fn expect(&mut self, typed: Typed, expected: &Type, node: &Node) -> Typed {
        let Some(ty) = typed.ty.clone() else { return typed };
        if ty != Type::Null && expected.accepts(&ty) {
            return widen(typed, expected);
        }
        let mut finding = Diagnostic::error(codes::TYPE, node.span, format!("expected {expected}, found {ty}"))
            .label(format!("this is {ty}"));
        if let Some(help) = hints::for_type(expected, &ty, node, None) {
            finding = finding.help(help);
        }
        Typed { cost: typed.cost, ..self.refuse(finding, node.span) }
    }

    fn listed(&mut self, of: Type, span: Span) -> Option<Type> {
        let ty = Type::list(of);
        if ty.depth() <= MAX_TYPE_DEPTH {
            return Some(ty);
        }
        self.report(Diagnostic::error(codes::DEPTH, span, format!("lists nest at most {MAX_TYPE_DEPTH} deep")));
        None
    }
}

/// `typed` with its ints as decimals, where `to` has decimals.
fn widen(typed: Typed, to: &Type) -> Typed {
    fn differs(from: &Type, to: &Type) -> bool {
        match (from, to) {
            (Type::Int, Type::Decimal) => true,
            (Type::List(from), Type::List(to)) | (Type::Map(from), Type::Map(to)) => differs(from, to),
            _ => false,
        }
    }
    if !typed.ty.as_ref().is_some_and(|from| differs(from, to)) {
        return Typed { ty: typed.ty.map(|_| to.clone()), ..typed };
    }
    let span = typed.code.span;
    let op = match typed.code.op {
        Op::Const(Value::Int(value)) => Op::Const(Value::Decimal(Decimal::from(value))),
        _ => Op::Widen(Box::new(typed.code)),
    };
    let cost = typed.cost.saturating_add(calls::size(to, typed.length));
    Typed { code: Code { op, span }, ty: Some(to.clone()), cost, ..typed }
}

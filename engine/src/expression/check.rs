//! The static checker: resolves names, chooses functions, computes constants, and reports everything at once.
//! What has been reported has no type (`None`), and nothing that touches it is reported again.

mod apply;
mod calls;
mod constants;
mod hints;
mod literals;
mod macros;
mod nulls;
mod optionals;
mod select;

#[cfg(test)]
pub(super) use optionals::METHODS as OPTIONAL_METHODS;

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::ast::{Kind, Node, Unary};
use super::code::{Code, Op};
use super::codes;
use super::functions::{Extent, NEGATE, Style};
use super::types::{Env, MAX_TYPE_DEPTH, Type};
use super::value::Value;
use crate::diagnostic::{Diagnostic, Span};

/// How long a list is taken to be when the bound of steps is computed.
pub const ASSUMED_LIST: u64 = Extent::ASSUMED.length;

/// A checked part.
pub(super) struct Typed {
    pub(super) code: Code,
    /// Its type; `None` if it was refused.
    pub(super) ty: Option<Type>,
    /// Whether it may be `null`.
    pub(super) nullable: bool,
    /// Whether it is written as an optional: what is selected from it is one too, and to ask whether it is there
    /// makes sense even where it always is.
    optional: bool,
    /// The currency or unit, where it is known at load.
    unit: Option<Arc<str>>,
    /// What it reads, if it is a path: `po.lines.price`.
    path: Option<String>,
    /// The most steps that it takes.
    pub(super) cost: u64,
    /// How large it is at most.
    pub(super) extent: Extent,
}

impl Typed {
    fn new(op: Op, span: Span, ty: Type) -> Self {
        let extent = Extent::ASSUMED;
        let code = Code { op, span };
        Self { code, ty: Some(ty), nullable: false, optional: false, unit: None, path: None, cost: 1, extent }
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
    extent: Extent,
}

/// Checks one expression.
pub(super) struct Checker<'a> {
    env: &'a Env,
    locals: Vec<Local>,
    /// The places that are known to have a value here.
    guarded: Vec<String>,
    pub(super) findings: Vec<Diagnostic>,
    pub(super) reads: BTreeSet<String>,
    /// Whether something in it may ask the calendar.
    pub(super) asks_calendar: bool,
}

impl<'a> Checker<'a> {
    pub(super) const fn new(env: &'a Env) -> Self {
        Self {
            env,
            locals: Vec::new(),
            guarded: Vec::new(),
            findings: Vec::new(),
            reads: BTreeSet::new(),
            asks_calendar: false,
        }
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
        Typed { cost: typed.cost.saturating_add(apply::size(expected, typed.extent)), ..typed }
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
            Kind::Select(of, field) => self.select(of, field, false, span),
            Kind::SelectIf(of, field) => self.select(of, field, true, span),
            Kind::Index(of, at) => self.index(of, at, span),
            // Where it may stand, what it stands in has looked at it.
            Kind::Perhaps(of) => self.infer(of),
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
                if let Some(field) = select::given(*op, left, right) {
                    return self.given(&field, right, span);
                }
                let args = vec![self.check(left), self.check(right)];
                self.apply(op.symbol(), Style::Operator, args, &[left, right], span)
            }
            Kind::All(operands) => self.logic(operands, true, span),
            Kind::Any(operands) => self.logic(operands, false, span),
            Kind::Ternary(condition, then, otherwise) => self.ternary(condition, then, otherwise, span),
            Kind::Broken => Typed::broken(span),
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
        let (extent, optional) = (a.extent.or(b.extent), a.optional || b.optional);
        let op = Op::If(Box::new(decides.code), Box::new(a.code), Box::new(b.code));
        Typed { nullable, optional, unit, cost, extent, ..Typed::new(op, span, ty) }
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
        let help = place
            .as_ref()
            .map(|place| format!("guard it: `{place} != null && ...`, or give a default: `{place}.orValue(...)`"));
        let help = help.unwrap_or_else(|| format!("give a default: `{node}.orValue(...)`"));
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
            (Type::List(from), Type::List(to)) | (Type::Map(_, from), Type::Map(_, to)) => differs(from, to),
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
    let cost = typed.cost.saturating_add(apply::size(to, typed.extent));
    Typed { code: Code { op, span }, ty: Some(to.clone()), cost, ..typed }
}

//! Operators and functions by their arguments: the row that fits, what it costs, or what is wrong.

use std::sync::Arc;

use super::{Checker, Typed, hints, widen};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::Node;
use crate::expression::code::Op;
use crate::expression::codes;
use crate::expression::functions::{
    CALENDAR, Extent, Fuel, Function, INDEX, NEGATE, Out, Param, Pattern, Reach, Style, functions,
};
use crate::expression::types::{Keys, Type};
use crate::expression::units::Duration;
use crate::expression::value::Value;

/// The steps that a constant may take to compute.
const CONSTANT: u64 = 10_000;

impl Checker<'_> {
    /// The operator or function `name` on `args`, which stand at `nodes`.
    pub(super) fn apply(&mut self, name: &str, style: Style, args: Vec<Typed>, nodes: &[&Node], span: Span) -> Typed {
        let Some(types) = args.iter().map(|arg| arg.ty.clone()).collect::<Option<Vec<_>>>() else {
            return Typed::broken(span);
        };
        let rows = || functions().filter(|f| f.name == name && (f.style == style || f.style == Style::Both));
        let Some(function) = rows().find(|f| fits(f, &types)) else {
            let finding = match style {
                Style::Operator => no_operator(name, &args, &types, nodes, span),
                _ => no_function(name, rows(), &types, nodes, span),
            };
            return self.refuse(finding, span);
        };
        if !self.nulls_allowed(function, &args, &types, nodes) {
            return Typed::broken(span);
        }
        if name == "matches"
            && let Some(typed) = self.matches(&args, nodes, span)
        {
            return typed;
        }
        let working = is_working(function, &args, &types);
        if !self.calendar_fits(working, &args, &types, nodes, span)
            || !self.constants_fit(function, &args, &types, nodes)
        {
            return Typed::broken(span);
        }
        if let Some(finding) = mixed_units(function.agree, name, &args, &types, nodes, span) {
            return self.refuse(finding, span);
        }
        let Some(ty) = self.within_depth(result(function, &types), span) else { return Typed::broken(span) };
        // Of an int and a decimal the result is a decimal, whichever it is taken from.
        let args: Vec<Typed> = match function.out {
            Out::Join => args.into_iter().map(|arg| widen(arg, &ty)).collect(),
            _ => args,
        };
        let unit = common_unit(&args, &types, &ty);
        let extents: Vec<Extent> = args.iter().map(|arg| arg.extent).collect();
        let extent = (function.extent)(&extents);
        // Which of them the calendar is asked for may be known only when it is evaluated.
        let asks = working || (self.env.has_calendar() && types.contains(&Type::Duration));
        let asking = if asks { CALENDAR } else { 0 };
        let made = match (function.reach, &ty) {
            (Reach::Deep | Reach::Made, Type::Text) => extent.text / 64,
            (Reach::Deep | Reach::Made, Type::List(_)) => extent.length,
            _ => 0,
        };
        let own =
            function.cost.saturating_add(1 + asking + made).saturating_add(looked_at(function.reach, &args, &types));
        let cost = args.iter().fold(own, |sum, arg| sum.saturating_add(arg.cost));
        let nullable = function.nullable;
        let op = match constant(function, args, working) {
            Ok(op) => op,
            Err(message) => {
                let finding = Diagnostic::error(codes::ALWAYS_FAILS, span, message).label("always fails");
                return self.refuse(finding, span);
            }
        };
        self.asks_calendar |= asks && !matches!(op, Op::Const(_));
        Typed { nullable, optional: nullable, unit, cost, extent, ..Typed::new(op, span, ty) }
    }

    /// Whether there is a calendar, where one is needed, and it can do what is asked.
    fn calendar_fits(&mut self, needed: bool, args: &[Typed], types: &[Type], nodes: &[&Node], span: Span) -> bool {
        if !needed {
            return true;
        }
        if !self.env.has_calendar() {
            let finding = Diagnostic::error(codes::NO_CALENDAR, span, "working time needs a calendar")
                .label("there is no calendar here")
                .help("write `calendar: office` at the top of the file, or elapsed time, such as `3 days`");
            self.report(finding);
            return false;
        }
        let unit = args.iter().zip(nodes).find(|(arg, _)| {
            arg.unit.as_deref().is_some_and(|unit| matches!(unit, "working hours" | "working minutes"))
        });
        if let (true, Some((_, node))) = (types.contains(&Type::Date), unit) {
            let finding = Diagnostic::error(codes::MIXED_UNITS, node.span, "a day moves by working days");
            self.report(finding.help("write `2 working days`, or move an instant"));
            return false;
        }
        true
    }

    fn within_depth(&mut self, ty: Type, span: Span) -> Option<Type> {
        match ty {
            Type::List(of) => self.listed(*of, span),
            ty => Some(ty),
        }
    }

    /// Warns of arguments that may be missing; refuses to ask whether something is null that never is.
    fn nulls_allowed(&mut self, function: &Function, args: &[Typed], types: &[Type], nodes: &[&Node]) -> bool {
        if !function.nulls {
            for (arg, node) in args.iter().zip(nodes) {
                self.required(arg, node);
            }
            return true;
        }
        let literal_null = types.contains(&Type::Null);
        let optional = args.iter().any(|arg| arg.optional);
        let always = args.iter().zip(nodes).find(|(arg, _)| !arg.nullable && arg.ty != Some(Type::Null));
        let always = always.filter(|_| !optional && function.style == Style::Operator);
        if let (true, Some((_, node))) = (literal_null, always) {
            let finding = Diagnostic::error(codes::NEVER_NULL, node.span, format!("`{node}` always has a value"));
            self.report(finding.label("never null").help("leave the comparison out"));
            return false;
        }
        true
    }
}

/// What is found if two quantities that have to agree are in different units.
fn mixed_units(
    agree: bool,
    name: &str,
    args: &[Typed],
    types: &[Type],
    nodes: &[&Node],
    span: Span,
) -> Option<Diagnostic> {
    let ([Typed { unit: Some(a), .. }, Typed { unit: Some(b), .. }], [left, right]) = (args, nodes) else {
        return None;
    };
    if !agree || a == b {
        return None;
    }
    let verb = if matches!(name, "+" | "-" | "/") { "combined" } else { "compared" };
    let finding = Diagnostic::error(codes::MIXED_UNITS, span, format!("{a} and {b} cannot be {verb}"))
        .related(left.span, format!("in {a}"))
        .related(right.span, format!("in {b}"));
    Some(finding.help(match types.contains(&Type::Duration) {
        true => format!("one does not become the other: write both in {a}"),
        false => format!("nothing is converted: write both in {a}, or keep {b} in a field of its own"),
    }))
}

/// Computes the value at load if everything is known there: what always fails is refused.
fn constant(function: &'static Function, args: Vec<Typed>, working: bool) -> Result<Op, String> {
    let values: Option<Vec<Value>> = args.iter().map(|arg| arg.code.constant().cloned()).collect();
    match values.filter(|_| !working) {
        // `null` where a value is needed has been warned of: it is an error when it is evaluated.
        Some(values) if function.nulls || !values.contains(&Value::Null) => {
            (function.run)(&values, &mut Fuel::new(CONSTANT, None)).map(Op::Const)
        }
        _ => Ok(Op::Call(function, args.into_iter().map(|arg| arg.code).collect())),
    }
}

/// Whether the calendar is asked, as far as that is known at load.
fn is_working(function: &Function, args: &[Typed], types: &[Type]) -> bool {
    let moves = types.iter().any(|ty| matches!(ty, Type::Timestamp | Type::Date));
    let working = args.iter().any(|arg| arg.unit.as_ref().is_some_and(|unit| unit.starts_with("working ")));
    function.calendar || (moves && working)
}

/// The unit of the result, if it is known. Amounts that are added have one unit, or it is an error; lists need not.
fn common_unit(args: &[Typed], types: &[Type], to: &Type) -> Option<Arc<str>> {
    // What lies between two instants elapses, also where only working time is counted.
    if *to == Type::Duration && !types.is_empty() && types.iter().all(|ty| matches!(ty, Type::Timestamp | Type::Date)) {
        return Some(Duration::Elapsed(0).sort().into());
    }
    let mut units = args.iter().zip(types).filter(|(_, from)| carries(from, to)).map(|(arg, _)| &arg.unit);
    if is_scalar(to) {
        return units.flatten().next().cloned();
    }
    let first = units.next()?.clone()?;
    units.all(|unit| unit.as_ref() == Some(&first)).then_some(first)
}

/// Whether the unit of a value of type `from` is that of the result, of type `to`.
fn carries(from: &Type, to: &Type) -> bool {
    match from {
        _ if from == to => true,
        Type::List(of) | Type::Map(_, of) => **of == *to,
        _ => false,
    }
}

/// The steps that the arguments themselves cost it.
fn looked_at(reach: Reach, args: &[Typed], types: &[Type]) -> u64 {
    let sizes = args.iter().zip(types).map(|(arg, ty)| (size(ty, arg.extent), ty, arg.extent.length));
    match reach {
        Reach::Fixed | Reach::Made => 0,
        Reach::Compare => sizes.map(|(size, ..)| size).min().unwrap_or(0),
        Reach::Deep => sizes.fold(0, |sum, (size, ..)| sum.saturating_add(size)),
        Reach::Elements => sizes
            .filter(|(_, ty, _)| matches!(ty, Type::List(_) | Type::Map(..)))
            .fold(0, |sum, (.., length)| sum.saturating_add(length)),
        Reach::Search => args.first().map_or(0, |text| Pattern::longest_cost(text.extent.text)),
        Reach::Square => sizes.fold(0, |sum, (size, _, length)| sum.saturating_add(size.saturating_mul(length))),
    }
}

fn fits(function: &Function, types: &[Type]) -> bool {
    let sound = function.nulls || !types.contains(&Type::Null);
    sound
        && function.params.len() == types.len()
        && function.params.iter().zip(types).enumerate().all(|(i, (param, ty))| {
            let before = i.checked_sub(1).and_then(|before| types.get(before)).unwrap_or(ty);
            match param {
                Param::Is(wanted) => wanted == ty,
                Param::Number => ty.is_number(),
                Param::Ordered => is_ordered(ty),
                Param::Like => before.join(ty).is_some(),
                Param::ListOf => matches!(ty, Type::List(of) if before.join(of).is_some()),
                Param::ListIs(wanted) => matches!(ty, Type::List(of) if **of == *wanted || **of == Type::Null),
                Param::Numbers => matches!(ty, Type::List(of) if of.is_number()),
                Param::OrderedList => matches!(ty, Type::List(of) if **of == Type::Null || is_ordered(of)),
                Param::AnyList => matches!(ty, Type::List(_)),
                Param::AnyMap => matches!(ty, Type::Map(..)),
                Param::MapUnder => {
                    matches!(ty, Type::Map(keys, of) if keys.ty() == *before || key_of_empty(before, of))
                }
                Param::KeyOf => matches!(before, Type::Map(keys, of) if keys.ty() == *ty || key_of_empty(ty, of)),
                Param::Any => true,
                Param::Scalar => is_scalar(ty),
            }
        })
}

/// `{}` has keys of any type.
fn key_of_empty(key: &Type, of: &Type) -> bool {
    *of == Type::Null && Keys::of(key).is_some()
}

/// How many steps it takes to walk a value of type `ty`, texts included.
pub(super) fn size(ty: &Type, extent: Extent) -> u64 {
    let text = extent.text / 64 + 1;
    match ty {
        Type::List(of) => extent.length.saturating_mul(size(of, extent.element()).saturating_add(1)).saturating_add(1),
        Type::Map(_, of) => {
            let entry = size(of, extent.element()).saturating_add(text).saturating_add(2);
            extent.length.saturating_mul(entry).saturating_add(1)
        }
        Type::Record(record) => record
            .fields
            .values()
            .fold(1u64, |sum, field| sum.saturating_add(size(&field.ty, extent.element())).saturating_add(2)),
        Type::Text => text,
        _ => 1,
    }
}

pub(super) const fn is_scalar(ty: &Type) -> bool {
    !matches!(ty, Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Null)
}

/// Whether values of it have an order.
pub(super) fn is_ordered(ty: &Type) -> bool {
    is_scalar(ty) && *ty != Type::Person
}

fn result(function: &Function, types: &[Type]) -> Type {
    match (&function.out, types) {
        (Out::Is(ty), _) => ty.clone(),
        (Out::Join, [a, b]) => a.join(b).unwrap_or(Type::Null),
        (Out::First, [first, ..]) => first.clone(),
        (Out::Element, [Type::List(of) | Type::Map(_, of), ..]) => (**of).clone(),
        (Out::Flat, [Type::List(of), ..]) if matches!(**of, Type::List(_)) => (**of).clone(),
        (Out::Flat, [list, ..]) => list.clone(),
        (Out::Texts, _) => Type::list(Type::Text),
        _ => Type::Null,
    }
}

fn no_operator(name: &str, args: &[Typed], types: &[Type], nodes: &[&Node], span: Span) -> Diagnostic {
    let ([left, right], [left_node, right_node], [a, b]) = (types, nodes, args) else {
        let shown = if name == NEGATE { "-" } else { name };
        let ty = types.first().map(Type::name).unwrap_or_default();
        return Diagnostic::error(codes::OPERATOR, span, format!("`{shown}` does not apply to {ty}"));
    };
    if name == INDEX {
        let message = format!("{left} has no element at {right}");
        return Diagnostic::error(codes::OPERATOR, span, message)
            .help("a list is indexed by an int, a map by its keys");
    }
    let has_unit = |ty: &Type| matches!(ty, Type::Money | Type::Quantity);
    let bare = match () {
        () if has_unit(left) && right.is_number() => hints::for_type(left, right, right_node, a.unit.as_deref()),
        () if has_unit(right) && left.is_number() => hints::for_type(right, left, left_node, b.unit.as_deref()),
        () => None,
    };
    if let Some(help) = bare {
        let number = if has_unit(left) { right_node } else { left_node };
        let message = format!("`{name}` does not apply to {left} and {right}: the number has no unit");
        return Diagnostic::error(codes::BARE_NUMBER, number.span, message).label("without a unit").help(help);
    }
    let finding = Diagnostic::error(codes::OPERATOR, span, format!("`{name}` does not apply to {left} and {right}"))
        .related(left_node.span, format!("this is {left}"))
        .related(right_node.span, format!("this is {right}"));
    let help = match (name, left, right) {
        ("in", _, Type::Text) => Some(format!("write `{right_node}.contains({left_node})`")),
        _ => hints::for_type(left, right, right_node, a.unit.as_deref())
            .filter(|_| !matches!(left, Type::Text) || name == "+")
            .or_else(|| hints::for_type(right, left, left_node, b.unit.as_deref()).filter(|_| *right != Type::Text)),
    };
    finding.help(help.unwrap_or_default())
}

fn no_function(
    name: &str,
    rows: impl Iterator<Item = &'static Function>,
    types: &[Type],
    nodes: &[&Node],
    span: Span,
) -> Diagnostic {
    let found: Vec<_> = types.iter().map(Type::name).collect();
    let forms: Vec<_> =
        rows.map(|f| format!("({})", f.params.iter().map(Param::shown).collect::<Vec<_>>().join(", "))).collect();
    let message = format!("`{name}` does not take ({})", found.join(", "));
    let mut help = format!("it takes {}", forms.join(" or "));
    if let ("contains", [Type::List(_), _], [list, item]) = (name, types, nodes) {
        help = format!("write `{item} in {list}`");
    }
    Diagnostic::error(codes::ARGUMENTS, span, message).help(help)
}

impl Param {
    fn shown(&self) -> String {
        match self {
            Self::Is(ty) => ty.name(),
            Self::Number => "int or decimal".to_owned(),
            Self::Ordered => "anything with an order".to_owned(),
            Self::Like => "the same".to_owned(),
            Self::ListOf => "a list of such".to_owned(),
            Self::ListIs(ty) => format!("list({ty})"),
            Self::Numbers => "list(decimal)".to_owned(),
            Self::OrderedList => "a list of what has an order".to_owned(),
            Self::AnyList => "list".to_owned(),
            Self::AnyMap | Self::MapUnder => "map".to_owned(),
            Self::KeyOf => "its key".to_owned(),
            Self::Any | Self::Scalar => "any value".to_owned(),
        }
    }
}

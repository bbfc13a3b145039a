//! Operators, functions and methods: the row that fits, or what is wrong.

use super::{ASSUMED_LIST, Checker, Typed, hints};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::expression::ast::{Ident, Node};
use crate::expression::code::{MACROS, Op};
use crate::expression::codes;
use crate::expression::functions::{FUNCTIONS, Fuel, Function, INDEX, NEGATE, Out, Param, Reach, Style};
use crate::expression::types::Type;
use crate::expression::value::Value;

/// The steps that a constant may take to compute.
const CONSTANT: u64 = 10_000;

/// What CEL or others have and we have not, with what to do.
const ABSENT: &[(&str, &str)] = &[
    ("matches", "there are no regular expressions: use `contains`, `startsWith` or `endsWith`"),
    ("double", "numbers are exact: use `decimal(...)`"),
    ("uint", "use `int(...)`"),
    ("bytes", "there are no bytes: use text"),
    ("dyn", "every value has one type, known at load"),
    ("type", "every value has one type, known at load"),
    ("duration", "write the unit: `3 days`"),
    ("money", "write the currency: `1200.00 EUR`"),
    ("text", "use `string(...)`"),
    ("bool", "compare: `x == \"true\"`"),
];

impl Checker<'_> {
    pub(super) fn call(&mut self, name: &Ident, args: &[Node], span: Span) -> Typed {
        if &*name.name == "has" {
            return self.has(args, span);
        }
        let typed = args.iter().map(|arg| self.check(arg)).collect();
        let nodes: Vec<_> = args.iter().collect();
        if FUNCTIONS.iter().any(|f| f.name == &*name.name && matches!(f.style, Style::Function | Style::Both)) {
            return self.apply(&name.name, Style::Function, typed, &nodes, span);
        }
        let help = match (self.written_as(name, Style::Method), args.split_first()) {
            (true, Some((receiver, rest))) => {
                let rest: Vec<_> = rest.iter().map(ToString::to_string).collect();
                Some(format!("write `{receiver}.{}({})`", name.name, rest.join(", ")))
            }
            (true, None) => Some(format!("write `x.{}(...)`", name.name)),
            _ => None,
        };
        self.unknown(name, Style::Function, help, span)
    }

    pub(super) fn method(&mut self, receiver: &Node, name: &Ident, args: &[Node], span: Span) -> Typed {
        if let Some((_, kind)) = MACROS.iter().find(|(macro_name, _)| *macro_name == &*name.name) {
            return self.macro_call(*kind, receiver, name, args, span);
        }
        let mut typed = vec![self.check(receiver)];
        typed.extend(args.iter().map(|arg| self.check(arg)));
        let nodes: Vec<_> = std::iter::once(receiver).chain(args).collect();
        if FUNCTIONS.iter().any(|f| f.name == &*name.name && matches!(f.style, Style::Method | Style::Both)) {
            return self.apply(&name.name, Style::Method, typed, &nodes, span);
        }
        let shown: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        let help =
            self.written_as(name, Style::Function).then(|| format!("write `{}({})`", name.name, shown.join(", ")));
        self.unknown(name, Style::Method, help, span)
    }

    fn written_as(&self, name: &Ident, style: Style) -> bool {
        let is_macro = style == Style::Method && MACROS.iter().any(|(known, _)| *known == &*name.name);
        is_macro || FUNCTIONS.iter().any(|f| f.name == &*name.name && f.style == style)
    }

    fn unknown(&mut self, name: &Ident, style: Style, help: Option<String>, span: Span) -> Typed {
        let what = if style == Style::Method { "method" } else { "function" };
        let absent = ABSENT.iter().find(|(absent, _)| *absent == &*name.name).map(|(_, help)| (*help).to_owned());
        let absent = absent.or_else(|| {
            name.name.starts_with("get").then(|| "the parts of an instant are not available: compare instants".into())
        });
        if let Some(help) = absent {
            let message = format!("`{}` is not supported", name.name);
            return self.refuse(Diagnostic::error(codes::UNSUPPORTED, name.span, message).help(help), span);
        }
        let known = FUNCTIONS.iter().filter(|f| f.style == style || f.style == Style::Both).map(|f| f.name);
        let macros = MACROS.iter().map(|(name, _)| *name).filter(|_| style == Style::Method);
        let near = nearest(&name.name, known.chain(macros).chain(["has"].into_iter().filter(|_| what == "function")));
        let help = help.or_else(|| near.map(|near| format!("a similar {what} exists: `{near}`"))).unwrap_or_default();
        let finding = Diagnostic::error(codes::FUNCTION, name.span, format!("unknown {what} `{}`", name.name));
        self.refuse(finding.label("not known").help(help), span)
    }

    /// The operator or function `name` on `args`, which stand at `nodes`.
    pub(super) fn apply(&mut self, name: &str, style: Style, args: Vec<Typed>, nodes: &[&Node], span: Span) -> Typed {
        let Some(types) = args.iter().map(|arg| arg.ty.clone()).collect::<Option<Vec<_>>>() else {
            return Typed::broken(span);
        };
        let rows = || FUNCTIONS.iter().filter(|f| f.name == name && (f.style == style || f.style == Style::Both));
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
        if self.needs_calendar(&args, &types, span) {
            return Typed::broken(span);
        }
        if function.agree
            && let [Typed { unit: Some(a), .. }, Typed { unit: Some(b), .. }] = args.as_slice()
            && let [left, right] = nodes
            && a != b
        {
            let verb = if matches!(name, "+" | "-" | "/") { "combined" } else { "compared" };
            let finding = Diagnostic::error(codes::MIXED_UNITS, span, format!("{a} and {b} cannot be {verb}"))
                .related(left.span, format!("in {a}"))
                .related(right.span, format!("in {b}"));
            return self.refuse(finding, span);
        }
        let ty = result(function, &types);
        let unit = args.iter().zip(&types).filter(|(_, from)| **from == ty || function.name == INDEX);
        let unit = unit.filter_map(|(arg, _)| arg.unit.clone()).next();
        let cost = args.iter().zip(&types).fold(function.cost.saturating_add(1), |sum, (arg, ty)| {
            let looked_at = match function.reach {
                Reach::Fixed => 0,
                Reach::Elements => arg.length.unwrap_or(ASSUMED_LIST),
                Reach::Deep if is_scalar(ty) => 0,
                Reach::Deep => size(ty, arg.length),
            };
            sum.saturating_add(arg.cost).saturating_add(looked_at)
        });
        let length = match ty {
            Type::List(_) => args.iter().try_fold(0u64, |sum, arg| Some(sum.saturating_add(arg.length?))),
            _ => None,
        };
        let op = match constant(function, args) {
            Ok(op) => op,
            Err(message) => {
                let finding = Diagnostic::error(codes::ALWAYS_FAILS, span, message).label("always fails");
                return self.refuse(finding, span);
            }
        };
        Typed { unit, cost, length, ..Typed::new(op, span, ty) }
    }

    /// Refuses to move an instant or a day by working time, where that is known at load.
    fn needs_calendar(&mut self, args: &[Typed], types: &[Type], span: Span) -> bool {
        let moves = types.iter().any(|ty| matches!(ty, Type::Timestamp | Type::Date));
        let working = args.iter().any(|arg| arg.unit.as_ref().is_some_and(|unit| unit.starts_with("working ")));
        if moves && working {
            let message = "working time cannot be added to an instant or a day here: it needs a calendar";
            let finding = Diagnostic::error(codes::MIXED_UNITS, span, message);
            self.report(finding.help("write elapsed time, such as `3 days`, or use a timer with `due`"));
        }
        moves && working
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
        let always = args.iter().zip(nodes).find(|(arg, _)| !arg.nullable && arg.ty != Some(Type::Null));
        if let (true, Some((_, node))) = (literal_null, always) {
            let finding = Diagnostic::error(codes::NEVER_NULL, node.span, format!("`{node}` always has a value"));
            self.report(finding.label("never null").help("leave the comparison out"));
            return false;
        }
        true
    }
}

/// Computes the value at load if everything is known there: what always fails is refused.
fn constant(function: &'static Function, args: Vec<Typed>) -> Result<Op, String> {
    let values: Option<Vec<Value>> = args
        .iter()
        .map(|arg| match &arg.code.op {
            Op::Const(value) => Some(value.clone()),
            _ => None,
        })
        .collect();
    match values {
        Some(values) => (function.run)(&values, &mut Fuel(CONSTANT)).map(Op::Const),
        None => Ok(Op::Call(function, args.into_iter().map(|arg| arg.code).collect())),
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
                Param::Ordered => is_scalar(ty) && *ty != Type::Person,
                Param::Like => before.join(ty).is_some(),
                Param::ListOf => matches!(ty, Type::List(of) if before.join(of).is_some()),
                Param::AnyList => matches!(ty, Type::List(_)),
                Param::AnyMap => matches!(ty, Type::Map(_)),
                Param::Any => true,
                Param::Scalar => is_scalar(ty),
            }
        })
}

/// How many values are inside a value of type `ty`; `length` is the list's own, where it is known.
pub(super) fn size(ty: &Type, length: Option<u64>) -> u64 {
    match ty {
        Type::List(of) => length.unwrap_or(ASSUMED_LIST).saturating_mul(size(of, None).saturating_add(1)),
        Type::Map(of) => length.unwrap_or(ASSUMED_LIST).saturating_mul(size(of, None).saturating_add(2)),
        Type::Record(record) => {
            record.fields.values().fold(1u64, |sum, field| sum.saturating_add(size(&field.ty, None)).saturating_add(2))
        }
        // An element that is text of 256 bytes takes so many steps to compare.
        _ => 5,
    }
}

const fn is_scalar(ty: &Type) -> bool {
    !matches!(ty, Type::List(_) | Type::Map(_) | Type::Record(_) | Type::Null)
}

fn result(function: &Function, types: &[Type]) -> Type {
    match (&function.out, types) {
        (Out::Is(ty), _) => ty.clone(),
        (Out::Join, [a, b]) => a.join(b).unwrap_or(Type::Null),
        (Out::Element, [Type::List(of) | Type::Map(of), ..]) => (**of).clone(),
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
        return Diagnostic::error(codes::OPERATOR, span, message).help("a list is indexed by an int, a map by text");
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
            Self::AnyList => "list".to_owned(),
            Self::AnyMap => "map".to_owned(),
            Self::Any | Self::Scalar => "any value".to_owned(),
        }
    }
}

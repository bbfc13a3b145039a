//! Functions and methods by name, those of a namespace (`math.round`) too, and what to do about unknown ones.

use super::{Checker, Typed, optionals};
use crate::diagnostic::{Diagnostic, Span, nearest};
use crate::expression::ast::{Ident, Kind, Literal, Node};
use crate::expression::code::{MACROS, Op};
use crate::expression::codes;
use crate::expression::functions::{Extent, Style, canonical, functions};
use crate::expression::types::Type;

/// Names before a point that are not values.
const NAMESPACES: &[&str] = &["math", "optional", "cel", "strings", "base64"];

/// Functions that the checker knows by itself.
const SPECIAL: &[&str] = &["has", "optional.of", "optional.none", "cel.bind"];

/// What other languages call our functions and methods.
const SYNONYMS: &[(&str, &str)] = &[
    ("length", "size"),
    ("len", "size"),
    ("count", "size"),
    ("lower", "lowerAscii"),
    ("toLowerCase", "lowerAscii"),
    ("upper", "upperAscii"),
    ("toUpperCase", "upperAscii"),
    ("includes", "contains"),
    ("any", "exists"),
    ("some", "exists"),
    ("every", "all"),
    ("regex", "matches"),
    ("match", "matches"),
    ("strip", "trim"),
    ("substr", "substring"),
    ("coalesce", "orValue"),
    ("getOrDefault", "orValue"),
];

/// What CEL or others have and we have not, with what to do.
const ABSENT: &[(&str, &str)] = &[
    ("double", "numbers are exact: use `decimal(...)`"),
    ("uint", "use `int(...)`"),
    ("bytes", "there are no bytes: use text"),
    ("dyn", "every value has one type, known at load"),
    ("type", "every value has one type, known at load"),
    ("money", "write the currency: `1200.00 EUR`"),
    ("text", "use `string(...)`"),
    ("isEmpty", "write `x.size() == 0`"),
    ("like", "write `x.contains(\"...\")`, or a regular expression with `matches`"),
    ("math.isNaN", "numbers are exact: every one is a number"),
    ("math.isInf", "numbers are exact: every one is finite"),
    ("math.isFinite", "numbers are exact: every one is finite"),
    ("math.sqrt", "numbers are exact, and roots are not"),
    ("cel.block", "that is what optimizers write: use `cel.bind(x, value, ...)`"),
    ("cel.index", "that is what optimizers write: use `cel.bind(x, value, ...)`"),
    ("base64.encode", "there are no bytes: use text"),
    ("base64.decode", "there are no bytes: use text"),
];

impl Checker<'_> {
    pub(super) fn call(&mut self, name: &Ident, args: &[Node], span: Span) -> Typed {
        match &*name.name {
            "has" => return self.has(args, span),
            "optional.of" => return self.optional_of(args, span),
            "optional.none" => return self.optional_none(args, span),
            "cel.bind" => return self.bind(args, span),
            "now" | "today" | "role" => return self.no_function(name, args, span),
            _ => {}
        }
        let typed: Vec<_> = args.iter().map(|arg| self.check(arg)).collect();
        let nodes: Vec<_> = args.iter().collect();
        let known = canonical(&name.name);
        if functions().any(|f| f.name == known && matches!(f.style, Style::Function | Style::Both)) {
            return if matches!(known, "min" | "max") && args.len() > 2 {
                self.pairwise(known, typed, &nodes, span)
            } else {
                self.apply(known, Style::Function, typed, &nodes, span)
            };
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

    /// What is no function here, though authors write it as one.
    fn no_function(&mut self, name: &Ident, args: &[Node], span: Span) -> Typed {
        let help = match (&*name.name, args) {
            ("now", []) => "write `now`".to_owned(),
            ("today", []) => "write `date(now, \"UTC\")`, with the zone whose day is meant".to_owned(),
            ("role", [Node { kind: Kind::Literal(Literal::Text(role)), .. }]) => by_role(role),
            ("role", [role]) => by_role(&role.to_string()),
            (name, _) => format!("an expression has no `{name}` that takes something"),
        };
        let finding = Diagnostic::error(codes::FUNCTION, name.span, format!("`{}` is no function", name.name));
        self.refuse(finding.label("not known").help(help), span)
    }

    /// The least or greatest of more than two: of the first two, of that and the third, and so on.
    fn pairwise(&mut self, name: &str, typed: Vec<Typed>, nodes: &[&Node], span: Span) -> Typed {
        let mut rest = typed.into_iter().zip(nodes);
        let Some((mut best, first)) = rest.next() else { return Typed::broken(span) };
        for (next, node) in rest {
            best = self.apply(name, Style::Function, vec![best, next], &[first, node], span);
        }
        best
    }

    pub(super) fn method(&mut self, receiver: &Node, name: &Ident, args: &[Node], span: Span) -> Typed {
        if let Kind::Name { name: space, rooted: false } = &receiver.kind
            && NAMESPACES.contains(&&**space)
            && self.env.get(space).is_none()
            && self.locals.iter().all(|local| local.name != *space)
        {
            let whole = Span::new(receiver.span.start, name.span.end);
            return self.call(&Ident { name: format!("{space}.{}", name.name).into(), span: whole }, args, span);
        }
        if let Some((_, kind, counts)) = MACROS.iter().find(|(macro_name, ..)| *macro_name == &*name.name) {
            return self.macro_call(*kind, counts, receiver, name, args, span);
        }
        // The macro of another language: its variable is not an unknown name besides.
        if let Some((_, ours)) = SYNONYMS.iter().find(|(theirs, _)| *theirs == &*name.name)
            && MACROS.iter().any(|(known, ..)| known == ours)
        {
            return self.unknown(name, Style::Method, None, span);
        }
        if optionals::METHODS.iter().any(|(known, _)| *known == &*name.name) {
            return self.optional_method(receiver, name, args, span);
        }
        if let ("format", [Node { kind: Kind::List(items), span: list, .. }]) = (&*name.name, args) {
            let template = self.check(receiver);
            let values = self.any_values(items, *list);
            let nodes: Vec<_> = std::iter::once(receiver).chain(args).collect();
            return self.apply("format", Style::Method, vec![template, values], &nodes, span);
        }
        let mut typed = vec![self.check(receiver)];
        typed.extend(args.iter().map(|arg| self.check(arg)));
        let nodes: Vec<_> = std::iter::once(receiver).chain(args).collect();
        if functions().any(|f| f.name == &*name.name && matches!(f.style, Style::Method | Style::Both)) {
            return self.apply(&name.name, Style::Method, typed, &nodes, span);
        }
        let shown: Vec<_> = nodes.iter().map(ToString::to_string).collect();
        let help =
            self.written_as(name, Style::Function).then(|| format!("write `{}({})`", name.name, shown.join(", ")));
        self.unknown(name, Style::Method, help, span)
    }

    /// The values of a `format`, each of a type of its own.
    fn any_values(&mut self, items: &[Node], span: Span) -> Typed {
        let (mut codes, mut cost, mut extent, mut sound) = (Vec::new(), 1u64, Extent::NONE, true);
        for item in items {
            let typed = self.check(item);
            self.required(&typed, item);
            sound &= match &typed.ty {
                Some(Type::Null) => {
                    self.report(Diagnostic::error(codes::MIXED_LIST, item.span, "a list holds no null"));
                    false
                }
                Some(ty) => {
                    cost = cost.saturating_add(typed.cost).saturating_add(super::apply::size(ty, typed.extent));
                    let scalar = super::apply::is_scalar(ty);
                    extent = extent.or(if scalar { Extent::of_text(typed.extent.text) } else { typed.extent });
                    true
                }
                None => false,
            };
            codes.push((typed.code, false));
        }
        if !sound {
            return Typed::broken(span);
        }
        let constants: Option<Vec<_>> = codes.iter().map(|(code, _)| code.constant().cloned()).collect();
        let op = constants.map_or(Op::List(codes), |values| Op::Const(crate::expression::Value::list(values)));
        let extent = extent.listed(items.len() as u64);
        Typed { cost, extent, ..Typed::new(op, span, Type::list(Type::Text)) }
    }

    fn written_as(&self, name: &Ident, style: Style) -> bool {
        let is_macro = style == Style::Method && MACROS.iter().any(|(known, ..)| *known == &*name.name);
        is_macro || functions().any(|f| f.name == &*name.name && f.style == style)
    }

    /// Whether there is a function, a method or a macro of this name.
    fn written_as_any(&self, name: &str, style: Style) -> bool {
        let method = MACROS.iter().any(|(known, ..)| *known == name)
            || optionals::METHODS.iter().any(|(known, _)| *known == name);
        functions().any(|f| f.name == name && (f.style == style || f.style == Style::Both))
            || (style == Style::Method && method)
    }

    fn unknown(&mut self, name: &Ident, style: Style, help: Option<String>, span: Span) -> Typed {
        let what = if style == Style::Method { "method" } else { "function" };
        let absent = ABSENT.iter().find(|(absent, _)| *absent == &*name.name).map(|(_, help)| (*help).to_owned());
        if let Some(help) = absent {
            let message = format!("`{}` is not supported", name.name);
            return self.refuse(Diagnostic::error(codes::UNSUPPORTED, name.span, message).help(help), span);
        }
        let known = functions().filter(|f| f.style == style || f.style == Style::Both).map(|f| f.name);
        let near = if style == Style::Method {
            let forms = optionals::METHODS.iter().map(|(name, _)| *name);
            nearest(&name.name, known.chain(MACROS.iter().map(|(name, ..)| *name)).chain(forms))
        } else {
            nearest(&name.name, known.chain(SPECIAL.iter().copied()))
        };
        let synonym = SYNONYMS.iter().find(|(theirs, ours)| *theirs == &*name.name && self.written_as_any(ours, style));
        let help = help.or_else(|| synonym.map(|(_, ours)| format!("it is called so here: write `{ours}`")));
        let math = format!("math.{}", name.name);
        let is_math = style == Style::Function && functions().any(|f| f.name == math);
        let help = help.or_else(|| is_math.then(|| format!("write `{math}`")));
        let help = help.or_else(|| near.map(|near| format!("a similar {what} exists: `{near}`"))).unwrap_or_default();
        let finding = Diagnostic::error(codes::FUNCTION, name.span, format!("unknown {what} `{}`", name.name));
        self.refuse(finding.label("not known").help(help), span)
    }
}

fn by_role(role: &str) -> String {
    format!("who may do it stands beside the condition, `by: role({role})`; a condition knows no roles")
}

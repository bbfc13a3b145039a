//! Constant arguments that can be wrong by themselves: patterns, time zones and templates, refused at load.

use super::{Checker, Typed};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::Node;
use crate::expression::code::Op;
use crate::expression::codes;
use crate::expression::functions::{Function, Pattern, template_fits, zone};
use crate::expression::types::Type;
use crate::expression::value::Value;

/// A constant text among the arguments.
fn text(args: &[Typed], index: usize) -> Option<&str> {
    match args.get(index)?.code.constant()? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}

impl Checker<'_> {
    /// Reports a constant that `function` can do nothing with; whether all is well.
    pub(super) fn constants_fit(
        &mut self,
        function: &Function,
        args: &[Typed],
        types: &[Type],
        nodes: &[&Node],
    ) -> bool {
        let wrong = match (function.name, types) {
            ("format", _) => {
                let values = match args.get(1).map(|list| &list.code.op) {
                    Some(Op::List(items)) => Some(items.len()),
                    Some(Op::Const(Value::List(items))) => Some(items.len()),
                    _ => None,
                };
                let fits =
                    text(args, 0).zip(values).map_or(Ok(()), |(template, values)| template_fits(template, values));
                fits.err().map(|why| (0, codes::TEMPLATE, why))
            }
            (_, [Type::Timestamp | Type::Date, Type::Text]) => {
                text(args, 1).and_then(|name| zone(name).err()).map(|why| (1, codes::ZONE, why))
            }
            _ => None,
        };
        let Some((index, code, why)) = wrong else { return true };
        let span = nodes.get(index).map_or(Span::default(), |node| node.span);
        // Where it is evaluated the sentence has to say both.
        let (why, help) = match why.split_once(": write ") {
            Some((why, help)) => (why, format!("write {help}")),
            None => (why.as_str(), String::new()),
        };
        self.report(Diagnostic::error(code, span, why).help(help));
        false
    }

    /// `text.matches(pattern)` with a pattern that is known at load.
    pub(super) fn matches(&mut self, args: &[Typed], nodes: &[&Node], span: Span) -> Option<Typed> {
        let pattern = match Pattern::new(text(args, 1)?) {
            Ok(pattern) => pattern,
            Err(why) => {
                let at = nodes.get(1).map_or(span, |node| node.span);
                let help = match text(args, 1).filter(|text| text.starts_with('*')) {
                    Some(text) => format!("`*` repeats what stands before it: write `{:?}`", format!(".{text}")),
                    None => "patterns are those of RE2: write `^[A-Z]{2}[0-9]+$`, for instance".to_owned(),
                };
                return Some(self.refuse(Diagnostic::error(codes::PATTERN, at, why).help(help), span));
            }
        };
        let of = args.first()?;
        let cost = of.cost.saturating_add(pattern.cost(of.extent.text)).saturating_add(1);
        let op = Op::Matches(Box::new(of.code.clone()), pattern);
        Some(Typed { cost, ..Typed::new(op, span, Type::Bool) })
    }
}

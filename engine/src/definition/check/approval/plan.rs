//! Which of an approval's plans asks, and whether each that can be named is there.
//!
//! Looked at are texts that are written out, in the expression itself or as outputs of the table that it reads; what is
//! calculated is known only when it runs.

use super::super::Checker;
use super::super::expressions::Scope;
use crate::definition::codes;
use crate::definition::file::Text;
use crate::definition::read::{self, Keys, or_list};
use crate::definition::yaml::Shape;
use crate::diagnostic::{Diagnostic, Help, Span, nearest};
use crate::expression::{Expr, Field, Kind, Literal, Node, Type, Value};

/// The plans that there are.
struct Plans<'p> {
    key: Span,
    names: Vec<&'p str>,
}

impl Checker<'_> {
    /// Which of the plans asks.
    pub(super) fn plan(&mut self, keys: &Keys<'_>) -> Option<Expr> {
        match (keys.get("plan"), keys.get("plans")) {
            (Some((at, node)), Some((key, plans))) => {
                let text = read::text(node, at, "`plan`", &mut self.found)?;
                let expr = self.expression(&text, &Scope::engine(), &Field::required(Type::Text))?;
                // Beside `steps` or a `table` it is not sure that the plans are meant.
                let only = keys.get("steps").is_none() && keys.get("table").is_none();
                if let Shape::Map(plans) = &plans.shape
                    && only
                {
                    let names = plans.iter().map(|(name, _)| name.value.as_str()).collect();
                    self.known_plans(expr.ast(), &text, &Plans { key, names });
                }
                Some(expr)
            }
            (Some((at, _)), None) => {
                let help = "write `plans: { small: [...], large: [...] }` beside it";
                self.error(codes::NO_STEPS, at, "`plan` chooses one of `plans`, and there are none", help);
                None
            }
            (None, Some((at, _))) => {
                let help =
                    "write `plan: tiers.plan` beside it: an expression of type text, such as an output of a table";
                self.error(codes::NO_STEPS, at, "nothing says which of the plans asks", help);
                None
            }
            (None, None) => None,
        }
    }

    /// Tells of each plan that `node`, a part of `text`, names and that is not there.
    fn known_plans(&mut self, node: &Node, text: &Text, plans: &Plans<'_>) {
        match &node.kind {
            Kind::Literal(Literal::Text(name)) => {
                let span = text.value.locate(self.source, text.span, node.span);
                self.known_plan(name, span, plans);
            }
            Kind::Ternary(_, one, other) => {
                self.known_plans(one, text, plans);
                self.known_plans(other, text, plans);
            }
            Kind::Select(of, output) => {
                let Kind::Name { name, .. } = &of.kind else { return };
                let Some(table) = self.tables.iter().find(|table| table.name() == &**name).cloned() else { return };
                for (value, span) in table.constants(&output.name) {
                    if let Value::Text(name) = value {
                        self.known_plan(name, span, plans);
                    }
                }
            }
            _ => {}
        }
    }

    fn known_plan(&mut self, name: &str, span: Span, plans: &Plans<'_>) {
        if plans.names.contains(&name) {
            return;
        }
        let written = self.source.get(span.start..span.end).unwrap_or_default();
        let help = match nearest(name, plans.names.iter().copied()) {
            Some(near) if written.contains(name) => {
                Help { instead: Some(written.replacen(name, near, 1)), ..Help::similar("plan", near) }
            }
            Some(near) => format!("a similar plan exists: `{near}`").into(),
            None => format!("write {}, or a plan of this name", or_list(&plans.names)).into(),
        };
        self.found.push(
            Diagnostic::error(codes::UNKNOWN_PLAN, span, format!("no plan is called `{name}`"))
                .label("not among `plans`")
                .related(plans.key, "the plans")
                .help(help),
        );
    }
}

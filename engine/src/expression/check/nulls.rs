//! Which places a condition proves to have a value.

use crate::expression::ast::{Binary, Kind, Literal, Node, Unary};

/// The place that a node names: a chain of fields from a name. Elements of lists have none.
pub(super) fn place(node: &Node) -> Option<String> {
    match &node.kind {
        Kind::Name { name, .. } => Some(name.to_string()),
        Kind::Select(of, field) | Kind::SelectIf(of, field) => Some(format!("{}.{}", place(of)?, field.name)),
        _ => None,
    }
}

/// Adds the places that have a value wherever `node` comes out as `truth`.
pub(super) fn facts(node: &Node, truth: bool, into: &mut Vec<String>) {
    let is_null = |node: &Node| matches!(node.kind, Kind::Literal(Literal::Null));
    match &node.kind {
        Kind::Binary(op, left, right) if *op == if truth { Binary::NotEqual } else { Binary::Equal } => {
            if is_null(right) {
                into.extend(place(left));
            } else if is_null(left) {
                into.extend(place(right));
            }
        }
        Kind::Call(name, args) if truth && &*name.name == "has" => into.extend(args.first().and_then(place)),
        Kind::Method(of, name, args) if truth && args.is_empty() && &*name.name == "hasValue" => into.extend(place(of)),
        Kind::Unary(Unary::Not, of) => facts(of, !truth, into),
        Kind::All(operands) if truth => operands.iter().for_each(|operand| facts(operand, truth, into)),
        Kind::Any(operands) if !truth => operands.iter().for_each(|operand| facts(operand, truth, into)),
        _ => {}
    }
}

//! What to write instead: the help under a finding about types.

use crate::diagnostic::nearest;
use crate::expression::ast::{Kind, Literal, Node};
use crate::expression::types::Type;
use crate::expression::units::time_words;

/// Why `unit` is refused as a unit of measure, and what to do.
pub(super) fn no_unit(unit: &str) -> Option<(String, &'static str)> {
    match unit {
        "month" | "months" | "year" | "years" => Some((format!("`{unit}` has no fixed length"), "write days or weeks")),
        _ if unit.contains(' ') => {
            Some((format!("`{unit}` is not a unit"), "write working days, working hours or working minutes"))
        }
        _ => None,
    }
}

/// The currency that `word` surely means.
pub(super) fn currency(word: &str) -> Option<&'static str> {
    matches!(word.to_ascii_lowercase().as_str(), "euro" | "euros").then_some("EUR")
}

/// How to make `node`, which is of type `found`, a value of type `expected`; `unit` is the one to suggest.
pub(super) fn for_type(expected: &Type, found: &Type, node: &Node, unit: Option<&str>) -> Option<String> {
    let literal = match &node.kind {
        Kind::Literal(literal) => Some(literal),
        _ => None,
    };
    match (expected, found, literal) {
        (Type::Money, Type::Int | Type::Decimal, Some(_)) => Some(format!("write `{node} {}`", unit.unwrap_or("EUR"))),
        (Type::Money, Type::Int | Type::Decimal, None) => {
            Some(format!("give the number a unit: write `{node} * 1 {}`", unit.unwrap_or("EUR")))
        }
        (Type::Quantity, Type::Int | Type::Decimal, Some(_)) => {
            Some(format!("write `{node} {}`", unit.unwrap_or("kg")))
        }
        (Type::Duration, Type::Int | Type::Decimal, Some(_)) => Some(format!("write `{node} days`")),
        (Type::Duration, Type::Quantity, Some(Literal::Unit(amount, unit))) => {
            Some(format!("write `{amount} {}`", nearest(unit, time_words())?))
        }
        (Type::Money, Type::Quantity, Some(Literal::Unit(amount, unit))) if unit.len() == 3 => {
            Some(format!("a currency is three capitals: write `{amount} {}`", unit.to_ascii_uppercase()))
        }
        (Type::Person | Type::Date | Type::Timestamp, Type::Text, _) => Some(format!("write `{expected}({node})`")),
        (Type::Date, Type::Timestamp, _) => Some(format!("the day depends on the zone: write `date({node}, \"UTC\")`")),
        (Type::Timestamp, Type::Date, _) => {
            Some(format!("write `timestamp({node}, \"UTC\")`, its first instant there"))
        }
        (Type::Decimal | Type::Int, Type::Text, Some(Literal::Text(text)))
            if text.parse::<rust_decimal::Decimal>().is_err() =>
        {
            Some(format!("`{node}` is no number: make the number a text, `string(...)`, or compare it with a number"))
        }
        (Type::Decimal | Type::Int, Type::Text, _) => Some(format!("write `{expected}({node})`")),
        (Type::Int, Type::Decimal, _) => Some(format!("write `int({node})`, which drops the fraction")),
        (Type::Text, Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Null, _) => None,
        (Type::Text, _, _) => Some(format!("write `string({node})`")),
        (Type::Bool, Type::Int | Type::Decimal, None) => {
            Some(format!("a condition is true or false: write `{node} > 0`"))
        }
        (Type::Bool, Type::List(_) | Type::Map(..), _) => Some(format!("write `{node}.size() > 0`")),
        _ => None,
    }
}

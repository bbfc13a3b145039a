//! Literals, lists and maps.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Checker, Typed, hints, widen};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Kind, Literal, Node};
use crate::expression::code::Op;
use crate::expression::codes;
use crate::expression::functions::Extent;
use crate::expression::types::{Keys, Type};
use crate::expression::units::{Duration, QUANTITY_PLACES, Quantity, time_unit};
use crate::expression::value::Value;
use crate::money::{Currency, Money};

impl Checker<'_> {
    pub(super) fn literal(&mut self, literal: &Literal, span: Span) -> Typed {
        let (value, ty) = match literal {
            Literal::Null => (Value::Null, Type::Null),
            Literal::Bool(value) => (Value::Bool(*value), Type::Bool),
            Literal::Int(value) => (Value::Int(*value), Type::Int),
            Literal::Decimal(value) => (Value::Decimal(*value), Type::Decimal),
            Literal::Text(value) => (Value::Text(Arc::clone(value)), Type::Text),
            Literal::Unit(amount, unit) => return self.amount(*amount, unit, span),
            Literal::Uint(value) => {
                let finding = Diagnostic::error(codes::UNSUPPORTED, span, "unsigned ints are not supported");
                return self.refuse(finding.help(format!("write `{value}`")), span);
            }
            Literal::Bytes(_) => {
                let finding = Diagnostic::error(codes::UNSUPPORTED, span, "bytes are not supported");
                return self.refuse(finding.help("write text, without the `b`"), span);
            }
        };
        let extent = Extent::of(&value);
        Typed { extent, ..Typed::new(Op::Const(value), span, ty) }
    }

    /// `20000 EUR`, `3 days`, `5 kg`.
    fn amount(&mut self, amount: Decimal, unit: &str, span: Span) -> Typed {
        let out_of_range = |checker: &mut Self, message: String, help: &str| {
            checker.refuse(Diagnostic::error(codes::RANGE, span, message).help(help), span)
        };
        if let Ok(currency) = unit.parse::<Currency>() {
            return match scaled(amount, 4) {
                Ok(units) => {
                    let op = Op::Const(Value::Money(Money { units, currency }));
                    Typed { unit: Some(unit.into()), ..Typed::new(op, span, Type::Money) }
                }
                Err(e) => out_of_range(self, e, "money has at most 4 places: round it, or multiply"),
            };
        }
        if time_unit(unit).is_some() {
            return match scaled(amount, 6).and_then(|millionths| Duration::of(millionths, unit)) {
                Ok(duration) => {
                    let op = Op::Const(Value::Duration(duration));
                    Typed { unit: Some(duration.sort().into()), ..Typed::new(op, span, Type::Duration) }
                }
                Err(e) => out_of_range(self, e, "write it in a smaller unit, and whole: `90 minutes` for 1.5 hours"),
            };
        }
        if let Some(code) = hints::currency(unit) {
            let finding = Diagnostic::error(codes::UNIT, span, format!("`{unit}` is not a currency"));
            return self.refuse(finding.help(format!("write `{amount} {code}`")), span);
        }
        if let Some(why) = hints::no_unit(unit) {
            return self.refuse(Diagnostic::error(codes::UNIT, span, why.0).help(why.1), span);
        }
        match scaled(amount, QUANTITY_PLACES) {
            Ok(units) => {
                let op = Op::Const(Value::Quantity(Quantity { units, unit: unit.into() }));
                Typed { unit: Some(unit.into()), ..Typed::new(op, span, Type::Quantity) }
            }
            Err(e) => out_of_range(self, e, "a quantity has at most 6 places: round it, or take another unit"),
        }
    }

    pub(super) fn list(&mut self, items: &[Node], span: Span) -> Typed {
        let Some((of, elements, cost)) = self.elements(items.iter(), "a list") else { return Typed::broken(span) };
        let Some(ty) = self.listed(of, span) else { return Typed::broken(span) };
        let unit = common_unit(&elements);
        let extent = inside(&elements);
        let codes: Vec<_> =
            elements.into_iter().zip(items).map(|(typed, item)| (typed.code, is_optional(item))).collect();
        let constants: Option<Vec<Value>> = codes
            .iter()
            .filter(|(code, optional)| !optional || code.constant() != Some(&Value::Null))
            .map(|(code, _)| code.constant().filter(|value| **value != Value::Null).cloned())
            .collect();
        let op = constants.map_or(Op::List(codes), |values| Op::Const(Value::List(Arc::new(values))));
        Typed { unit, cost, extent, ..Typed::new(op, span, ty) }
    }

    pub(super) fn map(&mut self, entries: &[(Node, Node)], span: Span) -> Typed {
        let (mut codes, mut kind, mut cost, mut text) = (Vec::new(), None, 0u64, 0u64);
        let mut sound = true;
        for (key, _) in entries {
            let typed = self.key(key, &mut kind);
            sound &= typed.ty.is_some();
            cost = cost.saturating_add(typed.cost);
            text = text.max(typed.extent.text);
            codes.push(typed.code);
        }
        let optional: Vec<bool> = entries.iter().map(|(key, _)| is_optional(key)).collect();
        let nodes: Vec<_> = entries.iter().map(|(_, value)| value).collect();
        let values = self.elements_or_none(nodes.into_iter().zip(optional.iter().copied()), "a map");
        let Some((of, values, more)) = values.filter(|_| sound) else { return Typed::broken(span) };
        if self.listed(of.clone(), span).is_none() {
            return Typed::broken(span);
        }
        let keys = kind.as_ref().and_then(|(ty, _)| Keys::of(ty)).unwrap_or_default();
        let (unit, extent) = (common_unit(&values), inside(&values));
        let extent = Extent { text: extent.text.max(text), ..extent };
        let cost = cost.saturating_add(more);
        let entries =
            codes.into_iter().zip(values).zip(optional).map(|((key, value), optional)| (key, value.code, optional));
        let op = Op::Map(entries.collect());
        Typed { unit, cost, extent, ..Typed::new(op, span, Type::Map(keys, Box::new(of))) }
    }

    /// A key, which must be of the type of those before it.
    fn key(&mut self, node: &Node, kind: &mut Option<(Type, Span)>) -> Typed {
        let typed = self.check(node);
        self.required(&typed, node);
        let Some(ty) = typed.ty.clone() else { return typed };
        if Keys::of(&ty).is_none() {
            let finding = Diagnostic::error(codes::TYPE, node.span, format!("a key is text, int or bool, not {ty}"));
            return self.refuse(finding.label(format!("this is {ty}")), node.span);
        }
        match kind {
            Some((before, first)) if *before != ty => {
                let message = format!("a map has keys of one type: {before}, not {ty}");
                let finding = Diagnostic::error(codes::MIXED_LIST, node.span, message).label(format!("this is {ty}"));
                self.refuse(finding.related(*first, format!("this is {before}")), node.span)
            }
            Some(_) => typed,
            None => {
                *kind = Some((ty, node.span));
                typed
            }
        }
    }

    fn elements<'n>(&mut self, nodes: impl Iterator<Item = &'n Node>, of: &str) -> Option<(Type, Vec<Typed>, u64)> {
        self.elements_or_none(nodes.map(|node| (node, is_optional(node))), of)
    }

    /// Values of one type, that type, and their cost. Those that are optional may be missing.
    fn elements_or_none<'n>(
        &mut self,
        nodes: impl Iterator<Item = (&'n Node, bool)>,
        of: &str,
    ) -> Option<(Type, Vec<Typed>, u64)> {
        let (mut joined, mut first) = (Type::Null, None);
        let (mut elements, mut cost, mut sound) = (Vec::new(), 1u64, true);
        for (node, optional) in nodes {
            let typed = self.check(node);
            if !optional {
                self.required(&typed, node);
            } else if typed.ty.is_some() && !typed.nullable && !typed.optional {
                let message = format!("`{node}` always has a value: the `?` changes nothing");
                self.report(Diagnostic::warning(codes::NEVER_MISSING, node.span, message).help("leave it out"));
            }
            cost = cost.saturating_add(typed.cost);
            match &typed.ty {
                None => sound = false,
                Some(Type::Null) if optional => {}
                Some(Type::Null) => {
                    sound = false;
                    self.report(Diagnostic::error(codes::MIXED_LIST, node.span, format!("{of} holds no null")));
                }
                Some(ty) => match joined.join(ty) {
                    Some(both) => {
                        joined = both;
                        first = first.or(Some(node.span));
                    }
                    None => {
                        sound = false;
                        let message = format!("{of} holds values of one type: {joined}, not {ty}");
                        let finding = Diagnostic::error(codes::MIXED_LIST, node.span, message);
                        let finding = finding.label(format!("this is {ty}"));
                        self.report(finding.related(first.unwrap_or(node.span), format!("this is {joined}")));
                    }
                },
            }
            elements.push(typed);
        }
        if !sound {
            return None;
        }
        let elements: Vec<_> = elements.into_iter().map(|typed| widen(typed, &joined)).collect();
        Some((joined, elements, cost))
    }
}

const fn is_optional(node: &Node) -> bool {
    matches!(node.kind, Kind::Perhaps(_))
}

/// How large a list or map of these is.
fn inside(elements: &[Typed]) -> Extent {
    elements.iter().map(|typed| typed.extent).fold(Extent::NONE, Extent::or).listed(elements.len() as u64)
}

/// The unit that all have.
fn common_unit(elements: &[Typed]) -> Option<Arc<str>> {
    let first = elements.first()?.unit.clone()?;
    elements.iter().all(|typed| typed.unit.as_ref() == Some(&first)).then_some(first)
}

/// `amount` in units of 10^-`places`, exactly.
fn scaled(amount: Decimal, places: u32) -> Result<i64, String> {
    let factor = 10i128.checked_pow(places).unwrap_or(1);
    let amount = amount.normalize();
    if amount.scale() > places {
        return Err(format!("`{amount}` is finer than {places} places"));
    }
    let rest = 10i128.checked_pow(amount.scale()).unwrap_or(1);
    amount
        .mantissa()
        .checked_mul(factor / rest)
        .and_then(|units| units.to_i64())
        .ok_or_else(|| format!("`{amount}` is too large"))
}

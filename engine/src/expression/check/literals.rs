//! Literals, lists and maps.

use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Checker, Typed, hints, widen};
use crate::diagnostic::{Diagnostic, Span};
use crate::expression::ast::{Literal, Node};
use crate::expression::code::{Code, Op};
use crate::expression::codes;
use crate::expression::types::Type;
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
        Typed::new(Op::Const(value), span, ty)
    }

    /// `20000 EUR`, `3 days`, `5 kg`.
    fn amount(&mut self, amount: Decimal, unit: &str, span: Span) -> Typed {
        let out_of_range =
            |checker: &mut Self, message: String| checker.refuse(Diagnostic::error(codes::RANGE, span, message), span);
        if let Ok(currency) = unit.parse::<Currency>() {
            return match scaled(amount, 4) {
                Ok(units) => {
                    let op = Op::Const(Value::Money(Money { units, currency }));
                    Typed { unit: Some(unit.into()), ..Typed::new(op, span, Type::Money) }
                }
                Err(e) => out_of_range(self, e),
            };
        }
        if time_unit(unit).is_some() {
            return match scaled(amount, 6).and_then(|millionths| Duration::of(millionths, unit)) {
                Ok(duration) => {
                    let op = Op::Const(Value::Duration(duration));
                    Typed { unit: Some(duration.sort().into()), ..Typed::new(op, span, Type::Duration) }
                }
                Err(e) => out_of_range(self, e),
            };
        }
        if let Some(why) = hints::no_unit(unit) {
            return self.refuse(Diagnostic::error(codes::UNIT, span, why.0).help(why.1), span);
        }
        match scaled(amount, QUANTITY_PLACES) {
            Ok(units) => {
                let op = Op::Const(Value::Quantity(Quantity { units, unit: unit.into() }));
                Typed { unit: Some(unit.into()), ..Typed::new(op, span, Type::Quantity) }
            }
            Err(e) => out_of_range(self, e),
        }
    }

    pub(super) fn list(&mut self, items: &[Node], span: Span) -> Typed {
        let Some((of, elements, cost)) = self.elements(items.iter(), "a list") else { return Typed::broken(span) };
        let Some(ty) = self.listed(of, span) else { return Typed::broken(span) };
        let unit = common_unit(&elements);
        let length = Some(elements.len() as u64);
        let codes: Vec<Code> = elements.into_iter().map(|typed| typed.code).collect();
        let constants: Option<Vec<Value>> = codes
            .iter()
            .map(|code| match &code.op {
                Op::Const(value) => Some(value.clone()),
                _ => None,
            })
            .collect();
        let op = constants.map_or(Op::List(codes), |values| Op::Const(Value::List(Arc::new(values))));
        Typed { unit, cost, length, ..Typed::new(op, span, ty) }
    }

    pub(super) fn map(&mut self, entries: &[(Node, Node)], span: Span) -> Typed {
        let mut keys = Vec::new();
        let mut sound = true;
        for (key, _) in entries {
            let typed = self.check(key);
            self.required(&typed, key);
            let typed = self.expect(typed, &Type::Text, key);
            sound &= typed.ty.is_some();
            keys.push(typed);
        }
        let values = self.elements(entries.iter().map(|(_, value)| value), "a map");
        let Some((of, values, cost)) = values.filter(|_| sound) else { return Typed::broken(span) };
        if self.listed(of.clone(), span).is_none() {
            return Typed::broken(span);
        }
        let cost = keys.iter().fold(cost, |sum, key| sum.saturating_add(key.cost));
        let (unit, length) = (common_unit(&values), Some(values.len() as u64));
        let codes = keys.into_iter().zip(values).map(|(key, value)| (key.code, value.code)).collect();
        Typed { unit, cost, length, ..Typed::new(Op::Map(codes), span, Type::Map(Box::new(of))) }
    }

    /// Values of one type, that type, and their cost.
    fn elements<'n>(&mut self, nodes: impl Iterator<Item = &'n Node>, of: &str) -> Option<(Type, Vec<Typed>, u64)> {
        let (mut joined, mut first) = (Type::Null, None);
        let (mut elements, mut cost, mut sound) = (Vec::new(), 1u64, true);
        for node in nodes {
            let typed = self.check(node);
            self.required(&typed, node);
            cost = cost.saturating_add(typed.cost);
            match &typed.ty {
                None => sound = false,
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

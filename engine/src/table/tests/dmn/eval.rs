//! Evaluates FEEL over our values. Numbers are decimals, times of day and lengths of time are durations, a context is
//! a record. What FEEL has no value for is `null`.

use rust_decimal::Decimal;

use super::builtins;
use super::feel::{Feel, parse};
use super::model::Model;
use crate::expression::Value;

/// The variables around an expression, innermost last.
pub(super) type Scope = Vec<(String, Value)>;

impl Model {
    pub(super) fn feel(&self, text: &str, scope: &Scope) -> Result<Value, String> {
        self.eval(&parse(text, &self.names)?, scope)
    }

    /// The variable `name`: of the scope, or a decision or an input of the model.
    pub(super) fn variable(&self, name: &str, scope: &Scope) -> Result<Value, String> {
        if let Some((_, value)) = scope.iter().rev().find(|(known, _)| known == name) {
            return Ok(value.clone());
        }
        if let Some(value) = self.decision(name, scope) {
            return value;
        }
        // `Person.Gender` may be one name or a path.
        match name.split_once('.') {
            Some((root, field)) => Ok(select(&self.variable(root, scope)?, field)),
            None => Err(format!("the name `{name}` is not known")),
        }
    }

    pub(super) fn eval(&self, feel: &Feel, scope: &Scope) -> Result<Value, String> {
        Ok(match feel {
            Feel::Null => Value::Null,
            Feel::Bool(value) => Value::Bool(*value),
            Feel::Number(value) => Value::Decimal(*value),
            Feel::Text(value) => Value::text(value.as_str()),
            Feel::Name(name) => self.variable(name, scope)?,
            Feel::Path(of, field) => select(&self.eval(of, scope)?, field),
            Feel::Filter(of, by) => self.filter(&self.eval(of, scope)?, by, scope)?,
            Feel::Negate(of) => match self.eval(of, scope)? {
                Value::Decimal(value) => Value::Decimal(-value),
                _ => Value::Null,
            },
            Feel::If(condition, then, otherwise) => {
                let holds = self.eval(condition, scope)? == Value::Bool(true);
                self.eval(if holds { then } else { otherwise }, scope)?
            }
            Feel::List(items) => {
                Value::list(items.iter().map(|item| self.eval(item, scope)).collect::<Result<Vec<_>, _>>()?)
            }
            Feel::Call(name, args) => self.call(name, args, scope)?,
            Feel::Binary(op, left, right) => binary(op, &self.eval(left, scope)?, &self.eval(right, scope)?),
        })
    }

    fn call(&self, name: &str, args: &[Feel], scope: &Scope) -> Result<Value, String> {
        if let ("sort", [list, Feel::Name(before)]) = (name, args) {
            return self.sorted(&self.eval(list, scope)?, before);
        }
        let values = args.iter().map(|arg| self.eval(arg, scope)).collect::<Result<Vec<_>, _>>()?;
        match self.invoke(name, &values) {
            Some(value) => value,
            None => builtins::call(name, &values),
        }
    }

    fn sorted(&self, list: &Value, before: &str) -> Result<Value, String> {
        let mut sorted: Vec<Value> = Vec::new();
        for item in builtins::items(list) {
            let mut at = sorted.len();
            while let Some(previous) = at.checked_sub(1) {
                let goes = self.invoke(before, &[item.clone(), sorted[previous].clone()]);
                if goes.ok_or_else(|| format!("`{before}` is not a function"))?? != Value::Bool(true) {
                    break;
                }
                at = previous;
            }
            sorted.insert(at, item);
        }
        Ok(Value::list(sorted))
    }

    /// `list[2]`, or the items for which the condition holds; it sees their fields and `item`.
    fn filter(&self, list: &Value, by: &Feel, scope: &Scope) -> Result<Value, String> {
        let items = builtins::items(list);
        if let Feel::Number(at) = by {
            let at = usize::try_from(*at).ok().and_then(|at| at.checked_sub(1));
            return Ok(at.and_then(|at| items.get(at).cloned()).unwrap_or(Value::Null));
        }
        let mut kept = Vec::new();
        for item in items {
            let mut inner = scope.clone();
            if let Value::Record(fields) = &item {
                inner.extend(fields.iter().map(|(name, value)| (name.to_string(), value.clone())));
            }
            inner.push(("item".to_owned(), item.clone()));
            if self.eval(by, &inner)? == Value::Bool(true) {
                kept.push(item);
            }
        }
        Ok(Value::list(kept))
    }
}

/// The field of a context, or of each in a list.
fn select(of: &Value, field: &str) -> Value {
    match of {
        Value::Record(fields) => fields.get(field).cloned().unwrap_or(Value::Null),
        Value::List(items) => Value::list(items.iter().map(|item| select(item, field))),
        _ => Value::Null,
    }
}

fn binary(op: &str, a: &Value, b: &Value) -> Value {
    let number = |value: Option<Decimal>| value.map_or(Value::Null, Value::Decimal);
    match (op, a, b) {
        ("=", a, b) => Value::Bool(a == b),
        ("!=", a, b) => Value::Bool(a != b),
        ("and", Value::Bool(false), _) | ("and", _, Value::Bool(false)) => Value::Bool(false),
        ("and", Value::Bool(true), Value::Bool(true)) => Value::Bool(true),
        ("or", Value::Bool(true), _) | ("or", _, Value::Bool(true)) => Value::Bool(true),
        ("or", Value::Bool(false), Value::Bool(false)) => Value::Bool(false),
        ("+", Value::Text(a), Value::Text(b)) => Value::text(format!("{a}{b}")),
        ("<" | "<=" | ">" | ">=", a, b) => builtins::order(a, b).map_or(Value::Null, |order| {
            Value::Bool(match op {
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })
        }),
        (_, Value::Decimal(a), Value::Decimal(b)) => match op {
            "+" => number(a.checked_add(*b)),
            "-" => number(a.checked_sub(*b)),
            "*" => number(a.checked_mul(*b)),
            "/" => number(a.checked_div(*b)),
            "**" => number(i64::try_from(*b).ok().and_then(|power| builtins::power(*a, power))),
            _ => Value::Null,
        },
        _ => Value::Null,
    }
}

//! Evaluation: total and bounded. Every step takes fuel, the depth is the tree's, and what goes wrong is an error
//! at the innermost place. `&&` and `||` follow CEL: a side that decides hides the other side's error.

mod loops;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::code::{Code, Op, named};
use super::functions::Fuel;
use super::types::{Keys, Type};
use super::value::{Key, Value};
use super::working::WorkingTime;
use crate::diagnostic::{Diagnostic, Span};

/// Why an expression has no value. The engine makes it an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvalError {
    /// Where in the source.
    pub span: Span,
    /// What happened, one sentence without a full stop.
    pub message: String,
}

impl EvalError {
    /// As a finding, to be rendered with the source.
    #[must_use]
    pub fn to_diagnostic(&self) -> Diagnostic {
        Diagnostic::error(super::codes::EVALUATION, self.span, self.message.as_str()).label("cannot be evaluated")
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

/// Where the values of root variables come from.
pub trait Scope {
    /// The value of the root variable `name`; [`Value::Null`] if it is known to have none.
    fn get(&self, name: &str) -> Option<Value>;

    /// The calendar that working time is computed with, where there is one: see [`super::Env::with_calendar`].
    fn calendar(&self) -> Option<&dyn WorkingTime> {
        None
    }
}

impl<F: Fn(&str) -> Option<Value>> Scope for F {
    fn get(&self, name: &str) -> Option<Value> {
        self(name)
    }
}

impl Scope for BTreeMap<String, Value> {
    fn get(&self, name: &str) -> Option<Value> {
        BTreeMap::get(self, name).cloned()
    }
}

type Outcome = Result<Value, EvalError>;

/// Evaluates `code`, whose value is of type `ty`, or `null` if it is `nullable`, in at most `steps`.
pub(super) fn run(code: &Code, ty: &Type, nullable: bool, scope: &dyn Scope, steps: u64) -> Outcome {
    let mut run = Run { scope, locals: Vec::new(), fuel: Fuel::new(steps, scope.calendar()) };
    let value = run.eval(code)?;
    if matches!(value, Value::Null) {
        return if nullable { Ok(value) } else { Err(missing(code)) };
    }
    // A large shared value is small here but not where it is written down: its whole size is paid for.
    settle(&value, ty, &mut run.fuel).map_err(at(code.span))?;
    Ok(value)
}

fn settle(value: &Value, ty: &Type, fuel: &mut Fuel<'_>) -> Result<(), String> {
    fuel.spend(1)?;
    if let Value::Text(text) = value {
        fuel.text(text.len())?;
    }
    let fits = match (ty, value) {
        (Type::List(of), Value::List(items)) => return items.iter().try_for_each(|item| settle(item, of, fuel)),
        (Type::Map(keys, of), Value::Map(entries)) => {
            return entries.iter().try_for_each(|(key, item)| {
                fuel.spend(key_cost(key))?;
                match (keys, key) {
                    (Keys::Text, Key::Text(_)) | (Keys::Int, Key::Int(_)) | (Keys::Bool, Key::Bool(_)) => {
                        settle(item, of, fuel)
                    }
                    _ => Err(format!("the key `{key}` is not of its declared type: {}", keys.ty())),
                }
            });
        }
        (Type::Record(record), Value::Record(fields)) => {
            return record.fields.iter().try_for_each(|(name, field)| match fields.get(name.as_str()) {
                None | Some(Value::Null) if field.nullable => Ok(()),
                None => Err(format!("the field `{name}` of {} has no value", record.name)),
                Some(value) => settle(value, &field.ty, fuel),
            });
        }
        (Type::Bool, Value::Bool(_))
        | (Type::Int, Value::Int(_))
        | (Type::Decimal, Value::Decimal(_))
        | (Type::Text, Value::Text(_))
        | (Type::Money, Value::Money(_))
        | (Type::Quantity, Value::Quantity(_))
        | (Type::Person, Value::Person(_))
        | (Type::Timestamp, Value::Timestamp(_))
        | (Type::Date, Value::Date(_))
        | (Type::Duration, Value::Duration(_))
        | (Type::Null, Value::Null) => true,
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err(format!("a value is not of its declared type: {ty} was declared, found {}", value.type_name()))
    }
}

fn key_cost(key: &Key) -> u64 {
    if let Key::Text(text) = key { 1 + text.len() as u64 / 64 } else { 1 }
}

fn at(span: Span) -> impl Fn(String) -> EvalError {
    move |message| EvalError { span, message }
}

fn missing(code: &Code) -> EvalError {
    let message = match code.shown() {
        Some(path) => format!("`{path}` has no value"),
        None => "this has no value".to_owned(),
    };
    EvalError { span: code.span, message }
}

struct Run<'a> {
    scope: &'a dyn Scope,
    locals: Vec<Value>,
    fuel: Fuel<'a>,
}

impl Run<'_> {
    fn eval(&mut self, code: &Code) -> Outcome {
        self.fuel.spend(1).map_err(at(code.span))?;
        match &code.op {
            Op::Const(value) => Ok(value.clone()),
            Op::Variable(name, nullable) => {
                let value = self.scope.get(name);
                value.filter(|value| *nullable || !matches!(value, Value::Null)).ok_or_else(|| missing(code))
            }
            Op::Local(index) => self.locals.get(*index).cloned().ok_or_else(|| missing(code)),
            Op::Field(of, name, nullable) => {
                let value = self.field(of, name)?.unwrap_or(Value::Null);
                if !nullable && matches!(value, Value::Null) { Err(missing(code)) } else { Ok(value) }
            }
            Op::Has(of, name) => {
                let value = self.field(of, name)?;
                Ok(Value::Bool(value.is_some_and(|value| !matches!(value, Value::Null))))
            }
            Op::Given(of, name) => Ok(Value::Bool(self.field(of, name)?.is_some())),
            Op::Call(function, args) => {
                let mut values = Vec::with_capacity(args.len());
                for arg in args {
                    let value = self.eval(arg)?;
                    if !function.nulls && matches!(value, Value::Null) {
                        return Err(missing(arg));
                    }
                    values.push(value);
                }
                (function.run)(&values, &mut self.fuel).map_err(at(code.span))
            }
            Op::Matches(text, pattern) => {
                let text = self.present(text)?;
                pattern.matches(&text, &mut self.fuel).map_err(at(code.span))
            }
            Op::All(operands) => self.logic(operands.iter(), false),
            Op::Any(operands) => self.logic(operands.iter(), true),
            Op::If(condition, then, otherwise) => {
                if self.truth(condition)? {
                    self.eval(then)
                } else {
                    self.eval(otherwise)
                }
            }
            Op::List(items) => self.list(items),
            Op::Map(entries) => self.map(entries),
            Op::Loop(over) => self.over(over),
            Op::Widen(of) => {
                let value = self.eval(of)?;
                self.widen(value).map_err(at(of.span))
            }
            Op::FieldIf(..) | Op::IndexIf(..) | Op::HasValue(..) | Op::Present(..) | Op::OrElse(..) | Op::Let(..) => {
                self.optional(code)
            }
            Op::Broken => Err(EvalError { span: code.span, message: "this was refused".to_owned() }),
        }
    }

    /// What works with values that may be missing.
    fn optional(&mut self, code: &Code) -> Outcome {
        match &code.op {
            Op::FieldIf(of, name) => match self.eval(of)? {
                Value::Null => Ok(Value::Null),
                Value::Record(fields) => Ok(fields.get(name).cloned().unwrap_or(Value::Null)),
                Value::Map(entries) => Ok(entries.get(&named(name)).cloned().unwrap_or(Value::Null)),
                other => Err(at(of.span)(format!("{} has no field `{name}`", other.type_name()))),
            },
            Op::IndexIf(of, place) => {
                let (of_value, place) = (self.eval(of)?, self.present(place)?);
                let found = match (&of_value, &place) {
                    (Value::Null, _) => None,
                    (Value::List(items), Value::Int(place)) => {
                        usize::try_from(*place).ok().and_then(|place| items.get(place))
                    }
                    (Value::Map(entries), key) => Key::of(key).and_then(|key| entries.get(&key)),
                    _ => return Err(at(of.span)(format!("{} has no element there", of_value.type_name()))),
                };
                Ok(found.cloned().unwrap_or(Value::Null))
            }
            Op::HasValue(of) => Ok(Value::Bool(!matches!(self.eval(of)?, Value::Null))),
            Op::OrElse(first, second) => match self.eval(first)? {
                Value::Null => self.eval(second),
                value => Ok(value),
            },
            Op::Let(value, body, optional) => {
                let bound = self.eval(value)?;
                match (&bound, optional) {
                    (Value::Null, true) => return Ok(Value::Null),
                    (Value::Null, false) => return Err(missing(value)),
                    _ => self.locals.push(bound),
                }
                let result = self.eval(body);
                self.locals.pop();
                result
            }
            Op::Present(of) => self.present(of),
            _ => Err(missing(code)),
        }
    }

    /// A value that is not `null`.
    fn present(&mut self, code: &Code) -> Outcome {
        match self.eval(code)? {
            Value::Null => Err(missing(code)),
            value => Ok(value),
        }
    }

    fn truth(&mut self, code: &Code) -> Result<bool, EvalError> {
        match self.present(code)? {
            Value::Bool(value) => Ok(value),
            other => Err(at(code.span)(format!("a condition is true or false, not {}", other.type_name()))),
        }
    }

    fn field(&mut self, of: &Code, name: &Arc<str>) -> Result<Option<Value>, EvalError> {
        match self.present(of)? {
            Value::Record(fields) => Ok(fields.get(name).cloned()),
            Value::Map(entries) => Ok(entries.get(&named(name)).cloned()),
            other => Err(at(of.span)(format!("{} has no field `{name}`", other.type_name()))),
        }
    }

    /// The first operand that is `decisive` decides; if none does, the first error stands.
    fn logic<'c>(&mut self, operands: impl Iterator<Item = &'c Code>, decisive: bool) -> Outcome {
        let mut failed = None;
        for operand in operands {
            match self.truth(operand) {
                Ok(value) if value == decisive => return Ok(Value::Bool(decisive)),
                Ok(_) => {}
                Err(e) => failed = failed.or(Some(e)),
            }
        }
        failed.map_or(Ok(Value::Bool(!decisive)), Err)
    }

    fn list(&mut self, items: &[(Code, bool)]) -> Outcome {
        let mut list = Vec::with_capacity(items.len());
        for (item, optional) in items {
            match self.eval(item)? {
                Value::Null if *optional => {}
                Value::Null => return Err(missing(item)),
                value => list.push(value),
            }
        }
        Ok(Value::List(Arc::new(list)))
    }

    fn map(&mut self, entries: &[(Code, Code, bool)]) -> Outcome {
        let mut map = BTreeMap::new();
        for (key, value, optional) in entries {
            let name = self.present(key)?;
            let Some(name) = Key::of(&name) else {
                return Err(at(key.span)(format!("{} cannot be the key of a map", name.type_name())));
            };
            let value = match self.eval(value)? {
                Value::Null if *optional => continue,
                Value::Null => return Err(missing(value)),
                value => value,
            };
            if let Some(name) = add(&mut map, name, value) {
                return Err(at(key.span)(format!("the key `{name}` is there twice")));
            }
        }
        Ok(Value::Map(Arc::new(map)))
    }

    fn widen(&mut self, value: Value) -> Result<Value, String> {
        Ok(match value {
            Value::Int(value) => Value::Decimal(Decimal::from(value)),
            Value::List(items) => {
                self.fuel.spend(items.len() as u64)?;
                let items: Result<_, _> = items.iter().map(|item| self.widen(item.clone())).collect();
                Value::List(Arc::new(items?))
            }
            Value::Map(entries) => {
                self.fuel.spend(entries.len() as u64)?;
                let widened: Result<_, String> =
                    entries.iter().map(|(key, value)| Ok((key.clone(), self.widen(value.clone())?))).collect();
                Value::Map(Arc::new(widened?))
            }
            other => other,
        })
    }
}

/// Adds an entry; the key, if it is there already.
fn add(map: &mut BTreeMap<Key, Value>, key: Key, value: Value) -> Option<Key> {
    if map.contains_key(&key) {
        return Some(key);
    }
    map.insert(key, value);
    None
}

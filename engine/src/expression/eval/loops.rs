//! Macros: over the elements of a list, or the keys (and values) of a map.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{EvalError, Outcome, Run, add, at};
use crate::expression::code::{Code, Loop, Macro};
use crate::expression::functions::sorted;
use crate::expression::value::{Key, Value};

/// What has been gathered so far.
#[derive(Default)]
struct Gathered {
    failed: Option<EvalError>,
    count: usize,
    list: Vec<Value>,
    /// What to sort by, for each of `list`.
    order: Vec<Value>,
    map: BTreeMap<Key, Value>,
}

impl Run<'_> {
    pub(super) fn over(&mut self, over: &Loop) -> Outcome {
        let mut gathered = Gathered::default();
        match self.present(&over.range)? {
            Value::List(items) => {
                for (place, item) in items.iter().enumerate() {
                    let place = Value::Int(i64::try_from(place).unwrap_or(i64::MAX));
                    if let Some(decided) = self.round(over, place, item, item, &mut gathered)? {
                        return Ok(Value::Bool(decided));
                    }
                }
            }
            Value::Map(entries) => {
                for (key, value) in entries.iter() {
                    let key = key.value();
                    if let Some(decided) = self.round(over, key.clone(), value, &key, &mut gathered)? {
                        return Ok(Value::Bool(decided));
                    }
                }
            }
            other => return Err(at(over.range.span)(format!("{} has no elements", other.type_name()))),
        }
        self.gathered(over, gathered)
    }

    /// One element: `first` and `second` are what a macro with two variables sees, `only` what one with one sees.
    /// Whether this decides the whole.
    fn round(
        &mut self,
        over: &Loop,
        first: Value,
        second: &Value,
        only: &Value,
        gathered: &mut Gathered,
    ) -> Result<Option<bool>, EvalError> {
        let known = self.locals.len();
        if over.pair {
            self.locals.extend([first.clone(), second.clone()]);
        } else {
            self.locals.push(only.clone());
        }
        let outcome = self.body(over.condition.as_ref(), over.yields.as_ref());
        self.locals.truncate(known);
        match (over.kind, outcome) {
            (Macro::All, Ok((false, _))) => return Ok(Some(false)),
            (Macro::Exists, Ok((true, _))) => return Ok(Some(true)),
            (Macro::All | Macro::Exists, Err(e)) => gathered.failed = gathered.failed.take().or(Some(e)),
            (_, Err(e)) => return Err(e),
            (_, Ok((false, _))) => {}
            (Macro::Map, Ok((true, yielded))) => gathered.list.extend(yielded),
            (Macro::Filter, Ok((true, _))) => gathered.list.push(only.clone()),
            (Macro::SortBy, Ok((true, yielded))) => {
                gathered.list.push(only.clone());
                gathered.order.extend(yielded);
            }
            (Macro::MapValues, Ok((true, yielded))) => {
                gathered.map.extend(Key::of(&first).zip(yielded));
            }
            (Macro::MapEntries, Ok((true, yielded))) => self.entries(over, yielded, gathered)?,
            (_, Ok((true, _))) => gathered.count += 1,
        }
        Ok(None)
    }

    fn entries(&mut self, over: &Loop, yielded: Option<Value>, gathered: &mut Gathered) -> Result<(), EvalError> {
        let Some(Value::Map(entries)) = yielded else { return Ok(()) };
        self.fuel.spend(entries.len() as u64).map_err(at(over.range.span))?;
        for (key, value) in entries.iter() {
            if let Some(key) = add(&mut gathered.map, key.clone(), value.clone()) {
                let span = over.yields.as_ref().unwrap_or(&over.range).span;
                return Err(at(span)(format!("the key `{key}` is there twice")));
            }
        }
        Ok(())
    }

    fn gathered(&mut self, over: &Loop, gathered: Gathered) -> Outcome {
        if let Some(e) = gathered.failed {
            return Err(e);
        }
        Ok(match over.kind {
            Macro::All => Value::Bool(true),
            Macro::Exists => Value::Bool(false),
            Macro::ExistsOne => Value::Bool(gathered.count == 1),
            Macro::Filter | Macro::Map => Value::List(Arc::new(gathered.list)),
            Macro::MapValues | Macro::MapEntries => Value::Map(Arc::new(gathered.map)),
            Macro::SortBy => {
                let pairs = gathered.order.into_iter().zip(gathered.list).collect();
                let span = over.yields.as_ref().unwrap_or(&over.range).span;
                Value::List(Arc::new(sorted(pairs, &mut self.fuel).map_err(at(span))?))
            }
        })
    }

    /// Whether the condition holds for the element, and what it yields.
    fn body(&mut self, condition: Option<&Code>, yields: Option<&Code>) -> Result<(bool, Option<Value>), EvalError> {
        let holds = condition.map_or(Ok(true), |condition| self.truth(condition))?;
        let yielded = yields.filter(|_| holds).map(|code| self.present(code)).transpose()?;
        Ok((holds, yielded))
    }
}

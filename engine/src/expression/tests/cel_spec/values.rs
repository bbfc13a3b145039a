//! The suite's types and values as ours, or what stands in the way.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::textproto::{Field, Message};
use crate::clock::Timestamp;
use crate::expression::{Duration, Key, Keys, Type, Value};

pub(super) const UINT: &str = "unsigned ints";
pub(super) const BYTES: &str = "bytes";
pub(super) const MESSAGES: &str = "protobuf messages, enums and their wrappers";
pub(super) const TYPES: &str = "types as values";
pub(super) const DYN: &str = "`dyn`: every value has one type, known at load";
pub(super) const FLOAT: &str = "floating point: exponents, infinities, not-a-number, more than 28 digits";
pub(super) const FINE: &str = "finer than a microsecond";

type Read<T> = Result<T, &'static str>;

/// A declared type.
pub(super) fn declared(ty: &Message) -> Read<Type> {
    let Some((name, field)) = ty.0.first() else { return Err(DYN) };
    match (name.as_str(), field) {
        ("primitive", Field::Word(word)) => match word.as_str() {
            "BOOL" => Ok(Type::Bool),
            "INT64" => Ok(Type::Int),
            "DOUBLE" => Ok(Type::Decimal),
            "STRING" => Ok(Type::Text),
            "UINT64" => Err(UINT),
            _ => Err(BYTES),
        },
        ("well_known", Field::Word(word)) => match word.as_str() {
            "TIMESTAMP" => Ok(Type::Timestamp),
            "DURATION" => Ok(Type::Duration),
            _ => Err(DYN),
        },
        ("null", _) => Ok(Type::Null),
        ("list_type", Field::Message(list)) => match list.message("elem_type") {
            Some(of) => declared(of).map(Type::list),
            None => Ok(Type::list(Type::Null)),
        },
        ("map_type", Field::Message(map)) => {
            let (Some(key), Some(of)) = (map.message("key_type"), map.message("value_type")) else {
                return Ok(Type::map(Type::Null));
            };
            let keys = Keys::of(&declared(key)?).ok_or("keys of other types")?;
            declared(of).map(|of| Type::Map(keys, Box::new(of)))
        }
        ("abstract_type", Field::Message(of)) => match of.message("parameter_types") {
            Some(of) => declared(of),
            None => Err(DYN),
        },
        ("type", _) => Err(TYPES),
        ("dyn", _) => Err(DYN),
        ("type_param", _) => Err("type parameters"),
        _ => Err(MESSAGES),
    }
}

/// A `Value`.
pub(super) fn value(message: &Message) -> Read<Value> {
    let Some((name, field)) = message.0.first() else { return Err(MESSAGES) };
    match (name.as_str(), field) {
        ("null_value", _) => Ok(Value::Null),
        ("bool_value", Field::Word(word)) => Ok(Value::Bool(word == "true")),
        ("int64_value", Field::Word(word)) => word.parse().map(Value::Int).map_err(|_| MESSAGES),
        ("uint64_value", _) => Err(UINT),
        ("double_value", Field::Word(word)) => double(word),
        ("string_value", Field::Bytes(bytes)) => Ok(Value::text(String::from_utf8_lossy(bytes).into_owned())),
        ("bytes_value", _) => Err(BYTES),
        ("type_value", _) => Err(TYPES),
        ("list_value", Field::Message(list)) => {
            list.messages("values").map(value).collect::<Read<Vec<_>>>().map(Value::list)
        }
        ("map_value", Field::Message(map)) => {
            let mut entries = BTreeMap::new();
            for entry in map.messages("entries") {
                let (Some(key), Some(of)) = (entry.message("key"), entry.message("value")) else { return Err(DYN) };
                let key = Key::of(&value(key)?).ok_or("keys of other types")?;
                entries.insert(key, value(of)?);
            }
            Ok(Value::Map(Arc::new(entries)))
        }
        ("object_value", Field::Message(object)) => self::object(object),
        _ => Err(MESSAGES),
    }
}

fn double(word: &str) -> Read<Value> {
    let exact = if word.contains(['e', 'E']) {
        Decimal::from_scientific(word)
    } else {
        Decimal::from_str_exact(word.strip_suffix('.').unwrap_or(word))
    };
    exact.map(Value::Decimal).map_err(|_| FLOAT)
}

fn object(object: &Message) -> Read<Value> {
    let Some((name, Field::Message(of))) = object.0.first() else { return Err(MESSAGES) };
    let number = |field: &str| of.text(field).parse::<i64>().unwrap_or(0);
    let (seconds, nanos) = (number("seconds"), number("nanos"));
    let micros = if nanos % 1000 == 0 { Ok(seconds * 1_000_000 + nanos / 1000) } else { Err(FINE) };
    match name.as_str() {
        "[type.googleapis.com/google.protobuf.Timestamp]" => {
            micros.map(|micros| Value::Timestamp(Timestamp::from_micros(micros)))
        }
        "[type.googleapis.com/google.protobuf.Duration]" => {
            micros.map(|micros| Value::Duration(Duration::Elapsed(micros)))
        }
        _ => Err(MESSAGES),
    }
}

/// The type of a value that stands without a declaration.
pub(super) fn type_of(value: &Value) -> Option<Type> {
    Some(match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Bool,
        Value::Int(_) => Type::Int,
        Value::Decimal(_) => Type::Decimal,
        Value::Text(_) => Type::Text,
        Value::Timestamp(_) => Type::Timestamp,
        Value::Duration(_) => Type::Duration,
        Value::List(items) => Type::list(items.iter().map(type_of).try_fold(Type::Null, |ty, item| ty.join(&item?))?),
        Value::Map(entries) => {
            let keys = entries.keys().next().and_then(|key| Keys::of(&type_of(&key.value())?)).unwrap_or_default();
            let of = entries.values().map(type_of).try_fold(Type::Null, |ty, item| ty.join(&item?))?;
            Type::Map(keys, Box::new(of))
        }
        _ => return None,
    })
}

/// Whether ours is CEL's value. An exact decimal is the double, and the int, of the same value.
pub(super) fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        (Value::Map(a), Value::Map(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        (Value::Int(a), Value::Decimal(b)) | (Value::Decimal(b), Value::Int(a)) => Decimal::from(*a) == *b,
        (a, b) => a == b,
    }
}

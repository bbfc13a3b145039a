//! Values from and to JSON, strict by type: exact numbers travel as text, and a JSON float is never read.

use std::collections::BTreeMap;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde_json::Value as Json;

use super::types::{Keys, RecordType, Type};
use super::value::{Key, Value};
use crate::clock::Timestamp;
use crate::diagnostic::nearest;
use crate::ids::PersonId;

/// Longer text than this is refused.
const MAX_TEXT: usize = 1 << 20;

impl Value {
    /// Reads `json` as a value of type `ty`. Money, decimals, quantities and durations are text
    /// (`"1200.00 EUR"`, `"0.19"`, `"5 kg"`, `"3 days"`), a timestamp is RFC 3339, a date `YYYY-MM-DD`,
    /// an int a JSON integer. `null` is read only for a nullable field of a record.
    ///
    /// # Errors
    /// A sentence that names the place and what is wrong.
    pub fn from_json(json: &Json, ty: &Type) -> Result<Self, String> {
        match (ty, json) {
            (Type::Null, Json::Null) => Ok(Self::Null),
            (_, Json::Null) => Err(format!("a value is missing: {}", wanted(ty))),
            (Type::Bool, Json::Bool(value)) => Ok(Self::Bool(*value)),
            (Type::Int, Json::Number(number)) => number.as_i64().map(Self::Int).ok_or_else(|| {
                if number.is_u64() {
                    format!("{number} is too large")
                } else {
                    format!("{number} is a floating-point number: {}", wanted(ty))
                }
            }),
            (_, Json::Number(number)) => Err(format!("{number} is a bare number: {}", wanted(ty))),
            (Type::List(of), Json::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(i, item)| Self::from_json(item, of).map_err(|e| format!("[{i}]: {e}")))
                .collect::<Result<Vec<_>, _>>()
                .map(|items| Self::List(Arc::new(items))),
            (Type::Map(keys, of), Json::Object(entries)) => entries
                .iter()
                .map(|(key, value)| match Self::from_json(value, of) {
                    Ok(value) => Ok((read_key(key, *keys)?, value)),
                    Err(e) => Err(format!("{key}: {e}")),
                })
                .collect::<Result<BTreeMap<_, _>, _>>()
                .map(|entries| Self::Map(Arc::new(entries))),
            (Type::Record(record), Json::Object(entries)) => record_from_json(record, entries),
            (_, Json::String(text)) => text_value(text, ty),
            _ => Err(format!("this is {}: {}", json_kind(json), wanted(ty))),
        }
    }

    /// As JSON; [`Value::from_json`] reads it back.
    #[must_use]
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::List(items) => Json::Array(items.iter().map(Self::to_json).collect()),
            Self::Map(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.to_string(), value.to_json())).collect())
            }
            Self::Record(fields) => {
                Json::Object(fields.iter().map(|(name, value)| (name.to_string(), value.to_json())).collect())
            }
            scalar => Json::String(scalar.to_string()),
        }
    }
}

/// JSON has only text as keys: ints and truths are written in it.
fn read_key(text: &str, keys: Keys) -> Result<Key, String> {
    match keys {
        Keys::Text => Ok(Key::Text(text.into())),
        // One spelling per key: `01` and `1` would be two entries of JSON and one of ours.
        Keys::Int => match text.parse::<i64>() {
            Ok(key) if key.to_string() == text => Ok(Key::Int(key)),
            _ => Err(format!("the key `{text}` is not a whole number")),
        },
        Keys::Bool => text.parse().map(Key::Bool).map_err(|_| format!("the key `{text}` is not true or false")),
    }
}

fn text_value(text: &str, ty: &Type) -> Result<Value, String> {
    if text.len() > MAX_TEXT {
        return Err(format!("the text is longer than {MAX_TEXT} bytes"));
    }
    match ty {
        Type::Text => Ok(Value::text(text)),
        Type::Person if text.is_empty() => Err("a person's id is not empty".to_owned()),
        Type::Person => Ok(Value::Person(PersonId::from(text))),
        Type::Money => text.parse().map(Value::Money),
        Type::Quantity => text.parse().map(Value::Quantity),
        Type::Duration => text.parse().map(Value::Duration),
        Type::Decimal => parse_decimal(text).map(Value::Decimal),
        Type::Timestamp => {
            let wrong = |_| format!("`{text}` is not an instant: {}", wanted(ty));
            Timestamp::parse(text).map(Value::Timestamp).map_err(wrong)
        }
        Type::Date => parse_date(text).map(Value::Date),
        _ => Err(format!("`{text}` is text: {}", wanted(ty))),
    }
}

/// A plain decimal, exactly: no exponent, no digits dropped.
pub(crate) fn parse_decimal(text: &str) -> Result<Decimal, String> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.ends_with(|c: char| c.is_ascii_digit());
    if !plain {
        return Err(format!("`{text}` is not a decimal number: write digits with a point, such as 0.19"));
    }
    Decimal::from_str_exact(text).map_err(|_| format!("`{text}` has more digits than a decimal holds (28)"))
}

/// `YYYY-MM-DD` and nothing else: jiff alone would also take a date with a time.
pub(crate) fn parse_date(text: &str) -> Result<jiff::civil::Date, String> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, b)| if i == 4 || i == 7 { *b == b'-' } else { b.is_ascii_digit() });
    if !shaped {
        return Err(format!("`{text}` is not a date: write YYYY-MM-DD, such as 2026-03-02"));
    }
    text.parse().map_err(|_| format!("`{text}` is not a day of the calendar"))
}

fn record_from_json(record: &Arc<RecordType>, entries: &serde_json::Map<String, Json>) -> Result<Value, String> {
    if let Some(stranger) = entries.keys().find(|name| !record.fields.contains_key(*name)) {
        let near = nearest(stranger, record.fields.keys().map(String::as_str));
        let hint = near.map(|n| format!("; a similar field exists: `{n}`")).unwrap_or_default();
        return Err(format!("{} has no field `{stranger}`{hint}", record.name));
    }
    let mut fields = BTreeMap::new();
    for (name, field) in &record.fields {
        let value = match entries.get(name) {
            None | Some(Json::Null) if field.nullable => Value::Null,
            None => return Err(format!("{name}: a value is missing: {}", wanted(&field.ty))),
            Some(json) => Value::from_json(json, &field.ty).map_err(|e| format!("{name}: {e}"))?,
        };
        fields.insert(Arc::from(name.as_str()), value);
    }
    Ok(Value::Record(Arc::new(fields)))
}

fn wanted(ty: &Type) -> String {
    let example = match ty {
        Type::Bool => "write true or false",
        Type::Int => "write a whole number, such as 3",
        Type::Decimal => "write a decimal as text, such as \"0.19\"",
        Type::Text => "write text",
        Type::Money => "write money as text, such as \"1200.00 EUR\"",
        Type::Quantity => "write a quantity as text, such as \"5.25 kg\"",
        Type::Person => "write a person's id as text",
        Type::Timestamp => "write an instant as text, such as \"2026-03-02T08:00:00Z\"",
        Type::Date => "write a date as text, such as \"2026-03-02\"",
        Type::Duration => "write a length of time as text, such as \"3 days\"",
        Type::List(_) => "write a list",
        Type::Map(..) | Type::Record(_) => "write an object",
        Type::Null => "write null",
    };
    example.to_owned()
}

const fn json_kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a truth value",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

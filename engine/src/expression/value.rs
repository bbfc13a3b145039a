//! Values: what expressions read and yield. Cheap to clone: what can be large is shared.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::units::{Duration, Quantity};
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::money::Money;

/// A value of one of the types of [`super::Type`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A truth.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// Text.
    Text(Arc<str>),
    /// An amount of money.
    Money(Money),
    /// An amount with a unit of measure.
    Quantity(Quantity),
    /// A person.
    Person(PersonId),
    /// An instant.
    Timestamp(Timestamp),
    /// A day.
    Date(Date),
    /// A length of time.
    Duration(Duration),
    /// Values of one type.
    List(Arc<Vec<Value>>),
    /// Values by key.
    Map(Arc<BTreeMap<Key, Value>>),
    /// The fields of a record; a missing field has no value.
    Record(Arc<BTreeMap<Arc<str>, Value>>),
}

/// A key of a map. The keys of one map are of one sort.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text.
    Text(Arc<str>),
}

impl Key {
    /// `value` as a key, if it can be one.
    #[must_use]
    pub fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Bool(key) => Some(Self::Bool(*key)),
            Value::Int(key) => Some(Self::Int(*key)),
            Value::Text(key) => Some(Self::Text(Arc::clone(key))),
            _ => None,
        }
    }

    /// As a value.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Bool(key) => Value::Bool(*key),
            Self::Int(key) => Value::Int(*key),
            Self::Text(key) => Value::Text(Arc::clone(key)),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(key) => key.fmt(f),
            Self::Int(key) => key.fmt(f),
            Self::Text(key) => key.fmt(f),
        }
    }
}

impl Value {
    /// Text.
    #[must_use]
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    /// A list.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = Value>) -> Self {
        Self::List(Arc::new(items.into_iter().collect()))
    }

    /// A record of these fields.
    #[must_use]
    pub fn record<K: Into<Arc<str>>>(fields: impl IntoIterator<Item = (K, Value)>) -> Self {
        Self::Record(Arc::new(fields.into_iter().map(|(name, value)| (name.into(), value)).collect()))
    }

    /// The name of its type, for messages.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Decimal(_) => "decimal",
            Self::Text(_) => "text",
            Self::Money(_) => "money",
            Self::Quantity(_) => "quantity",
            Self::Person(_) => "person",
            Self::Timestamp(_) => "timestamp",
            Self::Date(_) => "date",
            Self::Duration(_) => "duration",
            Self::List(_) => "list",
            Self::Map(_) => "map",
            Self::Record(_) => "record",
        }
    }
}

/// Scalars as people read them; lists, maps and records in brackets.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::Money(value) => value.fmt(f),
            Self::Quantity(value) => value.fmt(f),
            Self::Person(value) => value.fmt(f),
            Self::Timestamp(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
            Self::Duration(value) => value.fmt(f),
            Self::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => braced(entries.iter(), f),
            Self::Record(fields) => braced(fields.iter(), f),
        }
    }
}

fn braced<'a, K: fmt::Display + 'a>(
    entries: impl Iterator<Item = (K, &'a Value)>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    f.write_str("{")?;
    for (i, (name, value)) in entries.enumerate() {
        write!(f, "{}{name}: {value}", if i == 0 { "" } else { ", " })?;
    }
    f.write_str("}")
}

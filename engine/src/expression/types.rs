//! The types of fields, payloads and expressions, and the names that authors write for them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::nearest;

/// How deep `list(list(...))` may go.
pub(crate) const MAX_TYPE_DEPTH: usize = 16;

/// What kind of value an expression has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// An exact decimal of up to 28 digits.
    Decimal,
    /// Text.
    Text,
    /// An amount with its currency.
    Money,
    /// An amount with its unit of measure.
    Quantity,
    /// A person, by id.
    Person,
    /// An instant.
    Timestamp,
    /// A day of the calendar, without a zone.
    Date,
    /// A length of time, elapsed or working.
    Duration,
    /// Any number of values of one type.
    List(Box<Type>),
    /// Values of one type, each under a key.
    Map(Keys, Box<Type>),
    /// Named fields, each with its type.
    Record(Arc<RecordType>),
    /// The type of `null`, and of the elements of `[]`.
    Null,
}

/// What the keys of a map are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Keys {
    /// Text: the usual, and the only keys that JSON has by itself.
    #[default]
    Text,
    /// Whole numbers.
    Int,
    /// `true` and `false`.
    Bool,
}

impl Keys {
    /// The type of a key.
    #[must_use]
    pub const fn ty(self) -> Type {
        match self {
            Self::Text => Type::Text,
            Self::Int => Type::Int,
            Self::Bool => Type::Bool,
        }
    }

    /// Keys of type `ty`, if keys may be of that type.
    #[must_use]
    pub const fn of(ty: &Type) -> Option<Self> {
        match ty {
            Type::Text => Some(Self::Text),
            Type::Int => Some(Self::Int),
            Type::Bool => Some(Self::Bool),
            _ => None,
        }
    }
}

/// A named record and its fields.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RecordType {
    /// The name in messages, such as `leave_request`.
    pub name: String,
    /// Its fields by name.
    pub fields: BTreeMap<String, Field>,
}

/// One field of a record, or one root variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its type.
    pub ty: Type,
    /// Whether it may have no value.
    pub nullable: bool,
}

impl Field {
    /// A field that always has a value.
    #[must_use]
    pub const fn required(ty: Type) -> Self {
        Self { ty, nullable: false }
    }

    /// A field that may have no value.
    #[must_use]
    pub const fn nullable(ty: Type) -> Self {
        Self { ty, nullable: true }
    }
}

impl RecordType {
    /// A record without fields.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), fields: BTreeMap::new() }
    }

    /// With a field that always has a value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, ty: Type) -> Self {
        self.fields.insert(name.into(), Field::required(ty));
        self
    }

    /// With a field that may have no value.
    #[must_use]
    pub fn with_nullable(mut self, name: impl Into<String>, ty: Type) -> Self {
        self.fields.insert(name.into(), Field::nullable(ty));
        self
    }
}

/// The scalar types by the name that authors write.
const NAMES: &[(&str, Type)] = &[
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("decimal", Type::Decimal),
    ("text", Type::Text),
    ("money", Type::Money),
    ("quantity", Type::Quantity),
    ("person", Type::Person),
    ("timestamp", Type::Timestamp),
    ("date", Type::Date),
    ("duration", Type::Duration),
];

/// What other systems call our types.
const FOREIGN: &[(&str, &str)] = &[
    ("string", "text"),
    ("enum", "text"),
    ("str", "text"),
    ("boolean", "bool"),
    ("integer", "int"),
    ("number", "int` or `decimal"),
    ("float", "decimal"),
    ("double", "decimal"),
    ("datetime", "timestamp"),
    ("user", "person"),
    ("array", "list(text)"),
];

impl Type {
    /// The names of the scalar types.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// A list of `of`.
    #[must_use]
    pub fn list(of: Type) -> Self {
        Self::List(Box::new(of))
    }

    /// A map of `of` under text keys.
    #[must_use]
    pub fn map(of: Type) -> Self {
        Self::Map(Keys::Text, Box::new(of))
    }

    /// Reads a type as authors write it: `money`, `list(text)`, `map(int)`, `map(int, text)` (keys that are ints).
    ///
    /// # Errors
    /// A sentence with the nearest name.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::parse_with(text, &|_| None)
    }

    /// As [`Type::parse`], with `records` giving the record types by name.
    ///
    /// # Errors
    /// A sentence with the nearest name.
    pub fn parse_with(text: &str, records: &dyn Fn(&str) -> Option<Arc<RecordType>>) -> Result<Self, String> {
        Self::parse_at(text, records, 0)
    }

    fn parse_at(text: &str, records: &dyn Fn(&str) -> Option<Arc<RecordType>>, depth: usize) -> Result<Self, String> {
        let text = text.trim();
        if depth > MAX_TYPE_DEPTH {
            return Err(format!("a type nests at most {MAX_TYPE_DEPTH} deep"));
        }
        if let Some((_, ty)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(ty.clone());
        }
        let inside = |outer: &str| text.strip_prefix(outer)?.trim_start().strip_prefix('(')?.strip_suffix(')');
        if let Some(of) = inside("list") {
            return Ok(Self::list(Self::parse_at(of, records, depth + 1)?));
        }
        if let Some(of) = inside("map") {
            let (keys, of) = match of.split_once(',').map(|(keys, of)| (Self::parse(keys), of)) {
                Some((Ok(keys), of)) => match Keys::of(&keys) {
                    Some(keys) => (keys, of),
                    None => return Err(format!("the keys of a map are text, int or bool, not {keys}")),
                },
                _ => (Keys::Text, of),
            };
            return Ok(Self::Map(keys, Box::new(Self::parse_at(of, records, depth + 1)?)));
        }
        if let Some(record) = records(text) {
            return Ok(Self::Record(record));
        }
        Err(match (text, FOREIGN.iter().find(|(name, _)| *name == text)) {
            ("list" | "map", _) => format!("`{text}` of what? Write `{text}(text)`, for instance"),
            (_, Some((_, ours))) => format!("unknown type `{text}`: write `{ours}`"),
            _ => match nearest(text, NAMES.iter().map(|(name, _)| *name).chain(["list", "map"])) {
                Some(near) => format!("unknown type `{text}`: a similar type exists: `{near}`"),
                None => {
                    let all: Vec<_> = NAMES.iter().map(|(name, _)| *name).collect();
                    format!("unknown type `{text}`: the types are {}, list(...) and map(...)", all.join(", "))
                }
            },
        })
    }

    /// The name as authors write it.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::List(of) if **of == Self::Null => "list".to_owned(),
            Self::Map(_, of) if **of == Self::Null => "map".to_owned(),
            Self::List(of) => format!("list({})", of.name()),
            Self::Map(Keys::Text, of) => format!("map({})", of.name()),
            Self::Map(keys, of) => format!("map({}, {})", keys.ty(), of.name()),
            Self::Record(record) => record.name.clone(),
            Self::Null => "null".to_owned(),
            scalar => NAMES.iter().find(|(_, ty)| ty == scalar).map_or("?", |(name, _)| name).to_owned(),
        }
    }

    /// Whether this is a number without a unit.
    #[must_use]
    pub const fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Decimal)
    }

    /// The one type that holds the values of both: ints widen to decimals, `[]` to any list.
    #[must_use]
    pub fn join(&self, other: &Type) -> Option<Type> {
        match (self, other) {
            (Self::Null, ty) | (ty, Self::Null) => Some(ty.clone()),
            (Self::Int, Self::Decimal) | (Self::Decimal, Self::Int) => Some(Self::Decimal),
            (Self::List(a), Self::List(b)) => a.join(b).map(Self::list),
            (Self::Map(keys, a), Self::Map(others, b)) => {
                // `{}` has keys of any type.
                let keys = if **a == Self::Null { others } else { keys };
                let agree = keys == others || **b == Self::Null;
                a.join(b).filter(|_| agree).map(|of| Self::Map(*keys, Box::new(of)))
            }
            (a, b) => (a == b).then(|| a.clone()),
        }
    }

    /// Whether a value of type `other` can stand where this type is wanted (perhaps widened).
    #[must_use]
    pub fn accepts(&self, other: &Type) -> bool {
        self.join(other).as_ref() == Some(self)
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::List(of) | Self::Map(_, of) => 1 + of.depth(),
            _ => 0,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

/// The root variables that an expression may name, and whether there is a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Env {
    variables: BTreeMap<String, Field>,
    /// Those that may have no value although nobody needs to guard them.
    unguarded: BTreeSet<String>,
    calendar: bool,
}

impl Env {
    /// Without variables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With a variable that always has a value.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, ty: Type) -> Self {
        self.variables.insert(name.into(), Field::required(ty));
        self
    }

    /// With a variable that may have no value.
    #[must_use]
    pub fn with_nullable(mut self, name: impl Into<String>, ty: Type) -> Self {
        self.variables.insert(name.into(), Field::nullable(ty));
        self
    }

    /// With a variable that hardly ever has no value: to ask whether it has one makes sense, and not to ask is no mistake.
    #[must_use]
    pub fn with_unguarded(mut self, name: &str, ty: Type) -> Self {
        self.unguarded.insert(name.to_owned());
        self.with(name, ty)
    }

    /// Whether the variable may have no value although nobody needs to guard it.
    pub(super) fn is_unguarded(&self, name: &str) -> bool {
        self.unguarded.contains(name)
    }

    /// With a calendar: the scope will have one, and working time may be computed.
    #[must_use]
    pub const fn with_calendar(mut self) -> Self {
        self.calendar = true;
        self
    }

    /// Whether there is a calendar.
    #[must_use]
    pub const fn has_calendar(&self) -> bool {
        self.calendar
    }

    /// The variable `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.variables.get(name)
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Field)> {
        self.variables.iter().map(|(name, field)| (name.as_str(), field))
    }
}

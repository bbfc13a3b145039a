//! How large values may be, as far as that is known at load: what the bound of steps is computed from. Each row of
//! a function that makes something larger than its arguments says how large.

use super::MAX_TEXT;
use crate::expression::value::{Key, Value};

/// How long a list or a map is taken to be where nothing is known, when the bound of steps is computed.
pub(in crate::expression) const ASSUMED_LIST: u64 = 128;

/// How long a text is taken to be, in bytes.
pub(in crate::expression) const ASSUMED_TEXT: u64 = 256;

/// Upper bounds of the sizes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::expression) struct Extent {
    /// Elements of the list or map itself.
    pub(in crate::expression) length: u64,
    /// Elements of any list or map inside it.
    pub(in crate::expression) inner: u64,
    /// Bytes of any text in it.
    pub(in crate::expression) text: u64,
}

impl Extent {
    /// Of what comes from outside.
    pub(in crate::expression) const ASSUMED: Self =
        Self { length: ASSUMED_LIST, inner: ASSUMED_LIST, text: ASSUMED_TEXT };
    /// Of nothing.
    pub(in crate::expression) const NONE: Self = Self { length: 0, inner: 0, text: 0 };

    /// Of a value that is one or the other.
    pub(in crate::expression) fn or(self, other: Self) -> Self {
        Self {
            length: self.length.max(other.length),
            inner: self.inner.max(other.inner),
            text: self.text.max(other.text),
        }
    }

    /// Of an element.
    pub(in crate::expression) fn element(self) -> Self {
        Self { length: self.inner, ..self }
    }

    /// Of a list or map of `length` such values.
    pub(in crate::expression) fn listed(self, length: u64) -> Self {
        Self { length, inner: self.length.max(self.inner), text: self.text }
    }

    /// Of a text of so many bytes.
    pub(in crate::expression) fn of_text(bytes: u64) -> Self {
        Self { text: bytes.min(MAX_TEXT as u64), ..Self::NONE }
    }

    /// Of this value.
    pub(in crate::expression) fn of(value: &Value) -> Self {
        let key_text = |key: &Key| if let Key::Text(text) = key { text.len() as u64 } else { 0 };
        match value {
            Value::Text(text) => Self::of_text(text.len() as u64),
            Value::List(items) => items.iter().map(Self::of).fold(Self::NONE, Self::or).listed(items.len() as u64),
            Value::Map(entries) => {
                let inside = entries.iter().map(|(key, value)| {
                    let value = Self::of(value);
                    Self { text: value.text.max(key_text(key)), ..value }
                });
                inside.fold(Self::NONE, Self::or).listed(entries.len() as u64)
            }
            Value::Record(fields) => fields.values().map(Self::of).fold(Self::NONE, Self::or).listed(0),
            _ => Self::NONE,
        }
    }
}

/// As large as the largest argument.
pub(super) fn joined(args: &[Extent]) -> Extent {
    args.iter().copied().fold(Extent::NONE, Extent::or)
}

/// A value of fixed size, written out.
pub(super) fn written(args: &[Extent]) -> Extent {
    let most = joined(args).text.max(ASSUMED_TEXT);
    Extent::of_text(most)
}

/// Both lists, one after the other.
pub(super) fn sum(args: &[Extent]) -> Extent {
    let length = args.iter().fold(0u64, |sum, arg| sum.saturating_add(arg.length));
    Extent { length, ..joined(args) }
}

/// Both texts, one after the other.
pub(super) fn appended(args: &[Extent]) -> Extent {
    Extent::of_text(args.iter().fold(0u64, |sum, arg| sum.saturating_add(arg.text)))
}

/// An element of the first.
pub(super) fn element(args: &[Extent]) -> Extent {
    args.first().map_or(Extent::ASSUMED, |list| list.element())
}

/// The elements of the elements of the first.
pub(super) fn flat(args: &[Extent]) -> Extent {
    let list = joined(args);
    Extent { length: list.length.saturating_mul(list.inner.max(1)), ..list }
}

/// The texts of the first, with the second between.
pub(super) fn spliced(args: &[Extent]) -> Extent {
    let [list, rest @ ..] = args else { return Extent::ASSUMED };
    Extent::of_text(list.length.saturating_mul(list.text.saturating_add(joined(rest).text)))
}

/// The parts of the first: at most as many as it has characters, and one.
pub(super) fn parts(args: &[Extent]) -> Extent {
    let text = args.first().map_or(ASSUMED_TEXT, |text| text.text);
    Extent::of_text(text).listed(text.saturating_add(1))
}

/// The first with the third for each of its places.
pub(super) fn replaced(args: &[Extent]) -> Extent {
    let [text, _, with, ..] = args else { return Extent::ASSUMED };
    Extent::of_text(text.text.saturating_add(text.text.saturating_add(1).saturating_mul(with.text)))
}

/// Twice the first, in quotes.
pub(super) fn quoted(args: &[Extent]) -> Extent {
    Extent::of_text(joined(args).text.saturating_mul(2).saturating_add(2))
}

/// A template with its values: each directive is two bytes at least, and a value may be a list, or a number with
/// places.
pub(super) fn formatted(args: &[Extent]) -> Extent {
    let [template, values, ..] = args else { return Extent::ASSUMED };
    let one = values.text.max(ASSUMED_TEXT).saturating_mul(values.inner.max(1)).saturating_mul(2);
    Extent::of_text(template.text.saturating_add(values.length.saturating_mul(one)))
}

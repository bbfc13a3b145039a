//! JSON as the text that it was written as: nobody decides on it, so that nobody needs its parts.

use std::sync::Arc;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value as Json;
use serde_json::value::{RawValue, to_raw_value};

/// JSON that is written once and then passed on: a copy costs nothing, and it goes into an entry as it stands.
#[derive(Clone, Debug)]
pub struct Written(Arc<RawValue>);

impl Written {
    /// Writes a value.
    ///
    /// # Errors
    /// What cannot be JSON.
    pub fn of(value: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self(to_raw_value(value)?.into()))
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }
}

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Written {}

impl Serialize for Written {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(s)
    }
}

/// By way of the parts: rows that are told apart by a member are read twice, and text does not survive that.
impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::of(&Json::deserialize(d)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_passed_on_as_it_stands() {
        let written = Written::of(&serde_json::json!({ "b": [1, null], "a": "\u{e4}\"" })).unwrap();
        let text = serde_json::to_string(&(1, &written)).unwrap();
        assert_eq!(text, format!("[1,{}]", written.text()));
        assert_eq!(serde_json::from_str::<(i64, Written)>(&text).unwrap(), (1, written));
    }
}

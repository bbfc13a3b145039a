//! What schemas are put together from: mappings of the reader's keys, and the scalars of the language.
//!
//! Where one of several shapes may stand, the mapping comes first: editors explain what is wrong with that one.
//! A scalar is what YAML makes of it: the reader takes `5` for a text where it wants one, so the schema does; and `true`
//! for a name.

use std::ops::RangeInclusive;

use serde_json::{Map, Value, json};

use crate::definition::duration::UNITS;
use crate::expression::Type;

/// What names are made of: as `read::checked_name`.
const NAME: &str = "^[a-z][a-z0-9_]{0,63}$";

/// What editors say of another name: `patternErrorMessage` is what the language servers for JSON and YAML read.
const NAME_WORDS: &str = "A name: small letters, digits and `_`; it begins with a letter.";

/// What editors say of what is no length of time.
const LENGTH_WORDS: &str =
    "A length of time is a whole number and a unit, such as `30 minutes`, `4 hours` or `2 days`.";

/// A field of the subject, perhaps behind its name.
pub(super) const FIELD: &str = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$";

/// Named schemas.
pub(super) type Defs = Vec<(&'static str, Value)>;

/// The scalars that are used in many places.
pub(super) fn defs() -> Defs {
    let mut name = key_names();
    with(&mut name, "type", json!(["string", "boolean"]));
    with(&mut name, "description", json!(NAME_WORDS));
    let path = json!({
        "type": ["string", "boolean"], "pattern": r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$",
        "description": "A state, looked up from the inside out; `open.review` names one inside another, \
                        `work.history` and `work.deep_history` go back to where it was left.",
    });
    let expression = json!({
        "type": SCALARS, "pattern": SOMETHING,
        "description": "An expression with the grammar of CEL. A text inside it has quotes of its own: '\"draft\"'.",
        "examples": ["po.amount > 20000 EUR"],
    });
    vec![
        ("name", name),
        ("path", path),
        ("expression", expression),
        ("type", field_type()),
        ("elapsed", elapsed()),
        ("wait", wait()),
        ("money", money()),
        ("percent", decimal("A share, such as 5 or 66.6.")),
    ]
}

/// What stands in a text that is not blank.
pub(super) const SOMETHING: &str = r"\S";

/// What a scalar may be in JSON.
const SCALARS: [&str; 3] = ["string", "number", "boolean"];

/// Any text in which something stands.
pub(super) fn text() -> Value {
    json!({ "type": SCALARS, "pattern": SOMETHING })
}

/// The named schema `name`.
pub(super) fn of(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// The names of keys that the author chooses.
pub(super) fn key_names() -> Value {
    json!({ "pattern": NAME, "patternErrorMessage": NAME_WORDS })
}

/// `true` or `false`, also in quotes.
pub(super) fn truth() -> Value {
    json!({ "type": ["boolean", "string"], "pattern": "^(true|false)$", "patternErrorMessage": "Write `true` or `false`." })
}

/// A whole number, also in quotes.
pub(super) fn whole(range: &RangeInclusive<u32>) -> Value {
    let (least, most) = (range.start(), range.end());
    json!({ "type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": r"^\+?[0-9]+$" })
}

/// One of `words`.
pub(super) fn word<'w>(words: impl IntoIterator<Item = &'w &'w str>) -> Value {
    json!({ "enum": words.into_iter().collect::<Vec<_>>() })
}

/// A number that is not negative, with a point.
pub(super) fn decimal(description: &str) -> Value {
    json!({
        "type": ["number", "string"], "minimum": 0, "pattern": r"^\s*[0-9]{1,12}(\.[0-9]{1,12})?\s*%*$",
        "description": description,
    })
}

/// One, or a list of them.
pub(super) fn one_or_many(schema: &Value) -> Value {
    json!({ "anyOf": [schema, { "type": "array", "items": schema }] })
}

/// Names that the author chooses, each with `schema`.
pub(super) fn names_to(schema: &Value) -> Value {
    json!({ "type": ["object", "null"], "propertyNames": key_names(), "additionalProperties": schema })
}

/// `schema`, of which `words` are said.
pub(super) fn says(mut schema: Value, words: &str) -> Value {
    with(&mut schema, "description", json!(words));
    schema
}

fn with(schema: &mut Value, key: &str, value: Value) {
    if let Value::Object(map) = schema {
        map.insert(key.to_owned(), value);
    }
}

fn field_type() -> Value {
    let names = Type::names().collect::<Vec<_>>();
    let said = format!("The types are {}, list(...) and map(...), perhaps with `?`.", names.join(", "));
    let names = names.join("|");
    let examples: Vec<&str> = Type::names().chain(["text?", "list(text)", "map(int)"]).collect();
    json!({
        "type": "string",
        "pattern": format!(r"^\s*((list|map)\s*\(\s*((text|int|bool)\s*,\s*)?)*({names})[\s)]*\??$"),
        "patternErrorMessage": said,
        "description": "A type; `?` behind it lets the field be empty.",
        "examples": examples,
    })
}

/// The units of a length of time, but for those in `but`.
fn units(but: &[&str]) -> String {
    let words = UNITS.iter().flat_map(|(words, _)| words.iter().copied());
    words.filter(|word| !but.contains(word)).collect::<Vec<_>>().join("|")
}

fn elapsed() -> Value {
    json!({
        "type": "string", "pattern": format!(r"^\s*0*[1-9][0-9]*\s*({})\s*$", units(&[])),
        "patternErrorMessage": LENGTH_WORDS,
        "description": "A length of time: a whole number and a unit, at most ten years.",
        "examples": ["5s", "30 minutes", "4 hours", "2 days", "1 week"],
    })
}

fn wait() -> Value {
    let working = units(&["w", "week", "weeks"]);
    let pattern = format!(r"^\s*0*[1-9][0-9]*\s*({}|(working|business)\s*({working}))\s*$", units(&[]));
    json!({
        "type": "string", "pattern": pattern, "patternErrorMessage": LENGTH_WORDS,
        "description": "A length of time: a whole number and a unit, at most ten years; in working time where the \
                        file names a calendar.",
        "examples": ["30 minutes", "4 hours", "2 days", "1 week", "2 working days", "4 working hours"],
    })
}

fn money() -> Value {
    json!({
        "type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)? [A-Z]{3}$",
        "patternErrorMessage": "An amount of money is a number, a blank and a currency: `1200.00 EUR`.",
        "description": "An amount, a blank and a currency; at most four places.",
        "examples": ["1200.00 EUR"],
    })
}

/// A mapping that is being described.
pub(super) struct Mapping<'k> {
    keys: Vec<&'k str>,
    said: Map<String, Value>,
    schema: Map<String, Value>,
    others: Value,
}

impl<'k> Mapping<'k> {
    /// The mapping whose keys the reader has in `keys`.
    pub(super) fn of(keys: impl IntoIterator<Item = &'k &'k str>) -> Self {
        let schema = Map::from_iter([("type".to_owned(), json!("object"))]);
        Self { keys: keys.into_iter().copied().collect(), said: Map::new(), schema, others: json!(false) }
    }

    /// What stands under `key`, and what is said of it.
    pub(super) fn key(mut self, key: &str, schema: Value, words: &str) -> Self {
        self.said.insert(key.to_owned(), says(schema, words));
        self
    }

    /// As [`Mapping::key`], with what holds where it is left out.
    pub(super) fn usually(self, key: &str, mut schema: Value, usual: Value, words: &str) -> Self {
        with(&mut schema, "default", usual);
        self.key(key, schema, words)
    }

    /// Keys that must be there.
    pub(super) fn needs(self, keys: &[&str]) -> Self {
        self.also("required", json!(keys))
    }

    /// Names that the author chooses, each with `schema`, beside the keys.
    pub(super) fn others(mut self, schema: Value) -> Self {
        self.others = schema;
        self
    }

    /// It may be left empty.
    pub(super) fn or_nothing(self) -> Self {
        self.also("type", json!(["object", "null"]))
    }

    /// Another condition, in the schema's own words.
    pub(super) fn also(mut self, word: &str, value: Value) -> Self {
        self.schema.insert(word.to_owned(), value);
        self
    }

    /// The schema: all of the reader's keys. One of which nothing is said has no description, and one that the reader
    /// does not know stands there all the same: a test finds both.
    pub(super) fn done(mut self) -> Value {
        let mut properties = Map::new();
        for key in self.keys {
            properties.insert(key.to_owned(), self.said.remove(key).unwrap_or_else(|| json!({})));
        }
        properties.extend(self.said);
        self.schema.insert("properties".to_owned(), Value::Object(properties));
        self.schema.insert("additionalProperties".to_owned(), self.others);
        Value::Object(self.schema)
    }
}

//! What a subject is made of: its fields, and their values as they came (approvals.md section 1).
//!
//! A value round-trips its JSON exactly; money is text that the policy reads as money where it needs money.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::PersonId;
use crate::money::Money;

/// One field's value.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FieldValue {
    /// Nothing. A field that is missing reads the same.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as JSON wrote it.
    Number(serde_json::Number),
    /// Text; money and people are text too.
    Text(Arc<str>),
    /// Several values, such as the ids of several owners.
    List(Vec<FieldValue>),
    /// Values by name, such as a price by item.
    Map(BTreeMap<Arc<str>, FieldValue>),
}

impl FieldValue {
    /// A field of a JSON document.
    #[must_use]
    pub fn read(json: &serde_json::Value) -> Self {
        use serde_json::Value as Json;
        match json {
            Json::Null => Self::Null,
            Json::Bool(is) => Self::Bool(*is),
            Json::Number(number) => Self::Number(number.clone()),
            Json::String(text) => Self::Text(text.as_str().into()),
            Json::Array(many) => Self::List(many.iter().map(Self::read).collect()),
            Json::Object(named) => {
                Self::Map(named.iter().map(|(name, value)| (name.as_str().into(), Self::read(value))).collect())
            }
        }
    }

    /// Whether [`FieldValue::read`] of it would be this.
    fn is(&self, json: &serde_json::Value) -> bool {
        use serde_json::Value as Json;
        match (self, json) {
            (Self::Null, Json::Null) => true,
            (Self::Bool(a), Json::Bool(b)) => a == b,
            (Self::Number(a), Json::Number(b)) => a == b,
            (Self::Text(a), Json::String(b)) => **a == **b,
            (Self::List(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b)),
            (Self::Map(a), Json::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(name, a)| b.get(&**name).is_some_and(|b| a.is(b)))
            }
            _ => false,
        }
    }

    /// The text, if it is text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value as money, if it is text such as `1200.00 EUR`.
    #[must_use]
    pub fn money(&self) -> Option<Money> {
        self.text().and_then(|text| text.parse().ok())
    }

    /// Every person named: the text itself, or each text of a list.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let many = match self {
            Self::List(many) => many.as_slice(),
            _ => std::slice::from_ref(self),
        };
        many.iter().filter_map(Self::text)
    }
}

impl From<&str> for FieldValue {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

/// A set of fields: a whole subject, or what an edit sets.
pub type Fields = BTreeMap<Arc<str>, FieldValue>;

static NULL: FieldValue = FieldValue::Null;

/// A document and its earlier versions, kept as what each edit replaced (section 1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    now: Fields,
    /// `earlier[k]` holds what version `k + 1` had where version `k + 2` differs. Shared with the reviews that this one was and becomes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Arc<Fields>>,
    /// What the workflow itself changed after the decision: by field the value that was decided about.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    absorbed: Fields,
    /// Whether an arrow set some of that later than with the decision.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    later: bool,
}

impl Subject {
    /// A first version.
    #[must_use]
    pub fn new(fields: Fields) -> Self {
        Self { now: fields, ..Self::default() }
    }

    /// The present fields.
    #[must_use]
    pub fn fields(&self) -> &Fields {
        &self.now
    }

    /// The number of the present version, from 1.
    #[must_use]
    pub fn version(&self) -> u32 {
        u32::try_from(self.earlier.len()).unwrap_or(u32::MAX - 1) + 1
    }

    /// The present value of `field`.
    #[must_use]
    pub fn get(&self, field: &str) -> &FieldValue {
        self.now.get(field).unwrap_or(&NULL)
    }

    /// The value of `field` in `version`; of a version that never was, the present one.
    #[must_use]
    pub fn at(&self, version: u32, field: &str) -> &FieldValue {
        let from = (version.max(1) - 1) as usize;
        self.earlier.iter().skip(from).find_map(|fields| fields.get(field)).unwrap_or_else(|| self.get(field))
    }

    /// The fields whose value in `version` is not the present one, with that value.
    pub fn changed_since(&self, version: u32) -> impl Iterator<Item = (&Arc<str>, &FieldValue)> {
        let from = ((version.max(1) - 1) as usize).min(self.earlier.len());
        let later = &self.earlier[from..];
        later.iter().enumerate().flat_map(move |(step, fields)| {
            fields.iter().filter(move |(field, old)| {
                let first = !later[..step].iter().any(|before| before.contains_key(*field));
                first && *old != self.get(field)
            })
        })
    }

    /// Whether one of `fields` had another value in `version` than it has now.
    pub fn is_changed_since(&self, version: u32, mut fields: impl Iterator<Item: AsRef<str>>) -> bool {
        fields.any(|field| self.at(version, field.as_ref()) != self.get(field.as_ref()))
    }

    /// Those of `set` that differ from the present values.
    pub fn changes<'a>(&'a self, set: &'a Fields) -> impl Iterator<Item = (&'a Arc<str>, &'a FieldValue)> {
        set.iter().filter(|(field, value)| self.get(field) != *value)
    }

    /// What an edit must set so that the fields are those of `document`.
    #[must_use]
    pub fn behind(&self, document: &serde_json::Map<String, serde_json::Value>) -> Fields {
        let other = document.iter().filter(|(name, json)| !self.get(name).is(json));
        other.map(|(name, json)| (name.as_str().into(), FieldValue::read(json))).collect()
    }

    /// Makes the next version of what `set` changes; false, and no version, if nothing does.
    pub fn edit(&mut self, set: &Fields) -> bool {
        let changes: Vec<_> = self.changes(set).map(|(f, v)| (Arc::clone(f), v.clone())).collect();
        if changes.is_empty() {
            return false;
        }
        let mut replaced = Fields::new();
        for (field, value) in changes {
            let old = self.now.insert(Arc::clone(&field), value).unwrap_or_default();
            replaced.insert(field, old);
        }
        self.earlier.push(Arc::new(replaced));
        true
    }

    /// Takes over what the workflow itself computed after the review had ended (an official number): no edit, no version,
    /// as if it had always been so, until the review is entered again. `later`: an arrow set it, and not with the decision itself.
    pub fn absorb(&mut self, set: &Fields, later: bool) {
        self.later |= later && !set.is_empty();
        for (field, value) in set {
            let old = self.now.insert(Arc::clone(field), value.clone()).unwrap_or_default();
            self.absorbed.entry(Arc::clone(field)).or_insert(old);
        }
    }

    /// The document as it was decided about: what has changed since is an edit for whoever is to stand by it again.
    pub fn as_decided(&mut self) {
        self.now.append(&mut self.absorbed);
        self.later = false;
    }

    /// Whether the workflow changed it after the decision and what came with it.
    #[must_use]
    pub fn has_moved_on(&self) -> bool {
        self.later
    }

    /// Takes over a value as if it had always been so.
    pub fn overwrite(&mut self, field: Arc<str>, value: FieldValue) {
        self.now.insert(field, value);
    }

    /// The amount that limits, cells and scopes are compared with.
    #[must_use]
    pub fn amount(&self) -> Option<Money> {
        self.get("amount").money()
    }

    /// The category.
    #[must_use]
    pub fn category(&self) -> Option<&str> {
        self.get("category").text()
    }

    /// Who asks.
    #[must_use]
    pub fn requester(&self) -> Option<PersonId> {
        self.get("requester").text().map(PersonId::from)
    }
}

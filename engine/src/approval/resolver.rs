//! The ways to name people (approvals.md sections 3.2 and 3.3), as they are written.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

use super::value::Subject;
use crate::ids::PersonId;

/// One entry of `who` or `fallback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum Resolver {
    /// These people.
    Person(Vec<PersonId>),
    /// The people in this field.
    Field(Arc<str>),
    /// Who has the role in the unit.
    Role {
        /// The role.
        role: Arc<str>,
        /// The unit.
        unit: UnitOf,
    },
    /// Somebody above the person in the field.
    Manager {
        /// The field.
        of: Arc<str>,
        /// How many links up.
        levels: u32,
    },
    /// Everybody above the person in the field, up to the first whose limit covers.
    Chain {
        /// The field.
        of: Arc<str>,
        /// Whether the person himself comes first.
        start: ChainStart,
    },
}

/// Which unit a role is looked up in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnitOf {
    /// This one.
    Unit(Arc<str>),
    /// The one in this field.
    Field(Arc<str>),
}

impl UnitOf {
    /// The unit, of this document.
    pub(super) fn of<'a>(&'a self, subject: &'a Subject) -> Option<&'a str> {
        match self {
            Self::Unit(unit) => Some(unit),
            Self::Field(field) => subject.get(field).text(),
        }
    }
}

/// Where a chain begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChainStart {
    /// With the manager.
    #[default]
    Manager,
    /// With the person, who alone is named if eligible and covering.
    #[serde(rename = "self")]
    Own,
}

/// The keys of all resolvers, so that a wrong one is named in the error.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "one_or_many")]
    person: Option<Vec<PersonId>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit_field: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    manager: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    levels: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<ChainStart>,
}

/// One value, or a list of them.
pub(super) fn one_or_many<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Vec<T>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(Option::deserialize(d)?.map(|written| match written {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    }))
}

impl TryFrom<Written> for Resolver {
    type Error = String;

    fn try_from(w: Written) -> Result<Self, String> {
        let unit = match (w.unit, w.unit_field) {
            (Some(unit), None) => Some(UnitOf::Unit(unit)),
            (None, Some(field)) => Some(UnitOf::Field(field)),
            (None, None) => None,
            _ => return Err("a role has `unit` or `unit_field`, not both".into()),
        };
        match (w.person, w.field, w.role, unit, w.manager, w.levels, w.chain, w.start) {
            (Some(people), None, None, None, None, None, None, None) => Ok(Self::Person(people)),
            (None, Some(field), None, None, None, None, None, None) => Ok(Self::Field(field)),
            (None, None, Some(role), Some(unit), None, None, None, None) => Ok(Self::Role { role, unit }),
            (None, None, None, None, Some(of), levels, None, None) => {
                Ok(Self::Manager { of, levels: levels.unwrap_or(1) })
            }
            (None, None, None, None, None, None, Some(of), start) => {
                Ok(Self::Chain { of, start: start.unwrap_or_default() })
            }
            _ => Err("a resolver is one of: person; field; role with unit or unit_field; manager, with levels; \
                      chain, with start"
                .into()),
        }
    }
}

impl From<Resolver> for Written {
    fn from(resolver: Resolver) -> Self {
        let none = Self::default();
        match resolver {
            Resolver::Person(people) => Self { person: Some(people), ..none },
            Resolver::Field(field) => Self { field: Some(field), ..none },
            Resolver::Role { role, unit: UnitOf::Unit(unit) } => Self { role: Some(role), unit: Some(unit), ..none },
            Resolver::Role { role, unit: UnitOf::Field(field) } => {
                Self { role: Some(role), unit_field: Some(field), ..none }
            }
            Resolver::Manager { of, levels } => Self { manager: Some(of), levels: Some(levels), ..none },
            Resolver::Chain { of, start } => {
                Self { chain: Some(of), start: Some(start).filter(|s| *s != ChainStart::Manager), ..none }
            }
        }
    }
}

impl Resolver {
    /// The subject fields that it reads (section 4.3).
    #[must_use]
    pub fn reads(&self) -> Vec<&str> {
        match self {
            Self::Person(_) | Self::Role { unit: UnitOf::Unit(_), .. } => vec![],
            Self::Field(field) | Self::Role { unit: UnitOf::Field(field), .. } => vec![field],
            Self::Manager { of, .. } => vec![of],
            Self::Chain { of, .. } => vec![of, "amount", "category", "requester"],
        }
    }

    /// What a person calls it: the key that it is written with.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "person",
            Self::Field(_) => "field",
            Self::Role { .. } => "role",
            Self::Manager { .. } => "manager",
            Self::Chain { .. } => "chain",
        }
    }
}

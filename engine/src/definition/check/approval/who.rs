//! Resolvers: the ways to name people.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use crate::definition::codes;
use crate::definition::read::{self, Keys};
use crate::definition::yaml::{Node, Shape};
use crate::diagnostic::{Diagnostic, Help, Span};

use super::super::Checker;
use super::Ground;
use super::fields::Kind;

/// Keys of a resolver.
pub(in crate::definition) const KEYS: &[&str] =
    &["person", "field", "role", "unit", "unit_field", "manager", "levels", "chain", "start"];

/// The keys that say what kind of resolver it is.
pub(in crate::definition) const KINDS: &[&str] = &["person", "field", "role", "manager", "chain"];

/// What may stand beside each.
pub(in crate::definition) const BESIDE: &[(&str, &str)] =
    &[("unit", "role"), ("unit_field", "role"), ("levels", "manager"), ("start", "chain")];

/// Where a chain begins.
pub(in crate::definition) const STARTS: &[&str] = &["manager", "self"];

/// How many levels above somebody a manager may be.
pub(in crate::definition) const LEVELS: RangeInclusive<u32> = 1..=20;

const HELP: &str = "write one of { manager: requester }, { role: buyer, unit_field: unit }, { chain: requester }, \
                    { person: ann }, { field: owner }";

impl Checker<'_> {
    /// A list of resolvers.
    pub(super) fn who(&mut self, node: &Node, at: Span, what: &str, ground: &mut Ground) -> Vec<Value> {
        let mut out = Vec::new();
        for item in read::one_or_many(node, at, what, &mut self.found) {
            if let Shape::Scalar(scalar) = &item.shape {
                let field =
                    self.subject.as_ref().is_some_and(|subject| subject.record.fields.contains_key(&scalar.text));
                let guess = if self.vocabulary.roles.iter().any(|role| **role == *scalar.text) {
                    let role = format!("{{ role: {}, unit_field: unit }}", scalar.text);
                    let known = self.subject.as_ref().is_some_and(|s| s.record.fields.contains_key("unit"));
                    Help { words: format!("for a role write `{role}`"), instead: known.then_some(role) }
                } else if scalar.text == "manager" || scalar.text == "chain" {
                    let whose = format!("{{ {}: requester }}", scalar.text);
                    Help::instead(format!("write `{whose}`"), whose)
                } else if field {
                    let field = format!("{{ field: {} }}", scalar.text);
                    Help::instead(format!("write `{field}`"), field)
                } else {
                    HELP.into()
                };
                let message = format!("`{}` does not say how people are found", scalar.text);
                self.error(codes::BAD_RESOLVER, item.span, message, guess);
                continue;
            }
            out.extend(self.resolver(item, at, ground));
        }
        out
    }

    fn resolver(&mut self, node: &Node, at: Span, ground: &mut Ground) -> Option<Value> {
        let keys = Keys::entry(node, at, "an entry of `who`", KEYS, &mut self.found)?;
        // A misspelt one too: it was reported.
        let mut kinds: Vec<(Span, &str)> = KINDS.iter().filter_map(|kind| Some((keys.get(kind)?.0, *kind))).collect();
        kinds.sort_unstable_by_key(|(span, _)| *span);
        let kind = match kinds.as_slice() {
            [] if keys.iter().any(|(key, _)| !KEYS.contains(&key.value.as_str())) => return None,
            [] => {
                self.error(codes::BAD_RESOLVER, keys.owner, "this names nobody", HELP);
                return None;
            }
            [(_, kind)] => *kind,
            [(first, _), (second, _), ..] => {
                let (first, second) = (*first, *second);
                self.found.push(
                    Diagnostic::error(codes::BAD_RESOLVER, second, "an entry of `who` names people in one way only")
                        .related(first, "the first way")
                        .help("write two entries of the list: all their people are asked"),
                );
                return None;
            }
        };
        for (key, belongs) in BESIDE {
            if let Some((span, _)) = keys.get(key).filter(|_| kind != *belongs) {
                let message = format!("`{key}` stands beside `{belongs}`, not beside `{kind}`");
                self.error(codes::BAD_RESOLVER, span, message, "leave it out");
            }
        }
        let mut map = Map::new();
        let (at, value) = keys.get(kind)?;
        match kind {
            "person" => {
                map.insert("person".to_owned(), self.ids(value, at, "a person"));
            }
            "role" => self.role_resolver(&keys, at, value, &mut map),
            field => {
                let name = read::string(value, at, "a field", &mut self.found)?;
                map.insert(field.to_owned(), self.policy_field(&name, Kind::Person)?.into());
            }
        }
        if let Some((at, node)) = keys.get("levels") {
            map.insert("levels".to_owned(), read::whole(node, at, "`levels`", LEVELS, &mut self.found)?.into());
        }
        if let Some((at, node)) = keys.get("start") {
            let word = read::word(node, at, "`start`", STARTS, &mut self.found)?;
            map.insert("start".to_owned(), word.value.into());
        }
        if kind == "chain" {
            ground.amount.get_or_insert(at);
        }
        Some(Value::Object(map))
    }

    fn role_resolver(&mut self, keys: &Keys<'_>, at: Span, node: &Node, map: &mut Map<String, Value>) {
        if let Some(role) = read::string(node, at, "a role", &mut self.found)
            && let Some(role) = self.known_role(&role)
        {
            map.insert("role".to_owned(), role.to_string().into());
        }
        match (keys.get("unit"), keys.get("unit_field")) {
            (Some((at, node)), None) => {
                if let Some(unit) = read::string(node, at, "a unit", &mut self.found)
                    && self.known_unit(&unit)
                {
                    map.insert("unit".to_owned(), unit.value.into());
                }
            }
            (None, Some((at, node))) => {
                if let Some(name) = read::string(node, at, "a field", &mut self.found)
                    && let Some(field) = self.policy_field(&name, Kind::Text)
                {
                    map.insert("unit_field".to_owned(), field.into());
                }
            }
            (Some((at, _)), Some((other, _))) => self.found.push(
                Diagnostic::error(codes::CONFLICT, at, "`unit` and `unit_field` stand together")
                    .related(other, "the other")
                    .help("keep `unit_field` for the unit of the subject, `unit` for a fixed one"),
            ),
            (None, None) => {
                let text = self.subject.as_ref().and_then(|s| s.record.fields.contains_key("unit").then_some("unit"));
                let help =
                    format!("write `unit_field: {}` or `unit: its id`", text.unwrap_or("a field of the subject"));
                self.error(codes::BAD_RESOLVER, at, "a role is held in a unit, and none is named", help);
            }
        }
    }
}

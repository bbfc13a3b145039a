//! What is wrong with an organisation as a whole: people who are named and not there, and managers in a circle.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};

use super::{Faults, below, days, entries, ids, perhaps};
use crate::instance::Document;

/// Everybody, by id.
pub(super) struct People<'a>(BTreeMap<&'a str, &'a Document>);

impl<'a> People<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        Self(ids(entries(document, "people")).collect())
    }

    fn manager(&self, id: &str) -> Option<&'a str> {
        self.0.get(id)?.get("manager")?.as_str()
    }

    /// Everybody who is named and not listed: a slip in an id would leave somebody without a manager, quietly.
    pub(super) fn strangers(&self, document: &'a Document, before: &'a Document) -> Faults {
        let mut found = Faults::new();
        let mut check = |at: String, id: Option<&str>| {
            if let Some(id) = id.filter(|id| !self.0.contains_key(id)) {
                let hint = perhaps(id, self.0.keys().copied());
                found.push((at, format!("nobody in the organisation has the id `{id}`{hint}")));
            }
        };
        for id in self.0.keys() {
            check(format!("{}/manager", below("/people", id)), self.manager(id));
        }
        for (unit, entry) in ids(entries(document, "units")) {
            for (role, people) in entry.get("roles").and_then(Json::as_object).into_iter().flatten() {
                let at = below(&format!("{}/roles", below("/units", unit)), role);
                people.as_array().into_iter().flatten().for_each(|id| check(at.clone(), id.as_str()));
            }
        }
        for (number, entry) in entries(document, "substitutes").iter().enumerate() {
            for name in ["person", "substitute"] {
                check(format!("/substitutes/{number}/{name}"), entry.get(name).and_then(Json::as_str));
            }
        }
        let contacts = |document: &'a Document| document.get("contacts").and_then(Json::as_object);
        let stored = contacts(before);
        for id in contacts(document).into_iter().flat_map(Map::keys) {
            if stored.is_none_or(|stored| !stored.contains_key(id)) {
                check(below("/contacts", id), Some(id));
            }
        }
        found
    }

    /// Managers that lead back to where they began, where they did not before.
    pub(super) fn circles(&self, before: &Self) -> Faults {
        let stood = before.rounds();
        let mut found = Faults::new();
        for round in self.rounds().difference(&stood) {
            let Some(first) = round.first() else { continue };
            let at = format!("{}/manager", below("/people", first));
            let why = match round.len() {
                1 => format!("`{first}` is named as his own manager: name another, or null where there is none"),
                _ => {
                    let way: Vec<String> = round.iter().chain([first]).map(|id| format!("`{id}`")).collect();
                    format!(
                        "the managers go round in a circle: {}. Give one of them another manager, or null",
                        way.join(" under ")
                    )
                }
            };
            found.push((at, why));
        }
        found
    }

    /// Each circle of managers, from the first of its ids on.
    fn rounds(&self) -> BTreeSet<Vec<&'a str>> {
        let (mut done, mut rounds) = (BTreeSet::new(), BTreeSet::new());
        for start in self.0.keys() {
            let mut way: Vec<&str> = Vec::new();
            let mut on_way = BTreeSet::new();
            let mut at = Some(*start);
            while let Some(id) = at.filter(|id| !done.contains(id) && on_way.insert(*id)) {
                way.push(id);
                at = self.manager(id);
            }
            if let Some(begin) = at.and_then(|id| way.iter().position(|own| *own == id)) {
                let mut round = way.split_off(begin);
                done.extend(round.iter().copied());
                let first = round.iter().enumerate().min_by_key(|(_, id)| **id).map_or(0, |(at, _)| at);
                round.rotate_left(first);
                rounds.insert(round);
            }
            done.extend(way);
        }
        rounds
    }

    /// People who would go before they come.
    pub(super) fn stays(&self, before: &'a Document) -> Faults {
        let stood = Self::of(before);
        let news = self.0.iter().filter(|(id, person)| stood.0.get(**id).is_none_or(|old| days(old) != days(person)));
        let found = news.filter_map(|(id, person)| match days(person) {
            (Some(from), Some(until)) if until < from => {
                let why = format!("{until} is before {from}: `until` is the first day on which it no longer holds");
                Some((format!("{}/until", below("/people", id)), why))
            }
            _ => None,
        });
        found.collect()
    }
}

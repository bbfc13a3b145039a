//! What is wrong with a patch of the organisation, and with what comes of it.
//!
//! What must hold: everything that is wrong is told at once, each with its place (people and units by their ids); what is stored
//! already is not held against a patch that leaves it as it is, so that whatever was let in before stays readable.

mod kinds;
mod known;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value as Json};

use kinds::{Kind, LIMIT, MAY_BE_NULL, PERSON, SUBSTITUTION, Takes, UNIT};
use known::People;

use super::super::input::below;
use super::{APPROVAL, PARTS, workflow_name};
use crate::approval::{Exact, SubstitutesFrom};
use crate::diagnostic::nearest;
use crate::instance::Document;
use crate::lookalike::{looks, mistaken, unseen_in_text, wrong_address};
use crate::money::{Currency, Money};

/// How long the name of a unit or role may be, in bytes.
const LONGEST_NAME: usize = 128;

/// How long a name or an address of a person may be, in bytes: more than RFC 5321 has for an address.
const LONGEST_CONTACT: usize = 320;

/// What is wrong: JSON Pointer and sentence.
type Faults = Vec<(String, String)>;

/// Everything that is wrong with `patch`, which makes `after` of `before`.
pub(super) fn faults(patch: &Document, before: &Document, after: &Document) -> Faults {
    let mut look = Look { before, found: Faults::new() };
    for (part, value) in patch {
        look.part(part, value);
    }
    let (known, mut found) = (People::of(after), look.found);
    found.extend(known.strangers(after, before));
    found.extend(known.stays(before));
    found
}

/// What whoever changes `before` into `after` should know: a climb ends in a circle of managers, so that it is let in, and it is
/// hardly meant.
pub(super) fn warnings(before: &Document, after: &Document) -> Vec<String> {
    People::of(after).circles(&People::of(before)).into_iter().map(|(at, why)| format!("{at}: {why}")).collect()
}

/// The entries of a list in a document.
fn entries<'a>(document: &'a Document, part: &str) -> &'a [Json] {
    document.get(part).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// Goes through a patch by itself, beside what is stored.
struct Look<'a> {
    before: &'a Document,
    found: Faults,
}

impl Look<'_> {
    fn wrong(&mut self, at: &str, why: impl Into<String>) {
        self.found.push((at.to_owned(), why.into()));
    }

    fn part(&mut self, part: &str, value: &Json) {
        let at = below("", part);
        match part {
            "people" => self.people(value),
            "units" => self.units(value),
            "substitutes" => self.substitutes(value),
            "rates" => self.rates(value),
            "contacts" => self.contacts(value),
            "zone" => match value.as_str() {
                Some(zone) if TimeZone::get(zone).is_ok() => {}
                _ => self.wrong(
                    &at,
                    format!("{} is not a time zone: write its IANA name, such as Europe/Berlin", shown(value)),
                ),
            },
            "substitutes_from" if serde_json::from_value::<SubstitutesFrom>(value.clone()).is_err() => {
                self.wrong(&at, format!("{} says nothing here: write anyone, or unit", shown(value)));
            }
            "substitutes_from" => {}
            APPROVAL if value.is_null() => {}
            APPROVAL => {
                if let Err(why) = workflow_name(value) {
                    self.wrong(&at, why);
                }
            }
            _ => {
                let why = format!(
                    "an organisation has no part `{part}`{}",
                    perhaps(part, PARTS.into_iter().chain(["people"]))
                );
                self.wrong(&at, why);
            }
        }
    }

    /// The entries of a list.
    fn list<'v>(&mut self, at: &str, value: &'v Json, of: &Kind) -> Vec<(usize, &'v Document)> {
        let Some(list) = value.as_array() else {
            let needs = of.needs.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
            self.wrong(at, format!("this is a list of objects, each {} with {needs}", of.called));
            return Vec::new();
        };
        let mut objects = Vec::new();
        for (number, entry) in list.iter().enumerate() {
            match entry.as_object() {
                Some(object) => objects.push((number, object)),
                None => self
                    .wrong(&format!("{at}/{number}"), format!("{} is an object, and not {}", of.called, shown(entry))),
            }
        }
        objects
    }

    /// The fields of an entry: that it has what it must, nothing else, and in each what may stand there.
    fn entry(&mut self, at: &str, entry: &Document, of: &Kind, old: Option<&Document>) {
        for name in of.needs.iter().filter(|name| !entry.contains_key(**name)) {
            self.wrong(&below(at, name), format!("it is missing: {} has one", of.called));
        }
        for (name, value) in entry {
            let at = below(at, name);
            match of.fields.iter().find(|(own, _)| own == name) {
                None => {
                    let near = || perhaps(name, of.fields.iter().map(|(own, _)| *own));
                    let hint = of.elsewhere(name).map_or_else(near, str::to_owned);
                    self.wrong(&at, format!("{} has no field `{name}`{hint}", of.called));
                }
                Some(_) if value.is_null() && MAY_BE_NULL.contains(&name.as_str()) => {}
                // It is so already.
                Some(_) if old.and_then(|old| old.get(name)) == Some(value) => {}
                Some((_, takes)) => self.value(&at, value, *takes),
            }
        }
    }

    fn value(&mut self, at: &str, value: &Json, takes: Takes) {
        match (takes, value) {
            (Takes::Text | Takes::Person, Json::String(_)) | (Takes::Truth, Json::Bool(_)) => {}
            (Takes::Text, _) => self.wrong(at, format!("{} is no text", shown(value))),
            (Takes::Person, _) => self.wrong(at, format!("{} is no id of a person", shown(value))),
            (Takes::Truth, _) => self.wrong(at, format!("{}: write true or false", shown(value))),
            (Takes::Day, _) => {
                if value.as_str().is_none_or(|text| text.parse::<Date>().is_err()) {
                    self.wrong(at, format!("{} is no day: write it as 2026-03-02", shown(value)));
                }
            }
            (Takes::Money, _) => match value.as_str().unwrap_or(&value.to_string()).parse::<Money>() {
                Ok(_) if !value.is_string() => self.wrong(at, format!("{} is no text", shown(value))),
                Ok(money) if money.units < 0 => {
                    self.wrong(at, "an amount below nothing covers nothing: write 0 or more")
                }
                Ok(_) => {}
                Err(why) => self.wrong(at, why),
            },
            (Takes::Limits, _) => {
                for (number, limit) in self.list(at, value, &LIMIT) {
                    self.entry(&format!("{at}/{number}"), limit, &LIMIT, None);
                }
            }
            (Takes::Roles, Json::Object(roles)) => {
                roles.iter().for_each(|(role, people)| self.role(&below(at, role), people))
            }
            (Takes::Roles, _) => {
                self.wrong(at, "write each role with the list of those who have it: { buyer: [ann, bob] }")
            }
        }
    }

    /// A new name of a unit or role.
    fn named(&mut self, at: &str, name: &str) {
        match name.is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            true => self.wrong(at, format!("{} is no name: 1 to {LONGEST_NAME} characters", shown(&Json::from(name)))),
            false => drop(self.seen(at, name)),
        }
    }

    /// Whether a new name is told from every other by whoever reads it: nothing in it that nobody sees, or takes for something else.
    fn seen(&mut self, at: &str, text: &str) -> bool {
        let blank = || (text.trim() != text).then(|| "begins or ends with a blank: leave it out".to_owned());
        let why = mistaken(text).or_else(blank);
        if let Some(why) = &why {
            self.wrong(at, format!("{} {why}", shown(&Json::from(text))));
        }
        why.is_none()
    }

    fn role(&mut self, at: &str, people: &Json) {
        match people.as_array() {
            None => self.wrong(at, format!("{} is no list of people: write [ann, bob]", shown(people))),
            Some(list) => {
                for (number, id) in list.iter().enumerate().filter(|(_, id)| !id.is_string()) {
                    self.wrong(&format!("{at}/{number}"), format!("{} is no id of a person", shown(id)));
                }
            }
        }
    }

    fn people(&mut self, value: &Json) {
        let stored: BTreeMap<&str, &Document> = ids(entries(self.before, "people")).collect();
        let (mut alike, mut seen) = (None, BTreeSet::new());
        for (number, person) in self.list("/people", value, &PERSON) {
            let Some(id) = person.get("id").and_then(Json::as_str) else {
                self.entry(&format!("/people/{number}"), person, &PERSON, None);
                continue;
            };
            if id.is_empty() || id.len() > 64 || id.chars().any(|c| c.is_control() || c == '/') {
                self.wrong(&format!("/people/{number}/id"), format!("`{id}` is no id: 1 to 64 characters without `/`"));
            } else if !stored.contains_key(id) && self.seen(&format!("/people/{number}/id"), id) {
                // Most patches bring nobody new.
                let alike: &mut Alike<'_> = alike.get_or_insert_with(|| Alike::of(stored.keys().copied()));
                if let Some(why) = alike.taken(id) {
                    self.wrong(&format!("/people/{number}/id"), why);
                }
            }
            if !seen.insert(id) {
                let why = format!("`{id}` stands here before: write once all that is said of a person");
                self.wrong(&format!("/people/{number}"), why);
            }
            self.entry(&below("/people", id), person, &PERSON, stored.get(id).copied());
        }
    }

    fn units(&mut self, value: &Json) {
        let stored: BTreeMap<&str, &Document> = ids(entries(self.before, "units")).collect();
        let mut seen = BTreeSet::new();
        for (number, unit) in self.list("/units", value, &UNIT) {
            let id = unit.get("id").and_then(Json::as_str);
            if let Some(twice) = id.filter(|id| !seen.insert(*id)) {
                self.wrong(
                    &format!("/units/{number}"),
                    format!("the unit `{twice}` is listed twice: write its roles once"),
                );
            }
            let at = id.map_or_else(|| format!("/units/{number}"), |id| below("/units", id));
            let old = id.and_then(|id| stored.get(id));
            if let (Some(id), None) = (id, old) {
                self.named(&below(&at, "id"), id);
            }
            let roles = unit.get("roles").and_then(Json::as_object);
            let known = old.and_then(|old| old.get("roles")?.as_object());
            let is_new = |role: &&String| known.is_none_or(|known| !known.contains_key(*role));
            for role in roles.into_iter().flat_map(Map::keys).filter(is_new) {
                self.named(&below(&below(&at, "roles"), role), role);
            }
            self.entry(&at, unit, &UNIT, None);
        }
    }

    fn substitutes(&mut self, value: &Json) {
        let stored = entries(self.before, "substitutes");
        for (number, entry) in self.list("/substitutes", value, &SUBSTITUTION) {
            if stored.iter().any(|old| old.as_object() == Some(entry)) {
                continue;
            }
            let at = format!("/substitutes/{number}");
            self.entry(&at, entry, &SUBSTITUTION, None);
            let text = |name: &str| entry.get(name).and_then(Json::as_str);
            if text("person").is_some() && text("person") == text("substitute") {
                self.wrong(&below(&at, "substitute"), "nobody stands in for himself: name somebody else");
            }
            if let (Some(from), Some(until)) = days(entry)
                && until <= from
            {
                let why =
                    format!("{until} is not after {from}: `until` is the first day back, and so a day after `from`");
                self.wrong(&below(&at, "until"), why);
            }
        }
    }

    fn rates(&mut self, value: &Json) {
        let Some(rates) = value.as_object() else {
            return self.wrong(
                "/rates",
                "write what one of each currency is worth, all in one: { EUR: \"1\", USD: \"0.92\" }",
            );
        };
        let stored = self.before.get("rates").and_then(Json::as_object);
        for (currency, rate) in rates {
            let at = below("/rates", currency);
            if let Err(why) = currency.parse::<Currency>() {
                self.wrong(&at, why);
            }
            match serde_json::from_value::<Exact>(rate.clone()) {
                _ if stored.and_then(|stored| stored.get(currency)) == Some(rate) => {}
                Ok(worth) if worth.is_positive() => {}
                _ => self.wrong(
                    &at,
                    format!("{} is no rate: write what one {currency} is worth, above 0, such as 0.92", shown(rate)),
                ),
            }
        }
    }

    fn contacts(&mut self, value: &Json) {
        let Some(contacts) = value.as_object() else {
            return self.wrong(
                "/contacts",
                "contacts are an object of objects by person id: { ann: { email: ann@example.com } }",
            );
        };
        let stored = self.before.get("contacts").and_then(Json::as_object);
        for (id, contact) in contacts {
            let at = below("/contacts", id);
            match contact {
                _ if stored.and_then(|stored| stored.get(id)) == Some(contact) => {}
                Json::Object(contact) => self.contact(&at, contact),
                other => self.wrong(
                    &at,
                    format!("a contact is an object, such as {{ email: ann@example.com }}, and not {}", shown(other)),
                ),
            }
        }
    }

    /// What mail and pages read. Other fields are for others.
    fn contact(&mut self, at: &str, contact: &Map<String, Json>) {
        for (name, value) in contact.iter().filter(|(name, _)| ["name", "email"].contains(&name.as_str())) {
            let at = below(at, name);
            match value {
                Json::Null => {}
                Json::String(text) if text.len() > LONGEST_CONTACT => {
                    self.wrong(&at, format!("{} is longer than {LONGEST_CONTACT} characters", shown(value)));
                }
                Json::String(text) if !text.is_empty() && text.trim().is_empty() => {
                    self.wrong(&at, "there is nothing but blanks in it: leave it out");
                }
                Json::String(text) if name == "email" && !text.is_empty() => {
                    if let Some(why) = wrong_address(text) {
                        self.wrong(&at, format!("{} {why}", shown(value)));
                    }
                }
                Json::String(text) => {
                    if let Some(what) = text.chars().find_map(unseen_in_text) {
                        self.wrong(&at, format!("{} has in it what nobody sees, {what}: leave it out", shown(value)));
                    }
                }
                other => self.wrong(&at, format!("{} is no text", shown(other))),
            }
        }
    }
}

/// Whose ids look like what.
struct Alike<'a>(BTreeMap<String, &'a str>);

impl<'a> Alike<'a> {
    fn of(ids: impl Iterator<Item = &'a str>) -> Self {
        Self(ids.flat_map(|id| looks(id).into_iter().map(move |look| (look, id))).collect())
    }

    /// Why nobody new can be called so; else somebody is, from now on.
    fn taken(&mut self, id: &'a str) -> Option<String> {
        let looks = looks(id);
        let like = looks.iter().find_map(|look| self.0.get(look)).filter(|like| **like != id).copied();
        self.0.extend(looks.into_iter().map(|look| (look, id)));
        let like = like?;
        let how =
            if like.to_lowercase() == id.to_lowercase() { "differs by its capitals alone" } else { "looks the same" };
        Some(format!("there is `{like}` already, which {how}: people would take them for one"))
    }
}

/// A value, for a sentence.
fn shown(value: &Json) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("`{cut}...`") } else { format!("`{cut}`") }
}

fn perhaps<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or(String::new(), |near| format!("; did you mean `{near}`?"))
}

/// Entries by their id, as far as they have one.
fn ids(list: &[Json]) -> impl Iterator<Item = (&str, &Document)> {
    list.iter().filter_map(|entry| Some((entry.get("id")?.as_str()?, entry.as_object()?)))
}

/// The first day, and the first one after the last.
fn days(entry: &Document) -> (Option<Date>, Option<Date>) {
    let day = |name: &str| entry.get(name).and_then(Json::as_str)?.parse().ok();
    (day("from"), day("until"))
}

#[cfg(test)]
mod tests;

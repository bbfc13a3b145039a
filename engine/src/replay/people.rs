//! The people of a log as an organisation: each is active and has, in each unit, the roles in which the log names him.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value as Json, json};

use super::Log;
use super::course::{Course, steps};
use super::map::{From, Map};
use crate::approval::{Resolver, UnitOf};
use crate::ids::{Digest, PersonId};
use crate::instance::Document;

/// The unit of roles where nothing names one.
const UNIT: &str = "log";

/// The longest id that a person may have, in bytes.
const MOST_ID: usize = 64;

/// Who does what, as the mapping says it.
pub(super) struct Persons<'a, L> {
    log: &'a L,
    columns: &'a [usize],
    fold: bool,
    /// By the text of the only column.
    one: Vec<Option<PersonId>>,
    /// By the texts of several.
    many: HashMap<Vec<Option<u32>>, PersonId>,
}

impl<'a, L: Log> Persons<'a, L> {
    pub(super) fn new(log: &'a L, map: &'a Map) -> Self {
        let columns = &map.log.person;
        let texts = if columns.len() == 1 { log.texts() } else { 0 };
        Self { log, columns, fold: map.people.fold, one: vec![None; texts], many: HashMap::new() }
    }

    /// Who did an event; nobody, if none of the columns says so.
    pub(super) fn of(&mut self, case: usize, event: usize) -> Option<PersonId> {
        match self.columns {
            [] => None,
            [column] => {
                let text = self.log.value(case, event, *column)?;
                Some(self.named(text)).filter(|person| !person.as_str().is_empty())
            }
            columns => {
                let texts: Vec<Option<u32>> = columns.iter().map(|at| self.log.value(case, event, *at)).collect();
                if let Some(known) = self.many.get(&texts) {
                    return Some(known.clone());
                }
                let parts: Vec<&str> = texts.iter().flatten().map(|text| self.log.text(*text).trim()).collect();
                let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
                let person = person_id(&parts.join(", "), self.fold);
                (!parts.is_empty()).then(|| self.many.entry(texts).or_insert(person).clone())
            }
        }
    }

    /// The person of a text.
    pub(super) fn named(&mut self, text: u32) -> PersonId {
        match self.one.get_mut(text as usize) {
            Some(slot) => slot.get_or_insert_with(|| person_id(self.log.text(text), self.fold)).clone(),
            None => person_id(self.log.text(text), self.fold),
        }
    }
}

/// The id of whom a log calls `text`: without blanks around it and what ids may not have, and no longer than they may be.
/// `fold`: in small letters.
pub(super) fn person_id(text: &str, fold: bool) -> PersonId {
    let folded = if fold { text.to_lowercase() } else { text.to_owned() };
    let text = folded.trim();
    let mut id: String = text.chars().map(|c| if c == '/' || c.is_control() { '_' } else { c }).collect();
    // Two who are called differently stay two.
    if id.len() > MOST_ID || id != text {
        let digest = Digest::of(text).to_string();
        let cut = (0..=id.len().min(MOST_ID - 9)).rev().find(|at| id.is_char_boundary(*at)).unwrap_or(0);
        id.truncate(cut);
        id.push('~');
        id.push_str(&digest[..8]);
    }
    PersonId::from(id)
}

/// The name of a role in definitions: as the mapping has it, else in small letters, with `_` for all that is neither letter
/// nor digit.
fn role(text: &str, map: &Map) -> String {
    if let Some((_, name)) = map.people.roles.iter().find(|(from, _)| from.trim() == text.trim()) {
        return name.clone();
    }
    let mut name = String::new();
    for c in text.trim().chars() {
        name.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' });
    }
    name
}

/// Units that hold roles where the log does not say in which: those that the definitions name, and those that the fields
/// may hold in which they look for one.
fn units(courses: &[&Course], log: &impl Log) -> BTreeSet<String> {
    let mut units = BTreeSet::from([UNIT.to_owned()]);
    for course in courses {
        let resolvers = steps(&course.definitions()).into_iter().flat_map(|step| step.who.iter().chain(&step.fallback));
        for resolver in resolvers {
            match resolver {
                Resolver::Role { unit: UnitOf::Unit(unit), .. } => {
                    units.insert(unit.to_string());
                }
                Resolver::Role { unit: UnitOf::Field(field), .. } => {
                    let sources = course.subject.iter().filter(|(name, _)| name == field);
                    for (_, value) in sources {
                        match &value.from {
                            From::Written(text) => {
                                units.insert(text.clone());
                            }
                            From::Column(column) => {
                                let of = |case: usize| (0..log.events(case)).find_map(|e| log.value(case, e, *column));
                                let texts: BTreeSet<u32> = (0..log.cases()).filter_map(of).collect();
                                units.extend(texts.iter().map(|text| log.text(*text).to_owned()));
                            }
                        }
                        units.extend(value.otherwise.clone());
                    }
                }
                Resolver::Person(_) | Resolver::Field(_) | Resolver::Manager { .. } | Resolver::Chain { .. } => {}
            }
        }
    }
    units
}

/// The organisation `known` with the people of the log and their roles.
pub(super) fn organisation<L: Log>(mut known: Document, map: &Map, courses: &[&Course], log: &L) -> Document {
    let mut persons = Persons::new(log, map);
    let mut found: BTreeSet<PersonId> = BTreeSet::new();
    let mut holders: BTreeMap<(Option<u32>, u32), BTreeSet<PersonId>> = BTreeMap::new();
    let mut seen = std::collections::HashSet::new();
    for case in 0..log.cases() {
        for event in 0..log.events(case) {
            let role = map.log.role.and_then(|column| log.value(case, event, column));
            let unit = map.log.unit.and_then(|column| log.value(case, event, column));
            let Some(person) = persons.of(case, event) else { continue };
            if !seen.insert((person.clone(), role, unit)) {
                continue;
            }
            if let Some(role) = role {
                holders.entry((unit, role)).or_default().insert(person.clone());
            }
            found.insert(person);
        }
    }
    // Whoever is named as somebody who starts, or for whom something is done, is one of them, too.
    for value in courses.iter().flat_map(|course| course.people()) {
        match &value.from {
            From::Written(text) => {
                found.insert(person_id(text, map.people.fold));
            }
            From::Column(column) => {
                let cells = (0..log.cases()).flat_map(|case| (0..log.events(case)).map(move |event| (case, event)));
                let texts: BTreeSet<u32> = cells.filter_map(|(c, e)| log.value(c, e, *column)).collect();
                found.extend(texts.into_iter().map(|text| persons.named(text)));
            }
        }
    }
    let everywhere = units(courses, log);
    let mut roles: BTreeMap<String, BTreeMap<String, BTreeSet<PersonId>>> = BTreeMap::new();
    for unit in &everywhere {
        roles.entry(unit.clone()).or_default();
    }
    for ((unit, text), people) in holders {
        let name = role(log.text(text), map);
        match unit {
            Some(unit) => {
                roles.entry(log.text(unit).to_owned()).or_default().entry(name).or_default().extend(people);
            }
            None => {
                for unit in &everywhere {
                    let held = roles.entry(unit.clone()).or_default();
                    held.entry(name.clone()).or_default().extend(people.iter().cloned());
                }
            }
        }
    }
    add_people(&mut known, found);
    add_roles(&mut known, roles);
    known
}

fn list<'d>(document: &'d mut Document, key: &str) -> Option<&'d mut Vec<Json>> {
    document.entry(key).or_insert_with(|| json!([])).as_array_mut()
}

fn add_people(document: &mut Document, found: BTreeSet<PersonId>) {
    let Some(people) = list(document, "people") else { return };
    let known: BTreeSet<String> = people.iter().filter_map(|p| Some(p.get("id")?.as_str()?.to_owned())).collect();
    let new = found.into_iter().filter(|person| !person.as_str().is_empty() && !known.contains(person.as_str()));
    people.extend(new.map(|person| json!({ "id": person, "active": true })));
}

fn add_roles(document: &mut Document, roles: BTreeMap<String, BTreeMap<String, BTreeSet<PersonId>>>) {
    let Some(units) = list(document, "units") else { return };
    for (unit, held) in roles {
        let place = units.iter().position(|known| known.get("id").and_then(Json::as_str) == Some(unit.as_str()));
        let place = place.unwrap_or_else(|| {
            units.push(json!({ "id": unit, "roles": {} }));
            units.len() - 1
        });
        let Some(roles) = units[place].as_object_mut().map(|unit| unit.entry("roles").or_insert_with(|| json!({})))
        else {
            continue;
        };
        for (role, people) in held {
            let Some(holders) =
                roles.as_object_mut().and_then(|roles| roles.entry(role).or_insert_with(|| json!([])).as_array_mut())
            else {
                continue;
            };
            let known: BTreeSet<String> = holders.iter().filter_map(|one| Some(one.as_str()?.to_owned())).collect();
            let new = people.into_iter().filter(|person| !known.contains(person.as_str()));
            holders.extend(new.map(|person| json!(person)));
        }
    }
}

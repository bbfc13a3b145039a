//! What a change of the organisation is told as: its fields, and the people it concerns.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::approval::{Organisation, OrganisationParts, Substitution};
use fluxor_engine::audit::canonical;
use fluxor_engine::audit::fold::{Change, diff};
use fluxor_engine::decide::{ADMINISTRATOR, below, organisation_image};
use fluxor_engine::ids::PersonId;
use fluxor_engine::instance::Document;
use jiff::civil::Date;
use serde_json::{Map, Value as Json, json};

/// How many characters of a text are shown.
const SHOWN: usize = 200;

/// How many of a whole value.
const MOST: usize = 8_000;

/// What stands in the place of a note: why somebody is away is not for everybody who reads a proposal.
const NOTE: &str = "(not shown)";

/// Of one that is new, or another than before.
const NEW_NOTE: &str = "(new, not shown)";

/// One line a changed field, sorted: `/people/eve/manager: "bob" -> "fay"`. People and units go by
/// their ids, substitutes by the person in whose place they are; of a list it tells what is added and what is gone, one line
/// each, so that nothing hides behind something long. Of an absence it tells that its note changes, and not its words.
pub(super) fn changes(mut before: Document, mut after: Document) -> Vec<String> {
    hide_notes(&mut before, &mut after);
    let mut lines: Vec<String> = diff(&image(before), &image(after)).iter().flat_map(lines).collect();
    lines.sort();
    lines
}

fn hide_notes(before: &mut Document, after: &mut Document) {
    fn absences(document: &mut Document) -> impl Iterator<Item = &mut Document> {
        let all = document.get_mut("substitutes").and_then(Json::as_array_mut);
        all.into_iter().flatten().filter_map(Json::as_object_mut)
    }
    // An absence and its note.
    let parted = |absence: &Document| {
        let mut bare = absence.clone();
        let note = bare.remove("note").filter(|note| !note.is_null());
        (bare, note)
    };
    let known: Vec<(Document, Option<Json>)> = absences(before).map(|absence| parted(absence)).collect();
    for absence in absences(after) {
        let (bare, note) = parted(absence);
        if note.is_none() {
            continue;
        }
        // Where the absence itself was there, its own note counts; else any of the same person.
        let same = match known.iter().any(|(known, _)| *known == bare) {
            true => known.contains(&(bare, note)),
            false => known.iter().any(|(known, old)| known.get("person") == bare.get("person") && *old == note),
        };
        absence.insert("note".to_owned(), if same { NOTE } else { NEW_NOTE }.into());
    }
    for absence in absences(before).filter(|absence| absence.get("note").is_some_and(|note| !note.is_null())) {
        absence.insert("note".to_owned(), NOTE.into());
    }
}

pub(super) fn lines(change: &Change) -> Vec<String> {
    let Change { at, from, to } = change;
    if let (Some(Json::Array(old)), Some(Json::Array(new))) = (from, to) {
        if at.ends_with("/limits") || at.ends_with("/self_limits") {
            return limits(at, old, new);
        }
        return listed(at, old, new);
    }
    if let (Some(Json::String(old)), Some(Json::String(new))) = (from, to) {
        return vec![format!("{at}: {}", texts(&canonical::value(&json!(old)), &canonical::value(&json!(new))))];
    }
    if let Some(parts) = parts(change) {
        return parts.iter().flat_map(lines).collect();
    }
    let shown = |value: &Option<Json>| match value {
        Some(value) => cut(&canonical::value(&shortened(value)), MOST),
        None => "nothing".to_owned(),
    };
    vec![format!("{at}: {} -> {}", shown(from), shown(to))]
}

/// What a list has no more, and what it has now, one line each.
fn listed(at: &str, old: &[Json], new: &[Json]) -> Vec<String> {
    let told = |word: &'static str, of: &[Json], not: &[Json]| -> Vec<String> {
        of.iter().filter(|item| !not.contains(item)).map(|item| format!("{at}: {word} [{}]", whole(item))).collect()
    };
    let mut told_of = told("gone", old, new);
    told_of.extend(told("added", new, old));
    if told_of.is_empty() { vec![format!("{at}: in another order")] } else { told_of }
}

/// The same of limits: one that is another amount for the same category is told as before and after.
fn limits(at: &str, old: &[Json], new: &[Json]) -> Vec<String> {
    let less =
        |of: &[Json], not: &[Json]| -> Vec<Json> { of.iter().filter(|item| !not.contains(item)).cloned().collect() };
    let (mut gone, mut added) = (less(old, new), less(new, old));
    if gone.is_empty() && added.is_empty() {
        return listed(at, old, new);
    }
    let mut told = Vec::new();
    gone.retain(|old| match added.iter().position(|new| new.get("category") == old.get("category")) {
        Some(place) => {
            told.push(format!("{at}: [{}] -> [{}]", whole(old), whole(&added.remove(place))));
            false
        }
        None => true,
    });
    if !gone.is_empty() || !added.is_empty() {
        told.extend(listed(at, &gone, &added));
    }
    told
}

fn whole(item: &Json) -> String {
    cut(&canonical::value(&shortened(item)), MOST)
}

/// What comes or goes as a whole, and is too long for one line, by its parts: nothing of it is cut off.
fn parts(Change { at, from, to }: &Change) -> Option<Vec<Change>> {
    let (whole, comes) = match (from, to) {
        (None, Some(whole)) => (whole, true),
        (Some(whole), None) => (whole, false),
        _ => return None,
    };
    canonical::value(&shortened(whole)).char_indices().nth(MOST)?;
    let half = |value: Json| if comes { (None, Some(value)) } else { (Some(value), None) };
    match whole {
        Json::Object(members) => {
            let of = |(name, value): (&String, &Json)| {
                let (from, to) = half(value.clone());
                Change { at: below(at, name), from, to }
            };
            Some(members.iter().map(of).collect())
        }
        Json::Array(items) if !items.is_empty() => {
            let (all, none) = (Json::from(items.clone()), Json::Array(Vec::new()));
            let (from, to) = if comes { (none, all) } else { (all, none) };
            Some(vec![Change { at: at.clone(), from: Some(from), to: Some(to) }])
        }
        _ => None,
    }
}

/// A value whose texts are cut where they are long: what else it says is seen whole.
fn shortened(value: &Json) -> Json {
    match value {
        Json::String(text) => cut(text, SHOWN).into(),
        Json::Array(items) => items.iter().map(shortened).collect(),
        Json::Object(members) => members.iter().map(|(name, value)| (name.clone(), shortened(value))).collect(),
        other => other.clone(),
    }
}

/// Two texts, as JSON has them.
fn texts(from: &str, to: &str) -> String {
    // What long values have in common is left out, so that the difference is seen.
    let common = match from.chars().count().max(to.chars().count()) > SHOWN {
        true => from.chars().zip(to.chars()).take_while(|(a, b)| a == b).count().saturating_sub(SHOWN / 4),
        false => 0,
    };
    let rest = |text: &str| {
        let rest: String = text.chars().skip(common).collect();
        let dots = if common > 0 { "…" } else { "" };
        format!("{dots}{}", cut(&rest, SHOWN))
    };
    format!("{} -> {}", rest(from), rest(to))
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// The document with its lists as objects, so that what differs is named and not a place in a list.
fn image(document: Document) -> Json {
    let mut image = organisation_image(&Json::Object(document));
    let lists: [(&str, &str, bool); 2] = [("units", "id", false), ("substitutes", "person", true)];
    for (part, key, several) in lists {
        let Some(Json::Array(items)) = image.get(part) else { continue };
        let mut named = Map::new();
        for item in items {
            let Some(name) = item.get(key).and_then(Json::as_str) else { continue };
            match named.get_mut(name) {
                Some(Json::Array(all)) if several => all.push(item.clone()),
                _ if several => drop(named.insert(name.to_owned(), Json::Array(vec![item.clone()]))),
                _ => drop(named.insert(name.to_owned(), item.clone())),
            }
        }
        image[part] = Json::Object(named);
    }
    image
}

/// Everyone who is known and whose record, roles, limits, substitution or address differ, or who becomes somebody's
/// manager; and whoever stands in for one of these now or later, since he would decide in their place. Sorted.
pub(super) fn concerned(
    (before, document): (&Organisation, &Document),
    (after, changed): (&Organisation, &Document),
    today: Date,
) -> Vec<PersonId> {
    let mut concerned = BTreeSet::new();
    for person in &before.parts().people {
        let then = after.person(&person.id);
        if then != Some(person) {
            concerned.insert(person.id.clone());
        }
        let manager = then.and_then(|then| then.manager.clone());
        concerned.extend(manager.filter(|new| person.manager.as_ref() != Some(new)));
    }
    // Whoever is new is nobody yet, but whom he gets as his manager is.
    let joined = after.parts().people.iter().filter(|person| before.person(&person.id).is_none());
    concerned.extend(joined.filter_map(|person| person.manager.clone()));
    roles(before.parts(), after.parts(), &mut concerned);
    for (these, others) in [(before, after), (after, before)] {
        let others = &others.parts().substitutes;
        let gone = these.parts().substitutes.iter().filter(|entry| !others.contains(entry));
        concerned.extend(gone.flat_map(|Substitution { person, substitute, .. }| [person.clone(), substitute.clone()]));
    }
    let contacts =
        |document: &Document| document.get("contacts").and_then(Json::as_object).cloned().unwrap_or_default();
    let (old, new) = (contacts(document), contacts(changed));
    let ids = old.keys().chain(new.keys()).filter(|id| old.get(*id) != new.get(*id));
    concerned.extend(ids.map(|id| PersonId::from(id.as_str())));
    let mut found: Vec<PersonId> = concerned.iter().cloned().collect();
    while let Some(person) = found.pop() {
        let entries = [before, after].into_iter().flat_map(|one| &one.parts().substitutes);
        let over = |entry: &Substitution| entry.until.is_some_and(|until| until <= today);
        for entry in entries.filter(|entry| entry.person == person && !over(entry)) {
            if concerned.insert(entry.substitute.clone()) {
                found.push(entry.substitute.clone());
            }
        }
    }
    concerned.retain(|id| before.person(id).is_some());
    concerned.into_iter().collect()
}

/// Whoever gets or loses a role; where only the order of people differs, all of them.
fn roles(before: &OrganisationParts, after: &OrganisationParts, concerned: &mut BTreeSet<PersonId>) {
    type Held<'a> = BTreeMap<(&'a str, &'a str), &'a [PersonId]>;
    fn held(parts: &OrganisationParts) -> Held<'_> {
        let units = parts.units.iter();
        let roles = units.flat_map(|unit| unit.roles.iter().map(|(role, people)| (&*unit.id, &**role, people)));
        roles.map(|(unit, role, people)| ((unit, role), people.as_slice())).collect()
    }
    let (old, new) = (held(before), held(after));
    for role in old.keys().chain(new.keys()) {
        let (old, new) = (old.get(role).copied().unwrap_or_default(), new.get(role).copied().unwrap_or_default());
        if old == new {
            continue;
        }
        let differ = old.iter().chain(new).filter(|id| old.contains(id) != new.contains(id));
        let differ: Vec<PersonId> = differ.cloned().collect();
        match differ.is_empty() {
            true => concerned.extend(old.iter().cloned()),
            false => concerned.extend(differ),
        }
    }
}

/// Everyone who holds the role `administrator` in any unit, sorted.
pub(super) fn administrators(organisation: &Organisation) -> Vec<PersonId> {
    let holders: BTreeSet<PersonId> = organisation.holders(ADMINISTRATOR).cloned().collect();
    holders.into_iter().collect()
}

//! Whether an absence may be noted as it is, and what whoever notes it should know.
//!
//! What must hold: everything that is wrong is said at once, each with its place; what would have no effect is wrong, and
//! what has an effect that may surprise is a warning.

use jiff::civil::Date;

use super::{Days, absences};
use crate::approval::{Organisation, Person, Rates, Substitution};
use crate::definition::chart::{Definition, StateKind};
use crate::definition::library::Library;
use crate::diagnostic::nearest;
use crate::ids::PersonId;
use crate::money::Money;

/// Characters of a note or a category, at most.
const MOST_TEXT: usize = 200;

/// So many things of one kind a warning names.
const NAMED: usize = 3;

/// What is wrong: JSON Pointer and sentence.
type Faults = Vec<(String, String)>;

/// Without blanks around the note; a blank one is none.
pub(super) fn trimmed(entry: &Substitution) -> Substitution {
    let note = entry.note.as_deref().map(str::trim).filter(|note| !note.is_empty()).map(Into::into);
    Substitution { note, ..entry.clone() }
}

/// Everything that is wrong with it.
pub(super) fn faults(
    entry: &Substitution,
    (organisation, rates): (&Organisation, &Rates),
    library: &Library,
    today: Date,
) -> Faults {
    let mut found = Faults::new();
    let mut wrong = |at: &str, why: String| found.push((at.to_owned(), why));
    days(entry, today, &mut wrong);
    let left = remaining(entry, today);
    for (at, id) in [("/person", &entry.person), ("/substitute", &entry.substitute)] {
        match organisation.person(id) {
            None => wrong(at, unknown(id, organisation)),
            Some(person) if !person.active => wrong(at, format!("`{id}` is not active")),
            // Days of which there are none are wrong by themselves.
            Some(person) if stay(person).common(left).is_none() && left.common(left).is_some() => {
                wrong(at, format!("`{id}` is not there in that time: active {}", stay(person)));
            }
            Some(_) => {}
        }
    }
    if entry.person == entry.substitute {
        wrong("/substitute", "nobody stands in for himself: name somebody else".to_owned());
    } else if organisation.person(&entry.substitute).is_some()
        && !organisation.may_stand_in(&entry.person, &entry.substitute)
    {
        let why = format!(
            "`{}` has no role in a unit in which `{}` has one, and in this organisation only people of a common unit stand in \
             for each other",
            entry.substitute, entry.person
        );
        wrong("/substitute", why);
    }
    if let Some(workflow) = entry.workflow.as_deref().filter(|workflow| library.current(workflow).is_none()) {
        let near = nearest(workflow, library.names().map(AsRef::as_ref));
        let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
        wrong("/workflow", format!("no workflow `{workflow}` is loaded{hint}"));
    }
    if let Some(why) = entry.max_amount.and_then(|most| covers_nothing(most, rates)) {
        wrong("/max_amount", why);
    }
    for (at, text) in [("/category", &entry.category), ("/note", &entry.note)] {
        let Some(text) = text else { continue };
        if text.trim().is_empty() || text.chars().count() > MOST_TEXT || text.chars().any(char::is_control) {
            wrong(at, format!("write 1 to {MOST_TEXT} characters on one line, or leave it out"));
        }
    }
    found
}

/// Why nobody could decide anything up to this amount.
fn covers_nothing(most: Money, rates: &Rates) -> Option<String> {
    if most.units <= 0 {
        let rest = "write an amount above 0, or leave it out where all amounts are meant";
        return Some(format!("nobody decides anything up to {most}: {rest}"));
    }
    let known: Vec<String> = rates.currencies().map(|currency| format!("`{currency}`")).collect();
    if known.is_empty() || rates.currencies().any(|currency| currency == most.currency) {
        return None;
    }
    let (currency, known) = (most.currency, known.join(", "));
    Some(format!("the organisation has no rate of `{currency}`, so that nothing compares with it: write it in {known}"))
}

fn days(entry: &Substitution, today: Date, wrong: &mut impl FnMut(&str, String)) {
    match (entry.from, entry.until) {
        (None, _) => wrong("/from", "say the first day of the absence, such as 2026-03-02".to_owned()),
        (Some(from), Some(until)) if until <= from => {
            let why = format!("{until} is not after {from}: `until` is the first day back, and so a day after `from`");
            wrong("/until", why);
        }
        (_, Some(until)) if until <= today => {
            wrong("/until", format!("it would be over already: today is {today}, and `until` is the first day back"));
        }
        _ => {}
    }
}

fn unknown(id: &PersonId, organisation: &Organisation) -> String {
    let near = nearest(id.as_str(), organisation.parts().people.iter().map(|person| person.id.as_str()));
    let hint = near.map_or(String::new(), |n| format!("; did you mean `{n}`?"));
    format!("nobody in the organisation has the id `{id}`{hint}")
}

/// The days in which somebody is active, where he is at all.
const fn stay(person: &Person) -> Days {
    Days { from: person.from, until: person.until }
}

/// What is left of an absence: nobody acts in the past any more.
fn remaining(entry: &Substitution, today: Date) -> Days {
    Days { from: entry.from.max(Some(today)), until: entry.until }
}

/// The first of these sentences, each once: two absences may say the same, in different matters.
fn few(all: impl Iterator<Item = String>) -> Vec<String> {
    let mut told: Vec<String> = Vec::new();
    for sentence in all {
        if !told.contains(&sentence) {
            told.push(sentence);
        }
    }
    told.truncate(NAMED);
    told
}

/// What whoever notes it should know, as sentences.
pub(super) fn warnings(
    entry: &Substitution,
    organisation: &Organisation,
    library: &Library,
    today: Date,
) -> Vec<String> {
    let Substitution { person, substitute, .. } = entry;
    let (left, mut told) = (remaining(entry, today), Vec::new());
    let known = absences(organisation);
    let away = known.iter().filter(|known| known.entry.person == *substitute);
    let away = away.filter_map(|known| Some((Days::of(known.entry).common(left)?, &known.entry.substitute)));
    told.extend(few(away.map(|(days, next)| {
        format!("`{substitute}` is away as well {days}: then `{next}` stands in for him, as far as that goes.")
    })));
    let others = known.iter().filter(|known| known.entry.person == *person && known.entry.substitute != *substitute);
    let others = others.filter_map(|known| Some((Days::of(known.entry).common(left)?, &known.entry.substitute)));
    told.extend(few(others.map(|(days, other)| {
        format!("`{other}` stands in for `{person}` as well {days}: then either of them may act.")
    })));
    for (id, what) in [(person, "away"), (substitute, "standing in")] {
        let stay = organisation.person(id).map(stay);
        if let Some(there) = stay.and_then(|stay| stay.common(left)).filter(|there| *there != left) {
            told.push(format!("Of the time of {what} `{id}` is active only {there}."));
        }
    }
    // Who reports to somebody does not decide what that one asks for: there is nothing to be excluded from.
    if !organisation.is_above(person, substitute) {
        let excluding = library.names().filter_map(|name| library.current(name)).filter(|definition| {
            entry.workflow.as_ref().is_none_or(|own| *own == definition.name) && excludes_substitutes(definition)
        });
        let names: Vec<String> = excluding.take(NAMED).map(|definition| format!("`{}`", definition.name)).collect();
        if !names.is_empty() {
            told.push(format!(
                "Whoever stands in for somebody who may not decide may not either in {}: what `{person}` asks for there, \
                 `{substitute}` cannot decide in that time.",
                names.join(", ")
            ));
        }
    }
    told
}

/// Whether an approval of it excludes also whoever stands in for those it excludes.
fn excludes_substitutes(definition: &Definition) -> bool {
    definition.states.iter().any(|state| match &state.kind {
        StateKind::Approval(approval) => approval.policy.never_substitutes && !approval.policy.never.is_empty(),
        _ => false,
    })
}

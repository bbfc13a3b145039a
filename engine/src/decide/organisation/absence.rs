//! Absences: who is away, from when until when, and who stands in for him. Each is an entry of the organisation's
//! substitutes, so that rights follow from it as from any other.
//!
//! What must hold: only the person himself, whoever is above him on the chain of managers, and administrators note or end
//! one; it becomes the next revision through the functions of a patch; no approval workflow is asked, since who stands in
//! for somebody is that person's own right, and others get no right by it that he has not. What is noted is checked in
//! `fit`.

mod fit;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::{Merged, merge_organisation, needs_approval, read_organisation, revised, stored_organisation, unchanged};
use crate::approval::{Organisation, Substitution};
use crate::audit::canonical;
use crate::clock::Timestamp;
use crate::command::{Actor, Command};
use crate::commit::OrganisationRow;
use crate::decide::OrganisationAt;
use crate::decide::change::{Changed, no_record};
use crate::definition::library::Library;
use crate::ids::{Digest, PersonId};
use crate::instance::Document;
use crate::refusal::Refusal;

/// The part of the document that absences stand in.
const PART: &str = "substitutes";

/// So many that are not over one person may have.
const MOST_OPEN: usize = 50;

/// So many that are over stay in the document, the latest; revisions keep the others.
const MOST_OVER: usize = 100;

/// Who may note and end an absence.
const RULE: &str =
    "the person himself, somebody above him on the chain of managers, or a key with administrator rights";

/// An entry of the organisation's substitutes.
#[derive(Clone, Debug)]
pub struct Absence<'a> {
    /// Derived from what stays as it is while it lasts: person, substitute, first day and scope. Of entries that are alike in
    /// all of this, which only a patch can write, the second ends in `-2`, and so on.
    pub id: Arc<str>,
    /// What stands there.
    pub entry: &'a Substitution,
}

/// Days in a row, half open; without a bound there is no end on that side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    /// The first.
    pub from: Option<Date>,
    /// The day after the last one.
    pub until: Option<Date>,
}

impl Days {
    /// Those of an entry.
    #[must_use]
    pub const fn of(entry: &Substitution) -> Self {
        Self { from: entry.from, until: entry.until }
    }

    /// Whether all of them are before `today`.
    #[must_use]
    pub fn over(self, today: Date) -> bool {
        self.until.is_some_and(|until| until <= today)
    }

    /// The days that both have.
    fn common(self, other: Self) -> Option<Self> {
        // No first day is earlier than any, and no last day later than any.
        let until = match (self.until, other.until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let from = self.from.max(other.from);
        let any = from.zip(until).is_none_or(|(from, until)| from < until);
        any.then_some(Self { from, until })
    }
}

impl std::fmt::Display for Days {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.from, self.until.and_then(|until| until.yesterday().ok())) {
            (Some(from), Some(last)) if from == last => write!(f, "on {from}"),
            (Some(from), Some(last)) => write!(f, "from {from} to {last}"),
            (Some(from), None) => write!(f, "from {from} on"),
            (None, Some(last)) => write!(f, "to {last}"),
            (None, None) => f.write_str("always"),
        }
    }
}

/// Every entry of the organisation's substitutes, in their order, with its id.
#[must_use]
pub fn absences(organisation: &Organisation) -> Vec<Absence<'_>> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let entries = organisation.parts().substitutes.iter();
    let listed = entries.map(|entry| {
        let digest = digest(entry);
        let times = seen.entry(digest.clone()).or_default();
        *times += 1;
        let id = if *times == 1 { digest.into() } else { format!("{digest}-{times}").into() };
        Absence { id, entry }
    });
    listed.collect()
}

/// Sixteen hexadecimal digits for what does not change while the absence lasts: ending it early leaves the id.
fn digest(entry: &Substitution) -> String {
    let Substitution { person, substitute, from, workflow, category, max_amount, until: _, note: _, noted_by: _ } =
        entry;
    let lasting = json!({
        "person": person, "substitute": substitute, "from": from, "workflow": workflow, "category": category,
        "max_amount": max_amount,
    });
    let mut digest = Digest::of(canonical::value(&lasting)).to_string();
    digest.truncate(16);
    digest
}

/// The organisation as it is, and the list that stands in its document.
fn read(before: Option<&OrganisationRow>, now: Timestamp) -> Result<(OrganisationAt, Vec<Json>), Refusal> {
    let mut document = stored_organisation(before)?;
    let read = read_organisation(&document, before.map_or(0, |row| row.revision), now);
    let read =
        read.map_err(|why| no_record("organisation_unreadable", format!("The organisation cannot be read: {why}.")))?;
    let list = match document.remove(PART) {
        Some(Json::Array(list)) => list,
        _ => Vec::new(),
    };
    Ok((read, list))
}

/// By what right the actor notes or ends an absence of `person`.
fn right(actor: &Actor, at: &OrganisationAt, person: &PersonId) -> Result<Arc<str>, Refusal> {
    let organisation = &at.organisation;
    match actor {
        Actor::System => Ok("the console".into()),
        Actor::Person { id, .. } if id == person => Ok("the person himself".into()),
        Actor::Person { id, .. } if organisation.is_above(id, person) => {
            Ok("somebody above him on the chain of managers".into())
        }
        // What others may do for somebody is a change of the organisation, which he himself has not approved.
        Actor::Person { administrator: true, .. } if at.approval.is_some() => {
            Err(needs_approval(at.approval.as_deref().unwrap_or_default()))
        }
        Actor::Person { administrator: true, .. } => Ok("a key with administrator rights".into()),
        Actor::Person { .. } | Actor::Timer | Actor::Message => Err(Refusal::NotAllowed { rule: RULE.into() }),
    }
}

/// Nobody takes another's seats by himself.
fn no_self(actor: &Actor, entry: &Substitution) -> Result<(), Refusal> {
    match actor {
        Actor::Person { id, .. } if *id == entry.substitute && *id != entry.person => {
            let rule = "somebody else to stand in: whoever notes that another is away does not take his place himself";
            Err(Refusal::NotAllowed { rule: rule.into() })
        }
        _ => Ok(()),
    }
}

/// What the entry of the trail says of it: who did it, its header has.
fn request(id: &str, entry: &Substitution) -> Document {
    let parts = [("id", json!(id)), ("person", json!(entry.person)), ("substitute", json!(entry.substitute))];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The next revision, with another list of substitutes.
fn with_list(before: Option<&OrganisationRow>, list: Vec<Json>, now: Timestamp) -> Result<Merged, Refusal> {
    merge_organisation(before, &Document::from_iter([(PART.to_owned(), Json::Array(list))]), now)
}

/// Notes an absence. What is noted already, word for word, stays as it is.
pub(in crate::decide) fn note<Op>(
    command: &Command,
    entry: &Substitution,
    before: Option<&OrganisationRow>,
    (library, now): (&Library, Timestamp),
) -> Result<Changed<Op>, Refusal> {
    let (at, list) = read(before, now)?;
    let organisation = &at.organisation;
    let today = organisation.date(now);
    let right = right(&command.actor, &at, &entry.person)?;
    no_self(&command.actor, entry)?;
    let entry = Substitution {
        noted_by: command.actor.person().filter(|by| **by != entry.person).cloned(),
        ..fit::trimmed(entry)
    };
    let wrong = fit::faults(&entry, (organisation, &at.rates), library, today);
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let told = |revision: i64, id: &str| {
        let warnings = fit::warnings(&entry, organisation, library, today);
        json!({ "revision": revision, "id": id, "warnings": warnings })
    };
    let known = absences(organisation);
    if let Some(known) = known.iter().find(|known| collide(known.entry, &entry)) {
        // Whoever repeats what stands adds nothing to it; only the person's own word would be more than another's.
        let same = Substitution { noted_by: known.entry.noted_by.clone(), ..entry.clone() };
        if *known.entry == same && (known.entry.noted_by.is_none() || entry.noted_by.is_some()) {
            return Ok(Changed { answer: told(at.revision, &known.id), ..unchanged(at.revision) });
        }
        return Err(overlaps(known));
    }
    let own = known.iter().filter(|known| known.entry.person == entry.person);
    if own.filter(|own| !Days::of(own.entry).over(today)).count() >= MOST_OPEN {
        let sentence = format!(
            "`{}` has {MOST_OPEN} absences that are not over, and nobody may have more: end one first.",
            entry.person
        );
        return Err(no_record("too_many_absences", sentence));
    }
    let old = outdated(&known, &entry.person, today);
    let kept = list.into_iter().enumerate().filter(|(place, _)| !old.contains(place)).map(|(_, item)| item);
    let merged = with_list(before, kept.chain([json!(entry)]).collect(), now)?;
    let id = absences(&merged.read.organisation).pop().map_or_else(|| digest(&entry).into(), |last| last.id);
    let (request, answer) = (request(&id, &entry), told(merged.read.revision, &id));
    Ok(Changed { request, answer, allowed: Some(right), ..revised(command, merged) })
}

/// Whether both say the same of the same people on some day.
fn collide(a: &Substitution, b: &Substitution) -> bool {
    let scope = |entry: &Substitution| (entry.workflow.clone(), entry.category.clone(), entry.max_amount);
    (&a.person, &a.substitute) == (&b.person, &b.substitute)
        && scope(a) == scope(b)
        && Days::of(a).common(Days::of(b)).is_some()
}

fn overlaps(known: &Absence<'_>) -> Refusal {
    let Substitution { person, substitute, .. } = known.entry;
    let sentence = format!(
        "`{substitute}` stands in for `{person}` {} already, in the same matters (absence {}). Choose other days, or end \
         that one first.",
        Days::of(known.entry),
        known.id
    );
    no_record("absence_overlaps", sentence)
}

/// The places of those of a person that are over for more than a year, or are older than enough others.
fn outdated(known: &[Absence<'_>], person: &PersonId, today: Date) -> BTreeSet<usize> {
    let year_ago = today.checked_sub(1.year()).unwrap_or(Date::MIN);
    let of = known.iter().enumerate().filter(|(_, known)| known.entry.person == *person);
    let mut over: Vec<(Date, usize)> =
        of.filter_map(|(place, known)| Some((known.entry.until.filter(|until| *until <= today)?, place))).collect();
    over.sort_unstable_by(|a, b| b.cmp(a));
    let old = over.iter().enumerate().filter(|(n, (until, _))| *n >= MOST_OVER || *until < year_ago);
    old.map(|(_, (_, place))| *place).collect()
}

/// Ends an absence today: whoever stands in may not any more from now on. One that has not lasted a day is taken back.
pub(in crate::decide) fn end<Op>(
    command: &Command,
    id: &str,
    before: Option<&OrganisationRow>,
    now: Timestamp,
) -> Result<Changed<Op>, Refusal> {
    let (at, mut list) = read(before, now)?;
    let organisation = &at.organisation;
    let today = organisation.date(now);
    let found = absences(organisation).into_iter().enumerate().find(|(_, known)| *known.id == *id);
    let Some((place, Absence { entry, .. })) = found else {
        return Err(no_record("unknown_absence", format!("There is no absence `{id}`, or it was taken back.")));
    };
    let right = right(&command.actor, &at, &entry.person)?;
    let told = |revision: i64, until: Option<Date>| json!({ "revision": revision, "id": id, "until": until });
    if Days::of(entry).over(today) {
        return Ok(Changed { answer: told(at.revision, entry.until), ..unchanged(at.revision) });
    }
    let until = entry.from.is_none_or(|from| from < today).then_some(today);
    match (until, list.get_mut(place).and_then(Json::as_object_mut)) {
        (Some(today), Some(item)) => drop(item.insert("until".to_owned(), json!(today))),
        _ => drop(list.remove(place)),
    }
    let merged = with_list(before, list, now)?;
    let (request, answer) = (request(id, entry), told(merged.read.revision, until));
    Ok(Changed { request, answer, allowed: Some(right), ..revised(command, merged) })
}

#[cfg(test)]
mod tests;

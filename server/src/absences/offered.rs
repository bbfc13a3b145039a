//! What a page offers whoever notes an absence: for whom, who stands in, and which days.
//!
//! What must hold: nobody is offered of whom the engine would refuse to note one; nothing here reads a clock.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::approval::Organisation;
use fluxor_engine::decide::Days;
use fluxor_engine::ids::PersonId;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Asker;
use crate::desk::Company;
use crate::mail::Contacts;

/// Somebody whose absence one may note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Whom {
    /// Who.
    pub person: PersonId,
    /// What he is called: the name of the contacts, else the id.
    pub name: String,
    /// What he is to whoever asks.
    pub relation: Relation,
    /// Who usually stands in; nobody, where nobody suggests himself.
    pub substitute: Option<PersonId>,
}

/// What somebody is to whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Relation {
    /// It is he himself.
    Oneself,
    /// Reports to him.
    Report,
    /// Reports to somebody who is below him, or is somebody else of whom an administrator may note it.
    Other,
}

/// The people whose absences one may note and who are active today: oneself first, then who reports to one, then others;
/// by name where these are the same.
pub(crate) fn people(company: &Company, asker: Asker<'_>) -> Vec<Whom> {
    let (organisation, today) = (company.organisation(), company.today());
    let contacts = contacts(company);
    let own = asker.person();
    let all: Vec<&PersonId> = match asker {
        Asker::Person(person) => std::iter::once(person).chain(organisation.reports(person)).collect(),
        Asker::Administrator(_) => organisation.parts().people.iter().map(|person| &person.id).collect(),
    };
    let there = all.into_iter().filter(|id| organisation.active(id, today));
    let usual = Usual::new(organisation, today);
    let mut found: Vec<Whom> = there
        .map(|id| Whom {
            person: id.clone(),
            name: contacts.name(id),
            relation: relation(organisation, own, id),
            substitute: usual.of(id).cloned(),
        })
        .collect();
    found.sort_by(|a, b| (a.relation, &a.name, &a.person).cmp(&(b.relation, &b.name, &b.person)));
    found
}

/// Who usually stands in for whom: whoever did last, else a colleague in the same role of the same unit, else the manager; of those
/// who are there today.
struct Usual<'a> {
    organisation: &'a Organisation,
    today: Date,
    away: BTreeSet<&'a PersonId>,
    last: BTreeMap<&'a PersonId, &'a PersonId>,
    colleague: BTreeMap<&'a PersonId, &'a PersonId>,
}

impl<'a> Usual<'a> {
    fn new(organisation: &'a Organisation, today: Date) -> Self {
        let parts = organisation.parts();
        let lasts = |days: Days, from: Option<Date>| !days.over(today) && from.is_none_or(|from| from <= today);
        let away = parts.substitutes.iter().filter(|one| lasts(Days::of(one), one.from)).map(|one| &one.person);
        let mut usual =
            Self { organisation, today, away: away.collect(), last: BTreeMap::new(), colleague: BTreeMap::new() };
        let last = parts.substitutes.iter().filter(|one| usual.is_there(&one.substitute));
        usual.last = last.map(|one| (&one.person, &one.substitute)).collect();
        for holders in parts.units.iter().flat_map(|unit| unit.roles.values()) {
            // For the first of them it is the second, for everybody else the first.
            let two: Vec<&PersonId> = holders.iter().filter(|id| usual.is_there(id)).take(2).collect();
            for person in holders {
                if let Some(other) = two.iter().find(|other| **other != person) {
                    usual.colleague.entry(person).or_insert(other);
                }
            }
        }
        usual
    }

    fn is_there(&self, id: &PersonId) -> bool {
        self.organisation.active(id, self.today) && !self.away.contains(id)
    }

    fn of(&self, id: &PersonId) -> Option<&'a PersonId> {
        let manager = || self.organisation.person(id).and_then(|person| person.manager.as_ref());
        let known = self.last.get(id).or_else(|| self.colleague.get(id)).copied();
        known.or_else(|| manager().filter(|manager| self.is_there(manager) && *manager != id))
    }
}

fn relation(organisation: &Organisation, own: Option<&PersonId>, id: &PersonId) -> Relation {
    let manager = organisation.person(id).and_then(|person| person.manager.as_ref());
    match own {
        Some(own) if own == id => Relation::Oneself,
        Some(own) if manager == Some(own) => Relation::Report,
        _ => Relation::Other,
    }
}

/// Days that are usually chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// `this_week`, `next_week` or `until_a_date`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// The first day.
    pub from: Date,
    /// The first day back; nothing: it is to be asked for.
    pub until: Option<Date>,
}

/// What is usually chosen on the day `today` of the organisation's zone ([`Company::today`]). A week begins on Monday.
pub(crate) fn choices(today: Date) -> [Choice; 3] {
    let since = i64::from(today.weekday().to_monday_zero_offset());
    // Only at the end of all time is there no next week.
    let monday = |weeks: i64| today.saturating_add((7 * weeks - since).days());
    let (next, after) = (monday(1), monday(2));
    [
        Choice { name: "this_week", title: "Today until the end of this week", from: today, until: Some(next) },
        Choice { name: "next_week", title: "Next week", from: next, until: Some(after) },
        Choice { name: "until_a_date", title: "Until a date", from: today, until: None },
    ]
}

/// What people are called. Contacts that cannot be read are none: then the ids are shown.
fn contacts(company: &Company) -> Contacts {
    let read = company.at.row.as_ref().and_then(|row| Contacts::read(&row.document).ok());
    read.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::tests::company;
    use super::*;

    #[test]
    fn oneself_comes_first_then_reports_then_others() {
        let company = company("UTC");
        let names = |asker| -> Vec<(String, Relation)> {
            people(&company, asker).into_iter().map(|one| (one.name, one.relation)).collect()
        };
        let (bob, eve) = ("bob".into(), "eve".into());
        let of =
            |own: &[(&str, Relation)]| own.iter().map(|(name, what)| ((*name).to_owned(), *what)).collect::<Vec<_>>();
        let bobs = [
            ("bob", Relation::Oneself),
            ("Eve", Relation::Report),
            ("Zoe Ann", Relation::Report),
            ("fay", Relation::Other),
        ];
        assert_eq!(names(Asker::Person(&bob)), of(&bobs), "who is not active is not offered");
        assert_eq!(names(Asker::Person(&eve)), of(&[("Eve", Relation::Oneself), ("fay", Relation::Report)]));
        let all = names(Asker::Administrator(Some(&bob)));
        assert_eq!((all.len(), &all[..3], all[3].1), (6, &of(&bobs)[..3], Relation::Other));
        assert!(names(Asker::Administrator(None)).iter().all(|(_, what)| *what == Relation::Other));
    }

    #[test]
    fn whoever_stood_in_last_stands_in_again_else_a_colleague_else_the_manager() {
        let company = company("UTC");
        let administrator = people(&company, Asker::Administrator(None));
        let of = |id: &str| {
            let one = administrator.iter().find(|one| one.person.as_str() == id).unwrap();
            one.substitute.as_ref().map(ToString::to_string)
        };
        assert_eq!(of("ann").as_deref(), Some("hal"), "he is noted for ann already");
        assert_eq!(of("hal").as_deref(), Some("cyd"), "nobody has a role with hal");
        assert_eq!(of("eve"), None, "the manager is away today");
        assert_eq!(of("cyd").as_deref(), Some("hal"));
    }

    #[test]
    fn weeks_end_on_sunday_whatever_day_it_is() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        for (today, monday) in [
            ("2026-03-02", "2026-03-09"),
            ("2026-03-06", "2026-03-09"),
            ("2026-03-08", "2026-03-09"),
            ("2026-12-31", "2027-01-04"),
        ] {
            let [this, next, date] = choices(day(today));
            assert_eq!((this.from, this.until), (day(today), Some(day(monday))), "{today}");
            assert_eq!((next.from, next.until), (day(monday), Some(day(monday).saturating_add(7.days()))));
            assert_eq!((date.from, date.until), (day(today), None));
        }
        assert_eq!(choices(Date::MAX)[1].until, Some(Date::MAX), "at the end of all time too");
    }
}

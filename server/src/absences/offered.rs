//! What a page offers whoever notes an absence: for whom, and which days.
//!
//! What must hold: nobody is offered of whom the engine would refuse to note one; nothing here reads a clock.

use fluxor_engine::approval::Organisation;
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
    let mut found: Vec<Whom> = there
        .map(|id| Whom { person: id.clone(), name: contacts.name(id), relation: relation(organisation, own, id) })
        .collect();
    found.sort_by(|a, b| (a.relation, &a.name, &a.person).cmp(&(b.relation, &b.name, &b.person)));
    found
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
        Choice { name: "until_a_date", title: "Today until a date", from: today, until: None },
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

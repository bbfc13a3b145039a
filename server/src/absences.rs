//! Absences as people see them: whose one sees and may note, and the days that are usual.
//!
//! What must hold: whose absences somebody sees are those that he may note, by the rule of the engine
//! (`decide/organisation/absence.rs`), which alone decides when one is noted; nothing here reads a clock: the organisation
//! and the instant come with [`Company`].

pub(crate) mod offered;

use std::sync::Arc;

use fluxor_engine::approval::{Organisation, Substitution};
use fluxor_engine::decide::{Days, absences};
use fluxor_engine::ids::PersonId;
use fluxor_engine::money::Money;
use jiff::civil::Date;
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::Company;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asker<'a> {
    /// Somebody who sees himself and his people.
    Person(&'a PersonId),
    /// Somebody who sees everybody: an administrator, and who he is; the console is nobody.
    Administrator(Option<&'a PersonId>),
}

impl<'a> Asker<'a> {
    const fn person(self) -> Option<&'a PersonId> {
        match self {
            Self::Person(person) => Some(person),
            Self::Administrator(person) => person,
        }
    }
}

/// An absence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = Absence)]
pub(crate) struct Listed {
    /// Stays the same while it lasts, ended early or not.
    #[schema(value_type = String, example = "9b2f3c0d51e7a684")]
    pub id: Arc<str>,
    /// Who is away.
    #[schema(value_type = String)]
    pub person: PersonId,
    /// Who stands in.
    #[schema(value_type = String)]
    pub substitute: PersonId,
    /// The first day; without one it has always been so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// The first day back: the day after the last one. Without one, until it is ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// Only in this workflow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub workflow: Option<Arc<str>>,
    /// Only in this category.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub category: Option<Arc<str>>,
    /// Only up to this amount, inclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "500.00 EUR")]
    pub max_amount: Option<Money>,
    /// For people.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub note: Option<Arc<str>>,
    /// Who noted it, if somebody else: where that one may not decide, it does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub noted_by: Option<PersonId>,
    /// Whether it lasts today.
    pub state: State,
}

/// Where today lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AbsenceState)]
pub(crate) enum State {
    /// Before it.
    ToCome,
    /// In it.
    Current,
    /// After it.
    Over,
}

impl State {
    fn of(entry: &Substitution, today: Date) -> Self {
        match entry.from {
            _ if Days::of(entry).over(today) => Self::Over,
            Some(from) if today < from => Self::ToCome,
            _ => Self::Current,
        }
    }
}

impl Listed {
    /// Where it stands in a list.
    pub(crate) fn place(&self) -> (Option<Date>, &str) {
        (self.from, &self.id)
    }
}

/// The absences that somebody may see, by first day; with `past`, those that are over too.
pub(crate) fn listed(company: &Company, asker: Asker<'_>, past: bool) -> Vec<Listed> {
    let organisation = company.organisation();
    let today = company.today();
    let mut sees: Vec<&PersonId> = match asker {
        Asker::Person(person) => std::iter::once(person).chain(organisation.reports(person)).collect(),
        Asker::Administrator(_) => Vec::new(),
    };
    sees.sort_unstable();
    let visible =
        |entry: &Substitution| matches!(asker, Asker::Administrator(_)) || sees.binary_search(&&entry.person).is_ok();
    let known = absences(organisation).into_iter().filter(|known| visible(known.entry));
    let shown = known.map(|known| {
        let Substitution { person, substitute, from, until, workflow, category, max_amount, note, noted_by } =
            known.entry.clone();
        let state = State::of(known.entry, today);
        Listed { id: known.id, person, substitute, from, until, workflow, category, max_amount, note, noted_by, state }
    });
    let mut found: Vec<Listed> = shown.filter(|one| past || one.state != State::Over).collect();
    found.sort_by(|a, b| a.place().cmp(&b.place()));
    found
}

impl Company {
    /// The organisation's own date.
    pub(crate) fn today(&self) -> Date {
        self.organisation().date(self.now)
    }

    /// People, managers and substitutes.
    pub(crate) fn organisation(&self) -> &Organisation {
        &self.at.organisation
    }
}

#[cfg(test)]
mod tests {
    use fluxor_engine::clock::Timestamp;
    use fluxor_engine::commit::OrganisationRow;
    use fluxor_engine::decide::{OrganisationAt, read_organisation};
    use fluxor_engine::ids::TenantId;
    use serde_json::{Value, json};

    use super::*;

    /// Half an hour before midnight of 2 March 2026 in UTC: in Berlin it is the 3rd.
    const LATE: i64 = 1_772_494_200_000_000;

    pub(super) fn company(zone: &str) -> Company {
        let document = json!({
            "zone": zone,
            "people": [
                { "id": "cyd", "active": true }, { "id": "bob", "active": true, "manager": "cyd" },
                { "id": "ann", "active": true, "manager": "bob" }, { "id": "eve", "active": true, "manager": "bob" },
                { "id": "old", "active": false, "manager": "bob" }, { "id": "fay", "active": true, "manager": "eve" },
                { "id": "hal", "active": true, "manager": "cyd" },
            ],
            "substitutes": [
                { "person": "ann", "substitute": "hal", "from": "2026-03-09", "until": "2026-03-14", "note": "at the sea" },
                { "person": "fay", "substitute": "hal", "until": "2026-03-03" },
                { "person": "bob", "substitute": "hal", "max_amount": "10.00 EUR" },
                { "person": "cyd", "substitute": "hal", "from": "2026-03-03" },
            ],
            "contacts": { "ann": { "name": "Zoe Ann" }, "eve": { "name": " Eve\n" }, "hal": { "email": "hal@example.com" } },
        });
        let Value::Object(whole) = &document else { panic!("an object") };
        let now = Timestamp::from_micros(LATE);
        let row = OrganisationRow { tenant: TenantId(1), revision: 1, at: now, document: document.to_string().into() };
        let read = read_organisation(whole, 1, now).unwrap();
        Company { at: std::sync::Arc::new(OrganisationAt { row: Some(row), ..read }), now }
    }

    fn seen(company: &Company, asker: Asker<'_>, past: bool) -> Vec<(String, State)> {
        listed(company, asker, past).into_iter().map(|one| (one.person.to_string(), one.state)).collect()
    }

    #[test]
    fn one_sees_ones_own_and_those_of_ones_people() {
        let (utc, berlin) = (company("UTC"), company("Europe/Berlin"));
        let all =
            |own: &[(&str, State)]| own.iter().map(|(who, state)| ((*who).to_owned(), *state)).collect::<Vec<_>>();
        let (ann, bob, hal) = ("ann".into(), "bob".into(), "hal".into());
        assert_eq!(seen(&utc, Asker::Person(&ann), false), all(&[("ann", State::ToCome)]));
        assert_eq!(seen(&utc, Asker::Person(&hal), true), [], "to stand in for somebody is no absence of one's own");
        let current = [("bob", State::Current), ("fay", State::Current), ("ann", State::ToCome)];
        let mut found = seen(&utc, Asker::Person(&bob), false);
        found.sort_by_key(|(_, state)| *state == State::ToCome);
        assert_eq!(found.len(), 3);
        assert!(all(&current).iter().all(|one| found.contains(one)), "{found:?}");
        // In Berlin it is a day later.
        assert_eq!(seen(&berlin, Asker::Person(&bob), false).len(), 2);
        assert!(seen(&berlin, Asker::Person(&bob), true).contains(&("fay".to_owned(), State::Over)));
        for (company, state) in [(&utc, State::ToCome), (&berlin, State::Current)] {
            let found = seen(company, Asker::Administrator(None), true);
            assert_eq!(found.len(), 4);
            assert!(found.contains(&("cyd".to_owned(), state)));
        }
    }
}

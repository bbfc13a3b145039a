//! Whether somebody was in the organisation all the time: what he comes in by ends for good when he is not, also where nobody
//! looked meanwhile.
//!
//! It is read off the revisions of the organisation themselves, so that nothing has to be swept up when somebody goes, on
//! whichever server, by whatever way, or because a day has come.

use std::sync::Arc;

use fluxor_engine::clock::Timestamp;
use fluxor_engine::decide::OrganisationAt;
use fluxor_engine::ids::{PersonId, TenantId};
use fluxor_workflows::{LinkRow, SessionRow};

use crate::desk::{Desk, NotDone};

/// So many revisions are looked through; whoever was away longer comes in anew.
const MOST_REVISIONS: i64 = 500;

/// Who comes in by something, and up to when it was looked that they were there.
pub(crate) struct Since<'a> {
    tenant: TenantId,
    /// Whose it is, and whose key made it.
    people: [Option<&'a PersonId>; 2],
    /// The organisation's revision; 0: of a row from before this was kept.
    revision: i64,
    at: Timestamp,
}

/// What has become of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Presence {
    /// They were there all the time, up to this revision.
    Stayed(i64),
    /// He whose it is is not there now: he is told so, as long as he is not.
    Away,
    /// One of them was not there for a while.
    Left,
}

impl<'a> From<&'a SessionRow> for Since<'a> {
    fn from(row: &'a SessionRow) -> Self {
        let people = [Some(&row.person), row.key_person.as_ref()];
        Self { tenant: row.tenant, people, revision: row.revision, at: row.seen_at }
    }
}

impl<'a> From<&'a LinkRow> for Since<'a> {
    fn from(row: &'a LinkRow) -> Self {
        let people = [Some(&row.person), row.key_person.as_ref()];
        Self { tenant: row.tenant, people, revision: row.revision, at: row.made_at }
    }
}

impl Since<'_> {
    /// What has become of them by now.
    ///
    /// # Errors
    /// If the database does not answer.
    pub(crate) async fn presence(&self, desk: &dyn Desk) -> Result<Presence, NotDone> {
        let company = desk.company(self.tenant).await?;
        let newest = company.at.revision;
        let first = if self.revision == 0 { newest } else { self.revision };
        let is_whole = newest - first <= MOST_REVISIONS;
        let mut held = Vec::new();
        for revision in (first..newest).filter(|_| is_whole) {
            held.push(desk.organisation_at(self.tenant, revision).await?);
        }
        held.push(company.at);
        Ok(self.among(&held, is_whole, company.now))
    }

    /// `held`: the revisions since then, the newest last; `is_whole`: none is left out.
    fn among(&self, held: &[Arc<OrganisationAt>], is_whole: bool, now: Timestamp) -> Presence {
        let Some(newest) = held.last() else { return Presence::Left };
        let [own, _] = self.people;
        if !own.is_some_and(|own| was_there(newest, own, now)) {
            return Presence::Away;
        }
        // Of two instants in one revision: who is there on both days is there on those between.
        let ends = held.iter().skip(1).map(|next| next.at).chain([now]);
        let stayed = held.iter().zip(ends).all(|(then, end)| {
            let begin = then.at.max(self.at).min(now);
            let mut people = self.people.iter().flatten();
            people.all(|person| was_there(then, person, begin) && was_there(then, person, end.max(begin)))
        });
        if is_whole && stayed { Presence::Stayed(newest.revision) } else { Presence::Left }
    }
}

fn was_there(then: &OrganisationAt, person: &PersonId, at: Timestamp) -> bool {
    then.organisation.active(person, then.organisation.date(at))
}

#[cfg(test)]
mod tests {
    use fluxor_engine::decide::read_organisation;
    use serde_json::{Value, json};

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    /// Revisions from 1 on: since when, and what of ann; dan is always there but in those that say so.
    fn held(all: &[(&str, Value)]) -> Vec<Arc<OrganisationAt>> {
        let one = |(number, (since, ann)): (i64, &(&str, Value))| {
            let mut ann = ann.clone();
            let dan = ann.as_object_mut().unwrap().remove("dan").unwrap_or(true.into());
            ann["id"] = "ann".into();
            let people = json!({ "people": [ann, { "id": "dan", "active": dan }] });
            Arc::new(read_organisation(people.as_object().unwrap(), number, at(since)).unwrap())
        };
        (1..).zip(all).map(one).collect()
    }

    fn found(all: &[(&str, Value)], key_person: Option<&str>, (since, now): (&str, &str)) -> Presence {
        let (ann, other) = (PersonId::from("ann"), key_person.map(PersonId::from));
        let people = [Some(&ann), other.as_ref()];
        Since { tenant: TenantId(1), people, revision: 1, at: at(since) }.among(&held(all), true, at(now))
    }

    const DAY: [&str; 4] =
        ["2026-03-02T00:00:00Z", "2026-03-03T09:00:00Z", "2026-03-04T09:00:00Z", "2026-03-05T09:00:00Z"];

    #[test]
    fn whoever_was_away_between_two_looks_has_left() {
        let (here, gone) = (json!({ "active": true }), json!({ "active": false }));
        let when = (DAY[1], DAY[3]);
        assert_eq!(found(&[(DAY[0], here.clone())], None, when), Presence::Stayed(1));
        assert_eq!(found(&[(DAY[0], here.clone()), (DAY[2], here.clone())], None, when), Presence::Stayed(2));
        assert_eq!(found(&[(DAY[0], here.clone()), (DAY[2], gone.clone())], None, when), Presence::Away);
        let back = [(DAY[0], here.clone()), (DAY[2], gone), (DAY[2], here.clone())];
        assert_eq!(found(&back, None, when), Presence::Left, "though it was the same instant");
        let days = Since { tenant: TenantId(1), people: [None, None], revision: 1, at: at(DAY[1]) };
        assert_eq!(days.among(&[], true, at(DAY[3])), Presence::Left);
        let ann = PersonId::from("ann");
        let long = Since { people: [Some(&ann), None], ..days };
        assert_eq!(long.among(&held(&[(DAY[0], here)]), false, at(DAY[3])), Presence::Left, "too much to look through");
    }

    #[test]
    fn a_day_that_came_and_was_taken_back_ends_it_too() {
        let (here, until) = (json!({ "active": true }), json!({ "active": true, "until": "2026-03-04" }));
        assert_eq!(found(&[(DAY[0], until.clone())], None, (DAY[1], DAY[1])), Presence::Stayed(1));
        assert_eq!(found(&[(DAY[0], until.clone())], None, (DAY[1], DAY[2])), Presence::Away);
        let back = [(DAY[0], until.clone()), (DAY[2], here.clone())];
        assert_eq!(found(&back, None, (DAY[1], DAY[3])), Presence::Left, "he was not there on the 4th until nine");
        let in_time = [(DAY[0], until), (DAY[1], here)];
        assert_eq!(found(&in_time, None, (DAY[0], DAY[3])), Presence::Stayed(2), "it was put off before");
    }

    #[test]
    fn it_ends_with_the_person_of_the_key_as_well() {
        let here = |dan: bool| json!({ "active": true, "dan": dan });
        let (whole, gone) = ([(DAY[0], here(true))], [(DAY[0], here(true)), (DAY[2], here(false))]);
        assert_eq!(found(&whole, Some("dan"), (DAY[1], DAY[3])), Presence::Stayed(1));
        assert_eq!(found(&gone, Some("dan"), (DAY[1], DAY[3])), Presence::Left);
        assert_eq!(found(&gone, None, (DAY[1], DAY[3])), Presence::Stayed(2));
    }
}

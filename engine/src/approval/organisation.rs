//! People, units, roles, limits and substitutes, indexed for lookup (approvals.md sections 1, 3.5, 5).
//!
//! People are small integers inside; an organisation never changes, a change makes the next revision. The local date
//! that eligibility goes by is that of the organisation's zone. Next: `frame` judges with it.

mod places;
mod strange;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::amounts::is_default;
use super::place::Built;
use crate::clock::Timestamp;
use crate::ids::PersonId;
use crate::money::Money;

pub(super) use places::within;
use places::{Holders, Presence};

/// A person's place in the organisation's list.
pub(super) type Ix = u32;

/// One person. Amounts and dates as in section 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The company's own id.
    pub id: PersonId,
    /// Whether the person may act at all.
    #[serde(default)]
    pub active: bool,
    /// First local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// First local day after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// The manager's id.
    #[serde(default)]
    pub manager: Option<PersonId>,
    /// What the person may approve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
    /// What the person may approve of his own requests; for them these alone count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub self_limits: Vec<Limit>,
}

/// One entry of a limit (section 3.5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Up to this, inclusive.
    pub amount: Money,
    /// Only in this category, and there in place of the general entries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Arc<str>>,
}

/// A unit and who has which role in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// The unit's id, as the subject names it.
    pub id: Arc<str>,
    /// The people of each role, in order.
    #[serde(default)]
    pub roles: BTreeMap<Arc<str>, Vec<PersonId>>,
}

/// Somebody stands in for somebody (section 5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Substitution {
    /// Who is absent.
    pub person: PersonId,
    /// Who stands in.
    pub substitute: PersonId,
    /// First local day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Date>,
    /// First local day after the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Date>,
    /// Only in this workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<Arc<str>>,
    /// Only in this category.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Arc<str>>,
    /// Only up to this amount, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_amount: Option<Money>,
    /// For people; it decides nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Arc<str>>,
    /// Who noted it, if not the absent person: it does not hold where he is excluded (section 6.1: he passes nothing on).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted_by: Option<PersonId>,
}

impl Substitution {
    /// As it is told to whoever may not read why somebody is away.
    #[must_use]
    pub fn without_note(&self) -> Self {
        Self { note: None, ..self.clone() }
    }
}

/// Who may stand in for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubstitutesFrom {
    /// Anyone.
    #[default]
    Anyone,
    /// Only people of a common unit.
    Unit,
}

/// An organisation as it is written: the input of [`Organisation::new`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganisationParts {
    /// Every change makes the next one.
    pub revision: u64,
    /// The zone whose date counts.
    #[serde(default = "utc")]
    pub zone: Arc<str>,
    /// Everybody.
    #[serde(default)]
    pub people: Vec<Person>,
    /// Units and their roles.
    #[serde(default)]
    pub units: Vec<Unit>,
    /// Who stands in for whom.
    #[serde(default)]
    pub substitutes: Vec<Substitution>,
    /// Who may.
    #[serde(default, skip_serializing_if = "is_default")]
    pub substitutes_from: SubstitutesFrom,
}

fn utc() -> Arc<str> {
    "UTC".into()
}

/// A change: people merged by id, other lists replaced where given.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct OrganisationChange {
    /// Fields of people, by id; a person not known yet is added.
    #[serde(default)]
    pub people: BTreeMap<PersonId, serde_json::Map<String, serde_json::Value>>,
    /// All units anew.
    #[serde(default)]
    pub units: Option<Vec<Unit>>,
    /// All substitutes anew.
    #[serde(default)]
    pub substitutes: Option<Vec<Substitution>>,
}

/// One revision of the organisation. Keep it behind an `Arc`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "OrganisationParts", into = "OrganisationParts")]
pub struct Organisation {
    parts: OrganisationParts,
    zone: TimeZone,
    index: HashMap<PersonId, Ix>,
    managers: Vec<Option<Ix>>,
    /// By absent person: (substitute, place in `parts.substitutes`).
    substitutes: Vec<Vec<(Ix, u32)>>,
    /// The units in which each person has a role, sorted.
    member_of: Vec<Vec<u32>>,
    units: HashMap<Arc<str>, u32>,
    /// Of each unit, who has which role.
    roles: Vec<BTreeMap<Arc<str>, Holders>>,
    /// By role: the units in which it is held, rising.
    held_in: HashMap<Arc<str>, Vec<u32>>,
    /// Who is active, as far as that hangs on no date.
    presence: Vec<Presence>,
    /// The dates on which somebody comes, goes, or begins or ends to stand in, sorted.
    days: Vec<Date>,
    built: Built,
}

impl Organisation {
    /// Builds the indexes.
    ///
    /// # Errors
    /// Every sentence of what is wrong: an unknown zone, an id that occurs twice.
    pub fn new(parts: OrganisationParts) -> Result<Self, Vec<String>> {
        let mut wrong = Vec::new();
        let zone = TimeZone::get(&parts.zone).unwrap_or_else(|_| {
            wrong.push(format!("`{}` is not a time zone: write its IANA name, such as Europe/Berlin", parts.zone));
            TimeZone::UTC
        });
        let mut index = HashMap::with_capacity(parts.people.len());
        for (ix, person) in (0..).zip(&parts.people) {
            if index.insert(person.id.clone(), ix).is_some() {
                wrong.push(format!("the person `{}` is listed twice", person.id));
            }
        }
        let mut units = HashMap::with_capacity(parts.units.len());
        let mut member_of = vec![Vec::new(); parts.people.len()];
        let mut roles = Vec::with_capacity(parts.units.len());
        let mut held_in = HashMap::new();
        for (number, unit) in (0u32..).zip(&parts.units) {
            if units.insert(Arc::clone(&unit.id), number).is_some() {
                wrong.push(format!("the unit `{}` is listed twice", unit.id));
            }
            let mut held = BTreeMap::new();
            for (role, holders) in &unit.roles {
                let places: Vec<Ix> = holders.iter().filter_map(|id| index.get(id).copied()).collect();
                places.iter().for_each(|&ix| member_of[ix as usize].push(number));
                held.insert(Arc::clone(role), Holders::of(places));
                held_in.entry(Arc::clone(role)).or_insert_with(Vec::new).push(number);
            }
            roles.push(held);
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let managers = parts.people.iter().map(|p| p.manager.as_ref().and_then(|m| index.get(m).copied())).collect();
        let mut substitutes = vec![Vec::new(); parts.people.len()];
        for (number, entry) in (0u32..).zip(&parts.substitutes) {
            if let (Some(&person), Some(&by)) = (index.get(&entry.person), index.get(&entry.substitute)) {
                let list: &mut Vec<(Ix, u32)> = &mut substitutes[person as usize];
                list.push((by, number));
            }
        }
        let people = parts.people.iter().flat_map(|p| [p.from, p.until]);
        let days: BTreeSet<Date> =
            people.chain(parts.substitutes.iter().flat_map(|s| [s.from, s.until])).flatten().collect();
        let days = days.into_iter().collect();
        let presence = parts.people.iter().map(Presence::of).collect();
        Ok(Self {
            parts,
            zone,
            index,
            managers,
            substitutes,
            member_of,
            units,
            roles,
            held_in,
            presence,
            days,
            built: Built::now(),
        })
    }

    /// The next revision, with `change` made.
    ///
    /// # Errors
    /// Every sentence of what is wrong with it.
    pub fn merge(&self, change: OrganisationChange) -> Result<Self, Vec<String>> {
        let mut parts = self.parts.clone();
        let mut wrong = Vec::new();
        parts.revision += 1;
        for (id, fields) in change.people {
            let ix = self.index.get(&id).map(|&ix| ix as usize);
            let known = ix.and_then(|ix| serde_json::to_value(&parts.people[ix]).ok());
            let mut record = match known {
                Some(serde_json::Value::Object(record)) => record,
                _ => serde_json::Map::new(),
            };
            record.extend(fields);
            record.insert("id".into(), id.as_str().into());
            match (serde_json::from_value(record.into()), ix) {
                (Ok(person), Some(ix)) => parts.people[ix] = person,
                (Ok(person), None) => parts.people.push(person),
                (Err(error), _) => wrong.push(format!("the person `{id}`: {error}")),
            }
        }
        parts.units = change.units.unwrap_or(parts.units);
        parts.substitutes = change.substitutes.unwrap_or(parts.substitutes);
        if wrong.is_empty() { Self::new(parts) } else { Err(wrong) }
    }

    /// When the next day begins on which somebody comes, goes, or begins or ends to stand in: who may act changes then
    /// without anybody's doing.
    #[must_use]
    pub fn next_day(&self, after: Timestamp) -> Option<Timestamp> {
        if self.days.is_empty() {
            return None;
        }
        let today = self.date(after);
        let next = self.days.get(self.days.partition_point(|day| *day <= today))?;
        next.to_zoned(self.zone.clone()).ok().map(|start| start.timestamp().into())
    }

    /// Which of all it is.
    pub(super) const fn built(&self) -> Built {
        self.built
    }

    /// The revision.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.parts.revision
    }

    /// As it is written.
    #[must_use]
    pub fn parts(&self) -> &OrganisationParts {
        &self.parts
    }

    /// The person of that id.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.index.get(id).map(|&ix| self.at(ix))
    }

    /// Who holds the role in any unit, unit by unit; somebody may come twice.
    pub fn holders<'a>(&'a self, role: &'a str) -> impl Iterator<Item = &'a PersonId> {
        let units = self.units_with(role).filter_map(|number| self.parts.units.get(number as usize));
        units.filter_map(move |unit| unit.roles.get(role)).flatten()
    }

    /// Whether the person has the role: in the unit, or without one in any.
    #[must_use]
    pub fn has_role(&self, id: &PersonId, role: &str, unit: Option<&str>) -> bool {
        let Some(who) = self.ix(id) else { return false };
        match unit {
            Some(unit) => self.role_places(unit, role).contains(&who),
            None => self.units_with(role).any(|number| self.places_in(number, role).contains(&who)),
        }
    }

    /// Whether `who` is met on the way up from `person`, manager by manager; nobody is above himself.
    #[must_use]
    pub fn is_above(&self, who: &PersonId, person: &PersonId) -> bool {
        let (Some(who), Some(start)) = (self.ix(who), self.ix(person)) else { return false };
        let managers = std::iter::successors(self.manager(start), |&ix| self.manager(ix));
        // A chain that leads in a circle has no more people than there are.
        let mut climb = managers.take(self.parts.people.len()).take_while(|&ix| ix != start);
        climb.any(|ix| ix == who)
    }

    /// Everyone whose chain of managers leads to `who`, by distance: first those who report to him. In the order of the
    /// list where the distance is the same.
    #[must_use]
    pub fn reports(&self, who: &PersonId) -> Vec<&PersonId> {
        let Some(who) = self.ix(who) else { return Vec::new() };
        let mut below: Vec<Vec<Ix>> = vec![Vec::new(); self.parts.people.len()];
        for (ix, manager) in (0..).zip(&self.managers) {
            if let Some(list) = manager.and_then(|manager| below.get_mut(manager as usize)) {
                list.push(ix);
            }
        }
        let (mut found, mut next) = (vec![who], 0);
        while let Some(&ix) = found.get(next) {
            // Each list is taken once, and with it whoever is in it: a circle ends.
            let list = below.get_mut(ix as usize).map(std::mem::take).unwrap_or_default();
            found.extend(list.into_iter().filter(|&ix| ix != who));
            next += 1;
        }
        found.iter().skip(1).map(|&ix| &self.at(ix).id).collect()
    }

    /// Whether the organisation lets these two stand in for each other (section 5.2).
    #[must_use]
    pub fn may_stand_in(&self, person: &PersonId, substitute: &PersonId) -> bool {
        self.parts.substitutes_from == SubstitutesFrom::Anyone
            || self.ix(person).zip(self.ix(substitute)).is_some_and(|(a, b)| self.share_unit(a, b))
    }

    /// The local date at `at`.
    #[must_use]
    pub fn date(&self, at: Timestamp) -> Date {
        at.to_jiff().map_or(Date::ZERO, |at| self.zone.to_datetime(at).date())
    }

    /// Whether the person is known and active on `date`.
    #[must_use]
    pub fn active(&self, id: &PersonId, date: Date) -> bool {
        self.index.get(id).is_some_and(|&ix| self.active_at(ix, date))
    }
}

impl TryFrom<OrganisationParts> for Organisation {
    type Error = String;

    fn try_from(parts: OrganisationParts) -> Result<Self, String> {
        Self::new(parts).map_err(|wrong| wrong.join("; "))
    }
}

impl From<Organisation> for OrganisationParts {
    fn from(organisation: Organisation) -> Self {
        organisation.parts
    }
}

//! A random company as a plain model: what the engine is told, and what the naive checks read.

use std::collections::{BTreeMap, BTreeSet};

use fluxor_engine::clock::Timestamp;
use fluxor_engine::instance::Document;
use serde_json::{Value as Json, json};

use super::dice::Dice;

/// How many people there are: `p0` and so on. `p0` administers; `ghost` is nobody.
pub const PEOPLE: usize = 8;

/// One person.
#[derive(Clone, Debug)]
pub struct Member {
    /// The flag.
    pub active: bool,
    /// First day after the last one.
    pub until: Option<String>,
    /// Perhaps himself, perhaps in a circle.
    pub manager: Option<String>,
    /// In whole EUR.
    pub limit: Option<i64>,
}

/// Somebody stands in for somebody.
#[derive(Clone, Debug)]
pub struct Cover {
    /// Who is absent.
    pub person: String,
    /// Who stands in.
    pub substitute: String,
    /// First day after the last one.
    pub until: Option<String>,
    /// Up to so many whole EUR.
    pub max: Option<i64>,
    /// Only there.
    pub workflow: Option<String>,
}

/// Everybody.
#[derive(Clone, Debug)]
pub struct Company {
    /// By id.
    pub people: BTreeMap<String, Member>,
    /// By unit and role.
    pub roles: BTreeMap<(String, String), Vec<String>>,
    /// Substitutions.
    pub covers: Vec<Cover>,
}

/// The `n`th person.
#[must_use]
pub fn person(n: usize) -> String {
    format!("p{n}")
}

/// Anybody.
pub fn anybody(dice: &mut Dice) -> String {
    person(dice.below(PEOPLE))
}

/// The day of an instant, in UTC.
#[must_use]
pub fn day(at: Timestamp) -> String {
    at.to_string()[..10].to_owned()
}

impl Company {
    /// A random one; nobody's limit, manager or substitute need make sense, but that nobody stands in for himself.
    pub fn draw(dice: &mut Dice) -> Self {
        let mut company = Self { people: BTreeMap::new(), roles: BTreeMap::new(), covers: Vec::new() };
        for n in 0..PEOPLE {
            company.people.insert(person(n), Self::member(dice));
        }
        for unit in ["u1", "u2"] {
            for role in ["buyer", "legal"] {
                company.roles.insert((unit.to_owned(), role.to_owned()), Self::some(dice, 3));
            }
        }
        company.covers = Self::draw_covers(dice);
        company
    }

    fn member(dice: &mut Dice) -> Member {
        Member {
            active: !dice.chance(6),
            until: dice.seldom(6, "2026-03-05".to_owned()),
            manager: if dice.chance(90) { Some(anybody(dice)) } else { None },
            limit: if dice.chance(60) { Some(dice.one(&[0, 100, 1000, 20_000, 100_000])) } else { None },
        }
    }

    fn some(dice: &mut Dice, most: usize) -> Vec<String> {
        let n = 1 + dice.below(most);
        let people: BTreeSet<String> = (0..n).map(|_| anybody(dice)).collect();
        people.into_iter().collect()
    }

    fn draw_covers(dice: &mut Dice) -> Vec<Cover> {
        let cover = |dice: &mut Dice| Cover {
            person: anybody(dice),
            substitute: anybody(dice),
            until: dice.one(&[None, Some("2026-03-04".to_owned()), Some("2026-05-01".to_owned())]),
            max: if dice.chance(25) { Some(dice.one(&[100, 1000])) } else { None },
            workflow: if dice.chance(15) { Some(dice.one(&["panel", "requisition"]).to_owned()) } else { None },
        };
        let all = (0..dice.below(6)).map(|_| cover(dice)).collect::<Vec<_>>();
        all.into_iter().filter(|cover| cover.person != cover.substitute).collect()
    }

    /// One thing is different now.
    pub fn change(&mut self, dice: &mut Dice) {
        match dice.below(5) {
            0 => self.covers = Self::draw_covers(dice),
            1 => {
                let place = (dice.one(&["u1", "u2"]).to_owned(), dice.one(&["buyer", "legal"]).to_owned());
                self.roles.insert(place, Self::some(dice, 3));
            }
            2 => {
                let (who, manager) = (anybody(dice), anybody(dice));
                self.people.get_mut(&who).unwrap().manager = Some(manager);
            }
            _ => {
                let gone: Vec<String> =
                    self.people.iter().filter(|(_, one)| !one.active).map(|(id, _)| id.clone()).collect();
                let who = if gone.is_empty() || dice.chance(50) { anybody(dice) } else { dice.one(&gone) };
                let one = self.people.get_mut(&who).unwrap();
                one.active = !one.active;
            }
        }
    }

    /// As the engine is told: everything that may change.
    #[must_use]
    pub fn patch(&self) -> Document {
        let people: Vec<Json> = self
            .people
            .iter()
            .map(|(id, one)| {
                let limits: Vec<Json> =
                    one.limit.iter().map(|limit| json!({ "amount": format!("{limit}.00 EUR") })).collect();
                json!({
                    "id": id, "active": one.active, "until": one.until, "manager": one.manager, "limits": limits,
                })
            })
            .collect();
        let units: Vec<Json> = ["u1", "u2"]
            .iter()
            .map(|unit| {
                let here = self.roles.iter().filter(|((u, _), _)| u == unit);
                let roles: Document = here.map(|((_, role), people)| (role.clone(), json!(people))).collect();
                json!({ "id": unit, "roles": roles })
            })
            .collect();
        let covers: Vec<Json> = self
            .covers
            .iter()
            .map(|c| {
                let max = c.max.map(|max| format!("{max}.00 EUR"));
                json!({
                    "person": c.person, "substitute": c.substitute, "until": c.until, "max_amount": max,
                    "workflow": c.workflow,
                })
            })
            .collect();
        let whole = json!({
            "zone": "UTC", "people": people, "units": units, "substitutes": covers,
            "rates": { "EUR": "1", "USD": "0.92" },
        });
        whole.as_object().unwrap().clone()
    }

    /// Known, flagged, and not gone on that day.
    #[must_use]
    pub fn active(&self, id: &str, day: &str) -> bool {
        self.people.get(id).is_some_and(|one| one.active && one.until.as_deref().is_none_or(|until| day < until))
    }

    /// Has the role in the unit and is active.
    #[must_use]
    pub fn has(&self, id: &str, role: &str, unit: &str, day: &str) -> bool {
        let people = self.roles.get(&(unit.to_owned(), role.to_owned()));
        self.active(id, day) && people.is_some_and(|people| people.iter().any(|one| one == id))
    }

    /// Everybody above, in whatever circle.
    #[must_use]
    pub fn above(&self, id: &str) -> BTreeSet<String> {
        let mut met = BTreeSet::new();
        let mut at = id.to_owned();
        while let Some(manager) = self.people.get(&at).and_then(|one| one.manager.clone()) {
            if !met.insert(manager.clone()) {
                break;
            }
            at = manager;
        }
        met
    }
}

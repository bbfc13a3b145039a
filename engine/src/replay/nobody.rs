//! Rules that nobody of the log and the organisation can meet. They are told before the figures, and whoever acts against
//! one of them is no offender: nobody else could have been asked.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::codes;
use super::course::{Course, family};
use super::map::Map;
use crate::approval::{ChainStart, Organisation, Resolver, Step, UnitOf};
use crate::decide::OrganisationAt;
use crate::definition::chart::{By, Definition, StateIx, StateKind};
use crate::diagnostic::{Diagnostic, nearest};

/// How many places that ask for the same are named.
const MOST: usize = 3;

/// What somebody is asked for that nobody is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lack {
    /// Nobody has the role: in this unit, if one is named.
    Role(Arc<str>, Option<Arc<str>>),
    /// There is no such unit.
    Unit(Arc<str>),
    /// Nobody has a manager: for this word.
    Manager(&'static str),
    /// Nobody has this id.
    Person(Arc<str>),
}

/// Events and steps of a definition that nobody could be allowed.
#[derive(Debug, Default)]
pub(super) struct Nobody {
    /// By the state's path and the event: no arrow has a rule that somebody meets.
    events: HashSet<(Arc<str>, Arc<str>)>,
    /// By the state's path and the step.
    steps: HashSet<(Arc<str>, Arc<str>)>,
    /// No way to begin has a rule that somebody meets.
    starts: bool,
}

impl Nobody {
    pub(super) fn of(course: &Course, organisation: &Organisation) -> Self {
        let starts = &course.definition.starts;
        let lacks = starts.iter().all(|start| of_rule(&start.by, organisation).is_some());
        let mut nobody = Self { starts: lacks && !starts.is_empty(), ..Self::default() };
        for definition in family(&course.definition) {
            for ix in (0..definition.states.len()).map(StateIx) {
                let path = &definition.state(ix).path;
                let mut events: BTreeMap<&Arc<str>, bool> = BTreeMap::new();
                let around = definition.upwards(ix).flat_map(|at| &definition.state(at).on);
                for (event, arrows) in around {
                    let lacks = arrows.iter().all(|arrow| of_rule(&arrow.by, organisation).is_some());
                    *events.entry(event).or_insert(true) &= lacks;
                }
                let none = events.into_iter().filter(|(_, lacks)| *lacks);
                nobody.events.extend(none.map(|(event, _)| (path.clone(), event.clone())));
                for step in asks(&definition.state(ix).kind) {
                    let mut who = step.who.iter().chain(&step.fallback);
                    if who.all(|resolver| of_resolver(resolver, organisation).is_some()) {
                        nobody.steps.insert((path.clone(), step.name.clone()));
                    }
                }
            }
        }
        nobody
    }

    /// Whether nobody may send the event to an instance that stands in these states.
    pub(super) fn sends(&self, inside: &[Arc<str>], event: &Arc<str>) -> bool {
        inside.iter().any(|path| self.events.contains(&(path.clone(), event.clone())))
    }

    /// Whether nobody may start an instance.
    pub(super) const fn starts(&self) -> bool {
        self.starts
    }

    /// Whether nobody can be asked in the step of the state's task.
    pub(super) fn asks(&self, state: &Arc<str>, step: &Arc<str>) -> bool {
        self.steps.contains(&(state.clone(), step.clone()))
    }
}

/// The steps of a state that asks people, of every plan.
fn asks(kind: &StateKind) -> Vec<&Arc<Step>> {
    let StateKind::Approval(approval) = kind else { return Vec::new() };
    let of_table = approval.policy.table.iter().flat_map(|table| &table.rows).flat_map(|row| &row.steps);
    approval.policy.steps.iter().chain(of_table).collect()
}

fn of_rule(by: &By, organisation: &Organisation) -> Option<Lack> {
    match by {
        By::Role(role, _) => organisation.holders(role).next().is_none().then(|| Lack::Role(role.clone(), None)),
        By::Anyone | By::Engine | By::Person(..) => None,
    }
}

fn of_resolver(resolver: &Resolver, organisation: &Organisation) -> Option<Lack> {
    let units = || organisation.parts().units.iter();
    let managed = || organisation.parts().people.iter().any(|person| person.manager.is_some());
    match resolver {
        Resolver::Role { role, .. } if organisation.holders(role).next().is_none() => {
            Some(Lack::Role(role.clone(), None))
        }
        Resolver::Role { role, unit: UnitOf::Unit(unit) } => match units().find(|one| one.id == *unit) {
            None => Some(Lack::Unit(unit.clone())),
            Some(one) => {
                let none = one.roles.get(role).is_none_or(Vec::is_empty);
                none.then(|| Lack::Role(role.clone(), Some(unit.clone())))
            }
        },
        // Of several one is enough.
        Resolver::Person(people) if people.iter().all(|person| organisation.person(person).is_none()) => {
            people.first().map(|person| Lack::Person(person.as_str().into()))
        }
        Resolver::Manager { .. } => (!managed()).then_some(Lack::Manager("manager")),
        Resolver::Chain { start: ChainStart::Manager, .. } => (!managed()).then_some(Lack::Manager("chain")),
        Resolver::Role { unit: UnitOf::Field(_), .. }
        | Resolver::Chain { start: ChainStart::Own, .. }
        | Resolver::Person(_)
        | Resolver::Field(_) => None,
    }
}

/// What a definition asks for that nobody is, with the places that do.
fn lacking(definition: &Definition, organisation: &Organisation) -> BTreeMap<Lack, BTreeSet<String>> {
    let mut lacks: BTreeMap<Lack, BTreeSet<String>> = BTreeMap::new();
    for one in family(definition) {
        for lack in one.starts.iter().filter_map(|start| of_rule(&start.by, organisation)) {
            lacks.entry(lack).or_default().insert(format!("the start of `{}`", one.name));
        }
        for state in &one.states {
            for (event, arrows) in &state.on {
                for lack in arrows.iter().filter_map(|arrow| of_rule(&arrow.by, organisation)) {
                    lacks.entry(lack).or_default().insert(format!("`{event}` in `{}`", state.path));
                }
            }
            for step in asks(&state.kind) {
                let late = step.late.iter().flat_map(|rung| &rung.fallback);
                let resolvers = step.who.iter().chain(&step.fallback).chain(late);
                for lack in resolvers.filter_map(|resolver| of_resolver(resolver, organisation)) {
                    lacks.entry(lack).or_default().insert(format!("the step `{}` of `{}`", step.name, state.path));
                }
            }
        }
    }
    lacks
}

/// What each definition asks for that nobody in `organisation` is: warnings in the mapping, which says who they are.
#[must_use]
pub fn unanswerable(map: &Map, course: &Course, organisation: &OrganisationAt) -> Vec<Diagnostic> {
    let organisation = &organisation.organisation;
    let told = |(lack, places): (Lack, BTreeSet<String>)| {
        let shown: Vec<&str> = places.iter().take(MOST).map(String::as_str).collect();
        let more = places.len().saturating_sub(MOST);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let (code, what, help) = words(map, &lack, organisation);
        let what = format!("{what}: {}{more} can be done by nobody", shown.join(", "));
        Diagnostic::warning(code, map.whose, what).help(help)
    };
    lacking(&course.definition, organisation).into_iter().map(told).collect()
}

/// The code, what is lacking, and what to do.
fn words(map: &Map, lack: &Lack, organisation: &Organisation) -> (&'static str, String, String) {
    let units = &organisation.parts().units;
    match lack {
        Lack::Role(role, unit) => {
            let held = || units.iter().flat_map(|one| one.roles.iter()).filter(|(_, people)| !people.is_empty());
            let roles: BTreeSet<&str> = held().map(|(role, _)| &**role).collect();
            let place = unit.as_ref().map_or_else(String::new, |unit| format!(" in the unit `{unit}`"));
            let lower = role.to_ascii_lowercase();
            let near = nearest(&lower, roles.iter().copied()).filter(|near| *near != &**role);
            let help = match near {
                _ if roles.is_empty() && map.log.role.is_none() => {
                    "no column tells roles: name it, `log: { role: its column }`, or an organisation that has them, \
                     `people: { organisation: company.yaml }`"
                        .to_owned()
                }
                _ if unit.is_some() => {
                    "look which units the organisation, or the log's column of units, has for this role".to_owned()
                }
                Some(near) => format!(
                    "a similar role exists: `{near}`; what the definition calls a role of the log may stand under \
                     `people: {{ roles: ... }}`"
                ),
                None => format!(
                    "there are {}; what the definition calls a role of the log may stand under `people: {{ roles: ... }}`",
                    listed(roles.into_iter())
                ),
            };
            (codes::NO_HOLDER, format!("nobody has the role `{role}`{place}"), help)
        }
        Lack::Unit(unit) => {
            let names: Vec<&str> = units.iter().map(|one| &*one.id).collect();
            let help = match nearest(unit, names.iter().copied()) {
                Some(near) => format!("a similar unit exists: `{near}`"),
                None => {
                    format!("there are {}; for the unit of the subject write `unit_field`", listed(names.into_iter()))
                }
            };
            (codes::NO_UNIT, format!("there is no unit `{unit}`"), help)
        }
        Lack::Person(id) => {
            let people = organisation.parts().people.iter().map(|person| person.id.as_str());
            let help = match nearest(id, people) {
                Some(near) => format!("a similar id exists: `{near}`"),
                None => "the log names nobody of this id; an organisation may have him, `people: { organisation: company.yaml }`"
                    .to_owned(),
            };
            (codes::NO_HOLDER, format!("nobody has the id `{id}`"), help)
        }
        Lack::Manager(word) => (
            codes::NO_MANAGERS,
            format!("`{word}` is asked for, and nobody has a manager"),
            "no log tells who that is: name an organisation that does, `people: { organisation: company.yaml }`"
                .to_owned(),
        ),
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    match names.len() {
        0 => "none".to_owned(),
        1..=20 => names.join(", "),
        more => format!("{} and {} more", names[..20].join(", "), more - 20),
    }
}

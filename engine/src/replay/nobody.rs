//! Rules that nobody of the log and the organisation can meet. They are told before the figures, and whoever acts against
//! one of them is no offender: nobody else could have been asked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::codes;
use super::course::{Course, family};
use super::map::Map;
use crate::approval::{ChainStart, EscalateTo, Organisation, Resolver, Rung, RungAct, Step, UnitOf};
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
    /// By the state's path and the event: the rules of its arrows, where nobody meets one of them.
    events: HashMap<(Arc<str>, Arc<str>), Rules>,
    /// By the state's path and the step.
    steps: HashSet<(Arc<str>, Arc<str>)>,
    /// The rules of the ways to begin.
    starts: Rules,
}

/// Rules of several ways, as refusals name them.
#[derive(Debug, Default)]
struct Rules {
    /// Those that nobody meets.
    unmet: Vec<String>,
    /// Those that somebody may meet.
    others: Vec<String>,
    /// A way is open to everybody.
    open: bool,
}

impl Rules {
    fn note(&mut self, by: &By, organisation: &Organisation) {
        match by {
            By::Role(role, _) if of_rule(by, organisation).is_some() => self.unmet.push(role_rule(role)),
            By::Role(role, _) => self.others.push(role_rule(role)),
            By::Person(_, text) => self.others.push(format!("`{text}`")),
            By::Anyone | By::Engine => self.open = true,
        }
    }

    /// Whether what this sentence asks for is what nobody has. Ways whose condition does not hold are not in it.
    fn ask_nobody(&self, sentence: &str) -> bool {
        let named = |rules: &[String]| rules.iter().any(|rule| sentence.contains(rule.as_str()));
        let all = !self.unmet.is_empty() && self.others.is_empty() && !self.open;
        all || (named(&self.unmet) && !named(&self.others))
    }
}

/// How a refusal names the role that it takes.
fn role_rule(role: &str) -> String {
    format!("the role `{role}`")
}

impl Nobody {
    pub(super) fn of(course: &Course, organisation: &Organisation) -> Self {
        let mut nobody = Self::default();
        course.definition.starts.iter().for_each(|start| nobody.starts.note(&start.by, organisation));
        for definition in family(&course.definition) {
            for ix in (0..definition.states.len()).map(StateIx) {
                let path = &definition.state(ix).path;
                let mut events: BTreeMap<&Arc<str>, Rules> = BTreeMap::new();
                for (event, arrows) in definition.upwards(ix).flat_map(|at| &definition.state(at).on) {
                    let rules = events.entry(event).or_default();
                    arrows.iter().for_each(|arrow| rules.note(&arrow.by, organisation));
                }
                let lacking = events.into_iter().filter(|(_, rules)| !rules.unmet.is_empty());
                nobody.events.extend(lacking.map(|(event, rules)| ((path.clone(), event.clone()), rules)));
                for step in asks(&definition.state(ix).kind) {
                    if is_for_nobody(step, organisation) {
                        nobody.steps.insert((path.clone(), step.name.clone()));
                    }
                }
            }
        }
        nobody
    }

    /// Whether nobody may send the event to an instance that stands in these states, which was refused with this sentence.
    pub(super) fn sends(&self, inside: &[Arc<str>], event: &Arc<str>, sentence: &str) -> bool {
        let mut rules = inside.iter().filter_map(|path| self.events.get(&(path.clone(), event.clone())));
        rules.any(|rules| rules.ask_nobody(sentence))
    }

    /// Whether nobody may start an instance, which was refused with this sentence.
    pub(super) fn starts(&self, sentence: &str) -> bool {
        self.starts.ask_nobody(sentence)
    }

    /// Whether nobody can be asked in the step of the state's task.
    pub(super) fn asks(&self, state: &Arc<str>, step: &Arc<str>) -> bool {
        self.steps.contains(&(state.clone(), step.clone()))
    }
}

/// Whether none of those whom a step may ask is there.
fn is_for_nobody(step: &Step, organisation: &Organisation) -> bool {
    step.who.iter().chain(&step.fallback).all(|resolver| of_resolver(resolver, organisation).is_some())
}

/// The steps of a state that asks people, of every plan.
fn asks(kind: &StateKind) -> Vec<&Arc<Step>> {
    let StateKind::Approval(approval) = kind else { return Vec::new() };
    approval.policy.all_steps().collect()
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

/// Whom an escalation asks that nobody is; where it names others for that, they are asked.
fn of_rung(rung: &Rung, organisation: &Organisation) -> Option<Lack> {
    let found = rung.fallback.iter().any(|resolver| of_resolver(resolver, organisation).is_none());
    if rung.act != RungAct::Escalate || found {
        return None;
    }
    match &rung.to {
        EscalateTo::Manager => {
            let managed = organisation.parts().people.iter().any(|person| person.manager.is_some());
            (!managed).then_some(Lack::Manager("escalate"))
        }
        EscalateTo::Person(person) => {
            organisation.person(person).is_none().then(|| Lack::Person(person.as_str().into()))
        }
    }
}

/// One of several ways is told by its place, so that nothing is said of the others.
fn one_of(at: usize, all: usize, of: &str, what: String) -> String {
    if all > 1 { format!("{of} {} of {what}", at + 1) } else { what }
}

/// What a definition asks for that nobody is, with the places that do.
fn lacking(definition: &Definition, organisation: &Organisation) -> BTreeMap<Lack, BTreeSet<String>> {
    let mut lacks: BTreeMap<Lack, BTreeSet<String>> = BTreeMap::new();
    let mut note = |lack: Option<Lack>, place: String| {
        if let Some(lack) = lack {
            lacks.entry(lack).or_default().insert(place);
        }
    };
    for one in family(definition) {
        for (at, start) in one.starts.iter().enumerate() {
            let place = one_of(at, one.starts.len(), "way", format!("the start of `{}`", one.name));
            note(of_rule(&start.by, organisation), place);
        }
        for state in &one.states {
            for (event, arrows) in &state.on {
                for (at, arrow) in arrows.iter().enumerate() {
                    let place = one_of(at, arrows.len(), "arrow", format!("`{event}` in `{}`", state.path));
                    note(of_rule(&arrow.by, organisation), place);
                }
            }
            for step in asks(&state.kind) {
                let place = format!("the step `{}` of `{}`", step.name, state.path);
                let alone = is_for_nobody(step, organisation);
                let asked = if alone { place.clone() } else { format!("a place in {place}") };
                for resolver in step.who.iter().chain(&step.fallback) {
                    note(of_resolver(resolver, organisation), asked.clone());
                }
                for rung in &step.late {
                    let place = format!("the escalation of {place}");
                    note(of_rung(rung, organisation), place.clone());
                    for resolver in &rung.fallback {
                        note(of_resolver(resolver, organisation), place.clone());
                    }
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
    let lacks = lacking(&course.definition, organisation).into_iter().map(told);
    lacks.chain(capitals(map, organisation)).collect()
}

/// The finding that the organisation has ids which nobody of the log can have, since those are in small letters.
fn capitals(map: &Map, organisation: &Organisation) -> Option<Diagnostic> {
    let ids = organisation.parts().people.iter().map(|person| person.id.as_str());
    let ids: Vec<&str> = ids.filter(|id| map.people.fold && **id != id.to_lowercase()).collect();
    let first = ids.first()?.to_lowercase();
    let people = listed(ids.iter().copied());
    let what = format!("with `fold: case` nobody of the log is {people}: their ids are in small letters");
    let help = format!("call him `{first}` in the organisation and in the definition, or leave `fold: case` out");
    Some(Diagnostic::warning(codes::CAPITALS, map.whose, what).help(help))
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

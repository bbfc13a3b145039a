//! What came of many cases, counted. Tallies of several workers are joined; the order does not matter.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::Log;
use super::player::{Fired, Passage, Place, Played, Refused};
use super::report::{CaseReport, Differs, FiredOnce, Kinds, RefusedOnce};
use crate::clock::Timestamp;
use crate::instance::Status;

/// How many firings are told one by one; the rest are counted.
const MOST_FIRED: usize = 1_000;
/// How much of a case is told, of each kind.
const MOST_EACH: usize = 200;
/// How many cases that differ are told one by one: a large log of which all do would not fit into memory twice.
const MOST_DIFFERENT: usize = 10_000;

/// Where an event was refused, and how.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RefusedAs {
    pub(super) state: Arc<str>,
    pub(super) activity: u32,
    pub(super) tried: Option<Arc<str>>,
    pub(super) code: &'static str,
    /// The definition's own sentence: what refuses with another is another refusal.
    pub(super) own: Option<Arc<str>>,
}

/// How often something came, and the first case in which it did.
#[derive(Clone, Debug)]
pub(super) struct Seen<T> {
    pub(super) cases: u64,
    pub(super) events: u64,
    pub(super) example: usize,
    pub(super) told: T,
}

/// From which state, by what, to which.
pub(super) type Led = (Arc<str>, Arc<str>, Arc<str>);

/// The workflow that was called, if it is one, the state, the step and what time did there.
type Fell = (Option<Arc<str>>, Arc<str>, Option<Arc<str>>, Arc<str>);

/// How often time did something, first and last.
#[derive(Clone, Debug)]
pub(super) struct Span {
    pub(super) count: u64,
    pub(super) late: u64,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

/// How cases ended: all, and those without a refused event.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) cases: u64,
    pub(super) accepted: u64,
}

/// State, code and sentence of an incident.
type Incident = (Arc<str>, Arc<str>, Arc<str>);

/// Counts.
#[derive(Debug)]
pub(super) struct Tally {
    each: bool,
    pub(super) cases: u64,
    pub(super) accepted: u64,
    pub(super) finished: u64,
    pub(super) accepted_finished: u64,
    pub(super) with_incident: u64,
    pub(super) never_started: u64,
    pub(super) storms: u64,
    pub(super) events_accepted: u64,
    pub(super) events_refused: u64,
    pub(super) events_skipped: u64,
    pub(super) events_not_tried: u64,
    pub(super) refused: HashMap<RefusedAs, Seen<String>>,
    pub(super) first: HashMap<RefusedAs, u64>,
    pub(super) duties: HashMap<(String, RefusedAs), Seen<String>>,
    pub(super) ends: HashMap<Place, Ends>,
    pub(super) way: HashMap<Led, u64>,
    pub(super) fired: HashMap<Fell, Span>,
    /// The first ones, by case.
    pub(super) fired_each: BTreeMap<(usize, usize), FiredOnce>,
    /// By state, code and sentence.
    pub(super) incidents: HashMap<Incident, Seen<()>>,
    pub(super) then: Vec<HashMap<Option<Place>, u64>>,
    pub(super) told: BTreeMap<usize, CaseReport>,
    pub(super) compared: Option<u64>,
    /// Cases that the other definition accepts.
    pub(super) other_accepted: u64,
    pub(super) kinds: Kinds,
    pub(super) differs: BTreeMap<usize, Differs>,
    pub(super) broken: Option<String>,
}

impl Tally {
    pub(super) fn new(instants: usize, each: bool) -> Self {
        Self {
            each,
            cases: 0,
            accepted: 0,
            finished: 0,
            accepted_finished: 0,
            with_incident: 0,
            never_started: 0,
            storms: 0,
            events_accepted: 0,
            events_refused: 0,
            events_skipped: 0,
            events_not_tried: 0,
            refused: HashMap::new(),
            first: HashMap::new(),
            duties: HashMap::new(),
            ends: HashMap::new(),
            way: HashMap::new(),
            fired: HashMap::new(),
            fired_each: BTreeMap::new(),
            incidents: HashMap::new(),
            then: vec![HashMap::new(); instants],
            told: BTreeMap::new(),
            compared: None,
            other_accepted: 0,
            kinds: Kinds::default(),
            differs: BTreeMap::new(),
            broken: None,
        }
    }

    /// Counts a case in.
    pub(super) fn take(&mut self, log: &impl Log, case: usize, played: Played) {
        let accepted = played.is_accepted();
        let finished = played.end.status == Some(Status::Final);
        self.cases += 1;
        self.accepted += u64::from(accepted);
        self.finished += u64::from(finished);
        self.accepted_finished += u64::from(finished && accepted);
        self.with_incident += u64::from(played.incident.is_some());
        self.never_started += u64::from(played.end.status.is_none());
        self.storms += u64::from(played.storm);
        self.events_accepted += played.accepted as u64;
        self.events_refused += played.refused.len() as u64;
        self.events_skipped += played.skipped as u64;
        self.events_not_tried += played.not_tried as u64;
        if self.each {
            self.told.insert(case, told(log, case, &played));
        }
        if self.broken.is_none() {
            self.broken.clone_from(&played.broken);
        }
        let ends = self.ends.entry(played.end).or_default();
        ends.cases += 1;
        ends.accepted += u64::from(accepted);
        self.refusals(log, case, &played.refused);
        for Passage { from, by, to } in played.way {
            *self.way.entry((from, by, to)).or_default() += 1;
        }
        self.firings(log, case, &played.fired);
        if let Some((code, sentence, state)) = played.incident {
            see(&mut self.incidents, (state, code, sentence.into()), case, true, || ());
        }
        for (then, place) in self.then.iter_mut().zip(played.then) {
            *then.entry(place).or_default() += 1;
        }
    }

    fn refusals(&mut self, log: &impl Log, case: usize, refused: &[Refused]) {
        let mut seen: HashSet<&RefusedAs> = HashSet::new();
        let mut acted: HashSet<(&str, &RefusedAs)> = HashSet::new();
        let all: Vec<RefusedAs> = refused.iter().map(|one| refused_as(log, case, one)).collect();
        for (place, (one, key)) in refused.iter().zip(&all).enumerate() {
            if place == 0 {
                *self.first.entry(key.clone()).or_default() += 1;
            }
            see(&mut self.refused, key.clone(), case, seen.insert(key), || one.sentence.clone());
            if let (true, Some(person)) = (one.on_authority, &one.person) {
                let duty = (person.as_str().to_owned(), key.clone());
                let first = acted.insert((person.as_str(), key));
                see(&mut self.duties, duty, case, first, || one.sentence.clone());
            }
        }
    }

    fn firings(&mut self, log: &impl Log, case: usize, fired: &[Fired]) {
        for (place, one) in fired.iter().enumerate() {
            let Fired { workflow, state, what, step, at, late } = one;
            let key = (workflow.clone(), state.clone(), step.clone(), what.clone());
            let span = self.fired.entry(key).or_insert(Span { count: 0, late: 0, first: *at, last: *at });
            span.count += 1;
            span.late += u64::from(*late);
            span.first = span.first.min(*at);
            span.last = span.last.max(*at);
            let is_full = self.fired_each.len() >= MOST_FIRED;
            if !is_full || self.fired_each.last_key_value().is_some_and(|(last, _)| (case, place) < *last) {
                self.fired_each.insert((case, place), fired_once(log.case(case), one));
            }
            if self.fired_each.len() > MOST_FIRED {
                self.fired_each.pop_last();
            }
        }
    }

    /// Compares what came of a case with what another definition made of it.
    pub(super) fn compare(&mut self, log: &impl Log, case: usize, this: &Played, that: &Played) {
        *self.compared.get_or_insert(0) += 1;
        self.other_accepted += u64::from(that.is_accepted());
        let Some(differs) = Differs::between(log, case, this, that) else { return };
        self.kinds.count(differs.kind);
        self.differs.insert(case, differs);
        if self.differs.len() > MOST_DIFFERENT {
            self.differs.pop_last();
        }
    }

    /// Takes another one in.
    pub(super) fn join(&mut self, other: Self) {
        self.cases += other.cases;
        self.accepted += other.accepted;
        self.finished += other.finished;
        self.accepted_finished += other.accepted_finished;
        self.with_incident += other.with_incident;
        self.never_started += other.never_started;
        self.storms += other.storms;
        self.events_accepted += other.events_accepted;
        self.events_refused += other.events_refused;
        self.events_skipped += other.events_skipped;
        self.events_not_tried += other.events_not_tried;
        join_seen(&mut self.refused, other.refused);
        join_seen(&mut self.duties, other.duties);
        join_seen(&mut self.incidents, other.incidents);
        join_counts(&mut self.first, other.first);
        join_counts(&mut self.way, other.way);
        for (place, ends) in other.ends {
            let known = self.ends.entry(place).or_default();
            known.cases += ends.cases;
            known.accepted += ends.accepted;
        }
        for (key, span) in other.fired {
            let known = self.fired.entry(key).or_insert(Span { count: 0, late: 0, ..span });
            known.count += span.count;
            known.late += span.late;
            known.first = known.first.min(span.first);
            known.last = known.last.max(span.last);
        }
        self.fired_each.extend(other.fired_each);
        while self.fired_each.len() > MOST_FIRED {
            self.fired_each.pop_last();
        }
        for (known, more) in self.then.iter_mut().zip(other.then) {
            join_counts(known, more);
        }
        self.told.extend(other.told);
        if let Some(more) = other.compared {
            *self.compared.get_or_insert(0) += more;
        }
        self.other_accepted += other.other_accepted;
        self.kinds.join(other.kinds);
        self.differs.extend(other.differs);
        while self.differs.len() > MOST_DIFFERENT {
            self.differs.pop_last();
        }
        self.broken = self.broken.take().or(other.broken);
    }
}

pub(super) fn refused_as(log: &impl Log, case: usize, one: &Refused) -> RefusedAs {
    RefusedAs {
        state: one.state.clone(),
        activity: log.event(case, one.event).1,
        tried: one.tried.clone(),
        code: one.code,
        own: one.own.clone(),
    }
}

pub(super) fn refused_once(log: &impl Log, case: usize, one: &Refused) -> RefusedOnce {
    let (at, activity) = log.event(case, one.event);
    RefusedOnce {
        event: one.event + 1,
        at: at.to_string(),
        activity: log.text(activity).to_owned(),
        state: one.state.to_string(),
        tried: one.tried.as_deref().map(str::to_owned),
        person: one.person.as_ref().map(|person| person.as_str().to_owned()),
        code: one.code,
        sentence: one.sentence.clone(),
    }
}

fn fired_once(case: &str, one: &Fired) -> FiredOnce {
    FiredOnce {
        case: case.to_owned(),
        workflow: one.workflow.as_deref().map(str::to_owned),
        state: one.state.to_string(),
        step: one.step.as_deref().map(str::to_owned),
        what: one.what.to_string(),
        at: one.at.to_string(),
        after_last_event: one.late,
    }
}

fn told(log: &impl Log, case: usize, played: &Played) -> CaseReport {
    let name = log.case(case);
    let by_then = played.at_end.min(played.way.len());
    let to = |passage: &Passage| passage.to.to_string();
    CaseReport {
        case: name.to_owned(),
        accepted: played.is_accepted(),
        events: log.events(case),
        end: played.end.state.to_string(),
        status: played.end.status,
        way: played.way[..by_then].iter().take(MOST_EACH).map(to).collect(),
        afterwards: played.way[by_then..].iter().take(MOST_EACH).map(to).collect(),
        refused: played.refused.iter().take(MOST_EACH).map(|one| refused_once(log, case, one)).collect(),
        fired: played.fired.iter().take(MOST_EACH).map(|one| fired_once(name, one)).collect(),
        more: [by_then, played.way.len() - by_then, played.refused.len(), played.fired.len()]
            .iter()
            .map(|length| length.saturating_sub(MOST_EACH))
            .sum(),
        incident: played.incident.as_ref().map(|(_, sentence, _)| sentence.clone()),
    }
}

fn see<K: Hash + Eq, T>(into: &mut HashMap<K, Seen<T>>, key: K, case: usize, first: bool, told: impl FnOnce() -> T) {
    let seen = into.entry(key).or_insert_with(|| Seen { cases: 0, events: 0, example: case, told: told() });
    seen.events += 1;
    seen.cases += u64::from(first);
}

fn join_seen<K: Hash + Eq, T>(into: &mut HashMap<K, Seen<T>>, other: HashMap<K, Seen<T>>) {
    for (key, more) in other {
        match into.entry(key) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(more);
            }
            std::collections::hash_map::Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.cases += more.cases;
                known.events += more.events;
                if more.example < known.example {
                    (known.example, known.told) = (more.example, more.told);
                }
            }
        }
    }
}

fn join_counts<K: Hash + Eq>(into: &mut HashMap<K, u64>, other: HashMap<K, u64>) {
    for (key, more) in other {
        *into.entry(key).or_default() += more;
    }
}

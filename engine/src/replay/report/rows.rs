//! Counts become rows, most frequent first.

use std::collections::HashMap;

use super::{
    ActivityCount, Cases, Comparison, Differs, Duty, Ended, Events, FiredCount, Incidents, Refusals, Report, Standing,
    StatesAt, Transition,
};
use crate::clock::Timestamp;
use crate::instance::Status;
use crate::replay::player::{Place, Played, Refused};
use crate::replay::tally::{Ends, Led, RefusedAs, Seen, Tally, refused_once};
use crate::replay::{Course, Log, activities as counted};

impl Differs {
    /// What two definitions made of a case; `None`: the same.
    pub(in crate::replay) fn between(log: &impl Log, case: usize, this: &Played, that: &Played) -> Option<Self> {
        let end = |played: &Played| played.end.state.to_string();
        // The first refused event that the other took, or refused elsewhere or for another reason.
        let most = this.refused.len().max(that.refused.len());
        let as_one = |one: &Refused| (one.event, one.code, one.own.clone(), one.state.clone());
        let at = (0..most).find(|at| this.refused.get(*at).map(as_one) != that.refused.get(*at).map(as_one));
        let nth = |played: &Played| played.refused.get(at?).map(|one| refused_once(log, case, one));
        let (refused, other_refused) = (nth(this), nth(that));
        // Where it stood until its last event, one state after the other: what stays where it is leads nowhere.
        let states = |played: &Played| {
            let until = played.at_end.min(played.way.len());
            let mut states: Vec<String> = played.way[..until].iter().map(|passage| passage.to.to_string()).collect();
            states.dedup();
            states
        };
        let (here, there) = (states(this), states(that));
        let step = (0..here.len().max(there.len())).find(|at| here.get(*at) != there.get(*at));
        let step = step.map(|at| (at + 1, here.get(at).cloned(), there.get(at).cloned()));
        let kind = match () {
            () if at.is_some() => "refused",
            () if this.end != that.end => "end",
            () if step.is_some() => "way",
            () => return None,
        };
        Some(Self {
            case: log.case(case).to_owned(),
            kind,
            end: end(this),
            other_end: end(that),
            refused,
            other_refused,
            step,
        })
    }
}

impl Report {
    pub(in crate::replay) fn of(tally: Tally, instants: &[Timestamp], course: &Course, log: &impl Log) -> Self {
        let definition = &course.definition;
        let cases = Cases {
            all: tally.cases,
            accepted: tally.accepted,
            accepted_finished: tally.accepted_finished,
            accepted_open: tally.accepted - tally.accepted_finished,
            deviating: tally.cases - tally.accepted,
            finished: tally.finished,
            with_incident: tally.with_incident,
            never_started: tally.never_started,
            endless: tally.storms,
        };
        let (accepted, refused) = (tally.events_accepted, tally.events_refused);
        let (skipped, not_tried) = (tally.events_skipped, tally.events_not_tried);
        let all = accepted + refused + skipped + not_tried;
        Self {
            workflow: definition.name.to_string(),
            version: definition.version,
            definition: definition.hash.to_string(),
            cases,
            events: Events { all, accepted, refused, skipped, not_tried },
            refused: refusals(&tally, log),
            end_states: ends(&tally),
            transitions: transitions(&tally),
            timers: timers(&tally),
            duties: duties(&tally, log),
            incidents: incidents(&tally, log),
            states_at: tally.then.iter().zip(instants).map(|(then, at)| standing(then, *at)).collect(),
            activities: activities(course, log),
            against: tally.compared.map(|cases| {
                let (kinds, accepted) = (tally.kinds, tally.other_accepted);
                let differs: Vec<Differs> = tally.differs.into_values().collect();
                let more = kinds.all() - differs.len() as u64;
                Comparison { cases, accepted, different: kinds.all(), kinds, differs, more }
            }),
            fired: tally.fired_each.into_values().collect(),
            each: tally.told.into_values().collect(),
            broken: tally.broken,
        }
    }
}

/// Most frequent first, then by what is told.
fn sorted<T, K: Ord>(mut rows: Vec<T>, count: impl Fn(&T) -> u64, name: impl Fn(&T) -> K) -> Vec<T> {
    rows.sort_by(|a, b| count(b).cmp(&count(a)).then_with(|| name(a).cmp(&name(b))));
    rows
}

fn refusals(tally: &Tally, log: &impl Log) -> Vec<Refusals> {
    let row = |(key, seen): (&RefusedAs, &Seen<String>)| Refusals {
        state: key.state.to_string(),
        activity: log.text(key.activity).to_owned(),
        tried: key.tried.as_deref().map(str::to_owned),
        code: key.code,
        sentence: seen.told.clone(),
        first: tally.first.get(key).copied().unwrap_or(0),
        cases: seen.cases,
        events: seen.events,
        example: log.case(seen.example).to_owned(),
    };
    let name = |r: &Refusals| (r.state.clone(), r.activity.clone(), r.tried.clone(), r.code, r.sentence.clone());
    let rows: Vec<Refusals> = tally.refused.iter().map(row).collect();
    let mut rows = sorted(rows, |r| r.events, name);
    rows.sort_by_key(|row| std::cmp::Reverse(row.first));
    rows
}

fn duties(tally: &Tally, log: &impl Log) -> Vec<Duty> {
    let row = |((person, key), seen): (&(String, RefusedAs), &Seen<String>)| Duty {
        person: person.clone(),
        activity: log.text(key.activity).to_owned(),
        tried: key.tried.as_deref().map(str::to_owned),
        state: key.state.to_string(),
        code: key.code,
        sentence: seen.told.clone(),
        cases: seen.cases,
        events: seen.events,
        example: log.case(seen.example).to_owned(),
    };
    let why = |d: &Duty| (d.tried.clone(), d.code, d.sentence.clone());
    let name = |d: &Duty| (d.person.clone(), d.activity.clone(), d.state.clone(), why(d));
    sorted(tally.duties.iter().map(row).collect(), |d| d.cases, name)
}

fn ends(tally: &Tally) -> Vec<Ended> {
    let row = |(place, ends): (&Place, &Ends)| Ended {
        state: place.state.to_string(),
        status: place.status,
        cases: ends.cases,
        accepted: ends.accepted,
        deviating: ends.cases - ends.accepted,
    };
    sorted(tally.ends.iter().map(row).collect(), |e| e.cases, |e| (e.state.clone(), e.status.map(Status::as_str)))
}

fn transitions(tally: &Tally) -> Vec<Transition> {
    let row = |((from, by, to), count): (&Led, &u64)| Transition {
        from: from.to_string(),
        by: by.to_string(),
        to: to.to_string(),
        count: *count,
    };
    let name = |t: &Transition| (t.from.clone(), t.by.clone(), t.to.clone());
    sorted(tally.way.iter().map(row).collect(), |t| t.count, name)
}

fn timers(tally: &Tally) -> Vec<FiredCount> {
    let rows = tally.fired.iter().map(|((workflow, state, step, what), span)| FiredCount {
        workflow: workflow.as_deref().map(str::to_owned),
        state: state.to_string(),
        step: step.as_deref().map(str::to_owned),
        what: what.to_string(),
        count: span.count,
        after_last_event: span.late,
        first: span.first.to_string(),
        last: span.last.to_string(),
    });
    sorted(rows.collect(), |t| t.count, |t| (t.workflow.clone(), t.state.clone(), t.step.clone(), t.what.clone()))
}

fn incidents(tally: &Tally, log: &impl Log) -> Vec<Incidents> {
    let rows = tally.incidents.iter().map(|((state, code, sentence), seen)| Incidents {
        state: state.to_string(),
        code: code.to_string(),
        sentence: sentence.to_string(),
        cases: seen.cases,
        example: log.case(seen.example).to_owned(),
    });
    sorted(rows.collect(), |i| i.cases, |i| (i.state.clone(), i.code.clone(), i.sentence.clone()))
}

fn standing(then: &HashMap<Option<Place>, u64>, at: Timestamp) -> StatesAt {
    let rows = then.iter().filter_map(|(place, cases)| {
        let Place { state, status } = place.as_ref()?;
        Some(Standing { state: state.to_string(), status: *status, cases: *cases })
    });
    StatesAt {
        at: at.to_string(),
        states: sorted(rows.collect(), |s| s.cases, |s| (s.state.clone(), s.status.map(Status::as_str))),
        not_begun: then.get(&None).copied().unwrap_or(0),
    }
}

fn activities(course: &Course, log: &impl Log) -> Vec<ActivityCount> {
    let rows = counted(log).into_iter().map(|(text, events)| {
        let activity = log.text(text).to_owned();
        let means = course.meanings(&activity);
        ActivityCount { activity, means, events }
    });
    sorted(rows.collect(), |a| a.events, |a| a.activity.clone())
}

//! From a subject to a plan, and from a step to the people it names (approvals.md section 3).

use std::cmp::Ordering;
use std::sync::Arc;

use super::facts::Facts;
use super::frame::Frame;
use super::organisation::Ix;
use super::policy::{Hit, PLAN, When};
use super::resolver::{ChainStart, Resolver};
use super::review::{Definition, NamedBy};
use super::step::{OnEmpty, Step};
use super::value::{FieldValue, Subject};
use super::words::{NoPlan, Stuck};
use crate::ids::PersonId;

/// From how many people on it is noted who is among them: fewer are looked through faster.
pub(super) const MANY: usize = 16;

/// The plan: where each step is defined. No steps: no approval is needed.
pub(super) fn plan(frame: &Frame<'_>, subject: &Subject) -> Result<Vec<(Definition, Arc<Step>)>, NoPlan> {
    let mut found: Vec<(Definition, Arc<Step>)> = Vec::new();
    let mut take = |definition: Definition, step: &Arc<Step>| {
        // Of two steps of one name the first stays.
        if !found.iter().any(|(_, other)| other.name == step.name) {
            found.push((definition, Arc::clone(step)));
        }
    };
    let Some(table) = &frame.policy.table else {
        (0..).zip(&frame.policy.steps).for_each(|(at, step)| take(Definition::Step(at), step));
        // A policy without a table and without steps says nothing, and silence never approves.
        return if found.is_empty() { Err(NoPlan::NoRow) } else { Ok(found) };
    };
    let mut hit = false;
    for (number, row) in (0..).zip(&table.rows) {
        if !matches(frame, subject, &row.when).ok_or(NoPlan::RateMissing)? {
            continue;
        }
        hit = true;
        (0..).zip(&row.steps).for_each(|(at, step)| take(Definition::Row(number, at), step));
        if table.hit == Hit::First {
            break;
        }
    }
    if hit { Ok(found) } else { Err(NoPlan::NoRow) }
}

/// `None`: a cell cannot be compared and no other cell says no.
fn matches(frame: &Frame<'_>, subject: &Subject, when: &When) -> Option<bool> {
    let amount = subject.amount();
    let compared = |bound| amount.and_then(|amount| frame.rates.compare(amount, bound));
    let category = when.category.as_ref().is_none_or(|all| all.iter().any(|c| subject.category() == Some(c)));
    let over = when.over.map_or(Some(true), |bound| compared(bound).map(Ordering::is_gt));
    let up_to = when.up_to.map_or(Some(true), |bound| compared(bound).map(Ordering::is_le));
    let chosen = |plan: &Arc<str>| matches!(subject.get(PLAN), FieldValue::Text(is) if is == plan);
    let plan = when.plan.as_ref().is_none_or(|all| all.iter().any(chosen));
    if !category || !plan || over == Some(false) || up_to == Some(false) {
        return Some(false);
    }
    over.and(up_to)
}

/// Somebody whom a step names.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) ix: Ix,
    pub(super) by: NamedBy,
    /// A chain ends here, since his limit covers.
    pub(super) covering: bool,
}

impl Named {
    pub(super) fn id<'a>(&self, frame: &Frame<'a>) -> &'a PersonId {
        &frame.org.at(self.ix).id
    }
}

/// Whom a step names, in order and once each; and what is wrong if nothing mended it.
#[derive(Clone, Debug, Default)]
pub(super) struct Resolution {
    pub(super) named: Vec<Named>,
    pub(super) problem: Option<Stuck>,
}

/// What one resolver found.
#[derive(Debug, Default)]
struct Found {
    people: Vec<Ix>,
    /// Those with whom a chain ends, since their limit covers.
    covering: Vec<Ix>,
    /// Empty or incomplete, and why.
    problem: Option<Stuck>,
}

/// Resolves `step`, at its place in the plan (section 3.6). Reads the organisation; binds nothing.
pub(super) fn resolve(frame: &Frame<'_>, facts: &Facts, subject: &Subject, place: usize, step: &Step) -> Resolution {
    let one = |resolver: &Resolver| run(frame, facts, subject, place, resolver);
    let mut all = Vec::new();
    let mut problem = None;
    if step.who.is_empty() {
        problem = Some(Stuck::Nobody);
    }
    match step.on_empty {
        OnEmpty::Next => {
            problem = Some(Stuck::Nobody);
            for (at, found) in (0..).zip(step.who.iter().map(one)) {
                match found.problem {
                    Some(why) => problem = worse(problem, why),
                    None => {
                        problem = None;
                        all.push((who(at), found));
                        break;
                    }
                }
            }
        }
        OnEmpty::Incident => {
            for (at, found) in (0..).zip(step.who.iter().map(one)) {
                if let Some(why) = found.problem {
                    problem = worse(problem, why);
                }
                all.push((who(at), found));
            }
        }
        OnEmpty::Fallback => {
            let spare = || (0..).map(NamedBy::Fallback).zip(step.fallback.iter().map(one)).collect::<Vec<_>>();
            if step.who.is_empty() {
                all = spare();
                problem = if nobody(&all) { Some(Stuck::Nobody) } else { None };
            }
            for (at, found) in (0..).zip(step.who.iter().map(one)) {
                let why = found.problem;
                all.push((who(at), found));
                if let Some(why) = why {
                    let spare = spare();
                    if nobody(&spare) {
                        problem = worse(problem, why);
                    }
                    all.extend(spare);
                }
            }
        }
    }
    Resolution { named: once(frame, all), problem }
}

fn nobody(found: &[(NamedBy, Found)]) -> bool {
    found.iter().all(|(_, found)| found.people.is_empty())
}

/// A missing rate is told before nobody: it is the one that is not in the organisation's own hands.
fn worse(now: Option<Stuck>, also: Stuck) -> Option<Stuck> {
    now.max(Some(also))
}

fn who(at: u32) -> NamedBy {
    if at == 0 { NamedBy::First } else { NamedBy::Who(at) }
}

/// Who is named twice has one seat, the first (section 3.7).
fn once(frame: &Frame<'_>, all: Vec<(NamedBy, Found)>) -> Vec<Named> {
    let most = all.iter().map(|(_, found)| found.people.len()).sum();
    let mut named: Vec<Named> = Vec::with_capacity(most);
    let mut met = (most >= MANY).then(|| vec![false; frame.org.parts().people.len()]);
    for (by, found) in all {
        for ix in found.people {
            let covering = found.covering.contains(&ix);
            let again = match &mut met {
                Some(met) => std::mem::replace(&mut met[ix as usize], true),
                None => named.iter().any(|one| one.ix == ix),
            };
            if !again {
                named.push(Named { ix, by, covering });
            } else if covering {
                named.iter_mut().filter(|one| one.ix == ix).for_each(|one| one.covering = true);
            }
        }
    }
    named
}

/// The first person whom a rung's fallback names and `free` takes.
pub(super) fn first_of(
    frame: &Frame<'_>,
    facts: &Facts,
    subject: &Subject,
    place: usize,
    fallback: &[Resolver],
    free: impl Fn(Ix) -> bool,
) -> Option<Ix> {
    fallback.iter().flat_map(|resolver| run(frame, facts, subject, place, resolver).people).find(|&ix| free(ix))
}

fn run(frame: &Frame<'_>, facts: &Facts, subject: &Subject, place: usize, resolver: &Resolver) -> Found {
    let eligible = |ix: &Ix| facts.eligible(frame, place, *ix);
    let known = |id: &PersonId| frame.org.ix(id);
    let people: Vec<Ix> = match resolver {
        Resolver::Person(people) => people.iter().filter_map(known).filter(eligible).collect(),
        Resolver::Field(field) => in_field(frame, subject, field).filter(eligible).collect(),
        Resolver::Role { role, unit } => {
            let holders = unit.of(subject).map_or(&[][..], |unit| frame.org.role_places(unit, role));
            holders.iter().copied().filter(eligible).collect()
        }
        Resolver::Manager { of, levels } => {
            return each(frame, subject, of, |found, start| {
                match above(frame, start, *levels).into_iter().find(|ix| eligible(ix)) {
                    Some(ix) => found.people.push(ix),
                    None => found.problem = worse(found.problem, Stuck::Nobody),
                }
            });
        }
        Resolver::Chain { of, start } => {
            return each(frame, subject, of, |found, from| chain(frame, facts, subject, place, from, *start, found));
        }
    };
    let problem = people.is_empty().then_some(Stuck::Nobody);
    Found { people, covering: Vec::new(), problem }
}

/// Climbs from each person of a field; it is complete if every climb is, and there is one.
fn each(frame: &Frame<'_>, subject: &Subject, of: &str, mut climb: impl FnMut(&mut Found, Ix)) -> Found {
    let mut found = Found::default();
    let mut starts = in_field(frame, subject, of).peekable();
    if starts.peek().is_none() {
        found.problem = Some(Stuck::Nobody);
    }
    starts.for_each(|start| climb(&mut found, start));
    found
}

pub(super) fn in_field<'a>(frame: &'a Frame<'_>, subject: &'a Subject, field: &str) -> impl Iterator<Item = Ix> + 'a {
    subject.get(field).people().filter_map(|id| frame.org.ix_of(id))
}

/// Those `levels` links and more above `start`, upwards; it ends at a person met before (section 3.4).
pub(super) fn above(frame: &Frame<'_>, start: Ix, levels: u32) -> Vec<Ix> {
    let mut met = vec![start];
    let mut at = start;
    while let Some(next) = frame.org.manager(at).filter(|next| !met.contains(next)) {
        met.push(next);
        at = next;
    }
    met.split_off((levels as usize).min(met.len()))
}

/// Section 3.3.
fn chain(
    frame: &Frame<'_>,
    facts: &Facts,
    subject: &Subject,
    place: usize,
    from: Ix,
    start: ChainStart,
    found: &mut Found,
) {
    let own = (start == ChainStart::Own).then_some(from);
    for ix in own.into_iter().chain(above(frame, from, 1)) {
        if !facts.eligible(frame, place, ix) {
            continue;
        }
        match frame.limit_covers(subject, ix) {
            // His limit is not known to be too low, so nobody above him may be asked in his place.
            None => {
                found.problem = worse(found.problem, Stuck::RateMissing);
                return;
            }
            Some(true) => {
                found.people.push(ix);
                found.covering.push(ix);
                return;
            }
            Some(false) if own == Some(ix) => {}
            Some(false) => found.people.push(ix),
        }
    }
    found.problem = worse(found.problem, Stuck::Nobody);
}

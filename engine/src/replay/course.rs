//! A mapping held against a definition: what each activity does, every name resolved and every value's type known.

mod bind;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::map::{Others, When};
use super::value::Value;
use crate::approval::Step;
use crate::definition::chart::{Arrow, Definition, Outcome, StateIx, StateKind};
use crate::definition::library::Library;

/// What a log's activities do to instances of a definition.
#[derive(Debug)]
pub struct Course {
    /// The definition.
    pub definition: Arc<Definition>,
    /// The library whose current one it is.
    pub(super) library: Library,
    /// By the activity's name: what it may mean, the first whose condition holds.
    pub(super) activities: HashMap<Arc<str>, Vec<Move>>,
    pub(super) others: Others,
    /// The subject's fields at the start.
    pub(super) subject: Vec<(Arc<str>, Value)>,
    pub(super) starts_as: Option<Value>,
    /// What refusing arrows say whose condition reads who acts: rules about people, too.
    pub(super) personal: HashSet<Arc<str>>,
    /// By the state's path: events that some arrow takes only from certain people, as its condition reads who acts.
    pub(super) choosy: HashSet<(Arc<str>, Arc<str>)>,
    /// Whether an activity says when an instance begins; else it begins with the first that is not skipped.
    pub(super) told_when: bool,
}

/// What an activity means.
#[derive(Debug)]
pub(super) struct Move {
    pub(super) when: When,
    pub(super) does: Does,
    /// The state whose task is meant.
    pub(super) state: Option<Arc<str>>,
    /// The called workflow that it is for.
    pub(super) workflow: Option<Arc<str>>,
    pub(super) behalf: Option<Value>,
    pub(super) reason: Option<Value>,
    pub(super) data: Vec<(Arc<str>, Value)>,
    /// What transitions call it.
    pub(super) label: Arc<str>,
}

#[derive(Debug)]
pub(super) enum Does {
    Skip,
    Start,
    Event {
        event: Arc<str>,
        /// Nobody may signal it: it is the result of a message, or told by the engine itself.
        by_engine: bool,
    },
    Act {
        act: &'static str,
        step: Option<Arc<str>>,
        to: Option<Box<Value>>,
    },
    Complete,
}

/// The definition and those that it calls, each once.
pub(super) fn family(definition: &Definition) -> Vec<&Definition> {
    let mut all: Vec<&Definition> = vec![definition];
    let mut at = 0;
    while let Some(next) = all.get(at).copied() {
        for called in &next.called {
            if all.iter().all(|known| known.hash != called.hash) {
                all.push(called);
            }
        }
        at += 1;
    }
    all
}

/// The sentences of refusals that depend on who acts.
fn personal(definition: &Definition) -> HashSet<Arc<str>> {
    let arrows = family(definition).into_iter().flat_map(Definition::all_arrows);
    let of = |arrow: &Arrow| match (&arrow.outcome, &arrow.guard) {
        (Outcome::Refuse(sentence), Some(guard)) if guard.expr.fields_read().contains("actor") => {
            Some(sentence.clone())
        }
        _ => None,
    };
    arrows.filter_map(of).collect()
}

/// Events that a state, or one around it, takes under a condition that reads who acts.
fn choosy(definition: &Definition) -> HashSet<(Arc<str>, Arc<str>)> {
    let mut found = HashSet::new();
    let reads = |arrow: &Arrow| arrow.guard.as_ref().is_some_and(|guard| guard.expr.fields_read().contains("actor"));
    for definition in family(definition) {
        for ix in (0..definition.states.len()).map(StateIx) {
            let around = definition.upwards(ix).map(|at| definition.state(at)).flat_map(|state| &state.on);
            let events = around.filter(|(_, arrows)| arrows.iter().any(reads)).map(|(event, _)| event.clone());
            found.extend(events.map(|event| (definition.state(ix).path.clone(), event)));
        }
    }
    found
}

/// Every step that an approval of these definitions may have.
pub(super) fn steps<'d>(definitions: &[&'d Definition]) -> Vec<&'d Arc<Step>> {
    let approvals = definitions.iter().flat_map(|d| &d.states).filter_map(|state| match &state.kind {
        StateKind::Approval(approval) => Some(&approval.policy),
        _ => None,
    });
    approvals.flat_map(|policy| policy.all_steps()).collect()
}

/// Steps of this name that several approvals have in a definition whose tasks may be open side by side.
fn steps_side_by_side(definition: &Definition) -> HashSet<Arc<str>> {
    let mut twice = HashSet::new();
    for one in family(definition) {
        if !one.states.iter().any(|state| matches!(state.kind, StateKind::Parallel(_))) {
            continue;
        }
        let mut by_state: HashMap<&Arc<str>, &Arc<str>> = HashMap::new();
        for state in &one.states {
            let StateKind::Approval(approval) = &state.kind else { continue };
            for step in approval.policy.all_steps() {
                if by_state.insert(&step.name, &state.path).is_some_and(|known| *known != state.path) {
                    twice.insert(step.name.clone());
                }
            }
        }
    }
    twice
}

impl Course {
    /// The definition, and those that it calls.
    #[must_use]
    pub fn definitions(&self) -> Vec<&Definition> {
        family(&self.definition)
    }

    /// What an activity may mean, as transitions call it.
    #[must_use]
    pub fn meanings(&self, activity: &str) -> Vec<String> {
        self.activities.get(activity).into_iter().flatten().map(|one| one.label.to_string()).collect()
    }

    /// Whether every act says of which step it is, and no two tasks that may be open at once have it.
    pub(super) fn names_seats(&self) -> bool {
        let twice = steps_side_by_side(&self.definition);
        let mut moves = self.activities.values().flatten();
        moves.all(|one| match &one.does {
            Does::Act { step: None, .. } => false,
            Does::Act { step: Some(step), .. } => one.state.is_some() || !twice.contains(step),
            _ => true,
        })
    }

    /// Where people are named besides those who act.
    pub(super) fn people(&self) -> impl Iterator<Item = &Value> {
        let moves = self.activities.values().flatten();
        let of = moves.flat_map(|one| {
            let to = match &one.does {
                Does::Act { to, .. } => to.as_deref(),
                _ => None,
            };
            let data = one.data.iter().map(|(_, value)| value).filter(|value| value.is_person());
            one.behalf.iter().chain(to).chain(data)
        });
        let fields = self.subject.iter().filter(|(_, value)| value.is_person()).map(|(_, value)| value);
        self.starts_as.iter().chain(fields).chain(of)
    }
}

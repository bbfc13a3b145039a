//! States: their places in the tree, what their names mean, and the states themselves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::definition::chart::{History, State, StateIx};
use crate::definition::codes;
use crate::definition::file::{ArrowFile, Name, SendFile, StateFile};
use crate::definition::read;
use crate::diagnostic::{Diagnostic, Help, nearest};

use super::expressions::Scope;
use super::{Checker, title};

/// What the engine tells of messages and no state hears: what it is of, and what happens instead.
pub(super) const UNHEARD: [(&str, &str, &str); 2] = [
    ("delivery_failed", "gave up", "the engine makes an incident of it; let a timer lead on instead"),
    (crate::effect::WITHDRAWN_ARRIVED, "was withdrawn", "the trail tells of it; the one sent since has its own answer"),
];

/// What stands behind a state's name where an arrow goes back to where the state was left.
const HISTORIES: [(&str, History); 2] = [("deep_history", History::Deep), ("history", History::Shallow)];
/// How many findings there may be before similar states are no longer looked for.
const MOST_LOOKED_FOR: usize = 100;

/// The tree of states, flat: a parent stands before its children, as in the chart.
#[derive(Debug, Default)]
pub(super) struct Names {
    slots: Vec<Slot>,
    /// The slots inside each, by name; on the outermost level, inside none.
    inside: HashMap<Option<usize>, HashMap<String, usize>>,
    sends: Vec<String>,
    events: Vec<Name>,
    raises_done: bool,
    raises_failed: bool,
}

/// A state's place.
#[derive(Debug)]
struct Slot {
    name: String,
    path: Arc<str>,
    parent: Option<usize>,
}

impl Names {
    pub(super) fn of(states: &[StateFile]) -> Self {
        let mut names = Self::default();
        names.add(states, None);
        names
    }

    fn add(&mut self, states: &[StateFile], parent: Option<usize>) {
        for state in states {
            let path = match parent {
                Some(parent) => format!("{}.{}", self.slots[parent].path, state.name.value),
                None => state.name.value.clone(),
            };
            self.slots.push(Slot { name: state.name.value.clone(), path: path.into(), parent });
            let ix = self.slots.len() - 1;
            self.raises_failed |= state.call.is_some();
            self.raises_done |= state.parallel.is_some() || state.task.is_some() || state.call.is_some();
            self.inside.entry(parent).or_default().entry(state.name.value.clone()).or_insert(ix);
            self.note(&state.sends);
            let timed = state.after.iter().flat_map(|timer| &timer.arrows);
            let arrows = state.on.iter().flat_map(|(_, arrows)| arrows).chain(&state.always).chain(timed);
            arrows.for_each(|arrow: &ArrowFile| self.note(&arrow.sends));
            self.events.extend(state.on.iter().map(|(name, _)| name.clone()));
            self.add(state.states.as_deref().unwrap_or_default(), Some(ix));
        }
    }

    fn note(&mut self, sends: &[SendFile]) {
        self.sends.extend(sends.iter().map(|send| send.name.value.clone()));
    }

    /// The messages that are sent somewhere.
    pub(super) fn sends(&self) -> impl Iterator<Item = &String> {
        self.sends.iter()
    }

    /// The events that are handled somewhere, each once.
    pub(super) fn events(&self) -> Vec<Name> {
        let mut seen = HashSet::new();
        self.events.iter().filter(|event| seen.insert(event.value.as_str())).cloned().collect()
    }

    /// The states directly inside `ix`, in the order of the file.
    pub(super) fn inside(&self, ix: StateIx) -> Vec<StateIx> {
        let inside = self.slots.iter().enumerate().filter(|(_, slot)| slot.parent == Some(ix.0));
        inside.map(|(at, _)| StateIx(at)).collect()
    }

    /// Whether some state ends with the event `done`.
    pub(super) const fn raises_done(&self) -> bool {
        self.raises_done
    }

    /// Whether some state ends with the event `failed`.
    pub(super) const fn raises_failed(&self) -> bool {
        self.raises_failed
    }

    pub(super) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(super) fn child(&self, parent: Option<usize>, name: &str) -> Option<usize> {
        self.inside.get(&parent)?.get(name).copied()
    }

    /// What `name` means in the state `from`: inside it, beside it, beside what is around it; then a path.
    fn resolve(&self, from: Option<usize>, name: &str) -> Option<usize> {
        let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
        let mut scope = from;
        loop {
            if let Some(found) = self.child(scope, first) {
                let found = match rest {
                    None => Some(found),
                    Some(rest) => rest.split('.').try_fold(found, |at, name| self.child(Some(at), name)),
                };
                if found.is_some() {
                    return found;
                }
            }
            scope = self.slots[scope?].parent;
        }
    }
}

impl Checker<'_> {
    /// The state that `name` means in `from`, and whether it is left to its history which states inside are entered.
    pub(super) fn goal(&mut self, from: StateIx, name: &Name) -> Option<(StateIx, Option<History>)> {
        let history = HISTORIES
            .iter()
            .find_map(|(word, history)| Some((name.value.strip_suffix(word)?.strip_suffix('.')?, *history)));
        let Some((state, history)) = history else { return Some((self.target(Some(from), name)?, None)) };
        let to = self.target(Some(from), &Name::new(state.to_owned(), name.span))?;
        if !self.names.inside.contains_key(&Some(to.0)) {
            let message = format!("`{state}` has no states inside, so there is nothing to go back to in it");
            self.error(codes::BAD_HISTORY, name.span, message, format!("write `to: {state}`"));
            return None;
        }
        self.remembered.insert(to);
        Some((to, Some(history)))
    }

    /// The state that `name` means in `from`.
    pub(super) fn target(&mut self, from: Option<StateIx>, name: &Name) -> Option<StateIx> {
        let within = from.map(|ix| ix.0);
        let found = self.names.resolve(within, &name.value).map(StateIx);
        // One whose name cannot be a state's is reported where it stands, and goes on under the name that is meant.
        let told = format!("`{}` cannot be the name of a state", name.value);
        if found.is_none() && self.found.iter().any(|one| one.code == codes::BAD_NAME && one.message == told) {
            return self.names.resolve(within, &read::meant_name(&name.value)?).map(StateIx);
        }
        // A state that stands too deep is reported where it stands.
        if found.is_none() && !self.misplaced.contains(name.value.as_str()) {
            let message = format!("unknown state `{}`", name.value);
            let help = self.state_help(&name.value);
            self.found
                .push(Diagnostic::error(codes::UNKNOWN_STATE, name.span, message).label("no such state").help(help));
        }
        found
    }

    /// `working.deep_history` for `working.deep_histroy`, `working.shallow_history` or `history.working`.
    fn history_help(&self, name: &str) -> Option<Help> {
        let (first, last) = name.rsplit_once('.')?;
        let (state, word) = if self.names.resolve(None, first).is_some() { (first, last) } else { (last, first) };
        let near = nearest(word, HISTORIES.iter().map(|(word, _)| *word));
        let word = near.or_else(|| word.contains("history").then_some("history"))?;
        self.names.resolve(None, state)?;
        let meant = format!("{state}.{word}");
        Some(Help::instead(format!("to go back to where it was left write `{meant}`"), meant))
    }

    fn state_help(&self, name: &str) -> Help {
        // Whoever has so many wrong names has not misspelt them, and looking takes time.
        if self.found.len() > MOST_LOOKED_FOR {
            return "look at the findings before this one".into();
        }
        if let Some(help) = self.history_help(name) {
            return help;
        }
        let slots = &self.names.slots;
        if let Some(inside) = slots.iter().find(|slot| slot.name == name) {
            return Help::instead(format!("it is inside another state: write `{}`", inside.path), &*inside.path);
        }
        if let Some((outer, _)) = name.rsplit_once('.')
            && let Some(ix) = self.names.resolve(None, outer)
        {
            let inside: Vec<&str> =
                slots.iter().filter(|slot| slot.parent == Some(ix)).map(|slot| slot.name.as_str()).collect();
            let inner = name.rsplit('.').next().unwrap_or_default();
            return match nearest(inner, inside.iter().copied()) {
                Some(near) => Help::similar("state", &format!("{outer}.{near}")),
                None if inside.is_empty() => format!("there are no states inside `{outer}`").into(),
                None => format!("inside `{outer}` there is {}", super::super::read::or_list(&inside)).into(),
            };
        }
        let tops: Vec<&str> =
            slots.iter().filter(|slot| slot.parent.is_none()).map(|slot| slot.name.as_str()).collect();
        let near =
            nearest(name, slots.iter().map(|slot| slot.name.as_str()).chain(slots.iter().map(|slot| &*slot.path)));
        match near {
            // What is near may stand inside another state, where its name alone does not lead.
            Some(near) => {
                Help::similar("state", slots.iter().find(|slot| slot.name == near).map_or(near, |slot| &slot.path))
            }
            None if tops.len() <= 12 => format!("there is {}", super::super::read::or_list(&tops)).into(),
            None => "none has a similar name".into(),
        }
    }

    /// All states, in the order of the tree.
    pub(super) fn states(&mut self, files: &[StateFile]) -> Vec<State> {
        let mut states = Vec::new();
        self.add_states(files, None, &mut states);
        for ix in std::mem::take(&mut self.remembered) {
            states[ix.0].remembered = true;
        }
        states
    }

    fn add_states(&mut self, files: &[StateFile], parent: Option<StateIx>, states: &mut Vec<State>) {
        for file in files {
            if HISTORIES.iter().any(|(word, _)| *word == file.name.value) {
                let message = format!("`{}` behind a state's name means where it was left last", file.name.value);
                self.error(codes::RESERVED, file.name.span, message, "give the state another name");
            }
            let ix = StateIx(states.len());
            let state = self.state(file, ix, parent);
            states.push(state);
            self.add_states(file.states.as_deref().unwrap_or_default(), Some(ix), states);
        }
    }

    fn state(&mut self, file: &StateFile, ix: StateIx, parent: Option<StateIx>) -> State {
        let path = self.names.slots.get(ix.0).map_or_else(|| file.name.value.as_str().into(), |slot| slot.path.clone());
        let kind = self.kind(file, ix);
        let entry = self.calls(&file.entry, &Scope::engine());
        let exit = self.calls(&file.exit, &Scope::engine());
        let sends = self.sends(&file.sends);
        let arrows = self.arrows(file, ix, &path);
        State {
            path,
            title: file.title.clone().unwrap_or_else(|| title(&file.name.value)).into(),
            parent,
            kind,
            entry,
            sends,
            exit,
            on: arrows.on,
            always: arrows.always,
            timers: arrows.timers,
            tags: file.tags.iter().map(|tag| tag.value.as_str().into()).collect(),
            failed: file.failed,
            no_return: file.no_return.as_ref().map(|why| why.value.as_str().into()),
            remembered: false,
            span: file.name.span,
        }
    }
}

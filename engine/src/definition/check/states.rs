//! States: their places in the tree, what their names mean, and the states themselves.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::definition::chart::{History, State, StateIx, StateKind};
use crate::definition::codes;
use crate::definition::file::{ArrowFile, Name, SendFile, StateFile};
use crate::diagnostic::{Diagnostic, Help, Span, nearest};

use super::expressions::Scope;
use super::{Checker, title};

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

    fn child(&self, parent: Option<usize>, name: &str) -> Option<usize> {
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
        if !self.names.slots.iter().any(|slot| slot.parent == Some(to.0)) {
            let message = format!("`{state}` has no states inside, so there is nothing to go back to in it");
            self.error(codes::BAD_HISTORY, name.span, message, format!("write `to: {state}`"));
            return None;
        }
        self.remembered.insert(to);
        Some((to, Some(history)))
    }

    /// The state that `name` means in `from`.
    pub(super) fn target(&mut self, from: Option<StateIx>, name: &Name) -> Option<StateIx> {
        let found = self.names.resolve(from.map(|ix| ix.0), &name.value).map(StateIx);
        // A state that stands too deep is reported where it stands.
        if found.is_none() && !self.misplaced.contains(name.value.as_str()) {
            let message = format!("unknown state `{}`", name.value);
            let help = self.state_help(&name.value);
            self.found
                .push(Diagnostic::error(codes::UNKNOWN_STATE, name.span, message).label("no such state").help(help));
        }
        found
    }

    fn state_help(&self, name: &str) -> Help {
        // Whoever has so many wrong names has not misspelt them, and looking takes time.
        if self.found.len() > MOST_LOOKED_FOR {
            return "look at the findings before this one".into();
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
            remembered: false,
            span: file.name.span,
        }
    }

    fn kind(&mut self, file: &StateFile, ix: StateIx) -> StateKind {
        if let Some(at) = file.is_final {
            if let Some(key) = &file.leaves {
                let message = format!("a final state has no `{}`", key.value);
                self.found.push(
                    Diagnostic::error(codes::FINAL_LEAVES, key.span, message)
                        .related(at, "final here")
                        .help("leave it out, or let another state be the final one"),
                );
            }
            return StateKind::Final;
        }
        let asks =
            file.task.as_ref().map(|asks| (asks, "a task")).or_else(|| Some((file.approval.as_ref()?, "an approval")));
        if let (Some(((at, _), what)), Some(_)) = (asks, &file.states) {
            let help = format!("put {what} into a state of its own inside");
            self.error(codes::CONFLICT, *at, format!("a state with states inside is not itself {what}"), help);
        }
        if let (Some((at, _)), Some((other, _))) = (&file.task, &file.approval) {
            self.found.push(
                Diagnostic::error(codes::CONFLICT, *at, "a state asks for a decision or for data, not both")
                    .related(*other, "the approval")
                    .help("write two states, one after the other"),
            );
            self.approvals.push(ix);
            self.tasks.push(ix);
            return StateKind::Simple;
        }
        if let Some(call) = &file.call {
            let beside = [
                file.approval.as_ref().map(|(at, _)| (*at, "an approval")),
                file.task.as_ref().map(|(at, _)| (*at, "a task")),
                file.states.as_ref().map(|_| (file.name.span, "a state with states inside")),
            ];
            for (at, what) in beside.into_iter().flatten() {
                let message = format!("a state that calls another workflow is not itself {what}");
                self.found.push(
                    Diagnostic::error(codes::CONFLICT, call.span, message)
                        .related(at, "here")
                        .help("write a state of its own for each"),
                );
            }
            if file.approval.is_some() {
                self.approvals.push(ix);
            }
            self.calls.push(ix);
            return self.calling(call, ix).map_or(StateKind::Simple, |call| StateKind::Call(Box::new(call)));
        }
        if let (Some((at, node)), None) = (&file.task, &file.states) {
            self.tasks.push(ix);
            let task = self.task(*at, node, ix);
            return task.map_or(StateKind::Simple, |task| StateKind::Approval(Box::new(task)));
        }
        if file.approval.is_some() {
            self.approvals.push(ix);
        }
        let approval = file.approval.as_ref().and_then(|(at, node)| self.approval(*at, node));
        if let (Some(at), Some(regions)) = (file.parallel, &file.states) {
            return self.parallel(file, at, regions, ix);
        }
        match (&file.states, &file.start) {
            (Some(states), start) => self.compound(file, states, start.as_ref(), ix),
            (None, Some(start)) => {
                let help = "write the `states` inside, or leave `start` out";
                self.error(codes::START_WITHOUT_STATES, start.span, "there are no states inside to start in", help);
                StateKind::Simple
            }
            (None, None) => match approval {
                Some(approval) => StateKind::Approval(Box::new(approval)),
                None => StateKind::Simple,
            },
        }
    }

    /// A state that is in all its regions at once.
    fn parallel(&mut self, file: &StateFile, at: Span, regions: &[StateFile], ix: StateIx) -> StateKind {
        if let [only] = regions {
            let message = format!("`{}` has one region only", file.name.value);
            let help =
                format!("write a second one, or `start: {0}` and `states:` instead of `parallel:`", only.name.value);
            self.error(codes::ONE_REGION, at, message, help);
        }
        for region in regions.iter().filter(|region| region.states.is_none()) {
            let name = &region.name.value;
            let message = format!("the region `{name}` has no states inside");
            let help = "write `start:` and `states:` in it, one of them with `final: true`, where it ends";
            self.error(codes::REGION_WITHOUT_STATES, region.name.span, message, help);
        }
        let inside = self.names.slots.iter().enumerate().filter(|(_, slot)| slot.parent == Some(ix.0));
        StateKind::Parallel(inside.map(|(at, _)| StateIx(at)).collect())
    }

    fn compound(&mut self, file: &StateFile, inside: &[StateFile], start: Option<&Name>, ix: StateIx) -> StateKind {
        let names: Vec<&str> = inside.iter().map(|state| state.name.value.as_str()).collect();
        let first = names.first().and_then(|first| self.names.child(Some(ix.0), first));
        let Some(start) = start else {
            if let Some(first) = names.first() {
                let message = format!("`{}` does not say in which of its states it begins", file.name.value);
                self.error(codes::NO_START, file.name.span, message, format!("write `start: {first}` beside `states`"));
            }
            return first.map_or(StateKind::Simple, |first| StateKind::Compound(StateIx(first)));
        };
        match self.names.child(Some(ix.0), &start.value) {
            Some(child) => StateKind::Compound(StateIx(child)),
            None => {
                let help = super::known(&start.value, "state inside", names.iter().copied());
                let message = format!("`{}` is not a state inside `{}`", start.value, file.name.value);
                self.error(codes::BAD_START, start.span, message, help);
                first.map_or(StateKind::Simple, |first| StateKind::Compound(StateIx(first)))
            }
        }
    }
}

//! What is asked of a chart: where something is, what is around it, what it accepts.

use std::sync::Arc;

use super::{ActionCall, Approval, Arrow, By, DONE, Definition, Outcome, State, StateIx, StateKind};
use crate::calendar::Calendar;
use crate::expression::{Expr, RecordType};
use crate::instance::Instance;

/// The state at `ix` and those around it, inmost first.
pub(crate) fn upwards(states: &[State], ix: StateIx) -> impl Iterator<Item = StateIx> + '_ {
    std::iter::successors(Some(ix), |&at| states[at.0].parent)
}

/// The region that the state at `ix` is, or is in: the nearest.
pub(crate) fn region(states: &[State], ix: StateIx) -> Option<StateIx> {
    let is_region =
        |at: &StateIx| states[at.0].parent.is_some_and(|up| matches!(states[up.0].kind, StateKind::Parallel(_)));
    upwards(states, ix).find(is_region)
}

impl Arrow {
    /// What it sets a field of the subject to.
    pub(crate) fn sets<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Expr> {
        let set = match &self.outcome {
            Outcome::Go(go) => go.set.as_slice(),
            Outcome::Refuse(_) => &[],
        };
        set.iter().filter(move |(field, _)| **field == *name).map(|(_, value)| value)
    }
}

impl Definition {
    /// The state whose called workflow gives a field of the subject its value, if one does.
    #[must_use]
    pub fn found_by(&self, name: &str) -> Option<&Arc<str>> {
        let brings = |path: &String| path.starts_with("event.");
        let sets = |arrow: &Arrow| arrow.sets(name).any(|value| value.fields_read().iter().any(brings));
        let calls = self.states.iter().filter(|state| matches!(state.kind, StateKind::Call(_)));
        let mut found = calls.filter(|state| state.on.get(DONE).is_some_and(|arrows| arrows.iter().any(sets)));
        found.next().map(|state| &state.path)
    }

    /// The states whose called workflow is given a field of the subject.
    pub fn given_to<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Arc<str>> {
        let is_given = move |state: &&State| match &state.kind {
            StateKind::Call(call) => call.input.iter().any(|(_, value)| self.reads(value, name)),
            _ => false,
        };
        self.states.iter().filter(is_given).map(|state| &state.path)
    }

    /// Whether an expression reads a field of the subject, or the subject as a whole: itself, or in a table or a fact that it
    /// names.
    #[must_use]
    pub fn reads(&self, expr: &Expr, name: &str) -> bool {
        expr.fields_read().iter().any(|path| self.ties.reads(&self.subject, path, name))
    }

    /// Whether a task with a form gives a field of the subject its value.
    #[must_use]
    pub fn answered_by(&self, name: &str) -> bool {
        let brings = |path: &String| path.starts_with("event.") || path == "actor" || path == "on_behalf_of";
        let sets = |arrow: &Arrow| arrow.sets(name).any(|value| value.fields_read().iter().any(brings));
        let is_form = |state: &&State| matches!(&state.kind, StateKind::Approval(asks) if asks.form.is_some());
        let mut done = self.states.iter().filter(is_form).filter_map(|state| state.on.get(DONE));
        done.any(|arrows| arrows.iter().any(sets))
    }

    /// Whether a field of the subject gets its value where people have approved it.
    #[must_use]
    pub fn approved_by(&self, name: &str) -> bool {
        let asks = |state: &&State| matches!(&state.kind, StateKind::Approval(asks) if asks.form.is_none());
        let mut approved = self.states.iter().filter(asks).filter_map(|state| state.on.get("approved"));
        approved.any(|arrows| arrows.iter().any(|arrow| arrow.sets(name).next().is_some()))
    }

    /// Whether some approval or task shuts the people out that a field of the subject names.
    #[must_use]
    pub fn keeps_out(&self, name: &str) -> bool {
        self.states.iter().any(|state| match &state.kind {
            StateKind::Approval(asks) => asks.policy.never.iter().any(|field| **field == *name),
            _ => false,
        })
    }

    /// Whether an arrow writes a field of the subject.
    #[must_use]
    pub fn is_written(&self, name: &str) -> bool {
        self.states.iter().flat_map(State::arrows).any(|arrow| arrow.sets(name).next().is_some())
    }

    /// The actions of every way to begin.
    pub fn start_actions(&self) -> impl Iterator<Item = &ActionCall> {
        self.starts.iter().flat_map(|start| &start.actions)
    }

    /// The file as it is stored: with those of the workflows that it calls.
    #[must_use]
    pub fn stored(&self) -> Arc<str> {
        if self.called.is_empty() { self.source.clone() } else { crate::definition::set::bundle(self).into() }
    }

    /// What it gives to whoever calls it.
    #[must_use]
    pub fn result_type(&self) -> RecordType {
        let mut record = RecordType::new(&*self.name);
        for name in &self.result {
            let field = self.subject.record.fields.get(&**name).cloned();
            record.fields.extend(field.map(|field| (name.to_string(), field)));
        }
        record
    }

    /// The calendar that working time is counted in.
    #[must_use]
    pub fn working(&self) -> Option<&Calendar> {
        self.calendar.as_ref()?.named.as_ref().map(|named| &named.calendar)
    }

    /// The state at `ix`.
    #[must_use]
    pub fn state(&self, ix: StateIx) -> &State {
        &self.states[ix.0]
    }

    /// The state whose path is `path`.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<StateIx> {
        self.states.iter().position(|s| &*s.path == path).map(StateIx)
    }

    /// What is asked in the state whose path is `path`: a decision, or data.
    #[must_use]
    pub fn approval(&self, path: &str) -> Option<&Approval> {
        match &self.state(self.find(path)?).kind {
            StateKind::Approval(approval) => Some(approval),
            _ => None,
        }
    }

    /// `ix` and the states around it, inmost first.
    pub fn upwards(&self, ix: StateIx) -> impl Iterator<Item = StateIx> + '_ {
        upwards(&self.states, ix)
    }

    /// The innermost states that an instance is in, in the order of the file; `None` if one does not exist.
    #[must_use]
    pub fn active(&self, instance: &Instance) -> Option<Vec<StateIx>> {
        instance.inside().iter().map(|path| self.find(path)).collect()
    }

    /// Whether `outer` is `inner`, or around it.
    #[must_use]
    pub fn is_within(&self, inner: StateIx, outer: StateIx) -> bool {
        self.upwards(inner).any(|at| at == outer)
    }

    /// The state directly inside `around` that `ix` is, or is in.
    pub(crate) fn below(&self, around: StateIx, ix: StateIx) -> Option<StateIx> {
        self.upwards(ix).find(|&at| self.state(at).parent == Some(around))
    }

    /// What an arrow from `at` to `to` stays in: the nearest state around both, never one of the two themselves; `None`:
    /// the whole chart. An arrow from one region to another leaves their parallel state: it is never in the one without
    /// the other.
    pub(crate) fn around(&self, at: StateIx, to: StateIx) -> Option<StateIx> {
        let outside: Vec<StateIx> = self.upwards(at).skip(1).collect();
        self.upwards(to).skip(1).find(|&up| {
            let regions = matches!(self.state(up).kind, StateKind::Parallel(_));
            outside.contains(&up) && !(regions && self.below(up, at) != self.below(up, to))
        })
    }

    /// What an arrow from `at` to `to` leaves: the state with all inside; `None`: all there is.
    pub(crate) fn left(&self, at: StateIx, to: StateIx) -> Option<StateIx> {
        self.below(self.around(at, to)?, at)
    }

    /// What whoever is in `active` stays in when he goes to `to`, and what inside it he leaves: the nearest state around `to`
    /// that he is in, and of that the region of `to` or the one state inside. `None`: the whole chart, all there is.
    pub(crate) fn displaced(&self, active: &[StateIx], to: StateIx) -> (Option<StateIx>, Option<StateIx>) {
        let is_active = |&up: &StateIx| active.iter().any(|&leaf| self.is_within(leaf, up));
        let around = self.upwards(to).skip(1).find(is_active);
        let branch = around.and_then(|around| match self.state(around).kind {
            StateKind::Parallel(_) => self.below(around, to),
            _ => active.iter().find_map(|&leaf| self.below(around, leaf)),
        });
        (around, branch)
    }

    /// The states in which whoever goes from `around` to `to` arrives, innermost and around: `to`, where it begins, and where
    /// other regions on the way begin.
    pub(crate) fn arrival(&self, around: Option<StateIx>, to: StateIx) -> Vec<StateIx> {
        let Some(top) = self.upwards(to).take_while(|&ix| Some(ix) != around).last() else { return Vec::new() };
        let (mut found, mut open) = (Vec::new(), vec![top]);
        while let Some(ix) = open.pop() {
            found.push(ix);
            match &self.state(ix).kind {
                StateKind::Compound(first) => open.push(self.below(ix, to).unwrap_or(*first)),
                StateKind::Parallel(regions) => open.extend(regions),
                StateKind::Simple | StateKind::Approval(_) | StateKind::Call(_) | StateKind::Final => {}
            }
        }
        found
    }

    /// The region that `ix` is, or is in: the nearest.
    #[must_use]
    pub fn region(&self, ix: StateIx) -> Option<StateIx> {
        region(&self.states, ix)
    }

    /// The events that somebody may signal in the states `active`, in name order: those of the approval and the results
    /// of messages are the engine's own.
    #[must_use]
    pub fn accepts(&self, active: &[StateIx]) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = active
            .iter()
            .flat_map(|&ix| self.upwards(ix))
            .flat_map(|s| &self.state(s).on)
            .filter(|(name, arrows)| {
                self.events.contains_key(*name) && arrows.iter().any(|a| !matches!(a.by, By::Engine))
            })
            .map(|(name, _)| name.clone())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

impl State {
    /// Its own arrows: those of events, those without, and those of time.
    pub fn arrows(&self) -> impl Iterator<Item = &Arrow> {
        let of_time = self.timers.iter().flat_map(|timer| &timer.arrows);
        self.on.values().flatten().chain(&self.always).chain(of_time)
    }
}

impl Definition {
    /// Every arrow, in no particular order.
    pub fn all_arrows(&self) -> impl Iterator<Item = &Arrow> {
        self.states.iter().flat_map(State::arrows)
    }

    /// Whether a state or an arrow sends `message`.
    #[must_use]
    pub fn sends(&self, message: &str) -> bool {
        let of_arrows = self.all_arrows().filter_map(|arrow| match &arrow.outcome {
            Outcome::Go(go) => Some(&go.sends),
            Outcome::Refuse(_) => None,
        });
        let mut all = self.states.iter().map(|state| &state.sends).chain(of_arrows).flatten();
        all.any(|send| &*send.message == message)
    }
}

impl Arrow {
    /// Whether it goes on, as against refusing.
    #[must_use]
    pub const fn goes(&self) -> bool {
        matches!(self.outcome, Outcome::Go(_))
    }

    /// Where it leads to, if it does not refuse or stay.
    #[must_use]
    pub const fn to(&self) -> Option<StateIx> {
        match &self.outcome {
            Outcome::Go(go) => go.to,
            Outcome::Refuse(_) => None,
        }
    }
}

//! Taking an arrow: which states are left and entered, and what happens on the way.

use std::collections::BTreeSet;

use crate::clock::Timestamp;
use crate::command::{Repair, Verb};
use crate::definition::chart::{Arrow, DONE, Due, Go, History, StateIx, StateKind};
use crate::domain::Domain;
use crate::effect::Effect;
use crate::expression::Value;
use crate::instance::Status;

use super::Halt;
use super::run::{Raised, Run};

/// How many arrows one command may walk before it is taken for a loop.
const MOST_STEPS: usize = 500;

impl<'a, D: Domain> Run<'a, '_, D> {
    /// Takes an arrow of the state `at`.
    pub(super) fn go(&mut self, at: StateIx, arrow: &'a Arrow, go: &'a Go) -> Result<(), Halt<D::Need>> {
        self.steps += 1;
        if self.steps > MOST_STEPS {
            return Err(Halt::Broken(
                "endless_loop",
                format!("more than {MOST_STEPS} arrows were walked for one event"),
            ));
        }
        self.record.walked.push(arrow.ix.0);
        let around = go.to.map(|to| self.definition.around(at, to));
        let whole = self.work.detail.inside.is_empty();
        let mut left = BTreeSet::new();
        if let (Some(to), Some(around)) = (go.to, around) {
            left = self.leave(around, self.definition.left(at, to))?;
        }
        self.undo(&go.undo)?;
        self.set(&go.set)?;
        self.act(&go.actions)?;
        self.send(&go.sends)?;
        if let (Some(to), Some(around)) = (go.to, around) {
            self.moved = true;
            self.clear_incidents(whole, &left);
            self.enter(around, to, go.history)?;
        }
        Ok(())
    }

    /// Leaves what the instance is in of `branch` (else everything), the innermost first.
    fn leave(&mut self, around: Option<StateIx>, branch: Option<StateIx>) -> Result<BTreeSet<StateIx>, Halt<D::Need>> {
        let definition = self.definition;
        let active = self.active()?;
        let within = |ix: StateIx| match (around, branch) {
            (Some(_), Some(branch)) => definition.is_within(ix, branch),
            _ => true,
        };
        let left: BTreeSet<StateIx> =
            active.iter().flat_map(|&leaf| definition.upwards(leaf)).filter(|&ix| within(ix)).collect();
        self.remember(&active, &left);
        // Parents stand before their children in the list, and regions in the order of the file.
        for &ix in left.iter().rev() {
            let state = definition.state(ix);
            for timer in &state.timers {
                self.work.detail.timers.remove(&timer.name);
            }
            match state.kind {
                StateKind::Approval(_) => self.leave_task(&state.path)?,
                StateKind::Call(_) => self.leave_call(&state.path),
                _ => {}
            }
            self.waited(ix);
            self.act(&state.exit)?;
        }
        let stay: Vec<StateIx> = active.into_iter().filter(|ix| !left.contains(ix)).collect();
        // What the leaving itself raised (a recall) has no arrow to walk any more.
        self.raised.retain(|raised| !left.contains(&raised.at));
        self.work.detail.inside = stay.iter().map(|&ix| definition.state(ix).path.clone()).collect();
        Ok(left)
    }

    /// Notes whose answer the state waited for, or another one for what was sent in it: where nobody waits in the end, a message that
    /// was not sent yet is not sent. What a delivery itself brings about leaves all others as they are.
    fn waited(&mut self, ix: StateIx) {
        let definition = self.definition;
        let waits = |at: StateIx, sent: &str| definition.state(at).on.contains_key(sent);
        let inside = (ix.0..definition.states.len()).map(StateIx).take_while(|&at| definition.is_within(at, ix));
        for (at, send) in inside.flat_map(|at| definition.state(at).sends.iter().map(move |send| (at, send))) {
            let declared = self.ground.domain.vocabulary().messages.get(&send.message);
            let Some(sent) = declared.and_then(|message| message.sent_event.clone()) else { continue };
            let answered = match &self.command.verb {
                Verb::Message { event, .. } => **event == *sent,
                Verb::Repair { repair, .. } => matches!(repair, Repair::Retry { .. } | Repair::Skip { .. }),
                _ => false,
            };
            let own = at == ix && definition.upwards(ix).any(|at| waits(at, &sent));
            if !answered && (own || waits(ix, &sent)) {
                self.unawaited.push((send.message.clone(), sent));
            }
        }
    }

    /// Withdraws the messages for which nobody waits any more. Who waits now has sent his own, or is one of several who have: then
    /// nobody can say whose a message is, and it goes out. A state that was entered since and only notes the answer, with no arrow
    /// that leads on by it, does not wait.
    pub(super) fn withdraw(&mut self) {
        let definition = self.definition;
        if self.unawaited.is_empty() {
            return;
        }
        let over = self.work.status == Status::Final;
        let around = |leaves: Vec<StateIx>| -> BTreeSet<StateIx> {
            leaves.into_iter().flat_map(|leaf| definition.upwards(leaf)).collect()
        };
        let active = around(if over { Vec::new() } else { self.active().unwrap_or_default() });
        let stayed = around(self.before().and_then(|before| definition.active(before)).unwrap_or_default());
        for (message, sent) in std::mem::take(&mut self.unawaited) {
            let waits = active.iter().any(|&at| {
                let arrows = definition.state(at).on.get(&sent);
                arrows.is_some_and(|arrows| stayed.contains(&at) || arrows.iter().any(|arrow| arrow.to().is_some()))
            });
            let sends = |&&at: &&StateIx| definition.state(at).sends.iter().any(|send| send.message == message);
            let again = |effect: &Effect<D::Op>| matches!(effect, Effect::Send(out) if out.message == message);
            let replaced = active.iter().filter(sends).count() == 1 && self.effects.iter().any(again);
            let known = |effect: &Effect<D::Op>| matches!(effect, Effect::Withdraw(known) if *known == message);
            if (!waits || replaced) && !self.effects.iter().any(known) {
                self.effects.push(Effect::Withdraw(message));
            }
        }
    }

    /// Goes to `to` from wherever it is, as an arrow into it would: leaves what stands in the way, and nothing else.
    pub(super) fn jump(&mut self, to: StateIx) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let active = self.active()?;
        let (around, branch) = definition.displaced(&active, to);
        let whole = self.work.detail.inside.is_empty();
        let left = self.leave(around, branch)?;
        self.moved = true;
        self.clear_incidents(whole, &left);
        self.enter(around, to, None)
    }

    /// Leaves everything.
    pub(super) fn leave_all(&mut self) -> Result<(), Halt<D::Need>> {
        self.leave(None, None).map(drop)
    }

    /// Keeps where the states were that some arrow leads back into.
    fn remember(&mut self, active: &[StateIx], left: &BTreeSet<StateIx>) {
        let definition = self.definition;
        for &ix in left.iter().filter(|&&ix| definition.state(ix).remembered) {
            let inside = active.iter().filter(|&&leaf| definition.is_within(leaf, ix));
            let paths = inside.map(|&leaf| definition.state(leaf).path.clone()).collect();
            self.work.detail.history.insert(definition.state(ix).path.clone(), paths);
        }
    }

    /// Enters states from below `around` down to `to`, and on into the first states inside, or those it was in before.
    pub(super) fn enter(
        &mut self,
        around: Option<StateIx>,
        to: StateIx,
        history: Option<History>,
    ) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let Some(top) = definition.upwards(to).take_while(|&ix| Some(ix) != around).last() else { return Ok(()) };
        let mut aims = vec![to];
        if let Some(history) = history {
            let before = self.work.detail.history.get(&definition.state(to).path);
            let before: Vec<StateIx> = before.into_iter().flatten().filter_map(|path| definition.find(path)).collect();
            match history {
                History::Deep => aims.extend(before),
                History::Shallow => aims.extend(before.into_iter().filter_map(|ix| definition.below(to, ix))),
            }
        }
        // Where nothing was left, as at the start, nothing stays.
        let mut active: Vec<StateIx> =
            self.work.detail.inside.iter().filter_map(|path| definition.find(path)).collect();
        let stayed = active.len();
        self.come_into(top, &aims, &mut active)?;
        let entered: Vec<StateIx> = active[stayed..].to_vec();
        active.sort_unstable();
        self.stand(&active);
        for ix in entered.into_iter().filter(|&ix| matches!(definition.state(ix).kind, StateKind::Final)) {
            self.region_ended(ix, &active);
        }
        Ok(())
    }

    /// Enters `ix` and what is inside it: towards `aims`, else where it begins.
    fn come_into(&mut self, ix: StateIx, aims: &[StateIx], active: &mut Vec<StateIx>) -> Result<(), Halt<D::Need>> {
        let definition = self.definition;
        let state = definition.state(ix);
        self.work.state = state.path.clone();
        self.record.entered.push(state.path.clone());
        self.work.detail.entered_at = self.now();
        if state.no_return.is_some() {
            self.work.detail.passed.insert(state.path.clone());
        }
        for timer in &state.timers {
            let due = self.due(&timer.due, self.now())?;
            self.work.detail.timers.insert(timer.name.clone(), due);
        }
        self.act(&state.entry)?;
        self.send(&state.sends)?;
        match &state.kind {
            StateKind::Simple => active.push(ix),
            StateKind::Compound(first) => {
                // The last aim inside is the innermost.
                let aim = aims.iter().rev().find_map(|&aim| definition.below(ix, aim));
                self.come_into(aim.unwrap_or(*first), aims, active)?;
            }
            StateKind::Parallel(regions) => {
                for &region in regions {
                    self.come_into(region, aims, active)?;
                }
            }
            StateKind::Approval(approval) => {
                active.push(ix);
                self.enter_task(ix, approval)?;
            }
            StateKind::Call(calling) => {
                active.push(ix);
                self.call_workflow(ix, calling)?;
            }
            StateKind::Final => {
                active.push(ix);
                if definition.region(ix).is_none() {
                    self.end(Some(ix));
                }
            }
        }
        Ok(())
    }

    /// The instant at which a timer fires that begins now.
    pub(super) fn due(&mut self, due: &Due, since: Timestamp) -> Result<Timestamp, Halt<D::Need>> {
        match due {
            Due::In(wait) => wait.end(since, self.definition.working()).ok_or_else(|| {
                let why = format!("`{wait}` from {since} on never ends: look at the calendar");
                Halt::Broken("calendar_failed", why)
            }),
            Due::At(instant) => match self.eval(instant)? {
                Value::Timestamp(at) => Ok(at),
                other => {
                    let why = format!("`{instant}` is to say when, and is {other}");
                    Err(Halt::Broken("expression_failed", why))
                }
            },
        }
    }

    /// Notes where the instance is.
    pub(super) fn stand(&mut self, active: &[StateIx]) {
        let definition = self.definition;
        let path = |ix: StateIx| definition.state(ix).path.clone();
        let is_parallel = |ix: &StateIx| matches!(definition.state(*ix).kind, StateKind::Parallel(_));
        let Some(&first) = active.first() else { return };
        match definition.upwards(first).filter(is_parallel).last() {
            Some(outermost) => {
                self.work.state = path(outermost);
                self.work.detail.inside = active.iter().map(|&ix| path(ix)).collect();
            }
            None => {
                self.work.state = path(first);
                self.work.detail.inside.clear();
            }
        }
    }

    /// A region has come to its end `ix`: if all of them have, their parallel state is done.
    fn region_ended(&mut self, ix: StateIx, active: &[StateIx]) {
        let definition = self.definition;
        let around = |leaf| definition.region(leaf).and_then(|region| definition.state(region).parent);
        let Some(parallel) = around(ix) else { return };
        let ended = |leaf| matches!(definition.state(leaf).kind, StateKind::Final) && around(leaf) == Some(parallel);
        let known = self.raised.iter().any(|raised| raised.at == parallel);
        if !known && active.iter().filter(|&&leaf| definition.is_within(leaf, parallel)).all(|&leaf| ended(leaf)) {
            let payload = Value::record(Vec::<(&str, Value)>::new());
            self.raised.push(Raised { at: parallel, event: DONE, payload });
        }
    }

    /// An incident is over when its state is left; outside parallel states, and where nobody knows its state, with any move.
    fn clear_incidents(&mut self, whole: bool, left: &BTreeSet<StateIx>) {
        let definition = self.definition;
        let gone = |at: &std::sync::Arc<str>| definition.find(at).is_none_or(|ix| left.contains(&ix));
        self.work.detail.forget(|incident| whole || incident.at.as_ref().is_none_or(gone));
        self.is_well();
    }

    /// Active again, if nothing needs somebody any more.
    pub(super) fn is_well(&mut self) {
        if self.work.status == Status::Incident && self.work.detail.incident.is_none() {
            self.work.status = Status::Active;
        }
    }
}

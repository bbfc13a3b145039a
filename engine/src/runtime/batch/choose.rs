//! Which decision a command asks for, and taking it into the plan.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::approval::Verb as Act;
use crate::command::{Actor, Answer, Command, Verb};
use crate::decide::{self, Ground, Layer, Seen, Stop};
use crate::definition::chart::Definition;
use crate::effect::{Decision, is_tell};
use crate::ids::InstanceId;
use crate::instance::{Instance, Status};
use crate::plan::{Plan, answer_of, blank_answer};
use crate::refusal::Refusal;
use crate::store::{Persist, Store};

use super::{Batcher, Kept, Submitted, Work};

/// A decision about an instance, before it is taken into the plan.
pub(super) struct Ready<Op> {
    definition: Arc<Definition>,
    decision: Decision<Op>,
    /// A start with its business key filled in.
    start: Option<Command>,
}

impl<D: Persist, S: Store<D>> Batcher<D, S> {
    /// Decides, or takes what was decided already, and takes it into the plan. Pure but for minting. A change of a record
    /// that leaves all as it was writes nothing: it is answered like a repeat. So does letting somebody watch who does already.
    pub(super) fn decide(
        &mut self,
        command: &Command,
        kept: Kept<D>,
        work: &mut Work<D>,
    ) -> Result<Submitted, Stop<D::Need>> {
        let shared = self.shared.clone();
        let organisations = work.organisations(command.tenant);
        let (library, known) = (work.library.clone(), work.plan.so_far().keys.len());
        let ground = Ground::new(&*shared.domain, &library, &work.keys, &organisations, work.now);
        let ground = ground.map(|ground| ground.noting(shared.options.judged.as_deref()));
        let Some(ground) = ground else { return Err(Stop::Nothing) };
        let mut layer = Layer::new(&*shared.domain, &mut work.facts);
        let plan = &mut work.plan;
        let done = match &command.verb {
            Verb::Change(change) => {
                let so_far = plan.so_far();
                let (_, key) = change.record();
                let mut keys = so_far.api_keys.iter().chain(&work.loaded.api_keys);
                let api_key = keys.find(|k| k.tenant == command.tenant && k.id == key).cloned();
                let organisation = so_far.organisations.iter().rev().find(|o| o.tenant == command.tenant).cloned();
                let organisation = organisation.or_else(|| ground.organisation().row.clone());
                let seen = Seen { organisation: organisation.as_ref(), api_key: api_key.as_ref() };
                decide::change(&ground, command, change, &seen, &mut layer).map(|changed| {
                    let mut answer = blank_answer(work.now);
                    answer.record = changed.answer.clone();
                    let repeat = changed.is_nothing();
                    if !repeat {
                        plan.changed(command, changed, &mut answer, &mut self.mint);
                    }
                    Submitted { answer, repeat }
                })
            }
            _ => {
                let stands = |ready: &Ready<D::Op>| {
                    let after = &ready.decision.after;
                    plan.instance(command.tenant, after.id).map_or(0, |now| now.seq) == after.seq
                };
                let ready = match kept.filter(stands) {
                    Some(ready) => {
                        layer.apply_all(command.tenant, &ready.decision.effects);
                        Ok(ready)
                    }
                    None => self.ready(&ground, command, plan, &mut layer),
                };
                ready.map(|ready| Submitted { answer: self.take(&ground, command, ready, plan), repeat: false })
            }
        };
        match done.is_err() {
            true => layer.roll_back(),
            false => work.learn(known),
        }
        done
    }

    /// Decides about an instance; nothing of it is in the plan yet.
    pub(super) fn ready(
        &mut self,
        ground: &Ground<'_, D>,
        command: &Command,
        plan: &mut Plan<D::Op>,
        layer: &mut Layer<'_, D>,
    ) -> Result<Ready<D::Op>, Stop<D::Need>> {
        match &command.verb {
            Verb::Start { .. } => self.start(ground, command, layer),
            verb => self.existing(ground, command, verb.instance(), plan, layer),
        }
    }

    fn take(
        &mut self,
        ground: &Ground<'_, D>,
        command: &Command,
        ready: Ready<D::Op>,
        plan: &mut Plan<D::Op>,
    ) -> Answer {
        let Ready { definition, decision, start } = ready;
        if let Some((_, due)) = decision.record.timers.last() {
            let late = u64::try_from(ground.now.micros() - due.micros()).unwrap_or(0);
            self.shared.stats.timer_lateness_micros.store(late, Ordering::Relaxed);
        }
        let (id, key) = (decision.after.id, decision.after.key.clone());
        let mut answer = answer_of(&definition, &decision.after, Some(ground.organisation()), ground.now);
        let by = start.as_ref().unwrap_or(command);
        decision.each_child(&mut |child| self.define(&child.definition, plan));
        plan.accept(by, &definition, ground.organisation(), decision, &mut answer, &mut self.mint);
        // Whoever is pinned to a definition finds it stored.
        if start.is_some() || matches!(command.verb, Verb::Migrate { .. }) {
            self.define(&definition, plan);
        }
        if start.is_some() {
            plan.started(command, &definition, id, key.as_ref());
        }
        answer
    }

    fn define(&self, definition: &Definition, plan: &mut Plan<D::Op>) {
        if !self.shared.definitions.is_stored(definition.hash) {
            plan.define(definition);
        }
    }

    fn start(
        &mut self,
        ground: &Ground<'_, D>,
        command: &Command,
        layer: &mut Layer<'_, D>,
    ) -> Result<Ready<D::Op>, Stop<D::Need>> {
        let Verb::Start { workflow, key, input } = &command.verb else { return Err(Stop::Nothing) };
        let Some(definition) = ground.library.current(workflow) else {
            return Err(Stop::Refused(ground.library.unknown(workflow)));
        };
        let vocabulary = self.shared.domain.vocabulary();
        let asked = (input, command.actor.person());
        // A schedule's key says for when it is.
        if !matches!(command.actor, Actor::Timer) {
            decide::may_have_key(vocabulary, definition, key.as_ref(), asked).map_err(Stop::Refused)?;
        }
        let key = decide::start_key(vocabulary, definition, key.as_ref(), asked).map_err(Stop::Refused)?;
        let mut command = command.clone();
        if let Verb::Start { key: slot, .. } = &mut command.verb {
            *slot = key;
        }
        let id = InstanceId(self.mint.uuid(ground.now));
        let decision = decide::start(ground, definition, id, &command, layer)?;
        Ok(Ready { definition: definition.clone(), decision, start: Some(command) })
    }

    fn existing(
        &self,
        ground: &Ground<'_, D>,
        command: &Command,
        id: Option<InstanceId>,
        plan: &mut Plan<D::Op>,
        layer: &mut Layer<'_, D>,
    ) -> Result<Ready<D::Op>, Stop<D::Need>> {
        let Some(id) = id else { return Err(Stop::Nothing) };
        let Some(instance) = plan.instance(command.tenant, id).cloned() else {
            return Err(match &command.verb {
                Verb::Message { message, .. } => {
                    plan.drop_message(command.tenant, id, message.clone());
                    Stop::Nothing
                }
                Verb::Decide { task, .. } | Verb::Complete { task, .. } => Stop::Refused(Refusal::UnknownTask(*task)),
                Verb::Wake { .. } => Stop::Nothing,
                _ => Stop::Refused(Refusal::UnknownInstance(id)),
            });
        };
        // What the instance was to do in parts is of no use any more.
        if let (Status::Final, Verb::Message { message, .. }) = (instance.status, &command.verb)
            && is_tell(message)
        {
            plan.drop_message(command.tenant, id, message.clone());
            return Err(Stop::Nothing);
        }
        let hash = instance.definition;
        let Some(definition) = ground.library.pinned(hash) else {
            let why = self.shared.definitions.why_unloadable(hash).unwrap_or_else(|| "it is not known".to_owned());
            return Err(Stop::Refused(Refusal::Unloadable { definition: hash, why }));
        };
        let decision = decide::decide(ground, definition, &instance, command, layer)?;
        if watches_already(command, &instance, &decision) {
            return Err(Stop::Nothing);
        }
        // A migration leads to another one, which it was decided by.
        let definition = ground.library.pinned(decision.after.definition).unwrap_or(definition);
        Ok(Ready { definition: definition.clone(), decision, start: None })
    }
}

/// Whether somebody was to watch who does so already: all is as it was, so that nobody makes a trail grow by asking again. When
/// something is looked at the next time is no change: what stays due is put off by any act.
fn watches_already<Op>(command: &Command, before: &Instance, decision: &Decision<Op>) -> bool {
    if !matches!(command.verb, Verb::Decide { act: Act::AddWatcher { .. }, .. }) || !decision.effects.is_empty() {
        return false;
    }
    let mut after = decision.after.clone();
    for (task, was) in after.tasks.iter_mut().zip(&before.tasks) {
        task.due_at = was.due_at;
    }
    after == *before
}

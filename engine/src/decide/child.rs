//! Instances that an action starts: decided with its command, through the same start as any other, and refused with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::command::{Command, Verb};
use crate::definition::chart::Definition;
use crate::domain::{Domain, Start, Tell};
use crate::effect::{Child, Effect, Parent};
use crate::ids::{Digest, InstanceId, TenantId};
use crate::refusal::Refusal;

use super::run::Run;
use super::{Halt, Stop, blank};

/// How deep an instance may start an instance that starts an instance.
const DEEPEST: usize = 8;
/// How many instances one command may start.
const MOST_STARTS: usize = 1_000;

/// Business keys that were looked up: whose they are, or nobody's.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    known: BTreeMap<(TenantId, Arc<str>, Arc<str>), Option<InstanceId>>,
}

impl Keys {
    /// Keeps what a look-up has found.
    pub fn insert(&mut self, tenant: TenantId, workflow: Arc<str>, key: Arc<str>, of: Option<InstanceId>) {
        self.known.insert((tenant, workflow, key), of);
    }

    /// `None`: nobody has looked.
    fn of(&self, tenant: TenantId, workflow: &Arc<str>, key: &Arc<str>) -> Option<Option<InstanceId>> {
        self.known.get(&(tenant, workflow.clone(), key.clone())).copied()
    }
}

/// What a command has started so far, whoever of its instances it was.
#[derive(Debug, Default)]
pub(super) struct Started {
    count: usize,
    keys: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Started {
    /// The instance that the command itself starts has this key.
    pub(super) fn has_key(&mut self, workflow: &Arc<str>, key: Option<&Arc<str>>) {
        self.keys.extend(key.map(|key| (workflow.clone(), key.clone())));
    }
}

/// A start whose definition and key are known.
struct Ready {
    start: Start,
    definition: Arc<Definition>,
    key: Option<Arc<str>>,
    /// Whether a state waits for its end.
    is_called: bool,
}

impl<D: Domain> Run<'_, '_, D> {
    /// Starts what an action asks for. What the starts miss is asked for together, so that many of them cost no more
    /// rounds than one.
    pub(super) fn start_all(&mut self, starts: Vec<Start>) -> Result<(), Halt<D::Need>> {
        self.start_each(starts, None).map(drop)
    }

    /// The same of a definition that is known, whose ends a state waits for; gives the ids.
    pub(super) fn start_each(
        &mut self,
        starts: Vec<Start>,
        called: Option<&Arc<Definition>>,
    ) -> Result<Vec<InstanceId>, Halt<D::Need>> {
        let mut ids = Vec::new();
        if starts.is_empty() {
            return Ok(ids);
        }
        if self.depth >= DEEPEST {
            let sentence = format!("Instances start instances, {DEEPEST} deep: this looks like a loop.");
            return Err(Refusal::Domain { code: "endless_loop", sentence }.into());
        }
        if self.layer.started.count + starts.len() > MOST_STARTS {
            let sentence = format!("One command may start {MOST_STARTS} instances: do it in parts.");
            return Err(Refusal::Domain { code: "too_many_starts", sentence }.into());
        }
        let (mut needs, mut keys) = (Vec::new(), Vec::new());
        let mut ready = Vec::with_capacity(starts.len());
        for start in starts {
            let one = self.prepare(start, called)?;
            if let Some(key) = &one.key
                && self.ground.keys.of(self.work.tenant, &one.start.workflow, key).is_none()
            {
                keys.push((one.start.workflow.clone(), key.clone()));
            }
            ready.push(one);
        }
        for one in ready {
            let (workflow, key) = (one.start.workflow.clone(), one.key.clone());
            match self.start_one(one) {
                Ok(child) => {
                    ids.push(child.decision.after.id);
                    self.effects.push(Effect::Start(Box::new(child)));
                }
                Err(Halt::Stop(Stop::Needs(more))) => needs.extend(more),
                Err(Halt::Stop(Stop::Keys(more))) => keys.extend(more),
                // It may be refused for what is not loaded yet.
                Err(_) if !needs.is_empty() || !keys.is_empty() => {}
                Err(halt) => return Err(refused(&workflow, key, halt)),
            }
        }
        match (needs.is_empty(), keys.is_empty()) {
            (false, _) => Err(Halt::Stop(Stop::Needs(needs))),
            (true, false) => Err(Halt::Stop(Stop::Keys(keys))),
            (true, true) => Ok(ids),
        }
    }

    /// Finds the definition and the key.
    fn prepare(&self, mut start: Start, called: Option<&Arc<Definition>>) -> Result<Ready, Halt<D::Need>> {
        let library = self.ground.library;
        let Some(definition) = called.or_else(|| library.current(&start.workflow)) else {
            return Err(library.unknown(&start.workflow).into());
        };
        if super::input::has_requester(definition) {
            start.input.insert("requester".into(), start.requester.as_str().into());
        }
        let vocabulary = self.ground.domain.vocabulary();
        let key = super::start_key(vocabulary, definition, start.key.as_ref(), (&start.input, None))
            .map_err(|refusal| refused(&start.workflow, start.key.clone(), refusal.into()))?;
        Ok(Ready { start, definition: definition.clone(), key, is_called: called.is_some() })
    }

    fn start_one(&mut self, ready: Ready) -> Result<Child<D::Op>, Halt<D::Need>> {
        let Ready { start: Start { workflow, input, .. }, definition, key, is_called } = ready;
        let (tenant, parent, seq) = (self.work.tenant, self.work.id, self.work.seq + 1);
        self.children += 1;
        let id = parent.of_child(seq, self.children, self.ground.now);
        let started = &mut self.layer.started;
        started.count += 1;
        if let Some(key) = &key {
            let taken = self.ground.keys.of(tenant, &workflow, key).flatten();
            if !started.keys.insert((workflow.clone(), key.clone())) || taken.is_some() {
                return Err(Refusal::KeyTaken { workflow, key: key.clone(), instance: taken }.into());
            }
        }
        let asked = serde_json::json!([workflow, key, input]).to_string();
        let command = Command {
            tenant,
            // By instance and entry, because a request id of the parent's is its own only there.
            request: format!("start:{parent}:{seq}:{}", self.children).into(),
            request_hash: Digest::of(asked),
            actor: self.command.actor.clone(),
            verb: Verb::Start { workflow, key: key.clone(), input: input.clone() },
        };
        let mut work = blank(&definition, id, &command, self.ground.now);
        work.detail.caller = is_called.then_some(parent);
        // Whoever has set what it starts with has set its data.
        work.detail.handled.clone_from(&self.work.detail.handled);
        if is_called {
            // Who may not decide about the caller does not say what it hears from here.
            let at = (self.ground.organisation(), self.ground.now);
            work.detail.kept_out = super::repair::kept_out(self.definition, &self.work, at);
            work.detail.kept_out.extend(self.work.detail.kept_out.iter().cloned());
        }
        let mut run = Run::new(self.ground, &definition, &command, work, None, &mut *self.layer);
        run.depth = self.depth + 1;
        run.record.parent = Some(Parent { instance: parent, seq });
        run.start(key, &input)?;
        let decision = run.finish();
        Ok(Child { command, definition, decision })
    }

    /// Keeps what the instance is to be told later.
    pub(super) fn tell_all(&mut self, tells: Vec<Tell>) -> Result<(), Halt<D::Need>> {
        for tell in tells {
            let wrong = match self.definition.events.contains_key(&tell.event) {
                false => format!("the workflow has no event `{}` to tell itself", tell.event),
                true if !self.told.insert(tell.message.clone()) => {
                    format!("the message `{}` is told twice", tell.message)
                }
                true => {
                    self.effects.push(Effect::Tell(tell));
                    continue;
                }
            };
            return Err(Halt::Broken("action_failed", wrong));
        }
        Ok(())
    }
}

/// The parent's command hears whose refusal it is. What a start cannot compute refuses it, too.
fn refused<Need>(workflow: &Arc<str>, key: Option<Arc<str>>, halt: Halt<Need>) -> Halt<Need> {
    let why = match halt {
        Halt::Stop(Stop::Refused(why)) => why,
        Halt::Broken(code, sentence) => Refusal::Domain { code, sentence },
        other => return other,
    };
    Refusal::Child { workflow: workflow.clone(), key, why: Box::new(why) }.into()
}

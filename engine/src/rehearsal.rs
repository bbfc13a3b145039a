//! Definitions rehearsed: instances that live here and nowhere else, decided by the same functions as all others, with
//! time as an argument. Nothing is written: simulations and replays of logs run on it.
//!
//! What must hold: it decides as the runtime does (`tests/it/charts/rehearsed.rs` compares the two), and what it lacks (rows of
//! the domain) it asks for.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::clock::Timestamp;
use crate::command::{Actor, Command, Verb};
use crate::decide::{self, Audience, Ground, Keys, Layer, OrganisationAt, Stop};
use crate::definition::chart::Definition;
use crate::definition::library::Library;
use crate::domain::Domain;
use crate::effect::{Child, Decision, Effect, Record, tell_id};
use crate::ids::{Digest, InstanceId, RequestId, TenantId};
use crate::instance::{Document, Instance, Status, TaskStatus};
use crate::refusal::Refusal;

/// How often a decision may ask for more business keys.
const LOOK_UPS: usize = 24;

/// What a rehearsal stands on: it does not change.
#[derive(Debug)]
pub struct Setting<'a, D: Domain> {
    /// The vocabulary's code.
    pub domain: &'a D,
    /// The definitions.
    pub library: &'a Library,
    /// The organisation, and the revisions before it that somebody may have seen, rising.
    pub organisations: &'a [Arc<OrganisationAt>],
    /// Whose data.
    pub tenant: TenantId,
}

impl<D: Domain> Clone for Setting<'_, D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D: Domain> Copy for Setting<'_, D> {}

/// What a command came to.
#[derive(Debug)]
pub struct Step {
    /// The definition of the instance.
    pub definition: Arc<Definition>,
    /// The instance before; none of a start.
    pub before: Option<Arc<Instance>>,
    /// The instance afterwards.
    pub after: Arc<Instance>,
    /// What the entry would say.
    pub record: Record,
    /// The instances that it started, in the same commit.
    pub started: Vec<Step>,
}

/// What an instance is told next, by the engine itself or in answer to a message.
#[derive(Clone, Debug)]
pub struct Post {
    /// The instance.
    pub to: InstanceId,
    /// The message that was sent to the outside, whose success this is; `None`: the engine itself has something to tell.
    pub sent: Option<Arc<str>>,
    /// The event that it becomes.
    pub event: Arc<str>,
    /// What it brings: of a message to the outside nothing, unless somebody says what.
    pub payload: Document,
    message: Arc<str>,
}

/// Instances in memory. The one that was started first is the one that everything else belongs to.
#[derive(Debug)]
pub struct Rehearsal<'a, D: Domain> {
    setting: Setting<'a, D>,
    facts: D::Facts,
    keys: Keys,
    instances: Vec<Arc<Instance>>,
    post: VecDeque<Post>,
    /// Whether messages to the outside arrive at once.
    arrives: bool,
    audience: Audience,
}

impl<'a, D: Domain> Rehearsal<'a, D> {
    /// Nothing has happened yet. `arrives`: messages to the outside arrive at once, and their results are told
    /// ([`Rehearsal::deliver`]); else nobody listens to them.
    #[must_use]
    pub fn new(setting: Setting<'a, D>, arrives: bool) -> Self {
        Self::on(setting, D::Facts::default(), arrives)
    }

    /// On rows of the domain that were loaded before.
    #[must_use]
    pub fn on(setting: Setting<'a, D>, facts: D::Facts, arrives: bool) -> Self {
        let (keys, instances, post) = (Keys::default(), Vec::new(), VecDeque::new());
        Self { setting, facts, keys, instances, post, arrives, audience: Audience::default() }
    }

    /// Of which nobody reads what is asked of whom: neither what an entry would say of it, nor, for [`Audience::Nobody`], who
    /// holds the seats of a task.
    #[must_use]
    pub fn asking(self, audience: Audience) -> Self {
        Self { audience, ..self }
    }

    /// The rows of the domain, to load what a [`Stop::Needs`] asks for.
    pub fn facts(&mut self) -> &mut D::Facts {
        &mut self.facts
    }

    /// Every instance, in the order in which they were started.
    #[must_use]
    pub fn instances(&self) -> &[Arc<Instance>] {
        &self.instances
    }

    /// The instance with this id.
    #[must_use]
    pub fn instance(&self, id: InstanceId) -> Option<&Arc<Instance>> {
        self.instances.iter().find(|instance| instance.id == id)
    }

    /// Starts an instance of the current definition of `workflow`.
    ///
    /// # Errors
    /// A refusal, or rows to load first.
    pub fn start(
        &mut self,
        id: InstanceId,
        actor: Actor,
        workflow: &Arc<str>,
        input: Document,
        now: Timestamp,
    ) -> Result<Step, Stop<D::Need>> {
        let Setting { domain, library, tenant, .. } = self.setting;
        let Some(definition) = library.current(workflow) else {
            return Err(Stop::Refused(library.unknown(workflow)));
        };
        let key = decide::start_key(domain.vocabulary(), definition, None, (&input, actor.person()))
            .map_err(Stop::Refused)?;
        let command = command(tenant, actor, Verb::Start { workflow: workflow.clone(), key, input });
        let decision = self.decided(now, |ground, layer| decide::start(ground, definition, id, &command, layer))?;
        Ok(self.take(definition.clone(), None, decision, now))
    }

    /// Does what `verb` says to the instance that it is for.
    ///
    /// # Errors
    /// A refusal, rows to load first, or that there is nothing to do.
    pub fn submit(&mut self, actor: Actor, verb: Verb, now: Timestamp) -> Result<Step, Stop<D::Need>> {
        let found = verb.instance().and_then(|id| self.instance(id));
        let Some(before) = found.cloned() else { return Err(Stop::Nothing) };
        let definition = self.definition_of(&before)?;
        let command = command(self.setting.tenant, actor, verb);
        let decision =
            self.decided(now, |ground, layer| decide::decide(ground, &definition, &before, &command, layer))?;
        Ok(self.take(definition, Some(before), decision, now))
    }

    /// The instance for which time does something next, and when. What is final waits for nothing.
    #[must_use]
    pub fn next_due(&self) -> Option<(Timestamp, InstanceId)> {
        let of = |instance: &Arc<Instance>| next_due(instance).map(|due| (due, instance.id));
        self.instances.iter().filter_map(of).min_by_key(|(due, _)| *due)
    }

    /// Lets time come for an instance.
    ///
    /// # Errors
    /// Rows to load first, or that there is nothing to do.
    pub fn wake(&mut self, instance: InstanceId, now: Timestamp) -> Result<Step, Stop<D::Need>> {
        self.submit(Actor::Timer, Verb::Wake { instance }, now)
    }

    /// What is told next ([`Rehearsal::deliver`]).
    pub fn next_post(&mut self) -> Option<&mut Post> {
        self.post.front_mut()
    }

    /// The same instances once more, to try something on them.
    #[must_use]
    pub fn fork(&self) -> Self
    where
        D::Facts: Clone,
    {
        Self {
            setting: self.setting,
            facts: self.facts.clone(),
            keys: self.keys.clone(),
            instances: self.instances.clone(),
            post: self.post.clone(),
            arrives: self.arrives,
            audience: self.audience,
        }
    }

    /// Tells the next instance what it waits for: the end of a call, the result of a message, what it told itself.
    /// `None`: nobody waits for anything.
    pub fn deliver(&mut self, now: Timestamp) -> Option<Result<Step, Stop<D::Need>>> {
        let post = self.post.pop_front()?;
        let Post { to: instance, message, event, payload, .. } = post.clone();
        let told = self.submit(Actor::Message, Verb::Message { instance, message, event, payload }, now);
        if let Err(Stop::Needs(_)) = &told {
            self.post.push_front(post);
        }
        Some(told)
    }

    /// The definition that an instance is pinned to.
    ///
    /// # Errors
    /// A refusal: it is none of the library's.
    pub fn definition_of(&self, instance: &Instance) -> Result<Arc<Definition>, Stop<D::Need>> {
        let definition = instance.definition;
        self.setting.library.pinned(definition).cloned().ok_or_else(|| {
            let why = "it is none of those that were loaded".to_owned();
            Stop::Refused(Refusal::Unloadable { definition, why })
        })
    }

    /// Decides; changes of rows stay where it went well. Business keys are looked up among the instances here.
    fn decided(
        &mut self,
        now: Timestamp,
        decide: impl Fn(&Ground<'_, D>, &mut Layer<'_, D>) -> Result<Decision<D::Op>, Stop<D::Need>>,
    ) -> Result<Decision<D::Op>, Stop<D::Need>> {
        let Setting { domain, library, organisations, tenant } = self.setting;
        for _ in 0..LOOK_UPS {
            let Some(ground) = Ground::new(domain, library, &self.keys, organisations, now) else {
                return Err(Stop::Nothing);
            };
            let ground = ground.asking(self.audience);
            let mut layer = Layer::new(domain, &mut self.facts);
            match decide(&ground, &mut layer) {
                Ok(decision) => return Ok(decision),
                Err(Stop::Keys(wanted)) => {
                    layer.roll_back();
                    for (workflow, key) in wanted {
                        let has = |i: &&Arc<Instance>| i.workflow == workflow && i.key.as_ref() == Some(&key);
                        let of = self.instances.iter().find(has).map(|instance| instance.id);
                        self.keys.insert(tenant, workflow, key, of);
                    }
                }
                Err(stop) => {
                    layer.roll_back();
                    return Err(stop);
                }
            }
        }
        Err(Stop::Nothing)
    }

    /// Keeps what was decided, and posts what it tells whom.
    fn take(
        &mut self,
        definition: Arc<Definition>,
        before: Option<Arc<Instance>>,
        decision: Decision<D::Op>,
        now: Timestamp,
    ) -> Step {
        let Decision { mut after, effects, record } = decision;
        after.seq += 1;
        after.changed_at = before.as_ref().map_or(now, |before| before.changed_at.max(now));
        let after = Arc::new(after);
        match self.instances.iter_mut().find(|instance| instance.id == after.id) {
            Some(known) => *known = after.clone(),
            None => {
                // Somebody may have looked for its key before, in vain.
                if let Some(key) = &after.key {
                    self.keys.insert(after.tenant, after.workflow.clone(), key.clone(), Some(after.id));
                }
                self.instances.push(after.clone());
            }
        }
        let started = effects.into_iter().filter_map(|effect| self.effect(&after, effect, now)).collect();
        Step { definition, before, after, record, started }
    }

    /// What an effect comes to here; the instance that it starts.
    fn effect(&mut self, after: &Instance, effect: Effect<D::Op>, now: Timestamp) -> Option<Step> {
        match effect {
            Effect::Row(_) | Effect::Notice(_) | Effect::Resume(_) | Effect::Withdraw(_) => {}
            Effect::Send(out) => {
                if let Some(event) = out.sent_event.filter(|_| self.arrives) {
                    let message = format!("{}:{}", out.message, after.seq).into();
                    let (sent, payload) = (Some(out.message), Document::new());
                    self.post.push_back(Post { to: after.id, sent, event, payload, message });
                }
            }
            Effect::Start(child) => {
                let Child { definition, decision, .. } = *child;
                return Some(self.take(definition, None, decision, now));
            }
            Effect::Tell(tell) => {
                let (message, event) = (tell_id(after.seq, &tell.message), tell.event);
                self.post.push_back(Post { to: after.id, sent: None, event, payload: tell.payload, message });
            }
            Effect::Report(report) => {
                let message = report.id(after.id, after.seq);
                let (event, payload) = (report.event.into(), report.payload);
                self.post.push_back(Post { to: report.to, sent: None, event, payload, message });
            }
        }
        None
    }
}

/// When time does something for an instance next: a timer, or a rung of an open task.
#[must_use]
pub fn next_due(instance: &Instance) -> Option<Timestamp> {
    if instance.status == Status::Final {
        return None;
    }
    let tasks = instance.tasks.iter().filter(|task| task.status == TaskStatus::Open);
    instance.detail.timers.values().copied().chain(tasks.filter_map(|task| task.due_at)).min()
}

/// Nobody repeats a command here: all have the same request id.
fn command(tenant: TenantId, actor: Actor, verb: Verb) -> Command {
    static REQUEST: std::sync::LazyLock<RequestId> = std::sync::LazyLock::new(|| RequestId::from("rehearsal"));
    Command { tenant, request: REQUEST.clone(), request_hash: Digest([0; 32]), actor, verb }
}

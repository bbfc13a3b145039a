//! One batch: look up, load, decide in order of arrival against an overlay, write once, commit, then answer.
//!
//! Any error or short count: roll back and run the commands of the batch one by one. Running a command again is safe at
//! every point, because a repeat is found by its request id: so an unknown outcome is simply looked up.

mod choose;
mod prepare;
mod repeat;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::command::{Change, Command, Verb};
use crate::decide::{self, Ground, Keys, Layer, OrganisationAt, Stop};
use crate::definition::Library;
use crate::domain::Domain;
use crate::ids::{Mint, StreamId, TenantId};
use crate::plan::{Plan, business_scope, request_scope};
use crate::refusal::Refusal;
use crate::store::{Loaded, Persist, Store, StoreError, Want, Writer};

use super::lane::Job;
use super::{NotDone, Shared, Stats, Submitted};

/// How often a single command is tried.
const TRIES: u32 = 4;
/// How often a command may ask for more rows.
const LOADS: usize = 24;

/// What came of one command of a batch.
type Outcome = Result<Submitted, Refusal>;

/// A decision made while finding out what to load, if it missed nothing.
type Kept<D> = Option<choose::Ready<<D as Domain>::Op>>;

/// A lane's worker.
pub(super) struct Batcher<D: Persist, S: Store<D>> {
    shared: Arc<Shared<D, S>>,
    writer: S::Writer,
    mint: Mint,
    /// The key of its security stream.
    lane: String,
}

/// What a batch has at hand while it decides.
struct Work<D: Persist> {
    /// The definitions, from the look-up to the last decision: a reload meanwhile is for the next batch.
    library: Arc<Library>,
    plan: Plan<D::Op>,
    facts: D::Facts,
    loaded: Loaded,
    /// By tenant: every revision that a decision may have to see, rising; the last is the current one.
    organisations: Vec<(TenantId, Vec<Arc<OrganisationAt>>)>,
    now: crate::clock::Timestamp,
    /// Business keys that were looked up for instances that actions start, or given to some by this batch.
    keys: Keys,
}

impl<D: Persist> Work<D> {
    /// Takes in the business keys that the batch has given since it had given `known`.
    fn learn(&mut self, known: usize) {
        for row in &self.plan.so_far().keys[known..] {
            if let Some(workflow) = row.scope.strip_prefix(business_scope("").as_ref()) {
                self.keys.insert(row.tenant, workflow.into(), row.key.clone(), Some(row.instance));
            }
        }
    }

    fn organisations(&self, tenant: TenantId) -> Vec<Arc<OrganisationAt>> {
        self.organisations.iter().find(|(t, _)| *t == tenant).map_or_else(Vec::new, |(_, known)| known.clone())
    }
}

impl<D: Persist, S: Store<D>> Batcher<D, S> {
    pub(super) fn new(shared: Arc<Shared<D, S>>, writer: S::Writer, mint: Mint, number: usize) -> Self {
        let lane = format!("{}/{number}", shared.options.replica);
        Self { shared, writer, mint, lane }
    }

    /// Runs a batch to its end: every caller is answered.
    pub(super) async fn run(&mut self, jobs: Vec<Job>) {
        let commands: Vec<&Command> = jobs.iter().map(|job| &job.command).collect();
        let first = self.attempt(&commands, false).await;
        match first {
            Ok(outcomes) => self.answer(jobs, outcomes).await,
            Err(error) => {
                tracing::debug!(%error, commands = jobs.len(), "batch rolled back; running its commands one by one");
                Stats::add(&self.shared.stats.rerun, 1);
                let unknown = matches!(error, StoreError::Unknown(_));
                for job in jobs {
                    self.run_alone(job, unknown).await;
                }
            }
        }
    }

    /// `unknown`: a commit with this command in it may have been done; only a later try can tell.
    async fn run_alone(&mut self, job: Job, mut unknown: bool) {
        let mut last = None;
        for attempt in 0..TRIES {
            if attempt > 0 {
                tokio::time::sleep(Duration::from_millis(5 << (2 * attempt))).await;
            }
            match self.attempt(&[&job.command], true).await {
                Ok(outcomes) => return self.answer(vec![job], outcomes).await,
                Err(error @ (StoreError::Conflict(_) | StoreError::Busy(_))) => last = Some(error),
                Err(error @ StoreError::Unknown(_)) => {
                    unknown = true;
                    last = Some(error);
                }
                Err(error) if unknown => last = Some(error),
                Err(error) => {
                    tracing::error!(%error, verb = job.command.verb.name(), request = %job.command.request, "command failed");
                    self.shared.writes.failed(&error);
                    let _ = job.reply.send(Err(NotDone::Broken(error)));
                    return;
                }
            }
        }
        let why = last.map_or_else(String::new, |e| e.to_string());
        tracing::warn!(%why, verb = job.command.verb.name(), request = %job.command.request, "command given up");
        let _ = job.reply.send(Err(match unknown {
            true => {
                let error = StoreError::Unknown(why);
                self.shared.writes.failed(&error);
                NotDone::Broken(error)
            }
            false => NotDone::Busy(why),
        }));
    }

    /// Answers; refusals on grounds of authority only once the security stream has them.
    async fn answer(&mut self, jobs: Vec<Job>, outcomes: Vec<Outcome>) {
        let mut noted = Vec::new();
        for (job, outcome) in jobs.into_iter().zip(outcomes) {
            match outcome {
                Err(refusal) if refusal.on_authority() => noted.push((job, refusal)),
                outcome => {
                    let _ = job.reply.send(outcome.map_err(NotDone::Refused));
                }
            }
        }
        if noted.is_empty() {
            return;
        }
        let mut done = self.note(&noted).await;
        for _ in 1..TRIES {
            if done.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            done = self.note(&noted).await;
        }
        match &done {
            Ok(()) => self.shared.writes.took(),
            Err(error) => self.shared.writes.failed(error),
        }
        let failed = done.err().map(|e| e.to_string());
        for (job, refusal) in noted {
            let _ = job.reply.send(Err(match &failed {
                None => NotDone::Refused(refusal),
                Some(why) => NotDone::Busy(format!("the refusal could not be recorded: {why}")),
            }));
        }
    }

    /// Writes refusals to this lane's security streams, in a transaction of their own.
    async fn note(&mut self, refused: &[(Job, Refusal)]) -> Result<(), StoreError> {
        let stream = StreamId::of_record("security", &self.lane);
        let records = refused.iter().map(|(job, _)| (job.command.tenant, stream)).collect();
        let loaded = self.writer.open(&Want { records, ..Want::default() }).await?;
        let now = self.instant(&loaded);
        let mut plan: Plan<D::Op> =
            Plan::new(now, self.shared.sinks.clone(), Vec::new(), loaded.records).dated(loaded.dated);
        for (job, refusal) in refused {
            plan.refused(&job.command, refusal, &self.lane, &mut self.mint);
        }
        let done = self.writer.finish(&plan.finish()).await;
        if done.is_err() {
            let _ = self.writer.abandon().await;
        }
        done
    }

    /// One transaction. On an error nothing of it remains. `careful`: another attempt has failed.
    async fn attempt(&mut self, commands: &[&Command], careful: bool) -> Result<Vec<Outcome>, StoreError> {
        let began = Instant::now();
        let done = self.transact(commands, careful).await;
        if done.is_err() {
            let _ = self.writer.abandon().await;
        }
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Stats::add(&self.shared.stats.store_micros, micros);
        done
    }

    async fn transact(&mut self, commands: &[&Command], careful: bool) -> Result<Vec<Outcome>, StoreError> {
        let library = self.shared.library();
        let want = Want { careful, ..self.want(commands, &library) };
        let loaded = self.writer.open(&want).await?;
        let mut work = self.prepare(&want, loaded, library).await?;
        let kept = self.discover(commands, &mut work).await?;
        let mut outcomes = Vec::with_capacity(commands.len());
        for (command, ready) in commands.iter().zip(kept) {
            outcomes.push(self.one(command, ready, &mut work).await?);
        }
        if work.plan.is_empty() {
            self.writer.abandon().await?;
            return Ok(outcomes);
        }
        let commit = work.plan.finish();
        self.writer.finish(&commit).await?;
        self.shared.writes.took();
        for definition in &commit.definitions {
            self.shared.definitions.stored(definition.hash);
        }
        if !(commit.outbox.is_empty() && commit.resumed.is_empty()) {
            self.shared.mail.notify_one();
        }
        if !commit.tells.is_empty() {
            self.shared.parts.notify_one();
        }
        if !commit.timers.add.is_empty() || commit.tasks.iter().any(|t| t.row.due_at.is_some()) {
            self.shared.due.notify_one();
        }
        Stats::add(&self.shared.stats.batches, 1);
        Ok(outcomes)
    }

    fn want(&self, commands: &[&Command], library: &Library) -> Want {
        let mut want = Want::default();
        for command in commands {
            let tenant = command.tenant;
            want.tenants.insert(tenant);
            if let Some(instance) = command.verb.instance() {
                want.instances.insert((tenant, instance));
            }
            match &command.verb {
                Verb::Start { workflow, key, input } => {
                    want.keys.insert((tenant, request_scope(&command.actor), command.request.0.clone()));
                    let key = library.current(workflow).and_then(|definition| {
                        let asked = (input, command.actor.person());
                        decide::start_key(self.shared.domain.vocabulary(), definition, key.as_ref(), asked).ok()?
                    });
                    if let Some(key) = key {
                        want.keys.insert((tenant, business_scope(workflow), key));
                    }
                }
                Verb::Change(change) => {
                    let (kind, key) = change.record();
                    want.records.insert((tenant, StreamId::of_record(&kind, &key)));
                    if &*kind == "key" {
                        want.api_keys.insert((tenant, key));
                    }
                    // It may have become a proposal, which is a start.
                    if matches!(change, Change::Organisation { .. }) {
                        want.keys.insert((tenant, request_scope(&command.actor), command.request.0.clone()));
                    }
                }
                Verb::Signal { .. }
                | Verb::Decide { .. }
                | Verb::Complete { .. }
                | Verb::Repair { .. }
                | Verb::Migrate { .. }
                | Verb::Wake { .. }
                | Verb::Message { .. } => {}
            }
        }
        want
    }

    /// Decides every command once against what was loaded, so that the batch loads together what they miss. A decision
    /// that missed nothing is kept: it stands unless an earlier command of the batch changes its instance.
    async fn discover(&mut self, commands: &[&Command], work: &mut Work<D>) -> Result<Vec<Kept<D>>, StoreError> {
        if commands.len() < 2 {
            return Ok(commands.iter().map(|_| None).collect());
        }
        let shared = self.shared.clone();
        let (mut needs, mut keys) = (BTreeSet::new(), BTreeSet::new());
        let library = work.library.clone();
        let mut kept = Vec::with_capacity(commands.len());
        for command in commands {
            let organisations = work.organisations(command.tenant);
            let ground = Ground::new(&*shared.domain, &library, &work.keys, &organisations, work.now);
            let ground = ground.map(|ground| ground.noting(shared.options.judged.as_deref()));
            let Some(ground) = ground.filter(|_| !matches!(command.verb, Verb::Change(_))) else {
                kept.push(None);
                continue;
            };
            let mut layer = Layer::new(&*shared.domain, &mut work.facts);
            let ready = self.ready(&ground, command, &mut work.plan, &mut layer);
            layer.roll_back();
            match &ready {
                Err(Stop::Needs(more)) => needs.extend(more.iter().map(|need| (command.tenant, need.clone()))),
                Err(Stop::Keys(more)) => {
                    keys.extend(more.iter().map(|(w, key)| (command.tenant, w.clone(), key.clone())))
                }
                Ok(_) | Err(Stop::Refused(_) | Stop::Nothing) => {}
            }
            kept.push(ready.ok());
        }
        if !needs.is_empty() {
            self.writer.facts(&needs, &mut work.facts).await?;
        }
        self.look_up(keys, work).await?;
        Ok(kept)
    }

    /// Looks up whose business keys these are, for instances that actions start.
    async fn look_up(
        &mut self,
        keys: BTreeSet<(TenantId, Arc<str>, Arc<str>)>,
        work: &mut Work<D>,
    ) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        let scoped =
            keys.iter().map(|(tenant, workflow, key)| (*tenant, business_scope(workflow), key.clone())).collect();
        let found = self.writer.keys(&scoped).await?;
        for ((tenant, workflow, key), scoped) in keys.into_iter().zip(scoped) {
            work.keys.insert(tenant, workflow, key, found.get(&scoped).copied());
        }
        work.learn(0);
        Ok(())
    }

    /// One command against the overlay; loads what is still missing.
    async fn one(&mut self, command: &Command, mut ready: Kept<D>, work: &mut Work<D>) -> Result<Outcome, StoreError> {
        if let Some(outcome) = self.repeated(command, work).await? {
            return Ok(outcome);
        }
        for _ in 0..LOADS {
            match self.decide(command, ready.take(), work) {
                Ok(submitted) => return Ok(Ok(submitted)),
                Err(Stop::Refused(refusal)) => return Ok(Err(refusal)),
                Err(Stop::Nothing) => return Ok(Ok(Submitted { answer: self.nothing(command, work), repeat: true })),
                Err(Stop::Needs(needs)) => {
                    let needs = needs.into_iter().map(|need| (command.tenant, need)).collect();
                    self.writer.facts(&needs, &mut work.facts).await?;
                }
                Err(Stop::Keys(keys)) => {
                    let keys = keys.into_iter().map(|(workflow, key)| (command.tenant, workflow, key)).collect();
                    self.look_up(keys, work).await?;
                }
            }
        }
        let sentence = format!("`{}` asks for more and more rows", command.verb.name());
        Ok(Err(Refusal::Record { code: "needs_without_end", sentence }))
    }
}

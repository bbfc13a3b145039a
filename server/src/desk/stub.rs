//! A desk for tests: it keeps keys and the organisation and refuses the rest, unless a test tells it what to answer.

mod doors;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::rounds::Round;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Answer, Change, Command, Verb};
use fluxor_engine::commit::{ApiKeyRow, OrganisationRow, RecordHead};
use fluxor_engine::decide::{AtStart, Deciders, Possible, Preview};
use fluxor_engine::definition::reload::{self, Folder};
use fluxor_engine::definition::{Checked, Definition, Library};
use fluxor_engine::diagnostic::Diagnostic;
use fluxor_engine::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TaskId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::migrate::Bound;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{Asking, Page, Subjects};
use fluxor_engine::simulate::Simulation;
use fluxor_engine::store::{InstancePage, PinnedCount, StateCount, StoreError};
use fluxor_workflows::import::{self, Failed, Import, Progress, Report};
use fluxor_workflows::{RefusedCall, RefusedCalls, SessionRow, Stretch};
use serde_json::json;

use super::{
    Books, Company, Desk, Health, Keep, Look, NotDone, Paper, Reply, Submitted, TaskView, Then, WhatIf, Workflow,
};

type Script = Box<dyn Fn(&Command) -> Option<Result<Submitted, NotDone>> + Send + Sync>;

/// A desk in memory.
#[derive(Default)]
pub(crate) struct Stub {
    kept: Mutex<Kept>,
    script: Option<Script>,
    /// What was called, as it was kept.
    pub(crate) traffic: Mutex<Vec<Keep>>,
    /// Whether nothing can be kept.
    pub(crate) away: AtomicBool,
}

#[derive(Default)]
struct Kept {
    keys: Vec<ApiKeyRow>,
    organisation: Option<OrganisationRow>,
    sessions: Vec<SessionRow>,
    done: BTreeMap<(TenantId, RequestId), (Digest, Answer)>,
}

impl Stub {
    /// A desk that answers `script` first.
    pub(crate) fn scripted(
        script: impl Fn(&Command) -> Option<Result<Submitted, NotDone>> + Send + Sync + 'static,
    ) -> Self {
        Self { script: Some(Box::new(script)), ..Self::default() }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, command: Command) -> Result<Submitted, NotDone> {
        if let Some(done) = self.script.as_ref().and_then(|script| script(&command)) {
            return done;
        }
        let kept = &mut *self.kept();
        if let Some((hash, answer)) = kept.done.get(&(command.tenant, command.request.clone())) {
            return if *hash == command.request_hash {
                Ok(Submitted { answer: answer.clone(), repeat: true })
            } else {
                Err(NotDone::Refused(Refusal::RequestReused { first_at: answer.at, started: None }))
            };
        }
        if let (Verb::Change(_), Actor::Person { administrator: false, .. }) = (&command.verb, &command.actor) {
            return Err(NotDone::Refused(Refusal::NotAllowed { rule: "an administrator".into() }));
        }
        let record = kept.change(&command)?;
        let answer = Answer { record, ..blank() };
        kept.done.insert((command.tenant, command.request), (command.request_hash, answer.clone()));
        Ok(Submitted { answer, repeat: false })
    }
}

impl Kept {
    fn change(&mut self, command: &Command) -> Result<serde_json::Value, NotDone> {
        let at = Timestamp::from_micros(0);
        match &command.verb {
            Verb::Change(Change::CreateKey { id, secret_hash, person, label, administrator }) => {
                self.keys.push(ApiKeyRow {
                    tenant: command.tenant,
                    id: id.clone(),
                    secret_hash: *secret_hash,
                    person: person.clone(),
                    label: label.clone(),
                    administrator: *administrator,
                    created_at: at,
                    revoked_at: None,
                });
                Ok(json!({ "id": id, "person": person }))
            }
            Verb::Change(Change::RevokeKey { id }) => {
                let found = self.keys.iter_mut().find(|key| key.tenant == command.tenant && key.id == *id);
                let unknown = || Refusal::Record { code: "unknown_key", sentence: format!("There is no key {id}.") };
                found.ok_or_else(unknown).map_err(NotDone::Refused)?.revoked_at = Some(at);
                Ok(json!({ "id": id }))
            }
            Verb::Change(Change::Organisation { patch, .. }) => {
                let revision = self.organisation.as_ref().map_or(1, |row| row.revision + 1);
                let document = serde_json::Value::Object(patch.clone()).to_string().into();
                self.organisation = Some(OrganisationRow { tenant: command.tenant, revision, at, document });
                Ok(json!({ "revision": revision }))
            }
            Verb::Start { workflow, .. } => Err(NotDone::Refused(Refusal::UnknownWorkflow(workflow.clone(), None))),
            Verb::Decide { task, .. } | Verb::Complete { task, .. } => {
                Err(NotDone::Refused(Refusal::UnknownTask(*task)))
            }
            other => Err(NotDone::Refused(match other.instance() {
                Some(id) => Refusal::UnknownInstance(id),
                None => Refusal::Record { code: "unknown_action", sentence: "There is no such action.".to_owned() },
            })),
        }
    }
}

/// An answer that says nothing.
pub(crate) fn blank() -> Answer {
    Answer {
        instance: None,
        workflow: None,
        key: None,
        state: None,
        inside: Vec::new(),
        status: None,
        incident: None,
        state_revision: 0,
        seq: 1,
        tasks: Vec::new(),
        accepts: Vec::new(),
        record: serde_json::Value::Null,
        at: Timestamp::from_micros(0),
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Reply<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Desk for Stub {
    fn check(&self, path: &str, text: &[u8]) -> (Checked, String) {
        crate::open::check(path, text)
    }

    fn submit(&self, command: Command) -> Reply<'_, Submitted> {
        if matches!(&command.verb, Verb::Start { workflow, .. } if &**workflow == "never") {
            return Box::pin(std::future::pending());
        }
        Box::pin(std::future::ready(self.done(command)))
    }

    fn look(&self, _: TenantId, id: InstanceId) -> Reply<'_, Look> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownInstance(id)))))
    }

    fn instances(&self, _: InstancePage) -> Reply<'_, Vec<Instance>> {
        ready(Vec::new())
    }

    fn counts(&self, _: TenantId) -> Reply<'_, Vec<StateCount>> {
        ready(Vec::new())
    }

    fn mapping(&self, _: TenantId, _: Actor, _: String, _: (bool, bool)) -> Reply<'_, Result<Bound, Vec<Diagnostic>>> {
        Box::pin(std::future::ready(Ok(Err(Vec::new()))))
    }

    fn definition_by(&self, _: DefinitionHash) -> Reply<'_, Option<Arc<Definition>>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn foresee_migrations(&self, _: Asking, _: Subjects) -> Reply<'_, Page> {
        Box::pin(std::future::ready(Ok(Page::default())))
    }

    fn migrate(&self, _: Asking, _: Subjects) -> Reply<'_, Page> {
        Box::pin(std::future::ready(Ok(Page::default())))
    }

    fn preview_repair(&self, command: Command) -> Reply<'_, Preview> {
        let id = command.verb.instance().unwrap_or(InstanceId(uuid::Uuid::nil()));
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownInstance(id)))))
    }

    fn repairs_possible(&self, command: Command) -> Reply<'_, Possible> {
        let id = command.verb.instance().unwrap_or(InstanceId(uuid::Uuid::nil()));
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownInstance(id)))))
    }

    fn entries(&self, _: TenantId, _: StreamId, _: i64, _: i64) -> Reply<'_, Vec<Entry>> {
        ready(Vec::new())
    }

    fn heads(&self, _: TenantId, _: Option<StreamId>, _: i64) -> Reply<'_, Vec<RecordHead>> {
        ready(Vec::new())
    }

    fn streams(&self, _: TenantId, _: Option<StreamId>, _: i64) -> Reply<'_, Vec<StreamId>> {
        ready(Vec::new())
    }

    fn tenants(&self) -> Reply<'_, Vec<TenantId>> {
        ready(Vec::new())
    }

    fn task(&self, _: TenantId, id: TaskId) -> Reply<'_, TaskView> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownTask(id)))))
    }

    fn deciders(&self, _: TenantId, id: TaskId, _: Option<Timestamp>, _: Option<PersonId>) -> Reply<'_, Deciders> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownTask(id)))))
    }

    fn rounds(&self, _: TenantId, id: TaskId) -> Reply<'_, Vec<Round>> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownTask(id)))))
    }

    fn tasks_of(
        &self,
        _: TenantId,
        _: PersonId,
        _: Option<String>,
        _: Option<TaskId>,
        _: i64,
    ) -> Reply<'_, Vec<TaskView>> {
        ready(Vec::new())
    }

    fn waiting_for(
        &self,
        _: TenantId,
        _: PersonId,
        _: Option<String>,
        _: Option<TaskId>,
        _: i64,
    ) -> Reply<'_, Vec<TaskView>> {
        ready(Vec::new())
    }

    fn paper(&self, _: TenantId, id: InstanceId) -> Reply<'_, Paper> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownInstance(id)))))
    }

    fn organisation(&self, _: TenantId) -> Reply<'_, Option<OrganisationRow>> {
        ready(self.kept().organisation.clone())
    }

    fn company(&self, _: TenantId) -> Reply<'_, Company> {
        let row = self.kept().organisation.clone();
        let (revision, now) = (row.as_ref().map_or(0, |row| row.revision), Timestamp::from_micros(0));
        let document = row.as_ref().map_or_else(|| "{}".to_owned(), |row| row.document.to_string());
        let document = serde_json::from_str(&document).unwrap();
        let read = fluxor_engine::decide::read_organisation(&document, revision, now).unwrap();
        let at = Arc::new(fluxor_engine::decide::OrganisationAt { row, ..read });
        ready(Company { at, now })
    }

    fn organisation_then(&self, _: TenantId, then: Then) -> Reply<'_, Option<OrganisationRow>> {
        let is_then = |row: &OrganisationRow| match then {
            Then::Revision(revision) => row.revision == revision,
            Then::At(at) => row.at <= at,
        };
        ready(self.kept().organisation.clone().filter(is_then))
    }

    fn api_key(&self, hash: Digest) -> Reply<'_, Option<ApiKeyRow>> {
        let found = |key: &&ApiKeyRow| key.secret_hash == hash && key.revoked_at.is_none();
        ready(self.kept().keys.iter().find(found).cloned())
    }

    fn api_keys(&self, tenant: TenantId) -> Reply<'_, Vec<ApiKeyRow>> {
        ready(self.kept().keys.iter().filter(|key| key.tenant == tenant).cloned().collect())
    }

    fn simulate(&self, what: WhatIf) -> Reply<'_, Simulation> {
        let workflow = what.question.workflow.unwrap_or_default();
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownWorkflow(workflow, None)))))
    }

    fn workflows(&self) -> Vec<Workflow> {
        Vec::new()
    }

    fn definition(&self, _: &str) -> Option<Arc<Definition>> {
        None
    }

    fn at_start(&self, _: &Definition) -> AtStart {
        AtStart::default()
    }

    fn library(&self) -> Arc<Library> {
        Arc::default()
    }

    fn reload(&self, _: Folder, _: bool) -> Reply<'_, reload::Report> {
        let nothing = reload::Report { files: Vec::new(), calendars: Ok(false), changes: Vec::new() };
        Box::pin(async { Ok(nothing) })
    }

    fn pinned_counts(&self, _: TenantId) -> Reply<'_, Vec<PinnedCount>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn pinned(&self, _: TenantId, id: InstanceId) -> Reply<'_, (Instance, Arc<Definition>)> {
        Box::pin(std::future::ready(Err(NotDone::Refused(Refusal::UnknownInstance(id)))))
    }

    fn health(&self) -> Pin<Box<dyn Future<Output = Health> + Send + '_>> {
        Box::pin(std::future::ready(Health::default()))
    }

    fn books(&self, _: TenantId, _: Books) -> Reply<'_, serde_json::Value> {
        Box::pin(std::future::ready(Ok(serde_json::Value::Null)))
    }

    fn digests(&self) -> &dyn super::Digests {
        self
    }

    fn keep<'a>(&'a self, kept: &'a Keep) -> Reply<'a, ()> {
        if self.away.load(Ordering::Relaxed) {
            let away = StoreError::Unavailable("it is away".to_owned());
            return Box::pin(std::future::ready(Err(NotDone::Broken(away))));
        }
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner).push(kept.clone());
        ready(())
    }

    fn traffic(&self, asked: Stretch, _: i64) -> Reply<'_, super::Kept> {
        let kept = self.traffic.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = kept.iter().flat_map(|keep| keep.calls.iter().map(|row| row.calls.clone()));
        ready(super::Kept { from: asked.from, calls: calls.collect() })
    }

    fn refused_calls(&self, _: TenantId, _: RefusedCalls) -> Reply<'_, Vec<RefusedCall>> {
        ready(Vec::new())
    }

    fn import<'a>(
        &'a self,
        _: Import,
        _: import::Options,
        _: &'a dyn Progress,
    ) -> Pin<Box<dyn Future<Output = Result<Report, Failed>> + 'a>> {
        Box::pin(std::future::ready(Err(Failed::Unreadable("there is no database here".to_owned()))))
    }

    fn shutdown(&self, _: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(std::future::ready(()))
    }
}

/// Nothing waits.
impl super::Digests for Stub {
    fn put<'a>(&'a self, _: &'a fluxor_workflows::DigestItem) -> Reply<'a, ()> {
        ready(())
    }

    fn waiting<'a>(
        &'a self,
        _: Timestamp,
        _: Option<super::digests::Whose<'a>>,
    ) -> Reply<'a, Vec<fluxor_workflows::DigestWaiting>> {
        ready(Vec::new())
    }

    fn claim<'a>(
        &'a self,
        _: super::digests::Whose<'a>,
        _: uuid::Uuid,
        _: (Timestamp, Timestamp),
        _: i64,
    ) -> Reply<'a, Option<fluxor_workflows::DigestClaim>> {
        ready(None)
    }

    fn finish<'a>(&'a self, _: super::digests::Whose<'a>, _: uuid::Uuid, _: Timestamp) -> Reply<'a, ()> {
        ready(())
    }

    fn postpone<'a>(&'a self, _: super::digests::Whose<'a>, _: uuid::Uuid, _: Timestamp) -> Reply<'a, ()> {
        ready(())
    }
}

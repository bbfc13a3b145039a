//! The desk over a running engine, on whichever store.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::rounds::Round;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Answer, Command};
use fluxor_engine::commit::{ApiKeyRow, DefinitionRow, Index, IndexRow, OrganisationRow, RecordHead};
use fluxor_engine::decide::{self, AtStart, Deciders, Possible, Preview};
use fluxor_engine::definition::chart::{Definition, StateIx, StateKind};
use fluxor_engine::definition::reload::{self, Folder};
use fluxor_engine::definition::{Checked, Library, compile_beside};
use fluxor_engine::diagnostic::Diagnostic;
use fluxor_engine::domain::Domain as _;
use fluxor_engine::ids::{DefinitionHash, Digest, InstanceId, PersonId, StreamId, TaskId, TenantId};
use fluxor_engine::instance::{Instance, TaskStatus};
use fluxor_engine::migrate::Bound;
use fluxor_engine::plan::{answer_of, blank_answer};
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{Asking, Engine, NotDone, Page, Subjects, Submitted, TaskView};
use fluxor_engine::simulate::Simulation;
use fluxor_engine::store::{AnyStore, InstancePage, PinnedCount, StateCount, Store as _, StoreError};
use fluxor_workflows::import::{self, Failed, Import, Progress, Report};
use fluxor_workflows::{Procurement, RefusedCall, RefusedCalls, Stretch, refused_calls};

use super::{
    Books, Company, Desk, Digests, Event, Health, Keep, Kept, Look, Paper, Reply, State, Then, WhatIf, Workflow,
};
use crate::telemetry::metrics;
use crate::webhooks::Webhooks;

/// An engine of procurement, and the webhooks on its store.
pub(crate) struct Office(pub(crate) Engine<Procurement, AnyStore<Procurement>>, pub(crate) Option<Arc<Webhooks>>);

/// A reading of the store as a reply.
fn reading<'a, T>(reading: impl Future<Output = Result<T, StoreError>> + Send + 'a) -> Reply<'a, T> {
    Box::pin(async move { Ok(reading.await?) })
}

impl Office {
    /// What is told of an instance whose definition this program cannot load: what its row says.
    fn row_alone(instance: &Instance, now: Timestamp) -> Answer {
        Answer {
            instance: Some(instance.id),
            workflow: Some(instance.workflow.clone()),
            key: instance.key.clone(),
            state: Some(instance.state.clone()),
            inside: instance.detail.inside.clone(),
            status: Some(instance.status),
            incident: instance.detail.incident.clone().map(Box::new),
            state_revision: instance.state_revision,
            seq: instance.seq,
            ..blank_answer(now)
        }
    }
}

impl Desk for Office {
    fn books(&self, tenant: TenantId, asked: Books) -> Reply<'_, serde_json::Value> {
        reading(super::books::read(&self.0, tenant, asked))
    }

    fn check(&self, path: &str, text: &[u8]) -> (Checked, String) {
        compile_beside(path, text, self.0.domain().vocabulary(), &self.0.library())
    }

    fn simulate(&self, what: WhatIf) -> Reply<'_, Simulation> {
        Box::pin(super::simulate::run(&self.0, what))
    }

    fn submit(&self, command: Command) -> Reply<'_, Submitted> {
        Box::pin(self.0.submit(command))
    }

    fn look(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, Look> {
        Box::pin(async move {
            let found = self.0.store().instance(tenant, id).await?;
            let instance = found.ok_or(NotDone::Refused(Refusal::UnknownInstance(id)))?;
            let asks = instance.tasks.iter().any(|task| task.status == TaskStatus::Open);
            let organisation = if asks { Some(self.0.organisation(tenant).await?) } else { None };
            let now = self.0.clock().now().max(instance.changed_at);
            let answer = match self.0.definition_of(&instance).await? {
                Some(definition) => answer_of(&definition, &instance, organisation.as_deref(), now),
                None => Self::row_alone(&instance, now),
            };
            Ok(Look { instance, answer })
        })
    }

    fn instances(&self, page: InstancePage) -> Reply<'_, Vec<Instance>> {
        Box::pin(async move { Ok(self.0.store().instances(&page).await?) })
    }

    fn counts(&self, tenant: TenantId) -> Reply<'_, Vec<StateCount>> {
        reading(self.0.store().counts(tenant))
    }

    fn preview_repair(&self, command: Command) -> Reply<'_, Preview> {
        Box::pin(async move { self.0.preview_repair(&command).await })
    }

    fn repairs_possible(&self, command: Command) -> Reply<'_, Possible> {
        Box::pin(async move { self.0.repairs_possible(&command).await })
    }

    fn mapping(
        &self,
        tenant: TenantId,
        actor: Actor,
        source: String,
        (does, goes_on): (bool, bool),
    ) -> Reply<'_, Result<Bound, Vec<Diagnostic>>> {
        Box::pin(async move {
            let may = self.0.may_migrate(tenant, &actor).await;
            if !does {
                may?;
                return self.0.mapping(&source, goes_on).await;
            }
            let bound = self.0.mapping(&source, goes_on).await?;
            // Who may not is told no more than that.
            if bound.is_err() {
                may?;
            }
            Ok(bound)
        })
    }

    fn foresee_migrations(&self, asking: Asking, subjects: Subjects) -> Reply<'_, Page> {
        Box::pin(async move { self.0.foresee_migrations(&asking, subjects).await })
    }

    fn migrate(&self, asking: Asking, subjects: Subjects) -> Reply<'_, Page> {
        Box::pin(async move { self.0.migrate(&asking, subjects).await })
    }

    fn entries(&self, tenant: TenantId, stream: StreamId, after: i64, limit: i64) -> Reply<'_, Vec<Entry>> {
        reading(self.0.store().entries(tenant, stream, after, limit))
    }

    fn heads(&self, tenant: TenantId, after: Option<StreamId>, limit: i64) -> Reply<'_, Vec<RecordHead>> {
        reading(self.0.store().heads(tenant, after, limit))
    }

    fn streams(&self, tenant: TenantId, after: Option<StreamId>, limit: i64) -> Reply<'_, Vec<StreamId>> {
        reading(self.0.store().streams(tenant, after, limit))
    }

    fn index(&self, tenant: TenantId, index: Index, after: Option<IndexRow>, limit: i64) -> Reply<'_, Vec<IndexRow>> {
        reading(async move { self.0.store().index(tenant, index, after.as_ref(), limit).await })
    }

    fn is_indexed(&self, row: IndexRow) -> Reply<'_, bool> {
        reading(async move { self.0.store().is_indexed(&row).await })
    }

    fn tenants(&self) -> Reply<'_, Vec<TenantId>> {
        reading(self.0.store().tenants())
    }

    fn task(&self, tenant: TenantId, id: TaskId) -> Reply<'_, TaskView> {
        Box::pin(self.0.task(tenant, id))
    }

    fn deciders(
        &self,
        tenant: TenantId,
        id: TaskId,
        at: Option<Timestamp>,
        person: Option<PersonId>,
    ) -> Reply<'_, Deciders> {
        Box::pin(async move { self.0.deciders(tenant, id, at, person.as_ref()).await })
    }

    fn rounds(&self, tenant: TenantId, id: TaskId) -> Reply<'_, Vec<Round>> {
        Box::pin(self.0.rounds(tenant, id))
    }

    fn tasks_of(
        &self,
        tenant: TenantId,
        person: PersonId,
        tag: Option<String>,
        after: Option<TaskId>,
        limit: i64,
    ) -> Reply<'_, Vec<TaskView>> {
        let limit = usize::try_from(limit).unwrap_or(0);
        Box::pin(async move { self.0.tasks_of(tenant, &person, tag.as_deref(), after, limit).await })
    }

    fn waiting_for(
        &self,
        tenant: TenantId,
        person: PersonId,
        tag: Option<String>,
        after: Option<TaskId>,
        limit: i64,
    ) -> Reply<'_, Vec<TaskView>> {
        let limit = usize::try_from(limit).unwrap_or(0);
        Box::pin(async move { self.0.waiting_for(tenant, (&person, true), tag.as_deref(), after, limit).await })
    }

    fn paper(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, Paper> {
        Box::pin(async move {
            let (instance, definition) = self.pinned(tenant, id).await?;
            let organisation = self.0.organisation(tenant).await?;
            let now = self.0.clock().now().max(instance.changed_at);
            let accepts = answer_of(&definition, &instance, None, now).accepts;
            Ok(Paper { instance: instance.into(), definition, organisation, accepts, now })
        })
    }

    fn company(&self, tenant: TenantId) -> Reply<'_, Company> {
        Box::pin(async move {
            let at = self.0.organisation(tenant).await?;
            Ok(Company { at, now: self.0.clock().now() })
        })
    }

    fn organisation(&self, tenant: TenantId) -> Reply<'_, Option<OrganisationRow>> {
        reading(self.0.store().organisation(tenant))
    }

    fn organisation_then(&self, tenant: TenantId, then: Then) -> Reply<'_, Option<OrganisationRow>> {
        reading(async move {
            let revision = match then {
                Then::Revision(revision) => revision,
                Then::At(at) => self.0.store().revision_at(tenant, at).await?,
            };
            self.0.store().organisation_at(tenant, revision).await
        })
    }

    fn api_key(&self, hash: Digest) -> Reply<'_, Option<ApiKeyRow>> {
        reading(self.0.store().api_key(hash))
    }

    fn api_keys(&self, tenant: TenantId) -> Reply<'_, Vec<ApiKeyRow>> {
        reading(self.0.store().api_keys(tenant))
    }

    fn workflows(&self) -> Vec<Workflow> {
        let library = self.0.library();
        library.names().filter_map(|name| library.current(name)).map(|definition| workflow(definition)).collect()
    }

    fn definition(&self, name: &str) -> Option<Arc<Definition>> {
        self.0.library().current(name).cloned()
    }

    fn at_start(&self, definition: &Definition) -> AtStart {
        decide::at_start(self.0.domain().vocabulary(), definition)
    }

    fn library(&self) -> Arc<Library> {
        self.0.library()
    }

    fn reload(&self, folder: Folder, dry_run: bool) -> Reply<'_, reload::Report> {
        Box::pin(self.0.reload(folder, dry_run))
    }

    fn pinned_counts(&self, tenant: TenantId) -> Reply<'_, Vec<PinnedCount>> {
        reading(self.0.store().pinned_counts(tenant))
    }

    fn definition_by(&self, hash: DefinitionHash) -> Reply<'_, Option<Arc<Definition>>> {
        reading(self.0.definition_by(hash))
    }

    fn stored_definition(&self, hash: DefinitionHash) -> Reply<'_, Option<DefinitionRow>> {
        reading(self.0.store().definition(hash))
    }

    fn pinned(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, (Instance, Arc<Definition>)> {
        Box::pin(async move {
            let found = self.0.store().instance(tenant, id).await?;
            let instance = found.ok_or(NotDone::Refused(Refusal::UnknownInstance(id)))?;
            let definition = self.0.loaded(&instance).await?;
            Ok((instance, definition))
        })
    }

    fn left_out(&self, tenant: TenantId, person: PersonId) -> Reply<'_, Option<Refusal>> {
        Box::pin(async move { self.0.left_out(tenant, &person).await })
    }

    fn health(&self) -> Pin<Box<dyn Future<Output = Health> + Send + '_>> {
        Box::pin(super::health::of(&self.0))
    }

    fn digests(&self) -> &dyn Digests {
        self
    }

    fn keep<'a>(&'a self, kept: &'a Keep) -> Reply<'a, ()> {
        reading(super::traffic::keep(&self.0, kept))
    }

    fn traffic(&self, asked: Stretch, most: i64) -> Reply<'_, Kept> {
        reading(super::traffic::read(&self.0, asked, most))
    }

    fn refused_calls(&self, tenant: TenantId, asked: RefusedCalls) -> Reply<'_, Vec<RefusedCall>> {
        reading(async move {
            let mut reader = self.0.store().reader().await?;
            refused_calls(reader.connection(), tenant, &asked).await
        })
    }

    fn webhooks(&self) -> Option<&Arc<Webhooks>> {
        self.1.as_ref()
    }

    fn import<'a>(
        &'a self,
        company: Import,
        options: import::Options,
        progress: &'a dyn Progress,
    ) -> Pin<Box<dyn Future<Output = Result<Report, Failed>> + 'a>> {
        Box::pin(async move {
            let target = import::EngineTarget::new(&self.0, options.tenant);
            company.write(&options, &target, progress).await
        })
    }

    fn measure(&self) {
        metrics::engine(self.0.stats(), self.0.writes(), self.0.health().queued);
    }

    fn shutdown(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.0.shutdown(deadline))
    }
}

fn workflow(definition: &Definition) -> Workflow {
    let state = |(ix, state): (usize, &fluxor_engine::definition::chart::State)| State {
        path: state.path.clone(),
        title: state.title.clone(),
        kind: match &state.kind {
            StateKind::Simple => "simple",
            StateKind::Compound(_) => "compound",
            StateKind::Parallel(_) => "parallel",
            StateKind::Call(_) => "call",
            StateKind::Approval(approval) if approval.form.is_some() => "task",
            StateKind::Approval(_) => "approval",
            StateKind::Final => "final",
        },
        accepts: match state.kind {
            StateKind::Final => Vec::new(),
            _ => definition.accepts(&[StateIx(ix)]),
        },
    };
    Workflow {
        name: definition.name.clone(),
        title: definition.title.clone(),
        version: definition.version,
        hash: definition.hash.to_string(),
        states: definition.states.iter().enumerate().map(state).collect(),
        events: definition
            .events
            .iter()
            .map(|(name, event)| Event {
                name: name.clone(),
                title: event.title.clone(),
                payload: event.payload.fields.keys().map(ToString::to_string).collect(),
            })
            .collect(),
    }
}

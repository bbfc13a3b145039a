//! Everything that the command line and the HTTP interface ask of the engine, as one trait without type parameters:
//! handlers stay free of stores and domains, and tests put a desk of their own in its place.

mod beside;
mod books;
mod digests;
mod doors;
mod engine;
mod health;
mod simulate;
#[cfg(test)]
pub(crate) mod stub;
mod traffic;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fluxor_engine::audit::Entry;
use fluxor_engine::audit::rounds::Round;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Actor, Answer, Command};
use fluxor_engine::commit::{ApiKeyRow, DefinitionRow, Index, IndexRow, OrganisationRow, RecordHead};
use fluxor_engine::decide::{AtStart, Deciders, OrganisationAt, Possible, Preview, summaries};
use fluxor_engine::definition::reload::{self, Folder};
use fluxor_engine::definition::{Checked, Definition, Library};
use fluxor_engine::diagnostic::Diagnostic;
use fluxor_engine::ids::{DefinitionHash, Digest, InstanceId, PersonId, StreamId, TaskId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::migrate::Bound;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::runtime::{Asking, Page, Subjects};
use fluxor_engine::simulate::Simulation;
use fluxor_engine::store::{InstancePage, PinnedCount, StateCount};
use fluxor_workflows::import::{self, Failed, Import, Progress, Report};
use fluxor_workflows::{RefusedCall, RefusedCalls, Stretch};

use crate::webhooks::Webhooks;

pub(crate) use books::Books;
pub(crate) use digests::Digests;
pub(crate) use doors::Doors;
pub(crate) use engine::Office;
pub(crate) use fluxor_engine::runtime::{NotDone, Submitted, TaskView};
pub(crate) use simulate::WhatIf;
pub(crate) use traffic::{Keep, Kept};

/// An answer that is on its way.
pub(crate) type Reply<'a, T> = Pin<Box<dyn Future<Output = Result<T, NotDone>> + Send + 'a>>;

/// What the engine does for us.
pub(crate) trait Desk: Doors {
    /// What is wrong with the text of a definition, beside those that run; with the text that the places are in.
    fn check(&self, path: &str, text: &[u8]) -> (Checked, String);

    /// What would happen. Nothing is written.
    fn simulate(&self, what: WhatIf) -> Reply<'_, Simulation>;

    /// Does what is asked, once; answers after the commit.
    fn submit(&self, command: Command) -> Reply<'_, Submitted>;

    /// An instance, and what an answer would say about it now.
    fn look(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, Look>;

    /// Instances, newest first.
    fn instances(&self, page: InstancePage) -> Reply<'_, Vec<Instance>>;

    /// Live instances by workflow, state and status.
    fn counts(&self, tenant: TenantId) -> Reply<'_, Vec<StateCount>>;

    /// What a repair would do. Nothing is written.
    fn preview_repair(&self, command: Command) -> Reply<'_, Preview>;

    /// Which repairs an instance could have.
    fn repairs_possible(&self, command: Command) -> Reply<'_, Possible>;

    /// A mapping of a migration, held against the definitions that instances have; else all that is wrong with it, for who may
    /// migrate. `how`: whether it is to be applied, so that [`Desk::migrate`] notes who may not; and whether a run goes on with it.
    fn mapping(
        &self,
        tenant: TenantId,
        actor: Actor,
        source: String,
        how: (bool, bool),
    ) -> Reply<'_, Result<Bound, Vec<Diagnostic>>>;

    /// What would become of a page of instances. Nothing is written.
    fn foresee_migrations(&self, asking: Asking, subjects: Subjects) -> Reply<'_, Page>;

    /// Migrates a page of instances.
    fn migrate(&self, asking: Asking, subjects: Subjects) -> Reply<'_, Page>;

    /// Entries of a stream, `seq` rising.
    fn entries(&self, tenant: TenantId, stream: StreamId, after: i64, limit: i64) -> Reply<'_, Vec<Entry>>;

    /// Streams with the heads that rows claim.
    fn heads(&self, tenant: TenantId, after: Option<StreamId>, limit: i64) -> Reply<'_, Vec<RecordHead>>;

    /// Streams that have entries.
    fn streams(&self, tenant: TenantId, after: Option<StreamId>, limit: i64) -> Reply<'_, Vec<StreamId>>;

    /// Rows of an index in the order of their keys.
    fn index(&self, _: TenantId, _: Index, _: Option<IndexRow>, _: i64) -> Reply<'_, Vec<IndexRow>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    /// Whether an index has this row.
    fn is_indexed(&self, _: IndexRow) -> Reply<'_, bool> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Tenants that have a row anywhere.
    fn tenants(&self) -> Reply<'_, Vec<TenantId>>;

    /// One task.
    fn task(&self, tenant: TenantId, id: TaskId) -> Reply<'_, TaskView>;

    /// Tasks in which the person may act now, in the order of their ids.
    fn tasks_of(
        &self,
        tenant: TenantId,
        person: PersonId,
        tag: Option<String>,
        after: Option<TaskId>,
        limit: i64,
    ) -> Reply<'_, Vec<TaskView>>;

    /// The same, with why he is asked.
    fn waiting_for(
        &self,
        tenant: TenantId,
        person: PersonId,
        tag: Option<String>,
        after: Option<TaskId>,
        limit: i64,
    ) -> Reply<'_, Vec<TaskView>>;

    /// All that a page shows of an instance.
    fn paper(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, Paper>;

    /// Who could decide a task at an instant (now, without one), and of one person why he could or could not.
    fn deciders(
        &self,
        tenant: TenantId,
        id: TaskId,
        at: Option<Timestamp>,
        person: Option<PersonId>,
    ) -> Reply<'_, Deciders>;

    /// The rounds of a task's review, oldest first.
    fn rounds(&self, tenant: TenantId, id: TaskId) -> Reply<'_, Vec<Round>>;

    /// The organisation's newest revision.
    fn organisation(&self, tenant: TenantId) -> Reply<'_, Option<OrganisationRow>>;

    /// The organisation as it was then; nothing: there was none, or never such a revision.
    fn organisation_then(&self, tenant: TenantId, then: Then) -> Reply<'_, Option<OrganisationRow>>;

    /// The organisation in force, read, and the instant.
    fn company(&self, tenant: TenantId) -> Reply<'_, Company>;

    /// A key that is not revoked, by its hash.
    fn api_key(&self, hash: Digest) -> Reply<'_, Option<ApiKeyRow>>;

    /// Keys of a tenant, by id.
    fn api_keys(&self, tenant: TenantId) -> Reply<'_, Vec<ApiKeyRow>>;

    /// The loaded workflows, by name.
    fn workflows(&self) -> Vec<Workflow>;

    /// The definition of the loaded workflow `name`.
    fn definition(&self, name: &str) -> Option<Arc<Definition>>;

    /// What starting a workflow asks for.
    fn at_start(&self, definition: &Definition) -> AtStart;

    /// The definitions in force.
    fn library(&self) -> Arc<Library>;

    /// Puts in force what of a folder of definitions holds, or says what would become of it.
    fn reload(&self, folder: Folder, dry_run: bool) -> Reply<'_, reload::Report>;

    /// Live instances by the definition that they are pinned to.
    fn pinned_counts(&self, tenant: TenantId) -> Reply<'_, Vec<PinnedCount>>;

    /// An instance with the definition that it is pinned to.
    fn pinned(&self, tenant: TenantId, id: InstanceId) -> Reply<'_, (Instance, Arc<Definition>)>;

    /// Why a list of somebody's tasks is not whole, if it is not.
    fn left_out(&self, _tenant: TenantId, _person: PersonId) -> Reply<'_, Option<Refusal>> {
        Box::pin(async { Ok(None) })
    }

    /// A definition that some instance has or had; nothing: it cannot be loaded.
    fn definition_by(&self, hash: DefinitionHash) -> Reply<'_, Option<Arc<Definition>>>;

    /// A definition as it is stored.
    fn stored_definition(&self, _: DefinitionHash) -> Reply<'_, Option<DefinitionRow>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Whether the engine is well; asks the database too.
    fn health(&self) -> Pin<Box<dyn Future<Output = Health> + Send + '_>>;

    /// What the books of procurement say.
    fn books(&self, tenant: TenantId, asked: Books) -> Reply<'_, serde_json::Value>;

    /// What waits for digests.
    fn digests(&self) -> &dyn Digests;

    /// Writes what was called, and forgets what is old.
    fn keep<'a>(&'a self, kept: &'a Keep) -> Reply<'a, ()>;

    /// What was called: the newest of it, up to so many bytes.
    fn traffic(&self, asked: Stretch, most: i64) -> Reply<'_, Kept>;

    /// Calls that limits refused, newest first.
    fn refused_calls(&self, tenant: TenantId, asked: RefusedCalls) -> Reply<'_, Vec<RefusedCall>>;

    /// The webhooks of all tenants; none: a desk of tests.
    fn webhooks(&self) -> Option<&Arc<Webhooks>> {
        None
    }

    /// Writes what an import has read.
    fn import<'a>(
        &'a self,
        company: Import,
        options: import::Options,
        progress: &'a dyn Progress,
    ) -> Pin<Box<dyn Future<Output = Result<Report, Failed>> + 'a>>;

    /// Passes the engine's counts on to the metrics.
    fn measure(&self) {}

    /// Finishes what was accepted, then stops.
    fn shutdown(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// An instance, and what an answer would say about it now: open tasks and accepted events.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    /// The row.
    pub instance: Instance,
    /// What it asks for.
    pub answer: Answer,
}

/// An instance with what it is judged by.
#[derive(Clone, Debug)]
pub(crate) struct Paper {
    /// The row.
    pub instance: Arc<Instance>,
    /// What it is pinned to.
    pub definition: Arc<Definition>,
    /// Who is who.
    pub organisation: Arc<OrganisationAt>,
    /// The events it accepts.
    pub accepts: Vec<Arc<str>>,
    /// What time it is.
    pub now: Timestamp,
}

impl Paper {
    /// Who is asked in it now, each once.
    pub(crate) fn asked(&self) -> Vec<PersonId> {
        let tasks = summaries(&self.definition, &self.instance, &self.organisation, self.now);
        let mut people: Vec<PersonId> = Vec::new();
        for seat in tasks.into_iter().flat_map(|task| task.open) {
            if !people.contains(&seat.person) {
                people.push(seat.person);
            }
        }
        people
    }
}

/// The organisation in force, and the instant at which it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Company {
    /// The organisation.
    pub at: Arc<OrganisationAt>,
    /// When.
    pub now: Timestamp,
}

/// Which revision of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// The one of this number.
    Revision(i64),
    /// The one that was in force at this instant.
    At(Timestamp),
}

/// A loaded workflow.
#[derive(Clone, Debug)]
pub(crate) struct Workflow {
    /// Its name.
    pub name: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// For people; the hash is the identity.
    pub version: u32,
    /// The identity.
    pub hash: String,
    /// The paths of its states, in the order of the file.
    pub states: Vec<State>,
    /// Events that may be signalled, by name.
    pub events: Vec<Event>,
}

/// A state of a workflow.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// `open.review`.
    pub path: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// `simple`, `compound`, `approval` or `final`.
    pub kind: &'static str,
    /// The events it accepts, those of the states around it included.
    pub accepts: Vec<Arc<str>>,
}

/// An event of a workflow.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its name.
    pub name: Arc<str>,
    /// For people.
    pub title: Arc<str>,
    /// The names of its payload's fields.
    pub payload: Vec<String>,
}

/// Whether the engine is well.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health {
    /// Why it is not ready; empty: it is.
    pub reasons: Vec<String>,
    /// Commands waiting.
    pub queue_depth: u64,
}

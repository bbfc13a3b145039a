//! A store that remembers what its writers commit, so that the same rows can be written again without an engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use fluxor_engine::audit::Entry;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::commit::{ApiKeyRow, Commit, DefinitionRow, InboxRow, OrganisationRow, RecordHead};
use fluxor_engine::domain::Domain;
use fluxor_engine::ids::{DefinitionHash, Digest, InstanceId, PersonId, RequestId, StreamId, TenantId};
use fluxor_engine::instance::Instance;
use fluxor_engine::store::{
    Claimed, Delivery, Due, InstancePage, Loaded, PinnedCount, StartKey, StateCount, Store, StoreError, Want, Writer,
};
use fluxor_workflows::{Facts, Procurement};

type Op = <Procurement as Domain>::Op;
type Need = <Procurement as Domain>::Need;

/// Commits in the order in which they were done, each with the lane that did it.
#[derive(Clone, Default)]
pub(crate) struct Recorded {
    /// Before the measurement: the organisation, the definition.
    pub(crate) before: Vec<(usize, Arc<Commit<Op>>)>,
    /// Of the measurement.
    pub(crate) measured: Vec<(usize, Arc<Commit<Op>>)>,
    /// How many instances came to their end in them.
    pub(crate) approvals: usize,
}

/// A store that remembers.
#[derive(Clone)]
pub(crate) struct Recording<S> {
    inner: S,
    /// Whether it does: a copy of every commit costs what the measurement should not see.
    on: bool,
    lanes: Arc<Mutex<usize>>,
    told: Arc<Mutex<Recorded>>,
}

impl<S> Recording<S> {
    pub(crate) fn new(inner: S, on: bool) -> Self {
        Self { inner, on, lanes: Arc::default(), told: Arc::default() }
    }

    /// What comes now is measured.
    pub(crate) fn now_measured(&self) {
        let mut told = self.told.lock().unwrap();
        told.before = std::mem::take(&mut told.measured);
        told.approvals = 0;
    }

    /// What was committed.
    pub(crate) fn recorded(&self) -> Recorded {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

/// A writer that remembers.
pub(crate) struct RecordingWriter<W> {
    inner: W,
    on: bool,
    lane: usize,
    told: Arc<Mutex<Recorded>>,
}

impl<W: Writer<Procurement>> Writer<Procurement> for RecordingWriter<W> {
    async fn open(&mut self, want: &Want) -> Result<Loaded, StoreError> {
        self.inner.open(want).await
    }

    async fn facts(
        &mut self,
        needs: &BTreeSet<(TenantId, Need)>,
        into: &mut <Procurement as Domain>::Facts,
    ) -> Result<(), StoreError> {
        self.inner.facts(needs, into).await
    }

    async fn keys(&mut self, keys: &BTreeSet<StartKey>) -> Result<BTreeMap<StartKey, InstanceId>, StoreError> {
        self.inner.keys(keys).await
    }

    async fn repeat(
        &mut self,
        tenant: TenantId,
        of: StreamId,
        request: &RequestId,
    ) -> Result<Option<Entry>, StoreError> {
        self.inner.repeat(tenant, of, request).await
    }

    async fn organisation(&mut self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        self.inner.organisation(tenant, revision).await
    }

    async fn definition(&mut self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        self.inner.definition(hash).await
    }

    async fn finish(&mut self, commit: &Commit<Op>) -> Result<(), StoreError> {
        self.inner.finish(commit).await?;
        let mut told = self.told.lock().unwrap();
        let ended = |i: &&fluxor_engine::commit::InstanceWrite| i.row.status == fluxor_engine::instance::Status::Final;
        told.approvals += commit.instances.iter().filter(ended).count();
        if self.on {
            told.measured.push((self.lane, Arc::new(commit.clone())));
        }
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), StoreError> {
        self.inner.abandon().await
    }
}

impl<S: Store<Procurement>> Store<Procurement> for Recording<S> {
    type Writer = RecordingWriter<S::Writer>;

    fn lanes(&self) -> usize {
        self.inner.lanes()
    }

    async fn writer(&self) -> Result<Self::Writer, StoreError> {
        let inner = self.inner.writer().await?;
        let mut lanes = self.lanes.lock().unwrap();
        *lanes += 1;
        Ok(RecordingWriter { inner, on: self.on, lane: *lanes - 1, told: self.told.clone() })
    }

    async fn instance(&self, tenant: TenantId, id: InstanceId) -> Result<Option<Instance>, StoreError> {
        self.inner.instance(tenant, id).await
    }

    async fn rows(&self, needs: &BTreeSet<(TenantId, Need)>, into: &mut Facts) -> Result<(), StoreError> {
        self.inner.rows(needs, into).await
    }

    async fn instances(&self, page: &InstancePage) -> Result<Vec<Instance>, StoreError> {
        self.inner.instances(page).await
    }

    async fn counts(&self, tenant: TenantId) -> Result<Vec<StateCount>, StoreError> {
        self.inner.counts(tenant).await
    }

    async fn pinned_counts(&self, tenant: TenantId) -> Result<Vec<PinnedCount>, StoreError> {
        self.inner.pinned_counts(tenant).await
    }

    async fn entries(&self, of: TenantId, stream: StreamId, after: i64, limit: i64) -> Result<Vec<Entry>, StoreError> {
        self.inner.entries(of, stream, after, limit).await
    }

    async fn heads(&self, of: TenantId, after: Option<StreamId>, limit: i64) -> Result<Vec<RecordHead>, StoreError> {
        self.inner.heads(of, after, limit).await
    }

    async fn streams(&self, of: TenantId, after: Option<StreamId>, limit: i64) -> Result<Vec<StreamId>, StoreError> {
        self.inner.streams(of, after, limit).await
    }

    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        self.inner.tenants().await
    }

    async fn held_by(
        &self,
        tenant: TenantId,
        people: &[PersonId],
        after: Option<(InstanceId, u32)>,
        limit: i64,
    ) -> Result<Vec<(Instance, u32)>, StoreError> {
        self.inner.held_by(tenant, people, after, limit).await
    }

    async fn due(&self, now: Timestamp, limit: i64) -> Result<Due, StoreError> {
        self.inner.due(now, limit).await
    }

    async fn inbox(&self, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
        self.inner.inbox(limit).await
    }

    async fn parts(&self, limit: i64, each: i64) -> Result<Vec<InboxRow>, StoreError> {
        self.inner.parts(limit, each).await
    }

    async fn claim_besides(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
        besides: &[Arc<str>],
    ) -> Result<Vec<Claimed>, StoreError> {
        self.inner.claim_besides(now, until, limit, besides).await
    }

    async fn settle(&self, claimed: &Claimed, result: &Delivery, now: Timestamp) -> Result<bool, StoreError> {
        self.inner.settle(claimed, result, now).await
    }

    async fn revision(&self, tenant: TenantId) -> Result<i64, StoreError> {
        self.inner.revision(tenant).await
    }

    async fn organisation_at(&self, tenant: TenantId, revision: i64) -> Result<Option<OrganisationRow>, StoreError> {
        self.inner.organisation_at(tenant, revision).await
    }

    async fn revision_at(&self, tenant: TenantId, at: Timestamp) -> Result<i64, StoreError> {
        self.inner.revision_at(tenant, at).await
    }

    async fn organisation(&self, tenant: TenantId) -> Result<Option<OrganisationRow>, StoreError> {
        self.inner.organisation(tenant).await
    }

    async fn api_key(&self, secret_hash: Digest) -> Result<Option<ApiKeyRow>, StoreError> {
        self.inner.api_key(secret_hash).await
    }

    async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKeyRow>, StoreError> {
        self.inner.api_keys(tenant).await
    }

    async fn definition(&self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
        self.inner.definition(hash).await
    }

    async fn newest_definition(&self, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
        self.inner.newest_definition(name).await
    }

    async fn pinned(&self) -> Result<Vec<DefinitionRow>, StoreError> {
        self.inner.pinned().await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }
}

//! What both databases answer in the same words: the reads of the trait, over `self.reader()`.

macro_rules! reads {
    () => {
        async fn instances(&self, page: &InstancePage) -> Result<Vec<Instance>, StoreError> {
            sql::instance::page(&mut *self.reader().await?, page).await
        }

        async fn counts(&self, tenant: TenantId) -> Result<Vec<StateCount>, StoreError> {
            sql::instance::counts(&mut *self.reader().await?, tenant).await
        }

        async fn pinned_counts(&self, tenant: TenantId) -> Result<Vec<PinnedCount>, StoreError> {
            sql::instance::pinned_counts(&mut *self.reader().await?, tenant).await
        }

        async fn entries(
            &self,
            tenant: TenantId,
            stream: StreamId,
            after: i64,
            limit: i64,
        ) -> Result<Vec<Entry>, StoreError> {
            sql::entry::entries(&mut *self.reader().await?, tenant, stream, after, limit).await
        }

        async fn heads(
            &self,
            tenant: TenantId,
            after: Option<StreamId>,
            limit: i64,
        ) -> Result<Vec<RecordHead>, StoreError> {
            sql::entry::heads(&mut *self.reader().await?, tenant, after, limit).await
        }

        async fn streams(
            &self,
            tenant: TenantId,
            after: Option<StreamId>,
            limit: i64,
        ) -> Result<Vec<StreamId>, StoreError> {
            sql::entry::streams(&mut *self.reader().await?, tenant, after, limit).await
        }

        async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
            sql::instance::tenants(&mut *self.reader().await?).await
        }

        async fn held_by(
            &self,
            tenant: TenantId,
            people: &[PersonId],
            after: Option<(InstanceId, u32)>,
            limit: i64,
        ) -> Result<Vec<(Instance, u32)>, StoreError> {
            sql::instance::held_by(&mut *self.reader().await?, tenant, people, after, limit).await
        }

        async fn due(&self, now: Timestamp, limit: i64) -> Result<Due, StoreError> {
            sql::due::due(&mut *self.reader().await?, now, limit).await
        }

        async fn inbox(&self, limit: i64) -> Result<Vec<InboxRow>, StoreError> {
            sql::due::inbox(&mut *self.reader().await?, limit).await
        }

        async fn parts(&self, limit: i64, each: i64) -> Result<Vec<InboxRow>, StoreError> {
            sql::due::parts(&mut *self.reader().await?, limit, each).await
        }

        async fn organisation(&self, tenant: TenantId) -> Result<Option<OrganisationRow>, StoreError> {
            sql::organisation::at(&mut *self.reader().await?, tenant, None).await
        }

        async fn organisation_at(
            &self,
            tenant: TenantId,
            revision: i64,
        ) -> Result<Option<OrganisationRow>, StoreError> {
            sql::organisation::at(&mut *self.reader().await?, tenant, Some(revision)).await
        }

        async fn revision_at(&self, tenant: TenantId, at: Timestamp) -> Result<i64, StoreError> {
            sql::organisation::revision_at(&mut *self.reader().await?, tenant, at).await
        }

        async fn api_key(&self, secret_hash: Digest) -> Result<Option<ApiKeyRow>, StoreError> {
            sql::api_key::by_secret(&mut *self.reader().await?, secret_hash).await
        }

        async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKeyRow>, StoreError> {
            sql::api_key::of_tenant(&mut *self.reader().await?, tenant).await
        }

        async fn definition(&self, hash: DefinitionHash) -> Result<Option<DefinitionRow>, StoreError> {
            sql::definition::one(&mut *self.reader().await?, hash).await
        }

        async fn newest_definition(&self, name: &str) -> Result<Option<DefinitionRow>, StoreError> {
            sql::definition::newest(&mut *self.reader().await?, name).await
        }

        async fn pinned(&self) -> Result<Vec<DefinitionRow>, StoreError> {
            sql::definition::pinned(&mut *self.reader().await?).await
        }

        async fn ping(&self) -> Result<(), StoreError> {
            sqlx::Connection::ping(&mut *self.reader().await?).await.map_err(failed)
        }
    };
}
pub(super) use reads;

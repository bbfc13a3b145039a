//! The rows of the indexes: they follow from the instances and hold no truth of their own, so verifying compares the two.

use super::{AnyStore, Persist, StoreError};
use crate::commit::{Index, IndexRow};
use crate::ids::TenantId;

impl<D: Persist> AnyStore<D> {
    /// Rows of an index in the order of their keys, after one of them, at most `limit`.
    ///
    /// # Errors
    /// If the database does not answer, or a row cannot be read.
    pub async fn index(
        &self,
        tenant: TenantId,
        index: Index,
        after: Option<&IndexRow>,
        limit: i64,
    ) -> Result<Vec<IndexRow>, StoreError> {
        match self {
            Self::Memory(store) => Ok(store.index(tenant, index, after, limit)),
            Self::Sqlite(store) => {
                super::sqlite::sql::index::page(&mut *store.reader().await?, tenant, index, after, limit).await
            }
            Self::Postgres(store) => {
                super::postgres::sql::index::page(&mut *store.reader().await?, tenant, index, after, limit).await
            }
        }
    }

    /// Whether an index has this row, just so.
    ///
    /// # Errors
    /// If the database does not answer.
    pub async fn is_indexed(&self, row: &IndexRow) -> Result<bool, StoreError> {
        match self {
            Self::Memory(store) => Ok(store.is_indexed(row)),
            Self::Sqlite(store) => super::sqlite::sql::index::has(&mut *store.reader().await?, row).await,
            Self::Postgres(store) => super::postgres::sql::index::has(&mut *store.reader().await?, row).await,
        }
    }
}

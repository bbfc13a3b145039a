//! What every noun that is found by its code reads in the same way: for deciding, one for people, a page for people.

use fluxor_engine::ids::TenantId;
use serde::Serialize;

/// Which row.
#[derive(Serialize)]
pub(super) struct Key<'a> {
    pub(super) tenant: TenantId,
    pub(super) code: &'a str,
}

/// The reads of a noun's file over its own `LOAD`, `PAGE` and `decode`.
macro_rules! by_code {
    ($row:ty) => {
        /// Loads rows for deciding.
        pub(crate) async fn load(
            connection: &mut super::Conn,
            keys: &[(TenantId, &std::sync::Arc<str>)],
        ) -> Result<Vec<(TenantId, $row)>, StoreError> {
            let keys = keys.iter().map(|(tenant, code)| super::by_code::Key { tenant: *tenant, code });
            let keys: Vec<_> = keys.collect();
            super::fetch(connection, &LOAD, &keys, decode).await
        }

        /// Reads a row for people.
        pub(crate) async fn read(
            connection: &mut super::Conn,
            tenant: TenantId,
            key: &std::sync::Arc<str>,
        ) -> Result<Option<$row>, StoreError> {
            Ok(load(connection, &[(tenant, key)]).await?.into_iter().next().map(|(_, row)| row))
        }

        /// Reads rows for people, those behind a code.
        pub(crate) async fn after(
            connection: &mut super::Conn,
            tenant: TenantId,
            after: &str,
            limit: i64,
        ) -> Result<Vec<$row>, StoreError> {
            let text = super::super::text(&PAGE);
            let query = sqlx::query(text).bind(tenant.0).bind(after.to_owned()).bind(limit);
            super::page(connection, query, &PAGE, decode).await
        }
    };
}
pub(super) use by_code;

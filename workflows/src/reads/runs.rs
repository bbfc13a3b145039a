//! The company, and what reorder runs came to.

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::{Connection, StoreError};

use crate::memory::Memory;
use crate::row::{CompanyRow, OrderRow, ShortfallRow, StockKey};
use crate::{postgres, sqlite};

/// The company of a tenant.
///
/// # Errors
/// When the database does not answer, or its row is impossible.
pub async fn company(connection: Connection<'_, Memory>, tenant: TenantId) -> Result<Option<CompanyRow>, StoreError> {
    let rows = match connection {
        Connection::Memory(memory) => return Ok(memory.company(tenant)),
        Connection::Sqlite(connection) => sqlite::sql::company::load(connection, &[tenant]).await?,
        Connection::Postgres(connection) => postgres::sql::company::load(connection, &[tenant]).await?,
    };
    Ok(rows.into_iter().next().map(|(_, row)| row))
}

/// What a run found short and did not order, by item and location, behind `after`, at most `limit`.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn shortfalls(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    run: InstanceId,
    after: Option<&StockKey>,
    limit: i64,
) -> Result<Vec<ShortfallRow>, StoreError> {
    match connection {
        Connection::Memory(memory) => Ok(memory.shortfalls(tenant, run, after, usize::try_from(limit).unwrap_or(0))),
        Connection::Sqlite(connection) => sqlite::sql::shortfalls::of_run(connection, tenant, run, after, limit).await,
        Connection::Postgres(connection) => {
            postgres::sql::shortfalls::of_run(connection, tenant, run, after, limit).await
        }
    }
}

/// Orders that came from somewhere (`reorder:<run>`), oldest first, behind `after`, at most `limit`. Without their lines.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn orders_from(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    source: &str,
    after: Option<InstanceId>,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let after = after.unwrap_or(InstanceId(uuid::Uuid::nil()));
    match connection {
        Connection::Memory(memory) => {
            Ok(memory.orders_from(tenant, source, after, usize::try_from(limit).unwrap_or(0)))
        }
        Connection::Sqlite(connection) => {
            sqlite::sql::orders::from_source(connection, tenant, source, after, limit).await
        }
        Connection::Postgres(connection) => {
            postgres::sql::orders::from_source(connection, tenant, source, after, limit).await
        }
    }
}

//! Reading for people: no locks, nothing is decided on what they show. Orders stand here, records and stock in `inventory`.

mod around;
mod inventory;
mod runs;

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::{Connection, StoreError};
use serde::Serialize;

use crate::memory::Memory;
use crate::row::{LineRow, OrderRow};
use crate::{postgres, sqlite};

pub use around::{Around, Left, around};
pub use inventory::{
    Totals, item, item_units, items, location, locations, movements, open_demand, policies, policy, preference,
    preferences_by_person, setting, settings_by_name, stock_at, stock_level, stock_levels, stock_of, supplier,
    suppliers, terms, totals, unit, units,
};

pub use runs::{company, orders_from, shortfalls};

/// An order with its lines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Order {
    /// The order.
    #[serde(flatten)]
    pub row: OrderRow,
    /// Its lines, in order. (The row's own `lines` is their number.)
    #[serde(rename = "line_items")]
    pub lines: Vec<LineRow>,
}

/// The order of an instance, with its lines.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn order(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    id: InstanceId,
) -> Result<Option<Order>, StoreError> {
    let found = match connection {
        Connection::Memory(memory) => memory.order(tenant, id),
        Connection::Sqlite(connection) => sqlite::sql::order(connection, tenant, id).await?,
        Connection::Postgres(connection) => postgres::sql::order(connection, tenant, id).await?,
    };
    Ok(found.map(|(row, lines)| Order { row, lines }))
}

/// The instance of the order with this official number.
///
/// # Errors
/// When the database does not answer.
pub async fn order_by_number(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    number: &str,
) -> Result<Option<InstanceId>, StoreError> {
    match connection {
        Connection::Memory(memory) => Ok(memory.by_number(tenant, number)),
        Connection::Sqlite(connection) => sqlite::sql::orders::by_number(connection, tenant, number).await,
        Connection::Postgres(connection) => postgres::sql::orders::by_number(connection, tenant, number).await,
    }
}

/// Orders of a tenant, newest first (ids rise with time), older than `before`, at most `limit`. Without their lines.
///
/// # Errors
/// When the database does not answer, or its rows are impossible.
pub async fn orders(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    before: Option<InstanceId>,
    limit: i64,
) -> Result<Vec<OrderRow>, StoreError> {
    let before = before.unwrap_or(InstanceId(uuid::Uuid::max()));
    match connection {
        Connection::Memory(memory) => Ok(memory.page(tenant, before, usize::try_from(limit).unwrap_or(0))),
        Connection::Sqlite(connection) => sqlite::sql::orders::newest(connection, tenant, before, limit).await,
        Connection::Postgres(connection) => postgres::sql::orders::newest(connection, tenant, before, limit).await,
    }
}

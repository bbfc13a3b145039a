//! Reading orders for people: no locks, nothing is decided on what they show.

use fluxor_engine::ids::{InstanceId, TenantId};
use fluxor_engine::store::{Connection, StoreError};
use serde::Serialize;

use super::{Link, Sql, both, broken, lines, orders};
use crate::memory::Memory;
use crate::row::{LineRow, OrderRow};

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
    let mut link = match connection {
        Connection::Memory(memory) => {
            let lines = memory.lines.get(&(tenant, id)).cloned().unwrap_or_default();
            return Ok(memory.orders.get(&(tenant, id)).cloned().map(|row| Order { row, lines }));
        }
        Connection::Sqlite(connection) => Link::Sqlite(connection),
        Connection::Postgres(connection) => Link::Postgres(connection),
    };
    let Some(row) = orders::read(&mut link, tenant, id).await? else {
        return Ok(None);
    };
    let lines = lines::read(&mut link, std::iter::once((tenant, id))).await?;
    Ok(Some(Order { row, lines: lines.into_iter().map(|(_, _, line)| line).collect() }))
}

const BY_NUMBER: Sql = Sql::same(
    "purchase_order",
    "
        SELECT id
        FROM purchase_order
        WHERE tenant = $1
        AND number = $2",
);

/// The instance of the order with this official number.
///
/// # Errors
/// When the database does not answer.
pub async fn order_by_number(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    number: &str,
) -> Result<Option<InstanceId>, StoreError> {
    let mut link = match connection {
        Connection::Memory(memory) => return Ok(memory.numbers.get(&(tenant, number.into())).copied()),
        Connection::Sqlite(connection) => Link::Sqlite(connection),
        Connection::Postgres(connection) => Link::Postgres(connection),
    };
    both!(&mut link, BY_NUMBER => |connection, sql| {
        let id = sqlx::query_scalar::<_, uuid::Uuid>(sql)
            .bind(tenant.0)
            .bind(number.to_owned())
            .fetch_optional(&mut **connection)
            .await;
        id.map(|id| id.map(InstanceId)).map_err(|error| broken(error, BY_NUMBER.table))
    })
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
    let mut link = match connection {
        Connection::Memory(memory) => {
            let older = memory.orders.range((tenant, InstanceId(uuid::Uuid::nil()))..(tenant, before));
            let most = usize::try_from(limit).unwrap_or(0);
            return Ok(older.rev().take(most).map(|(_, row)| row.clone()).collect());
        }
        Connection::Sqlite(connection) => Link::Sqlite(connection),
        Connection::Postgres(connection) => Link::Postgres(connection),
    };
    both!(&mut link, orders::PAGE => |connection, sql| {
        let rows = sqlx::query(sql).bind(tenant.0).bind(before.0).bind(limit).fetch_all(&mut **connection).await;
        let rows = rows.map_err(|error| broken(error, orders::PAGE.table))?;
        rows.iter().map(|row| orders::decode(row).map(|(_, row)| row)).collect()
    })
}

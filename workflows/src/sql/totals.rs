//! Counts and sums over all of a tenant: what an import is reconciled with.

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::StoreError;

use super::super::text;
use super::columns::Reader;
use super::{Conn, fetch_one};
use crate::reads::Totals;
use crate::statement::Sql;

/// All stock levels.
pub(crate) const STOCK: Sql = Sql::same(
    "stock_level",
    "
        SELECT COUNT(*) AS stock_levels, CAST(COALESCE(SUM(t.on_hand), 0) AS BIGINT) AS on_hand,
          CAST(COALESCE(SUM(t.on_order), 0) AS BIGINT) AS on_order,
          CAST(COALESCE(SUM(t.reserved), 0) AS BIGINT) AS reserved
        FROM stock_level AS t
        WHERE t.tenant = $1",
);

/// All movements.
pub(crate) const MOVEMENTS: Sql = Sql::same(
    "stock_movement",
    "
        SELECT COUNT(*) AS movements, CAST(COALESCE(SUM(t.quantity), 0) AS BIGINT) AS moved
        FROM stock_movement AS t
        WHERE t.tenant = $1",
);

/// All demand, and that which is not done.
pub(crate) const DEMAND: Sql = Sql::same(
    "demand",
    "
        SELECT COUNT(*) AS demand, CAST(COALESCE(SUM(t.quantity), 0) AS BIGINT) AS demanded,
          COUNT(CASE WHEN t.done_at IS NULL THEN 1 END) AS demand_open,
          CAST(COALESCE(SUM(CASE WHEN t.done_at IS NULL THEN t.quantity END), 0) AS BIGINT) AS demanded_open
        FROM demand AS t
        WHERE t.tenant = $1",
);

/// Counts and sums.
pub(crate) async fn totals(connection: &mut Conn, tenant: TenantId) -> Result<Totals, StoreError> {
    let stock_row = fetch_one(connection, sqlx::query(text(&STOCK)).bind(tenant.0), &STOCK).await?;
    let stock = Reader::new("stock_level", &[], &stock_row);
    let movements_row = fetch_one(connection, sqlx::query(text(&MOVEMENTS)).bind(tenant.0), &MOVEMENTS).await?;
    let movements = Reader::new("stock_movement", &[], &movements_row);
    let demand_row = fetch_one(connection, sqlx::query(text(&DEMAND)).bind(tenant.0), &DEMAND).await?;
    let demand = Reader::new("demand", &[], &demand_row);
    Ok(Totals {
        stock_levels: stock.int("stock_levels")?,
        on_hand: stock.quantity("on_hand")?,
        on_order: stock.quantity("on_order")?,
        reserved: stock.quantity("reserved")?,
        movements: movements.int("movements")?,
        moved: movements.quantity("moved")?,
        demand: demand.int("demand")?,
        demanded: demand.quantity("demanded")?,
        demand_open: demand.int("demand_open")?,
        demanded_open: demand.quantity("demanded_open")?,
    })
}

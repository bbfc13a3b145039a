//! Records, stock, ledger and demand for people. Lists go on behind the key of the last row (`after`; empty: from the
//! beginning), at most `limit` rows.
#![allow(
    clippy::missing_errors_doc,
    reason = "each fails when the database does not answer, or its rows are impossible"
)]

use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_engine::store::{Connection, StoreError};
use serde::Serialize;

use crate::memory::Memory;
use crate::quantity::Quantity;
use crate::row::{
    DemandRow, ItemRow, ItemUnitRow, LocationRow, MovementRow, PolicyRow, PreferenceRow, SettingRow, StockKey,
    StockRow, SupplierRow, TermRow, UnitRow,
};
use crate::{postgres, sqlite};

/// Counts and sums over all of a tenant: what an import is reconciled with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// How many stock levels there are.
    pub stock_levels: i64,
    /// The sum of what is on hand.
    pub on_hand: Quantity,
    /// The sum of what is on order.
    pub on_order: Quantity,
    /// The sum of what is reserved.
    pub reserved: Quantity,
    /// How many movements there are.
    pub movements: i64,
    /// Their sum: what is on hand.
    pub moved: Quantity,
    /// How many demands there are.
    pub demand: i64,
    /// Their sum.
    pub demanded: Quantity,
    /// How many of them are not done.
    pub demand_open: i64,
    /// The sum of these: what is reserved.
    pub demanded_open: Quantity,
}

/// Asks the store that is connected; memory answers at once.
macro_rules! ask {
    ($connection:expr, $noun:ident::$function:ident($($argument:expr),*), $memory:ident => $answer:expr) => {
        match $connection {
            Connection::Memory($memory) => Ok($answer),
            Connection::Sqlite(connection) => sqlite::sql::$noun::$function(connection, $($argument),*).await,
            Connection::Postgres(connection) => postgres::sql::$noun::$function(connection, $($argument),*).await,
        }
    };
}

fn most(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(0)
}

/// The supplier with this code.
pub async fn supplier(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    code: &Arc<str>,
) -> Result<Option<SupplierRow>, StoreError> {
    ask!(connection, suppliers::read(tenant, code), memory => memory.supplier(tenant, code))
}

/// Suppliers by their codes.
pub async fn suppliers(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<SupplierRow>, StoreError> {
    ask!(connection, suppliers::after(tenant, after, limit), memory => memory.suppliers(tenant, after, most(limit)))
}

/// The item with this code.
pub async fn item(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    code: &Arc<str>,
) -> Result<Option<ItemRow>, StoreError> {
    ask!(connection, items::read(tenant, code), memory => memory.item(tenant, code))
}

/// Items by their codes.
pub async fn items(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    ask!(connection, items::after(tenant, after, limit), memory => memory.items(tenant, after, most(limit)))
}

/// The unit of measure with this code.
pub async fn unit(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    code: &Arc<str>,
) -> Result<Option<UnitRow>, StoreError> {
    ask!(connection, units::read(tenant, code), memory => memory.unit(tenant, code))
}

/// Units of measure by their codes.
pub async fn units(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<UnitRow>, StoreError> {
    ask!(connection, units::after(tenant, after, limit), memory => memory.units(tenant, after, most(limit)))
}

/// The units of an item, behind the unit `after`.
pub async fn item_units(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    item: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<ItemUnitRow>, StoreError> {
    ask!(connection, item_units::of_item(tenant, item, after, limit), memory => memory.item_units(tenant, item, after, most(limit)))
}

/// The setting of this name.
pub async fn setting(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    code: &Arc<str>,
) -> Result<Option<SettingRow>, StoreError> {
    ask!(connection, settings::read(tenant, code), memory => memory.setting(tenant, code))
}

/// How a person wants to be written to; nothing: as it is usual.
pub async fn preference(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    person: &Arc<str>,
) -> Result<Option<PreferenceRow>, StoreError> {
    ask!(connection, preferences::read(tenant, person), memory => memory.preference(tenant, person))
}

/// How people want to be written to, by their ids.
pub async fn preferences_by_person(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<PreferenceRow>, StoreError> {
    ask!(connection, preferences::after(tenant, after, limit), memory => memory.preferences(tenant, after, most(limit)))
}

/// Settings by their names.
pub async fn settings_by_name(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<SettingRow>, StoreError> {
    ask!(connection, settings::after(tenant, after, limit), memory => memory.settings(tenant, after, most(limit)))
}

/// The location with this code.
pub async fn location(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    code: &Arc<str>,
) -> Result<Option<LocationRow>, StoreError> {
    ask!(connection, locations::read(tenant, code), memory => memory.location(tenant, code))
}

/// Locations by their codes.
pub async fn locations(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: &str,
    limit: i64,
) -> Result<Vec<LocationRow>, StoreError> {
    ask!(connection, locations::after(tenant, after, limit), memory => memory.locations(tenant, after, most(limit)))
}

/// The terms of an item, behind supplier and term `after`.
pub async fn terms(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    item: &str,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<TermRow>, StoreError> {
    ask!(connection, terms::of_item(tenant, item, after, limit), memory => memory.terms(tenant, item, after, most(limit)))
}

/// The reorder policy of an item for a location.
pub async fn policy(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    key: &StockKey,
) -> Result<Option<PolicyRow>, StoreError> {
    ask!(connection, policies::read(tenant, key), memory => memory.policy(tenant, key))
}

/// Reorder policies, behind item and location `after`.
pub async fn policies(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<PolicyRow>, StoreError> {
    ask!(connection, policies::after(tenant, after, limit), memory => memory.policies(tenant, after, most(limit)))
}

/// How an item stands at a location.
pub async fn stock_level(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    key: &StockKey,
) -> Result<Option<StockRow>, StoreError> {
    ask!(connection, stock::read(tenant, key), memory => memory.stock_level(tenant, key))
}

/// Where an item is, behind the location `after`.
pub async fn stock_of(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    item: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    ask!(connection, stock::of_item(tenant, item, after, limit), memory => memory.stock_of(tenant, item, after, most(limit)))
}

/// What is at a location, behind the item `after`.
pub async fn stock_at(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    location: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    ask!(connection, stock::at_location(tenant, location, after, limit), memory => memory.stock_at(tenant, location, after, most(limit)))
}

/// Stock levels, behind item and location `after`.
pub async fn stock_levels(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    after: (&str, &str),
    limit: i64,
) -> Result<Vec<StockRow>, StoreError> {
    ask!(connection, stock::after(tenant, after, limit), memory => memory.stock_levels(tenant, after, most(limit)))
}

/// Movements of an item at a location, newest first, those before the number `before`.
pub async fn movements(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    key: &StockKey,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<MovementRow>, StoreError> {
    let before = before.unwrap_or(i64::MAX);
    ask!(connection, movements::newest(tenant, key, before, limit), memory => memory.newest(tenant, key, before, most(limit)))
}

/// Demand of an item at a location that is not done, behind the reference `after`.
pub async fn open_demand(
    connection: Connection<'_, Memory>,
    tenant: TenantId,
    key: &StockKey,
    after: &str,
    limit: i64,
) -> Result<Vec<DemandRow>, StoreError> {
    ask!(connection, demand::open(tenant, key, after, limit), memory => memory.open_demand(tenant, key, after, most(limit)))
}

/// Counts and sums over all of a tenant.
pub async fn totals(connection: Connection<'_, Memory>, tenant: TenantId) -> Result<Totals, StoreError> {
    ask!(connection, totals::totals(tenant), memory => memory.totals(tenant))
}

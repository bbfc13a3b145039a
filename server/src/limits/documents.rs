//! The documents that limits are made of, as they stand in the settings.

use fluxor_engine::ids::TenantId;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::desk::{Books, Desk, NotDone};
use crate::settings;

/// A setting as it is in force; nothing if there is none of that name.
pub(super) async fn setting(desk: &dyn Desk, tenant: TenantId, name: &str) -> Result<Value, NotDone> {
    let row = desk.books(tenant, Books::Setting { name: name.to_owned() }).await?;
    Ok(settings::kind(name).map_or(Value::Null, |kind| settings::in_force(&row, kind.usual).1))
}

/// The name of a tenant's time zone: the company's, else the organisation's.
pub(super) async fn zone_named(desk: &dyn Desk, tenant: TenantId) -> Result<Value, NotDone> {
    let zone = desk.books(tenant, Books::Company).await?["zone"].take();
    if !zone.is_null() {
        return Ok(zone);
    }
    let Some(row) = desk.organisation(tenant).await? else { return Ok(Value::Null) };
    let document: Value = serde_json::from_str(&row.document).unwrap_or_default();
    Ok(document["zone"].clone())
}

/// The zone of that name; UTC if it is none.
pub(super) fn zone_of(name: &Value) -> TimeZone {
    name.as_str().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// A tenant's time zone.
pub(super) async fn zone(desk: &dyn Desk, tenant: TenantId) -> Result<TimeZone, NotDone> {
    Ok(zone_of(&zone_named(desk, tenant).await?))
}

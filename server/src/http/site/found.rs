//! A link that somebody has: whether it may still be used, and if not, why. Looking uses nothing up.

use std::sync::Arc;

use fluxor_engine::ids::TenantId;
use fluxor_workflows::{LinkRow, Purpose};

use crate::app::App;
use crate::desk::NotDone;
use crate::door::{Presence, Since};
use crate::secret;

/// What a link turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It may be used.
    Good(LinkRow),
    /// It was used.
    Used(LinkRow),
    /// Its time is over.
    Old(LinkRow),
    /// The key that made it was revoked, or somebody whose it is was not in the organisation for a while.
    Ended(LinkRow),
    /// Nobody knows it.
    Unknown,
}

/// The link of this secret.
pub(super) async fn found(app: &App, text: &str, purpose: Purpose) -> Result<Found, NotDone> {
    let Some(hash) = secret::token_hash(text) else { return Ok(Found::Unknown) };
    let now = app.desk().now();
    let link = app.desk().link(hash).await?;
    let Some(link) = link.filter(|link| link.purpose == purpose) else { return Ok(Found::Unknown) };
    if link.used_at.is_some() {
        return Ok(Found::Used(link));
    }
    if link.ends_at <= now {
        return Ok(Found::Old(link));
    }
    let stayed = matches!(Since::from(&link).presence(app.desk()).await?, Presence::Stayed(_));
    let is_held = match &link.api_key {
        Some(key) => holds(app, link.tenant, key).await?,
        None => true,
    };
    Ok(if stayed && is_held { Found::Good(link) } else { Found::Ended(link) })
}

/// Whether a key is not revoked. Asked rarely, so all of the tenant's are read.
pub(super) async fn holds(app: &App, tenant: TenantId, key: &Arc<str>) -> Result<bool, NotDone> {
    let keys = app.desk().api_keys(tenant).await?;
    Ok(keys.iter().any(|known| known.id == *key && known.revoked_at.is_none()))
}

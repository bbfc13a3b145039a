//! Who am I?

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Caller;
use super::problem::Problems;

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    /// Whose data it sees.
    tenant: i64,
    /// Whom it acts as.
    person: String,
    /// May edit the organisation, keys and records.
    administrator: bool,
    /// The key's public id.
    key: String,
    /// The key's label.
    label: String,
}

impl From<Caller> for Me {
    fn from(caller: Caller) -> Self {
        let key = caller.key();
        Self {
            tenant: key.tenant.0,
            person: key.person.to_string(),
            administrator: key.administrator,
            key: key.id.to_string(),
            label: key.label.clone(),
        }
    }
}

/// Who the key says you are.
#[utoipa::path(get, path = "/v1/me", tag = "keys", responses((status = 200, body = Me), Problems))]
pub(crate) async fn show(caller: Caller) -> Json<Me> {
    Json(caller.into())
}

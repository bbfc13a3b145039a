//! Who asks: `Authorization: Bearer flx_...` becomes a tenant and a person.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use fluxor_engine::command::Actor;
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{PersonId, TenantId};

use super::problem::Problem;
use crate::app::App;
use crate::secret;

/// The caller, known by a key.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key: Arc<ApiKeyRow>,
}

impl Caller {
    /// Whose data it may see.
    pub(crate) fn tenant(&self) -> TenantId {
        self.key.tenant
    }

    /// Whom it acts as.
    pub(crate) fn person(&self) -> &PersonId {
        &self.key.person
    }

    /// The key it came with.
    pub(crate) fn key(&self) -> &ApiKeyRow {
        &self.key
    }

    /// As the engine knows it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person { id: self.key.person.clone(), via: "http".into(), administrator: self.key.administrator }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let brought = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
            Problem::unauthenticated("Send a key: `Authorization: Bearer flx_...`. `fluxor keys create` makes one.")
        })?;
        let hash = brought
            .to_str()
            .ok()
            .and_then(|text| text.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, key)| secret::hash(key.trim()))
            .ok_or_else(|| {
                Problem::unauthenticated("This is no key. One looks like `Authorization: Bearer flx_<id>_<secret>`.")
            })?;
        let key = app.key(hash).await?;
        key.map(|key| Self { key }).ok_or_else(|| Problem::unauthenticated("This key is unknown or was revoked."))
    }
}

/// A caller who may read keys and verify the trail. Changes need no such extractor: the engine itself declines them,
/// and writes it down.
#[derive(Clone, Debug)]
pub(crate) struct Administrator(pub(crate) Caller);

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.key.administrator { Ok(Self(caller)) } else { Err(Problem::not_allowed("an administrator's key")) }
    }
}

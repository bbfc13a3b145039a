//! Who asks: `Authorization: Bearer flx_...` becomes a tenant and a person.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fluxor_engine::command::Actor;
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, PersonId, TenantId};

use super::layers;
use super::problem::Problem;
use crate::app::App;
use crate::secret;

/// The caller, known by a key.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key: Arc<ApiKeyRow>,
}

/// In a request's extensions: the gate has looked the key up, and there is none.
#[derive(Clone, Copy)]
pub(super) struct Unknown;

/// The hash of the key that was sent.
///
/// # Errors
/// If there is none, or it is none.
pub(super) fn brought(parts: &Parts) -> Result<Digest, Problem> {
    if layers::page(layers::route(&parts.extensions)) {
        let wrong = || {
            Problem::unauthenticated("This page asks for an API key, as the password. `fluxor keys create` makes one.")
        };
        return by_password(&parts.headers).and_then(|key| secret::hash(key.trim())).ok_or_else(wrong);
    }
    let brought = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
        Problem::unauthenticated("Send a key: `Authorization: Bearer flx_...`. `fluxor keys create` makes one.")
    })?;
    let text = brought.to_str().ok().and_then(|text| text.split_once(' '));
    let key = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    key.and_then(secret::hash).ok_or_else(|| {
        Problem::unauthenticated("This is no key. One looks like `Authorization: Bearer flx_<id>_<secret>`.")
    })
}

/// The password of HTTP Basic (RFC 7617), whatever the name. Only pages take it: what else a browser is made to send by
/// another site must not carry a key.
fn by_password(headers: &HeaderMap) -> Option<String> {
    let (scheme, text) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let bytes = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(text.trim()).ok())??;
    String::from_utf8(bytes).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

impl Caller {
    /// Whoever has this key.
    pub(super) const fn with(key: Arc<ApiKeyRow>) -> Self {
        Self { key }
    }

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
        // The gate has looked already.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let hash = brought(parts)?;
        let key = if parts.extensions.get::<Unknown>().is_some() { None } else { app.key(hash).await? };
        key.map(Self::with).ok_or_else(|| Problem::unauthenticated("This key is unknown or was revoked."))
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

//! Who asks: `Authorization: Bearer flx_...` becomes a tenant and a person.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use fluxor_engine::command::Actor;
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, PersonId, TenantId};
use fluxor_workflows::{LinkRow, SessionRow};

use super::layers;
use super::problem::Problem;
use crate::app::App;
use crate::desk::NotDone;
use crate::{door, secret};

/// The caller, known by a key, by a session, or by a link that is good for once.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    key: Arc<ApiKeyRow>,
    via: &'static str,
}

/// In a request's extensions: the gate has looked, and there is nobody.
#[derive(Clone, Copy)]
pub(super) struct Unknown;

/// What a request brings: of pages a session's cookie, elsewhere a key. What a browser is made to send by another site carries
/// nothing to where programs go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Brought {
    /// The hash of a key.
    Key(Digest),
    /// The hash of a session's secret.
    Session(Digest),
}

impl Brought {
    /// Whether looking is no attempt to guess it: a key that was found before; any session, since its secret is too long to be
    /// guessed, and browsers send it long after its end.
    pub(super) fn is_known(self, app: &App) -> bool {
        match self {
            Self::Key(hash) => app.key_seen(&hash),
            Self::Session(_) => true,
        }
    }

    /// Whose it is; nobody's, where it is not good.
    pub(super) async fn look(self, app: &App) -> Result<Option<Caller>, NotDone> {
        Ok(match self {
            Self::Key(hash) => app.key(hash).await?.map(Caller::with),
            Self::Session(hash) => app.session(hash).await?.map(|session| Caller::of_session(&session)),
        })
    }
}

/// What a request brings.
///
/// # Errors
/// If it brings nothing, or nothing that could be one.
pub(super) fn brought(parts: &Parts) -> Result<Brought, Problem> {
    if layers::page(layers::route(&parts.extensions)) {
        let session = door::brought(&parts.headers).map(Brought::Session);
        return session
            .ok_or_else(|| Problem::unauthenticated("You are not signed in, or not any more: sign in again."));
    }
    let brought = parts.headers.get(AUTHORIZATION).ok_or_else(|| {
        Problem::unauthenticated("Send a key: `Authorization: Bearer flx_...`. `fluxor keys create` makes one.")
    })?;
    let text = brought.to_str().ok().and_then(|text| text.split_once(' '));
    let key = text.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map(|(_, key)| key.trim());
    key.and_then(secret::hash).map(Brought::Key).ok_or_else(|| {
        Problem::unauthenticated("This is no key. One looks like `Authorization: Bearer flx_<id>_<secret>`.")
    })
}

impl Caller {
    /// Whoever has this key.
    pub(super) const fn with(key: Arc<ApiKeyRow>) -> Self {
        Self { key, via: "http" }
    }

    /// Whoever is signed in with this session.
    pub(super) fn of_session(session: &SessionRow) -> Self {
        let key = ApiKeyRow {
            tenant: session.tenant,
            id: session.id.clone(),
            secret_hash: session.secret_hash,
            person: session.person.clone(),
            label: "session".to_owned(),
            administrator: session.administrator,
            created_at: session.began_at,
            revoked_at: None,
        };
        Self { key: key.into(), via: "page" }
    }

    /// Whoever has this link; never with an administrator's rights.
    pub(super) fn of_link(link: &LinkRow) -> Self {
        let key = ApiKeyRow {
            tenant: link.tenant,
            id: link.id.clone(),
            secret_hash: link.secret_hash,
            person: link.person.clone(),
            label: "link".to_owned(),
            administrator: false,
            created_at: link.made_at,
            revoked_at: None,
        };
        Self { key: key.into(), via: "link" }
    }

    /// Whose data it may see.
    pub(crate) fn tenant(&self) -> TenantId {
        self.key.tenant
    }

    /// Whom it acts as.
    pub(crate) fn person(&self) -> &PersonId {
        &self.key.person
    }

    /// The key it came with, or what stands for it.
    pub(crate) fn key(&self) -> &ApiKeyRow {
        &self.key
    }

    /// Whether it has an administrator's rights.
    pub(crate) fn is_administrator(&self) -> bool {
        self.key.administrator
    }

    /// Whether it came by a link in a mail.
    pub(crate) fn is_link(&self) -> bool {
        self.via == "link"
    }

    /// As the engine knows it.
    pub(crate) fn actor(&self) -> Actor {
        Actor::Person { id: self.key.person.clone(), via: self.via.into(), administrator: self.key.administrator }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Self::found(parts, app).await?;
        // Of what somebody asks to be done the engine looks for itself, and pages ask more: who is there at all.
        if parts.method.is_safe() && !layers::page(layers::route(&parts.extensions)) {
            caller.is_there(app).await?;
        }
        Ok(caller)
    }
}

impl Caller {
    /// Whoever is known and has left the organisation, or is not there yet, is told nothing, whatever key is left.
    pub(super) async fn is_there(&self, app: &App) -> Result<(), Problem> {
        let company = app.desk().company(self.tenant()).await?;
        let (organisation, date) = (company.organisation(), company.today());
        match organisation.person(self.person()).is_some() && !organisation.active(self.person(), date) {
            true => Err(Problem::not_allowed("somebody who is active in the organisation")),
            false => Ok(()),
        }
    }

    async fn found(parts: &Parts, app: &App) -> Result<Self, Problem> {
        // The gate has looked already.
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let brought = brought(parts)?;
        let found = if parts.extensions.get::<Unknown>().is_some() { None } else { brought.look(app).await? };
        found.ok_or_else(|| {
            Problem::unauthenticated(match brought {
                Brought::Key(_) => "This key is unknown or was revoked.",
                Brought::Session(_) => "Your session has ended: sign in again.",
            })
        })
    }
}

/// A caller who may read keys and verify the trail. Changes need no such extractor: the engine itself declines them,
/// and writes it down.
#[derive(Clone, Debug)]
pub(crate) struct Administrator(pub(crate) Caller);

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::found(parts, app).await?;
        if !caller.key.administrator {
            return Err(Problem::not_allowed("an administrator's key"));
        }
        caller.is_there(app).await?;
        Ok(Self(caller))
    }
}

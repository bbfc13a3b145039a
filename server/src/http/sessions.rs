//! Browsers that people are signed in with, for administrators: a notebook is lost, somebody leaves.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::PersonId;
use fluxor_workflows::SessionRow;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Asked, ChangeHeaders};
use super::auth::Administrator;
use super::extract::Query;
use super::json;
use super::problem::{Problem, Problems};
use super::site::sign_in;
use crate::app::App;

/// Whose.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// The person's id.
    #[param(value_type = String, example = "ann")]
    person: PersonId,
}

/// A browser that somebody is signed in with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Session {
    /// Its id, which is no secret.
    #[schema(value_type = String)]
    id: Arc<str>,
    /// What the browser calls itself.
    agent: String,
    /// Whether it was begun with an administrator's rights.
    administrator: bool,
    /// The key that it was begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// Since when.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    began_at: Timestamp,
    /// When it was used last, to the minute.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    seen_at: Timestamp,
    /// When it ends at the latest.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

impl From<SessionRow> for Session {
    fn from(row: SessionRow) -> Self {
        let SessionRow { id, agent, administrator, api_key: key, began_at, seen_at, ends_at, .. } = row;
        Self { id, agent, administrator, key, began_at, seen_at, ends_at }
    }
}

/// Sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// The newest first.
    items: Vec<Session>,
}

/// Where somebody is signed in to the pages. Administrators only.
#[utoipa::path(get, path = "/v1/sessions", tag = "keys", params(Whose), responses((status = 200, body = Sessions), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Query(Whose { person }): Query<Whose>,
) -> Result<Json<Sessions>, Problem> {
    let alive = app.door().alive(app.desk(), caller.tenant(), person).await?;
    Ok(Json(Sessions { items: alive.into_iter().map(Session::from).collect() }))
}

/// Whom to sign out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Leaving {
    /// The person's id.
    #[schema(value_type = String, example = "ann")]
    person: PersonId,
    /// Of this session alone; else of all.
    #[serde(default)]
    session: Option<String>,
}

/// Who was signed out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignedOut {
    /// The sessions that have ended by it.
    #[schema(value_type = Vec<String>)]
    ended: Vec<Arc<str>>,
}

/// Sign somebody out: of one session or of all, here at once, on other servers within seconds. Administrators only.
#[utoipa::path(post, path = "/v1/sign_outs", tag = "keys", params(ChangeHeaders), request_body = Leaving,
    responses((status = 200, body = SignedOut), Problems))]
pub(crate) async fn end(
    State(app): State<App>,
    Asked(asking, Leaving { person, session }): Asked<Leaving>,
) -> Result<Json<SignedOut>, Problem> {
    if !asking.caller.key().administrator {
        return Err(Problem::not_allowed("an administrator's key"));
    }
    let alive = app.door().alive(app.desk(), asking.caller.tenant(), person).await?;
    let mut ended = Vec::new();
    for row in alive.into_iter().filter(|row| session.as_deref().is_none_or(|id| *row.id == *id)) {
        sign_in::end(&app, &row, asking.caller.actor()).await?;
        ended.push(row.id);
    }
    Ok(Json(SignedOut { ended }))
}

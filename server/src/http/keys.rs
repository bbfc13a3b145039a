//! API keys. Administrators only.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::commit::ApiKeyRow;
use fluxor_engine::ids::{Digest, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::{Asked, ChangeHeaders};
use super::auth::Administrator;
use super::extract::Path;
use super::json;
use super::organisation::Changed;
use super::problem::{Problem, Problems};
use super::status;
use crate::app::App;
use crate::desk::Submitted;
use crate::secret;

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    /// Whom it acts as.
    #[schema(value_type = String, example = "ann")]
    person: PersonId,
    /// For people.
    #[serde(default)]
    label: String,
    /// May edit the organisation, keys and records.
    #[serde(default)]
    administrator: bool,
}

/// A key that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Made {
    /// The key's public id.
    id: String,
    /// The key itself, shown this once: only its hash is kept, so a repeat of the request has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    #[serde(flatten)]
    changed: Changed,
}

/// 201 with the secret the first time, 200 without it on repeat.
pub(crate) struct New {
    id: String,
    secret: String,
    done: Submitted,
}

impl IntoResponse for New {
    fn into_response(self) -> Response {
        let Submitted { answer, repeat } = self.done;
        let secret = (!repeat).then_some(self.secret);
        (status::made(repeat), Json(Made { id: self.id, secret, changed: answer.into() })).into_response()
    }
}

/// A key, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Key {
    #[schema(value_type = String)]
    id: Arc<str>,
    #[schema(value_type = String)]
    person: PersonId,
    label: String,
    administrator: bool,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[serde(serialize_with = "json::opt_time", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKeyRow> for Key {
    fn from(row: ApiKeyRow) -> Self {
        let ApiKeyRow { id, person, label, administrator, created_at, revoked_at, .. } = row;
        Self { id, person, label, administrator, created_at, revoked_at }
    }
}

/// Keys.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Keys {
    /// By id.
    items: Vec<Key>,
}

/// List keys.
#[utoipa::path(get, path = "/v1/keys", tag = "keys", responses((status = 200, body = Keys), Problems))]
pub(crate) async fn list(State(app): State<App>, Administrator(caller): Administrator) -> Result<Json<Keys>, Problem> {
    let rows = app.desk().api_keys(caller.tenant()).await?;
    Ok(Json(Keys { items: rows.into_iter().map(Key::from).collect() }))
}

/// Make a key.
#[utoipa::path(post, path = "/v1/keys", tag = "keys", params(ChangeHeaders), request_body = NewKey,
    responses((status = 201, body = Made), (status = 200, body = Made, description = "A repeat, without the secret"), Problems))]
pub(crate) async fn create(State(app): State<App>, Asked(asking, key): Asked<NewKey>) -> Result<New, Problem> {
    let id = secret::id_of(asking.caller.tenant(), &asking.request);
    let secret = secret::write(&id, &app.random());
    let change = Change::CreateKey {
        id: id.as_str().into(),
        secret_hash: Digest::of(&secret),
        person: key.person,
        label: key.label,
        administrator: key.administrator,
    };
    let done = app.submit(asking.command(Verb::Change(change))).await?;
    Ok(New { id, secret, done })
}

/// Make a key useless from now on.
#[utoipa::path(delete, path = "/v1/keys/{id}", tag = "keys", params(("id" = String, Path), ChangeHeaders),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn revoke(
    State(app): State<App>,
    Path((id,)): Path<(String,)>,
    Asked(asking, _): Asked<Nothing>,
) -> Result<Json<Changed>, Problem> {
    let verb = Verb::Change(Change::RevokeKey { id: id.into() });
    Ok(Json(app.submit(asking.command(verb)).await?.answer.into()))
}

/// No body, or an empty object.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

//! Webhooks: how a tenant's endpoints fare, their secrets, and what was delivered. Which endpoints there are is the setting
//! `webhooks` (`/v1/settings/webhooks`). Administrators only.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fluxor_engine::command::{Change, Command, Verb};
use fluxor_engine::ids::Digest;
use fluxor_engine::instance::Document;
use fluxor_workflows::WebhookState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Asked, ChangeHeaders, Question};
use super::auth::Administrator;
use super::extract::{Limit, Path, Query, next};
use super::keys::Nothing;
use super::problem::{Problem, Problems};
use super::{spent, status};
use crate::app::App;
use crate::webhooks::{
    Cursor, Delivered, EndpointTold, MAKE_SECRET, One, RECORD, Replay, Replayed, SecretTold, Tried, Webhooks,
};

/// The webhooks, which every server has.
fn webhooks(app: &App) -> Result<&Webhooks, Problem> {
    app.desk().webhooks().map(|webhooks| &**webhooks).ok_or_else(Problem::internal)
}

/// Endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllWebhooks {
    /// In the order of the setting.
    items: Vec<EndpointTold>,
}

/// How endpoints fare. Administrators only.
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks", responses((status = 200, body = AllWebhooks), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    Administrator(caller): Administrator,
) -> Result<Json<AllWebhooks>, Problem> {
    Ok(Json(AllWebhooks { items: webhooks(&app)?.list(caller.tenant(), &app.desk().library()).await? }))
}

/// Which deliveries.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhichDeliveries {
    /// `waiting`, `delivered` or `failed`; without, all.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    /// Where the page before ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deliveries {
    /// This page, newest first.
    items: Vec<Delivered>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A field of the query that means something.
fn read<T: std::str::FromStr<Err = String>>(name: &str, text: Option<&str>) -> Result<Option<T>, Problem> {
    let read = text.map(str::parse).transpose();
    read.map_err(|why| Problem::new("invalid_query", format!("{name}: {why}.")))
}

/// Deliveries to an endpoint, newest first. Administrators only.
#[utoipa::path(get, path = "/v1/webhooks/{name}/deliveries", tag = "webhooks",
    params(("name" = String, Path), WhichDeliveries), responses((status = 200, body = Deliveries), Problems))]
pub(crate) async fn deliveries(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path((name,)): Path<(String,)>,
    Query(which): Query<WhichDeliveries>,
) -> Result<Json<Deliveries>, Problem> {
    let (state, after) = (read::<WebhookState>("state", which.state.as_deref())?, which.after.as_deref());
    let asked = (state, read::<Cursor>("after", after)?, which.limit.and_one());
    let mut rows = webhooks(&app)?.deliveries(caller.tenant(), &name, asked).await?.items;
    let last = which.limit.cut(&mut rows).map(|(cursor, _)| cursor.to_string());
    let path = format!("/v1/webhooks/{name}/deliveries");
    let next = last.map(|last| next(&path, &WhichDeliveries { after: Some(last), ..which.clone() }));
    Ok(Json(Deliveries { items: rows.into_iter().map(|(_, row)| row).collect(), next }))
}

/// One delivery, and what is sent. Administrators only.
#[utoipa::path(get, path = "/v1/webhooks/{name}/deliveries/{id}", tag = "webhooks",
    params(("name" = String, Path), ("id" = String, Path)), responses((status = 200, body = One), Problems))]
pub(crate) async fn delivery(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Path((name, id)): Path<(String, String)>,
) -> Result<Json<One>, Problem> {
    Ok(Json(webhooks(&app)?.delivery(caller.tenant(), &name, &id).await?))
}

/// How a secret is made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSecret {
    /// Those before it sign no more; else they sign for another 24 hours, so that receivers can be told.
    #[serde(default)]
    at_once: bool,
}

/// 201 with the secret the first time, 200 without it on repeat.
pub(crate) struct Made(SecretTold);

impl IntoResponse for Made {
    fn into_response(self) -> Response {
        (status::made(self.0.is_repeat()), Json(self.0)).into_response()
    }
}

/// Make a secret for an endpoint. Administrators only.
#[utoipa::path(post, path = "/v1/webhooks/{name}/secret", tag = "webhooks",
    params(("name" = String, Path), ChangeHeaders), request_body = NewSecret,
    responses((status = 201, body = SecretTold), (status = 200, body = SecretTold, description = "A repeat, without the secret"), Problems))]
pub(crate) async fn secret(
    State(app): State<App>,
    Path((name,)): Path<(String,)>,
    Asked(asking, NewSecret { at_once }): Asked<NewSecret>,
) -> Result<Made, Problem> {
    let params = Document::from_iter([("at_once".to_owned(), at_once.into())]);
    let (kind, key, action) = (RECORD.into(), name.as_str().into(), MAKE_SECRET.into());
    let change = Verb::Change(Change::Record { kind, key, action, params });
    let done = app.submit(asking.command(change)).await?;
    let tenant = asking.caller.tenant();
    Ok(Made(webhooks(&app)?.add_secret(tenant, &name, done.answer.at, at_once).await?))
}

/// Have events delivered again: those named, or those that failed. Administrators only.
#[utoipa::path(post, path = "/v1/webhooks/{name}/replay", tag = "webhooks", params(("name" = String, Path)),
    request_body = Replay, responses((status = 200, body = Replayed), Problems))]
pub(crate) async fn replay(
    State(app): State<App>,
    Path((name,)): Path<(String,)>,
    Question(Administrator(caller), asked): Question<Replay>,
) -> Result<Json<Replayed>, Problem> {
    // Of an endpoint that is not there, or what cannot be read, nothing is noted.
    let verb = Verb::Change(asked.change(&name)?);
    let command = Command {
        tenant: caller.tenant(),
        request_hash: Digest::of(&name),
        request: crate::secret::public_id(&app.random()).into(),
        actor: caller.actor(),
        verb,
    };
    app.submit(command).await?;
    let replayed = webhooks(&app)?.replay(caller.tenant(), &name, &asked).await?;
    spent::items(usize::try_from(replayed.replayed).unwrap_or(usize::MAX));
    Ok(Json(replayed))
}

/// Try an endpoint out now, with an event of the type `fluxor.test.v1`, and tell what came back. Administrators only.
#[utoipa::path(post, path = "/v1/webhooks/{name}/test", tag = "webhooks", params(("name" = String, Path)),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Tried), Problems))]
pub(crate) async fn test(
    State(app): State<App>,
    Path((name,)): Path<(String,)>,
    Question(Administrator(caller), _): Question<Nothing>,
) -> Result<Json<Tried>, Problem> {
    Ok(Json(webhooks(&app)?.try_out(caller.tenant(), &name).await?))
}

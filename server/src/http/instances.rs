//! Instances: start, list, show, and everything that may happen to one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Answer, Verb};
use fluxor_engine::ids::InstanceId;
use fluxor_engine::instance::{Document, Status};
use fluxor_engine::store::InstancePage;
use fluxor_workflows::reorder::SOURCE;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::act::bounded;
use super::asked::{Asked, ChangeHeaders};
use super::auth::Caller;
use super::extract::{Limit, Path, Query, next};
use super::json;
use super::problem::{Problem, Problems};
use super::shown::{Shown, Trouble, Whole};
use super::status;
use super::tasks::OpenTask;
use crate::app::App;
use crate::desk::Submitted;

/// What to start.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    /// A business key, unique in the workflow; where the definition computes one, leave it out.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "REQ-2026-0042")]
    key: Option<Arc<str>>,
    /// The subject's fields. Money and quantities are text: "1200.00 EUR".
    #[serde(default)]
    #[schema(value_type = Object)]
    input: Document,
}

/// What happened.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Signal {
    /// The event's fields.
    #[serde(default)]
    #[schema(value_type = Object)]
    payload: Document,
    /// Why, where the definition asks for it.
    #[serde(default)]
    reason: Option<String>,
    /// The state revision that you saw: with it, the event is declined if the instance has moved on.
    #[serde(default)]
    state_revision: Option<i64>,
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why, where the definition asks for it.
    #[serde(default)]
    reason: Option<String>,
}

/// What came of it: the new state, open tasks with their etags, and the events accepted now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Outcome {
    /// The instance.
    #[schema(value_type = String)]
    id: Option<InstanceId>,
    /// The workflow's name.
    #[schema(value_type = String)]
    workflow: Option<Arc<str>>,
    /// Its business key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// The state it is in.
    #[schema(value_type = String, example = "open.review")]
    state: Option<Arc<str>>,
    /// In a parallel state: the innermost states that it is in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    inside: Vec<Arc<str>>,
    /// `active`, `incident` or `final`.
    #[schema(value_type = String)]
    status: Option<Status>,
    /// Why it needs a person, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<Trouble>,
    /// Raised when the state or the subject changes, not by votes.
    state_revision: i64,
    /// The number of the audit entry that was written.
    seq: i64,
    /// Open tasks.
    tasks: Vec<OpenTask>,
    /// Events it accepts now.
    #[schema(value_type = Vec<String>)]
    accepts: Vec<Arc<str>>,
    /// When it was written.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

impl From<Answer> for Outcome {
    fn from(answer: Answer) -> Self {
        Self {
            id: answer.instance,
            workflow: answer.workflow,
            key: answer.key,
            state: answer.state,
            inside: answer.inside,
            status: answer.status,
            incident: answer.incident.map(|incident| Trouble::from(*incident)),
            state_revision: answer.state_revision,
            seq: answer.seq,
            tasks: answer.tasks.into_iter().map(OpenTask::from).collect(),
            accepts: answer.accepts,
            at: answer.at,
        }
    }
}

/// 201 the first time, 200 with the identical body on repeat.
pub(crate) struct Started(Submitted);

impl IntoResponse for Started {
    fn into_response(self) -> Response {
        let repeat = self.0.repeat;
        (status::made(repeat), Located(self.0.answer)).into_response()
    }
}

/// 202: what was asked waits until the instance has it approved. The same on repeat.
pub(crate) struct Proposed(pub(crate) Submitted);

impl IntoResponse for Proposed {
    fn into_response(self) -> Response {
        (status::waits(), Located(self.0.answer)).into_response()
    }
}

/// An outcome, and in the header where the instance is.
struct Located(Answer);

impl IntoResponse for Located {
    fn into_response(self) -> Response {
        let place = self.0.instance.map(|id| format!("/v1/instances/{id}"));
        let mut response = Json(Outcome::from(self.0)).into_response();
        if let Some(place) = place.and_then(|place| HeaderValue::from_str(&place).ok()) {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}

/// Start an instance.
#[utoipa::path(post, path = "/v1/workflows/{workflow}/instances", tag = "instances",
    params(("workflow" = String, Path, description = "The workflow's name"), ChangeHeaders), request_body = Start,
    responses((status = 201, body = Outcome), (status = 200, body = Outcome, description = "A repeat"), Problems))]
pub(crate) async fn start(
    State(app): State<App>,
    Path((workflow,)): Path<(String,)>,
    Asked(asking, Start { key, input }): Asked<Start>,
) -> Result<Started, Problem> {
    if key.as_deref().is_some_and(|key| key.starts_with(SOURCE)) {
        return Err(Problem::invalid(
            "/key",
            format!("keys that begin with `{SOURCE}` belong to the orders of reorder runs"),
        ));
    }
    let command = asking.command(Verb::Start { workflow: workflow.into(), key, input });
    Ok(Started(app.submit(command).await.map_err(Problem::within("/input"))?))
}

/// Tell an instance that something happened.
#[utoipa::path(post, path = "/v1/instances/{id}/signals/{event}", tag = "instances",
    params(("id" = String, Path), ("event" = String, Path, description = "The event's name"), ChangeHeaders),
    request_body = Signal, responses((status = 200, body = Outcome), Problems))]
pub(crate) async fn signal(
    State(app): State<App>,
    Path((instance, event)): Path<(InstanceId, String)>,
    Asked(asking, Signal { payload, reason, state_revision }): Asked<Signal>,
) -> Result<Json<Outcome>, Problem> {
    bounded("/reason", reason.as_deref())?;
    let verb = Verb::Signal { instance, event: event.into(), payload, reason, state_revision };
    let done = app.submit(asking.command(verb)).await.map_err(Problem::within("/payload"))?;
    Ok(Json(done.answer.into()))
}

/// The requester takes it back: the event `recall`.
#[utoipa::path(post, path = "/v1/instances/{id}/recall", tag = "instances",
    params(("id" = String, Path), ChangeHeaders),
    request_body = Reason, responses((status = 200, body = Outcome), Problems))]
pub(crate) async fn recall(
    State(app): State<App>,
    Path((instance,)): Path<(InstanceId,)>,
    Asked(asking, reason): Asked<Reason>,
) -> Result<Json<Outcome>, Problem> {
    Ok(Json(app.submit(asking.command(event(instance, "recall", reason)?)).await?.answer.into()))
}

/// It is given up: the event `cancel`.
#[utoipa::path(post, path = "/v1/instances/{id}/cancel", tag = "instances",
    params(("id" = String, Path), ChangeHeaders),
    request_body = Reason, responses((status = 200, body = Outcome), Problems))]
pub(crate) async fn cancel(
    State(app): State<App>,
    Path((instance,)): Path<(InstanceId,)>,
    Asked(asking, reason): Asked<Reason>,
) -> Result<Json<Outcome>, Problem> {
    Ok(Json(app.submit(asking.command(event(instance, "cancel", reason)?)).await?.answer.into()))
}

fn event(instance: InstanceId, name: &str, Reason { reason }: Reason) -> Result<Verb, Problem> {
    bounded("/reason", reason.as_deref())?;
    Ok(Verb::Signal { instance, event: name.into(), payload: Document::new(), reason, state_revision: None })
}

/// Which instances.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this workflow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    workflow: Option<Arc<str>>,
    /// Only in this state, or in one inside of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    state: Option<Arc<str>>,
    /// Only `active`, `incident` or `final` ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    status: Option<Status>,
    /// Only with an incident of this code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>, example = "delivery_failed")]
    incident: Option<Arc<str>>,
    /// Only with this business key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// Older than this one: where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    after: Option<InstanceId>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Instances, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Instances {
    /// This page.
    items: Vec<Shown>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// List instances.
#[utoipa::path(get, path = "/v1/instances", tag = "instances", params(Which),
    responses((status = 200, body = Instances), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<Instances>, Problem> {
    let Which { workflow, state, status, incident, key, after, limit } = which.clone();
    let (tenant, limited) = (caller.tenant(), limit.and_one());
    let page = InstancePage { tenant, workflow, state, status, incident, key, after, limit: limited };
    let mut rows = app.desk().instances(page).await?;
    let next = limit.cut(&mut rows).map(|last| next("/v1/instances", &Which { after: Some(last.id), ..which }));
    Ok(Json(Instances { items: rows.into_iter().map(Shown::from).collect(), next }))
}

/// Show an instance.
#[utoipa::path(get, path = "/v1/instances/{id}", tag = "instances", params(("id" = String, Path)),
    responses((status = 200, body = Whole), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(InstanceId,)>,
) -> Result<Json<Whole>, Problem> {
    Ok(Json(app.desk().look(caller.tenant(), id).await?.into()))
}

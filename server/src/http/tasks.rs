//! Tasks: whose they are, and deciding them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use fluxor_engine::approval::{Ruled, Standing};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{OpenSeat, TaskSummary};
use fluxor_engine::decide::AskedFor;
use fluxor_engine::ids::{InstanceId, PersonId, TaskId};
use fluxor_engine::instance::{Document, TaskStatus};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::act::Decision;
use super::asked::{Asked, DecisionHeaders};
use super::auth::Caller;
use super::extract::{Limit, Path, Query, next};
use super::instances::Outcome;
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::TaskView;

/// An open task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenTask {
    #[schema(value_type = String, example = "0197f3a2-7c1e-7000-8000-0123456789ab.1")]
    id: TaskId,
    /// What a decision must bring as If-Match.
    etag: String,
    /// The state that opened it.
    #[schema(value_type = String)]
    state: Arc<str>,
    /// Who may act now.
    open: Vec<Seat>,
    /// By when it should be decided.
    #[serde(serialize_with = "json::opt_time", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
}

impl From<TaskSummary> for OpenTask {
    fn from(task: TaskSummary) -> Self {
        let open = task.open.into_iter().map(Seat::from).collect();
        Self { id: task.id, etag: task.etag, state: task.state, open, due_at: task.due_at }
    }
}

/// Who may act in which step.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Seat {
    #[schema(value_type = String)]
    step: Arc<str>,
    #[schema(value_type = String)]
    person: PersonId,
    /// For whom, if not in one's own name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    on_behalf_of: Option<PersonId>,
    /// Why, in a sentence, and by which part of the policy; in somebody's list.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
}

impl From<OpenSeat> for Seat {
    fn from(OpenSeat { step, person, on_behalf_of }: OpenSeat) -> Self {
        Self { step, person, on_behalf_of, because: None }
    }
}

impl Seat {
    /// With why, where the task knows it.
    fn with_why(self, standings: &[Standing], ruled: &[Ruled]) -> Self {
        let own = |one: &&Standing| {
            (&one.seat.step, &one.person, &one.on_behalf_of) == (&self.step, &self.person, &self.on_behalf_of)
        };
        let because = standings.iter().find(own).map(Standing::because);
        let rule = ruled.iter().find(|rule| rule.step == self.step);
        let rule = rule.and_then(|rule| rule.said(&ToString::to_string, &ToString::to_string, &self.person));
        let because = because.map(|because| match rule {
            Some(rule) => format!("{because} ({rule})"),
            None => because,
        });
        Self { because, ..self }
    }
}

/// A task as its people see it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Task {
    #[schema(value_type = String, example = "0197f3a2-7c1e-7000-8000-0123456789ab.1")]
    id: TaskId,
    /// What a decision must bring as If-Match.
    etag: String,
    #[schema(value_type = String)]
    instance: InstanceId,
    #[schema(value_type = String)]
    workflow: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    key: Option<Arc<str>>,
    /// The state that opened it.
    #[schema(value_type = String)]
    state: Arc<str>,
    /// `open`, `suspended` or `closed`.
    #[schema(value_type = String)]
    status: TaskStatus,
    /// Who may act now; in somebody's list, that person.
    open: Vec<Seat>,
    /// The document under review.
    #[schema(value_type = Object)]
    subject: Document,
    /// The fields that it asks for: name, title, type, whether required, options, rules, default. Without it, it asks for
    /// a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    form: Option<Vec<AskedFor>>,
    /// For columns of inboxes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    tags: Vec<Arc<str>>,
    /// Rounds, steps, seats and votes.
    #[schema(value_type = Object)]
    review: serde_json::Value,
    /// By when it should be decided.
    #[serde(serialize_with = "json::opt_time", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    due_at: Option<Timestamp>,
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    opened_at: Timestamp,
}

impl From<TaskView> for Task {
    fn from(task: TaskView) -> Self {
        Self {
            id: task.id,
            etag: task.etag,
            instance: task.instance,
            workflow: task.workflow,
            key: task.key,
            state: task.state,
            status: task.status,
            open: (task.open.into_iter()).map(|seat| Seat::from(seat).with_why(&task.standings, &task.ruled)).collect(),
            subject: task.subject,
            form: task.form,
            tags: task.tags,
            review: serde_json::to_value(task.review).unwrap_or_default(),
            due_at: task.due_at,
            opened_at: task.opened_at,
        }
    }
}

/// A task with its etag as the header that a decision sends back.
pub(crate) struct Tagged(Task);

impl IntoResponse for Tagged {
    fn into_response(self) -> Response {
        let etag = HeaderValue::from_str(&format!("\"{}\"", self.0.etag));
        let mut response = Json(self.0).into_response();
        if let Ok(etag) = etag {
            response.headers_mut().insert(header::ETAG, etag);
        }
        response
    }
}

/// Whose tasks.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Whose {
    /// In which this person may act, for others too [default: you].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
    /// Of states that bear this tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
    /// After this one: where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    after: Option<TaskId>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tasks {
    /// This page.
    items: Vec<Task>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Tasks in which somebody may act now.
#[utoipa::path(get, path = "/v1/tasks", tag = "tasks", params(Whose), responses((status = 200, body = Tasks), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<Tasks>, Problem> {
    let person = whose.person.clone().unwrap_or_else(|| caller.person().clone());
    let mut rows =
        app.desk().waiting_for(caller.tenant(), person, whose.tag.clone(), whose.after, whose.limit.and_one()).await?;
    let limit = whose.limit;
    let next = limit.cut(&mut rows).map(|last| next("/v1/tasks", &Whose { after: Some(last.id), ..whose }));
    Ok(Json(Tasks { items: rows.into_iter().map(Task::from).collect(), next }))
}

/// Show a task. Its etag is what a decision must bring.
#[utoipa::path(get, path = "/v1/tasks/{id}", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = Task, headers(("ETag" = String))), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(TaskId,)>,
) -> Result<Tagged, Problem> {
    Ok(Tagged(app.desk().task(caller.tenant(), id).await?.into()))
}

/// Decide, or do something else about, a task.
#[utoipa::path(post, path = "/v1/tasks/{id}/decisions", tag = "tasks",
    params(("id" = String, Path), DecisionHeaders), request_body = Decision,
    responses((status = 200, body = Outcome), Problems))]
pub(crate) async fn decide(
    State(app): State<App>,
    Path((task,)): Path<(TaskId,)>,
    Asked(asking, decision): Asked<Decision>,
) -> Result<Json<Outcome>, Problem> {
    let verb = decision.verb(task, asking.etag.clone())?;
    Ok(Json(app.submit(asking.command(verb)).await?.answer.into()))
}

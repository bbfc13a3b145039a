//! Who could decide a task, at any instant; and what has happened in each round of its review.

use axum::Json;
use axum::extract::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::ids::{PersonId, TaskId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::auth::Caller;
use super::extract::{Path, Query};
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::deciders::Report;
use crate::rounds;

/// When, and about whom.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct When {
    /// The instant, past or to come (then as if nobody did anything until it): `2026-03-02T08:00:00Z` [default: now].
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
    /// Of this person, whether and why or why not, step by step.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    person: Option<PersonId>,
}

/// Who could decide a task at an instant, and why.
#[utoipa::path(get, path = "/v1/tasks/{id}/deciders", tag = "tasks", params(("id" = String, Path), When),
    responses((status = 200, body = Report), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(TaskId,)>,
    Query(when): Query<When>,
) -> Result<Json<Report>, Problem> {
    let at = when.at.as_deref().map(instant).transpose()?;
    let found = app.desk().deciders(caller.tenant(), id, at, when.person.clone()).await?;
    Ok(Json(Report::of(found, when.person)))
}

/// Every round of a task's review: who was asked and why, who did what by what right, what fell due, what was changed.
#[utoipa::path(get, path = "/v1/tasks/{id}/rounds", tag = "tasks", params(("id" = String, Path)),
    responses((status = 200, body = rounds::Report), Problems))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(TaskId,)>,
) -> Result<Json<rounds::Report>, Problem> {
    Ok(Json(rounds::Report::of(id, app.desk().rounds(caller.tenant(), id).await?)))
}

/// An instant in a query, under `at`.
pub(super) fn instant(text: &str) -> Result<Timestamp, Problem> {
    Timestamp::parse(text).map_err(|_| {
        let shown: String = text.chars().take(60).collect();
        let detail = format!("`at` is no instant: `{shown}`. Write it as `2026-03-02T08:00:00Z`; a `+` as `%2B`.");
        Problem::new("invalid_query", detail).with("parameter", "at")
    })
}

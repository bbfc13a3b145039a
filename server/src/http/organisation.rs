//! People, units, roles, limits and substitutes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Answer, Basis, Change, Verb};
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::decide::NEEDS_APPROVAL;
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::asked::{Asked, Asking, ChangeHeaders};
use super::auth::Caller;
use super::instances::{Outcome, Proposed};
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::{NotDone, Submitted};

/// The organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organisation {
    /// Raised by every change; 0: there is none yet.
    revision: i64,
    /// Since when.
    #[serde(serialize_with = "json::opt_time", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// `people`, `units`, `substitutes`, `zone`, `rates`, `contacts`, and `approval`: the workflow that approves changes.
    #[schema(value_type = Object)]
    organisation: Option<Box<RawValue>>,
}

impl From<Option<OrganisationRow>> for Organisation {
    fn from(row: Option<OrganisationRow>) -> Self {
        Self {
            revision: row.as_ref().map_or(0, |row| row.revision),
            at: row.as_ref().map(|row| row.at),
            organisation: row.and_then(|row| RawValue::from_string(row.document.to_string()).ok()),
        }
    }
}

/// What came of a change of a record that is no instance.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changed {
    /// The number of the audit entry that was written, in the record's stream.
    seq: i64,
    /// When it was written.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// What the record says of itself.
    #[serde(skip_serializing_if = "serde_json::Value::is_null")]
    #[schema(value_type = Object)]
    record: serde_json::Value,
}

impl From<Answer> for Changed {
    fn from(answer: Answer) -> Self {
        Self { seq: answer.seq, at: answer.at, record: answer.record }
    }
}

/// Show the organisation.
#[utoipa::path(get, path = "/v1/organisation", tag = "organisation",
    responses((status = 200, body = Organisation), Problems))]
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Json<Organisation>, Problem> {
    Ok(Json(app.desk().organisation(caller.tenant()).await?.into()))
}

/// What came of a change: it is done, or an instance has begun that has it approved.
pub(crate) enum Came {
    Done(Changed),
    Proposed(Proposed),
}

impl From<Submitted> for Came {
    fn from(submitted: Submitted) -> Self {
        match submitted.answer.instance {
            Some(_) => Self::Proposed(Proposed(submitted)),
            None => Self::Done(submitted.answer.into()),
        }
    }
}

impl IntoResponse for Came {
    fn into_response(self) -> Response {
        match self {
            Self::Done(changed) => Json(changed).into_response(),
            Self::Proposed(proposed) => proposed.into_response(),
        }
    }
}

/// Change parts of the organisation: people are merged by id, other lists replaced. Where it names an `approval` workflow,
/// anybody may propose a change, which that workflow then approves (202); else only administrators change it (200).
#[utoipa::path(patch, path = "/v1/organisation", tag = "organisation", params(ChangeHeaders),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Changed),
        (status = 202, body = Outcome, description = "It waits for approval: the instance that was started for it",
            headers(("Location", description = "The instance"))),
        Problems))]
pub(crate) async fn change(State(app): State<App>, Asked(asking, patch): Asked<Document>) -> Result<Came, Problem> {
    let verb = Verb::Change(Change::Organisation { patch: patch.clone(), basis: Basis::Direct });
    match app.submit(asking.command(verb)).await {
        Ok(submitted) => Ok(submitted.into()),
        Err(NotDone::Refused(refusal)) if refusal.code() == NEEDS_APPROVAL => match approval(&app, &asking).await? {
            Some(workflow) => propose(&app, &asking, workflow, patch).await,
            None => Err(refusal.into()),
        },
        Err(other) => Err(other.into()),
    }
}

/// The workflow that approves changes.
async fn approval(app: &App, asking: &Asking) -> Result<Option<Arc<str>>, Problem> {
    let row = app.desk().organisation(asking.caller.tenant()).await?;
    let document: Option<Document> = row.and_then(|row| serde_json::from_str(&row.document).ok());
    Ok(document.and_then(|document| document.get("approval")?.as_str().map(Into::into)))
}

/// Starts the workflow with the patch, under the same request id: a repeat finds the instance.
async fn propose(app: &App, asking: &Asking, workflow: Arc<str>, patch: Document) -> Result<Came, Problem> {
    let input = Document::from_iter([("patch".to_owned(), patch.into())]);
    let verb = Verb::Start { workflow: workflow.clone(), key: None, input };
    match app.submit(asking.command(verb)).await {
        Ok(submitted) => Ok(submitted.into()),
        Err(NotDone::Refused(Refusal::UnknownWorkflow(..))) => Err(Problem::new(
            NEEDS_APPROVAL,
            format!(
                "Changes of the organisation are approved by the workflow `{workflow}`, and this server has loaded no such \
                 workflow: put its definition into the folder of definitions and start the server again. Or change \
                 `approval` at the server's console: `fluxor organisation load FILE --without-approval REASON`."
            ),
        )),
        Err(other) => Err(other.into()),
    }
}

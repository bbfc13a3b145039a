//! People, units, roles, limits and substitutes.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fluxor_engine::audit::canonical;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Answer, Basis, Change, Verb};
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::decide::NEEDS_APPROVAL;
use fluxor_engine::ids::StreamId;
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use super::asked::{Asked, Asking, ChangeHeaders};
use super::auth::Caller;
use super::deciders::instant;
use super::extract::Query;
use super::history::{History, Which};
use super::instances::{Outcome, Proposed};
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::{NotDone, Submitted, Then};

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

/// As it was when; without either, as it is.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct When {
    /// At this revision.
    #[serde(default)]
    revision: Option<i64>,
    /// At this instant: `2026-03-02T08:00:00Z`.
    #[serde(default)]
    #[param(value_type = Option<String>, format = DateTime)]
    at: Option<String>,
}

/// Show the organisation as it is, at a revision, or at an instant (revision 0: there was none yet).
#[utoipa::path(get, path = "/v1/organisation", tag = "organisation", params(When),
    responses((status = 200, body = Organisation), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Query(when): Query<When>,
) -> Result<Json<Organisation>, Problem> {
    let (desk, tenant) = (app.desk(), caller.tenant());
    let row = match (when.revision, when.at.as_deref()) {
        (None, None) => desk.organisation(tenant).await?,
        (None, Some(at)) => desk.organisation_then(tenant, Then::At(instant(at)?)).await?,
        (Some(revision), None) => match desk.organisation_then(tenant, Then::Revision(revision)).await? {
            Some(row) => Some(row),
            None => return Err(Problem::new("not_found", never(revision, desk.organisation(tenant).await?.as_ref()))),
        },
        (Some(_), Some(_)) => {
            let sentence = "Give `revision` or `at`, and not both: an instant says which revision was in force then.";
            return Err(Problem::new("invalid_query", sentence).with("parameter", "at"));
        }
    };
    Ok(Json(row.map(|row| discreet(row, &caller)).into()))
}

/// The organisation without what people have noted of absences that are not the reader's: why somebody is away is told to those who may
/// note it.
fn discreet(row: OrganisationRow, caller: &Caller) -> OrganisationRow {
    if caller.is_administrator() || !row.document.contains("\"note\"") {
        return row;
    }
    let Ok(mut document) = serde_json::from_str::<Document>(&row.document) else { return row };
    let own = caller.person().as_str();
    let absences = document.get_mut("substitutes").and_then(serde_json::Value::as_array_mut);
    for absence in absences.into_iter().flatten().filter_map(serde_json::Value::as_object_mut) {
        let concerns = |name: &str| absence.get(name).and_then(serde_json::Value::as_str) == Some(own);
        if !["person", "substitute", "noted_by"].into_iter().any(concerns) {
            absence.remove("note");
        }
    }
    OrganisationRow { document: canonical::value(&document.into()).into(), ..row }
}

/// There never was such a revision.
pub(crate) fn never(revision: i64, newest: Option<&OrganisationRow>) -> String {
    match newest {
        Some(newest) => {
            format!("The organisation has no revision {revision}: its revisions are 1 to {}.", newest.revision)
        }
        None => "There is no organisation yet, and so no revision of it.".to_owned(),
    }
}

/// Who changed the organisation, when, and what; of a change that was approved, by which instance.
#[utoipa::path(get, path = "/v1/organisation/history", tag = "organisation", params(Which),
    responses((status = 200, body = History), Problems))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<Json<History>, Problem> {
    let page = which.page(&app, &caller, stream(), "/v1/organisation/history").await?;
    if caller.is_administrator() {
        return Ok(page);
    }
    let Json(history) = page;
    Ok(Json(history.without_bodies(|body| body.contains("\"note\""))))
}

/// The stream of its entries.
pub(crate) fn stream() -> StreamId {
    StreamId::of_record("organisation", "organisation")
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
                 workflow: put its definition into the folder of definitions and load it (`fluxor definitions reload`). Or change \
                 `approval` at the server's console: `fluxor organisation load FILE --without-approval REASON`."
            ),
        )),
        Err(NotDone::Refused(Refusal::Invalid(errors))) => Err(not_taken(&workflow, &Refusal::Invalid(errors))),
        Err(other) => Err(other.into()),
    }
}

/// It is not the change that is wrong, but the workflow: changes do not fit into it.
fn not_taken(workflow: &str, why: &Refusal) -> Problem {
    let why = why.sentence();
    let why = why.trim_end_matches('.');
    Problem::invalid(
        "",
        format!(
            "changes of the organisation are approved by the workflow `{workflow}`, and it does not take this one as its \
             input: {why}. Mend its definition, or change `approval` at the server's console: `fluxor organisation load \
             FILE --without-approval REASON`"
        ),
    )
}

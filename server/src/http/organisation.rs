//! People, units, roles, limits and substitutes.

use axum::Json;
use axum::extract::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::{Answer, Change, Verb};
use fluxor_engine::commit::OrganisationRow;
use fluxor_engine::instance::Document;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::asked::{Asked, ChangeHeaders};
use super::auth::Caller;
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;

/// The organisation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organisation {
    /// Raised by every change; 0: there is none yet.
    revision: i64,
    /// Since when.
    #[serde(serialize_with = "json::opt_time", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// `people`, `units`, `substitutes`, `zone`, `rates`.
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

/// Change parts of the organisation: people are merged by id, other lists replaced. Administrators only.
#[utoipa::path(patch, path = "/v1/organisation", tag = "organisation", params(ChangeHeaders),
    request_body(content = Object, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn change(
    State(app): State<App>,
    Asked(asking, patch): Asked<Document>,
) -> Result<Json<Changed>, Problem> {
    let verb = Verb::Change(Change::Organisation { patch });
    Ok(Json(app.submit(asking.command(verb)).await?.answer.into()))
}

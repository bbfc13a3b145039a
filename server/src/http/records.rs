//! Records that are no instance: suppliers, items, terms. Each change is an action of the domain's vocabulary.

use axum::Json;
use axum::extract::State;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::instance::Document;

use super::asked::{Asked, ChangeHeaders};
use super::extract::Path;
use super::organisation::Changed;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::{reload, settings, webhooks};

/// Run an action on a record. Administrators only.
#[utoipa::path(post, path = "/v1/records/{kind}/{key}/{action}", tag = "records",
    params(("kind" = String, Path), ("key" = String, Path), ("action" = String, Path), ChangeHeaders),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn change(
    State(app): State<App>,
    Path((kind, key, action)): Path<(String, String, String)>,
    Asked(asking, params): Asked<Document>,
) -> Result<Json<Changed>, Problem> {
    if kind == settings::RECORD {
        let sentence = format!("Settings are checked first: write this one with PUT /v1/settings/{key}.");
        return Err(Problem::new("not_found", sentence));
    }
    if kind == webhooks::RECORD {
        let sentence =
            format!("Secrets are made by POST /v1/webhooks/{key}/secret, deliveries sent again by POST .../replay.");
        return Err(Problem::new("not_found", sentence));
    }
    if kind == reload::RECORD {
        let sentence = "Definitions are files: change the file, then POST /v1/definitions/reload.";
        return Err(Problem::new("not_found", sentence));
    }
    let change = Change::Record { kind: kind.into(), key: key.into(), action: action.into(), params };
    Ok(Json(app.submit(asking.command(Verb::Change(change))).await?.answer.into()))
}

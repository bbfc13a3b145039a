//! Links by which people come in to pages, made by administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use fluxor_engine::clock::Timestamp;
use fluxor_engine::command::Verb;
use fluxor_engine::ids::PersonId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::{Asked, ChangeHeaders};
use super::json;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::door::{self, Made};

/// For whom.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Who comes in by it.
    #[schema(value_type = String, example = "ann")]
    person: PersonId,
    /// Whether the session has an administrator's rights.
    #[serde(default)]
    administrator: bool,
    /// The page to go on to.
    #[serde(default)]
    #[schema(example = "/inbox")]
    to: Option<String>,
}

/// A link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Link {
    /// Its path on this server; shown this once: a repeat does not show it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "/sign-in/3q2-7wAA...")]
    path: Option<String>,
    /// The whole address, where the server was told its own (`--public-url`).
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// It is good for once, and until then.
    #[serde(serialize_with = "json::time")]
    #[schema(value_type = String, format = DateTime)]
    ends_at: Timestamp,
}

/// Make a link by which somebody signs in to pages: good for once, and for 15 minutes, and no longer than the key that makes it. That
/// it was made is in the trail.
#[utoipa::path(post, path = "/v1/sign_in_links", tag = "keys", params(ChangeHeaders), request_body = Wanted,
    responses((status = 200, body = Link), Problems))]
pub(crate) async fn make(State(app): State<App>, Asked(asking, wanted): Asked<Wanted>) -> Result<Json<Link>, Problem> {
    let Wanted { person, administrator, to } = wanted;
    let to: Arc<str> = door::place(to.as_deref().unwrap_or("/inbox")).into();
    let company = app.desk().company(asking.caller.tenant()).await?;
    let whose = (asking.caller.tenant(), person, administrator);
    let made = Made::sign_in(whose, to, (app.random(), app.random()), &company).with(asking.caller.key());
    let is_repeat = app.submit(asking.command(Verb::Change(made.offered()))).await?.repeat;
    let Made { row, secret } = made;
    let ends_at = row.ends_at;
    if is_repeat {
        return Ok(Json(Link { path: None, url: None, ends_at }));
    }
    app.desk().keep_link(row).await?;
    let path = format!("/sign-in/{secret}");
    let url = app.door().public_url.as_ref().map(|url| format!("{url}{path}"));
    Ok(Json(Link { path: Some(path), url, ends_at }))
}

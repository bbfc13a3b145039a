//! Running instances moved to another definition: what that would come to, and doing it, page by page.

use axum::Json;
use axum::extract::State;
use fluxor_engine::ids::InstanceId;
use fluxor_engine::runtime::{Asking, Cursor, Subjects};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::act::bounded;
use super::asked::{Asked, ChangeHeaders, Wondering};
use super::auth::Caller;
use super::problem::{Problem, Problems};
use super::{layers, spent};
use crate::app::App;
use crate::found::Summary;
use crate::migrations::{MOST, NAME, Told, USUAL, findings, rendered};
use crate::repairs::TO_BE_GIVEN;

/// Which instances go where.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Migrating)]
pub(crate) struct Body {
    /// The text of a mapping file.
    mapping: String,
    /// Why. Only a preview may be without.
    #[serde(default)]
    reason: Option<String>,
    /// Only these instances, at most 500; without it, every running one of the workflow, page by page.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>)]
    only: Option<Vec<InstanceId>>,
    /// Where the page before ended: its `next`.
    #[serde(default)]
    after: Option<String>,
    /// So many instances are looked at, 1 to 500 (100).
    #[serde(default)]
    limit: Option<i64>,
}

/// Say what a migration would come to: which instances go where, which are refused and why, how timers and reviews differ.
/// Nothing is written. For administrators.
///
/// Each answer is a page; bring its `next` as `after` until there is none. 422 `mapping_refused` with `findings` and the text
/// `rendered`, where the mapping does not fit the definitions.
#[utoipa::path(post, path = "/v1/migrations/preview", tag = "instances", request_body = Body,
    responses((status = 200, body = Told), Problems))]
pub(crate) async fn preview(
    State(app): State<App>,
    Wondering(caller, body): Wondering<Body>,
) -> Result<Json<Told>, Problem> {
    Ok(Json(migrated(&app, &caller, body, false).await?))
}

/// Migrate a page of running instances: for administrators, with a reason that each instance's trail keeps.
///
/// Each instance is a command of its own, behind all others. Whoever breaks off and asks again from the start goes on with those
/// that are left: one that has moved has the new definition already. The same page under the same key is answered from this
/// server's memory, as it was.
#[utoipa::path(post, path = "/v1/migrations", tag = "instances", params(ChangeHeaders), request_body = Body,
    responses((status = 200, body = Told), Problems))]
pub(crate) async fn migrate(State(app): State<App>, Asked(asking, body): Asked<Body>) -> Result<Json<Value>, Problem> {
    if body.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
        return Err(fluxor_engine::refusal::Refusal::ReasonRequired.into());
    }
    let page = migrated(&app, &asking.caller, body, true);
    app.answers().once(&asking, "migrate", app.desk().now(), page).await
}

async fn migrated(app: &App, caller: &Caller, body: Body, does: bool) -> Result<Told, Problem> {
    bounded("/reason", body.reason.as_deref())?;
    let subjects = body.subjects()?;
    let (tenant, actor, desk) = (caller.tenant(), caller.actor(), app.desk());
    let bound = match desk.mapping(tenant, actor.clone(), body.mapping.clone(), (does, body.after.is_some())).await? {
        Ok(bound) => bound,
        Err(found) => return Err(refused(&body.mapping, &found)),
    };
    let reason = body.reason.unwrap_or_else(|| TO_BE_GIVEN.to_owned());
    let asking = Asking { tenant, actor, mapping: bound.mapping.clone(), reason };
    let page = match does {
        // Whom it refuses, the engine has noted with the first instance.
        true => desk.migrate(asking, subjects).await.inspect_err(|_| layers::noted())?,
        false => desk.foresee_migrations(asking, subjects).await?,
    };
    spent::items(page.items.len());
    Ok(Told::of(&bound, page, &body.mapping))
}

impl Body {
    fn subjects(&self) -> Result<Subjects, Problem> {
        let limit = self.limit.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::invalid("/limit", format!("write a whole number from 1 to {MOST}")));
        }
        match (&self.only, &self.after) {
            (Some(_), Some(_)) => Err(Problem::invalid("/after", "`only` is one page: leave `after` out")),
            (Some(ids), None) if ids.len() > usize::try_from(MOST).unwrap_or(0) => {
                Err(Problem::invalid("/only", format!("name {MOST} instances at most")))
            }
            (Some(ids), None) => Ok(Subjects::Only(ids.clone())),
            (None, after) => {
                let after = after.as_deref().map_or(Ok(Cursor::default()), str::parse);
                after.map(|after| Subjects::After(after, limit)).map_err(|why| Problem::invalid("/after", why))
            }
        }
    }
}

/// The mapping is none that fits the definitions.
fn refused(source: &str, found: &[fluxor_engine::diagnostic::Diagnostic]) -> Problem {
    let mut summary = Summary::default();
    found.iter().for_each(|finding| summary.count(finding));
    let detail = format!("The mapping cannot be used: {}. `findings` has each with its place.", summary.words());
    Problem::new("mapping_refused", detail)
        .with("findings", serde_json::to_value(findings(NAME, source, found)).unwrap_or_default())
        .with("summary", serde_json::to_value(summary).unwrap_or_default())
        .with("rendered", rendered(NAME, source, found))
}

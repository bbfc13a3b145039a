//! What would happen: nothing is stored.

use axum::Json;
use axum::extract::State;
use fluxor_engine::simulate::Simulation;
use serde::Serialize;
use utoipa::ToSchema;

use super::asked::Wondering;
use super::definitions;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::WhatIf;
use crate::simulate::Question;

/// What would happen: `workflow`, `version`, `definition`, `at`, `starter`; `path`, what happens; `asked`, who is asked in which
/// step, in the order of asking, with why and by when; `tables`, the rows of decision tables that were looked up; `assumptions`;
/// and `end` with `state`, `status`, `kind` (`final`, `waits`, `incident`, `refused`, `needs_data`, `cut`), `sentence`, `accepts`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(as = Simulation, value_type = Object)]
pub(crate) struct Told(Simulation);

/// Say who would be asked, in what order, why and by when: nothing is stored.
///
/// Whoever has a key may ask, as himself; an administrator as anybody, with another organisation or another definition: these
/// could read what their authors may not (budgets), or ask for very much work.
#[utoipa::path(post, path = "/v1/simulate", tag = "workflows", request_body = Question,
    responses((status = 200, body = Told), Problems))]
pub(crate) async fn simulate(
    State(app): State<App>,
    Wondering(caller, mut question): Wondering<Question>,
) -> Result<Json<Told>, Problem> {
    let starter = question.starter.as_ref().filter(|named| *named != caller.person());
    if starter.is_some() && !caller.key().administrator {
        return Err(Problem::not_allowed("an administrator's key to simulate as somebody else: leave out `as`"));
    }
    let tries = question.definition.is_some() || question.organisation.is_some();
    if tries && !caller.key().administrator {
        let rule = "an administrator's key to try another `definition` or `organisation`: leave them out";
        return Err(Problem::not_allowed(rule));
    }
    let tried = match question.definition.take() {
        Some(text) => definitions::tried(app.clone(), text).await?,
        None => None,
    };
    let (tenant, starter) = (caller.tenant(), Some(caller.person().clone()));
    Ok(Json(Told(app.desk().simulate(WhatIf { tenant, starter, question, tried }).await?)))
}

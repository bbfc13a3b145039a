//! Absences: who is away and who stands in, noted by people themselves and by whoever is above them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fluxor_engine::approval::Substitution;
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::PersonId;
use fluxor_engine::money::Money;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Asked, ChangeHeaders};
use super::auth::Caller;
use super::extract::{Limit, Path, Query, next};
use super::keys::Nothing;
use super::organisation::Changed;
use super::problem::{Problem, Problems};
use super::status;
use crate::absences::{Asker, Listed, listed};
use crate::app::App;
use crate::desk::Submitted;

/// Which absences.
#[derive(Debug, Clone, Deserialize, Serialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Those that are over, too.
    #[serde(default)]
    #[param(default = false)]
    past: bool,
    /// Where the page before ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// At most this many: 1 to 500.
    #[serde(default)]
    #[param(value_type = Option<i64>, default = 50)]
    limit: Limit,
}

/// Absences, by first day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Absences {
    /// The organisation's own date.
    #[schema(value_type = String, format = Date)]
    today: Date,
    /// This page.
    items: Vec<Listed>,
    /// The next page, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// An absence to note.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAbsence {
    /// Who is away; without, whoever asks.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ann")]
    person: Option<PersonId>,
    /// Who stands in.
    #[schema(value_type = String, example = "hal")]
    substitute: PersonId,
    /// The first day, of the organisation's zone.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The first day back: the day after the last one. Without one, until it is ended.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
    /// Only in this workflow.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    workflow: Option<Arc<str>>,
    /// Only in this category.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    category: Option<Arc<str>>,
    /// Only up to this amount, inclusive.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "500.00 EUR")]
    max_amount: Option<Money>,
    /// For people: everybody with a key can read it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    note: Option<Arc<str>>,
}

impl NewAbsence {
    /// As it will stand in the organisation.
    fn entry(self, caller: &PersonId) -> Substitution {
        let Self { person, substitute, from, until, workflow, category, max_amount, note } = self;
        let person = person.unwrap_or_else(|| caller.clone());
        Substitution {
            person,
            substitute,
            from: Some(from),
            until,
            workflow,
            category,
            max_amount,
            note,
            noted_by: None,
        }
    }
}

/// 201 the first time, 200 on repeat and where the very same is noted already.
pub(crate) struct Noted(Submitted);

impl IntoResponse for Noted {
    fn into_response(self) -> Response {
        let Submitted { answer, repeat } = self.0;
        (status::made(repeat), Json(Changed::from(answer))).into_response()
    }
}

/// List absences, current and to come: one's own, and those of everyone whose chain of managers leads to one; an
/// administrator sees all.
#[utoipa::path(get, path = "/v1/absences", tag = "organisation", params(Which),
    responses((status = 200, body = Absences), Problems))]
pub(crate) async fn list(
    State(app): State<App>,
    caller: Caller,
    Query(mut which): Query<Which>,
) -> Result<Json<Absences>, Problem> {
    let company = app.desk().company(caller.tenant()).await?;
    let person = caller.person();
    let asker = if caller.key().administrator { Asker::Administrator(Some(person)) } else { Asker::Person(person) };
    let mut items = listed(&company, asker, which.past);
    if let Some(after) = which.after.as_deref() {
        let (from, id) = place(after)?;
        items.retain(|item| item.place() > (from, id));
    }
    let last = which.limit.cut(&mut items).map(|last| written(last.place()));
    let next = last.map(|after| {
        which.after = Some(after);
        next("/v1/absences", &which)
    });
    Ok(Json(Absences { today: company.today(), items, next }))
}

/// The place of an absence in a list, as a page's link has it: its first day, if it has one, and its id.
fn written((from, id): (Option<Date>, &str)) -> String {
    from.map_or_else(|| format!("~{id}"), |from| format!("{from}~{id}"))
}

fn place(text: &str) -> Result<(Option<Date>, &str), Problem> {
    let read = text.split_once('~').and_then(|(from, id)| {
        let from = if from.is_empty() { None } else { Some(from.parse().ok()?) };
        Some((from, id))
    });
    read.ok_or_else(|| {
        let detail = format!("`after` is where a page ended: take it from that page's `next`, not `{text}`.");
        Problem::new("invalid_query", detail).with("parameter", "after")
    })
}

/// Note that somebody is away and who stands in for him: oneself, somebody whose chain of managers leads to one, or as an
/// administrator anybody. Nobody has to approve it. `record.warnings` says what may surprise.
#[utoipa::path(post, path = "/v1/absences", tag = "organisation", params(ChangeHeaders), request_body = NewAbsence,
    responses((status = 201, body = Changed), (status = 200, body = Changed, description = "It is noted already"), Problems))]
pub(crate) async fn note(State(app): State<App>, Asked(asking, absence): Asked<NewAbsence>) -> Result<Noted, Problem> {
    let entry = absence.entry(asking.caller.person());
    app.submit(asking.command(Verb::Change(Change::Absence(entry)))).await.map(Noted).map_err(Problem::from)
}

/// End an absence today: whoever stands in may not any more from now on. One that is to come, or began today, is taken back.
#[utoipa::path(delete, path = "/v1/absences/{id}", tag = "organisation", params(("id" = String, Path), ChangeHeaders),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn end(
    State(app): State<App>,
    Path((id,)): Path<(String,)>,
    Asked(asking, _): Asked<Nothing>,
) -> Result<Json<Changed>, Problem> {
    let verb = Verb::Change(Change::Return { id: id.into() });
    Ok(Json(app.submit(asking.command(verb)).await?.answer.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let day = "2026-03-09".parse().ok();
        for known in [(day, "9b2f3c0d51e7a684-2"), (None, "9b2f3c0d51e7a684")] {
            assert_eq!(place(&written(known)).ok(), Some(known));
        }
        for wrong in ["", "9b2f", "2026-13-01~9b2f", "x~"] {
            assert_eq!(place(wrong).unwrap_err().code(), "invalid_query", "{wrong}");
        }
    }
}

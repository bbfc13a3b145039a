//! The page about limits. It shows, and what its forms send changes nothing.

use axum::Extension;
use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::super::asked::Form;
use super::super::auth::Administrator;
use super::super::extract::Query;
use super::super::gate::Address;
use super::super::problem::Problem;
use super::super::site::{Visitor, html};
use super::{Trial, WhichRefusals, now_told, own_told, refusals_told, replay_told, used_told};
use crate::app::App;
use crate::limits::explain::{Used, Which, Wish};
use crate::page::{self, Limits, Report};
use crate::{settings, yaml};

/// How many keys of each policy are shown.
const KEYS: usize = 10;

/// What is shown.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// `limits` or `server_limits`.
    #[serde(default)]
    setting: Which,
    /// `today`, `yesterday` or a day.
    day: Option<String>,
    /// The id of a request that was refused.
    request: Option<String>,
}

fn report(report: impl serde::Serialize) -> Result<Report, Problem> {
    serde_json::to_value(report).map_err(|_| Problem::internal())
}

/// The page about limits, for a browser that is signed in.
#[utoipa::path(get, path = "/limits", tag = "pages", params(Shown), security(("session" = [])),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    Extension(address): Extension<Address>,
    Query(shown): Query<Shown>,
) -> Result<Response, Problem> {
    let trial = page::Trial { day: shown.day.clone().unwrap_or_default(), ..page::Trial::default() };
    whole(&app, (&visitor, address), shown, trial).await
}

/// Limits that somebody tries, as a form sends them.
#[utoipa::path(post, path = "/limits", tag = "pages", security(("session" = [])),
    request_body(content = String, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = String, content_type = "text/html")))]
pub(crate) async fn attempt(
    State(app): State<App>,
    Extension(address): Extension<Address>,
    Form(Administrator(caller), mut fields): Form,
) -> Result<Response, Problem> {
    let mut field = |name: &str| fields.remove(name).unwrap_or_default();
    let setting = if field("setting") == Which::ServerLimits.name() { Which::ServerLimits } else { Which::Limits };
    let mut trial = page::Trial { document: field("document"), day: field("day"), ..page::Trial::default() };
    let day = Some(trial.day.clone()).filter(|day| !day.is_empty());
    match yaml::read::<serde_json::Map<String, Value>>(&trial.document) {
        Err(error) => trial.errors = vec![(String::new(), format!("This is neither YAML nor JSON: {error}"))],
        Ok(document) => {
            let asked = Trial { setting, document: Some(document), day, ..Trial::default() };
            match replay_told(&app, &caller, asked).await {
                Ok(told) => trial.result = Some(report(told)?),
                Err(problem) => trial.errors = problem.errors().ok_or(problem)?,
            }
        }
    }
    let visitor = Visitor::of(&app, caller).await?;
    whole(&app, (&visitor, address), Shown { setting, ..Shown::default() }, trial).await
}

async fn whole(
    app: &App,
    (visitor, Address(address)): (&Visitor, Address),
    shown: Shown,
    mut trial: page::Trial,
) -> Result<Response, Problem> {
    let caller = &visitor.caller;
    let Shown { setting, day, request } = shown;
    let administrator = caller.key().administrator;
    let request = request.map(|request| request.trim().to_owned()).filter(|request| !request.is_empty());
    let asked = request.clone().unwrap_or_default();
    let refusals = report(refusals_told(app, caller, WhichRefusals::newest(request)).await?)?;
    let zone = crate::limits::explain::zone(app.desk(), caller.tenant()).await?;
    let form = page::Form(&zone);
    let stands = report(own_told(app, caller, address).await)?;
    let mut shown = Limits::new(&form, setting.name(), (&refusals, &stands), &asked, !administrator);
    if administrator {
        let wish = Wish { day: day.clone().filter(|day| !day.is_empty()), ..Wish::default() };
        let usage = report(used_told(app, caller, setting, &wish, Used::default()).await?)?;
        let now = report(now_told(app, caller, setting, (None, KEYS)).await?)?;
        let operator = caller.tenant() == app.limits().operator();
        shown = shown.with(&form, &now, &usage, &day.unwrap_or_default(), operator);
        if trial.document.is_empty() {
            let row = crate::desk::Books::Setting { name: setting.name().to_owned() };
            let row = app.desk().books(caller.tenant(), row).await?;
            let usual = settings::kind(setting.name()).map(|kind| settings::in_force(&row, kind.usual).1);
            trial.document = serde_json::to_string_pretty(&usual).unwrap_or_default();
        }
        shown = shown.trying(&form, &trial);
    }
    html(page::limits(&visitor.reader(), &shown))
}

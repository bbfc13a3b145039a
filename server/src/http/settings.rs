//! Settings of a tenant: each one document, checked before it is written, and in force without a restart.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::StreamId;
use fluxor_engine::refusal::Refusal;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::asked::{Asked, ChangeHeaders, Question};
use super::auth::{Administrator, Caller};
use super::extract::{Path, Query};
use super::history::{History, Which};
use super::organisation::Changed;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::Books;
use crate::settings::{self, Beside, Kind};
use crate::webhooks::{Allowed, SETTING};

/// A setting.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Setting {
    /// Its name.
    name: String,
    /// Raised by every change; 0: nobody has set it, and the document is what holds then.
    version: i64,
    /// What it is for.
    about: String,
    /// What is in force.
    #[schema(value_type = Object)]
    document: Value,
}

impl Setting {
    fn of(kind: &Kind, row: &Value) -> Self {
        let (version, document) = settings::in_force(row, kind.usual);
        Self { name: kind.name.to_owned(), version, about: kind.about.to_owned(), document }
    }
}

/// Settings.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AllSettings {
    items: Vec<Setting>,
}

/// That a document could stand there.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Settable {
    /// It could.
    ok: bool,
    /// Names in it that nothing in force has, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// All settings, with what holds where nobody has set anything. Those of webhooks for administrators only.
#[utoipa::path(get, path = "/v1/settings", tag = "settings", responses((status = 200, body = AllSettings), Problems))]
pub(crate) async fn list(State(app): State<App>, caller: Caller) -> Result<Json<AllSettings>, Problem> {
    let rows = app.desk().books(caller.tenant(), Books::Settings).await?;
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let items = settings::KINDS.iter().filter(|kind| may_read(kind, &caller)).map(|kind| {
        let row = rows.iter().find(|row| row["code"] == kind.name);
        Setting::of(kind, row.unwrap_or(&Value::Null))
    });
    Ok(Json(AllSettings { items: items.collect() }))
}

/// A setting; its version is the etag.
#[utoipa::path(get, path = "/v1/settings/{name}", tag = "settings", params(("name" = String, Path)),
    responses((status = 200, body = Setting), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((name,)): Path<(String,)>,
) -> Result<([(HeaderName, String); 1], Json<Setting>), Problem> {
    let kind = readable(&name, &caller)?;
    let row = app.desk().books(caller.tenant(), Books::Setting { name }).await?;
    let setting = Setting::of(kind, &row);
    Ok(([(header::ETAG, format!("\"{}\"", setting.version))], Json(setting)))
}

/// Replace a setting. Administrators only. Say which version you saw: as `If-Match`, or by sending what GET gave, changed
/// (`{"version": 3, "document": {...}}`).
#[utoipa::path(put, path = "/v1/settings/{name}", tag = "settings", params(("name" = String, Path), ChangeHeaders),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn change(
    State(app): State<App>,
    Path((name,)): Path<(String,)>,
    Asked(asking, body): Asked<Map<String, Value>>,
) -> Result<([(HeaderName, String); 1], Json<Changed>), Problem> {
    let kind = kind(&name)?;
    let (seen, document) = sent(body)?;
    let expected = match asking.etag.as_deref().map(str::parse::<i64>) {
        Some(Ok(version)) => version,
        Some(Err(_)) => {
            let sentence = "The etag of a setting is its version, such as `If-Match: \"3\"`.";
            return Err(Problem::new("invalid_if_match", sentence));
        }
        None => seen.ok_or_else(|| {
            let sentence =
                format!("Say which version you replace: send the etag of GET /v1/settings/{name} as If-Match.");
            Problem::new("etag_required", sentence)
        })?,
    };
    // Checking takes time: not for those who may not. The engine declines them, and writes it down.
    let change = match asking.caller.key().administrator {
        true => checked(&app, &asking.caller, kind, document, Some(expected))?,
        false => kind.unchecked(Value::Null, None),
    };
    let done = app.submit(asking.command(Verb::Change(change))).await?;
    app.limits().changed();
    if let Some(webhooks) = app.desk().webhooks().filter(|_| kind.name == SETTING) {
        webhooks.changed().await;
    }
    let etag = format!("\"{}\"", done.answer.record["version"]);
    Ok(([(header::ETAG, etag)], Json(done.answer.into())))
}

/// Whether a document could stand there: nothing is written. Administrators only.
#[utoipa::path(post, path = "/v1/settings/{name}/check", tag = "settings", params(("name" = String, Path)),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Settable), Problems))]
pub(crate) async fn check(
    State(app): State<App>,
    Path((name,)): Path<(String,)>,
    Question(Administrator(caller), body): Question<Map<String, Value>>,
) -> Result<Json<Settable>, Problem> {
    let (_, document) = sent(body)?;
    let kind = kind(&name)?;
    checked(&app, &caller, kind, document.clone(), None)?;
    let warnings = kind.strangers(&document, &app.desk().library());
    Ok(Json(Settable { ok: true, warnings }))
}

/// The change that replaces the document, judged by what this server has.
fn checked(app: &App, caller: &Caller, kind: &Kind, document: Value, expected: Option<i64>) -> Result<Change, Refusal> {
    let none = Allowed::default();
    let allowed = app.desk().webhooks().map_or(&none, |webhooks| webhooks.allowed());
    let fields = app.press().fields();
    let beside = Beside { fields: &fields, allowed, longest: app.request_timeout() };
    kind.change(caller.tenant(), app.limits().operator(), document, expected, beside)
}

/// The document, and the version that was seen, where what GET gave is sent back.
fn sent(mut body: Map<String, Value>) -> Result<(Option<i64>, Value), Problem> {
    if !body.contains_key("document") {
        return Ok((None, Value::Object(body)));
    }
    let shown = ["name", "version", "about", "document"];
    if let Some(stranger) = body.keys().find(|name| !shown.contains(&name.as_str())) {
        let why = format!("beside `document` there is no `{stranger}`: send the document alone, or what GET gave");
        return Err(Problem::invalid(format!("/{stranger}"), why));
    }
    let seen = body.get("version").and_then(Value::as_i64);
    Ok((seen, body.remove("document").unwrap_or_default()))
}

/// Who changed a setting, when, and into what.
#[utoipa::path(get, path = "/v1/settings/{name}/history", tag = "settings",
    params(("name" = String, Path), Which), responses((status = 200, body = History), Problems))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    Path((name,)): Path<(String,)>,
    Query(which): Query<Which>,
) -> Result<Json<History>, Problem> {
    let stream = StreamId::of_record(settings::RECORD, readable(&name, &caller)?.name);
    which.page(&app, &caller, stream, &format!("/v1/settings/{name}/history")).await
}

/// Addresses of endpoints may hold what opens them.
fn may_read(kind: &Kind, caller: &Caller) -> bool {
    kind.name != SETTING || caller.key().administrator
}

fn readable(name: &str, caller: &Caller) -> Result<&'static Kind, Problem> {
    let kind = kind(name)?;
    if may_read(kind, caller) { Ok(kind) } else { Err(Problem::not_allowed("an administrator's key")) }
}

fn kind(name: &str) -> Result<&'static Kind, Problem> {
    settings::kind(name).ok_or_else(|| Problem::new("not_found", settings::unknown(name, "GET /v1/settings")))
}

//! Notices to people: how each wants to be written to, and what a mail would say.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use fluxor_engine::clock::{Clock as _, SystemClock};
use fluxor_engine::command::{Change, Verb};
use fluxor_engine::ids::{PersonId, TaskId};
use fluxor_engine::instance::Document;
use fluxor_engine::refusal::Refusal;
use fluxor_engine::store::StoreError;
use fluxor_workflows::Preference;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::asked::{Asked, Asking, ChangeHeaders, Question};
use super::auth::Caller;
use super::extract::Path;
use super::organisation::Changed;
use super::problem::{Problem, Problems};
use crate::app::App;
use crate::desk::{Books, NotDone};
use crate::mail::{Unseen, Wanted, Words};

/// How somebody wants to be written to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NoticeWishes)]
pub(crate) struct Wishes {
    /// Who.
    #[schema(value_type = String)]
    person: PersonId,
    /// Raised by every change; 0: he has set nothing.
    version: i64,
    /// What he has set.
    #[schema(value_type = Object)]
    document: Value,
    /// What holds: with what is usual where he has said nothing.
    #[schema(value_type = Object)]
    in_force: Value,
}

type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

/// How you want to be written to: at once, in digests, or not at all; its version is the etag.
#[utoipa::path(get, path = "/v1/me/notices", tag = "notices", responses((status = 200, body = Wishes), Problems))]
pub(crate) async fn mine(State(app): State<App>, caller: Caller) -> Result<Tagged<Wishes>, Problem> {
    wishes(&app, &caller, caller.person().clone()).await
}

/// Replace how you want to be written to: `{"mail": "digest", "digest_at": ["08:00"], "working_days_only": true, "kinds":
/// {"reminder": "off"}}`, or what GET gave, changed. With `If-Match` only if that version is in force.
#[utoipa::path(put, path = "/v1/me/notices", tag = "notices", params(ChangeHeaders),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn set_mine(
    State(app): State<App>,
    Asked(asking, body): Asked<Map<String, Value>>,
) -> Result<Tagged<Changed>, Problem> {
    let person = asking.caller.person().clone();
    set(&app, &asking, &person, body).await
}

/// How somebody wants to be written to. Administrators, and that person.
#[utoipa::path(get, path = "/v1/people/{id}/notices", tag = "notices", params(("id" = String, Path)),
    responses((status = 200, body = Wishes), Problems))]
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Path((id,)): Path<(String,)>,
) -> Result<Tagged<Wishes>, Problem> {
    let person = PersonId::from(id.as_str());
    if !caller.key().administrator && *caller.person() != person {
        return Err(Problem::not_allowed("an administrator's key, or your own preferences"));
    }
    wishes(&app, &caller, person).await
}

/// Replace how somebody wants to be written to. Administrators, and that person.
#[utoipa::path(put, path = "/v1/people/{id}/notices", tag = "notices", params(("id" = String, Path), ChangeHeaders),
    request_body(content = Object, content_type = "application/json"),
    responses((status = 200, body = Changed), Problems))]
pub(crate) async fn change(
    State(app): State<App>,
    Path((id,)): Path<(String,)>,
    Asked(asking, body): Asked<Map<String, Value>>,
) -> Result<Tagged<Changed>, Problem> {
    set(&app, &asking, &PersonId::from(id.as_str()), body).await
}

async fn wishes(app: &App, caller: &Caller, person: PersonId) -> Result<Tagged<Wishes>, Problem> {
    let asked = Books::Preference { person: person.to_string() };
    let row = app.desk().books(caller.tenant(), asked).await?;
    let version = row["version"].as_i64().unwrap_or(0);
    let document = if row.is_null() { Value::Object(Map::new()) } else { row["document"].clone() };
    let in_force = serde_json::to_value(Preference::read(&document).unwrap_or_default()).unwrap_or_default();
    Ok(([(header::ETAG, format!("\"{version}\""))], Json(Wishes { person, version, document, in_force })))
}

async fn set(
    app: &App,
    asking: &Asking,
    person: &PersonId,
    body: Map<String, Value>,
) -> Result<Tagged<Changed>, Problem> {
    let (seen, document) = sent(body)?;
    let expected = match asking.etag.as_deref().map(str::parse::<i64>) {
        Some(Ok(version)) => Some(version),
        Some(Err(_)) => {
            let sentence = "The etag of preferences is their version, such as `If-Match: \"3\"`.";
            return Err(Problem::new("invalid_if_match", sentence));
        }
        None => seen,
    };
    let change = checked(app, person, document, expected)?;
    let done = app.submit(asking.command(Verb::Change(change))).await?;
    let etag = format!("\"{}\"", done.answer.record["version"]);
    Ok(([(header::ETAG, etag)], Json(done.answer.into())))
}

/// The change that replaces somebody's preferences.
pub(super) fn checked(app: &App, person: &PersonId, document: Value, expected: Option<i64>) -> Result<Change, Problem> {
    // The engine looks at the document itself; it does not know which calendars there are.
    if let Some(name) = document["calendar"].as_str().filter(|name| !app.press().has_calendar(name)) {
        let shown: String = name.chars().take(80).collect();
        let mut wrong = Preference::read(&document).err().unwrap_or_default();
        wrong.push(("/calendar".to_owned(), format!("there is no calendar `{shown}`")));
        return Err(Refusal::Invalid(wrong).into());
    }
    let mut params = Document::from_iter([("document".to_owned(), document)]);
    params.extend(expected.map(|version| ("expected".to_owned(), version.into())));
    let (kind, action) = ("preference".into(), "set_preference".into());
    Ok(Change::Record { kind, key: person.as_str().into(), action, params })
}

/// The document, and the version that was seen, where what GET gave is sent back.
fn sent(mut body: Map<String, Value>) -> Result<(Option<i64>, Value), Problem> {
    if !body.contains_key("document") {
        return Ok((None, Value::Object(body)));
    }
    let shown = ["person", "version", "document", "in_force"];
    if let Some(stranger) = body.keys().find(|name| !shown.contains(&name.as_str())) {
        let why = format!("beside `document` there is no `{stranger}`: send the document alone, or what GET gave");
        return Err(Problem::invalid(format!("/{stranger}"), why));
    }
    let seen = body.get("version").and_then(Value::as_i64);
    Ok((seen, body.remove("document").unwrap_or_default()))
}

/// Which mail is to be looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MailPreview)]
pub(crate) struct Preview {
    /// `task_opened`, `reminder`, `escalated`, `approved`, `rejected`, `changes_requested`, `question_asked`,
    /// `question_answered`, `ended`, `your_turn` or `digest`.
    kind: String,
    /// Templates that nobody has set yet, over those in force: `{"approved.subject": "Approved: {{reference}}"}`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    templates: Option<Map<String, Value>>,
    /// About this task; without it, about an order that is made up.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    task: Option<TaskId>,
}

/// What a mail would say.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MailSeen)]
pub(crate) struct Seen {
    subject: String,
    text: String,
    html: String,
}

impl From<Words> for Seen {
    fn from(Words { subject, text, html }: Words) -> Self {
        Self { subject, text, html }
    }
}

/// What a mail to you would say, with templates that are not set yet or about a task that there is. Nothing is sent.
/// Administrators only.
#[utoipa::path(post, path = "/v1/notices/preview", tag = "notices", request_body = Preview,
    responses((status = 200, body = Seen), Problems))]
pub(crate) async fn preview(
    State(app): State<App>,
    Question(caller, asked): Question<Preview>,
) -> Result<Json<Seen>, Problem> {
    let Preview { kind, templates, task } = asked;
    let wanted = Wanted { kind, templates: templates.map(Value::Object), task };
    let whose = (caller.0.tenant(), caller.0.person());
    match app.press().preview(whose, &wanted, SystemClock.now()).await {
        Ok(words) => Ok(Json(words.into())),
        Err(Unseen::Wrong(faults)) => Err(Refusal::Invalid(faults).into()),
        Err(Unseen::NotDone(why)) => Err(why.into()),
        Err(Unseen::Broken(why)) => Err(NotDone::Broken(StoreError::Unavailable(why)).into()),
    }
}

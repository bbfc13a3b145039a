//! One's own account: where one is signed in, and ending it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use fluxor_engine::command::Verb;
use fluxor_workflows::Preference;
use serde::Deserialize;

use super::super::asked::Fields;
use super::super::extract::Query;
use super::super::notices::checked;
use super::super::problem::Problem;
use super::{Visitor, html, onward, refused, sign_in};
use crate::app::App;
use crate::desk::Books;
use crate::door;
use crate::page::{Account, Typed, done_in_words, times};
use crate::secret;

/// What has just been done.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    done: Option<String>,
}

/// The account.
pub(super) async fn show(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let account = account(&app, &visitor, &headers).await?;
    html(account.saying(said.done.as_deref().and_then(done_in_words)).page(&visitor.reader()))
}

async fn account(app: &App, visitor: &Visitor, headers: &HeaderMap) -> Result<Account, Problem> {
    let alive = app.door().alive(app.desk(), visitor.caller.tenant(), visitor.person().clone()).await?;
    let own = door::brought(headers);
    let once = secret::public_id(&app.random());
    let asked = Books::Preference { person: visitor.person().to_string() };
    let row = app.desk().books(visitor.caller.tenant(), asked).await?;
    let wishes = Preference::read(&row["document"]).unwrap_or_default();
    let company = app.desk().company(visitor.caller.tenant()).await?;
    let person = company.organisation().person(visitor.person());
    Ok(Account::new(&alive, own, &wishes, person, once, &visitor.words))
}

/// Sets how one is written to. What only the interface for programs can say stays as it is.
async fn set(app: &App, visitor: &Visitor, fields: &Fields) -> Result<(), Problem> {
    let asked = Books::Preference { person: visitor.person().to_string() };
    let row = app.desk().books(visitor.caller.tenant(), asked).await?;
    let mut document = row["document"].as_object().cloned().unwrap_or_default();
    document.insert("mail".to_owned(), fields.get("mail").unwrap_or("at_once").into());
    let times: Vec<&str> = times(fields.get("digest_at").unwrap_or_default()).collect();
    match times.is_empty() {
        true => drop(document.remove("digest_at")),
        false => drop(document.insert("digest_at".to_owned(), times.into())),
    }
    document.insert("working_days_only".to_owned(), (fields.get("working_days_only") == Some("true")).into());
    let change = checked(app, visitor.person(), document.into(), row["version"].as_i64())?;
    app.submit(fields.command(&visitor.caller, "/account", Verb::Change(change))?).await?;
    Ok(())
}

/// Ends a session, or sets how one is written to.
pub(super) async fn end(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, Problem> {
    if fields.get("mail").is_some() {
        let Err(problem) = set(&app, &visitor, &fields).await else { return Ok(onward("/account?done=saved")) };
        let account = account(&app, &visitor, &headers).await?;
        let typed = Typed {
            mail: fields.get("mail").unwrap_or_default(),
            times: fields.get("digest_at").unwrap_or_default(),
            working_days_only: fields.get("working_days_only") == Some("true"),
        };
        let account = account.failing(problem.detail(), &typed);
        return refused(&problem, account.page(&visitor.reader()));
    }
    let id = fields.get("session").unwrap_or_default();
    let (tenant, person) = (visitor.caller.tenant(), visitor.person());
    let sessions = app.desk().sessions_of(tenant, person.clone()).await?;
    if let Some(session) = sessions.iter().find(|session| &*session.id == id) {
        sign_in::end(&app, session, sign_in::in_person(person)).await?;
    }
    Ok(onward("/account?done=ended"))
}

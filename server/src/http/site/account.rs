//! One's own account: where one is signed in, and ending it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::super::asked::Fields;
use super::super::problem::Problem;
use super::{Visitor, html, onward, sign_in};
use crate::app::App;
use crate::door;
use crate::page::Account;
use crate::secret;

/// The account.
pub(super) async fn show(State(app): State<App>, visitor: Visitor, headers: HeaderMap) -> Result<Response, Problem> {
    let sessions = app.desk().sessions_of(visitor.caller.tenant(), visitor.person().clone()).await?;
    let now = app.desk().now();
    let alive: Vec<_> = sessions.into_iter().filter(|session| app.door().is_alive(session, now)).collect();
    let own = door::brought(&headers);
    let once = secret::public_id(&app.random());
    html(Account::new(&alive, own, once, &visitor.words).page(&visitor.reader()))
}

/// Ends a session.
pub(super) async fn end(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Problem> {
    let id = fields.get("session").unwrap_or_default();
    let (tenant, person) = (visitor.caller.tenant(), visitor.person());
    let sessions = app.desk().sessions_of(tenant, person.clone()).await?;
    if let Some(session) = sessions.iter().find(|session| &*session.id == id) {
        sign_in::end(&app, session).await?;
    }
    Ok(onward("/account"))
}

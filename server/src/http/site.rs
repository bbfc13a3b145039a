//! Pages for people in a browser: each handler reads, makes one command where a form asks for something, and shows a page. No
//! page decides anything that the engine does not decide.

mod account;
mod away;
mod begin;
mod document;
mod event;
mod found;
mod front;
mod inbox;
mod lines;
mod link;
mod live;
mod meant;
mod named;
mod operations;
mod outcome;
mod past;
mod requests;
pub(super) mod sign_in;
mod signed_out;
mod since;
mod suppliers;
mod together;
mod visitor;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use tower_http::compression::CompressionLayer;

use super::extract::Path;
use super::problem::Problem;
use crate::app::App;
use crate::page;

pub(super) use visitor::Visitor;

/// The table of pages. They stand in no specification: their forms are theirs alone.
pub(super) fn pages() -> Router<App> {
    Router::new()
        .route("/", get(front::front))
        .route("/sign-in", get(sign_in::show).post(sign_in::come))
        .route("/sign-in/kept", get(sign_in::kept))
        .route("/sign-in/{secret}", get(sign_in::link).post(sign_in::follow))
        .route("/sign-out", axum::routing::post(sign_in::leave))
        .route("/inbox", get(inbox::show).post(inbox::decide))
        .route("/requests", get(requests::show))
        .route("/new", get(begin::list))
        .route("/new/{workflow}", get(begin::show).post(begin::start))
        .route("/tasks/{id}", get(document::task).post(document::act))
        .route("/tasks/{id}/lines", get(lines::of_task))
        .route("/instances/{id}", get(document::instance).post(event::event))
        .route("/account", get(account::show).post(account::end))
        .route("/away", get(away::show).post(away::note))
        .route("/operations", get(operations::show))
        .route("/operations/{id}", get(operations::instance).post(operations::repair))
        .route("/live", get(live::stream))
        .route("/go/{secret}", get(link::show).post(link::act))
        .route("/assets/{name}", get(asset))
        .layer(axum::middleware::from_fn(signed_out::kept))
        // Streams are left alone.
        .layer(CompressionLayer::new())
}

/// What pages load. A name is of its content: it never changes.
async fn asset(Path((name,)): Path<(String,)>) -> Result<Response, Problem> {
    let found = page::asset(&name).ok_or_else(|| Problem::new("not_found", format!("No page loads `{name}`.")))?;
    let cache = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    Ok(([(header::CONTENT_TYPE, found.0), cache], found.1).into_response())
}

/// A page as a browser takes it.
pub(super) fn html(text: anyhow::Result<String>) -> Result<Response, Problem> {
    let text = text.map_err(|error| {
        tracing::error!(%error, "a page cannot be written");
        Problem::internal()
    })?;
    let kind = (header::CONTENT_TYPE, "text/html; charset=utf-8");
    Ok(([kind, (header::CONTENT_SECURITY_POLICY, page::POLICY)], text).into_response())
}

/// The rows of a list as a file.
fn csv(app: &App, name: &str, visitor: &Visitor, list: &page::Inbox) -> Result<Response, Problem> {
    let day: String = visitor.words.iso(app.desk().now()).chars().take(10).collect();
    let file = format!("attachment; filename=\"{name}-{day}.csv\"");
    let kind = (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned());
    Ok(([kind, (header::CONTENT_DISPOSITION, file), (header::CACHE_CONTROL, "no-store".to_owned())], list.csv())
        .into_response())
}

/// A page that says no, with the status of the problem.
pub(super) fn refused(problem: &Problem, text: anyhow::Result<String>) -> Result<Response, Problem> {
    let mut response = html(text)?;
    *response.status_mut() = problem.status();
    Ok(response)
}

/// On to another page, as an answer to a form.
pub(super) fn onward(place: &str) -> Response {
    Redirect::to(place).into_response()
}

//! What every request passes: an id, a time limit, figures, a log line, and an answer even when a handler panics.

use std::any::Any;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::problem::Problem;
use crate::app::App;
use crate::telemetry::metrics;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The route that is a page for a browser: so are its errors.
const PAGE: &str = "/limits";

/// The request that is being answered.
struct Current {
    id: String,
    is_page: bool,
}

tokio::task_local! {
    /// What this task answers.
    static CURRENT: Current;
}

/// The id of the request that is being answered, or nothing outside of one.
pub(crate) fn request_id() -> String {
    CURRENT.try_with(|current| current.id.clone()).unwrap_or_default()
}

/// Whether it is a page that is asked for.
pub(super) fn is_page() -> bool {
    CURRENT.try_with(|current| current.is_page).unwrap_or(false)
}

/// Whether a route is a page.
pub(super) fn page(route: &str) -> bool {
    route == PAGE
}

/// The layer around everything.
pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = brought(request.headers()).unwrap_or_else(|| minted(&app.random()));
    let method = known(request.method());
    let route = route(request.extensions()).to_owned();
    let is_page = page(&route);
    let span = tracing::debug_span!("http", request = id, method, route);
    let started = Instant::now();
    let answered = async {
        let mut response = match nul(&request) {
            Some(problem) => problem.into_response(),
            None => tokio::time::timeout(app.request_timeout(), next.run(request))
                .await
                .unwrap_or_else(|_| Problem::timeout().into_response()),
        };
        finish(response.headers_mut(), &request_id());
        let (status, took) = (response.status().as_u16(), started.elapsed());
        metrics::request(method, &route, status, took);
        tracing::debug!(
            status,
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "answered {method} {route} with {status}"
        );
        response
    };
    let current = Current { id, is_page };
    CURRENT.scope(current, answered.instrument(span)).await
}

/// The route of a request, as the table has it.
pub(super) fn route(extensions: &Extensions) -> &str {
    extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str)
}

/// No name, key or filter holds a NUL character, and PostgreSQL stores none.
fn nul(request: &Request) -> Option<Problem> {
    let sentence = "The address holds a NUL character (`%00`): leave it out.";
    let code = match (request.uri().path().contains("%00"), request.uri().query().is_some_and(|q| q.contains("%00"))) {
        (true, _) => "invalid_path",
        (false, true) => "invalid_query",
        (false, false) => return None,
    };
    Some(Problem::new(code, sentence))
}

/// The caller's own id, if it is fit to be repeated.
fn brought(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let fits = !text.is_empty() && text.len() <= 128 && text.bytes().all(|b| b.is_ascii_graphic());
    fits.then(|| text.to_owned())
}

fn minted(random: &[u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(*random))
}

/// A method as a label: nobody invents new ones.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn finish(headers: &mut HeaderMap, id: &str) {
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let policy = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A handler panicked: the hook has logged where, this logs for whom.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(request = %request_id(), "a request ended in a panic");
    Problem::internal().into_response()
}

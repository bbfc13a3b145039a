//! What every request passes: an id, a time limit, figures, a log line, and an answer even when a handler panics.

use std::any::Any;
use std::cell::Cell;
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

/// How routes begin that are for programs. All others are pages for a browser: so are their errors.
const PROGRAMS: &[&str] = &["/v1/", "/health/", "/metrics", "/openapi.json", "/problems", "/assets/", UNMATCHED];

/// What is no route.
const UNMATCHED: &str = "unmatched";

/// The request that is being answered.
struct Current {
    id: String,
    is_page: bool,
    /// The page that was asked for, to come back to.
    place: Option<String>,
    /// Whether the engine has noted in the security stream that it refused something.
    is_noted: Cell<bool>,
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

/// The engine has refused something on grounds of authority, and noted it.
pub(crate) fn noted() {
    let _ = CURRENT.try_with(|current| current.is_noted.set(true));
}

/// Whether it has.
pub(super) fn is_noted() -> bool {
    CURRENT.try_with(|current| current.is_noted.get()).unwrap_or(false)
}

/// The page that is asked for.
pub(super) fn place() -> Option<String> {
    CURRENT.try_with(|current| current.place.clone()).ok().flatten()
}

/// Whether a route is a page.
pub(super) fn page(route: &str) -> bool {
    !PROGRAMS.iter().any(|begin| route.starts_with(begin))
}

/// Whether a browser looks for a page that is not there.
fn lost(request: &Request) -> bool {
    let html = |accept: &HeaderValue| accept.to_str().is_ok_and(|kinds| kinds.contains("text/html"));
    route(request.extensions()) == UNMATCHED && request.headers().get(header::ACCEPT).is_some_and(html)
}

/// The layer around everything.
pub(crate) async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = brought(request.headers()).unwrap_or_else(|| minted(&app.random()));
    let method = known(request.method());
    let route = route(request.extensions()).to_owned();
    let is_page = page(&route) || lost(&request);
    let asked = || request.uri().path_and_query().map(|place| place.as_str().to_owned());
    let place = (is_page && request.method() == Method::GET).then(asked).flatten();
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
    let current = Current { id, is_page, place, is_noted: Cell::new(false) };
    CURRENT.scope(current, answered.instrument(span)).await
}

/// The route of a request, as the table has it.
pub(super) fn route(extensions: &Extensions) -> &str {
    extensions.get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str)
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
    // Secrets stand in addresses of links: another site is not told where somebody came from.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

/// A handler panicked: the hook has logged where, this logs for whom.
pub(crate) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!(request = %request_id(), "a request ended in a panic");
    Problem::internal().into_response()
}

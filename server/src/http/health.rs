//! Whether the program lives, whether it is ready, and its figures. None of these asks who calls.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::status;
use crate::app::App;
use crate::desk::Health;
use crate::limits::Limits;
use crate::reload::Trouble;

/// Whether it is ready for requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Whether it is.
    ready: bool,
    /// Why not.
    reasons: Vec<String>,
    /// Commands waiting.
    queue_depth: u64,
    /// Where limits are counted: `process`, or `there` or `away` of a shared store. It may be away and the server ready:
    /// each policy says what happens then.
    limits_store: &'static str,
    /// Files of definitions that are refused, each with the first error. The server is ready all the same: what was in
    /// force before stays.
    refused_definitions: Vec<RefusedFile>,
}

/// A file of definitions that is refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RefusedFile {
    /// The file; or `calendars`, `templates`, or `folder`.
    file: String,
    /// The first error.
    error: String,
}

impl Ready {
    fn new(Health { reasons, queue_depth }: Health, limits: &Limits, refused: &[Trouble]) -> Self {
        let limits_store = match limits.limiter().store().is_away() {
            None => "process",
            Some(false) => "there",
            Some(true) => "away",
        };
        let refused = refused.iter().map(|one| RefusedFile { error: one.first().to_owned(), file: one.file.clone() });
        let refused_definitions = refused.collect();
        Self { ready: reasons.is_empty(), reasons, queue_depth, limits_store, refused_definitions }
    }
}

impl IntoResponse for Ready {
    fn into_response(self) -> Response {
        (status::ready(self.ready), Json(self)).into_response()
    }
}

/// Whether it lives.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Live {
    /// It answers.
    live: bool,
    /// Its version.
    version: &'static str,
}

/// It lives.
#[utoipa::path(get, path = "/health/live", tag = "health", security(()), responses((status = 200, body = Live)))]
pub(crate) async fn live() -> Json<Live> {
    Json(Live { live: true, version: env!("CARGO_PKG_VERSION") })
}

/// It is ready, or why not.
#[utoipa::path(get, path = "/health/ready", tag = "health", security(()),
    responses((status = 200, body = Ready), (status = 503, body = Ready)))]
pub(crate) async fn ready(State(app): State<App>) -> Ready {
    let refused = app.reloads().map_or_else(Default::default, |reloads| reloads.troubles());
    Ready::new(app.desk().health().await, app.limits(), &refused)
}

/// Figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn figures(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.figures())
}

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
}

impl Ready {
    fn new(Health { reasons, queue_depth }: Health, limits: &Limits) -> Self {
        let limits_store = match limits.limiter().store().is_away() {
            None => "process",
            Some(false) => "there",
            Some(true) => "away",
        };
        Self { ready: reasons.is_empty(), reasons, queue_depth, limits_store }
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
    Ready::new(app.desk().health().await, app.limits())
}

/// Figures, as Prometheus reads them.
#[utoipa::path(get, path = "/metrics", tag = "health", security(()),
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(crate) async fn figures(State(app): State<App>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.figures())
}

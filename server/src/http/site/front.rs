//! The front door: whoever comes is shown what waits for him.

use axum::response::Response;

/// The inbox.
pub(super) async fn front() -> Response {
    super::onward("/inbox")
}

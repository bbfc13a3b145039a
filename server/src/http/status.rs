//! Which status code each "no" has: the policy, written once.
//!
//! 400 the request cannot be read, 401 nobody, 403 authority, 404 not there (or not yours to see), 409 not in this
//! state, 412 you saw something older, 422 readable but wrong, 428 say what it is about, 429 too much, 500 our mistake, 503 not now.

use axum::http::StatusCode;
use fluxor_engine::refusal::Refusal;

/// The status of a refusal.
#[must_use]
pub(crate) fn of_refusal(refusal: &Refusal) -> StatusCode {
    if refusal.on_authority() {
        return StatusCode::FORBIDDEN;
    }
    match refusal {
        Refusal::UnknownInstance(_)
        | Refusal::UnknownTask(_)
        | Refusal::UnknownWorkflow(..)
        | Refusal::UnknownEvent { .. } => StatusCode::NOT_FOUND,
        Refusal::NotAllowed { .. } | Refusal::NeverApproves(_) => StatusCode::FORBIDDEN,
        Refusal::NotAccepted { .. }
        | Refusal::Guard(_)
        | Refusal::KeyReused { .. }
        | Refusal::KeyTaken { .. }
        | Refusal::Child { .. }
        | Refusal::NotRepairable(_)
        | Refusal::NotMigratable { .. }
        | Refusal::Ended { .. }
        | Refusal::TaskClosed { .. } => StatusCode::CONFLICT,
        Refusal::StaleState { .. } | Refusal::StaleTask { .. } => StatusCode::PRECONDITION_FAILED,
        Refusal::EtagRequired { .. } => StatusCode::PRECONDITION_REQUIRED,
        Refusal::Invalid(_) | Refusal::Key(_) | Refusal::RequestReused { .. } | Refusal::ReasonRequired => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refusal::Approval(_) | Refusal::Domain { .. } | Refusal::Record { .. } => of_code(refusal.code()),
        Refusal::Unloadable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// The status of a code, where it alone decides: those of this interface, and those of approvals and the domain that
/// are not about authority.
#[must_use]
pub(crate) fn of_code(code: &str) -> StatusCode {
    match code {
        "malformed_json"
        | "invalid_path"
        | "invalid_query"
        | "invalid_if_match"
        | "idempotency_key_required"
        | "idempotency_key_invalid" => StatusCode::BAD_REQUEST,
        "unauthenticated" => StatusCode::UNAUTHORIZED,
        "not_found" => StatusCode::NOT_FOUND,
        "method_not_allowed" => StatusCode::METHOD_NOT_ALLOWED,
        "payload_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "unsupported_media_type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "quota_exceeded" | "cost_over_limit" | "abnormal_usage" => StatusCode::TOO_MANY_REQUESTS,
        "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        "reduced_capacity" | "timeout" | "busy" | "outcome_unknown" | "shutting_down" | "database_unavailable" => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        "etag_required" => StatusCode::PRECONDITION_REQUIRED,
        "document_changed" | "stale_setting" => StatusCode::PRECONDITION_FAILED,
        "definition_refused" | "mapping_refused" | "picture_too_large" => StatusCode::UNPROCESSABLE_ENTITY,
        // Of a key's person: whoever acts without being known is refused on authority, above.
        "inactive_person" => StatusCode::FORBIDDEN,
        "unknown_person" | "not_a_decision" => StatusCode::UNPROCESSABLE_ENTITY,
        "reason_required" | "choose_principal" | "target_unknown" | "target_inactive" | "target_seated"
        | "nobody_to_escalate" => StatusCode::UNPROCESSABLE_ENTITY,
        _ if code.starts_with("unknown_") => StatusCode::NOT_FOUND,
        _ if code.starts_with("invalid_") => StatusCode::UNPROCESSABLE_ENTITY,
        _ => StatusCode::CONFLICT,
    }
}

/// Nobody is known.
#[must_use]
pub(crate) const fn nobody() -> StatusCode {
    StatusCode::UNAUTHORIZED
}

/// What the caller has is still right.
#[must_use]
pub(crate) const fn unchanged() -> StatusCode {
    StatusCode::NOT_MODIFIED
}

/// Something was made, or had been by the same request.
#[must_use]
pub(crate) const fn made(repeat: bool) -> StatusCode {
    if repeat { StatusCode::OK } else { StatusCode::CREATED }
}

/// It was taken in and is not done: somebody has to approve it.
#[must_use]
pub(crate) const fn waits() -> StatusCode {
    StatusCode::ACCEPTED
}

/// Whoever asks may not.
#[must_use]
pub(crate) const fn barred() -> StatusCode {
    StatusCode::FORBIDDEN
}

/// Whether the program may be sent requests.
#[must_use]
pub(crate) const fn ready(ready: bool) -> StatusCode {
    if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}
